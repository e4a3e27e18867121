"""A site with our SDK: one visit over several pages is one replay that plays, with its events and its person."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from .conftest import Api, Rebuilt, Server, eventually, recording


def test_a_visit_over_three_pages_is_one_replay_that_plays(
    server: Server, api: Api, page: Page, email: str, play: Callable[..., Rebuilt]
) -> None:
    page.goto(server.shop())
    replay_id = recording(page)
    page.select_option("#category", "Cups")
    page.fill("#search", "")
    page.locator("#search").press_sequentially("mug", delay=20)
    page.mouse.move(640, 400)
    page.mouse.wheel(0, 600)
    page.click('a[href="item.html?id=harbor-mug"]')
    page.wait_for_url("**/item.html*")
    page.click("#add")
    page.click("a.who")
    page.wait_for_url("**/login.html")
    page.click("#swap")
    page.fill("[name=name]", "Test Visitor")
    page.locator("[name=email]").press_sequentially(email, delay=5)
    page.fill("[name=password]", "a long password")
    page.click("#send")
    page.wait_for_url("**/cart.html")
    assert recording(page) == replay_id

    row = eventually(lambda: next((r for r in api.replays(q=email) if r["page_count"] >= 4), None))
    assert row["replay_id"] == replay_id
    assert row["person"]["name"] == "Test Visitor"
    assert row["click_count"] >= 5
    assert len(api.replays(q=email)) == 1

    detail = api.replay(replay_id)
    assert [one["url"].rpartition("/")[2].partition("?")[0] for one in detail["pages"]][:4] == [
        "index.html",
        "item.html",
        "login.html",
        "cart.html",
    ]
    assert {"View Item", "Add to Cart", "Sign Up"} <= {m["label"] for m in detail["markers"] if m["kind"] == "event"}

    def in_order() -> list[str]:
        names = [event["event"] for event in reversed(api.events(email))]
        assert {"View Item", "Add to Cart", "Sign Up"} <= set(names), names
        return names

    eventually(in_order)
    assert all(event["properties"].get("$mp_replay_id") == replay_id for event in api.events(email))
    assert api.person(email)["name"] == "Test Visitor"

    rrweb = api.rrweb(replay_id)
    shown = play(rrweb)
    assert shown.warnings == []
    assert "Your basket" in shown.page.frame_locator("iframe").locator("h1").inner_text()
    text = str(rrweb)
    assert email not in text
    assert "a long password" not in text
