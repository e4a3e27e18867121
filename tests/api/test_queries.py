"""A report's query while it runs: how far it is, stopping it, and nobody else's."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
import uvicorn
from starlette.testclient import TestClient

from playhead.accounts import NewProject, create_project
from playhead.api.app import create_api
from playhead.settings import Settings
from playhead.stores import Stores

# An event for every millisecond of five minutes, each with a value of its own: nobody counts these within a moment.
MANY_SQL = """
INSERT INTO events (project_id, event, distinct_id, client_time, insert_id, time, received_at, properties)
SELECT {project_id:String}, 'A', toString(number % 1000), fromUnixTimestamp64Milli(1795341600000 + toInt64(number)) AS at,
       toString(number), at, at, concat('{"p":', toString(number), '}')
FROM numbers(300000)
"""
SLOW = {
    "from": "2026-11-22",
    "to": "2026-11-22",
    "metrics": [{"event": "A", "measure": {"aggregate": "distinct", "property": "p"}}],
    "breakdown": {"property": "p", "limit": 12},
}


@pytest.fixture
def served(settings: Settings, stores: Stores, made: NewProject) -> Iterator[httpx.Client]:
    """The API behind a real server, whose connections can be closed, with a project that is slow to ask."""
    stores.analytics.command(MANY_SQL, {"project_id": made.project_id})
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_api(settings, stores), log_level="error"))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/api/projects/{made.project_id}"
        with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {made.api_key}"}, timeout=60) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()


def until(true: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 30
    while not (found := true()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def test_progress_and_cancel(served: httpx.Client, stores: Stores, anyone: TestClient) -> None:
    query_id = str(uuid4())
    answers: list[httpx.Response] = []

    def ask() -> None:
        answers.append(served.post("/reports/insights", json=SLOW, headers={"X-Query-Id": query_id}))

    asking = threading.Thread(target=ask)
    asking.start()

    def seen() -> Any:
        answer = served.get(f"/queries/{query_id}")
        return answer.json() if answer.status_code == 200 and answer.json()["read_rows"] else None

    progress = until(seen)
    assert progress["elapsed_ms"] > 0
    assert progress["total_rows"] is None or progress["total_rows"] >= progress["read_rows"]
    other = create_project(stores.control, "Other", 30)
    elsewhere = f"/api/projects/{other.project_id}/queries/{query_id}"
    key = {"Authorization": f"Bearer {other.api_key}"}
    assert anyone.get(elsewhere, headers=key).status_code == 404
    assert anyone.delete(elsewhere, headers=key).status_code == 404
    assert served.delete(f"/queries/{query_id}").status_code == 204
    asking.join()
    assert (answers[0].status_code, answers[0].json()["error"]["code"]) == (409, "cancelled")
    assert served.get(f"/queries/{query_id}").status_code == 404
    assert served.delete(f"/queries/{query_id}").json()["error"]["code"] == "query_not_found"


def test_a_query_that_nobody_waits_for_is_stopped(served: httpx.Client) -> None:
    query_id = str(uuid4())
    running = lambda: served.get(f"/queries/{query_id}").status_code == 200  # noqa: E731
    asked = served.build_request("POST", "/reports/insights", json=SLOW, headers={"X-Query-Id": query_id})
    head = "".join(f"{name}: {value}\r\n" for name, value in asked.headers.items())
    with socket.create_connection((asked.url.host, asked.url.port)) as connection:
        connection.sendall(f"POST {asked.url.path} HTTP/1.1\r\n{head}\r\n".encode() + asked.content)
        until(running)
    until(lambda: not running())


def test_an_id_that_is_none_is_said(program: TestClient) -> None:
    answer = program.post("/reports/insights", json=SLOW, headers={"X-Query-Id": "me"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")
    assert program.get("/queries/me").status_code == 400
