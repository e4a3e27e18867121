"""Replays over HTTP: the shapes of docs/api.md."""

from __future__ import annotations

import json
from typing import Any

import zstandard
from starlette.testclient import TestClient
from visits import EPOCH, START, Clock, Visit, click, meta, mutation, opening, page, set_profile, snapshot, track

from playhead.accounts import NewProject
from playhead.stores import Stores
from playhead.stores.tables import Replay


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def times(text: str) -> list[int]:
    return [event["timestamp"] - START for event in lines(text)]


def test_one_replay_in_full(program: TestClient, stores: Stores, made: NewProject) -> None:
    visit = Visit(stores, made.project_id)
    visit.send([*opening(), click(2_000)])
    visit.send([*opening(20_000, "https://shop.test/item"), click(21_000)], seq=6)
    track(stores, made.project_id, "View Item", at=20_500, replay_id=visit.replay_id)
    whole = program.get(f"/replays/{visit.replay_id}").json()
    assert (whole["first_ms"], whole["last_ms"]) == (START, START + 21_000)
    assert [each["url"] for each in whole["pages"]] == ["https://shop.test/", "https://shop.test/item"]
    kinds = [(marker["kind"], marker["at_ms"] - START) for marker in whole["markers"]]
    assert ("event", 20_500) in kinds
    assert ("click", 2_000) in kinds
    assert ("page", 1) in kinds
    assert whole["activity"]["bucket_ms"] == 1000
    assert whole["activity"]["inactive"] == [[START + 3_000, START + 21_000]]
    # Events 4 and 5 of the page load never came.
    assert whole["gaps"] == [[START + 2_000, START + 20_000]]
    assert ("gap", 2_000) in kinds
    assert whole["viewport"] == {"width": 1280, "height": 800}
    assert whole["library"] == {"name": "playhead", "version": "0.1.0"}
    assert whole["mask"] == "text"
    assert whole["watch_url"] == f"http://127.0.0.1:8800/projects/{made.project_id}/replays/{visit.replay_id}"
    assert whole["status"] == "ready"


def test_events_are_read_by_range(program: TestClient, stores: Stores, made: NewProject) -> None:
    visit = Visit(stores, made.project_id)
    second = [meta(10_000), snapshot(10_001), mutation(12_000)]
    visit.send(second, seq=4)
    visit.send([*opening(), mutation(5_000)])
    visit.send([*opening(), mutation(5_000), *second])
    path = f"/replays/{visit.replay_id}/events"
    answer = program.get(path)
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert times(answer.text) == [0, 1, 1, 5_000, 10_000, 10_001, 12_000]
    at = {"from": START + 11_000}
    assert times(program.get(path, params=at).text) == [10_000, 10_001, 12_000]
    assert times(program.get(path, params={"from": START + 6_000, "to": START + 10_000}).text) == [
        0,
        1,
        1,
        5_000,
        10_000,
    ]
    strictly = {"from": START + 5_000, "to": START + 10_001, "snapshot": "false"}
    assert times(program.get(path, params=strictly).text) == [10_000, 10_001]
    assert program.get(path, params={"from": "x"}).status_code == 400
    plain = program.get(path, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert times(plain.text) == times(answer.text)


def test_the_index_lists_hot_blocks(program: TestClient, stores: Stores, made: NewProject) -> None:
    visit = Visit(stores, made.project_id)
    item = visit.send([*opening(), click(59_000)])
    index = program.get(f"/replays/{visit.replay_id}/index").json()
    assert index["generation"] is None
    assert index["frames"] == []
    (block,) = index["hot"]
    assert (block["block_id"], block["full_snapshot"]) == (str(item.ingest_id), True)
    assert index["live"] is True
    assert program.get(f"/replays/{visit.replay_id}/frames/0/0").status_code == 404


def test_what_can_not_be_found_is_said(program: TestClient, stores: Stores, made: NewProject, clock: Clock) -> None:
    assert program.get("/replays/not-a-uuid").json()["error"]["code"] == "bad_replay_id"
    unknown = "00000000-0000-4000-8000-000000000000"
    assert program.get(f"/replays/{unknown}").status_code == 404
    visit = Visit(stores, made.project_id)
    visit.send(opening())
    other = Visit(stores, made.project_id)
    other.send(opening())
    assert program.delete(f"/replays/{visit.replay_id}").status_code == 204
    for tail in ("", "/events", "/index", "/frames/1/0"):
        answer = program.get(f"/replays/{visit.replay_id}{tail}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (410, "replay_deleted")
    assert program.post(f"/replays/{visit.replay_id}/watching").status_code == 410
    assert program.delete(f"/replays/{visit.replay_id}").status_code == 410
    assert program.get("/replays").json()["total"] == 1
    with stores.control.read() as session:
        row = session.get(Replay, (made.project_id, other.replay_id))
        assert row
        clock.now = row.expires_at_ms
    assert program.get(f"/replays/{other.replay_id}/events").json()["error"]["code"] == "replay_expired"


def test_watching_is_a_signal_to_capture(program: TestClient, stores: Stores, made: NewProject) -> None:
    from playhead.capture.directory import control_loader

    visit = Visit(stores, made.project_id)
    visit.send(opening())
    for _ in range(2):
        assert program.post(f"/replays/{visit.replay_id}/watching").status_code == 204
    assert (made.project_id, visit.replay_id) in control_loader(stores.control.engine)().watched_replays


def test_the_feed_takes_its_query(program: TestClient, stores: Stores, made: NewProject) -> None:
    visit = Visit(stores, made.project_id)
    visit.send([*opening(), page(3_000, "https://shop.test/cart")])
    feed = program.get("/replays", params={"from": "2026-11-22", "to": "2026-11-22", "url": "cart"}).json()
    assert feed["total"] == 1
    assert feed["results"][0]["person"] == {
        "distinct_id": "$device:d1",
        "name": None,
        "email": None,
        "avatar": None,
    }
    assert program.get("/replays", params={"to": "2026-11-21"}).json()["total"] == 0
    for wrong in ({"limit": 201}, {"sort": "x"}, {"from": "x"}, {"cursor": "x"}, {"live": "maybe"}):
        answer = program.get("/replays", params=wrong)
        assert (answer.status_code, set(answer.json())) == (400, {"error"}), wrong


def test_the_sdks_link_leads_to_the_dashboard(
    anyone: TestClient, dashboard: TestClient, stores: Stores, made: NewProject
) -> None:
    visit = Visit(stores, made.project_id)
    visit.send(opening())
    link = f"/replay/{visit.replay_id}?t=5"
    assert anyone.get(link).content == anyone.get("/").content
    answer = dashboard.get(link)
    assert answer.headers["location"] == f"/projects/{made.project_id}/replays/{visit.replay_id}?t=5"


def test_people_their_events_and_replays(program: TestClient, stores: Stores, made: NewProject) -> None:
    visit = Visit(stores, made.project_id)
    visit.send(opening())
    track(stores, made.project_id, "View", at=1_000, insert_id="a")
    track(stores, made.project_id, "View", at=1_000, insert_id="a")
    assert program.get("/people/$device:d1").json()["name"] is None
    track(stores, made.project_id, "Login", at=2_000, distinct_id="ada", device_id="d1", user_id="ada")
    set_profile(stores, made.project_id, "ada", **{"$name": "Ada L.", "$email": "ada@example.com", "plan": "pro"})
    (found,) = program.get("/people", params={"q": "EXAMPLE"}).json()["results"]
    assert found["distinct_id"] == "ada"
    person = program.get("/people/$device:d1").json()
    assert (person["name"], person["properties"]["plan"]) == ("Ada L.", "pro")
    events = program.get("/people/ada/events").json()["results"]
    assert [each["event"] for each in events] == ["Login", "View"]
    assert program.get("/people/ada/replays").json()["results"][0]["replay_id"] == visit.replay_id
    assert program.get("/people/nobody").status_code == 404


def test_events_are_exported_each_once(program: TestClient, stores: Stores, made: NewProject) -> None:
    for _ in range(2):
        track(stores, made.project_id, 'Say "hi"', at=1_000, insert_id="a")
    track(stores, made.project_id, "View", at=2_000, insert_id="b")
    rows = lines(program.get("/export", params={"from": "2026-11-22", "to": "2026-11-22"}).text)
    assert [row["event"] for row in rows] == ['Say "hi"', "View"]
    assert rows[0]["properties"] == {"distinct_id": "$device:d1"}
    assert lines(program.get("/export", params={"event": '["View"]'}).text) == rows[1:]
    assert program.get("/export", params={"to": "2026-11-21"}).text == ""
    names = program.get("/events/names").json()["results"]
    assert {each["event"]: each["count"] for each in names} == {'Say "hi"': 1, "View": 1}


def test_epochs_are_kept_apart(program: TestClient, stores: Stores, made: NewProject) -> None:
    visit = Visit(stores, made.project_id)
    visit.send(opening(10_000), epoch="1795341610000-ffff")
    visit.send(opening(), epoch=EPOCH)
    text = program.get(f"/replays/{visit.replay_id}/events", headers={"Accept-Encoding": "zstd"})
    assert text.headers["content-encoding"] == "zstd"
    assert zstandard is not None
    assert times(text.text) == [0, 1, 1, 10_000, 10_001, 10_001]
