"""A phone: taps and scrolling by finger are recorded and replayed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser

from .conftest import Api, Rebuilt, Server, eventually, recording

TOUCH_START, SCROLL = 7, 3
AGENT = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.6 Mobile/15E148 Safari/604.1"
)


def test_taps_and_scrolling_by_finger(
    server: Server, api: Api, chromium: Browser, play: Callable[..., Rebuilt]
) -> None:
    context = chromium.new_context(
        viewport={"width": 390, "height": 664}, has_touch=True, is_mobile=True, device_scale_factor=2, user_agent=AGENT
    )
    page = context.new_page()
    page.goto(server.shop("item.html?id=harbor-mug"))
    replay_id = recording(page)
    page.tap("#more")
    page.tap("#glazes .chip:nth-child(3)")
    page.locator("#add").tap()
    context.new_cdp_session(page).send(
        "Input.synthesizeScrollGesture",
        {"x": 195, "y": 400, "yDistance": -500, "gestureSourceType": "touch", "preventFling": True},
    )
    scrolled = page.evaluate("scrollY")
    assert scrolled > 300
    page.evaluate("playhead.track('End of the test')")

    def whole() -> list[dict[str, Any]]:
        events = api.rrweb(replay_id)
        assert "End of the test" in str([e for e in events if e["type"] == 5])
        return events

    events = eventually(whole)
    row = eventually(lambda: next((r for r in api.replays(device="Phone") if r["replay_id"] == replay_id), None))
    assert (row["os"], row["browser"]) == ("iOS", "Mobile Safari")
    assert row["click_count"] >= 3
    assert api.replay(replay_id)["viewport"] == {"width": 390, "height": 664}
    changes = [e["data"] for e in events if e["type"] == 3]
    assert sum(d["source"] == 2 and d["type"] == TOUCH_START for d in changes) >= 3
    assert any(d["source"] == SCROLL for d in changes)

    shown = play(events, 390, 664)
    assert abs(shown.scroll_y - scrolled) <= 1
    assert shown.page.frame_locator("iframe").first.locator("#quantity").inner_text() == "2"
    context.close()
