"""The list of users and a person's page in Chromium: found, narrowed, opened, and from what they did into the replay."""

from __future__ import annotations

import csv
import json
import re
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from .conftest import Api, Json, Server, eventually, recording

LEAD_MS = 5_000
LOOKED_AROUND = "performance.now() > 7000"


class Visitor(NamedTuple):
    email: str
    replay_id: str


@pytest.fixture(scope="module")
def visitor(chromium: Browser, server: Server, api: Api) -> Visitor:
    """Somebody who put an item into the cart and then made an account."""
    email = f"grace.{uuid4().hex[:8]}@example.com"
    context = chromium.new_context()
    page = context.new_page()
    page.goto(server.shop())
    replay_id = recording(page)
    page.wait_for_function(LOOKED_AROUND)
    page.click('a[href="item.html?id=harbor-mug"]')
    page.wait_for_url("**/item.html*")
    page.click("#add")
    page.goto(server.shop("login.html?new"))
    page.fill("[name=name]", "Grace Example")
    page.fill("[name=email]", email)
    page.fill("[name=password]", "a long password")
    page.click("#send")
    page.wait_for_url("**/cart.html")
    context.close()
    eventually(lambda: person_of(api, email)["name"] == "Grace Example" and event_of(api, email, "Add to Cart"))
    return Visitor(email, replay_id)


@pytest.fixture(scope="module")
def others(server: Server, api: Api, visitor: Visitor) -> str:
    """250 people whom a server knows; what all their ids hold."""
    mark = uuid4().hex[:6]
    people = [
        {
            "$token": "demo-token",
            "$distinct_id": f"{mark}-{i:03}",
            "$set": {"$name": f"Person {mark} {i:03}", "plan": "Pro" if i % 5 == 0 else "Free", "seats": i},
        }
        for i in range(250)
    ]
    for begin in range(0, len(people), 50):
        api.client.post("/engage", params={"token": "demo-token"}, json=people[begin : begin + 50]).raise_for_status()
    eventually(lambda: api.get(f"/api/projects/{api.project}/people", q=mark)["total"] == 250)
    return mark


def person_of(api: Api, distinct_id: str) -> Json:
    answer = api.client.get(f"/api/projects/{api.project}/people/{distinct_id}")
    return answer.json() if answer.status_code == 200 else {"name": None}


def event_of(api: Api, distinct_id: str, name: str) -> Json | None:
    """The event, once it leads to its place in a replay."""
    return next((one for one in api.events(distinct_id) if one["event"] == name and one["at_ms"] is not None), None)


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def open_users(server: Server, api: Api, dashboard: Page, search: str = "") -> None:
    dashboard.goto(f"{server.url}/projects/{api.project}/users{search}")


def test_from_the_list_over_the_profile_into_the_replay(
    server: Server, api: Api, visitor: Visitor, dashboard: Page
) -> None:
    open_users(server, api, dashboard)
    dashboard.get_by_role("textbox", name="Search users").fill(visitor.email)
    row = dashboard.get_by_role("row").filter(has_text="Grace Example")
    expect(row).to_contain_text(visitor.email)
    dashboard.wait_for_url(re.compile(f"q={visitor.email.partition('@')[0]}"))
    row.get_by_role("link").click()

    who = dashboard.get_by_role("complementary", name="Who it is")
    expect(who.get_by_role("heading", level=1)).to_have_text("Grace Example")
    who.get_by_text("Identities").click()
    expect(who.get_by_text("device", exact=True)).to_be_visible()

    did = dashboard.get_by_role("region", name="What they did")
    today = did.get_by_role("region", name=re.compile("^Today, "))
    expect(today.locator(f'[data-replay="{visitor.replay_id}"]')).to_be_visible()
    # What they did before they said who they are is theirs too.
    event = event_of(api, visitor.email, "Add to Cart")
    assert event is not None
    today.get_by_role("link", name=re.compile("^Watch Add to Cart at ")).click()
    dashboard.wait_for_url(re.compile(f"/replays/{visitor.replay_id}"))
    assert int(asked(dashboard)["t"][0]) == event["at_ms"] - LEAD_MS
    assert asked(dashboard)["distinct_id"] == [visitor.email]
    expect(dashboard.get_by_role("button", name="Pause").last).to_be_visible()

    # And back to the person from the replay.
    dashboard.get_by_role("link", name="Grace Example: profile").click()
    expect(who.get_by_role("heading", level=1)).to_have_text("Grace Example")
    did.get_by_role("link", name=re.compile("^View Replays 1$")).click()
    dashboard.wait_for_url("**/replays?distinct_id=*")
    expect(dashboard.locator(f'[data-replay="{visitor.replay_id}"]')).to_be_visible()


def test_an_event_unfolds_into_its_properties_and_can_be_hidden(
    server: Server, api: Api, visitor: Visitor, dashboard: Page
) -> None:
    dashboard.goto(f"{server.url}/projects/{api.project}/users/{visitor.email}")
    did = dashboard.get_by_role("region", name="What they did")
    event = did.get_by_role("button", name=re.compile(r"^\d\d:\d\d:\d\d Add to Cart"))
    event.focus()
    dashboard.keyboard.press("Enter")
    table = did.get_by_role("table", name="Properties of Add to Cart")
    expect(table.get_by_role("row", name=re.compile("^OS "))).to_be_visible()
    expect(did).not_to_contain_text("{")

    did.get_by_role("button", name="Hide Add to Cart").click()
    expect(event).to_have_count(0)
    assert json.loads(asked(dashboard)["hidden"][0]) == ["Add to Cart"]
    dashboard.reload()
    expect(did.get_by_role("button", name=re.compile("View Item"))).to_be_visible()
    expect(event).to_have_count(0)
    did.get_by_role("button", name="Show Add to Cart again").click()
    expect(event).to_be_visible()


def test_the_list_goes_on_as_it_is_scrolled_and_sorts_by_its_heads(
    server: Server, api: Api, others: str, dashboard: Page
) -> None:
    columns = json.dumps(["plan", "seats"])
    open_users(server, api, dashboard, f"?q={others}&columns={columns}")
    head = dashboard.get_by_role("columnheader", name="seats")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    first = dashboard.locator("tbody tr:has([data-person])").first
    expect(first).to_contain_text(f"Person {others} 249")
    assert asked(dashboard)["by"] == ["seats"]

    table = dashboard.get_by_role("table", name="Users")
    assert dashboard.locator("[data-person]").count() < 100, "only what is seen is drawn"
    table.hover()

    def reached() -> bool:
        dashboard.mouse.wheel(0, 4_000)
        return dashboard.get_by_text(f"Person {others} 000").count() > 0

    eventually(reached)
    expect(head).to_be_in_viewport()


def test_filters_narrow_the_list_and_the_file_that_is_taken_along(
    server: Server, api: Api, others: str, dashboard: Page
) -> None:
    open_users(server, api, dashboard, f"?q={others}")
    dashboard.get_by_role("button", name="Add a filter to the list").click()
    dashboard.get_by_role("combobox", name=re.compile("^Search")).fill("plan")
    dashboard.get_by_role("option", name=re.compile("^plan")).first.click()
    dashboard.get_by_role("option", name=re.compile("^Pro")).click()
    dashboard.keyboard.press("Escape")
    expect(dashboard.get_by_role("table", name="Users")).to_have_attribute("aria-rowcount", "51")
    assert json.loads(asked(dashboard)["filters"][0]) == [
        {"property": "plan", "op": "eq", "value": ["Pro"], "of": "profile"}
    ]

    with dashboard.expect_download() as taken:
        dashboard.get_by_role("button", name="Download CSV of the list").click()
    lines = list(csv.DictReader(taken.value.path().read_text(encoding="utf-8-sig").splitlines()))
    assert len(lines) == 50
    assert {line["User id"][: len(others)] for line in lines} == {others}


def test_nobody_an_unknown_id_and_a_list_that_fails(
    server: Server, api: Api, visitor: Visitor, dashboard: Page
) -> None:
    open_users(server, api, dashboard, "?q=nobody-is-called-so")
    expect(dashboard.get_by_role("heading", name="Nobody matches")).to_be_visible()
    dashboard.get_by_role("button", name="Clear search and filters").click()
    expect(dashboard.get_by_role("table", name="Users")).to_be_visible()

    dashboard.goto(f"{server.url}/projects/{api.project}/users/nobody-has-this-id")
    expect(dashboard.get_by_role("heading", name="Nobody was seen by this id")).to_be_visible()

    def refuse(route: Route) -> None:
        route.fulfill(status=503, json={"error": {"code": "unavailable", "message": "The engine is starting."}})

    dashboard.route("**/people?*", refuse)
    open_users(server, api, dashboard)
    expect(dashboard.get_by_text("The engine is starting.")).to_be_visible()
    dashboard.unroute("**/people?*")
    dashboard.get_by_role("button", name="Try again").click()
    expect(dashboard.get_by_role("table", name="Users")).to_be_visible()
