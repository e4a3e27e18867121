"""Insights and Funnels in Chromium: a click on a point or a part of a bar, and the right replay at the right second."""

from __future__ import annotations

import json
import re
from typing import NamedTuple
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from .conftest import Api, Server, eventually, recording

STEPS = [{"event": "View Item"}, {"event": "Add to Cart"}]
LEAD_MS = 5_000
# A visitor looks around first, so that there is something to see before the event.
LOOKED_AROUND = "performance.now() > 7000"


class Visits(NamedTuple):
    """Replays of two visitors: one looked at an item and left it, the other put it into the cart."""

    dropped: str
    converted: str


@pytest.fixture(scope="module")
def visits(chromium: Browser, server: Server, api: Api) -> Visits:
    found = Visits(visit(chromium, server, buys=False), visit(chromium, server, buys=True))
    eventually(lambda: marker(api, found.dropped, "View Item") and marker(api, found.converted, "Add to Cart"))
    return found


def visit(chromium: Browser, server: Server, *, buys: bool) -> str:
    context = chromium.new_context()
    try:
        page = context.new_page()
        page.goto(server.shop())
        replay_id = recording(page)
        page.mouse.move(400, 300)
        page.wait_for_function(LOOKED_AROUND)
        page.click('a[href="item.html?id=harbor-mug"]')
        page.wait_for_url("**/item.html*")
        if buys:
            page.click("#add")
        page.goto(server.shop("delivery.html"))
        return replay_id
    finally:
        context.close()


def marker(api: Api, replay_id: str, event: str) -> int | None:
    """When the event was, on the clock of its replay."""
    answer = api.client.get(f"/api/projects/{api.project}/replays/{replay_id}")
    markers = answer.json()["markers"] if answer.status_code == 200 else []
    return next((one["at_ms"] for one in markers if one["kind"] == "event" and one["label"] == event), None)


def funnel(server: Server, api: Api) -> str:
    return f"{server.url}/projects/{api.project}/funnels?steps={quote(json.dumps(STEPS))}"


def insights(server: Server, api: Api) -> str:
    metrics = json.dumps([{"event": "Add to Cart"}])
    return f"{server.url}/projects/{api.project}/insights?metrics={quote(metrics)}&last=7"


def view_replays(dashboard: Page) -> Locator:
    dashboard.get_by_role("menuitem", name="View Replays").click()
    shown = dashboard.get_by_role("region", name=re.compile("^View Replays: "))
    expect(shown).to_contain_text(re.compile(r"\d+ replays? of \d+ (person|people)"))
    return shown


def starts_before(dashboard: Page, api: Api, shown: Locator, replay_id: str, event: str) -> None:
    """Opens the replay in the feed: it plays, from five seconds before the event, which is marked."""
    shown.locator(f'[data-replay="{replay_id}"]').click()
    at = marker(api, replay_id, event)
    assert at is not None
    dashboard.wait_for_url(re.compile(f"replay={replay_id}"))
    asked = int(parse_qs(urlsplit(dashboard.url).query)["t"][0])
    assert abs(asked - (at - LEAD_MS)) <= 100

    first = api.replay(replay_id)["first_ms"]
    assert asked > first, "the visit must have begun earlier, for the start to tell anything"
    expect(shown.get_by_role("button", name="Pause").last).to_be_visible()
    position = shown.get_by_role("slider", name="Position in the replay")
    second = int(position.get_attribute("aria-valuenow") or -1)
    expected = (asked - first) // 1_000
    assert expected <= second <= expected + 3
    expect(shown.get_by_role("img", name=re.compile("^Watched for this"))).to_be_visible()


def test_both_parts_of_a_funnel_step_open_their_replays(
    server: Server, api: Api, visits: Visits, dashboard: Page
) -> None:
    dashboard.goto(funnel(server, api))
    bars = dashboard.get_by_role("group", name=re.compile("^Funnel, "))

    bars.get_by_role("button", name=re.compile(r"^Add to Cart: .* dropped before it")).click()
    shown = view_replays(dashboard)
    expect(shown).to_contain_text("Dropped after View Item")
    expect(shown.locator(f'[data-replay="{visits.dropped}"]')).to_be_visible()
    expect(shown.locator(f'[data-replay="{visits.converted}"]')).to_have_count(0)
    starts_before(dashboard, api, shown, visits.dropped, "View Item")
    # Five seconds before the item was looked at, the list was.
    player = dashboard.frame_locator("iframe").frame_locator("iframe")
    expect(player.locator("body")).to_contain_text("The winter batch")

    # Back to the report as it was.
    dashboard.keyboard.press("Escape")
    expect(shown).to_have_count(0)
    asked = parse_qs(urlsplit(dashboard.url).query)
    assert list(asked) == ["steps"]
    assert json.loads(asked["steps"][0]) == STEPS

    bars.get_by_role("button", name=re.compile(r"^Add to Cart: .* converted")).click()
    shown = view_replays(dashboard)
    expect(shown).to_contain_text("Converted to Add to Cart")
    expect(shown.locator(f'[data-replay="{visits.converted}"]')).to_be_visible()
    expect(shown.locator(f'[data-replay="{visits.dropped}"]')).to_have_count(0)
    starts_before(dashboard, api, shown, visits.converted, "Add to Cart")

    # The address alone brings all of it back.
    dashboard.reload()
    expect(shown).to_contain_text("Converted to Add to Cart")
    expect(shown.locator(f'[data-replay="{visits.converted}"][aria-current]')).to_be_visible()


def test_a_point_of_a_line_chart_opens_its_replays(server: Server, api: Api, visits: Visits, dashboard: Page) -> None:
    dashboard.goto(insights(server, api))
    chart = dashboard.get_by_role("img", name=re.compile("^Lines, daily, Last 7 days"))
    expect(chart.locator("svg")).to_be_visible()
    box = chart.bounding_box()
    assert box is not None
    # The last point is today's.
    chart.click(position={"x": box["width"] - 22, "y": box["height"] / 2})
    shown = view_replays(dashboard)
    assert json.loads(parse_qs(urlsplit(dashboard.url).query)["point"][0])["t"]
    expect(shown.locator(f'[data-replay="{visits.dropped}"]')).to_have_count(0)
    starts_before(dashboard, api, shown, visits.converted, "Add to Cart")


def test_the_table_opens_the_same_by_keyboard_and_gives_the_focus_back(
    server: Server, api: Api, visits: Visits, dashboard: Page
) -> None:
    dashboard.goto(funnel(server, api))
    cell = dashboard.get_by_role("table").get_by_role("button", name=re.compile(r"^Add to Cart: \d+ dropped"))
    cell.focus()
    dashboard.keyboard.press("Enter")
    menu = dashboard.get_by_role("menu")
    expect(menu).to_contain_text("Dropped after View Item")
    dashboard.keyboard.press("ArrowDown")
    expect(dashboard.get_by_role("menuitem", name="View Replays")).to_be_focused()
    dashboard.keyboard.press("Enter")
    shown = dashboard.get_by_role("region", name=re.compile("^View Replays: "))
    expect(shown.locator(f'[data-replay="{visits.dropped}"]')).to_be_visible()
    shown.get_by_role("button", name="Close, back to the report").click()
    expect(cell).to_be_focused()


def test_a_funnel_is_built_by_picking(server: Server, api: Api, visits: Visits, dashboard: Page) -> None:
    dashboard.goto(f"{server.url}/projects/{api.project}/funnels")
    for label, event in (("Add the first step", "Add to Cart"), ("Add a step", "View Item")):
        dashboard.get_by_role("button", name=label, exact=True).click()
        dashboard.get_by_role("combobox", name=f"Search: {label}").fill(event.lower())
        expect(dashboard.get_by_role("option", name=event)).to_be_visible()
        dashboard.keyboard.press("Enter")
    dashboard.get_by_role("button", name="Move View Item up").click()
    expect(dashboard.get_by_role("group", name=re.compile("^Funnel, .*View Item .*, Add to Cart"))).to_be_visible()
    steps = json.loads(parse_qs(urlsplit(dashboard.url).query)["steps"][0])
    assert steps == STEPS
    dashboard.go_back()
    expect(dashboard.get_by_role("button", name="Step 1: Add to Cart")).to_be_visible()


def test_a_refusal_is_shown_with_its_advice(server: Server, api: Api, visits: Visits, dashboard: Page) -> None:
    advice = "The query took over 30 seconds. Ask for fewer days."

    def refuse(route: Route) -> None:
        route.fulfill(status=422, json={"error": {"code": "query_too_slow", "message": advice}})

    dashboard.route("**/reports/insights", refuse)
    dashboard.goto(insights(server, api))
    expect(dashboard.get_by_text(advice)).to_be_visible()
    dashboard.unroute("**/reports/insights")
    dashboard.get_by_role("button", name="Try again").click()
    expect(dashboard.get_by_role("img", name=re.compile("^Lines, daily"))).to_be_visible()
