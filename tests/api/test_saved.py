"""Saved reports, playlists and boards: what members keep, and only in their project."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient
from visits import Clock

from playhead import saved
from playhead.accounts import NewProject, create_project
from playhead.stores import Stores

REPORT = {"kind": "funnel", "name": "To the till", "search": "steps=%5B%22Look%22%5D"}


def save(program: TestClient, **more: Any) -> dict[str, Any]:
    answer = program.post("/saved-reports", json={**REPORT, **more})
    assert answer.status_code == 201, answer.text
    report: dict[str, Any] = answer.json()
    return report


def test_a_report_is_saved_changed_and_deleted(program: TestClient, clock: Clock) -> None:
    made = save(program, description="Where they stop.")
    assert made == {
        **REPORT,
        "report_id": made["report_id"],
        "description": "Where they stop.",
        "created_at": "2026-11-22T10:01:00.000Z",
        "updated_at": "2026-11-22T10:01:00.000Z",
        "created_by": "API key",
    }
    at = f"/saved-reports/{made['report_id']}"
    clock.now += 1_000
    changed = program.patch(at, json={"name": " To the till, phones ", "search": "?steps=1"}).json()
    assert (changed["name"], changed["search"], changed["description"]) == (
        "To the till, phones",
        "steps=1",
        "Where they stop.",
    )
    assert changed["updated_at"] == "2026-11-22T10:01:01.000Z"
    assert program.get(at).json() == changed
    assert program.delete(at).status_code == 204
    assert [program.get(at).status_code, program.delete(at).status_code] == [404, 404]


def test_playlists_are_saved_filters_of_the_feed(program: TestClient, clock: Clock) -> None:
    funnel = save(program)
    clock.now += 1_000
    playlist = save(program, kind="replays", name="Rage clicks", search="has_rage_click=true")
    assert program.get("/saved-reports").json() == {"results": [playlist, funnel], "next_cursor": None, "total": 2}
    assert program.get("/saved-reports", params={"kind": "replays"}).json()["results"] == [playlist]
    page = program.get("/saved-reports", params={"limit": 1}).json()
    assert page["next_cursor"] == "1"
    assert program.get("/saved-reports", params={"cursor": "1"}).json()["results"] == [funnel]
    assert program.get("/saved-reports", params={"kind": "cohort"}).status_code == 400


def test_who_made_it_is_shown(dashboard: TestClient, made: NewProject) -> None:
    token = dashboard.get("/api/session").json()["csrf_token"]
    path = f"/api/projects/{made.project_id}/boards"
    assert dashboard.post(path, json={"name": "Shop"}).status_code == 403
    answer = dashboard.post(path, json={"name": "Shop"}, headers={"X-Playhead-CSRF": token})
    assert answer.json()["created_by"] == "Owner"


def test_a_board_holds_cards_of_reports_and_notes(program: TestClient) -> None:
    report = save(program)
    cards = [{"report_id": report["report_id"], "width": 2}, {"text": "**Read** from left to right."}]
    board = program.post("/boards", json={"name": "Shop", "cards": cards}).json()
    first, second = board["cards"]
    assert (first["report_id"], first["text"], first["width"]) == (report["report_id"], None, 2)
    assert (second["report_id"], second["text"], second["width"]) == (None, "**Read** from left to right.", 1)
    assert first["card_id"] != second["card_id"]
    at = f"/boards/{board['board_id']}"
    turned = program.patch(at, json={"cards": [second, first], "description": "How it goes."}).json()
    assert (turned["cards"], turned["name"], turned["description"]) == ([second, first], "Shop", "How it goes.")
    assert program.get(at).json() == turned
    assert program.get("/boards").json()["results"] == [turned]
    assert program.delete(f"/saved-reports/{report['report_id']}").status_code == 204
    assert program.get(at).json()["cards"] == [second]
    assert program.delete(at).status_code == 204
    assert program.get("/boards").json() == {"results": [], "next_cursor": None, "total": 0}


def test_another_projects_things_are_not_there(program: TestClient, stores: Stores) -> None:
    other = create_project(stores.control, "Other", 30)
    report = save(program)
    board = program.post("/boards", json={"name": "Shop"}).json()
    key = {"Authorization": f"Bearer {other.api_key}"}
    theirs = f"http://127.0.0.1:8800/api/projects/{other.project_id}"
    for path in (f"/saved-reports/{report['report_id']}", f"/boards/{board['board_id']}"):
        for method in ("GET", "PATCH", "DELETE"):
            answer = program.request(method, theirs + path, json={} if method == "PATCH" else None, headers=key)
            assert answer.status_code == 404
        assert program.get(path, headers=key).status_code == 404
        assert program.get(path).status_code == 200
    card = {"name": "Theirs", "cards": [{"report_id": report["report_id"]}]}
    answer = program.post(f"{theirs}/boards", json=card, headers=key)
    assert answer.status_code == 400
    assert "`cards[0].report_id` names no saved report" in answer.json()["error"]["message"]


def test_there_are_limits(program: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved, "MAX_REPORTS", 1)
    monkeypatch.setattr(saved, "MAX_BOARDS", 1)
    save(program)
    program.post("/boards", json={"name": "One"})
    for path, body in (("/saved-reports", REPORT), ("/boards", {"name": "Two"})):
        answer = program.post(path, json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "too_many")


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/saved-reports", {**REPORT, "name": "  "}, "`name` must be one line of 1 to 200"),
        ("/saved-reports", {**REPORT, "name": "a\nb"}, "`name` must be one line"),
        ("/saved-reports", {**REPORT, "name": "a\0b"}, "`name` must be one line"),
        ("/saved-reports", {**REPORT, "kind": "cohort"}, "`kind`"),
        ("/saved-reports", {**REPORT, "search": "x" * 20_001}, "`search` must be a query string of at most 20000"),
        ("/saved-reports", {"kind": "flows", "name": "A"}, "`search` is missing"),
        ("/saved-reports", {**REPORT, "owner": "me"}, "unknown field `owner`"),
        ("/boards", {"name": "A", "cards": [{}]}, "`cards[0]` must have a report or a text"),
        ("/boards", {"name": "A", "cards": [{"text": "a", "width": 4}]}, "`cards[0].width`"),
        (
            "/boards",
            {"name": "A", "cards": [{"text": "a", "card_id": "c"}] * 2},
            "`cards[1].card_id` is another card's",
        ),
        ("/boards", {"name": "A", "cards": [{"text": "a"}] * 101}, "`cards` must be at most 100"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(program: TestClient, path: str, body: dict[str, Any], said: str) -> None:
    answer = program.post(path, json=body)
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]
