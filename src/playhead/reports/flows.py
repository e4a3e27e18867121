"""Flows: which ways people take from an event, or to it.

A path begins at a person's first such event in the range and goes on with their next events (or back with those
before) within the window, in the order of time; hidden events are passed over, and so is an event that comes again
at once. Of each step the most frequent events are shown, the rest as `$other`; where no further event is, the path has
its `$end`.
"""

from __future__ import annotations

from collections import Counter
from typing import Literal

import msgspec

from playhead.jsontext import read_body
from playhead.reports.bodies import (
    MAX_WINDOW_DAYS,
    Filter,
    Step,
    Window,
    check_filters,
    check_name,
    wrong,
)
from playhead.reports.moments import KEY, NO_KEY, Moments, unpacked
from playhead.reports.ranges import read_range, zone_of
from playhead.reports.running import run
from playhead.reports.sql import Query
from playhead.stores.analytics import Analytics

MAX_STEPS = 8
MAX_PER_STEP = 20
MAX_HIDDEN = 500

# Events that are really called so are never shown by their name: they are counted in the rest.
OTHER, END = "$other", "$end"


class FlowsPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An event at a step (counted from 0, the start), or the way from one at this step to one at the next."""

    step: int
    event: str | None = None
    from_: str | None = msgspec.field(name="from", default=None)
    to: str | None = None


class Flows(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    from_: str = msgspec.field(name="from")
    to: str
    start: Step
    direction: Literal["after", "before"] = "after"
    steps: int = 3
    per_step: int = 5
    window: Window = Window(30, "minute")
    hidden: list[str] = []
    filters: list[Filter] = []
    timezone: str = ""
    point: FlowsPoint | None = None


class Node(msgspec.Struct, frozen=True):
    """`other`: the rest of the step; `end`: no further event."""

    step: int
    event: str
    count: int
    other: bool
    end: bool


class Edge(msgspec.Struct, frozen=True):
    """So many people went from the event at `step` to the one at the next."""

    step: int
    from_: str = msgspec.field(name="from")
    to: str
    count: int


class FlowsReport(msgspec.Struct, frozen=True):
    total: int
    nodes: list[Node]
    edges: list[Edge]
    took_ms: int = 0


_flows = msgspec.json.Decoder(Flows)


def read_flows(text: bytes) -> Flows:
    """Raises `PlayheadError` with the path of the first field that is wrong, and what was expected there."""
    body: Flows = read_body(_flows, text, "bad_report")
    check_name(body.start.event, "start.event")
    check_filters(body.start.filters, "start.filters")
    check_filters(body.filters, "filters")
    for name, value, most in (("steps", body.steps, MAX_STEPS), ("per_step", body.per_step, MAX_PER_STEP)):
        if not 1 <= value <= most:
            raise wrong(name, f"must be 1 to {most}")
    if not 1_000 <= body.window.milliseconds <= MAX_WINDOW_DAYS * 86_400_000:
        raise wrong("window", f"must be from 1 second to {MAX_WINDOW_DAYS} days")
    if len(body.hidden) > MAX_HIDDEN:
        raise wrong("hidden", f"must hold at most {MAX_HIDDEN} names")
    for number, name in enumerate(body.hidden):
        check_name(name, f"hidden[{number}]")
    if body.point is not None:
        _check_point(body.point, body.steps)
    return body


def _check_point(point: FlowsPoint, steps: int) -> None:
    if (point.event is None) == (point.from_ is None) or (point.from_ is None) != (point.to is None):
        raise wrong("point", "must name an `event`, or what the way goes `from` and `to`")
    last = steps if point.event is not None else steps - 1
    if not 0 <= point.step <= last:
        raise wrong("point.step", f"must be the number of a step, 0 to {last}")
    for name, value in (("event", point.event), ("from", point.from_), ("to", point.to)):
        if value is not None:
            check_name(value, f"point.{name}")


def flows(analytics: Analytics, project_id: str, body: Flows, timezone: str) -> FlowsReport:
    """Raises as `insights` does."""
    query = Query(project_id, zone_of(body.timezone, timezone))
    rows = run(analytics, query, _report_sql(query, body))
    edges = [Edge(row["step"], row["source"], row["target"], row["people"]) for row in rows]
    total = sum(edge.count for edge in edges if edge.step == 0)
    reached = Counter({(0, body.start.event): total} if total else {})
    for edge in edges:
        reached[edge.step + 1, edge.to] += edge.count
    nodes = [
        Node(step, event, count, other=step > 0 and event == OTHER, end=step > 0 and event == END)
        for (step, event), count in reached.items()
    ]
    return FlowsReport(
        total,
        sorted(nodes, key=lambda node: (node.step, node.end, node.other, -node.count, node.event)),
        sorted(edges, key=lambda edge: (edge.step, -edge.count, edge.from_, edge.to)),
    )


def flows_moments(project_id: str, body: Flows, timezone: str) -> Moments:
    """The events at a point: at a node, or where an edge leads to; where paths end, the last event of each."""
    query = Query(project_id, zone_of(body.timezone, timezone))
    point = body.point or FlowsPoint(0, body.start.event)
    # Element n + 1 of a path is step n.
    if point.event is not None:
        place, wanted = point.step + 1, [point.event]
    else:
        place, wanted = point.step + 2, [point.from_ or "", point.to or ""]
    names = f"arraySlice(names, {place - len(wanted) + 1}, {len(wanted)})"
    event = f"path[least({place}, length(path))]"
    rows = f"({_named_sql(query, body, ranked=OTHER in wanted)}) WHERE {names} = {query.bind(wanted, 'Array(String)')}"
    return Moments(query, unpacked(f"person, {event}.1 AS at_ms, {event}.3 AS key", rows), repeats=False)


def _report_sql(query: Query, body: Flows) -> str:
    """The edges: `step`, `source`, `target`, `people`.

    All ways from one event to the next are counted first. How many are at an event is then how many ways lead away from
    it (a path that ends there leads to its end), or to it, so that paths are looked for once.
    """
    own = query.bind([OTHER, END], "Array(String)")
    target = "if(n < length(path), (0, path.2[n + 1]), (1, ''))"
    steps = f"arrayMap(n -> (n - 1, path.2[n], {target}), range(1, least(length(path), {body.steps}) + 1))"
    ways = f"""
        SELECT way.1 AS step, way.2 AS source_, way.3 AS target_, count() AS ways
        FROM (SELECT arrayJoin({steps}) AS way FROM ({paths_sql(query, body)})) GROUP BY way
    """  # noqa: S608  constants of this package and names of parameters
    at_source = f"PARTITION BY step ORDER BY source_ IN {own}, at_source DESC, source_"
    at_target = f"PARTITION BY step ORDER BY target_.1, target_.2 IN {own}, at_target DESC, target_.2"
    return f"""
        SELECT step,
               if(step = 0 OR (source_rank <= {body.per_step} AND source_ NOT IN {own}), source_, '{OTHER}') AS source,
               multiIf(target_.1 = 1, '{END}', target_rank <= {body.per_step} AND target_.2 NOT IN {own}, target_.2,
                   '{OTHER}') AS target,
               sum(ways) AS people
        FROM (
            SELECT *, dense_rank() OVER ({at_source}) AS source_rank, dense_rank() OVER ({at_target}) AS target_rank
            FROM (
                SELECT *, sum(ways) OVER (PARTITION BY step, source_) AS at_source,
                       sum(ways) OVER (PARTITION BY step, target_) AS at_target
                FROM ({ways})
            )
        )
        GROUP BY step, source, target
    """  # noqa: S608


def _named_sql(query: Query, body: Flows, *, ranked: bool) -> str:
    """One row per person: `person`, `path`, and `names`, the path's events as the answer calls them.

    What is the rest can be told only when the events of each step are `ranked`; else each keeps its name.
    """
    own = query.bind([OTHER, END], "Array(String)")
    shown = "1"
    top = ""
    if ranked:
        top = f"""
            WITH (
                SELECT groupArray((place, event)) FROM (
                    SELECT place, event FROM (
                        SELECT arrayJoin(arrayZip(arrayEnumerate(path), path.2)) AS at, at.1 AS place, at.2 AS event
                        FROM ({paths_sql(query, body)})
                    )
                    WHERE place > 1 AND event NOT IN {own}
                    GROUP BY place, event ORDER BY place, count() DESC, event LIMIT {body.per_step} BY place
                )
            ) AS shown
        """  # noqa: S608
        shown = "has(shown, (place, event))"
    return f"""
        {top}
        SELECT person, path, arrayConcat(
            arrayMap((event, place) -> if(place = 1 OR ({shown} AND event NOT IN {own}), event, '{OTHER}'),
                path.2, arrayEnumerate(path)),
            if(length(path) <= {body.steps}, ['{END}'], [])
        ) AS names
        FROM ({paths_sql(query, body, KEY)})
    """  # noqa: S608


# What tells the events of a person apart, in the order of time.
_ORDER = "(at_ms, insert_id, distinct_id, client_ms, event)"


def paths_sql(query: Query, body: Flows, key: str = NO_KEY) -> str:
    """One row per person who did the start: `person` and `path`, an array of (at_ms, event, key)."""
    asked = read_range(body.from_, body.to, query.zone)
    window = body.window.milliseconds
    everywhere = query.filters(body.filters)
    begins = query.filters(body.start.filters)
    hidden = query.bind(body.hidden, "Array(String)")
    starts = query.source([body.start.event], asked.start_ms, asked.end_ms)
    if body.direction == "after":
        events = query.source(None, asked.start_ms, asked.end_ms + window)
        follows = f"{_ORDER} > began AND at_ms <= began.1 + {window}"
        in_order = "arraySort"
    else:
        events = query.source(None, asked.start_ms - window, asked.end_ms)
        follows = f"{_ORDER} < began AND at_ms >= began.1 - {window}"
        in_order = "arrayReverseSort"
    # Only what lies in the windows is gathered, so that memory is that of the paths, not of everything people did.
    return f"""
        SELECT person, arrayMap(e -> (e.1.1, e.1.5, e.2), ordered) AS went,
               arraySlice(arrayCompact(e -> e.2, went), 1, {body.steps + 1}) AS path
        FROM (
            SELECT person, {in_order}(e -> e.1, groupArray(({_ORDER}, {key}))) AS ordered
            FROM (SELECT * FROM ({events}) WHERE person != '' AND {everywhere}) AS events
            INNER JOIN (
                SELECT person, min({_ORDER}) AS began FROM ({starts})
                WHERE person != '' AND {everywhere} AND {begins} GROUP BY person
            ) AS starts USING person
            WHERE {_ORDER} = began OR (NOT has({hidden}, event) AND {follows})
            GROUP BY person
        )
    """  # noqa: S608
