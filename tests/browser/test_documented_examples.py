"""What Mixpanel's documentation shows, word for word, on the shop's pages: each example does what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from .conftest import ROOT, Api, Json, Rebuilt, Server, eventually, recording

SHOP = ROOT / "examples" / "shop"
META = 4


def edited(page: Page, name: str, old: str, new: str) -> None:
    """Serves a file of the shop with one thing changed."""
    text = (SHOP / name).read_text()
    assert text.count(old) == 1, old
    kind = {".html": "text/html", ".js": "text/javascript"}[Path(name).suffix]
    changed = text.replace(old, new)
    page.route(f"**/shop/{name}*", lambda route: route.fulfill(body=changed, content_type=kind))


def whole(page: Page, api: Api, replay_id: str, mark: str = "End of the test") -> list[Json]:
    page.evaluate("(mark) => playhead.track(mark)", mark)

    def arrived() -> list[Json]:
        events = api.rrweb(replay_id)
        assert mark in json.dumps([e for e in events if e["type"] == 5])
        return events

    return eventually(arrived)


@pytest.mark.parametrize("example", ['class="rr-mask"', 'class="text.rr-mask"'])
def test_the_mask_class(example: str, server: Server, api: Api, page: Page) -> None:
    edited(page, "index.html", "<h2>One kiln, four hands</h2>", f"<h2 {example}>One kiln, four hands</h2>")
    page.goto(server.shop())
    events = json.dumps(whole(page, api, recording(page)))
    assert "One kiln" not in events
    assert "*** ****, **** *****".replace(",", "*") in events
    assert "Come by" in events


def test_the_block_class_on_an_image(server: Server, api: Api, page: Page, play: Callable[..., Rebuilt]) -> None:
    edited(page, "index.html", '<img src="img/hero.webp"', '<img class="rr-block" src="img/hero.webp"')
    page.goto(server.shop())
    box = page.locator("img.rr-block").bounding_box()
    events = whole(page, api, recording(page))
    assert "hero.webp" not in json.dumps(events)
    assert "A vase, a mug" not in json.dumps(events)
    shown = play(events)
    blocked = shown.page.frame_locator("iframe").locator("img.rr-block")
    assert blocked.get_attribute("src") is None
    assert blocked.bounding_box() == box


@pytest.mark.parametrize("given", ["record_mask_text_selector: ''", "record_mask_all_text: false"])
def test_text_is_clear_and_inputs_are_not(given: str, server: Server, api: Api, page: Page) -> None:
    init = f"playhead.init('demo-token', {{ record_sessions_percent: 100, {given} }})"
    edited(page, "index.html", "</head>", f"<script src=/sdk.js></script><script>{init}</script></head>")
    page.goto(server.shop("index.html?sdk=none"))
    replay_id = recording(page)
    page.fill("#search", "a word nobody says")
    events = json.dumps(whole(page, api, replay_id))
    assert "One kiln, four hands" in events
    assert "a word nobody says" not in events


def test_without_it_all_text_is_masked(server: Server, api: Api, page: Page) -> None:
    init = "playhead.init('demo-token', { record_sessions_percent: 100 })"
    edited(page, "index.html", "</head>", f"<script src=/sdk.js></script><script>{init}</script></head>")
    page.goto(server.shop("index.html?sdk=none"))
    events = json.dumps(whole(page, api, recording(page)))
    assert "kiln" not in events
    assert "One" not in events


def test_a_restricted_area_is_left_out(server: Server, api: Api, page: Page) -> None:
    """Recording is started and stopped by hand: nothing of the checkout is sent, what is before and after it is."""
    edited(
        page, "shop.js", "script.dataset.token =", "script.dataset.recordSessionsPercent = '0'; script.dataset.token ="
    )
    page.goto(server.shop("item.html?id=harbor-mug"))
    page.click("#add")
    page.goto(server.shop("cart.html"))
    page.evaluate("analytics.then(() => playhead.start_session_recording())")
    before = recording(page)
    whole(page, api, before, "At the checkout's door")
    page.evaluate("playhead.stop_session_recording()")

    page.click("#go")
    page.wait_for_url("**/checkout.html")
    page.evaluate("analytics")
    for field, words in {"name": "Ada Nobody", "email": "ada@example.com", "street": "1 Hidden Road"}.items():
        page.fill(f"[name={field}]", words)
    for field in ("postcode", "city", "cardnumber", "exp", "cvc"):
        page.fill(f"[name={field}]", "4242")
    page.click("#pay")
    page.wait_for_url("**/thanks.html")
    page.evaluate("analytics.then(() => playhead.start_session_recording())")
    after = recording(page)

    replays = {before: api.rrweb(before), after: whole(page, api, after)}
    pages = [e["data"]["href"] for events in replays.values() for e in events if e["type"] == META]
    assert {url.rpartition("/")[2] for url in pages} == {"cart.html", "thanks.html"}
    everything = json.dumps(replays)
    assert "At the checkout's door" in everything
    for private in ("Ada Nobody", "Hidden Road", "Is it a gift?"):
        assert private not in everything
