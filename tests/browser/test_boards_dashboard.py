"""Saved reports, playlists, boards and the Lexicon in Chromium."""

from __future__ import annotations

import json
import re
import time
from datetime import date
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, Request, expect

from .conftest import TOKEN, Api, Server, eventually, recording

METRICS = [{"event": "View Item"}]
STEPS = [{"event": "View Item"}, {"event": "Add to Cart"}]


@pytest.fixture(scope="module")
def events(server: Server, api: Api) -> str:
    """Somebody's events; their id."""
    person = "boards-visitor"
    now = int(time.time() * 1000)
    sent = [
        {"event": event, "properties": {"token": TOKEN, "distinct_id": person, "time": now - before}}
        for event, before in (("View Item", 60_000), ("Add to Cart", 30_000), ("Test Ping", 10_000))
    ]
    assert httpx.post(f"{server.url}/track/", json=sent).status_code == 200
    profile = [{"$token": TOKEN, "$distinct_id": person, "$set": {"$name": "Bo Boardman"}}]
    assert httpx.post(f"{server.url}/engage/", json=profile).status_code == 200
    eventually(lambda: len(api.events(person)) == len(sent) and api.person(person)["name"] == "Bo Boardman")
    return person


@pytest.fixture
def base(server: Server, api: Api, events: str) -> str:
    return f"{server.url}/projects/{api.project}"


def made(api: Api, path: str, **body: Any) -> dict[str, Any]:
    answer = api.client.post(f"/api/projects/{api.project}/{path}", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def saved(api: Api, name: str, kind: str = "insights", **search: Any) -> str:
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in search.items()}
    query = "&".join(f"{key}={quote(value)}" for key, value in texts.items())
    return str(made(api, "saved-reports", kind=kind, name=name, search=query)["report_id"])


def asked(page: Page) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(page.url).query).items()}


def name_it(page: Page, name: str) -> None:
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_role("button", name=re.compile("^(Save|Make)")).click()
    expect(dialog).to_have_count(0)


def test_a_report_is_saved_changed_found_and_deleted(base: str, dashboard: Page) -> None:
    name = f"Looks {uuid4().hex[:6]}"
    dashboard.goto(f"{base}/insights?metrics={quote(json.dumps(METRICS))}&last=7")
    dashboard.get_by_role("button", name="Save", exact=True).click()
    name_it(dashboard, name)
    dashboard.wait_for_url("**report=*")
    report = asked(dashboard)["report"]
    control = dashboard.get_by_role("button", name=f"Saved report: {name}")
    expect(control).to_be_visible()

    # A change is said, can be taken back, and can be kept.
    def weekly() -> None:
        dashboard.get_by_role("button", name=re.compile("Daily$")).click()
        dashboard.get_by_role("menuitem", name="Weekly").click()
        dashboard.wait_for_url("**unit=week*")

    weekly()
    expect(dashboard.get_by_role("button", name=f"Saved report: {name}, changed")).to_be_visible()
    assert asked(dashboard)["report"] == report
    dashboard.get_by_role("button", name=f"Back to {name} as it was saved").click()
    expect(dashboard.get_by_role("button", name=f"Saved report: {name}", exact=True)).to_be_visible()
    assert "unit" not in asked(dashboard)
    weekly()
    dashboard.get_by_role("button", name="Save changes").click()
    expect(dashboard.get_by_text("Saved.", exact=True)).to_be_attached()

    # Its list leads to what was kept last.
    dashboard.goto(f"{base}/saved")
    dashboard.get_by_label("Search the saved reports").fill(name)
    dashboard.get_by_role("link", name=name).click()
    dashboard.wait_for_url("**/insights?**")
    assert asked(dashboard) == {"metrics": json.dumps(METRICS, separators=(",", ":")), "unit": "week", "last": "7"} | {
        "report": report
    }

    control.click()
    dashboard.get_by_role("menuitem", name="Delete report…").click()
    dashboard.get_by_role("dialog").get_by_role("button", name="Delete 1 report").click()
    expect(dashboard.get_by_role("button", name="Save", exact=True)).to_be_visible()
    assert "report" not in asked(dashboard)
    dashboard.goto(f"{base}/saved/{report}")
    expect(dashboard.get_by_text("There is no such saved report")).to_be_visible()


def test_filters_become_a_playlist_that_keeps_itself_up_to_date(
    server: Server, base: str, watched: str, chromium: Browser, dashboard: Page
) -> None:
    name = f"Of items {uuid4().hex[:6]}"
    dashboard.goto(f"{base}/replays?url=item.html")
    feed = dashboard.get_by_label("Replay feed")
    feed.get_by_role("button", name="Save", exact=True).click()
    name_it(dashboard, name)
    expect(feed.get_by_role("button", name=f"Saved playlist: {name}")).to_be_visible()
    feed.get_by_role("button", name=f"Playlist: {name}", exact=True).click()
    dashboard.get_by_role("menuitem", name="All replays").click()
    expect(feed.get_by_role("button", name="Playlist: all replays")).to_be_visible()
    assert asked(dashboard) == {}
    feed.get_by_role("button", name="Playlist: all replays").click()
    dashboard.get_by_role("menuitem", name=name).click()
    expect(feed.get_by_role("button", name="Remove filter: Page: item.html")).to_be_visible()

    # A visit that matches comes into the open playlist by itself.
    visitor = chromium.new_context()
    page = visitor.new_page()
    page.goto(server.shop("item.html?id=harbor-mug"))
    replay = recording(page)
    page.mouse.wheel(0, 300)
    expect(feed.locator(f'[data-replay="{replay}"]')).to_be_visible(timeout=20_000)
    visitor.close()


def cards(page: Page) -> Locator:
    return page.get_by_role("list", name="Cards").locator("> li")


def in_order(page: Page, *names: str) -> None:
    """The cards, once their reports' names are there."""
    expect(cards(page).locator("h2")).to_have_text(names)


def test_a_board_is_put_together(api: Api, base: str, dashboard: Page) -> None:
    looks = f"Looks {uuid4().hex[:6]}"
    way = f"Way {uuid4().hex[:6]}"
    saved(api, looks, metrics=METRICS)
    saved(api, way, "funnel", steps=STEPS)
    dashboard.goto(f"{base}/boards")
    dashboard.get_by_role("button", name="New board").click()
    name_it(dashboard, "Mornings")
    expect(dashboard.get_by_role("heading", name="Mornings")).to_be_visible()
    expect(dashboard.get_by_text("This board is empty")).to_be_visible()

    def add(name: str) -> None:
        dashboard.get_by_role("button", name="Add a card").click()
        dashboard.get_by_role("combobox").fill(name)
        expect(dashboard.get_by_role("option")).to_have_count(1)
        dashboard.keyboard.press("Enter")

    add(looks)
    add(way)
    add("A note")
    dashboard.get_by_label("The note").fill("Look here first.")
    dashboard.get_by_role("button", name="Save note").click()

    # Both reports are answered on their cards.
    expect(cards(dashboard).nth(0).get_by_role("img", name=re.compile("^Lines"))).to_be_visible()
    expect(cards(dashboard).nth(1).get_by_role("group", name=re.compile("^Funnel"))).to_be_visible()
    expect(cards(dashboard).nth(2)).to_contain_text("Look here first.")

    # By keyboard, and dragged.
    grip = dashboard.get_by_role("button", name=f"Move {looks}, 1 of 3: arrow keys")
    grip.focus()
    dashboard.keyboard.press("ArrowRight")
    moved = dashboard.get_by_role("button", name=f"Move {looks}, 2 of 3: arrow keys")
    expect(moved).to_be_focused()
    in_order(dashboard, way, looks, "Note")
    note = dashboard.get_by_role("button", name="Move Note, 3 of 3: arrow keys")
    note.hover()
    target = cards(dashboard).nth(0).bounding_box()
    assert target is not None
    dashboard.mouse.down()
    dashboard.mouse.move(target["x"] + 60, target["y"] + 60, steps=12)
    dashboard.mouse.up()
    expect(cards(dashboard).nth(0).locator("h2")).to_have_text("Note")

    # Wider, and one taken off and put back.
    cards(dashboard).nth(1).get_by_role("button", name=re.compile("^More about the card")).click()
    dashboard.get_by_role("menuitem", name="Full width").click()
    expect(cards(dashboard).nth(1)).to_have_attribute("data-width", "3")
    cards(dashboard).nth(2).get_by_role("button", name=re.compile("^More about the card")).click()
    dashboard.get_by_role("menuitem", name="Remove from the board").click()
    expect(cards(dashboard)).to_have_count(2)
    dashboard.get_by_role("button", name="Undo").click()
    expect(cards(dashboard)).to_have_count(3)

    # All of it is kept.
    board = urlsplit(dashboard.url).path.rpartition("/")[2]
    kept = f"/api/projects/{api.project}/boards/{board}"
    eventually(lambda: [one["width"] for one in api.get(kept)["cards"]] == [1, 3, 1])
    dashboard.reload()
    expect(cards(dashboard)).to_have_count(3)
    in_order(dashboard, "Note", way, looks)


def days_asked(request: Request) -> int:
    """How many days a report's request asks for."""
    body = request.post_data_json
    return (date.fromisoformat(body["to"]) - date.fromisoformat(body["from"])).days + 1


def test_a_card_shows_the_boards_days_and_leads_behind_its_points(api: Api, base: str, dashboard: Page) -> None:
    name = f"Way {uuid4().hex[:6]}"
    report = saved(api, name, "funnel", steps=STEPS)
    board = made(api, "boards", name="Days", cards=[{"card_id": "a", "report_id": report, "width": 2}])["board_id"]
    dashboard.goto(f"{base}/boards/{board}")
    card = cards(dashboard).first
    expect(card).to_contain_text("Last 30 days")
    with dashboard.expect_request(lambda one: one.url.endswith("/reports/funnel") and days_asked(one) == 7):
        dashboard.get_by_role("button", name="Days: Days as saved").click()
        dashboard.get_by_role("menuitem", name="Last 7 days").click()
    expect(card).to_contain_text("Last 7 days")
    assert asked(dashboard) == {"last": "7"}

    card.get_by_role("button", name=re.compile("^Add to Cart: .* converted")).click()
    dashboard.get_by_role("menuitem", name="View Users").click()
    dashboard.wait_for_url("**/funnels?**")
    expect(dashboard.get_by_text("Bo Boardman")).to_be_visible()
    assert asked(dashboard)["report"] == report
    dashboard.go_back()
    card.get_by_role("link", name=name).click()
    dashboard.wait_for_url("**/funnels?**")
    expect(dashboard.get_by_role("button", name=f"Saved report: {name}", exact=True)).to_be_visible()


def test_a_card_says_what_is_wrong_and_a_deleted_report_takes_its_cards_along(
    api: Api, base: str, dashboard: Page
) -> None:
    report = saved(api, f"Looks {uuid4().hex[:6]}", metrics=METRICS)
    cards_of = [{"card_id": "a", "report_id": report, "width": 1}, {"card_id": "b", "text": "Note", "width": 1}]
    board = made(api, "boards", name="Faults", cards=cards_of)["board_id"]
    advice = "The query took over 30 seconds. Ask for fewer days."
    refusal = {"error": {"code": "query_too_slow", "message": advice}}
    dashboard.route("**/reports/insights", lambda route: route.fulfill(status=422, json=refusal))
    dashboard.goto(f"{base}/boards/{board}")
    expect(dashboard.get_by_text(advice)).to_be_visible()
    dashboard.unroute("**/reports/insights")
    dashboard.get_by_role("button", name="Try again").click()
    expect(dashboard.get_by_role("img", name=re.compile("^Lines"))).to_be_visible()
    assert api.client.delete(f"/api/projects/{api.project}/saved-reports/{report}").status_code == 204
    dashboard.reload()
    expect(cards(dashboard)).to_have_count(1)


def test_the_lexicon_describes_and_hides(api: Api, base: str, dashboard: Page) -> None:
    dashboard.goto(f"{base}/lexicon?q=Test Ping")
    row = dashboard.get_by_role("row").filter(has_text="Test Ping")
    row.get_by_role("button", name="Describe Test Ping").click()
    dashboard.keyboard.type("Sent by nobody.")
    dashboard.keyboard.press("Enter")
    expect(row.get_by_role("button", name="Edit the description of Test Ping: Sent by nobody.")).to_be_focused()
    row.get_by_role("switch", name="Show Test Ping in pickers").click()
    expect(row.get_by_role("switch")).not_to_be_checked()

    def hidden() -> bool:
        names = [one["event"] for one in api.get(f"/api/projects/{api.project}/events/names")["results"]]
        return "Test Ping" not in names and "View Item" in names

    eventually(hidden)
    dashboard.reload()
    expect(row).to_contain_text("Sent by nobody.")
    row.get_by_role("switch").click()
    row.get_by_role("link", name="Test Ping").click()
    dashboard.wait_for_url("**/insights?**")
    assert json.loads(asked(dashboard)["metrics"]) == [{"event": "Test Ping"}]
    expect(dashboard.get_by_role("img", name=re.compile("^Lines.*Test Ping"))).to_be_visible()


def test_search_finds_people_and_what_was_saved_and_offers_what_was_opened_last(
    api: Api, base: str, events: str, dashboard: Page
) -> None:
    name = f"Sought {uuid4().hex[:6]}"
    saved(api, name, metrics=METRICS)
    dashboard.goto(f"{base}/status")
    expect(dashboard.get_by_role("heading", level=1)).to_be_visible()

    def search(text: str) -> None:
        dashboard.keyboard.press("Control+k")
        expect(dashboard.get_by_role("combobox")).to_be_focused()
        dashboard.keyboard.type(text)

    search("Boardman")
    expect(
        dashboard.get_by_role("group", name="People").get_by_role("option", name=re.compile("Bo Boardman"))
    ).to_be_visible()
    dashboard.keyboard.press("Enter")
    dashboard.wait_for_url(f"**/users/{events}*")
    search(name)
    expect(dashboard.get_by_role("group", name="Saved").get_by_role("option", name=re.compile(name))).to_be_visible()
    dashboard.keyboard.press("Enter")
    dashboard.wait_for_url("**/insights?**")
    expect(dashboard.get_by_role("button", name=f"Saved report: {name}", exact=True)).to_be_visible()
    search("")
    last = dashboard.get_by_role("group", name="Opened last").get_by_role("option")
    expect(last.nth(0)).to_contain_text(name)
    expect(last.nth(1)).to_contain_text("Bo Boardman")
