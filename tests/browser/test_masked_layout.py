"""Masking keeps the layout: what a replay with masked text shows lies where it lay on the page, and open things look open."""

from __future__ import annotations

import re
from collections.abc import Callable
from statistics import median
from typing import Any

import pytest
from playwright.sync_api import Page

from .conftest import HERE, Api, Json, Rebuilt, Server, eventually, recording
from .test_fidelity import PAGES, STILL

SAME_LINES, OVERLAP = 0.95, 0.9


def end(page: Page, api: Api, replay_id: str) -> list[Json]:
    """The whole recording up to now."""
    page.evaluate("playhead.track('End of the test')")

    def whole() -> list[Json]:
        events = api.rrweb(replay_id)
        assert "End of the test" in str([e for e in events if e["type"] == 5])
        return events

    return eventually(whole)


def overlap(one: list[float], other: list[float]) -> float:
    """Intersection over union."""
    (x, y, w, h), (u, v, s, t) = one, other
    both = max(0.0, min(x + w, u + s) - max(x, u)) * max(0.0, min(y + h, v + t) - max(y, v))
    return both / (w * h + s * t - both)


def looks(page: Page, where: str) -> Any:
    page.add_script_tag(path=str(HERE / "client" / "layout.js"))
    return page.evaluate(f"layout({where})")


@pytest.mark.parametrize("name", [name for name in PAGES if name not in {"video", "delivery"}])
def test_a_masked_shop_page_lies_as_it_lay(
    name: str, server: Server, api: Api, page: Page, play: Callable[..., Rebuilt]
) -> None:
    path, act = PAGES[name]
    page.goto(server.shop("login.html?sdk=none"))
    page.evaluate(
        """() => { const line = (id, glaze, quantity) => ({ id, glaze, quantity });
        localStorage.setItem('shop.basket', JSON.stringify([line('harbor-mug', 'Chalk', 2), line('reed-vase', 'Sage', 1)]));
        localStorage.setItem('shop.order', JSON.stringify({ total: 64, lines: [line('reed-vase', 'Sage', 1)] }));
        sessionStorage.clear();
        sessionStorage.setItem('shop.mask', 'text'); }"""
    )
    page.goto(server.shop(path), wait_until="load")
    replay_id = recording(page)
    act(page)
    page.mouse.move(3, 500)
    page.evaluate("document.activeElement?.blur?.(); scrollTo({ top: 0, behavior: 'instant' })")
    page.evaluate(STILL)
    live = looks(page, "document")

    def scrolled_back() -> list[Json]:
        """The last scroll is told a moment after it: until then the replay stands elsewhere."""
        events = end(page, api, replay_id)
        scrolls = [e["data"] for e in events if e["type"] == 3 and e["data"]["source"] == 3 and e["data"]["id"] == 1]
        assert not scrolls or scrolls[-1]["y"] == 0
        return events

    shown = play(eventually(scrolled_back))
    replayed = looks(shown.page, "replayer.iframe.contentDocument")
    words = shown.page.evaluate("replayer.iframe.contentDocument.body.innerText")
    assert re.fullmatch(r"[*\s]*", words), "text that is not masked"

    # A blocked element keeps its size and nothing else.
    assert [e["tag"] for e in replayed["elements"]] == [e["tag"] for e in live["elements"]]
    pairs = list(zip(live["elements"], replayed["elements"], strict=True))
    assert [a for a, b in pairs if a["seen"] != b["seen"] and not a["blocked"]] == []
    overlaps = [overlap(a["box"], b["box"]) for a, b in pairs if a["seen"] and not a["blocked"]]
    lines = list(zip(live["blocks"], replayed["blocks"], strict=True))
    same = sum(a == b for a, b in lines) / len(lines)
    print(f"{name}: {len(pairs)} elements, median overlap {median(overlaps):.3f}, {same:.1%} of {len(lines)} blocks")
    assert same >= SAME_LINES, [(a, b) for a, b in lines if a != b]
    assert median(overlaps) >= OVERLAP


def test_open_things_look_open(server: Server, api: Api, page: Page, play: Callable[..., Rebuilt]) -> None:
    """Menus, tabs and dialogs that a style sheet opens by the value of an attribute: from the start, and by a click."""
    page.route("**/states", lambda route: route.fulfill(path=HERE / "client" / "states.html", content_type="text/html"))
    page.goto(f"{server.url}/states")
    replay_id = recording(page)
    for button in page.locator("button").all():
        button.click()
    live = looks(page, "document")
    shown = play(end(page, api, replay_id))
    replayed = looks(shown.page, "replayer.iframe.contentDocument")
    shows = {e["id"]: e["seen"] for e in live["elements"] if e["id"]}
    assert {id for id, seen in shows.items() if not seen} == set(page.evaluate("shut"))
    assert {e["id"]: e["seen"] for e in replayed["elements"] if e["id"]} == shows
