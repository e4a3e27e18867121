"""Retention and Flows in Chromium: from a cell, and from a way between two events, to the people and replays behind."""

from __future__ import annotations

import json
import re
from typing import NamedTuple
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from .conftest import Api, Server, eventually, recording

LEAD_MS = 5_000
LOOKED_AROUND = "performance.now() > 7000"
# Names of this module's own: what other tests' visitors do is not counted.
FIRST, AGAIN = "Looked at a mug", "Took a mug"


class Visits(NamedTuple):
    """Replays of two visitors who did the first event; one of them did the second too."""

    left: str
    took: str


@pytest.fixture(scope="module")
def visits(chromium: Browser, server: Server, api: Api) -> Visits:
    found = Visits(visit(chromium, server, takes=False), visit(chromium, server, takes=True))
    eventually(lambda: marker(api, found.left, FIRST) and marker(api, found.took, AGAIN))
    return found


def visit(chromium: Browser, server: Server, *, takes: bool) -> str:
    context = chromium.new_context()
    try:
        page = context.new_page()
        page.goto(server.shop())
        replay_id = recording(page)
        page.mouse.move(400, 300)
        page.wait_for_function(LOOKED_AROUND)
        for event in (FIRST, AGAIN) if takes else (FIRST,):
            page.evaluate("(event) => playhead.track(event)", event)
        page.goto(server.shop("delivery.html"))
        return replay_id
    finally:
        context.close()


def marker(api: Api, replay_id: str, event: str) -> int | None:
    """When the event was, on the clock of its replay."""
    answer = api.client.get(f"/api/projects/{api.project}/replays/{replay_id}")
    markers = answer.json()["markers"] if answer.status_code == 200 else []
    return next((one["at_ms"] for one in markers if one["kind"] == "event" and one["label"] == event), None)


def screen(server: Server, api: Api, name: str, **search: object) -> str:
    text = "&".join(f"{key}={quote(str(value))}" for key, value in search.items())
    return f"{server.url}/projects/{api.project}/{name}?{text}"


def retention(server: Server, api: Api) -> str:
    first, again = json.dumps({"event": FIRST}), json.dumps({"event": AGAIN})
    return screen(server, api, "retention", **{"first": first, "return": again, "unit": "day", "periods": 3, "last": 2})


def flows(server: Server, api: Api, **search: object) -> str:
    return screen(server, api, "flows", start=json.dumps({"event": FIRST}), steps=1, last=2, **search)


def starts_before(dashboard: Page, api: Api, shown: Locator, replay_id: str, event: str) -> None:
    """The replay plays, from five seconds before the event, which is marked."""
    shown.locator(f'[data-replay="{replay_id}"]').click()
    at = marker(api, replay_id, event)
    assert at is not None
    dashboard.wait_for_url(re.compile(f"replay={replay_id}"))
    assert abs(int(asked(dashboard)["t"][0]) - (at - LEAD_MS)) <= 100
    expect(shown.get_by_role("button", name="Pause").last).to_be_visible()
    expect(shown.get_by_role("img", name=re.compile("^Watched for this"))).to_be_visible()


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def view(dashboard: Page, what: str) -> Locator:
    dashboard.get_by_role("menuitem", name=f"View {what}").click()
    return dashboard.get_by_role("region", name=re.compile(f"^View {what}: "))


def test_a_cell_opens_the_replays_of_those_who_came_back(
    server: Server, api: Api, visits: Visits, dashboard: Page
) -> None:
    dashboard.goto(retention(server, api))
    expect(dashboard.get_by_role("group", name=re.compile(r"^Retention, Last 2 days: .*came back"))).to_be_visible()
    cell = dashboard.get_by_role("table").get_by_role(
        "button", name=re.compile(rf"^Came back to do {AGAIN} on day 0 · .*: 50%, 1 of 2, day not over")
    )
    cell.first.click()
    shown = view(dashboard, "Replays")
    expect(shown).to_contain_text("1 replay of 1 person")
    expect(shown.locator(f'[data-replay="{visits.left}"]')).to_have_count(0)
    starts_before(dashboard, api, shown, visits.took, AGAIN)
    # The address alone brings all of it back.
    dashboard.reload()
    expect(shown.locator(f'[data-replay="{visits.took}"][aria-current]')).to_be_visible(timeout=20_000)
    shown.get_by_role("button", name="Close, back to the report").click()
    expect(shown).to_have_count(0)
    assert "point" not in asked(dashboard)


def test_the_lost_part_is_reached_too_and_by_keyboard(
    server: Server, api: Api, visits: Visits, dashboard: Page
) -> None:
    dashboard.goto(retention(server, api))
    dashboard.get_by_role("button", name="Did not", exact=True).click()
    expect(dashboard.get_by_role("button", name="Did not", exact=True)).to_have_attribute("aria-pressed", "true")
    assert asked(dashboard)["outcome"] == ["lost"]
    cell = dashboard.get_by_role("table").get_by_role(
        "button", name=re.compile(rf"^Did not come back to do {AGAIN} on day 0 · .*: 50%, 1 of 2")
    )
    cell.first.focus()
    dashboard.keyboard.press("Enter")
    expect(dashboard.get_by_role("menu")).to_contain_text("Did not come back")
    # It takes the focus a moment after it has opened.
    expect(dashboard.get_by_role("menu").locator(":focus")).to_be_attached()
    dashboard.keyboard.press("ArrowDown")
    dashboard.keyboard.press("Enter")
    shown = dashboard.get_by_role("region", name=re.compile("^View Replays: "))
    expect(shown.locator(f'[data-replay="{visits.took}"]')).to_have_count(0)
    starts_before(dashboard, api, shown, visits.left, FIRST)


def test_retention_is_asked_by_picking(server: Server, api: Api, visits: Visits, dashboard: Page) -> None:
    dashboard.goto(screen(server, api, "retention"))
    # It opens with the most frequent event.
    dashboard.get_by_role("button", name=re.compile("^First: ")).click()
    dashboard.get_by_role("combobox", name=re.compile("^Search")).fill(FIRST)
    dashboard.get_by_role("option", name=FIRST).click()
    expect(dashboard.get_by_role("table")).to_contain_text("Week 8")
    dashboard.get_by_role("button", name="Unit: weekly").click()
    dashboard.get_by_role("menuitem", name="monthly").click()
    expect(dashboard.get_by_role("table")).to_contain_text("Month 8")
    assert json.loads(asked(dashboard)["first"][0]) == {"event": FIRST}
    with dashboard.expect_download() as taken:
        dashboard.get_by_role("button", name="Download or copy the table").click()
        dashboard.get_by_role("menuitem", name="Download CSV").click()
    assert "Average of what is complete" in taken.value.path().read_text(encoding="utf-8-sig")


def test_a_way_between_events_opens_its_people_and_replays(
    server: Server, api: Api, visits: Visits, dashboard: Page
) -> None:
    dashboard.goto(flows(server, api, per_step=20))
    expect(dashboard.get_by_role("group", name=re.compile(f"^Paths of 2 people after {FIRST}"))).to_be_visible()
    way = dashboard.get_by_role("table").get_by_role("button", name=re.compile(f"^{FIRST} → {AGAIN} .*: 1 people"))
    way.click()
    users = view(dashboard, "Users")
    expect(users).to_contain_text("1 person")
    users.get_by_role("button", name="Replays", exact=True).click()
    shown = dashboard.get_by_role("region", name=re.compile("^View Replays: "))
    starts_before(dashboard, api, shown, visits.took, AGAIN)
    dashboard.keyboard.press("Escape")
    expect(dashboard.get_by_role("button", name=re.compile(f"^{AGAIN} 1 ·"))).to_be_visible()


def test_a_ribbon_is_clicked_and_a_node_is_passed_over(
    server: Server, api: Api, visits: Visits, dashboard: Page
) -> None:
    dashboard.goto(flows(server, api, per_step=20))
    ribbon = dashboard.locator("path", has=dashboard.locator("title", has_text=f"{FIRST} → {AGAIN}"))
    ribbon.click()
    expect(dashboard.get_by_role("menu")).to_contain_text(f"{FIRST} → {AGAIN}")
    dashboard.keyboard.press("Escape")

    dashboard.get_by_role("button", name=re.compile(f"^{AGAIN} 1 ·")).click()
    dashboard.get_by_role("menuitem", name=f"Pass over {AGAIN}").click()
    expect(dashboard.get_by_role("button", name=f"Show {AGAIN} again")).to_be_visible()
    expect(dashboard.get_by_role("button", name=re.compile(f"^{AGAIN}: "))).to_have_count(0)
    assert json.loads(asked(dashboard)["hidden"][0]) == [AGAIN]
    dashboard.go_back()
    expect(dashboard.get_by_role("button", name=re.compile(f"^{AGAIN} 1 ·"))).to_be_visible()
