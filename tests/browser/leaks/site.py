"""The site that the corpus is on, and the tap: what stands between its recorder and the server and sees every byte."""

from __future__ import annotations

import gzip
import http.client
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

DOT = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><path id='a' d='M0 0h9v9'/></svg>"
TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
# Not hop by hop: what a server sends on.
FORWARDED = {"content-type", "cache-control", "retry-after", "content-encoding"}


class Local:
    """An HTTP server on loopback that answers from a function, for the time of a `with`."""

    def __init__(self) -> None:
        answer = self.answer

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, headers, content = answer(self.command, self.path, dict(self.headers), body)
                try:
                    self.send_response(status)
                    for name, value in {**headers, "Content-Length": str(len(content))}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(content)
                except (BrokenPipeError, ConnectionResetError):
                    pass

            do_GET = do_POST = do_OPTIONS = do_HEAD = handle_any

            def log_message(self, *_: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        raise NotImplementedError

    def __enter__(self) -> Any:
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._http.shutdown()
        self._http.server_close()


class Site(Local):
    """Serves the pages it is given, and something harmless of the right type for everything else."""

    def __init__(self, pages: dict[str, str]) -> None:
        super().__init__()
        self.pages = pages

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        where = urlsplit(path)
        ending = where.path.rpartition(".")[2]
        content = {"svg": DOT, "css": "", "js": ""}.get(ending, "<!doctype html><body></body>")
        if where.path == "/sheet.css":
            content = unquote(where.query.removeprefix("rule="))
        elif where.path == "/echo":
            content = where.query
        elif where.path == "/throw.js":
            content = "throw new Error('thrown')"
        content = self.pages.get(where.path, content)
        return 200, {"Content-Type": f"{TYPES.get(ending, 'text/html')}; charset=utf-8"}, content.encode()


@dataclass(frozen=True)
class Exchange:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def records(self) -> bool:
        return self.path.startswith("/record/")

    @property
    def content(self) -> bytes:
        return gzip.decompress(self.body) if self.body[:2] == b"\x1f\x8b" else self.body


@dataclass
class Tap(Local):
    """Passes requests on to `upstream` and keeps them; without a server it agrees to everything.

    While `holding`, uploads of recordings are seen but refused for now, so that the recorder has to keep them.
    """

    upstream: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    holding: bool = False
    seen: list[Exchange] = field(default_factory=list)

    def __post_init__(self) -> None:
        Local.__init__(self)

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        cors = {
            "Access-Control-Allow-Origin": headers.get("Origin", "*"),
            "Access-Control-Allow-Credentials": "true",
            "Access-Control-Allow-Headers": "authorization, content-type",
            "Access-Control-Expose-Headers": "Retry-After",
        }
        local = self.files.get(urlsplit(path).path)
        if local is not None:
            return 200, {"Content-Type": "text/javascript"} | cors, local
        # The page's own request for the script carries what the browser adds to it, cookies too.
        if method != "OPTIONS" and path != "/sdk.js":
            self.seen.append(Exchange(method, path, headers, body))
        if self.holding and path.startswith("/record/"):
            return 503, {"Content-Type": "application/json", "Retry-After": "1"} | cors, b'{"code":503}'
        if not self.upstream:
            return 200, {"Content-Type": "application/json"} | cors, json.dumps({"code": 200, "status": "OK"}).encode()
        connection = http.client.HTTPConnection(urlsplit(self.upstream).netloc, timeout=30)
        try:
            sent = {k: v for k, v in headers.items() if k.lower() not in {"host", "connection", "accept-encoding"}}
            connection.request(method, path, body or None, sent)
            answer = connection.getresponse()
            kept = {k: v for k, v in answer.getheaders() if k.lower() in FORWARDED or k.lower().startswith("access-")}
            return answer.status, kept, answer.read()
        finally:
            connection.close()

    def wait(self, what: Callable[[Exchange], bool], seconds: float = 30) -> None:
        """Until a request came that is what is waited for."""
        deadline = time.monotonic() + seconds
        looked = 0
        while True:
            now = len(self.seen)
            if any(what(exchange) for exchange in self.seen[looked:now]):
                return
            looked = now
            assert time.monotonic() < deadline, "the recorder did not send what was waited for"
            time.sleep(0.02)
