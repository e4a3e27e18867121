"""Every number of every report, against a slow and obvious reference, on random histories.

Histories have merges, events that were sent twice, ties, steps at the window's edge and around two seconds apart, values of
mixed type, and days of 23 and 25 hours.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from playhead.delivery.rows import EVENT_COLUMNS, IDENTITY_COLUMNS
from playhead.reports.bodies import read_funnel, read_insights
from playhead.reports.funnel import funnel
from playhead.reports.insights import insights
from playhead.stores.analytics import Analytics

from . import reference
from .reference import Event, History, Link

# Late on 24 October 2026, UTC: the night in which clocks in Amsterdam go back.
START = 1_792_879_200_000
HOUR = 3_600_000
PEOPLE = ["$device:d1", "$device:d2", "u1", "u2", ""]
VALUES = [
    "x",
    "X y",
    "12",
    12,
    12.5,
    -3,
    True,
    False,
    None,
    "",
    ["x", "12"],
    [1, 2.5],
    [],
    "2026-10-25",
    "2026-10-25T01:30:00Z",
    1_792_893_600,
]

moments = st.builds(
    lambda base, offset: START + base * HOUR + offset,
    st.sampled_from([0, 0, 1, 2, 3, 4, 26, 27, 50, -30]),
    st.sampled_from([0, 0, 1, 999, 1_999, 2_000, 2_001, 3_999, 4_000, 4_001, 59_999, 60_000, 60_001, 1_800_000]),
)
events = st.builds(
    Event,
    name=st.sampled_from(["A", "B", "C", "A", "B", "C", "X"]),
    distinct_id=st.sampled_from(PEOPLE),
    at_ms=moments,
    insert_id=st.sampled_from([f"i{n}" for n in range(20)]),
    properties=st.fixed_dictionaries({}, optional={"p": st.sampled_from(VALUES), "q.r": st.sampled_from(VALUES)}),
)
links = st.builds(Link, st.sampled_from(["d1", "d2"]), st.sampled_from(["u1", "u2"]), st.integers(0, 3))


@st.composite
def histories(draw: st.DrawFn) -> History:
    # One event of a key: an SDK that sends it again sends the same.
    found = {event.key: event for event in draw(st.lists(events, max_size=24))}
    again = draw(st.lists(st.sampled_from(list(found.values())), max_size=4)) if found else []
    linked = {(link.device, link.order): link for link in draw(st.lists(links, max_size=4))}
    return History([*found.values(), *again], list(linked.values()))


filters = st.one_of(
    st.fixed_dictionaries({"op": st.sampled_from(["set", "not_set", "is_true", "is_false"])}),
    st.fixed_dictionaries(
        {"op": st.sampled_from(["eq", "neq"]), "value": st.sampled_from(["x", "12", 12, 12.5, True, ["x", 1]])}
    ),
    st.fixed_dictionaries({"op": st.sampled_from(["contains", "not_contains"]), "value": st.sampled_from(["X", "2"])}),
    st.fixed_dictionaries({"op": st.sampled_from(["gt", "gte", "lt", "lte"]), "value": st.sampled_from([12, 2.5, -3])}),
    st.fixed_dictionaries({"op": st.just("between"), "value": st.sampled_from([[1, 12], [12.5, 13]])}),
    st.fixed_dictionaries(
        {"op": st.sampled_from(["before", "after"]), "value": st.sampled_from(["2026-10-25", "2026-10-24"])}
    ),
).flatmap(lambda one: st.sampled_from(["p", "q.r"]).map(lambda name: {**one, "property": name}))
some_filters = st.lists(
    filters | filters | st.fixed_dictionaries({"any": st.lists(filters, min_size=2, max_size=3)}), max_size=1
)
zones = st.sampled_from(["UTC", "Europe/Amsterdam", "Asia/Kolkata", "America/New_York"])
breakdowns = st.none() | st.fixed_dictionaries({"property": st.sampled_from(["p", "q.r"]), "limit": st.integers(1, 3)})
measures = st.sampled_from(["total", "unique", "per_user_avg"]) | st.builds(
    lambda function: {"aggregate": function, "property": "p"},
    st.sampled_from(["sum", "avg", "median", "p90", "p99", "min", "max", "distinct"]),
)


@st.composite
def insights_bodies(draw: st.DrawFn) -> dict[str, Any]:
    unit = draw(st.sampled_from(["hour", "day", "week", "month"]))
    looks_back = measures if unit == "hour" else measures | st.sampled_from(["dau", "wau", "mau"])
    metrics = draw(
        st.lists(
            st.fixed_dictionaries(
                {"event": st.sampled_from(["A", "B"]), "measure": looks_back, "filters": some_filters}
            ),
            min_size=1,
            max_size=2,
        )
    )
    formulas = ["A", "A / (A - 2)"] if len(metrics) == 1 else ["A / B", "100 * (A - B) / (A + B)", "-B * 2.5"]
    days = draw(
        st.sampled_from([("2026-10-24", "2026-10-26"), ("2026-10-25", "2026-10-25"), ("2026-10-20", "2026-11-02")])
    )
    body = {
        "from": days[0],
        "to": days[1],
        "unit": unit,
        "metrics": metrics,
        "timezone": draw(zones),
        "filters": draw(some_filters),
        "formulas": [{"formula": one} for one in draw(st.lists(st.sampled_from(formulas), max_size=1))],
    }
    if draw(st.booleans()):
        body["compare"] = "previous"
    breakdown = draw(breakdowns)
    return body | ({"breakdown": breakdown} if breakdown else {})


@st.composite
def funnel_bodies(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(["A", "B", "C"]), min_size=2, max_size=4))
    order, count = draw(
        st.sampled_from([("specific", "unique"), ("specific", "unique"), ("specific", "total"), ("any", "unique")])
    )
    window = draw(st.sampled_from([(1, "minute"), (2, "second"), (1, "hour"), (30, "hour")]))
    body = {
        "from": "2026-10-24",
        "to": draw(st.sampled_from(["2026-10-24", "2026-10-26"])),
        "steps": [{"event": name, "filters": draw(some_filters)} for name in names],
        "window": {"value": window[0], "unit": window[1]},
        "order": order,
        "count": count,
        "timezone": draw(zones),
        "filters": draw(some_filters),
        "hold": draw(st.lists(st.sampled_from(["p", "q.r"]), max_size=2, unique=True)) if draw(st.booleans()) else [],
    }
    if order == "specific":
        body["exclusions"] = draw(st.lists(exclusions(len(names)), max_size=2))
    if draw(st.booleans()):
        body["unit"] = draw(st.sampled_from(["hour", "day", "week"]))
    breakdown = draw(breakdowns)
    return body | ({"breakdown": breakdown} if breakdown else {})


def exclusions(steps: int) -> st.SearchStrategy[dict[str, Any]]:
    between = st.integers(1, steps - 1).flatmap(
        lambda after: st.builds(lambda before: {"after": after, "before": before}, st.integers(after + 1, steps))
    )
    excluding = st.fixed_dictionaries({"event": st.sampled_from(["A", "C", "X", "X", "X"]), "filters": some_filters})
    return st.builds(lambda one, places: one | places, excluding, between | st.just({}))


def store(analytics: Analytics, histories: list[History]) -> list[str]:
    """The histories, each in a project of its own."""
    project_ids = [uuid4().hex for _ in histories]
    rows = [
        [
            project_id, e.name, e.distinct_id, e.at_ms, e.insert_id, e.at_ms, START, uuid4(), number, "", "", e.replay_id, "",
            json.dumps({name.replace(".", "%2E"): flat(value) for name, value in e.properties.items() if value is not None}),
            json.dumps(e.properties),
        ]
        for project_id, history in zip(project_ids, histories, strict=True)
        for number, e in enumerate(history.events)
    ]  # fmt: skip
    assert len(EVENT_COLUMNS) == 15
    # In two inserts: what was sent again lies in another part.
    analytics.insert("events", EVENT_COLUMNS, rows[::2])
    analytics.insert("events", EVENT_COLUMNS, rows[1::2])
    linked = [
        [project_id, link.device, link.user, START + link.order, UUID(int=link.order)]
        for project_id, history in zip(project_ids, histories, strict=True)
        for link in history.links
    ]
    analytics.insert("identities", IDENTITY_COLUMNS, linked)
    return project_ids


def flat(value: Any) -> Any:
    """As capture stores a list: its elements of one type."""
    return (
        [float(each) for each in value]
        if isinstance(value, list) and any(isinstance(e, float) for e in value)
        else value
    )


def check_insights(analytics: Analytics, cases: list[tuple[History, dict[str, Any]]]) -> None:
    for project_id, (history, body) in zip(store(analytics, [history for history, _ in cases]), cases, strict=True):
        note(f"{body}\n{history}")
        report = insights(analytics, project_id, read_insights(json.dumps(body).encode()), "UTC")
        expected = reference.insights(history, body)
        count = len(body["metrics"])
        got = [(count + (series.formula or 0) if series.metric is None else series.metric, series.segment)
               for series in report.series]  # fmt: skip
        assert sorted(got, key=str) == sorted(
            ((n, segment) for n, lines in enumerate(expected) for segment in lines), key=str
        )
        for (number, segment), series in zip(got, report.series, strict=True):
            wanted = expected[number][segment]
            nothing = reference.nothing(body["metrics"][number]) if number < count else None
            assert series.other is (segment == "$other")
            assert series.total == close(wanted["total"])
            points = {point.t: point.value for point in series.points}
            assert list(points) == reference.buckets_of(body)
            assert set(wanted["points"]) <= set(points), "every event is in a bucket of the report"
            for t, value in points.items():
                assert value == close(wanted["points"].get(t, nothing)), t
            assert (series.previous is None) is ("compare" not in body)
            if series.previous is not None:
                before = wanted["previous"]
                assert series.previous.total == close(before["total"])
                for t, point in zip(points, series.previous.points, strict=True):
                    assert point.value == close(before["points"].get(t, nothing)), (t, point.t)


def close(value: float | None) -> Any:
    """Sums are added up in another order, and a formula can take the difference of two."""
    return None if value is None else pytest.approx(value, rel=1e-6, abs=1e-9)


def check_funnel(analytics: Analytics, cases: list[tuple[History, dict[str, Any]]]) -> None:
    for project_id, (history, body) in zip(store(analytics, [history for history, _ in cases]), cases, strict=True):
        note(f"{body}\n{history}")
        report = funnel(analytics, project_id, read_funnel(json.dumps(body).encode()), "UTC")
        expected = reference.funnel(history, body)
        assert {one.segment for one in report.segments} == set(expected)
        for one in report.segments:
            wanted = expected[one.segment]
            counts = wanted["counts"]
            assert [step.count for step in one.steps] == counts
            for step, (median, p90, bins) in zip(
                [*one.steps[1:], one.convert], [*wanted["times"], wanted["convert"]], strict=True
            ):
                assert (step.median_ms, step.p90_ms) == (close(median), close(p90))
                assert [each.count for each in step.distribution] == bins
            for number, step in enumerate(one.steps):
                assert step.rate == close(counts[number] / counts[0] if counts[0] else 0)
            assert (one.trend is None) is ("unit" not in body)
            if one.trend is not None:
                assert [point.t for point in one.trend] == reference.buckets_of(body)
                got = {point.t: (point.entered, point.converted) for point in one.trend if point.entered}
                assert got == wanted["trend"]


# Each example is a few histories, for storing takes longer than asking.
EACH = 5
quietly = settings(deadline=None, suppress_health_check=list(HealthCheck))
ordinary, long = settings(quietly, max_examples=150 // EACH), settings(quietly, max_examples=5_000 // EACH)


def cases(bodies: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[list[tuple[History, dict[str, Any]]]]:
    return st.lists(st.tuples(histories(), bodies), min_size=EACH, max_size=EACH)


@ordinary
@given(cases(insights_bodies()))
def test_insights(engine: Analytics, some: list[tuple[History, dict[str, Any]]]) -> None:
    check_insights(engine, some)


@ordinary
@given(cases(funnel_bodies()))
def test_funnels(engine: Analytics, some: list[tuple[History, dict[str, Any]]]) -> None:
    check_funnel(engine, some)


@pytest.mark.torture
@pytest.mark.timeout(7_200)
@long
@given(cases(insights_bodies()))
def test_insights_on_many_histories(engine: Analytics, some: list[tuple[History, dict[str, Any]]]) -> None:
    check_insights(engine, some)


@pytest.mark.torture
@pytest.mark.timeout(7_200)
@long
@given(cases(funnel_bodies()))
def test_funnels_on_many_histories(engine: Analytics, some: list[tuple[History, dict[str, Any]]]) -> None:
    check_funnel(engine, some)
