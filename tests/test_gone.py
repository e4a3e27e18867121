"""Gone is gone: after a deletion, and after retention, a search of every file and every table finds nothing."""

from __future__ import annotations

import gzip
import io
import json
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from searching import files_with
from sqlalchemy import delete
from test_kill9 import START_MS, Server, until
from visits import START, Clock, Visit, click, mutation, opening, track

from playhead.governance import retention
from playhead.governance.audit import COMMAND
from playhead.governance.checking import engine_now_ms, stale_parts
from playhead.replays import removal, sealing
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.analytics import Analytics
from playhead.stores.control import Control
from playhead.stores.tables import Lease, Project

# No part of one is in another, so that each is searched for by itself.
USER, DEVICE, NAME, TYPED, BOB = "kanari-user@x.test", "kanari-device", "Kanari Name", "kanari-typed", "bob@x.test"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "data")
    server.start()
    yield server
    if server.process:
        server.process.terminate()
        server.process.wait(30)


def record(server: Server, replay_id: str, who: str, text: str, seq: int = 0) -> None:
    root = {
        "type": 0,
        "id": 1,
        "childNodes": [
            {
                "type": 2,
                "id": 2,
                "tagName": "html",
                "attributes": {},
                "childNodes": [{"type": 3, "id": 4, "textContent": text}],
            }
        ],
    }
    href = f"https://shop.test/?m={who}"
    events = [
        {"type": 4, "timestamp": START_MS + seq, "data": {"href": href, "width": 800, "height": 600}},
        {"type": 2, "timestamp": START_MS + seq + 1, "data": {"node": root}},
        {"type": 3, "timestamp": START_MS + seq + 9, "data": {"source": 5, "id": 4, "text": text, "isChecked": False}},
    ]
    query = {"replay_id": replay_id, "seq": seq, "format": "gzip", "mp_lib": "web", "distinct_id": who}

    def sent() -> bool:
        answer = httpx.post(
            f"{server.url}/record/",
            params={**query, "$device_id": DEVICE if who != BOB else "d2", "$current_url": href},
            content=gzip.compress(json.dumps(events).encode()),
            auth=(server.project["token"], ""),
            timeout=60,
        )
        # A server that has just started may not have read its projects yet.
        assert answer.status_code in {200, 503}, answer.text
        return answer.status_code == 200

    until(sent, 30, "the batch is taken")


def send(server: Server, route: str, *sent: dict[str, Any]) -> None:
    content = json.dumps(list(sent))
    answer = httpx.post(f"{server.url}/{route}/", content=content, headers={"content-type": "text/plain"}, timeout=60)
    assert answer.status_code == 200, answer.text


def event(server: Server, name: str, who: str, **more: Any) -> dict[str, Any]:
    token = server.project["token"]
    return {"event": name, "properties": {"token": token, "distinct_id": who, "time": START_MS, **more}}


def tables_with(data: Path, text: bytes) -> list[str]:
    analytics = Analytics.open(f"chdb://{data / 'analytics'}")
    names = [row["name"] for row in analytics.query("SELECT name FROM system.tables WHERE database = 'playhead'")]
    assert "events" in names
    found = [name for name in names if text in analytics.query_bytes(f"SELECT * FROM {name}", fmt="JSONEachRow")]
    analytics.close()
    return found


def where(server: Server) -> list[str]:
    """Files, tables and the log that hold anything of her."""
    found = []
    for canary in (USER, DEVICE, NAME, TYPED):
        text = canary.encode()
        found += [f"{canary}: {place}" for place in files_with(server.data, text) + tables_with(server.data, text)]
        log = server.data.parent / "server.log"
        found += [f"{canary}: the log"] if text in log.read_bytes() else []
    return found


def asked(server: Server, method: str, path: str, body: Any = None) -> httpx.Response:
    return httpx.request(
        method,
        f"{server.url}/api/app/{path}",
        params={"token": server.project["token"]},
        headers={"Authorization": f"Bearer {server.project['api_key']}"},
        json=body,
        timeout=60,
    )


def test_a_deleted_person_is_nowhere(server: Server) -> None:
    hers, bobs = str(uuid4()), str(uuid4())
    for seq in (0, 20):
        record(server, hers, USER, TYPED, seq)
        record(server, bobs, BOB, "nothing", seq)
    token = server.project["token"]
    send(
        server,
        "track",
        event(server, "View", f"$device:{DEVICE}", **{"$device_id": DEVICE, "typed": TYPED}),
        event(server, "Log in", USER, **{"$device_id": DEVICE, "$user_id": USER, "$mp_replay_id": hers}),
        event(server, "View", BOB),
    )
    send(server, "engage", {"$token": token, "$distinct_id": USER, "$set": {"$name": NAME, "$email": USER}})
    until(lambda: server.get(f"/people/{USER}").json()["name"] == NAME, 30, "the profile is stored")
    until(lambda: server.get(f"/people/{USER}").json()["event_count"] == 2, 30, "the events are stored")
    until(lambda: server.get(f"/replays/{bobs}").json()["event_count"] == 6, 30, "the replays are stored")
    retrieval = asked(server, "POST", "data-retrievals/v3.0/", {"distinct_ids": [USER]})
    assert retrieval.status_code == 201, retrieval.text
    tracking = f"data-retrievals/v3.0/{retrieval.json()['results'][0]['tracking_id']}"
    until(lambda: asked(server, "GET", tracking).json()["results"]["status"] == "SUCCESS", 90, "the archive is there")
    link = asked(server, "GET", tracking).json()["results"]["result"]
    archive = httpx.get(link, headers={"Authorization": f"Bearer {server.project['api_key']}"}, timeout=60)
    names = zipfile.ZipFile(io.BytesIO(archive.content)).namelist()
    assert f"replays/{hers}.json" in names and f"replays/{bobs}.json" not in names
    before = where(server)
    for place in ("analytics/", "blobs/segments/", "blobs/retrievals/", "control.sqlite", "events", "profiles"):
        assert any(place in each for each in before), f"the search finds what is in {place}"

    made = asked(server, "POST", "data-deletions/v3.0/", {"distinct_ids": [USER], "compliance_type": "GDPR"})
    assert made.status_code == 201, made.text
    assert server.get(f"/people/{USER}").status_code == 404
    assert server.get(f"/replays/{hers}").status_code == 410
    assert USER not in server.get("/export").text
    server.kill()
    control = Control.open(f"sqlite:///{server.data / 'control.sqlite'}")
    with control.write() as session:
        # The dead worker's, which runs out a minute later.
        session.execute(delete(Lease))
    control.close()
    server.start()
    assert server.get(f"/people/{USER}").status_code == 404
    deletion = f"data-deletions/v3.0/{made.json()['results'][0]['tracking_id']}"
    until(lambda: asked(server, "GET", deletion).json()["results"]["status"] == "SUCCESS", 120, "it is done")
    # An open tab, and a tail that arrives late.
    record(server, hers, USER, TYPED, 40)
    send(server, "track", event(server, "Late", USER, typed=TYPED))
    send(server, "track", event(server, "After", BOB))
    until(lambda: "After" in server.get("/export").text, 30, "what was sent after it is stored")
    request_id = made.json()["results"][0]["tracking_id"]
    receipt = server.get(f"/deletions/{request_id}").json()["receipt"]
    assert receipt["clean"], receipt
    until(lambda: not stale(server), 60, "the engine has thrown its old parts away")
    # What delivery refused leaves the journal's free pages at the next deletion: nothing of it was ever stored.
    again = asked(server, "POST", "data-deletions/v3.0/", {"distinct_ids": [USER]}).json()["results"][0]["tracking_id"]
    until(
        lambda: asked(server, "GET", f"data-deletions/v3.0/{again}").json()["results"]["status"] == "SUCCESS", 120, ""
    )
    assert where(server) == []
    assert server.get(f"/replays/{bobs}").json()["event_count"] == 6
    assert len(server.get(f"/replays/{bobs}/events").text.splitlines()) == 6


def stale(server: Server) -> int:
    analytics = Analytics.open(f"chdb://{server.data / 'analytics'}")
    count = analytics.query("SELECT count() AS count FROM system.parts WHERE NOT active")[0]["count"]
    analytics.close()
    return int(count)


def thrown_away(stores: Stores) -> None:
    """Waits until the engine has taken off the disk what was deleted until now."""
    deadline, erased_ms = time.monotonic() + 60, engine_now_ms(stores)
    while stale_parts(stores, erased_ms):
        assert time.monotonic() < deadline
        threading.Event().wait(0.2)


def test_what_has_expired_is_nowhere(stores: Stores, settings: Settings, project: Project, clock: Clock) -> None:
    canary = f"kanari-{uuid4().hex}"
    clock.now = START + 60_000
    sealed = Visit(stores, project.project_id, distinct_id=canary)
    hot = Visit(stores, project.project_id, distinct_id=canary)
    sealed.send([*opening(url=f"https://shop.test/?{canary}"), mutation(500, canary), click(2_000)])
    clock.now += 3_600_000
    sealing.seal_due(stores, settings, clock.now)
    hot.send([*opening(), mutation(500, canary)])
    engine = stores.analytics.embedded_directory
    assert engine
    assert files_with(settings.data, canary.encode())
    assert files_with(engine, canary.encode())
    clock.now += 31 * 86_400_000
    removal.remove_expired(stores, clock.now)
    removal.clean_up(stores, clock.now)
    thrown_away(stores)
    assert files_with(settings.data, canary.encode()) == []
    assert files_with(engine, canary.encode()) == []


def test_expired_events_are_nowhere(stores: Stores, project: Project, clock: Clock) -> None:
    canary, stays = f"kanari-{uuid4().hex}", f"stays-{uuid4().hex}"
    clock.now = START + 60_000
    track(stores, project.project_id, "Old", distinct_id=canary, insert_id="a", properties={"said": canary})
    clock.now += 8 * 86_400_000
    track(stores, project.project_id, "New", distinct_id=stays, insert_id="b", properties={"said": stays})
    engine = stores.analytics.embedded_directory
    assert engine
    assert files_with(engine, canary.encode())
    days = retention.Days(replay_days=30, event_days=7, bookmark_days=0)
    gone = retention.change(stores, project.project_id, days, COMMAND, clock.now)
    assert gone.events == 1
    assert project.project_id in retention.remove_expired_events(stores, clock.now)
    thrown_away(stores)
    assert files_with(engine, canary.encode()) == []
    assert files_with(engine, stays.encode())
