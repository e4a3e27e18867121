"""Every screen through axe, wide and narrow, light and dark; and a report asked and looked behind with the keyboard alone."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qs, quote, urljoin, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from .conftest import ROOT, TOKEN, Api, Server, eventually, recording

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
STEPS = quote(json.dumps([{"event": "View Item"}, {"event": "Add to Cart"}]))
METRICS = quote(json.dumps([{"event": "View Item"}, {"event": "Add to Cart"}]))
FIRST = quote(json.dumps({"event": "View Item"}))

# Each screen's place, most of them under the project's, and what is there once it is whole.
SCREENS = {
    "replays": ("replays", '[data-replay="{replay}"]'),
    "a replay": ("replays/{replay}", '[role="slider"][aria-label="Position in the replay"]'),
    "a replay's facts": ("replays/{replay}?tab=info", "text=Replay id"),
    "insights": (f"insights?metrics={METRICS}", "table caption"),
    "insights, compared": (f"insights?metrics={METRICS}&compare=previous&chart=bar", "table caption"),
    "funnels": (f"funnels?steps={STEPS}", "table caption"),
    "funnels, not asked yet": ("funnels", "text=Choose the first steps"),
    "retention": (f"retention?first={FIRST}", "table caption"),
    "flows": (f"flows?start={FIRST}", "table caption"),
    "users": ("users", 'a[href*="/users/"]:not(nav a)'),
    "a profile": ("users/{person}", "text={person}"),
    "boards": ("boards", "text=Every morning"),
    "a board": ("boards/{board}", '[data-card] [role="img"]'),
    "saved": ("saved", "text=Carts and looks"),
    "a saved report": ("saved/{report}", "table caption"),
    "lexicon": ("lexicon", '[role="row"] >> text=View Item'),
    "lexicon, properties": ("lexicon?of=event_property", '[role="row"] >> text=item'),
    "privacy": ("privacy", "text=Privacy rules"),
    "a new rule": ("privacy/new", "h1"),
    "install": ("install", "text=Install on your site"),
    "settings, retention": ("settings/retention", '[aria-label="Days that replays are kept"]'),
    "settings, requests": ("settings/requests", "table caption"),
    "settings, a new deletion": ("settings/requests?new=deletion", 'button:has-text("Keep it")'),
    "settings, a retrieval": ("settings/requests/retrievals/{retrieval}", "text=Request id"),
    "settings, audit log": ("settings/audit", "text=asked for the retrieval"),
    "a shared replay": ("/shared/{shared}", '[role="slider"][aria-label="Position in the replay"]'),
    "a link that does not work": ("/shared/none", "text=This link does not work"),
    "status": ("status", "h1"),
    "settings, project": ("settings/project", "text=Project token"),
    "settings, members": ("settings/members", "text=Sensitive data"),
    "settings, keys": ("settings/keys", "text=Revoke…"),
    "the account": ("../../account", "text=This browser"),
}


class World(NamedTuple):
    """What the screens show."""

    project: str
    replay: str
    person: str
    report: str
    board: str
    retrieval: str
    shared: str


@pytest.fixture(scope="module")
def world(server: Server, api: Api, chromium: Browser) -> World:
    visitor = chromium.new_context()
    page = visitor.new_page()
    page.goto(server.shop())
    replay = recording(page)
    page.click('a[href="item.html?id=harbor-mug"]')
    page.wait_for_url("**/item.html*")
    page.click("#add")
    page.goto(server.shop("delivery.html"))
    person = "axe-visitor"
    now = int(time.time() * 1000)
    events = [
        {"event": event, "properties": {"token": TOKEN, "distinct_id": person, "time": now - before, "item": "Mug"}}
        for event, before in (("View Item", 60_000), ("Add to Cart", 30_000), ("View Item", 90_000_000))
    ]
    assert httpx.post(f"{server.url}/track/", json=events).status_code == 200
    profile = [{"$token": TOKEN, "$distinct_id": person, "$set": {"$name": "Ada Axe", "plan": "Pro"}}]
    assert httpx.post(f"{server.url}/engage/", json=profile).status_code == 200
    eventually(lambda: len(api.events(person)) == len(events) and api.person(person)["name"] == "Ada Axe")
    eventually(lambda: api.replay(replay)["status"] == "ready")
    visitor.close()

    def made(path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = api.client.post(f"/api/projects/{api.project}/{path}", json=body)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    reports = [
        made("saved-reports", {"kind": kind, "name": name, "search": search})["report_id"]
        for kind, name, search in (
            ("insights", "Carts and looks", f"metrics={METRICS}"),
            ("funnel", "From look to cart", f"steps={STEPS}"),
            ("retention", "Who looks again", f"first={FIRST}"),
            ("replays", "Phones", "device=Phone"),
        )
    ]
    cards: list[dict[str, Any]] = [{"card_id": one, "report_id": one, "width": 1} for one in reports]
    cards.append({"card_id": "note", "text": "Look at the carts first.", "width": 2})
    board = made("boards", {"name": "Every morning", "cards": cards})["board_id"]
    retrieval = made("retrievals", {"distinct_ids": [person]})["request_id"]
    shared = made(f"replays/{replay}/links", {"expires_hours": 24})["url"].rpartition("/")[2]
    return World(api.project, replay, person, reports[0], board, retrieval, shared)


@pytest.fixture
def visit(
    request: pytest.FixtureRequest, chromium: Browser, session: StorageState, server: Server, world: World
) -> Iterator[Page]:
    width, scheme = request.param
    context = chromium.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        reduced_motion="reduce",
        locale="en-GB",
        storage_state=session,
    )
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def violations(page: Page, axe: str) -> list[str]:
    """What axe finds, a line each. The replayed page is the site's own and stays out of it."""
    page.evaluate(axe)
    # Of what is right it need not tell every node, which is most of its work.
    found = page.evaluate(
        """async () => {
            const options = { iframes: false, resultTypes: ['violations'] };
            return (await axe.run({ exclude: [['iframe']] }, options)).violations;
        }"""
    )
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:160]} {node['failureSummary'][:200]}"
        for one in found
        for node in one["nodes"][:4]
    ]


@pytest.mark.parametrize("visit", [(1280, "light"), (390, "light")], indirect=True, ids=["1280", "390"])
def test_axe_finds_no_violation_on_any_screen(visit: Page, server: Server, world: World) -> None:
    """Each in light and in dark: a screen is opened in what the one before it ended with."""
    axe = AXE.read_text()
    found: dict[str, list[str]] = {}
    schemes: list[Literal["light", "dark"]] = ["light", "dark"]
    for name, (path, shown) in SCREENS.items():
        visit.goto(urljoin(f"{server.url}/projects/{world.project}/", path.format(**world._asdict())))
        expect(visit.locator(shown.format(**world._asdict())).first, f"{name} is shown").to_be_attached(timeout=30_000)
        expect(visit.locator("main [aria-busy=true]")).to_have_count(0, timeout=30_000)
        for scheme in schemes:
            visit.emulate_media(color_scheme=scheme)
            expect(visit.locator(f"html[data-mantine-color-scheme={scheme}]")).to_be_attached()
            if lines := violations(visit, axe):
                found[f"{name}, {scheme}"] = lines
        schemes.reverse()
    assert not found, json.dumps(found, indent=1)


@pytest.mark.parametrize("visit", [(1280, "dark"), (390, "light")], indirect=True, ids=["1280-dark", "390-light"])
def test_axe_finds_no_violation_in_what_opens(visit: Page, server: Server, world: World) -> None:
    axe = AXE.read_text()
    found: dict[str, list[str]] = {}
    base = f"{server.url}/projects/{world.project}"

    def look(name: str) -> None:
        if lines := violations(visit, axe):
            found[name] = lines

    visit.goto(f"{base}/insights?metrics={METRICS}")
    visit.get_by_role("button", name="Save", exact=True).click()
    expect(visit.get_by_role("dialog")).to_be_visible()
    look("saving a report")
    visit.keyboard.press("Escape")
    visit.keyboard.press("Control+k")
    expect(visit.get_by_role("combobox")).to_be_visible()
    expect(visit.get_by_role("option", name=re.compile("^Boards"))).to_be_visible()
    look("search")
    visit.goto(f"{base}/insights?metrics={METRICS}&point={quote(json.dumps({'metric': 0}))}&show=people")
    expect(visit.get_by_text("Ada Axe")).to_be_visible()
    look("people behind a point")
    visit.goto(f"{base}/insights?metrics={METRICS}&point={quote(json.dumps({'metric': 0}))}&show=events")
    expect(visit.get_by_text("Ada Axe").first).to_be_visible()
    look("events behind a point")
    visit.goto(f"{base}/insights?metrics={METRICS}&point={quote(json.dumps({'metric': 0}))}")
    expect(visit.get_by_role("slider", name="Position in the replay")).to_be_visible()
    look("replays behind a point")
    visit.goto(f"{base}/boards/{world.board}")
    visit.get_by_role("button", name="Add a card").click()
    expect(visit.get_by_role("option", name=re.compile("^Phones"))).to_be_visible()
    look("adding a card")
    assert not found, json.dumps(found, indent=1)


def press_until(page: Page, key: str, name: str, most: int = 60) -> None:
    """Presses a key until what has the focus is called `name`."""
    for _ in range(most):
        page.keyboard.press(key)
        focused = page.evaluate(
            "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
        )
        if re.search(name, focused or ""):
            return
    raise AssertionError(f"{key} never led to {name}")


@pytest.mark.parametrize("visit", [(1280, "light")], indirect=True, ids=["1280-light"])
def test_a_report_is_asked_and_looked_behind_with_the_keyboard_alone(visit: Page, server: Server, world: World) -> None:
    visit.goto(f"{server.url}/projects/{world.project}/status")
    expect(visit.get_by_role("heading", level=1)).to_be_visible()

    # To the funnels, and two steps picked.
    visit.keyboard.press("Control+k")
    expect(visit.get_by_role("combobox")).to_be_focused()
    visit.keyboard.type("funnels")
    expect(visit.get_by_role("option", name=re.compile("^Funnels"))).to_have_attribute("aria-selected", "true")
    visit.keyboard.press("Enter")
    visit.wait_for_url("**/funnels*")
    expect(visit.get_by_text("Choose the first steps")).to_be_visible()
    for label, event in (("Add the first step", "View Item"), ("Add a step", "Add to Cart")):
        press_until(visit, "Tab", f"^{label}$")
        visit.keyboard.press("Enter")
        expect(visit.get_by_role("combobox")).to_be_focused()
        visit.keyboard.type(event)
        expect(visit.get_by_role("option", name=event).first).to_be_visible()
        visit.keyboard.press("Enter")
        expect(visit.get_by_role("combobox")).to_have_count(0)

    # To the cell of those who converted, and their replays.
    expect(visit.get_by_role("table")).to_be_visible()
    press_until(visit, "Tab", r"^Add to Cart: \d+ did it")
    visit.keyboard.press("Enter")
    # It takes the focus a moment after it has opened.
    expect(visit.get_by_role("menu").locator(":focus")).to_be_attached()
    press_until(visit, "ArrowDown", "^View Replays$")
    visit.keyboard.press("Enter")
    shown = visit.get_by_role("region", name=re.compile("^View Replays: "))
    expect(shown.get_by_role("slider", name="Position in the replay")).to_be_visible()
    assert json.loads(parse_qs(urlsplit(visit.url).query)["point"][0])["step"] == 2
    visit.keyboard.press("Escape")
    expect(shown).to_have_count(0)
    focused = visit.evaluate("document.activeElement.getAttribute('aria-label')")
    assert re.match(r"Add to Cart: \d+ did it", focused)
