"""`playhead privacy-check` against real pages: the shop with our SDK, pages that leak, and a machine without a browser."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from .conftest import CHROMIUM, Api, Json, Server, free_port

STEPS = """
# a visit that buys
goto index.html?mask=text
click a[href="item.html?id=harbor-mug"]
click #add
click shop-chat >>> .open
type shop-chat >>> [name=message]
click shop-chat >>> form button
goto checkout.html
click #gift
"""

LEAKY = """<!doctype html><title>Invoice</title>
<h1>Invoice</h1><p id=who title="Customer since spring">Amount due: 4,310 euro</p>
<label>Name <input name=name></label><p>Add</p>
<script>
const send = () => fetch('/record/?mp_lib=stub', {method: 'POST', body: JSON.stringify({
  page: document.querySelector('#who').textContent, name: document.querySelector('input').value})});
document.querySelector('input').addEventListener('input', send); send();
</script>"""

MIXPANEL = """<!doctype html><html><head><title>Invoice of Ada</title><meta name="description" content="Invoice 2231 for Ada">
<script src="mixpanel.js" data-token="demo-token"></script></head><body>
<h1 title="Ada's own invoice">Invoice</h1><p>Amount due</p><input type="checkbox" value="vegan-diet">
<label>Name <input name="name"></label><a href="/doc?customer=4711#ada">Your papers</a></body></html>"""

PLAIN = """<!doctype html><html><head><title>Plain page</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'self'; style-src 'unsafe-inline'"></head><body>
<h1 title="A title for Ada">Hello Ada</h1><!-- a comment for Ada --><p class="rr-block">Hidden from all</p>
<form><input name="name"><input type="password"><input type="date"><input type="file"><input type="checkbox" value="vegan">
<select><option value="nl">Netherlands<option value="de">Germany</select><textarea></textarea></form>
<div contenteditable="true">a note</div><iframe srcdoc="<p>Inner text</p><input name='inner'>"></iframe>
<template><p>Text in a template</p></template></body></html>"""

CONSENT = """<!doctype html><title>Consent</title><h1>Welcome Ada</h1>
<button id=yes onclick="playhead.opt_in_tracking(); playhead.start_session_recording()">Yes</button>
<script src="/sdk.js" data-token="t" data-opt-out-tracking-by-default="true" defer></script>"""


class Site:
    """A small site that notes what reaches it."""

    def __init__(self, mixpanel: str) -> None:
        self.posts: list[str] = []
        static = Path(sys.modules["playhead"].__file__ or "").parent / "static" / "sdk"
        pages = {"/leaky": LEAKY, "/mixpanel": MIXPANEL, "/plain": PLAIN, "/consent": CONSENT, "/mixpanel.js": mixpanel}
        site = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None: ...

            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                file = static / path.rpartition("/")[2]
                body = pages[path].encode() if path in pages else file.read_bytes() if file.is_file() else b""
                self.reply(200 if body else 404, body, "text/javascript" if path.endswith(".js") else "text/html")

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                site.posts.append(self.path)
                self.reply(200, b'{"code": 200, "status": "OK"}', "application/json")

            def reply(self, status: int, body: bytes, kind: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", f"{kind}; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def site(bundle: Callable[[str], str]) -> Iterator[Site]:
    site = Site(bundle("mixpanel"))
    yield site
    site.server.shutdown()
    site.server.server_close()


class Checked:
    def __init__(self, process: subprocess.CompletedProcess[str], report: Path) -> None:
        self.status = process.returncode
        self.out = process.stdout
        self.err = process.stderr
        self.report: Json = json.loads(report.read_text()) if report.exists() and report.stat().st_size else {}

    def wrong(self) -> dict[str, Json]:
        return {f"{one['selector']} {one['what']}": one for one in self.report["places"] if one["wrong"]}

    def place(self, selector: str, what: str) -> Json:
        return next(one for one in self.report["places"] if (one["selector"], one["what"]) == (selector, what))


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., Checked]:
    def run(url: str, *options: str, steps: str = "") -> Checked:
        report = tmp_path / "report.json"
        if steps:
            (tmp_path / "steps").write_text(steps)
            options = (*options, "--steps", str(tmp_path / "steps"))
        command = [
            sys.executable,
            "-m",
            "playhead.cli",
            "privacy-check",
            url,
            "--json",
            str(report),
            "--chromium",
            CHROMIUM,
        ]
        done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=240, check=False)
        assert "Traceback" not in done.stderr, done.stderr
        return Checked(done, report)

    return run


def test_the_shop_in_text_mode_passes(server: Server, api: Api, check: Callable[..., Checked], tmp_path: Path) -> None:
    before = len(api.replays())
    page = tmp_path / "report.html"
    checked = check(server.shop("index.html?mask=text"), "--html", str(page), steps=STEPS)
    assert checked.status == 0, checked.out + checked.err
    report = checked.report
    assert report["passed"] is True
    assert report["mode"] == "text"
    assert report["recorder"] == {"library": "playhead", "version": report["recorder"]["version"], "injected": False}
    assert report["counts"]["masked"] > 300
    assert report["counts"]["in clear, must be masked"] == 0
    assert len(report["examined"]["pages"]) == 3
    assert sum(one["typed"] for one in report["places"]) >= 10
    typed = {one["selector"] for one in report["places"] if one["typed"]}
    assert {"#search", 'input[name="cvc"]', "#note"} <= typed
    assert any(selector.startswith("shop-chat >>> ") for selector in typed), typed
    assert sum(one["picture"] is not None for one in report["places"]) > 150
    assert "Nothing is in clear that text mode masks" in page.read_text()
    assert len(api.replays()) == before, "nothing of a check reaches the server"


def test_mixpanel_browser_in_mask_all_mode_is_found_out(site: Site, check: Callable[..., Checked]) -> None:
    checked = check(f"{site.url}/mixpanel?q=private+thing")
    assert checked.status == 1
    assert checked.report["recorder"]["library"] == "mixpanel-browser"
    wrong = checked.wrong()
    assert {
        "h1 attribute title",
        'meta[name="description"] attribute content',
        "body > input attribute value",
        "a address: customer",
        "a address: #",
        "the page's address address: q",
    } <= set(wrong), wrong.keys()
    assert "h1 text" not in wrong
    assert checked.place("h1", "text")["status"] == "masked"
    assert 'input[name="name"] typed into the field' not in wrong
    assert "Ada's own invoice" in checked.out
    assert site.posts == []


def test_a_recorder_that_sends_clear_text_is_found_out(site: Site, check: Callable[..., Checked]) -> None:
    checked = check(f"{site.url}/leaky")
    assert checked.status == 1
    assert set(checked.wrong()) == {"#who text", 'input[name="name"] typed into the field'}
    assert checked.wrong()["#who text"]["evidence"][0]["where"].startswith("POST /record/ #1")
    assert "#who" in checked.out
    assert site.posts == []


def test_uploads_go_on_when_asked_for(site: Site, check: Callable[..., Checked]) -> None:
    assert check(f"{site.url}/leaky", "--send").status == 1
    assert site.posts[0] == "/record/?mp_lib=stub"
    site.posts.clear()


def test_our_sdk_is_put_into_a_site_without_one(site: Site, check: Callable[..., Checked]) -> None:
    checked = check(f"{site.url}/plain?q=private+thing")
    assert checked.status == 0, checked.out + checked.err
    assert checked.report["recorder"]["injected"] is True
    status = {(one["selector"], one["what"]): one["status"] for one in checked.report["places"]}
    assert status["h1", "attribute title"] == "masked"
    assert status["p", "text"] == "blocked"
    assert status["body", "comment in the page's source"] == "absent"
    assert status["template", "text in a template"] == "absent"
    assert status["iframe >>> p", "text"] == "masked"
    typed = {one["selector"] for one in checked.report["places"] if one["typed"]}
    assert len(typed) >= 7, typed
    assert 'iframe >>> input[name="inner"]' in typed

    clear = check(f"{site.url}/plain", "--mode", "input")
    assert clear.status == 0, clear.out + clear.err
    assert clear.place("h1", "text")["status"] == "in clear"
    assert clear.place("h1", "text")["wrong"] is False


def test_a_site_that_waits_for_consent_is_not_recorded_without_it(site: Site, check: Callable[..., Checked]) -> None:
    refused = check(f"{site.url}/consent")
    assert refused.status == 1
    assert "waits for consent" in refused.err
    given = check(f"{site.url}/consent", steps="click #yes\n")
    assert given.status == 0, given.out + given.err
    assert given.place("h1", "text")["status"] == "masked"


def test_a_step_that_can_not_be_done_is_named(site: Site, check: Callable[..., Checked]) -> None:
    checked = check(f"{site.url}/plain", "--inject", "--timeout", "2", steps="click #nowhere\n")
    assert checked.status == 1
    assert "step 1 (click #nowhere): nothing there to do it with within 2 s" in checked.err


def test_a_site_that_does_not_answer_is_one_sentence(check: Callable[..., Checked]) -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    checked = check(url)
    assert checked.status == 1
    assert checked.err.strip() == f"playhead: {url}: can't be opened (ERR_CONNECTION_REFUSED)"
