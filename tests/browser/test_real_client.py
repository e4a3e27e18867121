"""A site that uses Mixpanel and changed one line, `api_host`: its own SDK, unchanged, records to Playhead."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from .conftest import Api, Json, Rebuilt, Server, eventually, recording

# What the client has put into its IndexedDB since a time. It does so every 250 ms and not when a page is left: what happened
# just before is its own loss.
KEPT = """async (since) => {
    const open = indexedDB.open('mixpanelBrowserDb');
    const db = await new Promise((done) => { open.onsuccess = () => done(open.result); });
    const all = db.transaction('mixpanelRecordingEvents').objectStore('mixpanelRecordingEvents').getAll();
    const queues = await new Promise((done) => { all.onsuccess = () => done(all.result); });
    db.close();
    return queues.flat().some((item) => item.payload.timestamp >= since);
}"""


def click(page: Page, selector: str) -> None:
    """A click that stays on the page, and is kept by the client."""
    since = page.evaluate("Date.now()")
    page.click(selector)
    eventually(lambda: page.evaluate(KEPT, since))


def test_the_unchanged_mixpanel_browser_records_a_replay_that_plays(
    server: Server, api: Api, page: Page, email: str, bundle: Callable[[str], str], play: Callable[..., Rebuilt]
) -> None:
    page.route(
        "**/mixpanel.js", lambda route: route.fulfill(body=bundle("mixpanel"), content_type="application/javascript")
    )
    refused: list[str] = []
    page.on(
        "response", lambda answer: refused.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None
    )

    page.goto(server.shop("index.html?sdk=mixpanel"))
    replay_id = recording(page, "mixpanel")
    page.mouse.move(640, 400)
    page.mouse.wheel(0, 600)
    page.locator("#search").press_sequentially("mug", delay=20)
    click(page, "#search")
    page.click('a[href="item.html?id=harbor-mug"]')
    page.wait_for_url("**/item.html*")
    assert recording(page, "mixpanel") == replay_id
    click(page, "#add")
    page.click("a.who")
    page.wait_for_url("**/login.html")
    assert recording(page, "mixpanel") == replay_id
    click(page, "#swap")
    page.fill("[name=name]", "Other Visitor")
    page.locator("[name=email]").press_sequentially(email, delay=5)
    page.fill("[name=password]", "a long password")
    page.click("#send")
    page.wait_for_url("**/cart.html")
    assert recording(page, "mixpanel") == replay_id
    click(page, "h1")

    # It sends every ten seconds, and what a page left behind twenty seconds later.
    def whole() -> Json:
        row: Json = next((r for r in api.replays(q=email) if r["replay_id"] == replay_id), {})
        assert row and row["page_count"] >= 4, row
        assert row["click_count"] >= 4, row
        return row

    row = eventually(whole, 60)
    assert row["person"]["name"] == "Other Visitor"
    assert len(api.replays(q=email)) == 1

    def known() -> set[str]:
        names = {event["event"] for event in api.events(email)}
        assert {"$mp_web_page_view", "View Item", "Add to Cart", "Sign Up"} <= names, names
        return names

    eventually(known)
    # The first page view is tracked before its recorder has started; every other event names its replay.
    named = [e for e in api.events(email) if e["event"] in {"View Item", "Add to Cart", "Sign Up"}]
    assert [e["properties"].get("$mp_replay_id") for e in named if e["event"] != "View Item"] == [replay_id] * 2
    person = api.person(email)
    assert (person["email"], person["name"]) == (email, "Other Visitor")
    assert person["properties"]["$browser"] == "Chrome"

    # What it sent, read back through reports: each event once, by this one person, before and after they signed up.
    by_person = {"property": "$email", "of": "profile", "op": "eq", "value": email}
    for event in ("View Item", "Add to Cart", "Sign Up"):
        sent = [e for e in api.events(email) if e["event"] == event]
        for measure, expected in (("total", len(sent)), ("unique", 1)):
            metric = {"event": event, "measure": measure, "filters": [by_person]}
            assert api.total(metric) == expected, (event, measure)
    (added,) = (e for e in api.events(email) if e["event"] == "Add to Cart")
    on_chrome = {"property": "$browser", "op": "eq", "value": added["properties"]["$browser"]}
    assert api.total({"event": "Add to Cart", "filters": [by_person, on_chrome]}) == 1

    events = api.rrweb(replay_id)
    assert [e["timestamp"] for e in events] == sorted(e["timestamp"] for e in events)
    shown = play(events)
    assert shown.page.frame_locator("iframe").locator("h1").count() == 1
    assert email not in str(events)
    assert refused == []
