"""A project in the dashboard: made by whoever runs the server, with the snippet at once; and what stands there without one."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from .conftest import Server, log_in
from .test_accessibility import AXE, violations


@pytest.fixture
def page(server: Server, chromium: Browser) -> Any:
    """Of whoever runs the server, in Berlin."""
    context = chromium.new_context(
        viewport={"width": 1280, "height": 800}, locale="en-GB", reduced_motion="reduce", timezone_id="Europe/Berlin"
    )
    context.set_default_timeout(15_000)
    yield log_in(server, context)
    context.close()


def session_with(page: Page, **changed: Any) -> None:
    """The session as another server or member has it."""

    def answer(route: Route) -> None:
        told = route.fetch()
        route.fulfill(response=told, json=told.json() | changed)

    page.route("**/api/session", answer)


def test_a_project_is_made_and_waits_for_its_first_visit(server: Server, page: Page) -> None:
    switcher = page.get_by_role("button", name=re.compile("^Project: "))
    switcher.click()
    page.get_by_role("menuitem", name="New project…").click()
    expect(page.get_by_role("heading", name="New project")).to_be_visible()
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Berlin")
    expect(page.get_by_label("Region")).to_have_count(0)
    assert violations(page, AXE.read_text()) == []
    name = page.get_by_label("Name", exact=True)
    expect(name).to_be_focused()
    name.fill("Blog")
    name.press("Enter")

    expect(page.get_by_role("heading", name="Watch the first visit")).to_be_visible()
    expect(switcher).to_contain_text("Blog")
    session = page.request.get(f"{server.url}/api/session").json()
    made = next(each for each in session["projects"] if each["name"] == "Blog")
    assert made["timezone"] == "Europe/Berlin"
    assert made["project_id"] in page.url
    expect(page.get_by_role("group", name="The snippet")).to_contain_text(made["token"])

    gone = {"headers": {"X-Playhead-CSRF": session["csrf_token"]}, "data": {"name": "Blog"}}
    assert page.request.delete(f"{server.url}/api/projects/{made['project_id']}", **gone).status == 204


def test_where_the_server_has_regions_one_is_chosen(server: Server, page: Page) -> None:
    session_with(page, regions=[{"name": "eu"}, {"name": "us"}])
    asked: list[Any] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.post_data_json)
        route.fulfill(status=503, json={})

    page.route("**/api/projects", refuse)
    page.goto(f"{server.url}/projects/new")
    region = page.get_by_label("Region")
    expect(region.get_by_role("option")).to_have_text(["Default", "eu", "us"])
    page.get_by_label("Name", exact=True).fill("Shop")
    region.select_option("eu")
    page.get_by_role("button", name="Make the project").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert asked == [{"name": "Shop", "timezone": "Europe/Berlin", "region": "eu"}]


def test_without_a_project_it_is_made_or_waited_for(server: Server, page: Page) -> None:
    session_with(page, projects=[])
    page.goto(server.url)
    expect(page.get_by_role("heading", name="Make your first project")).to_be_visible()
    page.unroute_all()
    member = page.request.get(f"{server.url}/api/session").json()["member"]
    session_with(page, projects=[], member=member | {"is_operator": False, "email": "new@shop.example"})
    page.goto(server.url)
    expect(page.get_by_role("heading", name="You are in no project")).to_be_visible()
    expect(page.get_by_text("as new@shop.example")).to_be_visible()
    page.goto(f"{server.url}/projects/new")
    expect(page.get_by_role("heading", name="Only who runs this server makes projects")).to_be_visible()
    # Somebody lets them in meanwhile.
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_role("heading", name="You are in no project")).to_be_visible()
    page.unroute_all()
    page.get_by_role("button", name="Look again").click()
    page.wait_for_url("**/replays**")
