"""Insights and Funnels in Chromium: a click on a point or a part of a bar, and the right replay at the right second."""

from __future__ import annotations

import csv
import json
import re
import time
from datetime import date
from io import StringIO
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from .conftest import TOKEN, Api, Server, eventually, recording

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
    clicked = time.monotonic()
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
    assert expected <= second <= expected + time.monotonic() - clicked + 1
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
    # It takes the focus a moment after it has opened.
    expect(menu.locator(":focus")).to_be_attached()
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
    bars = dashboard.get_by_role("group", name=re.compile("^Funnel, .*View Item .*, Add to Cart"))
    expect(bars).to_be_visible(timeout=15_000)
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


# ---- people and events behind a point ------------------------------------------------------------------------------


def test_the_people_and_events_behind_a_part_of_a_bar(
    server: Server, api: Api, visits: Visits, dashboard: Page
) -> None:
    dashboard.goto(funnel(server, api))
    bars = dashboard.get_by_role("group", name=re.compile("^Funnel, "))
    part = bars.get_by_role("button", name=re.compile(r"^Add to Cart: .* converted"))
    part.click()
    dashboard.get_by_role("menuitem", name="View Users").click()
    people = dashboard.get_by_role("region", name=re.compile("^View Users: Converted to Add to Cart"))
    expect(people).to_contain_text(re.compile(r"\d+ (person|people)"))
    assert parse_qs(urlsplit(dashboard.url).query)["show"] == ["people"]
    expect(people.get_by_role("link").first).to_have_attribute("href", re.compile(r"/users/.+"))

    people.get_by_role("button", name="Events", exact=True).click()
    events = dashboard.get_by_role("region", name=re.compile("^View Events: Converted to Add to Cart"))
    expect(events).to_contain_text(re.compile(r"\d+ events?"))
    row = (
        events.get_by_role("listitem")
        .filter(has_text="Add to Cart")
        .filter(has=dashboard.get_by_role("button", name=re.compile("^Watch")))
    )
    row.first.get_by_role("button", expanded=False).click()
    expect(row.first.get_by_role("definition").filter(has_text=re.compile("^Harbor mug$"))).to_be_visible()

    # Watch opens the replay five seconds before the event, and back leads to the list.
    row.first.get_by_role("button", name=re.compile("^Watch")).click()
    dashboard.wait_for_url(re.compile("replay="))
    asked = parse_qs(urlsplit(dashboard.url).query)
    at = marker(api, asked["replay"][0], "Add to Cart")
    assert at is not None
    assert abs(int(asked["t"][0]) - (at - LEAD_MS)) <= 100
    dashboard.go_back()
    expect(events).to_be_visible()

    dashboard.keyboard.press("Escape")
    expect(events).to_have_count(0)
    expect(part).to_be_focused()
    assert list(parse_qs(urlsplit(dashboard.url).query)) == ["steps"]


# ---- what is asked, with events of a known number ------------------------------------------------------------------

DAY = 86_400


@pytest.fixture(scope="module")
def sold(server: Server, api: Api) -> None:
    """Of the last 7 days 3 orders and 6 quotes, of the 7 days before them 2 orders."""
    now = time.time()

    def event(name: str, number: int, ago: float, **properties: object) -> dict[str, object]:
        known = {"time": int(now - ago), "distinct_id": f"buyer-{number}", "$insert_id": f"{name}-{number}-{int(ago)}"}
        return {"event": name, "properties": known | properties}

    orders = [
        event("Order", 1, 60, item="=2+3", price=30),
        event("Order", 2, 90, item="Mug", price=12),
        event("Order", 3, 120, item="Bowl", price=18),
        event("Order", 1, 8 * DAY, item="Mug", price=12),
        event("Order", 2, 8 * DAY, item="Bowl", price=18),
    ]
    quotes = [event("Quote", number, 600 + number, item="Mug") for number in range(6)]
    answer = api.client.post("/import?strict=1", json=orders + quotes, auth=(TOKEN, ""))
    assert answer.status_code == 200, answer.text
    eventually(lambda: counted(api, "Order") == 5 and counted(api, "Quote") == 6)


def counted(api: Api, event: str) -> int:
    names = api.get(f"/api/projects/{api.project}/events/names")["results"]
    return sum(one["count"] for one in names if one["event"] == event)


def asked(server: Server, api: Api, **search: object) -> str:
    written = "&".join(
        f"{name}={quote(value if isinstance(value, str) else json.dumps(value))}" for name, value in search.items()
    )
    return f"{server.url}/projects/{api.project}/insights?last=7&{written}"


ORDERS = [{"event": "Order"}]


def total(dashboard: Page, name: str, value: str) -> None:
    """The table's first row, which is of all days."""
    expect(dashboard.get_by_role("table").get_by_role("button", name=f"{name}, Last 7 days: {value}")).to_be_visible()


def test_compares_with_the_period_before(server: Server, api: Api, sold: None, dashboard: Page) -> None:
    dashboard.goto(asked(server, api, metrics=ORDERS))
    total(dashboard, "Order", "3")
    dashboard.get_by_role("checkbox", name=re.compile("^Compare")).check()
    dashboard.wait_for_url(re.compile("compare=previous"))
    row = dashboard.get_by_role("row", name=re.compile("^Last 7 days"))
    expect(row).to_contain_text("+50%")
    expect(dashboard.get_by_role("img", name=re.compile(r"^Lines.*\+50% from 2"))).to_be_visible()

    # The period before opens what was then.
    row.get_by_role("button", name="Order, before last 7 days: 2").click()
    dashboard.get_by_role("menuitem", name="View Events").click()
    expect(dashboard.get_by_role("region", name=re.compile("^View Events: Order"))).to_contain_text("2 events")


def test_filters_have_alternatives(server: Server, api: Api, sold: None, dashboard: Page) -> None:
    dashboard.goto(asked(server, api, metrics=ORDERS))

    def pick(label: str, text: str) -> None:
        dashboard.get_by_role("combobox", name=re.compile(f"^Search: {label}")).fill(text)
        expect(dashboard.get_by_role("option", name=text).first).to_be_visible()
        dashboard.keyboard.press("Enter")

    dashboard.get_by_role("button", name="Add a filter to the report").click()
    pick("Add a filter", "item")
    pick("Value", "Mug")
    dashboard.keyboard.press("Escape")
    total(dashboard, "Order", "1")
    dashboard.get_by_role("button", name=re.compile("^Or: an alternative to item is Mug")).click()
    pick("Or", "price")
    dashboard.get_by_role("group", name="Filter of the report: item is Mug or price is").get_by_role(
        "button", name="Condition: is", exact=True
    ).last.click()
    # Only what can be asked of a number.
    expect(dashboard.get_by_role("menuitem", name="contains", exact=True)).to_have_count(0)
    dashboard.get_by_role("menuitem", name="is more than").click()
    dashboard.get_by_role("spinbutton", name="price is more than").fill("20")
    dashboard.keyboard.press("Enter")
    expect(
        dashboard.get_by_role("group", name="Filter of the report: item is Mug or price is more than 20")
    ).to_be_visible()
    total(dashboard, "Order", "2")
    assert json.loads(parse_qs(urlsplit(dashboard.url).query)["filters"][0]) == [
        {"any": [{"property": "item", "op": "eq", "value": ["Mug"]}, {"property": "price", "op": "gt", "value": 20}]}
    ]


def test_calculates_with_metrics_and_says_what_is_wrong_beside_it(
    server: Server, api: Api, sold: None, dashboard: Page
) -> None:
    dashboard.goto(asked(server, api, metrics=[*ORDERS, {"event": "Quote"}]))
    dashboard.get_by_role("button", name="Formula", exact=True).click()
    total(dashboard, "A / B", "0.5")
    formula = dashboard.get_by_role("textbox", name="Formula 1", exact=True)
    formula.fill("A / (")
    formula.press("Enter")
    expect(dashboard.get_by_role("group", name="Formula 1").get_by_role("alert")).to_be_visible()
    # The answer before stays, and is not taken for this one's.
    expect(dashboard.get_by_role("img", name=re.compile("^Lines, daily"), include_hidden=True)).to_be_visible()
    formula.fill("(A + B) * 10")
    formula.press("Enter")
    total(dashboard, "(A + B) * 10", "90")
    expect(dashboard.get_by_role("alert")).to_have_count(0)


def test_the_table_can_be_taken_along_as_csv(
    server: Server, api: Api, sold: None, dashboard: Page, tmp_path: Path
) -> None:
    dashboard.goto(asked(server, api, metrics=ORDERS, breakdown="item"))
    dashboard.get_by_role("button", name="Download or copy the table").click()
    with dashboard.expect_download() as taken:
        dashboard.get_by_role("menuitem", name="Download CSV").click()
    assert taken.value.suggested_filename == "insights-last-7-days.csv"
    taken.value.save_as(tmp_path / "taken.csv")
    rows = list(csv.reader(StringIO((tmp_path / "taken.csv").read_text("utf-8-sig"))))
    # A name that a spreadsheet would calculate is text.
    assert set(rows[0]) == {"Time", "'=2+3", "Mug", "Bowl"}
    assert len(rows) == 1 + 7 + 1
    assert dict(zip(rows[0], rows[-1], strict=True)) == {"Time": "Last 7 days", "'=2+3": "1", "Mug": "1", "Bowl": "1"}


@pytest.mark.parametrize("chart", ["area", "column", "stacked", "bar", "pie"])
def test_every_chart_opens_what_is_behind_it_and_can_be_kept_as_a_picture(
    server: Server, api: Api, sold: None, dashboard: Page, tmp_path: Path, chart: str
) -> None:
    dashboard.goto(asked(server, api, metrics=ORDERS, chart=chart))
    drawn = dashboard.locator("[role=img][aria-label*='Last 7 days']")
    expect(drawn.locator("svg path").first).to_be_attached()
    box = drawn.bounding_box()
    assert box is not None
    # Today's column is the last one; a bar lies at the left; a pie of one slice is a ring.
    place = {"bar": (box["width"] / 3, 40), "pie": (box["width"] / 2, box["height"] * 0.17)}
    x, y = place.get(chart, (box["width"] - 22 - (box["width"] - 68) / 14 * (chart != "area"), box["height"] - 60))
    drawn.click(position={"x": x, "y": y})
    dashboard.get_by_role("menuitem", name="View Events").click()
    shown = dashboard.get_by_role("region", name=re.compile("^View Events: Order"))
    expect(shown).to_contain_text("3 events")
    dashboard.keyboard.press("Escape")
    with dashboard.expect_download() as taken:
        dashboard.get_by_role("button", name="Download the chart as a picture").click()
    taken.value.save_as(tmp_path / "chart.png")
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")


def test_a_drag_over_the_chart_takes_its_days(server: Server, api: Api, sold: None, dashboard: Page) -> None:
    dashboard.goto(asked(server, api, metrics=ORDERS))
    chart = dashboard.get_by_role("img", name=re.compile("^Lines, daily"))
    expect(chart.locator("svg path").first).to_be_attached()
    box = chart.bounding_box()
    assert box is not None
    step = (box["width"] - 68) / 6
    dashboard.mouse.move(box["x"] + 48 + 2 * step, box["y"] + 100)
    dashboard.mouse.down()
    dashboard.mouse.move(box["x"] + 48 + 4 * step, box["y"] + 110, steps=4)
    dashboard.mouse.up()
    dashboard.wait_for_url(re.compile("from="))
    search = parse_qs(urlsplit(dashboard.url).query)
    first, last = (date.fromisoformat(search[name][0]) for name in ("from", "to"))
    assert (last - first).days == 2
    dashboard.go_back()
    total(dashboard, "Order", "3")


def test_a_long_report_says_how_far_it_is_and_can_be_cancelled(
    server: Server, api: Api, sold: None, dashboard: Page
) -> None:
    cancelled: list[str] = []

    def query(route: Route) -> None:
        if route.request.method == "DELETE":
            cancelled.append(route.request.url)
            route.fulfill(status=204)
        else:
            route.fulfill(json={"elapsed_ms": 1200, "read_rows": 4_200_000, "total_rows": 10_000_000})

    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    dashboard.route("**/reports/insights", hold)
    dashboard.route("**/queries/*", query)
    dashboard.goto(asked(server, api, metrics=ORDERS))
    expect(dashboard.get_by_text("4.2 M of 10 M rows read")).to_be_visible()
    dashboard.get_by_role("button", name="Cancel", exact=True).click()
    expect(dashboard.get_by_role("heading", name="Cancelled")).to_be_visible()
    name = held[0].request.headers["x-query-id"]
    eventually(lambda: cancelled)
    assert cancelled[0].endswith(f"/api/projects/{api.project}/queries/{name}")
    dashboard.unroute("**/reports/insights")
    dashboard.get_by_role("button", name="Ask again").click()
    total(dashboard, "Order", "3")


def test_a_funnel_leaves_out_who_did_something_between_and_shows_its_course(
    server: Server, api: Api, sold: None, dashboard: Page
) -> None:
    """Three people order after a quote: one of them called in between."""
    now = int(time.time()) - 3_600

    def event(name: str, number: int, after: int) -> dict[str, object]:
        known = {"time": now + after, "distinct_id": f"caller-{number}", "$insert_id": f"{name}-{number}"}
        return {"event": name, "properties": known}

    sent = [event("Begin", number, 0) for number in range(4)] + [event("End", number, 45) for number in range(3)]
    sent.append(event("Call", 0, 20))
    answer = api.client.post("/import?strict=1", json=sent, auth=(TOKEN, ""))
    assert answer.status_code == 200, answer.text
    eventually(lambda: counted(api, "Begin") == 4 and counted(api, "End") == 3 and counted(api, "Call") == 1)

    steps = quote(json.dumps([{"event": "Begin"}, {"event": "End"}]))
    dashboard.goto(f"{server.url}/projects/{api.project}/funnels?steps={steps}&last=7")
    bars = dashboard.get_by_role("group", name=re.compile("^Funnel, "))
    expect(bars.get_by_role("button", name="End: 3 converted")).to_be_visible()

    # How long it took, and how the times spread.
    bars.get_by_role("button", name=re.compile("^From Begin to End: median 45 s")).click()
    times = dashboard.get_by_role("dialog", name="From Begin to End")
    expect(times.get_by_role("row", name=re.compile("^10 s – 1 min"))).to_contain_text("3")
    dashboard.keyboard.press("Escape")

    dashboard.get_by_role("button", name="Exclude an event").click()
    dashboard.get_by_role("combobox", name="Search: Exclude an event").fill("Call")
    expect(dashboard.get_by_role("option", name="Call")).to_be_visible()
    dashboard.keyboard.press("Enter")
    expect(bars.get_by_role("button", name="End: 2 converted")).to_be_visible()
    bars.get_by_role("button", name="End: 2 dropped before it").click()
    dashboard.get_by_role("menuitem", name="View Users").click()
    people = dashboard.get_by_role("region", name=re.compile("^View Users: Dropped after Begin"))
    expect(people).to_contain_text("2 people")
    dashboard.keyboard.press("Escape")

    dashboard.get_by_role("button", name="Trend", exact=True).click()
    chart = dashboard.get_by_role("img", name=re.compile("^Conversion over time, daily"))
    expect(chart.locator("svg path").first).to_be_attached()
    box = chart.bounding_box()
    assert box is not None
    chart.click(position={"x": box["width"] - 22, "y": box["height"] / 2})
    dashboard.get_by_role("menuitem", name="View Users").click()
    came = dashboard.get_by_role("region", name=re.compile("^View Users: Converted to End"))
    expect(came).to_contain_text("2 people")
