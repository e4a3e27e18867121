"""A rule over the recordings of `mixpanel-browser`: hidden until the worker has masked them, then they play, masked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page
from test_kill9 import Server

from .conftest import Rebuilt, eventually, recording

CANARY = "Canary Lovelace"
SITE = f"""<!doctype html><title>Site</title><h1>Open heading</h1>
<div class="card" title="{CANARY}"><p>{CANARY}</p></div>
<div class="photo"><img alt="{CANARY}" src="data:image/gif;base64,R0lGODlhAQABAAAAACw="><b>{CANARY}</b></div>
<button onclick="later()">More</button>
<script>
function later() {{
  document.querySelector('.card').insertAdjacentHTML('beforeend', '<p>Later {CANARY}</p>');
  document.querySelector('h1').insertAdjacentHTML('afterend', '<p id="late">{CANARY}</p>');
  document.querySelector('#late').className = 'card';
}}
</script><script src="/clear.js" data-token="TOKEN"></script>"""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Server]:
    """A server of the test's own: rules would reach what other tests record."""
    own = Server(tmp_path / "data")
    own.start()
    yield own
    if own.process:
        own.process.terminate()
        own.process.wait(30)


def test_a_rule_masks_what_another_sdk_sent_in_clear(
    own: Server, page: Page, bundle: Callable[[str], str], play: Callable[..., Rebuilt]
) -> None:
    headers = {"Authorization": f"Bearer {own.project['api_key']}"}
    base = f"{own.url}/api/projects/{own.project['project_id']}"
    for kind, expression in (("mask", ".card"), ("block", ".photo")):
        answer = httpx.post(f"{base}/privacy/rules", json={"kind": kind, "expression": expression}, headers=headers)
        assert answer.status_code == 201
    settings = f"{own.url}/settings/?token={own.project['token']}"
    eventually(lambda: httpx.get(settings).json()["rules"]["block"] == [".photo"], 5)
    page.route(
        "**/site",
        lambda route: route.fulfill(body=SITE.replace("TOKEN", own.project["token"]), content_type="text/html"),
    )
    page.route("**/clear.js", lambda route: route.fulfill(body=bundle("clear"), content_type="application/javascript"))
    page.goto(f"{own.url}/site")
    replay_id = recording(page, "mixpanel")
    page.click("button")
    page.wait_for_selector("#late.card")

    def row() -> dict[str, Any]:
        found: dict[str, Any] = own.get(f"/replays/{replay_id}").json()
        return found

    eventually(lambda: row().get("click_count") == 1, 60)
    page.goto("about:blank")
    assert row()["status"] == "masking"
    refused = own.get(f"/replays/{replay_id}/events")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "replay_masking")
    eventually(lambda: row()["status"] == "ready", 60)
    text = own.get(f"/replays/{replay_id}/events").text
    assert CANARY not in text
    assert "Open heading" in text
    privacy = row()["privacy"]
    assert (privacy["mode"], privacy["library"], privacy["blocked"]) == (None, "web", 1)
    assert privacy["masked"] >= 3
    assert len(privacy["rules"]) == 2
    events = [httpx.Response(200, content=line).json() for line in text.splitlines()]
    # A player stops before the events of its last millisecond.
    end = {"type": 5, "timestamp": events[-1]["timestamp"] + 1, "data": {"tag": "end", "payload": {}}}
    shown = play([*events, end])
    frame = shown.page.frame_locator("iframe")
    assert frame.locator("h1").text_content() == "Open heading"
    assert frame.locator(".card").all_text_contents() == ["****** ********", "****** ************* ****** ********"]
    assert frame.locator(".rr-block").count() == 1
    assert frame.locator(".rr-block").text_content() == ""
