"""A replay of a retrieval's archive plays as a file, with no server and no network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from playwright.sync_api import BrowserContext, expect

from playhead.governance.bundle import replay_page
from playhead.replays.feed import FeedRow
from playhead.replays.person import PersonName

START = 1_795_341_600_000


def element(node_id: int, name: str, *children: dict[str, Any], **attributes: str) -> dict[str, Any]:
    return {"type": 2, "id": node_id, "tagName": name, "attributes": attributes, "childNodes": list(children)}


def text(node_id: int, content: str) -> dict[str, Any]:
    return {"type": 3, "id": node_id, "textContent": content}


def lines() -> bytes:
    hostile = element(9, "img", src="x", onerror="parent.document.title = 'taken over'")
    body = element(4, "body", element(5, "h1", text(6, "Before")), text(7, "</script><script>x"), hostile)
    root = {"type": 0, "id": 1, "childNodes": [element(2, "html", element(3, "head"), body)]}
    change = {"source": 0, "texts": [{"id": 6, "value": "After"}], "attributes": [], "removes": [], "adds": []}
    events = [
        {"type": 4, "timestamp": START, "data": {"href": "https://shop.test/", "width": 1000, "height": 700}},
        {"type": 2, "timestamp": START + 1, "data": {"node": root, "initialOffset": {"left": 0, "top": 0}}},
        {"type": 3, "timestamp": START + 5_000, "data": change},
        {"type": 3, "timestamp": START + 6_000, "data": {"source": 1, "positions": []}},
    ]
    return b"".join(msgspec.json.encode(event) + b"\n" for event in events)


def test_a_retrieved_replay_plays_by_itself(context: BrowserContext, tmp_path: Path) -> None:
    row = FeedRow(
        replay_id="0199f1d2-3c4d-4e5f-8a9b-0c1d2e3f4a5b",
        distinct_id="ada",
        person=PersonName("ada"),
        started_at="2026-11-22T10:00:00.000Z",
        ended_at="2026-11-22T10:00:06.000Z",
        duration_ms=6_000,
        active_ms=0,
        start_url="https://shop.test/?q=<b>",
        page_count=1,
        event_count=4,
        click_count=0,
        rage_click_count=0,
        error_count=0,
        browser=None,
        os=None,
        device=None,
        size_bytes=1,
        live=False,
        expires_at="2026-12-22T10:00:00.000Z",
        status="ready",
        sparkline=[],
        bookmarked=False,
    )
    pieces = replay_page(row, [lines()])
    assert pieces, "`make install` lays rrweb's replayer into the package"
    file = tmp_path / "replay.html"
    file.write_bytes(b"".join(pieces))
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    failed: list[str] = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.goto(file.as_uri())
    heading = page.frame_locator("#stage iframe").locator("h1")
    expect(heading).to_have_text("Before")
    expect(page.locator("#time")).to_have_text("0:00 / 0:06")
    page.get_by_label("Speed").select_option("8")
    page.get_by_role("button", name="Play").click()
    expect(heading).to_have_text("After")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    page.get_by_label("Position").fill("100")
    expect(heading).to_have_text("Before")
    assert page.title() == "Replay of 2026-11-22T10:00:00.000Z"
    assert failed == []
    assert [url for url in asked if url.startswith("http")] == []
    page.close()
