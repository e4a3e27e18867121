"""View Users and View Events: who is behind a point of a report, and which events, each with its place in a replay."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient
from visits import Visit, click, opening, set_profile, track

from playhead.accounts import NewProject
from playhead.stores import Stores

DAY = "2026-11-22"
RANGE: dict[str, Any] = {"from": DAY, "to": DAY}
BUY = {**RANGE, "metrics": [{"event": "Buy"}]}
STEPS = {**RANGE, "steps": [{"event": "Look"}, {"event": "Buy"}]}


def pages(program: TestClient, path: str, body: dict[str, Any], limit: int) -> list[dict[str, Any]]:
    """All results, page by page."""
    found: list[dict[str, Any]] = []
    cursor = "0"
    while cursor is not None:
        answer = program.post(path, json=body, params={"limit": limit, "cursor": cursor})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["results"]
        cursor = page["next_cursor"]
        assert len(page["results"]) == limit or cursor is None
    assert len(found) == page["total"]
    return found


def test_the_people_behind_a_point(program: TestClient, stores: Stores, made: NewProject) -> None:
    set_profile(stores, made.project_id, "u1", **{"$name": "Ada", "$email": "ada@shop.test", "$avatar": "/ada.png"})
    track(stores, made.project_id, "Log in", distinct_id="u1", device_id="d1", user_id="u1")
    for n, who in enumerate(("$device:d1", "u2", "u1", "")):
        track(stores, made.project_id, "Buy", at=n * 1_000, distinct_id=who, insert_id=f"i{n}")
    answer = program.post("/reports/insights/people", json=BUY).json()
    assert answer == {
        "results": [
            {"distinct_id": "u1", "name": "Ada", "email": "ada@shop.test", "avatar": "/ada.png", "count": 2, "last_at": f"{DAY}T10:00:02.000Z"},
            {"distinct_id": "u2", "name": None, "email": None, "avatar": None, "count": 1, "last_at": f"{DAY}T10:00:01.000Z"},
        ],
        "next_cursor": None,
        "total": 2,
    }  # fmt: skip
    assert pages(program, "/reports/insights/people", BUY, 1) == answer["results"]


def test_the_events_behind_a_point_as_they_were_sent(program: TestClient, stores: Stores, made: NewProject) -> None:
    visit = Visit(stores, made.project_id, distinct_id="u1")
    visit.send([*opening(), click(60_000)])
    set_profile(stores, made.project_id, "u1", **{"$name": "Ada"})
    sent = {"price": 12.50, "tags": ["a", {"b": None}], "q": "x'\"\\"}
    track(stores, made.project_id, "Buy", at=5_000, distinct_id="u1", insert_id="named", replay_id=visit.replay_id, properties=sent)  # fmt: skip
    track(stores, made.project_id, "Buy", at=40_000, distinct_id="u1", insert_id="backend")
    track(stores, made.project_id, "Buy", at=7_200_000, distinct_id="u1", insert_id="later")
    answer = program.post("/reports/insights/events", json=BUY).json()
    assert [(row["insert_id"], row["replay_id"], row["at_ms"]) for row in answer["results"]] == [
        ("later", None, None),
        ("backend", visit.replay_id, 1_795_341_640_000),
        ("named", visit.replay_id, 1_795_341_605_000),
    ]
    assert answer["results"][2] == {
        "event": "Buy",
        "time": f"{DAY}T10:00:05.000Z",
        "distinct_id": "u1",
        "person": {"distinct_id": "u1", "name": "Ada", "email": None, "avatar": None},
        "insert_id": "named",
        "properties": {**sent, "distinct_id": "u1"},
        "replay_id": visit.replay_id,
        "at_ms": 1_795_341_605_000,
    }
    assert (answer["total"], answer["next_cursor"]) == (3, None)


def test_pages_hold_each_event_once_also_in_one_millisecond(
    program: TestClient, stores: Stores, made: NewProject
) -> None:
    for n in range(7):
        for _ in range(2):  # an SDK that sends again
            track(stores, made.project_id, "Buy", distinct_id=f"u{n % 2}", insert_id=f"i{n}", properties={"kind": ["mug", "red"]})  # fmt: skip
    body = {**BUY, "breakdown": {"property": "kind", "limit": 5}}
    found = pages(program, "/reports/insights/events", body, 2)
    assert sorted(row["insert_id"] for row in found) == [f"i{n}" for n in range(7)]
    assert pages(program, "/reports/insights/events", {**body, "point": {"segment": "mug"}}, 3) == found


def test_both_parts_of_a_funnels_step(program: TestClient, stores: Stores, made: NewProject) -> None:
    for who in ("u1", "u2", "u3"):
        track(stores, made.project_id, "Look", at=3_000, distinct_id=who, insert_id=f"look-{who}")
    track(stores, made.project_id, "Buy", at=30_000, distinct_id="u1", insert_id="buy-u1")
    for outcome, people, events in (
        ("converted", ["u1"], ["buy-u1"]),
        ("dropped", ["u2", "u3"], ["look-u2", "look-u3"]),
    ):
        body = {**STEPS, "point": {"step": 2, "outcome": outcome}}
        assert [row["distinct_id"] for row in pages(program, "/reports/funnel/people", body, 1)] == people
        assert [row["insert_id"] for row in pages(program, "/reports/funnel/events", body, 1)] == events


def test_a_deleted_replay_is_no_place_to_go(program: TestClient, stores: Stores, made: NewProject) -> None:
    visit = Visit(stores, made.project_id, distinct_id="u1")
    visit.send(opening())
    track(stores, made.project_id, "Buy", at=1_000, distinct_id="u1", replay_id=visit.replay_id)
    assert program.delete(f"/replays/{visit.replay_id}").status_code == 204
    (row,) = program.post("/reports/insights/events", json=BUY).json()["results"]
    assert (row["replay_id"], row["at_ms"]) == (None, None)


@pytest.mark.parametrize("kind", ["insights", "funnel"])
@pytest.mark.parametrize("what", ["replays", "people", "events"])
def test_there_is_nothing_behind_a_point_of_nothing(program: TestClient, kind: str, what: str) -> None:
    answer = program.post(f"/reports/{kind}/{what}", json=BUY if kind == "insights" else STEPS).json()
    assert (answer["results"], answer["next_cursor"], answer["total"]) == ([], None, 0)
    past = {"cursor": "5", "limit": 200}
    assert program.post(f"/reports/{kind}/{what}", json=BUY if kind == "insights" else STEPS, params=past).is_success


@pytest.mark.parametrize("params", [{"limit": 201}, {"limit": 0}, {"cursor": "-1"}, {"cursor": "abc"}])
def test_a_page_that_there_is_not(program: TestClient, params: dict[str, Any]) -> None:
    assert program.post("/reports/insights/people", json=BUY, params=params).status_code == 400
