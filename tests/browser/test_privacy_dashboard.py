"""Privacy rules in the dashboard: tried on a real replay, in force for the next visit, applied to what is stored."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from .conftest import Api, Json, Server, eventually, recording

PRICES = r"\$\d+\.\d\d"
PRICE = "$28.00"
HIDDEN = "******"


@pytest.fixture(autouse=True)
def no_rules(api: Api) -> Iterator[None]:
    """The server is shared: what a test forbids must not stay forbidden."""
    yield
    for rule in rules(api):
        assert api.client.delete(f"/api/projects/{api.project}/privacy/rules/{rule['rule_id']}").status_code == 204


def rules(api: Api) -> list[Json]:
    found: list[Json] = api.get(f"/api/projects/{api.project}/privacy/rules")["results"]
    return found


def stored(api: Api, replay_id: str) -> str:
    """Everything that a replay holds, as text."""
    return json.dumps(api.rrweb(replay_id), ensure_ascii=False)


def visit(chromium: Browser, server: Server, api: Api) -> str:
    """What arrived of a new visit to the shop's list, where every price stands."""
    context = chromium.new_context()
    try:
        page = context.new_page()
        page.goto(server.shop())
        replay_id = recording(page)
        page.mouse.wheel(0, 300)
        return eventually(lambda: text if "Harbor mug" in (text := stored(api, replay_id)) else "")
    finally:
        context.close()


def shown(dashboard: Page) -> str:
    """The text of the replayed page."""
    return dashboard.frame_locator("iframe").frame_locator("iframe").locator("body").inner_text()


def test_a_rule_is_tried_on_a_replay_and_hides_in_the_next_visit_and_in_stored_ones(
    server: Server, api: Api, watched: str, dashboard: Page, chromium: Browser
) -> None:
    eventually(lambda: PRICE in stored(api, watched))

    # From the replay to the editor, which shows the same replay.
    dashboard.goto(f"{server.url}/projects/{api.project}/replays/{watched}?tab=privacy")
    expect(dashboard.get_by_text("None: no rule of this project was in force.")).to_be_visible()
    dashboard.get_by_role("link", name="Mask something in this replay…").click()
    dashboard.wait_for_url("**/privacy/new**")
    assert parse_qs(urlsplit(dashboard.url).query)["replay"] == [watched]

    # No pattern: the field says why, and there is nothing to save.
    field, save = (
        dashboard.get_by_role("textbox", name="Pattern"),
        dashboard.get_by_role("button", name="Hide from now on"),
    )
    field.fill("(")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(dashboard.get_by_role("alert")).not_to_be_empty()
    expect(save).to_be_disabled()

    # A pattern: how often it matches, before and after, and the page itself.
    field.fill(PRICES)
    expect(dashboard.get_by_role("heading", name=re.compile(r"^\d+ matches in \d+ of"))).to_be_visible()
    expect(dashboard.locator("del", has_text=PRICE).first).to_be_visible()
    expect(dashboard.locator("ins", has_text=HIDDEN).first).to_be_visible()
    eventually(lambda: HIDDEN in shown(dashboard) and PRICE not in shown(dashboard))
    dashboard.get_by_role("button", name="As stored").click()
    eventually(lambda: PRICE in shown(dashboard))
    dashboard.reload()
    expect(field).to_have_value(PRICES)
    assert rules(api) == []

    dashboard.get_by_role("textbox", name="Why").fill("Prices are between us and the customer")
    save.click()
    expect(dashboard.get_by_text("The rule is in force for everything that arrives from now on.")).to_be_visible()
    row = dashboard.get_by_role("list", name="Rules in force").get_by_role("listitem")
    expect(row).to_contain_text(PRICES)
    expect(row).to_contain_text("Prices are between us and the customer")
    assert [rule["expression"] for rule in rules(api)] == [PRICES]

    # A visit from now on arrives without them; the stored one holds them still.
    def arrives_hidden() -> bool:
        text = visit(chromium, server, api)
        return HIDDEN in text and PRICE not in text

    eventually(arrives_hidden)
    assert PRICE in stored(api, watched)

    # The job: asked for, its progress, its outcome.
    dashboard.get_by_role("button", name="Apply to stored replays…").click()
    expect(dashboard.get_by_role("dialog")).to_contain_text("can’t be brought back")
    dashboard.get_by_role("dialog").get_by_role("button", name="Apply to stored replays").click()
    expect(dashboard.get_by_role("progressbar", name="Replays looked through")).to_be_visible()
    expect(dashboard.get_by_role("button", name=re.compile("^Done"))).to_be_visible(timeout=60_000)
    expect(dashboard.get_by_role("heading", name="What it could not reach")).to_be_visible()
    expect(dashboard.get_by_text("Backups", exact=False)).to_be_visible()
    text = stored(api, watched)
    assert HIDDEN in text
    assert PRICE not in text

    # And so it plays.
    dashboard.goto(f"{server.url}/projects/{api.project}/replays/{watched}")
    eventually(lambda: HIDDEN in shown(dashboard))
    assert PRICE not in shown(dashboard)


def test_deleting_a_rule_says_what_follows(server: Server, api: Api, dashboard: Page) -> None:
    made = api.client.post(
        f"/api/projects/{api.project}/privacy/rules", json={"kind": "mask", "expression": "address", "note": ""}
    )
    assert made.status_code == 201, made.text
    dashboard.goto(f"{server.url}/projects/{api.project}/privacy")
    dashboard.get_by_role("button", name="More about the rule address").click()
    dashboard.get_by_role("menuitem", name="Delete rule…").click()
    expect(dashboard.get_by_role("dialog")).to_contain_text("What it has hidden stays hidden")
    dashboard.get_by_role("button", name="Keep it").click()
    expect(dashboard.get_by_role("dialog")).to_have_count(0)
    assert len(rules(api)) == 1
    dashboard.get_by_role("button", name="More about the rule address").click()
    dashboard.get_by_role("menuitem", name="Delete rule…").click()
    dashboard.get_by_role("button", name="Delete 1 rule").click()
    expect(dashboard.get_by_role("heading", name="No rule yet")).to_be_visible()
    assert rules(api) == []


def test_an_element_is_picked_in_the_replay(server: Server, api: Api, watched: str, dashboard: Page) -> None:
    dashboard.goto(f"{server.url}/projects/{api.project}/privacy/new?kind=block&replay={watched}")
    player = dashboard.frame_locator("iframe").frame_locator("iframe")
    expect(player.locator("body")).to_contain_text("Loam", timeout=15_000)
    dashboard.get_by_role("button", name="Pick in the replay").click()
    box = player.locator("header").first.bounding_box()
    assert box is not None
    dashboard.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    field = dashboard.get_by_role("textbox", name="CSS selector")
    expect(field).not_to_have_value("")
    assert player.locator(field.input_value()).count() == 1
    expect(dashboard.get_by_role("heading", name=re.compile(r"^\d+ match"))).to_be_visible()


@pytest.mark.parametrize("known", [True, False], ids=["its detail says so", "a rule came meanwhile"])
def test_a_replay_that_is_being_masked_says_so_and_then_plays_by_itself(
    server: Server, api: Api, watched: str, dashboard: Page, known: bool
) -> None:
    masking = True

    def detail(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        route.fulfill(response=answer, json={**body, "status": "masking"} if masking and known else body)

    def index(route: Route) -> None:
        if not masking:
            route.continue_()
            return
        error = {"code": "replay_masking", "message": "The project's rules are being applied to this replay."}
        route.fulfill(status=409, json={"error": error})

    dashboard.route(f"**/api/**/replays/{watched}", detail)
    dashboard.route(f"**/api/**/replays/{watched}/index", index)
    dashboard.goto(f"{server.url}/projects/{api.project}/replays/{watched}")
    expect(dashboard.get_by_text("This replay is being masked")).to_be_visible()
    masking = False
    expect(dashboard.get_by_text("This replay is being masked")).to_have_count(0)
    player = dashboard.frame_locator("iframe").frame_locator("iframe")
    expect(player.locator("body")).to_contain_text("Loam", timeout=15_000)
