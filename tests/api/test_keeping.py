"""How long things are kept: previewed, changed, expired with the clock moved, kept longer by a bookmark."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient
from visits import START, Clock, Visit, opening, track

from playhead.accounts import NewProject, create_project
from playhead.governance.retention import remove_expired_events
from playhead.replays import removal
from playhead.settings import Settings
from playhead.stores import Stores

DAY = 86_400_000


def feed(program: TestClient, **asked: Any) -> list[str]:
    return [row["replay_id"] for row in program.get("/replays", params=asked).json()["results"]]


def keep(program: TestClient, **days: int | None) -> dict[str, Any]:
    """What the preview says of a change, which is then made."""
    said: dict[str, Any] = program.post("/retention/preview", json=days).json()
    answer = program.put("/retention", json=days)
    assert answer.status_code == 200, answer.text
    return said


@pytest.fixture
def visits(stores: Stores, made: NewProject, clock: Clock) -> list[Visit]:
    """Four visits with an event each, which came in 20, 14, 5 and 0 days ago."""
    found = []
    for days in (0, 6, 15, 20):
        clock.now = START + days * DAY
        visit = Visit(stores, made.project_id)
        visit.send(opening())
        track(stores, made.project_id, "View Item", at=days * DAY, insert_id=f"day {days}", distinct_id=f"p{days}")
        found.append(visit)
    return found


def test_a_change_deletes_what_its_preview_said(
    program: TestClient, visits: list[Visit], stores: Stores, settings: Settings, clock: Clock
) -> None:
    now = program.get("/retention").json()
    assert now == {
        "replay_days": 30,
        "event_days": None,
        "bookmark_days": None,
        "replays": {"count": 4, "oldest_at": "2026-11-22T10:00:00.000Z"},
        "events": {"count": 4, "oldest_at": "2026-11-22T10:00:00.000Z"},
    }
    said = keep(program, replay_days=14, event_days=10)
    # A replay expires when its days are over, to the millisecond.
    assert (said["replays_to_delete"], said["events_to_delete"]) == (2, 2)
    assert said["at"] == "2026-12-12T10:00:00.000Z"
    assert said["message"] == (
        "2 replays older than 14 days and 2 events that came in over 10 days ago will be deleted: unreadable as soon "
        "as this is confirmed, off the disk within the hour. They can't be brought back."
    )
    assert set(feed(program)) == {each.replay_id for each in visits[2:]}
    for gone in visits[:2]:
        for tail in ("", "/index", "/events"):
            answer = program.get(f"/replays/{gone.replay_id}{tail}")
            assert (answer.status_code, answer.json()["error"]["code"]) == (410, "replay_expired")
    after = program.get("/retention").json()
    assert (after["replay_days"], after["event_days"]) == (14, 10)
    assert (after["replays"]["count"], after["events"]["count"]) == (2, 2)
    (entry,) = program.get("/audit", params={"action": "retention.changed"}).json()["results"]
    assert entry["detail"]["from"] == {"replay_days": 30, "event_days": None, "bookmark_days": None}
    assert entry["text"].endswith(
        "changed how long data is kept (event days from none to 10, replay days from 30 to 14, events deleted 2, "
        "replays deleted 2)."
    )
    assert (entry["detail"]["replays_deleted"], entry["detail"]["events_deleted"]) == (2, 2)
    # What has expired does not come back, neither before nor after its bytes are gone.
    assert keep(program, replay_days=3_650, event_days=None)["message"] == "Nothing is deleted by this change."
    assert len(feed(program)) == 2
    assert removal.remove_expired(stores, clock.now) == 2
    assert program.get(f"/replays/{visits[0].replay_id}").json()["error"]["code"] == "replay_expired"
    clock.now += 3_000 * DAY
    assert len(feed(program)) == 2


def test_a_preview_changes_nothing(program: TestClient, visits: list[Visit]) -> None:
    said = program.post("/retention/preview", json={"replay_days": 1}).json()
    assert (said["replays_to_delete"], said["events_to_delete"]) == (3, 0)
    assert said["message"].startswith("3 replays older than 1 day will be deleted")
    assert len(feed(program)) == 4
    assert program.get("/retention").json()["replay_days"] == 30


def test_later_replays_expire_by_the_new_days(
    program: TestClient, stores: Stores, made: NewProject, clock: Clock
) -> None:
    keep(program, replay_days=2)
    visit = Visit(stores, made.project_id)
    visit.send(opening())
    accepted = clock.now
    clock.now = accepted + 2 * DAY - 1
    assert feed(program) == [visit.replay_id]
    clock.now += 1
    assert feed(program) == []
    assert program.get(f"/replays/{visit.replay_id}").status_code == 410


def test_expired_events_are_in_no_answer_from_that_second_on(
    program: TestClient, stores: Stores, made: NewProject, clock: Clock
) -> None:
    other = create_project(stores.control, "Other", 30)
    for project_id in (made.project_id, other.project_id):
        # It happened long before it came in: an import is kept for as long as what came in with it.
        track(stores, project_id, "Imported", at=-400 * DAY, insert_id="a", distinct_id="ada", properties={"k": "old"})
    came = clock.now
    clock.now = came + 3 * DAY
    track(stores, made.project_id, "Later", at=3 * DAY, insert_id="b", distinct_id="bob", properties={"k": "new"})
    keep(program, event_days=7)

    def names() -> set[str]:
        report = {
            "from": "2025-01-01",
            "to": "2026-12-31",
            "unit": "month",
            "metrics": [{"event": name, "measure": "total"} for name in ("Imported", "Later")],
        }
        found = {each["event"] for each in program.get("/events/names").json()["results"]}
        exported = {json.loads(line)["event"] for line in program.get("/export").text.splitlines()}
        series = program.post("/reports/insights", json=report).json()["series"]
        counted = {("Imported", "Later")[each["metric"]] for each in series if each["total"]}
        values = program.get("/events/values", params={"property": "k"}).json()["results"]
        valued = {{"old": "Imported", "new": "Later"}[each["value"]] for each in values}
        people = program.get("/people", params={"all": "true"}).json()["results"]
        listed = {{"ada": "Imported", "bob": "Later"}[each["distinct_id"]] for each in people}
        theirs = program.get("/people/ada/events")
        seen = {"Later"} if theirs.status_code == 404 or not theirs.json()["results"] else {"Later", "Imported"}
        assert [found] * 5 == [exported, counted, valued, listed, seen]
        return found

    clock.now = came + 7 * DAY - 1
    assert names() == {"Imported", "Later"}
    clock.now += 1
    assert names() == {"Later"}
    assert program.get("/retention").json()["events"]["count"] == 1

    def stored(project_id: str) -> list[str]:
        sql = "SELECT event FROM events WHERE project_id = {of:String} ORDER BY event"
        return [row["event"] for row in stores.analytics.query(sql, {"of": project_id})]

    assert stored(made.project_id) == ["Imported", "Later"]
    assert made.project_id in remove_expired_events(stores, clock.now)
    assert stored(made.project_id) == ["Later"]
    assert stored(other.project_id) == ["Imported"], "a project without days for events keeps them"
    assert remove_expired_events(stores, clock.now) == []
    # The store's own clean-up takes the parts that the deletion replaced within seconds of its own clock.
    old = "SELECT value FROM system.merge_tree_settings WHERE name = 'old_parts_lifetime'"
    assert stores.analytics.query(old)[0]["value"] == "0"


def test_a_bookmark_keeps_a_replay_longer_where_the_project_says_so(
    program: TestClient, stores: Stores, made: NewProject, clock: Clock
) -> None:
    marked, plain = Visit(stores, made.project_id), Visit(stores, made.project_id)
    for each in (marked, plain):
        each.send(opening())
    path = f"/replays/{marked.replay_id}/bookmark"
    made_it = program.put(path, json={"note": "the checkout\nfails here"})
    assert made_it.status_code == 200
    assert made_it.json()["note"] == "the checkout\nfails here"
    assert program.get(f"/replays/{marked.replay_id}").json()["bookmark"]["note"] == "the checkout\nfails here"
    assert program.get(f"/replays/{plain.replay_id}").json()["bookmark"] is None
    rows = {row["replay_id"]: row for row in program.get("/replays").json()["results"]}
    assert (rows[marked.replay_id]["bookmarked"], rows[plain.replay_id]["bookmarked"]) == (True, False)
    assert rows[marked.replay_id]["expires_at"] == rows[plain.replay_id]["expires_at"]
    assert feed(program, bookmarked=True) == [marked.replay_id]
    assert feed(program, bookmarked=False) == [plain.replay_id]

    keep(program, bookmark_days=100)
    rows = {row["replay_id"]: row["expires_at"] for row in program.get("/replays").json()["results"]}
    assert rows == {
        marked.replay_id: "2027-03-02T10:01:00.000Z",
        plain.replay_id: "2026-12-22T10:01:00.000Z",
    }
    clock.now = START + 60_000 + 40 * DAY
    assert feed(program) == [marked.replay_id]
    assert program.put(f"/replays/{plain.replay_id}/bookmark").status_code == 410, "it can't be brought back"
    assert program.post("/retention/preview", json={"bookmark_days": 39}).json()["replays_to_delete"] == 1
    assert program.put(path, json={"note": "other words"}).json()["note"] == "other words"
    assert program.delete(path).status_code == 204
    answer = program.get(f"/replays/{marked.replay_id}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "replay_expired")
    actions = [each["action"] for each in program.get("/audit").json()["results"]]
    assert actions == ["replay.bookmark_removed", "retention.changed", "replay.bookmarked", "project.created"]


def test_a_wrong_body_is_told(program: TestClient, stores: Stores, made: NewProject) -> None:
    for wrong in (
        {"replay_days": 0},
        {"replay_days": 3_651},
        {"replay_days": 10**30},
        {"replay_days": "30"},
        {"replay_days": None},
        {"replay_days": True},
        {"replay_days": 1.5},
        {"event_days": 0},
        {"event_days": -1},
        {"bookmark_days": 4_000},
        {"days": 3},
        [],
        None,
    ):
        for answer in (program.put("/retention", json=wrong), program.post("/retention/preview", json=wrong)):
            assert answer.status_code == 400, wrong
            assert answer.json()["error"]["message"]
    assert program.put("/retention", content=b"{").json()["error"]["code"] == "not_json"
    assert program.get("/retention").json()["replay_days"] == 30
    visit = Visit(stores, made.project_id)
    visit.send(opening())
    path = f"/replays/{visit.replay_id}/bookmark"
    for body in ({"note": 3}, {"note": "x" * 2_001}, {"note": "\x00"}, []):
        assert program.put(path, json=body).status_code == 400
    assert program.delete(path).status_code == 204, "there was none"
    assert program.put("/replays/00000000-0000-4000-8000-000000000000/bookmark").status_code == 404
