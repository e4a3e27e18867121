"""Who comes in, and what they may do there: log-in by link, password, code and provider; roles; keys; a project's end."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pyotp
import pytest
from oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider
from oidc_provider import serve as serve_provider
from playwright.sync_api import Browser, BrowserContext, Page, expect

from playhead.clock import now_ms

from .conftest import Server, log_in, serve
from .test_accessibility import AXE, violations

PASSWORD = "seven quiet herons"
OWNER = "emma@shop.example"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    people = {
        "s-priya": {"email": "priya@shop.example", "email_verified": True, "name": "Priya"},
        "s-stranger": {"email": "stranger@else.example", "email_verified": True},
    }
    with serve_provider(**people) as running:
        yield running


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Server]:
    """A server of its own: here people get passwords, and there is a provider."""
    known = {"id": "test", "name": "Keyhouse", "issuer": provider.issuer}
    oidc = [{**known, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}]
    with serve(tmp_path_factory.mktemp("house"), PLAYHEAD_OIDC=json.dumps(oidc)) as running:
        provider.redirect_uris = [f"{running.url}/api/login/oidc/test/callback"]
        yield running


@pytest.fixture(scope="module")
def owner(house: Server, chromium: Browser) -> Iterator[Page]:
    """The owner's browser: came in by a link, and chose a password."""
    with browser(chromium) as context:
        page = log_in(house, context)
        page.goto(f"{house.url}/account")
        page.get_by_label("Name", exact=True).fill("Emma Lind")
        page.get_by_label("E-mail", exact=True).fill(OWNER)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Save and use these to log in").click()
        expect(page.get_by_role("heading", name="Two-step log-in")).to_be_visible()
        expect(page.get_by_role("heading", name="Finish your account")).to_have_count(0)
        yield page


@contextmanager
def browser(chromium: Browser, width: int = 1280) -> Iterator[BrowserContext]:
    context = chromium.new_context(
        viewport={"width": width, "height": 800}, locale="en-GB", reduced_motion="reduce", accept_downloads=True
    )
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.set_default_timeout(15_000)
    yield context
    context.close()


def project_of(page: Page) -> str:
    found: str = page.evaluate("fetch('/api/session').then(r => r.json()).then(s => s.projects[0].project_id)")
    return found


def enter(page: Page, email: str, password: str) -> None:
    page.get_by_label("E-mail", exact=True).fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in", exact=True).click()


def clean(page: Page) -> None:
    assert violations(page, AXE.read_text()) == []


def test_whoever_comes_first_is_told_how_to_get_a_link(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/")
    expect(page.get_by_role("heading", name="Open with a one-time link")).to_be_visible()
    expect(page.get_by_text("playhead login-url", exact=True)).to_be_visible()
    clean(page)


def test_a_password_leads_to_the_address_that_was_asked_for(house: Server, owner: Page, chromium: Browser) -> None:
    with browser(chromium, 390) as context:
        page = context.new_page()
        asked = f"{house.url}/projects/{project_of(owner)}/insights?chart=bar"
        page.goto(asked)
        expect(page.get_by_role("heading", name="Log in to Playhead")).to_be_visible()
        clean(page)
        enter(page, OWNER, "not the password")
        expect(page.get_by_role("alert")).to_have_text("E-mail and password don’t match. Check both and try again.")
        # Nobody learns whether there is such an account.
        enter(page, "nobody@shop.example", "not the password")
        expect(page.get_by_role("alert")).to_have_text("E-mail and password don’t match. Check both and try again.")
        enter(page, OWNER, PASSWORD)
        expect(page.get_by_role("navigation", name="Screens")).to_be_visible()
        assert page.url == asked

        # The owner sees both browsers, and ends the other: it is asked to log in where it is.
        owner.goto(f"{house.url}/account")
        sessions = owner.get_by_role("list", name="Sessions").get_by_role("listitem")
        expect(sessions.filter(has_text="logged in with a password")).to_have_count(1)
        expect(sessions.filter(has_text="This browser")).to_contain_text("logged in with a link")
        sessions.filter(has_text="logged in with a password").get_by_role("button").click()
        expect(sessions).to_have_count(1)
        page.goto(f"{house.url}/projects/{project_of(owner)}/replays")
        expect(page.get_by_role("heading", name="Log in to Playhead")).to_be_visible()


def test_too_many_tries_are_told_with_the_time_to_wait(house: Server, owner: Page, chromium: Browser) -> None:
    body = {"email": "guessed@shop.example", "password": "guess after guess"}
    answers = [httpx.post(f"{house.url}/api/login", json=body).status_code for _ in range(11)]
    assert answers[-1] == 429
    with browser(chromium) as context:
        page = context.new_page()
        page.goto(f"{house.url}/login")
        enter(page, body["email"], body["password"])
        wait = page.get_by_role("button", name=re.compile(r"^Try again in \d+:\d\d$"))
        expect(wait).to_be_disabled()
        clean(page)


def test_a_second_step_with_an_app_and_with_a_recovery_code(house: Server, owner: Page, chromium: Browser) -> None:
    owner.goto(f"{house.url}/account")
    owner.get_by_role("button", name="Set up…").click()
    dialog = owner.get_by_role("dialog")
    expect(dialog.get_by_role("img", name="QR code for an authenticator app")).to_be_attached()
    secret = dialog.locator("code").inner_text().replace(" ", "")
    clean(owner)
    dialog.get_by_label("Code of the app").fill("000000")
    dialog.get_by_role("button", name="Turn on two-step log-in").click()
    expect(dialog.get_by_role("alert")).to_contain_text("code is not right")
    app = pyotp.TOTP(secret)
    dialog.get_by_label("Code of the app").fill(app.at(now_ms() // 1000))
    dialog.get_by_role("button", name="Turn on two-step log-in").click()
    codes = owner.get_by_role("list", name="Recovery codes").get_by_role("listitem")
    expect(codes).to_have_count(10)
    recovery = codes.first.inner_text()
    with owner.expect_download() as saved:
        owner.get_by_role("button", name="Download").click()
    assert recovery in saved.value.path().read_text()
    owner.get_by_role("button", name="I have kept them").click()
    expect(owner.get_by_role("button", name="Turn off…")).to_be_visible()

    def until_code(context: BrowserContext) -> Page:
        page = context.new_page()
        page.goto(f"{house.url}/login")
        enter(page, OWNER, PASSWORD)
        expect(page.get_by_role("heading", name="Enter the code of your app")).to_be_visible()
        return page

    with browser(chromium) as context:
        page = until_code(context)
        clean(page)
        code = page.get_by_label("Code", exact=True)
        expect(code).to_be_focused()
        code.fill("000000")
        code.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("This code is not right")
        # The code of the next half minute: the one of now was spent by turning it on.
        code.fill(app.at(now_ms() // 1000 + 30))
        code.press("Enter")
        page.wait_for_url("**/projects/**")
    with browser(chromium) as context:
        page = until_code(context)
        page.get_by_role("button", name="Use a recovery code").click()
        page.get_by_label("Recovery code").fill(recovery)
        page.get_by_role("button", name="Log in", exact=True).click()
        page.wait_for_url("**/projects/**")
    with browser(chromium) as context:
        page = until_code(context)
        page.get_by_role("button", name="Use a recovery code").click()
        page.get_by_label("Recovery code").fill(recovery)
        page.get_by_role("button", name="Log in", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("used already")

    owner.get_by_role("button", name="Turn off…").click()
    second = owner.get_by_role("dialog").get_by_label("Code of the app, or a recovery code")
    second.fill(recovery)
    second.press("Enter")
    expect(owner.get_by_role("alert")).to_contain_text("not right")


def test_a_role_decides_what_is_there(house: Server, owner: Page, chromium: Browser) -> None:
    project = project_of(owner)
    owner.goto(f"{house.url}/projects/{project}/settings/members")
    # The only owner can't be lowered.
    expect(owner.get_by_label("Role of Emma Lind")).to_be_disabled()
    owner.get_by_role("button", name="Invite").click()
    clean(owner)
    dialog = owner.get_by_role("dialog")
    dialog.get_by_label("E-mail").fill("tomas@shop.example")
    dialog.get_by_label("Name, if you know it").fill("Tomás Ferreira")
    dialog.get_by_role("radio", name=re.compile("^Analyst")).check()
    dialog.get_by_role("button", name="Invite and make a link").click()
    expect(dialog.get_by_text("It works once")).to_be_visible()
    link = dialog.locator("code").inner_text()
    dialog.get_by_role("button", name="Copy").click()
    assert owner.evaluate("navigator.clipboard.readText()") == link
    dialog.get_by_role("button", name="Done").click()
    row = owner.get_by_role("list", name="Members").get_by_role("listitem").filter(has_text="Tomás Ferreira")
    expect(row).to_contain_text("not logged in yet")

    with browser(chromium) as context:
        page = context.new_page()
        page.goto(link)
        page.wait_for_url("**/projects/**")
        rail = page.get_by_role("navigation", name="Screens")
        expect(rail.get_by_role("link", name="Insights")).to_be_visible()
        expect(rail.get_by_role("link", name="Privacy")).to_have_count(0)
        expect(rail.get_by_role("link", name="Install")).to_have_count(0)
        page.goto(f"{house.url}/projects/{project}/privacy")
        expect(page.get_by_role("heading", name="Privacy is not part of your role")).to_be_visible()
        page.goto(f"{house.url}/projects/{project}/settings/members")
        expect(page.get_by_role("heading", name="Members is not part of your role")).to_be_visible()
        sections = page.get_by_role("navigation", name="Settings").get_by_role("link")
        expect(sections).to_have_text(["Project"])
        sections.click()
        expect(page.get_by_label("Name", exact=True)).to_be_disabled()
        expect(page.get_by_role("button", name="Delete project…")).to_have_count(0)

        # The link is spent: it leads to the log-in, which says so.
        with browser(chromium, 390) as late:
            spent = late.new_page()
            assert spent.goto(link).status == 401  # type: ignore[union-attr]
            expect(spent.get_by_role("alert")).to_contain_text("This link was used already or is too old")
            expect(spent.get_by_label("Password", exact=True)).to_be_visible()

        # Lowered to a viewer, nothing but what was shared is left.
        owner.get_by_label("Role of Tomás Ferreira").select_option("Viewer")
        expect(owner.get_by_label("Role of Tomás Ferreira")).to_have_value("viewer")
        page.goto(f"{house.url}/projects/{project}/insights")
        expect(page.get_by_role("heading", name="Insights is not part of your role")).to_be_visible()
        expect(rail.get_by_role("link", name=re.compile("^(Replays|Settings|Status)$"))).to_have_count(3)
        expect(rail.get_by_role("link", name="Users")).to_have_count(0)

        # And removed, nothing at all.
        row.get_by_role("button", name="More about Tomás Ferreira").click()
        owner.get_by_role("menuitem", name="Remove from project…").click()
        owner.get_by_role("button", name="Remove 1 member").click()
        expect(row).to_have_count(0)
        page.goto(f"{house.url}/projects/{project}/replays")
        expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()


def test_a_provider_lets_in_whom_somebody_invited(house: Server, owner: Page, chromium: Browser) -> None:
    project = project_of(owner)
    owner.goto(f"{house.url}/projects/{project}/settings/members")
    owner.get_by_role("button", name="Invite").click()
    owner.get_by_role("dialog").get_by_label("E-mail").fill("priya@shop.example")
    owner.get_by_role("button", name="Invite and make a link").click()
    owner.get_by_role("button", name="Done").click()
    with browser(chromium) as context:
        page = context.new_page()
        page.goto(f"{house.url}/")
        page.get_by_role("link", name="Log in with Keyhouse").click()
        page.get_by_role("button", name="s-stranger").click()
        expect(page.get_by_role("alert")).to_contain_text("nobody has invited your address")
        clean(page)
        page.get_by_role("link", name="Log in with Keyhouse").click()
        page.get_by_role("button", name="s-priya").click()
        page.wait_for_url(f"**/projects/{project}/**")
        page.goto(f"{house.url}/account")
        current = page.get_by_role("list", name="Sessions").get_by_role("listitem")
        expect(current).to_contain_text("logged in by test")


def test_a_key_is_shown_once_and_opens_what_it_may_until_it_is_revoked(house: Server, owner: Page) -> None:
    project = project_of(owner)
    owner.goto(f"{house.url}/projects/{project}/settings/keys")
    owner.get_by_role("button", name="New key").click()
    clean(owner)
    dialog = owner.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Nightly export")
    expect(dialog.get_by_role("checkbox", name=re.compile("^Read"))).to_be_checked()
    dialog.get_by_role("button", name="Make the key").click()
    expect(dialog.get_by_text("can’t be shown again")).to_be_visible()
    key = dialog.locator("code").first.inner_text()
    dialog.get_by_role("button", name="I have kept it").click()
    row = owner.get_by_role("list", name="API keys").get_by_role("listitem").filter(has_text="Nightly export")
    expect(row).to_contain_text("never used")
    assert key not in owner.content()

    program = httpx.Client(base_url=f"{house.url}/api/projects/{project}", headers={"Authorization": f"Bearer {key}"})
    with program:
        assert program.get("/replays").status_code == 200
        assert program.post("/privacy/rules", json={"kind": "block", "expression": "#secret"}).status_code == 403
        owner.reload()
        expect(row).to_contain_text("last used just now")
        row.get_by_role("button", name="Revoke Nightly export…").click()
        owner.get_by_role("button", name="Revoke 1 key").click()
        expect(row).to_have_count(0)
        assert program.get("/replays").status_code == 401


def test_a_project_is_renamed_its_token_replaced_and_deleted_by_its_name(house: Server, owner: Page) -> None:
    session = owner.evaluate("fetch('/api/session').then(r => r.json())")
    made = owner.request.post(
        f"{house.url}/api/projects",
        data={"name": "Old blog"},
        headers={"X-Playhead-CSRF": session["csrf_token"]},
    ).json()
    owner.goto(f"{house.url}/projects/{made['project_id']}/settings/project")
    name = owner.get_by_label("Name", exact=True)
    name.fill("Blog")
    owner.get_by_label("Time zone", exact=True).select_option("Europe/Berlin")
    owner.get_by_role("button", name="Save changes").click()
    expect(owner.get_by_text("Saved", exact=True)).to_be_visible()
    expect(owner.get_by_role("button", name=re.compile("^Project: Blog"))).to_be_visible()

    owner.get_by_role("button", name="Replace…").click()
    owner.get_by_label("Take the old token as well").select_option("For 1 day")
    owner.get_by_role("button", name="Replace the token").click()
    expect(owner.get_by_text("The token before this one is taken until")).to_be_visible()
    expect(owner.get_by_text(made["token"], exact=True)).to_have_count(0)
    event = [{"event": "Look", "properties": {"token": made["token"], "distinct_id": "reader", "time": now_ms()}}]
    assert httpx.post(f"{house.url}/track/", json=event).status_code == 200

    owner.get_by_role("button", name="Delete project…").click()
    confirm = owner.get_by_role("button", name="Delete 1 project")
    owner.get_by_label("Type its name to confirm").fill("Old blog")
    expect(confirm).to_be_disabled()
    owner.get_by_label("Type its name to confirm").fill("Blog")
    confirm.click()
    owner.wait_for_url(lambda url: made["project_id"] not in url)
    expect(owner.get_by_role("button", name=re.compile("^Project: "))).not_to_contain_text("Blog")
    assert all(one["name"] != "Blog" for one in owner.request.get(f"{house.url}/api/projects").json()["results"])
