"""A small server that takes what the SDK sends and keeps it, to see what left the page and what did not."""

from __future__ import annotations

import gzip
import json
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import playhead

SDK = Path(playhead.__file__).parent / "static" / "sdk"
Json = dict[str, Any]

PAGE = """<!doctype html><html><head><title>Secret TITLECANARY</title>
<meta name="description" content="METACANARY"><meta name="viewport" content="width=device-width">
<style>.box{color:red} .bg{background:url(/img.png?sig=CSSCANARY)}</style>%(head)s</head>
<body><!-- COMMENTCANARY --><h1 title="TITLEATTRCANARY" aria-label="ARIACANARY" data-x="DATACANARY">Hello TEXTCANARY</h1>
<p class="rr-mask">MASKCANARY</p><div class="rr-block"><b>BLOCKCANARY</b></div>
<p>mail bob.mailcanary@example.com card 4111 1111 1111 1111</p>
<a id="next" href="/two?token=HREFCANARY&utm_source=news#HASHCANARY">two</a>
<img alt="ALTCANARY" src="/img.png?sig=SRCCANARY">
<input id="i" value="VALUECANARY" placeholder="PLACECANARY" name="NAMECANARY">
<input type="password" id="p"><input type="hidden" value="HIDDENCANARY"><input type="checkbox" value="CHECKCANARY">
<input type="submit" value="SUBMITCANARY">
<textarea>AREACANARY</textarea><select><option value="OPTVALCANARY" selected>OPTCANARY</option></select>
<div contenteditable>EDITCANARY</div><noscript>NOSCRIPTCANARY</noscript><template>TEMPLATECANARY</template>
<svg viewBox="0 0 10 10"><defs><path id="pp" d="M0 0L10 10"/></defs><use href="#pp"/><text>SVGCANARY</text><title>SVGTITLECANARY</title></svg>
<script>var jsonCanary="SCRIPTCANARY"</script><iframe srcdoc="<p>SRCDOCCANARY</p>"></iframe>
<div id="host"></div><script>host.attachShadow({mode:'open'}).innerHTML='SHADOWDIRECTCANARY<p>SHADOWCANARY</p>'</script>
<div id="out"></div>
</body></html>"""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Pages that close break their connections: expected here."""


class Collector:
    """Answers as the server does; behaviour can be switched per test."""

    def __init__(self) -> None:
        self.requests: list[Json] = []
        self.status = 200
        self.answer: Json = {"code": 200, "status": "OK", "recording": "ok", "live": False}
        self.limit = 10**9
        self.head = ""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None: ...

            def reply(self, status: int, body: bytes, kind: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Access-Control-Allow-Origin", "*")
                self.send_header("Access-Control-Expose-Headers", "Retry-After")
                if kind == "text/html" and outer.csp:
                    self.send_header("Content-Security-Policy", outer.csp)
                self.end_headers()
                self.wfile.write(body)

            def do_OPTIONS(self) -> None:
                outer.requests.append({"preflight": self.path})
                self.reply(204, b"", "text/plain")

            def do_GET(self) -> None:
                path = urlsplit(self.path).path
                name = path.rsplit("/", 1)[-1]
                if name.endswith(".js") and (SDK / name).exists():
                    self.reply(200, (SDK / name).read_bytes(), "text/javascript")
                elif name.endswith(".png"):
                    self.reply(200, b"", "image/png")
                else:
                    self.reply(200, (PAGE % {"head": outer.head}).encode(), "text/html")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                url = urlsplit(self.path)
                query = dict(parse_qsl(url.query, keep_blank_values=True))
                text = gzip.decompress(body) if query.get("format") == "gzip" else body
                status, answer = outer.status, outer.answer
                if "/record" in url.path and len(body) > outer.limit:
                    status, answer = 413, {"error": {"code": "too_large", "message": "too large"}}
                outer.requests.append(
                    {
                        "path": url.path,
                        "query": query,
                        "items": json.loads(text),
                        "text": text.decode(),
                        "status": status,
                    }
                )
                self.reply(status, json.dumps(answer).encode(), "application/json")

        self.csp = ""
        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def reset(self) -> None:
        self.requests.clear()
        self.status, self.limit, self.csp = 200, 10**9, ""
        self.answer = {"code": 200, "status": "OK", "recording": "ok", "live": False}

    def posts(self, path: str, accepted: bool = True) -> list[Json]:
        return [r for r in self.requests if r.get("path") == path and (not accepted or r["status"] == 200)]

    def streams(self) -> dict[tuple[str, str], dict[int, Json]]:
        """(replay, epoch) → number → rrweb event; checks that the same number is always the same event."""
        out: dict[tuple[str, str], dict[int, Json]] = defaultdict(dict)
        for r in self.posts("/record/"):
            q = r["query"]
            assert int(q["n"]) == len(r["items"]), q
            for i, event in enumerate(r["items"]):
                seq = int(q["seq"]) + i
                known = out[q["replay_id"], q["epoch"]].setdefault(seq, event)
                assert known == event, ("one number, two events", seq, known, event)
        return out

    def tags(self) -> list[str]:
        return [e["data"]["tag"] for s in self.streams().values() for _, e in sorted(s.items()) if e["type"] == 5]

    def rrweb(self) -> list[Json]:
        """Every rrweb event, in order."""
        return [event for stream in self.streams().values() for _, event in sorted(stream.items())]

    def replays(self) -> set[str]:
        return {replay for replay, _ in self.streams()}

    def is_gapless(self) -> bool:
        return all(sorted(stream) == list(range(len(stream))) for stream in self.streams().values())

    def snippet(self, attributes: str = "", flush_ms: int = 300) -> str:
        return (
            f'<script src="{self.url}/sdk.js" data-token="t" data-record-flush-interval-ms="{flush_ms}" {attributes} defer>'
            "</script>"
        )
