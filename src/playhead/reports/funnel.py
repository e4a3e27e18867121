"""Funnels: how many people go from step to step, how long it takes them, and where they stop.

An attempt begins with an event of step 1 in the range; each further step must follow the one before it, and all lie
within the window from the first. Steps within two seconds of each other count in either order, unless an event stands
in several steps. A person's attempt is the one that got farthest; of those the one that got there first, with its
latest possible beginning.

For that, each event of step k is put two seconds times k later ("virtual time"): "not more than two seconds before the
step in front of it" then reads "not before it", and one pass over a person's events in that order, which keeps for each
step the attempt that began latest, finds the answer.
"""

from __future__ import annotations

from typing import Any

import msgspec

from playhead.reports.bodies import Funnel, FunnelPoint
from playhead.reports.moments import KEY, NO_KEY, Moments, unpacked
from playhead.reports.ranges import read_range, zone_of
from playhead.reports.running import run
from playhead.reports.segments import OTHERS, of_segment, segment_name, segments_sql, top_sql
from playhead.reports.sql import Query
from playhead.stores.analytics import Analytics

SLACK_MS = 2_000


class StepResult(msgspec.Struct, frozen=True):
    """`rate` is of those who did step 1, `step_rate` of those who did the step before, `median_ms` from that step."""

    event: str
    count: int
    rate: float
    step_rate: float
    median_ms: float | None


class FunnelSegment(msgspec.Struct, frozen=True):
    segment: str | None
    steps: list[StepResult]
    other: bool = False


class FunnelReport(msgspec.Struct, frozen=True):
    segments: list[FunnelSegment]
    took_ms: int = 0


def funnel(analytics: Analytics, project_id: str, body: Funnel, timezone: str) -> FunnelReport:
    """Raises as `insights` does."""
    query = Query(project_id, zone_of(body.timezone, timezone))
    rows = run(analytics, query, _report_sql(query, body))
    found = [_segment(body, row) for row in rows]
    if body.breakdown is None and not found:
        found = [_segment(body, {"kind": 2, "name": "", "reached": [0] * len(body.steps), "medians": []})]
    return FunnelReport(sorted(found, key=lambda each: (each.other, -each.steps[0].count, each.segment or "")))


def funnel_moments(project_id: str, body: Funnel, timezone: str) -> Moments:
    """For each attempt behind a point: its event of that step; of one that was dropped, its last step done."""
    query = Query(project_id, zone_of(body.timezone, timezone))
    point = body.point or FunnelPoint(1)
    attempts = attempts_sql(query, body, KEY)
    where = of_segment(query, body.breakdown, point.segment, attempts, "count()")
    if point.outcome == "converted":
        step, reached = point.step, f"length(path) >= {point.step}"
    else:
        step, reached = point.step - 1, f"length(path) = {point.step - 1}"
    columns = f"person, path[{step}].1 AS at_ms, path[{step}].2 AS key"
    return Moments(query, unpacked(columns, f"({attempts}) WHERE {reached} AND {where}"))


def attempts_sql(query: Query, body: Funnel, key: str = NO_KEY) -> str:
    """One row per person (per attempt, where every attempt counts) and segment: `person`, `segment`, `path`.

    `path` holds the event of each step that was reached: (at_ms, key, segments).
    """
    asked = read_range(body.from_, body.to, query.zone)
    window = body.window.milliseconds
    last = len(body.steps)
    any_order = body.order == "any"
    alike = len({step.event for step in body.steps}) < last
    slack = 0 if alike or any_order else SLACK_MS
    everywhere = query.filters(body.filters)
    levels = ", ".join(
        f"if(event = {query.bind(step.event, 'String')} AND {query.filters(step.filters)}, {number}, 0)"
        for number, step in enumerate(body.steps, 1)
    )
    segment = segments_sql(query, body.breakdown)
    start, end = query.bind(asked.start_ms, "Int64"), query.bind(asked.end_ms, "Int64")
    events = query.source(
        [step.event for step in body.steps], asked.start_ms - slack * (last - 1), asked.end_ms + window
    )
    if any_order:
        fold = _any_order(last, window, start, end)
    elif body.count == "total":
        fold = _every_attempt(last, window, start, end)
    else:
        fold = _best_attempt(last, window, start, end)
    # With no slack the steps of one event come the higher first, so that it is not two steps of one attempt.
    order = (
        f"(at_ms + {slack} * level, {'arrayMin(levels), insert_id, -level' if slack == 0 else 'level, insert_id, 0'})"
    )
    return f"""
        SELECT person, arrayJoin(path[1].3) AS segment, path FROM (
            SELECT person, arrayJoin({fold}) AS path FROM (
                SELECT person, arrayMap(x -> x.2, arraySort(x -> x.1, groupArray(({order}, ({_ENTRY}))))) AS entries
                FROM (
                    SELECT *, arrayFilter(x -> x > 0, [{levels}])::Array(Int64) AS levels, {segment} AS segments_,
                           {key} AS key,
                           arrayJoin(levels) AS level
                    FROM ({events}) WHERE person != '' AND {everywhere}
                )
                GROUP BY person
            )
        )
        WHERE notEmpty(path)
    """  # noqa: S608


# What is kept of an event while its person's attempts are looked for; in an attempt it is the same without the level.
_ENTRY = "level, at_ms, key, segments_"
_PATH = "Array(Tuple(Int64, String, Array(Tuple(UInt8, String))))"
_EVENT = "(e.2, e.3, e.4)"


def _best_attempt(last: int, window: int, start: str, end: str) -> str:
    """[the attempt that got farthest]. State: for each step the attempt that began latest, and the farthest so far."""
    before = "acc.1[greatest(e.1 - 1, 1)]"
    longer = f"""multiIf(
        e.1 = 1, if(e.2 >= {start} AND e.2 < {end}, [{_EVENT}]::{_PATH}, []::{_PATH}),
        notEmpty({before}) AND e.2 <= {before}[1].1 + {window}, arrayPushBack({before}, {_EVENT}), []::{_PATH})"""
    return f"""[arrayFold((acc, e) -> (
        arrayMap((path, n) -> if(n = e.1 AND notEmpty({longer}) AND (empty(path) OR ({longer})[1].1 > path[1].1),
            {longer}, path), acc.1, range(1, {last + 1})),
        if(length({longer}) > length(acc.2), {longer}, acc.2)
    ), entries, (arrayWithConstant({last}, []::{_PATH}), []::{_PATH})).2]"""


def _every_attempt(last: int, window: int, start: str, end: str) -> str:
    """Every attempt; the next begins when the one before is completed or its window is over."""
    over = f"(notEmpty(acc.1) AND e.2 > acc.1[1].1 + {window})"
    going = f"if({over}, []::{_PATH}, acc.1)"
    begins = f"(empty({going}) AND e.1 = 1 AND e.2 >= {start} AND e.2 < {end})"
    goes_on = f"(notEmpty({going}) AND e.1 = length({going}) + 1)"
    longer = f"if({begins} OR {goes_on}, arrayPushBack({going}, {_EVENT}), {going})"
    fold = f"""arrayFold((acc, e) -> (
        if(length({longer}) = {last}, []::{_PATH}, {longer}),
        arrayConcat(acc.2, if({over}, [acc.1], []::Array({_PATH})),
            if(length({longer}) = {last}, [{longer}], []::Array({_PATH})))
    ), entries, ([]::{_PATH}, []::Array({_PATH})))"""
    return f"arrayConcat(({fold}).2, if(empty(({fold}).1), []::Array({_PATH}), [({fold}).1]))"


def _any_order(last: int, window: int, start: str, end: str) -> str:
    """[the most different steps within one window]. State: each step's last event, and the best so far."""
    latest = f"arrayMap((x, n) -> if(n = e.1, [{_EVENT}]::{_PATH}, x), acc.1, range(1, {last + 1}))"
    inside = f"arraySort(x -> x.1, arrayFilter(x -> x.1 >= e.2 - {window} AND x.1 >= {start}, arrayFlatten({latest})))"
    good = f"if(notEmpty({inside}) AND ({inside})[1].1 < {end}, {inside}, []::{_PATH})"
    return f"""[arrayFold((acc, e) -> (
        {latest}, if(length({good}) > length(acc.2), {good}, acc.2)
    ), entries, (arrayWithConstant({last}, []::{_PATH}), []::{_PATH})).2]"""


def _report_sql(query: Query, body: Funnel) -> str:
    attempts = attempts_sql(query, body)
    reached = ", ".join(f"countIf(length(path) >= {number})" for number in range(1, len(body.steps) + 1))
    medians = ", ".join(
        f"quantileExactInclusiveIf(0.5)(greatest(path[{number}].1 - path[{number - 1}].1, 0), length(path) >= {number})"
        for number in range(2, len(body.steps) + 1)
    )
    named = "segment"
    if body.breakdown is not None:
        named = f"if(segment IN ({top_sql(body.breakdown, attempts, 'count()')}), segment, {OTHERS})"
    return f"""
        SELECT {named} AS named, named.1 AS kind, named.2 AS name, [{reached}] AS reached, [{medians}] AS medians
        FROM ({attempts}) GROUP BY named
    """  # noqa: S608


def _segment(body: Funnel, row: dict[str, Any]) -> FunnelSegment:
    reached: list[int] = row["reached"]
    steps = []
    for number, (step, count) in enumerate(zip(body.steps, reached, strict=True)):
        before = reached[number - 1] if number else count
        median = float(row["medians"][number - 1]) if number and count else None
        steps.append(StepResult(step.event, count, _share(count, reached[0]), _share(count, before), median))
    return FunnelSegment(segment_name(row["kind"], row["name"]), steps, other=row["kind"] == 3)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
