"""Sharing: secret links that anyone can follow, and replays shared with members who see no others."""

from __future__ import annotations

import json

import pytest
from house import logged_in, member
from starlette.testclient import TestClient
from visits import START, Clock, Visit, click, opening, set_profile, track

from playhead.accounts import NewProject, create_project
from playhead.api.app import create_api
from playhead.capture.limits import RateLimiter
from playhead.replays import removal, sealing
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.tables import ShareLink

WHO = "user-ada-77"


@pytest.fixture
def visit(stores: Stores, made: NewProject) -> Visit:
    visit = Visit(stores, made.project_id, distinct_id=WHO)
    visit.send([*opening(), click(2_000)])
    track(stores, made.project_id, "View Item", at=1_000, distinct_id=WHO, replay_id=visit.replay_id)
    set_profile(stores, made.project_id, WHO, **{"$name": "Ada Lovelace", "$email": "ada@shop.test"})
    return visit


@pytest.fixture
def somebody(settings: Settings, stores: Stores) -> TestClient:
    """A browser without a session."""
    return TestClient(create_api(settings, stores), base_url="http://127.0.0.1:8800")


def make(program: TestClient, visit: Visit, hours: int = 24) -> tuple[str, str]:
    """A link's id, and the path of its API."""
    made = program.post(f"/replays/{visit.replay_id}/links", json={"expires_hours": hours})
    assert made.status_code == 201
    link = made.json()
    assert link["url"].startswith("http://127.0.0.1:8800/shared/")
    return link["link_id"], f"/api/shared/{link['url'].rpartition('/')[2]}"


def test_whoever_has_the_link_watches_and_learns_nothing_of_the_person(
    program: TestClient, somebody: TestClient, visit: Visit, stores: Stores, settings: Settings, clock: Clock
) -> None:
    _, path = make(program, visit)
    clock.now += 3_600_000
    assert sealing.seal_due(stores, settings, clock.now) == 1
    row = somebody.get(path)
    assert row.status_code == 200
    assert row.headers["cache-control"] == "no-store"
    found = row.json()
    assert (found["replay_id"], found["status"], found["click_count"]) == (visit.replay_id, "ready", 1)
    assert [each["kind"] for each in found["markers"]] == ["page", "event", "click"]
    assert found["link_expires_at"] == "2026-11-23T10:01:00.000Z"
    assert found["replay_origin"] == "http://localhost:8800"
    index = somebody.get(path + "/index").json()
    frame = somebody.get(f"{path}/frames/{index['generation']}/0")
    assert frame.headers["cache-control"] == "no-store"
    assert len(frame.text.splitlines()) == 4
    events = somebody.get(path + "/events", params={"from": START + 1_500}).text
    assert [json.loads(line)["timestamp"] - START for line in events.splitlines()] == [0, 1, 1, 2_000]
    for answer in (row, somebody.get(path + "/index")):
        for word in (WHO, "Ada", "ada@", "person", "distinct_id"):
            assert word not in answer.text
    (watched,) = program.get("/audit", params={"action": "replay.watched"}).json()["results"]
    assert watched["actor"]["kind"] == "link"


def test_links_are_listed_counted_and_taken_back(
    program: TestClient, somebody: TestClient, visit: Visit, stores: Stores, made: NewProject, clock: Clock
) -> None:
    first, path = make(program, visit)
    clock.now += 1
    second, _ = make(program, visit, 2)
    for _ in range(3):
        assert somebody.get(path).status_code == 200
    links = f"/replays/{visit.replay_id}/links"
    listed = program.get(links).json()["results"]
    assert [(each["link_id"], each["opened"]) for each in listed] == [(second, 0), (first, 3)]
    assert path.rpartition("/")[2] not in json.dumps(listed)
    with stores.control.read() as session:
        assert path.rpartition("/")[2] not in {row.link_hash for row in session.query(ShareLink)}
    assert program.delete(f"{links}/{first}").status_code == 204
    assert program.delete(f"{links}/{first}").status_code == 404
    clock.now += 2 * 3_600_000
    assert program.get(links).json()["results"] == []
    for tail in ("", "/index", "/events", "/frames/1/0"):
        answer = somebody.get(path + tail)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "link_not_found")
    actions = [each["action"] for each in program.get("/audit").json()["results"]]
    assert actions == ["replay.share_revoked", "replay.shared", "replay.shared", "project.created"]


def test_a_link_leads_nowhere_once_it_or_its_replay_is_gone(
    program: TestClient, somebody: TestClient, visit: Visit, stores: Stores, made: NewProject, clock: Clock
) -> None:
    other = Visit(stores, made.project_id)
    other.send(opening())
    _, short = make(program, visit, 1)
    _, long = make(program, visit, 24 * 365)
    _, deleted = make(program, other)
    said = {somebody.get("/api/shared/never-was").text}
    clock.now += 3_600_000 - 1
    assert somebody.get(short).status_code == 200
    clock.now += 1
    said.add(somebody.get(short).text)
    assert program.delete(f"/replays/{other.replay_id}").status_code == 204
    said.add(somebody.get(deleted).text)
    assert somebody.get(long).status_code == 200
    clock.now = START + 60_000 + 30 * 86_400_000
    said.add(somebody.get(long).text)
    assert len(said) == 1, "the answer tells no more than that it leads nowhere"
    removal.remove_expired(stores, clock.now)
    with stores.control.read() as session:
        left = session.query(ShareLink).filter_by(project_id=made.project_id, replay_id=visit.replay_id).count()
    assert left == 0


def test_links_may_be_followed_as_often_as_the_project_may_send(
    program: TestClient, settings: Settings, stores: Stores, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, path = make(program, visit)
    # All in one moment, however long a busy machine takes for them.
    monkeypatch.setattr(RateLimiter.__init__, "__defaults__", (lambda: 0.0,))
    slow = settings.model_copy(update={"rate_limit_per_second": 1})
    browser = TestClient(create_api(slow, stores), base_url="http://127.0.0.1:8800")
    statuses = [browser.get(path + "/index").status_code for _ in range(12)]
    assert statuses[:10] == [200] * 10
    assert 429 in statuses
    assert "retry-after" in {name for answer in [browser.get(path)] for name in answer.headers}


def test_a_viewer_sees_what_was_shared_with_them_and_nothing_else(
    anyone: TestClient, program: TestClient, stores: Stores, made: NewProject, visit: Visit
) -> None:
    hidden = Visit(stores, made.project_id)
    hidden.send(opening())
    member(stores, "Ann", {made.project_id: "analyst"})
    viewer = logged_in(stores, member(stores, "Vera", {made.project_id: "viewer"}))
    members = f"/replays/{visit.replay_id}/members"
    assert program.get(members).json()["results"] == [
        {"member_id": "Ann", "name": "Ann", "email": "Ann@team.test", "role": "analyst", "shared": False},
        {"member_id": "Vera", "name": "Vera", "email": "Vera@team.test", "role": "viewer", "shared": False},
    ]
    for _ in range(2):
        assert program.put(f"{members}/Vera").status_code == 204
    assert [each["shared"] for each in program.get(members).json()["results"]] == [False, True]
    key = program.headers.pop("Authorization")
    base = f"http://127.0.0.1:8800/api/projects/{made.project_id}/replays"
    assert [row["replay_id"] for row in viewer(anyone, "GET", base).json()["results"]] == [visit.replay_id]
    assert viewer(anyone, "GET", f"{base}/{visit.replay_id}/index").status_code == 200
    assert viewer(anyone, "GET", f"{base}/{hidden.replay_id}").status_code == 404
    assert viewer(anyone, "POST", f"{base}/{visit.replay_id}/links", {}).status_code == 403
    program.headers["Authorization"] = key
    assert program.delete(f"{members}/Vera").status_code == 204
    assert program.delete(f"{members}/Vera").status_code == 404
    del program.headers["Authorization"]
    assert viewer(anyone, "GET", f"{base}/{visit.replay_id}").status_code == 404
    program.headers["Authorization"] = key
    actions = [each["action"] for each in program.get("/audit").json()["results"]]
    assert actions == ["replay.share_revoked", "replay.watched", "replay.shared", "project.created"]


def test_what_is_wrong_is_told(program: TestClient, stores: Stores, made: NewProject, visit: Visit) -> None:
    links = f"/replays/{visit.replay_id}/links"
    for body in ({"expires_hours": 0}, {"expires_hours": 10**9}, {"expires_hours": "1"}, {"expires_hours": 1.5}, []):
        assert program.post(links, json=body).status_code == 400
    other = create_project(stores.control, "Other", 30)
    member(stores, "Stranger", {other.project_id: "viewer"})
    for who in ("Stranger", "nobody"):
        answer = program.put(f"/replays/{visit.replay_id}/members/{who}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "member_not_found")
    theirs = Visit(stores, other.project_id)
    theirs.send(opening())
    assert program.post(f"/replays/{theirs.replay_id}/links", json={}).status_code == 404
