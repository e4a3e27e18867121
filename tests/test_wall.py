"""The second wall on a real server: what a rule matches is nowhere on its disk, and a job survives being killed."""

from __future__ import annotations

import gzip
import json
import re
import threading
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import zstandard
from sqlalchemy import delete
from test_kill9 import START_MS, Server, until

from playhead.stores.analytics import Analytics
from playhead.stores.control import Control
from playhead.stores.tables import Lease

CANARY = "canary@leak.test"
EMAIL = r"[\w.+-]+@[\w-]+\.[\w.]+"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "data")
    server.start()
    yield server
    if server.process:
        server.process.terminate()
        server.process.wait(30)


def post(server: Server, path: str, body: Any = None) -> httpx.Response:
    return httpx.post(
        f"{server.url}/api/projects/{server.project['project_id']}{path}",
        headers={"Authorization": f"Bearer {server.project['api_key']}"},
        json=body,
        timeout=60,
    )


def record(server: Server, replay: int, events: list[dict[str, Any]], seq: int = 0) -> str:
    """As `mixpanel-browser` sends it."""
    replay_id = str(UUID(int=replay, version=4))
    query = {"replay_id": replay_id, "seq": seq, "format": "gzip", "mp_lib": "web", "distinct_id": CANARY}
    answer = httpx.post(
        f"{server.url}/record/",
        params={**query, "$current_url": f"https://shop.test/?m={CANARY}"},
        content=gzip.compress(json.dumps(events).encode()),
        auth=(server.project["token"], ""),
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    return replay_id


def page(words: int = 1) -> list[dict[str, Any]]:
    text = {"type": 3, "id": 4, "textContent": f"to {CANARY} " * words}
    body = {"type": 2, "id": 3, "tagName": "body", "attributes": {"title": CANARY}, "childNodes": [text]}
    root = {
        "type": 0,
        "id": 1,
        "childNodes": [{"type": 2, "id": 2, "tagName": "html", "attributes": {}, "childNodes": [body]}],
    }
    return [
        {
            "type": 4,
            "timestamp": START_MS,
            "data": {"href": f"https://shop.test/?m={CANARY}", "width": 800, "height": 600},
        },
        {"type": 2, "timestamp": START_MS + 1, "data": {"node": root}},
        {"type": 3, "timestamp": START_MS + 9, "data": {"source": 5, "id": 4, "text": CANARY, "isChecked": False}},
    ]


def in_files(data: Path) -> list[str]:
    """Files of the data directory that hold the canary, as they are or unpacked."""
    found = []
    for path in (each for each in data.rglob("*") if each.is_file()):
        try:
            raw = path.read_bytes()
        except OSError:  # a part of the engine's that was merged away meanwhile
            continue
        texts = [raw]
        for member in re.finditer(b"\x1f\x8b\x08", raw if "blobs" in path.parts else b""):
            with suppress(zlib.error):
                texts.append(zlib.decompressobj(31).decompress(raw[member.start() :]))
        if "recordings" in path.parts:
            texts.append(
                zstandard.ZstdDecompressor(max_window_size=2**23).stream_reader(raw, read_across_frames=True).read()
            )
        if any(b"canary" in text for text in texts):
            found.append(str(path.relative_to(data)))
    return found


def in_tables(data: Path) -> list[str]:
    """Tables of the analytics store that hold the canary."""
    analytics = Analytics.open(f"chdb://{data / 'analytics'}")
    tables = [
        row["name"] for row in analytics.query("SELECT name FROM system.tables WHERE database = currentDatabase()")
    ]
    assert "replay_parts" in tables
    found = [
        table for table in tables if b"canary" in analytics.query_bytes(f"SELECT * FROM {table}", fmt="JSONEachRow")
    ]
    analytics.close()
    return found


def test_what_a_pattern_matches_is_nowhere_on_disk(server: Server) -> None:
    assert post(server, "/privacy/rules", {"kind": "pattern", "expression": EMAIL}).status_code == 201
    # The contract: a rule is in force within two seconds.
    threading.Event().wait(2)
    replay_id = record(server, 1, page())
    token = server.project["token"]
    properties = {"token": token, "distinct_id": CANARY, "time": START_MS, "$mp_replay_id": replay_id, "mail": CANARY}
    for route, sent in (
        ("track", {"event": f"Mail to {CANARY}", "properties": properties}),
        ("engage", {"$token": token, "$distinct_id": CANARY, "$set": {"$email": CANARY}}),
        ("groups", {"$token": token, "$group_key": "firm", "$group_id": CANARY, "$set": {"contact": CANARY}}),
    ):
        answer = httpx.post(
            f"{server.url}/{route}/", content=json.dumps([sent]), headers={"content-type": "text/plain"}
        )
        assert answer.status_code == 200
    until(lambda: server.get(f"/replays/{replay_id}").json()["event_count"] == 3, 30, "the replay is stored")
    until(lambda: "Mail to" in server.get("/export").text, 30, "the event is stored")
    until(lambda: server.get("/people").json()["results"], 30, "the profile is stored")
    found = server.get(f"/replays/{replay_id}").json()
    assert found["start_url"] == "https://shop.test/?m=" + "*" * 16
    assert found["privacy"]["patterns_matched"] == 4
    assert found["distinct_id"].startswith("masked-")
    assert in_tables(server.data) == []
    assert in_files(server.data) == []


def test_a_job_that_is_killed_goes_on_where_it_stood(server: Server) -> None:
    replays = [record(server, number, page(2_000)) for number in range(1, 61)]
    until(lambda: server.get(f"/replays/{replays[-1]}").json()["event_count"] == 3, 60, "the replays are stored")
    assert in_files(server.data)
    assert post(server, "/privacy/rules", {"kind": "pattern", "expression": EMAIL}).status_code == 201
    assert post(server, "/privacy/rules", {"kind": "mask", "expression": "body"}).status_code == 201
    job = post(server, "/privacy/jobs").json()

    def now() -> dict[str, Any]:
        answer: dict[str, Any] = server.get(f"/privacy/jobs/{job['job_id']}").json()
        return answer

    until(lambda: now()["done"] > 3, 60, "the job is under way")
    server.kill()
    control = Control.open(f"sqlite:///{server.data / 'control.sqlite'}")
    with control.write() as session:
        # The dead worker's lease, which runs out a minute later.
        session.execute(delete(Lease))
    control.close()
    server.start()
    until(lambda: now()["state"] == "done", 120, "the job is done")
    done = now()
    assert (done["total"], done["done"], done["failed"]) == (60, 60, 0)
    for replay_id in replays:
        text = server.get(f"/replays/{replay_id}/events").text
        assert "canary" not in text
        assert len(text.splitlines()) == 3
