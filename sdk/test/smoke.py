"""Drives the built SDK in real Chromium against a small collector, and says what arrived. Run after `npm run build`."""

from __future__ import annotations

import gzip
import json
import os
import re
import sys
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import BrowserContext, sync_playwright

DIST = Path(__file__).parent.parent / "dist"

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
        self.requests: list[dict] = []
        self.status = 200
        self.answer: dict = {"code": 200, "status": "OK", "recording": "ok", "live": False}
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
                if name.endswith(".js") and (DIST / name).exists():
                    self.reply(200, (DIST / name).read_bytes(), "text/javascript")
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
                        "headers": dict(self.headers),
                        "at": time.time(),
                    }
                )
                self.reply(status, json.dumps(answer).encode(), "application/json")

        self.csp = ""
        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def reset(self) -> None:
        self.requests.clear()
        self.status, self.limit, self.csp = 200, 10**9, ""
        self.answer = {"code": 200, "status": "OK", "recording": "ok", "live": False}

    def posts(self, path: str, accepted: bool = True) -> list[dict]:
        return [r for r in self.requests if r.get("path") == path and (not accepted or r["status"] == 200)]

    def streams(self) -> dict[tuple[str, str], dict[int, dict]]:
        """(replay, epoch) → number → rrweb event; checks that the same number is always the same event."""
        out: dict[tuple[str, str], dict[int, dict]] = defaultdict(dict)
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


def wait(check, seconds: float = 8) -> None:
    end = time.time() + seconds
    while time.time() < end:
        if check():
            return
        time.sleep(0.05)
    raise AssertionError("waited in vain")


def gapless(collector: Collector) -> None:
    for key, stream in collector.streams().items():
        assert sorted(stream) == list(range(len(stream))), (key, sorted(stream))


TESTS = []


def test(function):
    TESTS.append(function)
    return function


def snippet(collector: Collector, attributes: str = "") -> str:
    return f'<script src="{collector.url}/sdk.js" data-token="t" data-record-flush-interval-ms="500" {attributes} defer></script>'


@test
def masked_visit(collector: Collector, context: BrowserContext) -> None:
    collector.head = snippet(collector, 'data-record-network="true"')
    page = context.new_page()
    page.on("pageerror", lambda e: print("   page error:", e))
    page.on("console", lambda m: print("   console:", m.text) if "playhead" in m.text else None)
    page.goto(collector.url + "/?q=QUERYCANARY#HASHCANARY")
    wait(lambda: collector.posts("/record/"))
    page.fill("#i", "TYPEDCANARY")
    page.fill("#p", "PASSCANARY")
    page.type("div[contenteditable]", "TYPEDEDITCANARY")
    page.evaluate("out.textContent='LATECANARY'; out.setAttribute('title','LATETITLECANARY')")
    page.evaluate("history.pushState({},'','/spa?x=SPACANARY')")
    page.evaluate("console.log('LOGCANARY', {a:'OBJCANARY'}); fetch('/api?z=FETCHCANARY')")
    page.evaluate("setTimeout(()=>{throw new Error('ERRCANARY')})")
    page.evaluate("document.title='NEWTITLECANARY'; playhead.track('Clicked')")
    page.click("h1")
    page.wait_for_timeout(1500)
    text = "".join(r["text"] + json.dumps(r["query"]) for r in collector.posts("/record/"))
    leaks = sorted(set(re.findall(r"\w*CANARY\w*|mailcanary|4111 1111", text)))
    assert not leaks, leaks
    gapless(collector)
    tags = collector.tags()
    for tag in ("ph:page", "ph:event", "ph:error"):
        assert tag in tags, tags
    types = [e["type"] for s in collector.streams().values() for e in s.values()]
    assert types.count(2) >= 1 and types.count(4) >= 1 and 6 in types, types
    assert not [r for r in collector.requests if "preflight" in r], "preflight"
    wait(lambda: collector.posts("/track/"), 7)
    events = [e for r in collector.posts("/track/") for e in r["items"]]
    replay = next(iter(collector.streams()))[0]
    view = next(e for e in events if e["event"] == "$mp_web_page_view")
    assert view["properties"]["$mp_replay_id"] == replay, view
    assert "request_id" in collector.posts("/track/")[0]["query"]
    assert page.evaluate("playhead.get_session_replay_url()").startswith(f"{collector.url}/replay/{replay}")


@test
def input_mode(collector: Collector, context: BrowserContext) -> None:
    collector.head = snippet(collector, 'data-record-mask-text-selector=""')
    page = context.new_page()
    page.goto(collector.url + "/")
    wait(lambda: collector.posts("/record/"))
    page.fill("#i", "TYPEDCANARY")
    page.evaluate("document.querySelector('h1').className='rr-mask'")
    page.wait_for_timeout(1200)
    text = "".join(r["text"] for r in collector.posts("/record/"))
    assert "Hello TEXTCANARY" in text
    for word in (
        "MASKCANARY",
        "BLOCKCANARY",
        "VALUECANARY",
        "TYPEDCANARY",
        "AREACANARY",
        "EDITCANARY",
        "HIDDENCANARY",
        "CHECKCANARY",
        "HREFCANARY",
        "SRCCANARY",
        "mailcanary",
        "4111 1111",
    ):
        assert word not in text, word
    last = [
        e
        for s in collector.streams().values()
        for _, e in sorted(s.items())
        if e["type"] == 3 and e["data"]["source"] == 0
    ]
    assert any("***** **********" in json.dumps(e) for e in last), "a heading that became masked is sent again"
    assert collector.posts("/record/")[0]["query"]["mask"] == "input"


@test
def same_tab_same_replay(collector: Collector, context: BrowserContext) -> None:
    collector.head = snippet(collector)
    page = context.new_page()
    page.goto(collector.url + "/")
    wait(lambda: collector.posts("/record/"))
    page.fill("#p", "a")
    page.goto(collector.url + "/two")
    wait(lambda: len({k[1] for k in collector.streams()}) == 2)
    page.wait_for_timeout(800)
    assert len({k[0] for k in collector.streams()}) == 1, collector.streams().keys()
    gapless(collector)
    with context.expect_page() as opened:
        page.evaluate("window.open('/three')")
    wait(lambda: len({k[0] for k in collector.streams()}) == 2)
    visits = {r["query"]["visit"] for r in collector.posts("/record/")}
    assert len(visits) == 1, visits
    opened.value.close()


@test
def close_while_typing(collector: Collector, context: BrowserContext) -> None:
    collector.head = snippet(collector).replace('"500"', '"5000"')
    page = context.new_page()
    page.goto(collector.url + "/")
    wait(lambda: collector.posts("/record/"))
    page.wait_for_timeout(1500)
    page.fill("#p", "x")
    page.evaluate("out.textContent='last words'; document.body.setAttribute('data-state','open')")
    page.wait_for_timeout(120)
    page.close(run_before_unload=False)
    wait(lambda: any("data-state" in r["text"] for r in collector.posts("/record/")), 3)
    gapless(collector)


@test
def offline_then_next_page(collector: Collector, context: BrowserContext) -> None:
    collector.head = snippet(collector)
    collector.status = 503
    collector.answer = {"error": {"code": "x", "message": "x"}}
    page = context.new_page()
    page.goto(collector.url + "/")
    wait(lambda: collector.posts("/record/", accepted=False))
    page.evaluate("out.textContent='one'.repeat(50000)")
    page.wait_for_timeout(600)
    epoch = collector.posts("/record/", accepted=False)[0]["query"]["epoch"]
    collector.reset()
    collector.status = 503
    page.close()
    collector.reset()
    page = context.new_page()
    page.goto(collector.url + "/")
    wait(lambda: any(k[1] == epoch for k in collector.streams()), 10)
    page.wait_for_timeout(1500)
    gapless(collector)
    assert any(e["type"] == 2 for k, s in collector.streams().items() if k[1] == epoch for e in s.values())


@test
def too_large_is_bisected(collector: Collector, context: BrowserContext) -> None:
    collector.head = snippet(collector)
    collector.limit = 900
    page = context.new_page()
    page.goto(collector.url + "/")
    wait(lambda: "ph:oversize" in collector.tags(), 15)
    gapless(collector)


@test
def deleted_replay(collector: Collector, context: BrowserContext) -> None:
    collector.head = snippet(collector)
    page = context.new_page()
    page.goto(collector.url + "/")
    wait(lambda: collector.posts("/record/"))
    first = collector.posts("/record/")[0]["query"]["replay_id"]
    collector.answer = {"code": 200, "status": "OK", "recording": "deleted"}
    page.evaluate("out.textContent='x'")
    page.wait_for_timeout(1200)
    collector.answer = {"code": 200, "status": "OK", "recording": "ok"}
    page.evaluate("out.textContent='y'")
    wait(lambda: collector.posts("/record/")[-1]["query"]["replay_id"] != first)


@test
def no_worker(collector: Collector, context: BrowserContext) -> None:
    collector.head = snippet(collector)
    collector.csp = "worker-src 'none'"
    page = context.new_page()
    page.goto(collector.url + "/")
    wait(lambda: collector.posts("/record/"))
    gapless(collector)


@test
def storm(collector: Collector, context: BrowserContext) -> None:
    collector.head = snippet(collector, 'data-record-mutation-budget="500"')
    page = context.new_page()
    page.goto(collector.url + "/")
    wait(lambda: collector.posts("/record/"))
    page.evaluate("for(let i=0;i<2000;i++){out.setAttribute('data-n',i%7+'')}")
    page.evaluate("out.textContent='after'")
    wait(lambda: "ph:storm" in collector.tags())
    page.wait_for_timeout(800)
    types = [e["type"] for s in collector.streams().values() for _, e in sorted(s.items())]
    assert types.count(2) == 2, types
    gapless(collector)


@test
def document_open(collector: Collector, context: BrowserContext) -> None:
    collector.head = snippet(collector)
    page = context.new_page()
    page.goto(collector.url + "/")
    wait(lambda: collector.posts("/record/"))
    page.evaluate("document.open(); document.write('<body><button id=b class=fresh>new</button>'); document.close()")
    page.wait_for_timeout(500)
    page.click("#b")
    page.wait_for_timeout(1200)
    events = [e for s in collector.streams().values() for _, e in sorted(s.items())]
    assert [e["type"] for e in events].count(2) == 2
    assert any(e["type"] == 3 and e["data"]["source"] == 2 for e in events), "clicks after document.open"


@test
def idle_begins_anew(collector: Collector, context: BrowserContext) -> None:
    collector.head = snippet(collector, 'data-record-idle-timeout-ms="1500"')
    page = context.new_page()
    page.goto(collector.url + "/")
    wait(lambda: collector.posts("/record/"))
    page.wait_for_timeout(2000)
    page.evaluate("out.textContent='unseen'")
    page.wait_for_timeout(800)
    assert len({k[0] for k in collector.streams()}) == 1
    page.click("h1")
    wait(lambda: len({k[0] for k in collector.streams()}) == 2)
    gapless(collector)


@test
def bfcache(collector: Collector, context: BrowserContext) -> None:
    collector.head = snippet(collector)
    page = context.new_page()
    page.goto(collector.url + "/")
    wait(lambda: collector.posts("/record/"))
    page.wait_for_timeout(2000)
    page.evaluate("window.kept = 1")
    page.goto(collector.url + "/two")
    page.wait_for_timeout(1500)
    page.evaluate("history.back()")
    page.wait_for_timeout(2000)
    restored = page.evaluate("window.kept") == 1
    print(
        "   reasons:", page.evaluate("JSON.stringify(performance.getEntriesByType('navigation')[0].notRestoredReasons)")
    )
    print("   restored from bfcache:", restored)
    assert len({k[0] for k in collector.streams()}) == 1
    if restored:
        assert any(
            e["type"] == 5 and e["data"]["payload"].get("kind") == "bfcache"
            for s in collector.streams().values()
            for e in s.values()
        )
    gapless(collector)


@test
def opt_out_and_identity(collector: Collector, context: BrowserContext) -> None:
    collector.head = snippet(collector)
    page = context.new_page()
    page.goto(collector.url + "/")
    wait(lambda: collector.posts("/record/"))
    page.evaluate("playhead.people.set('plan','pro'); playhead.identify('u1'); playhead.people.increment('n')")
    page.evaluate(
        "playhead.register({tier:'gold'}); playhead.set_group('company','acme'); playhead.get_group('company','acme').set('x',1)"
    )
    page.evaluate("playhead.time_event('Slow'); playhead.track('Slow',{a:1})")
    wait(lambda: collector.posts("/engage/") and collector.posts("/groups/"), 8)
    page.wait_for_timeout(1000)
    events = {e["event"]: e["properties"] for r in collector.posts("/track/") for e in r["items"]}
    assert events["$identify"]["$anon_distinct_id"].startswith("$device:")
    assert events["Slow"]["tier"] == "gold" and events["Slow"]["$duration"] >= 0 and events["Slow"]["$user_id"] == "u1"
    ops = [o for r in collector.posts("/engage/") for o in r["items"]]
    assert {"$set", "$add"} <= {k for o in ops for k in o} and all(o["$distinct_id"] == "u1" for o in ops), ops
    page.evaluate("playhead.opt_out_tracking()")
    page.wait_for_timeout(500)
    seen = len(collector.posts("/record/")) + len(collector.posts("/track/"))
    page.evaluate("out.textContent='z'; playhead.track('No')")
    page.click("h1")
    page.wait_for_timeout(1500)
    assert len(collector.posts("/record/")) + len(collector.posts("/track/")) == seen
    page.goto(collector.url + "/two")
    page.wait_for_timeout(1200)
    assert len(collector.posts("/record/")) + len(collector.posts("/track/")) == seen
    assert page.evaluate("playhead.has_opted_out_tracking()")


@test
def opted_out_leaves_nothing(collector: Collector, context: BrowserContext) -> None:
    collector.head = snippet(collector)
    collector.status = 503
    collector.answer = {"error": {"code": "x", "message": "x"}}
    page = context.new_page()
    page.goto(collector.url + "/")
    wait(lambda: collector.posts("/record/", accepted=False))
    other = context.new_page()
    other.goto(collector.url + "/other")
    other.wait_for_function("!!window.__playhead_recorder__")
    page.evaluate("localStorage.setItem('__phq_t_gone_ev', '{}'); playhead.track('Kept'); playhead.opt_out_tracking()")
    kept = "Object.keys(localStorage).filter((k) => k.startsWith('__ph')).join()"
    other.wait_for_function("playhead.has_opted_out_tracking() && playhead.get_session_replay_url() === null")
    for one in (page, other):
        one.wait_for_function(f"{kept} === ''")
        one.wait_for_function("indexedDB.databases().then((all) => !all.some((d) => d.name === 'playhead'))")
    collector.reset()
    page.goto(collector.url + "/two")
    page.evaluate("playhead.start_session_recording(); playhead.track('No'); out.textContent = 'x'")
    other.evaluate("out.textContent = 'x'; playhead.track('No')")
    page.wait_for_timeout(1500)
    assert not collector.requests, collector.requests
    assert page.evaluate(kept) == "" and not page.evaluate("document.cookie.includes('_playhead')")
    page.evaluate("playhead.opt_in_tracking()")
    wait(lambda: collector.posts("/record/"))


@test
def asked_not_to_track(collector: Collector, context: BrowserContext) -> None:
    for script, attributes, recorded in (
        ("navigator.__defineGetter__('globalPrivacyControl', () => true)", "", False),
        ("navigator.__defineGetter__('doNotTrack', () => '1')", "", False),
        ("0", 'data-opt-out-tracking-by-default="true"', False),
        ("0", 'data-opt-out-tracking-by-default="perhaps"', False),
        ("navigator.__defineGetter__('globalPrivacyControl', () => true)", 'data-ignore-dnt="true"', True),
    ):
        collector.reset()
        collector.head = f"<script>{script}</script>" + snippet(collector, attributes)
        page = context.new_page()
        page.goto(collector.url + "/")
        page.evaluate("playhead.start_session_recording(); playhead.track('x')")
        if recorded:
            wait(lambda: collector.posts("/record/"))
        else:
            page.wait_for_timeout(1200)
            assert not collector.requests, (script, attributes, collector.requests)
        page.close()


def record_events(collector: Collector) -> list[dict]:
    return [e for s in collector.streams().values() for _, e in sorted(s.items())]


@test
def blocked_pages(collector: Collector, context: BrowserContext) -> None:
    collector.head = snippet(collector, """data-record-url-block='["/private*"]' data-record-mask-text-selector=''""")
    page = context.new_page()
    page.goto(collector.url + "/private?q=QUERYCANARY")
    wait(lambda: "ph:page" in collector.tags())
    page.evaluate("playhead.track('Secret'); console.log('LOGCANARY'); out.textContent = 'PRIVATECANARY'")
    page.click("h1")
    page.wait_for_timeout(1000)
    events = record_events(collector)
    assert [(e["type"], e["data"]["payload"]) for e in events] == [
        (5, {"href": f"{collector.url}/private?q=*", "kind": "load", "blocked": True})
    ], events
    # Out of it: nothing until the page has changed.
    page.evaluate("history.pushState({}, '', '/open'); setTimeout(() => { out.textContent = 'SHOWN' }, 300)")
    wait(lambda: "SHOWN" in json.dumps(record_events(collector)))
    assert "PRIVATECANARY" not in json.dumps(record_events(collector))
    # Into it: from the moment of the address on.
    page.evaluate("out.textContent = 'BEFORE'; requestAnimationFrame(() => 0)")
    wait(lambda: "BEFORE" in json.dumps(record_events(collector)))
    page.evaluate("History.prototype.pushState.call(history, {}, '', '/private/2'); out.textContent = 'AFTERCANARY'")
    page.click("h1")
    wait(lambda: "/private/2" in json.dumps(record_events(collector)))
    page.evaluate("playhead.stop_session_recording(); playhead.start_session_recording(); out.title = 'AFTERCANARY'")
    page.wait_for_timeout(1200)
    assert "AFTERCANARY" not in json.dumps(record_events(collector))
    gapless(collector)


@test
def rules_of_the_project(collector: Collector, context: BrowserContext) -> None:
    collector.head = snippet(collector, "data-record-mask-text-selector=''")
    page = context.new_page()
    page.goto(collector.url + "/")
    wait(lambda: "Hello TEXTCANARY" in json.dumps(record_events(collector)))
    rules = {"version": "r1", "mask": ["h1"], "block": ["svg"]}
    collector.answer = {**collector.answer, "rules": rules}
    page.evaluate("out.textContent = 'more'")
    wait(lambda: any(r["query"]["rules"] == "r1" for r in collector.posts("/record/")))
    ruled = [r for r in collector.posts("/record/") if r["query"]["rules"] == "r1"]
    assert any(e["type"] == 2 for r in ruled for e in r["items"])
    assert int(ruled[0]["query"]["masked"]) > 0 and int(ruled[0]["query"]["blocked"]) >= 1, ruled[0]["query"]
    page.goto(collector.url + "/two")
    wait(lambda: len(collector.streams()) == 2)
    page.wait_for_timeout(800)
    after = [r for r in collector.posts("/record/") if r["query"]["epoch"] != ruled[0]["query"]["epoch"]]
    for word in ("TEXTCANARY", "SVGCANARY", "SVGTITLECANARY"):
        assert not any(word in r["text"] for r in [*ruled, *after]), word
    assert all(r["query"]["rules"] == "r1" for r in after)
    gapless(collector)


@test
def what_cannot_be_masked_is_dropped(collector: Collector, context: BrowserContext) -> None:
    collector.head = snippet(collector)
    page = context.new_page()
    page.goto(collector.url + "/")
    wait(lambda: collector.posts("/record/"))
    page.evaluate(
        """() => { const real = String.prototype.replace;
        String.prototype.replace = function (...a) { if (String(this).includes('BROKENCANARY')) throw 1; return real.apply(this, a); };
        out.textContent = 'BROKENCANARY'; }"""
    )
    wait(lambda: "ph:dropped" in collector.tags())
    page.evaluate("console.log('BROKENCANARY')")
    page.wait_for_timeout(1000)
    assert "BROKENCANARY" not in json.dumps(record_events(collector))
    reasons = [
        e["data"]["payload"]["reason"]
        for e in record_events(collector)
        if e["type"] == 5 and e["data"]["tag"] == "ph:dropped"
    ]
    assert "masking failed" in reasons, reasons
    gapless(collector)


@test
def every_method(collector: Collector, context: BrowserContext) -> None:
    collector.head = snippet(collector)
    page = context.new_page()
    page.goto(collector.url + "/")
    wait(lambda: collector.posts("/record/"))
    missing = page.evaluate(
        """() => {
        const names = `init identify alias reset get_distinct_id get_property name_tag register register_once unregister track
        track_pageview track_links track_forms track_with_groups time_event enable disable push start_batch_senders
        stop_batch_senders set_config get_config get_api_host add_hook remove_hook toString get_tab_id set_group add_group
        remove_group get_group start_session_recording stop_session_recording pause_session_recording resume_session_recording
        get_session_recording_properties get_session_replay_url opt_in_tracking opt_out_tracking has_opted_in_tracking
        has_opted_out_tracking clear_opt_in_out_tracking people.set people.set_once people.unset people.increment people.append
        people.remove people.union people.track_charge people.clear_charges people.delete_user flags.are_flags_ready
        flags.load_flags flags.when_ready flags.get_variant flags.get_variant_sync flags.get_variant_value
        flags.get_variant_value_sync flags.get_all_variants flags.get_all_variants_sync flags.is_enabled flags.is_enabled_sync
        flags.update_context flags.get_feature_data`.split(/\\s+/);
        return names.filter((n) => typeof n.split('.').reduce((o, k) => o && o[k], playhead) !== 'function');
    }"""
    )
    assert not missing, missing
    assert (
        page.evaluate("playhead.init('t2', {api_host: playhead.get_api_host()}, 'second').toString()")
        == "playhead.second"
    )
    page.evaluate("playhead.second.track('From second')")
    page.evaluate("playhead.stop_session_recording()")
    assert page.evaluate("playhead.get_session_replay_url()") is None
    first = collector.posts("/record/")[0]["query"]["replay_id"]
    page.evaluate("playhead.start_session_recording()")
    wait(lambda: collector.posts("/record/")[-1]["query"]["replay_id"] != first)
    page.evaluate(
        "new playhead.constructor().init(null); new playhead.constructor().init('x', 7); new playhead.constructor().init('y',{record_mask_text_selector:'[[', record_sessions_percent:'all'})"
    )


def main() -> None:
    wanted = sys.argv[1:]
    failed = []
    with sync_playwright() as p:
        browser = p.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=[
                "--no-sandbox",
                "--disable-background-networking",
                "--disable-quic",
                "--no-first-run",
                "--disable-component-update",
                "--disable-sync",
            ],
            ignore_default_args=["--disable-back-forward-cache"],
        )
        for function in TESTS:
            if wanted and function.__name__ not in wanted:
                continue
            collector = Collector()
            context = browser.new_context()
            try:
                function(collector, context)
                print("ok  ", function.__name__, flush=True)
            except Exception as error:
                failed.append(function.__name__)
                print("FAIL", function.__name__, type(error).__name__, str(error)[:1500], flush=True)
            context.close()
            collector.server.shutdown()
        browser.close()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
