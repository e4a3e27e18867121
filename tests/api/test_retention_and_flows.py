"""Retention and flows over HTTP: whole answers that can be checked by eye, and what is wrong with a body."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from starlette.testclient import TestClient
from visits import START, Clock, Visit, click, opening, set_profile, track

from playhead.accounts import NewProject
from playhead.stores import Stores

# START is 10:00 UTC of this day, a Sunday.
DAY = "2026-11-22"
DAY_MS = 86_400_000
RANGE: dict[str, Any] = {"from": DAY, "to": "2026-11-23"}
COHORTS = {**RANGE, "first": {"event": "Sign up"}, "return": {"event": None}, "periods": 2}
WAYS = {**RANGE, "start": {"event": "Look"}, "steps": 2}


def told(stores: Stores, made: NewProject, history: Sequence[tuple[str, str, int]], **properties: Any) -> None:
    """(event, who, when in ms after START); the event's insert_id says all three."""
    for event, who, at in history:
        track(stores, made.project_id, event, at=at, distinct_id=who, insert_id=f"{event} {who} {at}", properties=properties)  # fmt: skip


def table(answer: dict[str, Any], segment: int = 0) -> list[tuple[str, int, list[tuple[int, bool] | None]]]:
    return [
        (row["t"], row["size"], [cell and (cell["count"], cell["partial"]) for cell in row["periods"]])
        for row in answer["segments"][segment]["cohorts"]
    ]


def who_is(program: TestClient, kind: str, body: dict[str, Any], point: dict[str, Any]) -> list[str]:
    answer = program.post(f"/reports/{kind}/people", json={**body, "point": point}).json()
    return sorted(row["distinct_id"] for row in answer["results"])


@pytest.fixture
def signed_up(stores: Stores, made: NewProject, clock: Clock) -> None:
    told(
        stores,
        made,
        [
            ("Sign up", "u1", 0), ("Look", "u1", 0), ("Look", "u1", DAY_MS), ("Look", "u1", 2 * DAY_MS),
            ("Sign up", "u2", 0), ("Look", "u2", 60_000), ("Look", "u2", 2 * DAY_MS),
            ("Sign up", "u3", DAY_MS), ("Sign up", "u3", DAY_MS + 1), ("Look", "u3", 3 * DAY_MS),
        ],
    )  # fmt: skip
    clock.now = START + 2 * DAY_MS + 1  # 24 November, 10:00


def test_who_came_back(program: TestClient, signed_up: None) -> None:
    answer = program.post("/reports/retention", json=COHORTS).json()
    assert table(answer) == [
        ("2026-11-22T00:00:00Z", 2, [(1, False), (1, False), (2, True)]),
        ("2026-11-23T00:00:00Z", 1, [(1, False), (0, True), None]),
    ]
    assert answer["segments"][0]["cohorts"][0]["periods"][1] == {"count": 1, "rate": 0.5, "partial": False}
    assert answer["segments"][0]["average"] == [
        {"count": 2, "size": 3, "rate": 2 / 3},
        {"count": 1, "size": 2, "rate": 0.5},
        None,
    ], "a period that is not over is in no average"
    later = program.post("/reports/retention", json={**COHORTS, "criterion": "on_or_after"}).json()
    assert table(later)[0][2] == [(2, False), (2, False), (2, True)]


def test_who_is_behind_a_cell_and_who_is_not(program: TestClient, signed_up: None) -> None:
    first, second = "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"
    for point, people in (
        ({"cohort": first}, ["u1", "u2"]),
        ({"cohort": first, "period": 1, "outcome": "returned"}, ["u1"]),
        ({"cohort": first, "period": 1, "outcome": "lost"}, ["u2"]),
        ({"cohort": first, "outcome": "returned"}, ["u1", "u2"]),
        ({"cohort": second, "period": 2, "outcome": "lost"}, []),
        ({"period": 1, "outcome": "lost"}, ["u2"]),
        ({"period": 0}, ["u1", "u2", "u3"]),
        ({}, ["u1", "u2", "u3"]),
    ):
        assert who_is(program, "retention", COHORTS, point) == people, point
    returned = {**COHORTS, "point": {"cohort": first, "period": 2, "outcome": "returned"}}
    assert [row["insert_id"] for row in program.post("/reports/retention/events", json=returned).json()["results"]] == [
        f"Look u1 {2 * DAY_MS}",
        f"Look u2 {2 * DAY_MS}",
    ]
    lost = {**COHORTS, "point": {"cohort": first, "period": 1, "outcome": "lost"}}
    assert [row["insert_id"] for row in program.post("/reports/retention/events", json=lost).json()["results"]] == [
        "Sign up u2 0"
    ]


def test_whoever_is_in_two_of_the_rest_is_one_person(program: TestClient, stores: Stores, made: NewProject) -> None:
    told(stores, made, [("Sign up", "u1", 0)], kind=["mug", "vase"])
    told(stores, made, [("Sign up", "u2", 0), ("Sign up", "u3", 0)], kind="lamp")
    body = {**COHORTS, "breakdown": {"property": "kind", "limit": 1}}
    report = program.post("/reports/retention", json=body).json()
    assert [(one["segment"], one["other"], one["cohorts"][0]["size"]) for one in report["segments"]] == [
        ("lamp", False, 2),
        ("$other", True, 1),
    ]
    assert who_is(program, "retention", body, {"segment": "$other"}) == ["u1"]
    set_profile(stores, made.project_id, "u3", plan="pro")
    of_profile = {**COHORTS, "breakdown": {"property": "plan", "of": "profile"}}
    report = program.post("/reports/retention", json=of_profile).json()
    assert [(one["segment"], one["cohorts"][0]["size"]) for one in report["segments"]] == [("(not set)", 2), ("pro", 1)]


def test_weeks_and_months_of_the_calendar(program: TestClient, stores: Stores, made: NewProject, clock: Clock) -> None:
    told(stores, made, [("Sign up", "u1", 0), ("Look", "u1", DAY_MS), ("Look", "u1", 9 * DAY_MS)])
    clock.now = START + 60 * DAY_MS
    weeks = program.post("/reports/retention", json={**COHORTS, "unit": "week"}).json()
    assert table(weeks)[0] == ("2026-11-16T00:00:00Z", 1, [(0, False), (1, False), (1, False)])
    months = program.post("/reports/retention", json={**COHORTS, "unit": "month", "timezone": "Asia/Tokyo"}).json()
    assert table(months) == [("2026-11-01T00:00:00+09:00", 1, [(1, False), (1, False), (0, True)])]


def test_the_replays_of_who_came_back(program: TestClient, stores: Stores, made: NewProject, clock: Clock) -> None:
    clock.now = START + DAY_MS + 60_000
    visit = Visit(stores, made.project_id, distinct_id="u1")
    visit.send([*opening(DAY_MS), click(DAY_MS + 60_000)])
    told(stores, made, [("Sign up", "u1", 0), ("Look", "u1", DAY_MS + 5_000)])
    point = {"cohort": "2026-11-22T00:00:00Z", "period": 1, "outcome": "returned"}
    answer = program.post("/reports/retention/replays", json={**COHORTS, "point": point}).json()
    assert [(row["replay_id"], row["at_ms"]) for row in answer["results"]] == [
        (visit.replay_id, START + DAY_MS + 5_000)
    ]


@pytest.fixture
def looked(stores: Stores, made: NewProject) -> None:
    told(
        stores,
        made,
        [
            ("Look", "u1", 0), ("Look", "u1", 10), ("Scroll", "u1", 20), ("Buy", "u1", 30), ("Leave", "u1", 40),
            ("Look", "u2", 0), ("Buy", "u2", 1_800_000),
            ("Look", "u3", 0), ("Buy", "u3", 1_800_001),
            ("Start", "u4", 0), ("Look", "u4", 5), ("Help", "u4", 10), ("Buy", "u4", 15),
        ],
    )  # fmt: skip


def test_the_ways_people_take(program: TestClient, looked: None) -> None:
    answer = program.post("/reports/flows", json={**WAYS, "hidden": ["Scroll"], "per_step": 1}).json()
    assert answer["total"] == 4
    assert [(node["step"], node["event"], node["count"]) for node in answer["nodes"]] == [
        (0, "Look", 4),
        (1, "Buy", 2), (1, "$other", 1), (1, "$end", 1),
        (2, "Buy", 1), (2, "$other", 1), (2, "$end", 1),
    ]  # fmt: skip
    assert answer["nodes"][2] == {"step": 1, "event": "$other", "count": 1, "other": True, "end": False}
    assert answer["edges"] == [
        {"step": 0, "from": "Look", "to": "Buy", "count": 2},
        {"step": 0, "from": "Look", "to": "$end", "count": 1},
        {"step": 0, "from": "Look", "to": "$other", "count": 1},
        {"step": 1, "from": "$other", "to": "Buy", "count": 1},
        {"step": 1, "from": "Buy", "to": "$end", "count": 1},
        {"step": 1, "from": "Buy", "to": "$other", "count": 1},
    ]
    back = program.post("/reports/flows", json={**WAYS, "direction": "before", "start": {"event": "Buy"}}).json()
    assert [(node["event"], node["count"]) for node in back["nodes"] if node["step"] == 1] == [
        ("Help", 1),
        ("Look", 1),
        ("Scroll", 1),
        ("$end", 1),
    ]


def test_who_is_behind_a_node_and_an_edge(program: TestClient, looked: None) -> None:
    body = {**WAYS, "hidden": ["Scroll"], "per_step": 1}
    for point, events in (
        ({"step": 0, "event": "Look"}, ["Look u1 0", "Look u2 0", "Look u3 0", "Look u4 5"]),
        ({"step": 1, "event": "Buy"}, ["Buy u1 30", "Buy u2 1800000"]),
        ({"step": 1, "event": "$other"}, ["Help u4 10"]),
        ({"step": 1, "event": "$end"}, ["Look u3 0"]),
        ({"step": 0, "from": "Look", "to": "Buy"}, ["Buy u1 30", "Buy u2 1800000"]),
        ({"step": 1, "from": "Buy", "to": "$other"}, ["Leave u1 40"]),
        ({"step": 1, "from": "Buy", "to": "$end"}, ["Buy u2 1800000"]),
        ({"step": 1, "from": "Look", "to": "Buy"}, []),
    ):
        answer = program.post("/reports/flows/events", json={**body, "point": point}).json()
        assert sorted(row["insert_id"] for row in answer["results"]) == events, point
        assert len(who_is(program, "flows", body, point)) == len(events)


@pytest.mark.parametrize("kind", ["retention", "flows"])
@pytest.mark.parametrize("what", ["", "/replays", "/people", "/events"])
def test_of_nothing_there_is_nothing(program: TestClient, kind: str, what: str) -> None:
    answer = program.post(f"/reports/{kind}{what}", json=COHORTS if kind == "retention" else WAYS)
    assert answer.status_code == 200
    if what:
        assert (answer.json()["results"], answer.json()["total"]) == ([], 0)


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        ("retention", RANGE, "`first` is missing"),
        ("retention", {**COHORTS, "return": {"event": ""}}, "`return.event` must be of 1 to 1000"),
        ("retention", {**COHORTS, "periods": 0}, "`periods` must be 1 to 100"),
        ("retention", {**COHORTS, "unit": "hour"}, "`unit`: invalid enum value 'hour'"),
        ("retention", {**COHORTS, "criterion": "ever"}, "`criterion`: invalid enum value"),
        ("retention", {**COHORTS, "from": "2017-01-01", "periods": 100}, "`periods` makes"),
        ("retention", {**COHORTS, "from": "2010-01-01"}, "longer than the 3700 days"),
        ("retention", {**COHORTS, "point": {"period": 3}}, "`point.period` must be the number of a period, 0 to 2"),
        ("retention", {**COHORTS, "first": {"event": "A", "filters": [{"property": "a", "op": "gt"}]}}, "`first.filters[0].value` must be a number"),
        ("retention/people", {**COHORTS, "point": {"cohort": DAY + "T01:00:00Z"}}, "`point.cohort` must be the `t` of a cohort"),
        ("retention/people", {**COHORTS, "point": {"cohort": "soon"}}, "`point.cohort` must be the `t` of a cohort"),
        ("flows", RANGE, "`start` is missing"),
        ("flows", {**WAYS, "steps": 9}, "`steps` must be 1 to 8"),
        ("flows", {**WAYS, "per_step": 21}, "`per_step` must be 1 to 20"),
        ("flows", {**WAYS, "window": {"value": 0}}, "`window` must be from 1 second to 366 days"),
        ("flows", {**WAYS, "hidden": [""]}, "`hidden[0]` must be of 1 to 1000"),
        ("flows", {**WAYS, "hidden": ["x"] * 501}, "`hidden` must hold at most 500"),
        ("flows", {**WAYS, "point": {"step": 1}}, "`point` must name an `event`"),
        ("flows", {**WAYS, "point": {"step": 1, "event": "A", "from": "A", "to": "B"}}, "`point` must name an `event`"),
        ("flows", {**WAYS, "point": {"step": 1, "from": "A"}}, "`point` must name an `event`"),
        ("flows", {**WAYS, "point": {"step": 3, "event": "A"}}, "`point.step` must be the number of a step, 0 to 2"),
        ("flows", {**WAYS, "point": {"step": 2, "from": "A", "to": "B"}}, "`point.step` must be the number of a step, 0 to 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(program: TestClient, kind: str, body: dict[str, Any], said: str) -> None:
    answer = program.post(f"/reports/{kind}", json=body)
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]


def test_nothing_of_a_body_is_spliced_into_sql(program: TestClient, stores: Stores, made: NewProject) -> None:
    nasty = "x') OR 1 = 1 -- {p1:String} \\' `"
    told(stores, made, [(nasty, "u1", 0), (nasty + "2", "u1", 5)])
    ways = {**WAYS, "start": {"event": nasty}, "hidden": [nasty]}
    assert program.post("/reports/flows", json=ways).json()["edges"][0]["to"] == nasty + "2"
    point = {"step": 0, "from": nasty, "to": nasty + "2"}
    assert who_is(program, "flows", ways, point) == ["u1"]
    cohorts = {**COHORTS, "first": {"event": nasty}, "return": {"event": nasty + "2"}}
    assert table(program.post("/reports/retention", json=cohorts).json())[0][1:] == (1, [(1, True), None, None])
    assert who_is(program, "retention", cohorts, {"period": 0, "segment": nasty}) == []
