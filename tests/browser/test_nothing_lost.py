"""A tab that goes away in the middle of typing loses at most the last 200 ms."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser, Page, Playwright

from .conftest import CHROMIUM, FLAGS, Api, Server, eventually, recording

pytestmark = pytest.mark.alone

MUTATION = 0
LETTERS = "the quick brown fox jumps over the lazy dog"


def last_typed(events: list[dict[str, Any]]) -> int:
    """When the last letter came that the replay has. What is typed is masked to the same stars whatever it is, so the page says
    it again beside the note, as text."""
    times = [
        e["timestamp"] for e in events if e["type"] == 3 and e["data"]["source"] == MUTATION and e["data"]["texts"]
    ]
    return max(times, default=0)


def type_and_end(page: Page, url: str, end: Callable[[], None]) -> tuple[str, int]:
    """Types into the page and ends it at once. The replay, and when the last letter came 200 ms or more before the end."""
    page.goto(url)
    replay_id = recording(page)
    typed: list[int] = []
    page.expose_function("typed", lambda at: typed.append(at))  # noqa: PLW0108
    page.check("#gift")
    page.locator("#note").click()
    page.evaluate(
        """() => {
            const echo = document.body.appendChild(document.createTextNode(''));
            addEventListener('input', (event) => { echo.data = event.target.textContent; window.typed(Date.now()); }, true);
        }"""
    )
    began = time.monotonic()
    page.keyboard.type(LETTERS, delay=40)
    gone_at = page.evaluate("Date.now()")
    end()
    assert len(typed) == len(LETTERS)
    assert time.monotonic() - began < 5, "typed within one flush interval, so that it all depends on the end"
    return replay_id, max(at for at in typed if at <= gone_at - 200)


def assert_kept(api: Api, replay_id: str, until_ms: int) -> None:
    def kept() -> bool:
        # An event is as old as the microtask it was made in: a few milliseconds of play.
        assert last_typed(api.rrweb(replay_id)) >= until_ms - 5
        return True

    eventually(kept)


def test_a_closed_tab_loses_at_most_200_ms_of_typing(server: Server, api: Api, chromium: Browser) -> None:
    page = chromium.new_page()
    replay_id, until_ms = type_and_end(page, server.shop("checkout.html"), page.close)
    assert_kept(api, replay_id, until_ms)


def test_a_killed_browser_loses_at_most_200_ms_of_typing(
    server: Server, api: Api, playwright: Playwright, tmp_path: Path
) -> None:
    """No event told the page to hurry: what it had kept is sent by the site's next page."""

    def open_browser() -> Page:
        return playwright.chromium.launch_persistent_context(tmp_path, executable_path=CHROMIUM, args=FLAGS).new_page()

    def kill() -> None:
        for process in psutil.process_iter(["cmdline"]):
            if any(str(tmp_path) in word for word in process.info["cmdline"] or ()) and "chrom" in process.name():
                process.kill()

    replay_id, until_ms = type_and_end(open_browser(), server.shop("checkout.html"), kill)
    again = open_browser()
    again.goto(server.shop("index.html"))
    recording(again)
    assert_kept(api, replay_id, until_ms)
    again.context.close()
