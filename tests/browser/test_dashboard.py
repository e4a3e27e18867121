"""The dashboard in Chromium: the log-in link, the feed, the player and its keys, deleting a replay."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx
from playwright.sync_api import BrowserContext, Page, expect

from .conftest import Api, Server, eventually, log_in, recording


def test_a_log_in_link_opens_the_dashboard_once(server: Server, watched: str, context: BrowserContext) -> None:
    dashboard = log_in(server, context)
    expect(dashboard.get_by_label("Replay feed")).to_be_visible()
    stranger = httpx.get(f"{server.url}/api/session")
    assert stranger.status_code == 401
    cookie = next(one for one in context.cookies() if "127.0.0.1" in one["domain"] and one.get("httpOnly"))
    assert cookie["sameSite"] in {"Lax", "Strict"}


def test_opening_a_replay_plays_it(server: Server, api: Api, watched: str, dashboard: Page) -> None:
    dashboard.goto(f"{server.url}/projects/{api.project}/replays/{watched}")
    expect(dashboard.get_by_role("button", name="Pause")).to_be_visible()
    player = dashboard.frame_locator("iframe").frame_locator("iframe")
    expect(player.locator("body")).to_contain_text("Loam", timeout=15_000)
    dashboard.keyboard.press("Space")
    expect(dashboard.get_by_role("button", name="Pause")).to_have_count(0)


def test_a_link_with_a_time_opens_there(server: Server, api: Api, watched: str, dashboard: Page) -> None:
    rrweb = eventually(lambda: api.rrweb(watched))
    at = int(rrweb[-1]["timestamp"])
    dashboard.goto(f"{server.url}/projects/{api.project}/replays/{watched}?t={at}")
    player = dashboard.frame_locator("iframe").frame_locator("iframe")
    expect(player.locator("body")).to_contain_text("Harbor mug", timeout=15_000)
    assert parse_qs(urlsplit(dashboard.url).query).get("t") == [str(at)]


def test_the_feed_shows_a_new_visit_by_itself(
    server: Server, api: Api, dashboard: Page, context: BrowserContext
) -> None:
    dashboard.goto(f"{server.url}/projects/{api.project}/replays")
    visitor = context.browser.new_context()  # type: ignore[union-attr]
    page = visitor.new_page()
    page.goto(server.shop())
    replay_id = recording(page)
    page.mouse.wheel(0, 300)
    expect(dashboard.locator(f'a[href*="{replay_id}"]').first).to_be_visible(timeout=20_000)
    visitor.close()


def test_a_deleted_replay_says_so(server: Server, api: Api, watched: str, dashboard: Page) -> None:
    answer = api.client.delete(f"/api/projects/{api.project}/replays/{watched}")
    assert answer.status_code == 204
    assert api.client.get(f"/api/projects/{api.project}/replays/{watched}").status_code == 410
    dashboard.goto(f"{server.url}/projects/{api.project}/replays/{watched}")
    expect(dashboard.get_by_text("deleted", exact=False).first).to_be_visible()
