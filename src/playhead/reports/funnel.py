"""Funnels: how many people go from step to step, how long it takes them, and where they stop.

An attempt begins with an event of step 1 in the range; each further step must follow the one before it, and all lie
within the window from the first. Steps within two seconds of each other count in either order, unless an event stands
in several steps. A person's attempt is the one that got farthest; of those the one that got there first, with each of
its other steps as late as it can be. An event that excludes ends attempts when it happens more than two seconds after
a step and before the next.
"""

from __future__ import annotations

import msgspec

from playhead.reports.attempts import attempts_of
from playhead.reports.bodies import Funnel, FunnelPoint, moment, wrong
from playhead.reports.moments import COLUMNS, Moments
from playhead.reports.ranges import Buckets, buckets, read_range, zone_of
from playhead.reports.running import run
from playhead.reports.segments import OTHERS, of_segment, segment_name
from playhead.reports.sql import Query
from playhead.stores.analytics import Analytics

# The edges of the bins that times are sorted into, in milliseconds: readable ones, from a second to 30 days.
BINS_MS = (0, 1_000, 10_000, 60_000, 600_000, 3_600_000, 21_600_000, 86_400_000, 604_800_000, 2_592_000_000)

_EVER = 2**62

# What an attempt is counted as: done a step, done all of them, and for the trend begun and converted in a bucket.
_STEP, _CONVERTED, _TREND_BEGUN, _TREND_CONVERTED = range(4)


class Bin(msgspec.Struct, frozen=True):
    """How often it took from `from_ms` up to, not including, `to_ms` (None: and longer)."""

    from_ms: int
    to_ms: int | None
    count: int


class StepResult(msgspec.Struct, frozen=True):
    """`rate` is of those who did step 1, `step_rate` of those who did the step before; the times are from that step."""

    event: str
    count: int
    rate: float
    step_rate: float
    median_ms: float | None
    p90_ms: float | None
    distribution: list[Bin]


class Convert(msgspec.Struct, frozen=True):
    """The time from the first step to the last, of those who did all."""

    median_ms: float | None
    p90_ms: float | None
    distribution: list[Bin]


class TrendPoint(msgspec.Struct, frozen=True):
    """Those who began in the bucket that starts at `t`, and how many of them did all steps."""

    t: str
    entered: int
    converted: int
    rate: float


class FunnelSegment(msgspec.Struct, frozen=True):
    segment: str | None
    steps: list[StepResult]
    convert: Convert
    other: bool = False
    trend: list[TrendPoint] | None = None


class FunnelReport(msgspec.Struct, frozen=True):
    segments: list[FunnelSegment]
    took_ms: int = 0


class _Times(msgspec.Struct, frozen=True):
    """How many attempts were counted as the same, and how long it took them."""

    count: int
    median_ms: float | None
    p90_ms: float | None
    distribution: list[Bin]


_NONE = _Times(0, None, None, [])


def funnel(analytics: Analytics, project_id: str, body: Funnel, timezone: str) -> FunnelReport:
    """Raises as `insights` does."""
    query = Query(project_id, zone_of(body.timezone, timezone))
    edges = _edges(query, body)
    by_segment: dict[tuple[int, str], dict[tuple[int, int], _Times]] = {}
    if body.breakdown is None:
        by_segment[2, ""] = {}
    for row in run(analytics, query, _report_sql(query, body, edges)):
        bins = [Bin(low, high, count) for (low, high), count in zip(_bins(), row["bins"], strict=True)]
        while bins and not bins[-1].count:
            bins.pop()
        median, p90 = row["shares"]
        times = _Times(row["count"], median, p90, bins)
        by_segment.setdefault((row["kind"], row["name"]), {})[row["counted"], row["number"]] = times
    found = [_segment(body, edges, key, counted) for key, counted in by_segment.items()]
    return FunnelReport(sorted(found, key=lambda each: (each.other, -each.steps[0].count, each.segment or "")))


def funnel_moments(project_id: str, body: Funnel, timezone: str) -> Moments:
    """For each attempt behind a point: its event of that step; of one that was dropped, its last step done."""
    query = Query(project_id, zone_of(body.timezone, timezone))
    point = body.point or FunnelPoint(1)
    attempts = attempts_of(query, body)
    rows = f"SELECT *, arrayJoin(segments) AS segment FROM ({attempts.sql})"  # noqa: S608
    where = of_segment(query, body.breakdown, point.segment, rows, "count()")
    if point.outcome == "converted":
        step, reached = point.step, f"length(path) >= {point.step}"
    else:
        step, reached = point.step - 1, f"length(path) = {point.step - 1}"
    if point.t is not None:
        where = f"{where} AND {_began(query, body, point.t)}"
    done = f"SELECT person, path[{step}] AS mark FROM ({rows}) WHERE {reached} AND {where}"  # noqa: S608
    events = attempts.events if query.needs_profiles else query.people(attempts.events)
    # Of two events of a step in the same millisecond it is the one with the first insert_id.
    sql = f"""
        SELECT {COLUMNS} FROM (
            SELECT {COLUMNS}, arrayJoin(marks) AS mark FROM ({events}) WHERE (person, mark) IN ({done})
            ORDER BY insert_id, distinct_id LIMIT 1 BY person, mark
        )
    """  # noqa: S608
    return Moments(query, sql)


def _edges(query: Query, body: Funnel) -> Buckets | None:
    """The buckets of the trend, when it is asked for."""
    return buckets(read_range(body.from_, body.to, query.zone), body.unit) if body.unit else None


def _began(query: Query, body: Funnel, t: str) -> str:
    edges = _edges(query, body)
    assert edges is not None
    try:
        number = edges.edges[:-1].index(moment(t))
    except (ValueError, OverflowError):
        raise wrong("point.t", "must be the `t` of a bucket of this report's trend") from None
    return f"times[1] >= {edges.edges[number]} AND times[1] < {edges.edges[number + 1]}"


def _report_sql(query: Query, body: Funnel, edges: Buckets | None) -> str:
    last = len(body.steps)
    rows = f"SELECT times, arrayJoin(segments) AS segment FROM ({attempts_of(query, body).sql})"  # noqa: S608
    named = "segment"
    if body.breakdown is not None:
        rows = f"""
            SELECT *, dense_rank() OVER (ORDER BY here DESC, segment) AS place
            FROM (SELECT *, count() OVER (PARTITION BY segment) AS here FROM ({rows}))
        """  # noqa: S608
        named = f"if(place <= {body.breakdown.limit}, segment, {OTHERS})"
    took = "toInt64(greatest(t - before, 0))"
    counted = [
        f"arrayMap((t, before, n) -> ({_STEP}, toInt64(n), {took}), times, "
        "arrayPushFront(arrayPopBack(times), times[1]), arrayEnumerate(times))",
        f"if(length(times) = {last}, [({_CONVERTED}, {last}, toInt64(greatest(times[-1] - times[1], 0)))], [])",
    ]
    if edges is not None:
        bucket = query.bucket(edges)
        counted.append(f"[({_TREND_BEGUN}, toInt64({bucket}), 0)]")
        counted.append(f"if(length(times) = {last}, [({_TREND_CONVERTED}, toInt64({bucket}), 0)], [])")
    # One aggregate for all bins: the engine's analysis of a query takes long where a column is named often.
    lows = ", ".join(str(low) for low, _ in _bins())
    highs = ", ".join(str(_EVER if high is None else high) for _, high in _bins())
    bins = f"sumForEach(arrayMap((low, high) -> took >= low AND took < high, [{lows}], [{highs}]))"
    return f"""
        SELECT named.1 AS kind, named.2 AS name, counted, number, count() AS count,
               quantilesExactInclusive(0.5, 0.9)(took) AS shares, {bins} AS bins
        FROM (
            SELECT named, one.1 AS counted, one.2 AS number, one.3 AS took FROM (
                SELECT {named} AS named, times[1] AS at_ms,
                       arrayJoin(arrayConcat({", ".join(counted)})::Array(Tuple(UInt8, Int64, Int64))) AS one
                FROM ({rows})
            )
        )
        GROUP BY named, counted, number
    """  # noqa: S608


def _bins() -> list[tuple[int, int | None]]:
    return list(zip(BINS_MS, (*BINS_MS[1:], None), strict=True))


def _segment(
    body: Funnel, edges: Buckets | None, key: tuple[int, str], counted: dict[tuple[int, int], _Times]
) -> FunnelSegment:
    last = len(body.steps)
    done = [counted.get((_STEP, number), _NONE) for number in range(1, last + 1)]
    steps = []
    for number, (step, times) in enumerate(zip(body.steps, done, strict=True)):
        before = done[number - 1] if number else times
        took = times if number else _NONE
        rate, step_rate = _share(times.count, done[0].count), _share(times.count, before.count)
        steps.append(
            StepResult(step.event, times.count, rate, step_rate, took.median_ms, took.p90_ms, took.distribution)
        )
    whole = counted.get((_CONVERTED, last), _NONE)
    convert = Convert(whole.median_ms, whole.p90_ms, whole.distribution)
    trend = None if edges is None else [_trend(edges, number, counted) for number in range(edges.count)]
    return FunnelSegment(segment_name(*key), steps, convert, other=key[0] == 3, trend=trend)


def _trend(edges: Buckets, number: int, counted: dict[tuple[int, int], _Times]) -> TrendPoint:
    entered = counted.get((_TREND_BEGUN, number), _NONE).count
    converted = counted.get((_TREND_CONVERTED, number), _NONE).count
    return TrendPoint(edges.label(number), entered, converted, _share(converted, entered))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
