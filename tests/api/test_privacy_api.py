"""The API of privacy rules: made, tried on a real replay, applied backwards, deleted."""

from __future__ import annotations

import json

import pytest
from starlette.testclient import TestClient
from visits import START, Clock, Visit, meta

from playhead.accounts import NewProject, create_project
from playhead.replays import backwards, sealing
from playhead.settings import Settings
from playhead.stores import Stores

CANARY = "canary@leak.test"
EMAIL = r"[\w.+-]+@[\w-]+\.[\w.]+"


@pytest.fixture
def visit(stores: Stores, made: NewProject) -> Visit:
    section = {
        "type": 2,
        "tagName": "section",
        "id": 4,
        "attributes": {"class": "card", "title": CANARY},
        "childNodes": [{"type": 3, "id": 5, "textContent": CANARY}],
    }
    root = {
        "type": 0,
        "id": 1,
        "childNodes": [{"type": 2, "tagName": "html", "id": 2, "attributes": {}, "childNodes": [section]}],
    }
    visit = Visit(stores, made.project_id)
    change = {"type": 3, "timestamp": START + 9, "data": {"source": 0, "texts": [{"id": 5, "value": "word"}]}}
    visit.send(
        [meta(0, f"https://shop.test/?m={CANARY}"), {"type": 2, "timestamp": START + 1, "data": {"node": root}}, change]
    )
    return visit


def test_rules_are_made_listed_and_deleted(program: TestClient, clock: Clock) -> None:
    assert program.get("/privacy/rules").json() == {"results": [], "version": "", "next_cursor": None}
    made = program.post("/privacy/rules", json={"kind": "mask", "expression": ".name", "note": "names of customers"})
    assert made.status_code == 201
    rule = made.json()
    assert (rule["kind"], rule["expression"], rule["note"], rule["created_by"]) == (
        "mask",
        ".name",
        "names of customers",
        "First key",
    )
    first = program.get("/privacy/rules").json()
    assert first["results"] == [rule]
    assert len(first["version"]) == 16
    clock.now += 1
    program.post("/privacy/rules", json={"kind": "pattern", "expression": EMAIL})
    assert program.get("/privacy/rules").json()["version"] == first["version"], "patterns are no business of SDKs"
    clock.now += 1
    program.post("/privacy/rules", json={"kind": "block", "expression": "img"})
    assert program.get("/privacy/rules").json()["version"] != first["version"]
    assert program.delete(f"/privacy/rules/{rule['rule_id']}").status_code == 204
    assert program.delete(f"/privacy/rules/{rule['rule_id']}").status_code == 404
    assert [each["kind"] for each in program.get("/privacy/rules").json()["results"]] == ["pattern", "block"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"kind": "mask"}, "kind"),
        ({"kind": "text", "expression": "a"}, "kind"),
        ({"kind": "mask", "expression": "a:hover"}, "can't be decided"),
        ({"kind": "block", "expression": "(("}, "can't be read"),
        ({"kind": "pattern", "expression": "(?=a)"}, "RE2"),
        ({"kind": "pattern", "expression": "a\x00"}, "one line"),
        ({"kind": "mask", "expression": "a", "note": "\ud800"}, "one line"),
    ],
)
def test_what_is_wrong_with_a_rule_is_said(program: TestClient, body: dict[str, str], says: str) -> None:
    answer = program.post("/privacy/rules", content=json.dumps(body), headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert says in answer.json()["error"]["message"]


def test_there_is_a_limit_to_rules(program: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playhead.governance.rules.MAX_RULES", 2)
    answers = [program.post("/privacy/rules", json={"kind": "mask", "expression": f".a{n}"}) for n in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 400]
    assert answers[2].json()["error"]["code"] == "too_many_rules"


def test_rules_are_the_projects_own(
    program: TestClient, stores: Stores, dashboard: TestClient, made: NewProject
) -> None:
    other = create_project(stores.control, "Other", 30)
    rule = program.post("/privacy/rules", json={"kind": "mask", "expression": ".a"}).json()
    theirs = {"Authorization": f"Bearer {other.api_key}"}
    assert program.get("/privacy/rules", headers=theirs).status_code == 404
    assert program.delete(f"/privacy/rules/{rule['rule_id']}", headers=theirs).status_code == 404
    path = f"/api/projects/{made.project_id}/privacy/rules"
    assert dashboard.get(path).json()["results"] == [rule]
    assert dashboard.post(path, json={"kind": "mask", "expression": ".b"}).json()["error"]["code"] == "csrf"


def test_a_preview_shows_what_would_change_and_stores_nothing(program: TestClient, visit: Visit) -> None:
    rules = {"rules": [{"kind": "pattern", "expression": EMAIL}, {"kind": "mask", "expression": ".card"}]}
    shown = program.post(f"/replays/{visit.replay_id}/preview", json=rules).json()
    assert shown["changed_events"] == 3
    assert shown["matches"] == 4
    assert [(s["at_ms"] - START, s["where"], s["before"], s["after"]) for s in shown["samples"]] == [
        (0, "url", f"https://shop.test/?m={CANARY}", "https://shop.test/?m=" + "*" * 16),
        (1, "attribute title", CANARY, "*" * 16),
        (1, "text", CANARY, "*" * 16),
        (9, "text", "word", "****"),
    ]
    played = program.post(shown["events"].replace(str(program.base_url.path).rstrip("/"), ""), json=rules)
    assert played.headers["content-type"].startswith("application/x-ndjson")
    assert len(played.text.splitlines()) == 3
    assert CANARY not in played.text
    some = program.post(f"/replays/{visit.replay_id}/preview/events?from={START + 1}&to={START + 8}", json=rules)
    assert [json.loads(line)["timestamp"] for line in some.text.splitlines()] == [START + 1]
    assert CANARY in program.get(f"/replays/{visit.replay_id}/events").text
    assert program.get("/privacy/rules").json()["results"] == []


def test_a_preview_of_a_blocked_element(program: TestClient, visit: Visit) -> None:
    rules = {"rules": [{"kind": "block", "expression": ".card"}]}
    shown = program.post(f"/replays/{visit.replay_id}/preview", json=rules).json()
    assert [(s["where"], s["before"], s["after"]) for s in shown["samples"]] == [
        ("element", "<section> with 1 nodes in it", "an empty box"),
        ("text", "word", "taken out"),
    ]
    assert shown["matches"] == 1
    nothing = program.post(f"/replays/{visit.replay_id}/preview", json={"rules": []}).json()
    assert (nothing["changed_events"], nothing["samples"]) == (0, [])
    for wrong in ({}, {"rules": [{"kind": "block"}]}, {"rules": [{"kind": "block", "expression": "a:hover"}]}):
        assert program.post(f"/replays/{visit.replay_id}/preview/events", json=wrong).status_code == 400


def test_a_replay_that_must_be_masked_answers_409(
    program: TestClient, visit: Visit, settings: Settings, stores: Stores, clock: Clock
) -> None:
    program.post("/privacy/rules", json={"kind": "mask", "expression": ".card"})
    late = {"type": 3, "timestamp": START + 20, "data": {"source": 0, "texts": [{"id": 5, "value": CANARY}]}}
    visit.send([late], seq=3, owed="v1")
    one = f"/replays/{visit.replay_id}"
    for path in (f"{one}/events", f"{one}/index", f"{one}/frames/1/0"):
        answer = program.get(path)
        assert answer.status_code == 409
        assert answer.json()["error"]["code"] == "replay_masking"
    assert program.post(f"{one}/preview", json={"rules": []}).status_code == 409
    assert program.get("/replays").json()["results"][0]["status"] == "masking"
    assert program.get(one).json()["status"] == "masking"
    clock.now += sealing.MASK_QUIET_MS
    sealing.seal_due(stores, settings, clock.now)
    found = program.get(one).json()
    assert found["status"] == "ready"
    assert len(found["privacy"]["rules"]) == 1
    assert CANARY not in program.get(f"{one}/events").text.split("\n", 1)[1]


def test_a_job_is_followed_to_its_end(
    program: TestClient, visit: Visit, settings: Settings, stores: Stores, clock: Clock
) -> None:
    program.post("/privacy/rules", json={"kind": "pattern", "expression": EMAIL})
    made = program.post("/privacy/jobs")
    assert made.status_code == 202
    job = made.json()
    assert (job["state"], job["started_at"], job["error"]) == ("waiting", None, None)
    assert any("Backups" in each for each in job["not_reached"])
    assert program.post("/privacy/jobs").status_code == 409
    clock.now += backwards.START_AFTER_MS
    sealing.run_jobs(stores, settings, lambda: False)
    done = program.get(f"/privacy/jobs/{job['job_id']}").json()
    assert (done["state"], done["total"], done["done"], done["changed"]) == ("done", 1, 1, 1)
    assert program.get("/privacy/jobs").json()["results"] == [done]
    assert program.delete(f"/privacy/jobs/{job['job_id']}").status_code == 409
    assert CANARY not in program.get(f"/replays/{visit.replay_id}/events").text
    assert program.get("/privacy/jobs/none").status_code == 404
    waiting = program.post("/privacy/jobs").json()
    assert program.delete(f"/privacy/jobs/{waiting['job_id']}").status_code == 204
    assert program.get(f"/privacy/jobs/{waiting['job_id']}").json()["state"] == "cancelled"
