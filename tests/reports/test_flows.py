"""Every number of a flows report, and who is behind it, against a slow and obvious reference.

Histories have merges, events that were sent twice and arrive in any order, several in one moment, repeats, events that are
hidden, at the window's edge, or called as the answer calls the rest.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from playhead.reports.flows import flows, flows_moments, read_flows
from playhead.reports.moments import read_moments
from playhead.stores.analytics import Analytics

from . import reference_flows as reference
from .reference import Event, History
from .test_against_reference import PEOPLE, START, VALUES, links, some_filters, store, zones

values = st.sampled_from(VALUES)
moments = st.builds(
    lambda hour, ms: START + hour * 3_600_000 + ms,
    st.sampled_from([0, 0, 0, 0, 1, 3, -30, 26]),
    st.sampled_from([0, 0, 1, 2, 500, 999, 1_000, 1_001, 59_999, 60_000, 60_001]),
)
events = st.builds(
    Event,
    name=st.sampled_from(["A", "A", "B", "B", "C", "D", "$other"]),
    distinct_id=st.sampled_from([*PEOPLE, "u3", "u4"]),
    at_ms=moments,
    insert_id=st.sampled_from([f"i{n}" for n in range(20)]),
    properties=st.fixed_dictionaries({}, optional={"p": values, "q.r": values}),
)
seldom = st.one_of(st.just([]), st.just([]), st.just([]), some_filters)


@st.composite
def histories(draw: st.DrawFn) -> History:
    found = {
        event.key: event
        for event in draw(
            st.lists(events, max_size=2)
            | st.lists(events, min_size=8, max_size=16)
            | st.lists(events, min_size=16, max_size=30)
        )
    }
    again = draw(st.lists(st.sampled_from(list(found.values())), max_size=4)) if found else []
    linked = {(link.device, link.order): link for link in draw(st.lists(links, max_size=4))}
    return History([*found.values(), *again], list(linked.values()))


windows = st.sampled_from([(1, "second"), (1, "minute"), (1, "minute"), (1, "hour"), (2, "day")])
bodies = st.fixed_dictionaries(
    {
        "from": st.just("2026-10-24"),
        "to": st.sampled_from(["2026-10-24", "2026-10-26"]),
        "start": st.fixed_dictionaries({"event": st.sampled_from(["A", "A", "B", "$other"]), "filters": seldom}),
        "direction": st.sampled_from(["after", "before"]),
        "steps": st.sampled_from([1, 3, 8]),
        "per_step": st.sampled_from([1, 2, 5]),
        "window": windows.map(lambda one: {"value": one[0], "unit": one[1]}),
        "hidden": st.sampled_from([[], [], ["C"], ["A", "D"]]),
        "filters": seldom,
        "timezone": zones,
    }
)


def check(analytics: Analytics, cases: list[Case]) -> None:
    for project_id, case in zip(store(analytics, [case[0] for case in cases]), cases, strict=True):
        check_one(analytics, project_id, *case)


def check_one(analytics: Analytics, project_id: str, history: History, body: dict[str, Any], some: list[int]) -> None:
    note(f"{body}\n{history}")
    report = flows(analytics, project_id, read_flows(json.dumps(body).encode()), "UTC")
    nodes, edges = reference.flows(history, body)
    assert {(node.step, node.event): node.count for node in report.nodes} == nodes
    assert {(edge.step, edge.from_, edge.to): edge.count for edge in report.edges} == edges
    assert report.total == sum(count for (step, _), count in nodes.items() if step == 0)
    for node in report.nodes:
        assert (node.other, node.end) == (node.step > 0 and node.event == "$other", node.event == "$end")
    counted: list[tuple[dict[str, Any], int]] = [
        *(({"step": node.step, "event": node.event}, node.count) for node in report.nodes),
        *(({"step": edge.step, "from": edge.from_, "to": edge.to}, edge.count) for edge in report.edges),
        ({"step": 1, "event": "nothing"}, 0),
    ]
    for number in some:
        point, people = counted[number % len(counted)]
        note(f"{point}")
        asked = body | {"point": point}
        found = read_moments(analytics, flows_moments(project_id, read_flows(json.dumps(asked).encode()), "UTC"))
        got = [(each.person, (each.event, each.distinct_id, each.at_ms, each.insert_id)) for each in found]
        assert sorted(got) == sorted((person, event.key) for person, event in reference.behind(history, asked))
        assert len({each.person for each in found}) == people, "as many people are behind it as the report says"


# Each example is a few histories, for storing takes longer than asking.
EACH = 4
Case = tuple[History, dict[str, Any], list[int]]
points = st.lists(st.integers(0, 1_000), min_size=2, max_size=2)
some_cases = st.lists(st.tuples(histories(), bodies, points), min_size=EACH, max_size=EACH)
quietly = settings(deadline=None, suppress_health_check=list(HealthCheck))
ordinary, long = settings(quietly, max_examples=120 // EACH), settings(quietly, max_examples=2_500 // EACH)


@ordinary
@given(some_cases)
def test_flows(engine: Analytics, cases: list[Case]) -> None:
    check(engine, cases)


@pytest.mark.torture
@pytest.mark.timeout(7_200)
@long
@given(some_cases)
def test_flows_of_many_histories(engine: Analytics, cases: list[Case]) -> None:
    check(engine, cases)
