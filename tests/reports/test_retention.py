"""Every number of a retention report, and who is behind it, against a slow and obvious reference.

Histories have merges, events that were sent twice and arrive in any order, first events and returns in one moment, at
both ends of days of 23 and 25 hours, weeks and months, and periods that are not over.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from visits import Clock

from playhead.reports.moments import read_moments
from playhead.reports.retention import RetentionReport, read_retention, retention, retention_moments
from playhead.stores.analytics import Analytics

from . import reference_retention as reference
from .reference import Event, History
from .test_against_reference import PEOPLE, VALUES, breakdowns, links, some_filters, store, zones

# 24 October 2026, 0:00 UTC: the last Saturday before clocks in Amsterdam go back, and New York's a week later.
START = 1_792_800_000_000
HOUR = 3_600_000

values = st.sampled_from([["x", "12"], ["x", "12", True], [1, 2.5, "x"]]) | st.sampled_from(VALUES)
moments = st.builds(
    lambda day, hour, ms: START + (day * 24 + hour) * HOUR + ms,
    st.sampled_from([0, 0, 0, 1, 1, 2, 3, 7, 8, 9, 15, 36, 69]),
    st.sampled_from([0, 0, 4, 5, 12, 18, 21, 22, 23, 24]),
    st.sampled_from([0, 0, 1, -1]),
)
events = st.builds(
    Event,
    name=st.sampled_from(["A", "B", "C"]),
    distinct_id=st.sampled_from(PEOPLE),
    at_ms=moments,
    insert_id=st.sampled_from([f"i{n}" for n in range(20)]),
    properties=st.fixed_dictionaries(
        {}, optional={"p": st.sampled_from([["x", "12"], ["x", "12", True], [1, 2.5], *VALUES])}
    ),
)
seldom = st.one_of(st.just([]), st.just([]), st.just([]), some_filters)


@st.composite
def histories(draw: st.DrawFn) -> History:
    found = {
        event.key: event
        for event in draw(
            st.lists(events, max_size=2)
            | st.lists(events, min_size=8, max_size=16)
            | st.lists(events, min_size=16, max_size=24)
        )
    }
    again = draw(st.lists(st.sampled_from(list(found.values())), max_size=4)) if found else []
    linked = {(link.device, link.order): link for link in draw(st.lists(links, max_size=4))}
    return History([*found.values(), *again], list(linked.values()))


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    days = draw(
        st.sampled_from([("2026-10-24", "2026-10-26"), ("2026-10-20", "2026-11-02"), ("2026-10-25", "2026-10-25")])
    )
    body = {
        "from": days[0],
        "to": days[1],
        "unit": draw(st.sampled_from(["day", "day", "week", "month"])),
        "periods": draw(st.sampled_from([1, 3, 8])),
        "criterion": draw(st.sampled_from(["on", "on_or_after"])),
        "first": {"event": draw(st.sampled_from(["A", "B"])), "filters": draw(seldom)},
        "return": {"event": draw(st.sampled_from(["A", "B", "C", None, None])), "filters": draw(seldom)},
        "filters": draw(seldom),
        "timezone": draw(zones),
    }
    breakdown = draw(breakdowns)
    return body | ({"breakdown": breakdown | {"property": "p"}} if breakdown else {})


# Before the range, within it, within the periods after it, long after.
nows = st.sampled_from([12, 30, 50, 9 * 24 + 1, 70 * 24, 400 * 24, -48]).map(lambda hours: START + hours * HOUR)
choices = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 8), st.sampled_from(["returned", "lost", None]), st.integers(0, 3)),
    min_size=2,
    max_size=2,
)


def point_of(report: RetentionReport, body: dict[str, Any], choice: tuple[int, int, str | None, int]) -> dict[str, Any]:
    """A point of the report, some of whose parts are left out."""
    cohort, period, outcome, segment = choice
    named = [each.segment for each in report.segments]
    rows = [row.t for row in report.segments[0].cohorts] if report.segments else []
    point: dict[str, Any] = {}
    if cohort % 2 and rows:
        point["cohort"] = rows[cohort % len(rows)]
    if period < 7:
        point["period"] = period % (body["periods"] + 1)
    if outcome:
        point["outcome"] = outcome
    if segment and named and "breakdown" in body:
        point["segment"] = named[segment % len(named)]
    return point


def check(analytics: Analytics, clock: Clock, cases: list[Case]) -> None:
    for project_id, case in zip(store(analytics, [case[0] for case in cases]), cases, strict=True):
        check_one(analytics, clock, project_id, *case)


def check_one(
    analytics: Analytics, clock: Clock, project_id: str, history: History, body: dict[str, Any], now: int, some: Any
) -> None:
    note(f"{body}\n{history}")
    clock.now = now
    report = retention(analytics, project_id, read_retention(json.dumps(body).encode()), "UTC")
    expected = reference.retention(history, body, now)
    assert {each.segment for each in report.segments} == set(expected)
    for each in report.segments:
        wanted = expected[each.segment]
        assert each.other is (each.segment == "$other")
        assert [row.t for row in each.cohorts] == list(wanted["cohorts"])
        for row in each.cohorts:
            size, cells = wanted["cohorts"][row.t]
            assert row.size == size
            assert [cell and (cell.count, cell.partial) for cell in row.periods] == cells
            assert [cell.rate for cell in row.periods if cell] == [c[0] / size if size else 0 for c in cells if c]
        assert [one and (one.count, one.size) for one in each.average] == wanted["average"]
    for choice in some:
        asked = body | {"point": point_of(report, body, choice)}
        note(f"{asked['point']}")
        read = read_retention(json.dumps(asked).encode())
        found = read_moments(analytics, retention_moments(project_id, read, "UTC"))
        got = [(each.person, (each.event, each.distinct_id, each.at_ms, each.insert_id)) for each in found]
        assert sorted(got) == sorted((person, event.key) for person, event in reference.behind(history, asked, now))
        check_counted(report, asked, len({each.person for each in found}))


def check_counted(report: RetentionReport, body: dict[str, Any], people: int) -> None:
    """There are as many people behind the point as the report says."""
    point = body["point"]
    if "period" not in point or ("segment" not in point and "breakdown" in body):
        return
    segment = next(each for each in report.segments if each.segment == point.get("segment"))
    if "cohort" in point:
        row = next(each for each in segment.cohorts if each.t == point["cohort"])
        cell = row.periods[point["period"]]
        size, count = (row.size, cell.count) if cell else (0, 0)
    else:
        average = segment.average[point["period"]]
        size, count = (average.size, average.count) if average else (0, 0)
    assert people == {"returned": count, "lost": size - count, None: size}[point.get("outcome")]


# Each example is a few histories, for storing takes longer than asking.
EACH = 4
Case = tuple[History, dict[str, Any], int, Any]
some_cases = st.lists(st.tuples(histories(), bodies(), nows, choices), min_size=EACH, max_size=EACH)
quietly = settings(deadline=None, suppress_health_check=list(HealthCheck))
ordinary, long = settings(quietly, max_examples=120 // EACH), settings(quietly, max_examples=2_500 // EACH)


@ordinary
@given(some_cases)
def test_retention(engine: Analytics, clock: Clock, cases: list[Case]) -> None:
    check(engine, clock, cases)


@pytest.mark.torture
@pytest.mark.timeout(7_200)
@long
@given(some_cases)
def test_retention_of_many_histories(engine: Analytics, clock: Clock, cases: list[Case]) -> None:
    check(engine, clock, cases)
