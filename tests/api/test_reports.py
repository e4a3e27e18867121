"""Reports over HTTP, and View Replays: from a point to the right replays at the right moment."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient
from visits import START, Clock, Visit, click, opening, set_profile, track

from playhead.accounts import NewProject
from playhead.stores import Stores

# START is 10:00 UTC of this day.
DAY = "2026-11-22"
RANGE: dict[str, Any] = {"from": DAY, "to": DAY}
BUY = {**RANGE, "metrics": [{"event": "Buy"}]}
STEPS = {**RANGE, "steps": [{"event": "Look"}, {"event": "Buy"}]}


def visit(stores: Stores, made: NewProject, who: str, at: int = 0) -> Visit:
    found = Visit(stores, made.project_id, distinct_id=who)
    found.send([*opening(at), click(at + 60_000)])
    return found


def shown(answer: dict[str, Any]) -> list[tuple[str, int]]:
    return [(row["replay_id"], row["at_ms"] - START) for row in answer["results"]]


def test_a_days_events_by_segment(program: TestClient, stores: Stores, made: NewProject) -> None:
    for n, browser in enumerate(("Chrome", "Chrome", "Firefox", None)):
        properties = {"$browser": browser, "price": 10 * n} if browser else {}
        track(stores, made.project_id, "Buy", at=n, distinct_id=f"u{n % 2}", insert_id=f"i{n}", properties=properties)
    body = {**BUY, "breakdown": {"property": "$browser", "limit": 2}, "unit": "hour"}
    report = program.post("/reports/insights", json=body).json()
    assert [(series["segment"], series["total"]) for series in report["series"]] == [
        ("Chrome", 2),
        ("Firefox", 1),
        ("$other", 1),
    ]
    assert len(report["series"][0]["points"]) == 24
    assert report["series"][0]["points"][10] == {"t": f"{DAY}T10:00:00Z", "value": 2}
    assert report["took_ms"] >= 0
    mean = {**RANGE, "metrics": [{"event": "Buy", "measure": {"aggregate": "avg", "property": "price"}}]}
    assert program.post("/reports/insights", json=mean).json()["series"][0]["total"] == 10
    people = {**RANGE, "metrics": [{"event": "Buy", "measure": "unique"}]}
    assert program.post("/reports/insights", json=people).json()["series"][0]["total"] == 2


def test_segments_and_filters_by_a_property_of_the_person(
    program: TestClient, stores: Stores, made: NewProject
) -> None:
    set_profile(stores, made.project_id, "u1", plan="pro", seats=3.0, tags=["a", 1])
    set_profile(stores, made.project_id, "u2", plan="free")
    for n, who in enumerate(("u1", "u1", "u2", "u3")):
        track(stores, made.project_id, "Buy", at=n, distinct_id=who, insert_id=f"i{n}")
    by_plan = {**BUY, "breakdown": {"property": "plan", "of": "profile"}}
    report = program.post("/reports/insights", json=by_plan).json()
    assert [(series["segment"], series["total"]) for series in report["series"]] == [
        ("pro", 2),
        ("(not set)", 1),
        ("free", 1),
    ]
    for condition, total in (
        ({"property": "seats", "op": "eq", "value": 3}, 2),
        ({"property": "tags", "op": "eq", "value": "1"}, 2),
        ({"property": "plan", "op": "contains", "value": "RE"}, 1),
        ({"property": "plan", "op": "not_set"}, 1),
    ):
        body = {**BUY, "filters": [{**condition, "of": "profile"}]}
        assert program.post("/reports/insights", json=body).json()["series"][0]["total"] == total, condition


def test_what_nobody_did_before_the_range_is_no_rest(program: TestClient, stores: Stores, made: NewProject) -> None:
    properties = {"kind": "mug"}
    track(stores, made.project_id, "Buy", at=-86_400_000, distinct_id="", insert_id="i1", properties=properties)
    body = {**RANGE, "metrics": [{"event": "Buy", "measure": "wau"}], "breakdown": {"property": "kind"}}
    assert program.post("/reports/insights", json=body).json()["series"] == []
    track(stores, made.project_id, "Buy", at=-86_400_000, distinct_id="u1", insert_id="i2", properties=properties)
    (rest,) = program.post("/reports/insights", json=body).json()["series"]
    assert (rest["segment"], rest["total"], rest["points"][0]["value"]) == ("$other", 0, 1)


def test_a_merge_shows_at_once(program: TestClient, stores: Stores, made: NewProject) -> None:
    track(stores, made.project_id, "Look", distinct_id="$device:d1", device_id="d1")
    track(stores, made.project_id, "Buy", at=9_000, distinct_id="u1", user_id="u1")
    assert [step["count"] for step in program.post("/reports/funnel", json=STEPS).json()["segments"][0]["steps"]] == [
        1,
        0,
    ]
    track(stores, made.project_id, "Log in", at=10_000, distinct_id="u1", device_id="d1", user_id="u1")
    steps = program.post("/reports/funnel", json=STEPS).json()["segments"][0]["steps"]
    assert [(step["count"], step["rate"], step["median_ms"]) for step in steps] == [(1, 1.0, None), (1, 1.0, 9_000)]


def test_the_replays_behind_a_point(program: TestClient, stores: Stores, made: NewProject) -> None:
    first, second, third = (visit(stores, made, f"u{n}", n * 3_600_000) for n in range(3))
    for n, each in enumerate((first, second, third)):
        properties = {"kind": "mug" if n < 2 else "vase"}
        at = n * 3_600_000 + 5_000
        for again in (0, 1_000):
            track(stores, made.project_id, "Buy", at=at + again, distinct_id=f"u{n}", insert_id=f"{n}{again}", replay_id=each.replay_id, properties=properties)  # fmt: skip
    answer = program.post("/reports/insights/replays", json=BUY).json()
    assert shown(answer) == [
        (each.replay_id, n * 3_600_000 + 5_000) for n, each in ((2, third), (1, second), (0, first))
    ]
    assert (answer["total"], answer["people"], answer["events"], answer["unrecorded"]) == (3, 3, 6, 0)
    hour = {**BUY, "unit": "hour", "point": {"metric": 0, "t": f"{DAY}T11:00:00Z"}}
    assert [one for one, _ in shown(program.post("/reports/insights/replays", json=hour).json())] == [second.replay_id]
    kinds = {**BUY, "breakdown": {"property": "kind", "limit": 1}}
    vase = {**kinds, "breakdown": {"property": "kind", "limit": 5}, "point": {"segment": "vase"}}
    for point in (vase, {**kinds, "point": {"segment": "$other"}}):
        assert [one for one, _ in shown(program.post("/reports/insights/replays", json=point).json())] == [
            third.replay_id
        ]
    page = program.post("/reports/insights/replays", json=BUY, params={"limit": 2}).json()
    rest = program.post("/reports/insights/replays", json=BUY, params={"cursor": page["next_cursor"]}).json()
    assert [*shown(page), *shown(rest)] == shown(answer)


def test_the_events_behind_points_that_are_not_of_one_bucket(
    program: TestClient, stores: Stores, made: NewProject
) -> None:
    hour, day = 3_600_000, 86_400_000
    for name, at in (("today", 0), ("ago3", -3 * day), ("ago8", -8 * day)):
        track(stores, made.project_id, "Buy", at=at, distinct_id=f"u {name}", insert_id=name)
    track(stores, made.project_id, "Look", at=hour, distinct_id="u1", insert_id="look")

    def behind(body: dict[str, Any], **point: Any) -> list[str]:
        answer = program.post("/reports/insights/events", json={**body, "point": point}).json()
        return [each["insert_id"] for each in answer["results"]]

    week = {**RANGE, "metrics": [{"event": "Buy", "measure": "wau"}]}
    assert program.post("/reports/insights", json=week).json()["series"][0]["points"][0]["value"] == 2
    assert behind(week, t=f"{DAY}T00:00:00Z") == ["today", "ago3"]
    compared = {**BUY, "from": "2026-11-20", "compare": "previous"}
    (series,) = program.post("/reports/insights", json=compared).json()["series"]
    assert [point["value"] for point in series["points"]] == [0, 0, 1]
    assert [(point["t"], point["value"]) for point in series["previous"]["points"]] == [
        ("2026-11-17T00:00:00Z", 0),
        ("2026-11-18T00:00:00Z", 0),
        ("2026-11-19T00:00:00Z", 1),
    ]
    assert (series["total"], series["previous"]["total"]) == (1, 1)
    assert behind(compared, previous=True) == ["ago3"]
    assert behind(compared, previous=True, t="2026-11-19T00:00:00Z") == ["ago3"]
    assert behind(compared, previous=True, t="2026-11-18T00:00:00Z") == []
    ratio = {**RANGE, "metrics": [{"event": "Buy"}, {"event": "Look"}], "formulas": [{"formula": "A / B"}]}
    found = program.post("/reports/insights", json=ratio).json()["series"]
    assert [(each["metric"], each["formula"], each["total"]) for each in found] == [
        (0, None, 1),
        (1, None, 1),
        (None, 0, 1),
    ]
    assert behind(ratio, formula=0) == ["look", "today"]


def test_an_event_that_excludes_and_what_is_behind_a_day_of_the_trend(
    program: TestClient, stores: Stores, made: NewProject
) -> None:
    day = 86_400_000
    for who, began in (("u1", 0), ("u2", 0), ("u3", -day)):
        track(stores, made.project_id, "Look", at=began, distinct_id=who, insert_id=f"look {who}")
        track(stores, made.project_id, "Buy", at=began + 60_000, distinct_id=who, insert_id=f"buy {who}")
    track(stores, made.project_id, "Refuse", at=30_000, distinct_id="u2", insert_id="no")
    body = {**STEPS, "from": "2026-11-21", "exclusions": [{"event": "Refuse"}], "unit": "day"}
    (segment,) = program.post("/reports/funnel", json=body).json()["segments"]
    assert [step["count"] for step in segment["steps"]] == [3, 2]
    assert segment["steps"][1]["distribution"][-1] == {"from_ms": 60_000, "to_ms": 600_000, "count": 2}
    assert segment["convert"]["median_ms"] == segment["steps"][1]["median_ms"] == segment["convert"]["p90_ms"] == 60_000
    assert [(each["entered"], each["converted"], each["rate"]) for each in segment["trend"]] == [(1, 1, 1), (2, 1, 0.5)]

    def behind(**point: Any) -> list[str]:
        answer = program.post("/reports/funnel/events", json={**body, "point": point}).json()
        return [each["insert_id"] for each in answer["results"]]

    assert behind(step=2, outcome="dropped") == ["look u2"]
    assert behind(step=2, t=f"{DAY}T00:00:00Z") == ["buy u1"]
    assert behind(step=2, t="2026-11-21T00:00:00Z") == ["buy u3"]


def test_both_parts_of_a_funnels_step(program: TestClient, stores: Stores, made: NewProject) -> None:
    bought, left = visit(stores, made, "u1"), visit(stores, made, "u2")
    for who, each in (("u1", bought), ("u2", left)):
        track(stores, made.project_id, "Look", at=3_000, distinct_id=who, replay_id=each.replay_id)
    track(stores, made.project_id, "Buy", at=30_000, distinct_id="u1", replay_id=bought.replay_id)
    converted = {**STEPS, "point": {"step": 2, "outcome": "converted"}}
    assert shown(program.post("/reports/funnel/replays", json=converted).json()) == [(bought.replay_id, 30_000)]
    dropped = {**STEPS, "point": {"step": 2, "outcome": "dropped", "segment": None}}
    assert shown(program.post("/reports/funnel/replays", json=dropped).json()) == [(left.replay_id, 3_000)]


def test_a_backends_event_is_found_by_person_and_time(program: TestClient, stores: Stores, made: NewProject) -> None:
    recorded = visit(stores, made, "$device:d1")
    track(stores, made.project_id, "Log in", at=100, distinct_id="u1", device_id="d1", user_id="u1", replay_id=recorded.replay_id)  # fmt: skip
    track(stores, made.project_id, "Buy", at=40_000, distinct_id="u1", user_id="u1")
    track(stores, made.project_id, "Buy", at=7_200_000, distinct_id="u1", user_id="u1")
    track(stores, made.project_id, "Buy", at=40_000, distinct_id="u2")
    answer = program.post("/reports/insights/replays", json=BUY).json()
    assert shown(answer) == [(recorded.replay_id, 40_000)]
    assert (answer["people"], answer["events"], answer["unrecorded"]) == (2, 3, 2)


def test_why_there_is_no_replay(program: TestClient, stores: Stores, made: NewProject, clock: Clock) -> None:
    visit(stores, made, "u1")
    day = 86_400_000
    for days in (-1, 0, 20):
        track(stores, made.project_id, "Buy", at=days * day + 7_200_000, distinct_id="u2", insert_id=f"i{days}")
    wide = {**BUY, "from": "2026-11-01", "to": "2026-12-31"}

    def reasons() -> dict[str, int]:
        answer = program.post("/reports/insights/replays", json=wide).json()
        names = ("unrecorded", "before_recording", "too_old", "gone")
        return {name: answer[name] for name in names if answer[name]}

    clock.now = START + 21 * day
    assert reasons() == {"unrecorded": 2, "before_recording": 1}
    clock.now = START + 31 * day
    assert reasons() == {"unrecorded": 1, "before_recording": 1, "too_old": 1}


def test_a_deleted_replay_is_not_shown(program: TestClient, stores: Stores, made: NewProject, clock: Clock) -> None:
    recorded = visit(stores, made, "u1")
    track(stores, made.project_id, "Buy", at=40_000, distinct_id="u1", replay_id=recorded.replay_id)
    assert program.delete(f"/replays/{recorded.replay_id}").status_code == 204
    answer = program.post("/reports/insights/replays", json=BUY).json()
    assert (answer["results"], answer["total"], answer["gone"]) == ([], 0, 1)


def test_what_nobody_sent_is_an_empty_report(program: TestClient) -> None:
    report = program.post("/reports/insights", json={**BUY, "filters": [{"property": "x", "op": "set"}]}).json()
    assert [(series["total"], len(series["points"])) for series in report["series"]] == [(0, 1)]
    assert [step["count"] for step in program.post("/reports/funnel", json=STEPS).json()["segments"][0]["steps"]] == [
        0,
        0,
    ]


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("funnel", {**RANGE, "steps": [{"event": "A"}, {}]}, "`steps[1].event` is missing"),
        ("funnel", {**RANGE, "steps": [{"event": "A"}]}, "`steps` must hold 2 to 20 steps"),
        ("funnel", {**STEPS, "window": {"value": 0}}, "`window` must be from 1 second"),
        ("funnel", {**STEPS, "point": {"step": 1, "outcome": "dropped"}}, "`point.step` must be the number of a step, 2 to 2"),
        ("insights", {**RANGE, "metrics": []}, "`metrics` must hold 1 to 10"),
        ("insights", {**BUY, "from": "22 Nov"}, "`from` must be a day such as"),
        ("insights", {**BUY, "to": "2026-11-21"}, "`to` must not lie before `from`"),
        ("insights", {**BUY, "from": "2020-01-01", "unit": "hour"}, "longer than the 154 days"),
        ("insights", {**BUY, "timezone": "Mars/Base"}, "`timezone` names no time zone"),
        ("insights", {**BUY, "unit": "year"}, "`unit`: invalid enum value 'year'"),
        ("insights", {**BUY, "filters": [{"property": "a", "op": "gt", "value": "x"}]}, "`filters[0].value` must be a number"),
        ("insights", {**BUY, "filters": [{"property": "a", "op": "set", "value": 1}]}, "`filters[0].value` is not used with set"),
        ("insights", {**BUY, "filters": [{"property": "a", "op": "before", "value": "soon"}]}, "must be a day such as"),
        ("insights", {**BUY, "metrics": [{"event": "A", "measures": "total"}]}, "unknown field `measures`"),
        ("insights", {**BUY, "filters": [{"property": "a"}]}, "`filters[0].op` is missing"),
        ("insights", {**BUY, "filters": [{"any": [{"property": "a", "op": "set"}]}]}, "`filters[0].any` must hold 2 or more"),
        ("insights", {**BUY, "filters": [{"any": [{"op": "set"}, {"property": "a", "op": "set"}]}]}, "`filters[0].any[0].property` is missing"),
        ("insights", {**BUY, "filters": [{"property": "a", "op": "set", "any": []}]}, "`filters[0]` must be either a filter or `any`"),
        ("insights", {**BUY, "formulas": [{"formula": "A / D"}]}, "`formulas[0].formula`: D names no metric"),
        ("insights", {**BUY, "formulas": [{"formula": "(A"}]}, "`formulas[0].formula`: a ( is not closed"),
        ("insights", {**BUY, "point": {"previous": True}}, "`point.previous` needs a report that compares"),
        ("funnel", {**STEPS, "exclusions": [{"event": "C", "after": 2}]}, "`exclusions[0].after` must be the number of a step, 1 to 1"),
        ("funnel", {**STEPS, "order": "any", "exclusions": [{"event": "C"}]}, "`exclusions` lie between steps"),
        ("funnel", {**STEPS, "hold": ["a", "b", "c", "d"]}, "`hold` must hold at most 3"),
        ("funnel", {**STEPS, "point": {"step": 1, "t": "2026-11-22T00:00:00Z"}}, "`point.t` needs a report with a trend"),
        ("insights/replays", {**BUY, "point": {"t": "2026-11-23T00:00:00Z"}}, "`point.t` must be the `t` of a bucket"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(program: TestClient, path: str, body: dict[str, Any], said: str) -> None:
    answer = program.post(f"/reports/{path}", json=body)
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]


def test_nothing_of_a_body_is_spliced_into_sql(program: TestClient, stores: Stores, made: NewProject) -> None:
    nasty = "x') OR 1 = 1 -- {p1:String} \\' `"
    track(stores, made.project_id, nasty, properties={nasty.replace(".", "%2E"): nasty})
    condition = {"property": nasty, "op": "eq", "value": nasty}
    body = {**RANGE, "metrics": [{"event": nasty, "filters": [condition]}], "breakdown": {"property": nasty}}
    series = program.post("/reports/insights", json=body).json()["series"]
    assert [(each["segment"], each["total"]) for each in series] == [(nasty, 1)]
    other = {**body, "metrics": [{"event": nasty, "filters": [{**condition, "op": "neq"}]}]}
    assert program.post("/reports/insights", json=other).json()["series"] == []
