"""Behind a point of insights and funnels are exactly the events and the people that the report counts there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from playhead.reports.behind import people_behind
from playhead.reports.bodies import read_funnel, read_insights
from playhead.reports.funnel import funnel, funnel_moments
from playhead.reports.insights import insights, insights_moments
from playhead.reports.moments import read_moments
from playhead.stores.analytics import Analytics

from .reference import History
from .test_against_reference import funnel_bodies, histories, insights_bodies, store

ordinary = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
long = settings(max_examples=2_500, deadline=None, suppress_health_check=list(HealthCheck))
choices = st.lists(st.integers(0, 1_000), min_size=3, max_size=3)


def check_insights(analytics: Analytics, history: History, body: dict[str, Any], some: list[int]) -> None:
    """Of events and of people, whatever else the body asked of them."""
    (project_id,) = store(analytics, [history])
    body = body | {"formulas": []}
    counted = {}
    for measure in ("total", "unique"):
        asked = body | {"metrics": [body["metrics"][0] | {"measure": measure}]}
        report = insights(analytics, project_id, read_insights(json.dumps(asked).encode()), "UTC")
        counted[measure] = {
            (each.segment, point and point.t): point.value if point else each.total
            for each in report.series
            for point in (None, *each.points)
            # What is in several segments of the rest counts there for each.
            if not each.other or measure == "unique"
        }
    places = list(counted["total"]) or [(None, None)]
    # Points at which something is are the ones that say most.
    places.sort(key=lambda place: -(counted["total"].get(place) or 0))
    for number in some:
        segment, t = places[number % min(len(places), 8)]
        point = {name: value for name, value in (("segment", segment), ("t", t)) if value is not None}
        asked = body | {"metrics": [body["metrics"][0] | {"measure": "total"}], "point": point}
        note(f"{asked}\n{history}")
        moments = insights_moments(project_id, read_insights(json.dumps(asked).encode()), "UTC")
        assert len(read_moments(analytics, moments)) == counted["total"].get((segment, t), 0)
        assert people_behind(analytics, project_id, moments, 1, 0).total == counted["unique"].get((segment, t), 0)


def check_funnel(analytics: Analytics, history: History, body: dict[str, Any], some: list[int]) -> None:
    (project_id,) = store(analytics, [history])
    report = funnel(analytics, project_id, read_funnel(json.dumps(body).encode()), "UTC")
    places = [
        (each.segment, number, outcome, step.count if outcome == "converted" else each.steps[number - 2].count - step.count)
        for each in report.segments
        if not each.other
        for number, step in enumerate(each.steps, 1)
        for outcome in (("converted", "dropped") if number > 1 else ("converted",))
    ]  # fmt: skip
    for chosen in some if places else ():
        segment, number, outcome, count = places[chosen % len(places)]
        asked = body | {"point": {"step": number, "outcome": outcome, "segment": segment}}
        note(f"{asked}\n{history}")
        moments = funnel_moments(project_id, read_funnel(json.dumps(asked).encode()), "UTC")
        found = read_moments(analytics, moments)
        people = people_behind(analytics, project_id, moments, 1, 0).total
        assert people == len({each.person for each in found})
        # With every attempt counted a person has as many as there are events; else one, in this segment.
        assert (len(found) if body["count"] == "total" else people) == count
        done = number if outcome == "converted" else number - 1
        assert {each.event for each in found} <= {step["event"] for step in body["steps"][:done]} or body[
            "order"
        ] == "any"


@ordinary
@given(histories(), insights_bodies(), choices)
def test_insights(engine: Analytics, history: History, body: dict[str, Any], some: list[int]) -> None:
    check_insights(engine, history, body, some)


@ordinary
@given(histories(), funnel_bodies(), choices)
def test_funnels(engine: Analytics, history: History, body: dict[str, Any], some: list[int]) -> None:
    check_funnel(engine, history, body, some)


@pytest.mark.torture
@pytest.mark.timeout(7_200)
@long
@given(histories(), insights_bodies(), choices)
def test_insights_of_many_histories(engine: Analytics, history: History, body: dict[str, Any], some: list[int]) -> None:
    check_insights(engine, history, body, some)


@pytest.mark.torture
@pytest.mark.timeout(7_200)
@long
@given(histories(), funnel_bodies(), choices)
def test_funnels_of_many_histories(engine: Analytics, history: History, body: dict[str, Any], some: list[int]) -> None:
    check_funnel(engine, history, body, some)
