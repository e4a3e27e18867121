"""What happens on the page can be read through the API seconds later."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import Page, Request

from .conftest import Api, Server, eventually, recording

CLICK = 2  # rrweb: MouseInteractions.Click


def clicks(events: list[dict[str, Any]]) -> list[int]:
    return [
        e["timestamp"] for e in events if e["type"] == 3 and e["data"]["source"] == 2 and e["data"]["type"] == CLICK
    ]


@pytest.mark.alone
def test_a_click_is_readable_within_seconds(server: Server, api: Api, page: Page) -> None:
    page.goto(server.shop("item.html?id=harbor-mug"))
    replay_id = recording(page)
    eventually(lambda: api.rrweb(replay_id))
    flushed: list[float] = []

    def see(request: Request) -> None:
        if "/record/" in request.url:
            flushed.append(time.time() * 1000)

    waits, after_flush = [], []
    page.on("request", see)
    for _ in range(3):
        before = len(clicks(api.rrweb(replay_id)))
        at = page.evaluate(
            """() => new Promise((done) => {
                const button = document.querySelector('#more');
                button.addEventListener('click', () => done(Date.now()), { once: true });
                button.dispatchEvent(new MouseEvent('click', { bubbles: true }));
            })"""
        )
        page.click("#more")
        flushed.clear()

        def readable(wanted: int = before + 1) -> bool:
            page.evaluate("0")  # lets the browser tell of its requests
            return len(clicks(api.rrweb(replay_id))) >= wanted

        eventually(readable, 15)
        now = time.time() * 1000
        waits.append(now - at)
        after_flush.append(now - flushed[0])
    print(
        "\nclick → readable", [round(w) for w in waits], "ms; flush → readable", [round(w) for w in after_flush], "ms"
    )
    assert max(waits) < 7000
    assert max(after_flush) < 2000
