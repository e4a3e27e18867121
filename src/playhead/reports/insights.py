"""Insights: how often an event happened, by how many people, and what its numbers were, over time and by segment.

One query per metric answers both the buckets and the whole range (a person counts once in each), with what is over the
breakdown's limit as one segment.
"""

from __future__ import annotations

from typing import Any

import msgspec

from playhead.reports.bodies import Aggregate, Insights, InsightsPoint, Metric, moment, wrong
from playhead.reports.moments import COLUMNS, Moments
from playhead.reports.ranges import Buckets, buckets, read_range, rolling, zone_of
from playhead.reports.running import run
from playhead.reports.segments import OTHERS, of_segment, segment_name, segments_sql, top_sql
from playhead.reports.sql import Query
from playhead.stores.analytics import Analytics

ROLLING_DAYS = {"dau": 1, "wau": 7, "mau": 30}
_AGGREGATES = {
    "sum": "sum(number)",
    "avg": "avg(number)",
    "median": "quantileExactInclusive(0.5)(number)",
    "p90": "quantileExactInclusive(0.9)(number)",
    "p99": "quantileExactInclusive(0.99)(number)",
    "min": "min(number)",
    "max": "max(number)",
    "distinct": "toFloat64(uniqExact(word))",
}
# Of nothing these are nothing; there is no median of no numbers.
_ZERO_OF_NOTHING = frozenset(("sum", "distinct"))


class Point(msgspec.Struct, frozen=True):
    """A bucket: `t` is its start with its offset. None: no number was there to make a value of."""

    t: str
    value: float | None


class Series(msgspec.Struct, frozen=True):
    """A metric's line for one segment. `other` marks the one that holds what is over the limit."""

    metric: int
    segment: str | None
    points: list[Point]
    total: float | None
    other: bool = False


class InsightsReport(msgspec.Struct, frozen=True):
    series: list[Series]
    took_ms: int = 0


def insights(analytics: Analytics, project_id: str, body: Insights, timezone: str) -> InsightsReport:
    """Raises `PlayheadError` for a range or time zone that is none, 422 for what is too large."""
    zone = zone_of(body.timezone, timezone)
    asked = read_range(body.from_, body.to, zone)
    edges = buckets(asked, body.unit)
    found = []
    for number, metric in enumerate(body.metrics):
        query = Query(project_id, zone)
        rows = run(analytics, query, _metric_sql(query, body, metric, edges, (asked.start_ms, asked.end_ms)))
        found += _series(number, metric, edges, rows, broken_down=body.breakdown is not None)
    return InsightsReport(found)


def insights_moments(project_id: str, body: Insights, timezone: str) -> Moments:
    """The events behind a point of an insights report: of its metric, its segment, its bucket."""
    zone = zone_of(body.timezone, timezone)
    asked = read_range(body.from_, body.to, zone)
    point = body.point or InsightsPoint()
    start, end = asked.start_ms, asked.end_ms
    if point.t is not None:
        edges = buckets(asked, body.unit)
        try:
            number = edges.edges[:-1].index(moment(point.t))
        except ValueError:
            raise wrong("point.t", "must be the `t` of a bucket of this report") from None
        start, end = max(start, edges.edges[number]), min(end, edges.edges[number + 1])
    query = Query(project_id, zone)
    metric = body.metrics[point.metric]
    value, column = measure_sql(query, metric)
    ranked = picked_sql(query, body, metric, (asked.start_ms, asked.end_ms), column)
    picked = picked_sql(query, body, metric, (start, end))
    where = of_segment(query, body.breakdown, point.segment, ranked, value)
    return Moments(query, f"SELECT {COLUMNS} FROM ({picked}) WHERE {where}")  # noqa: S608


def picked_sql(query: Query, body: Insights, metric: Metric, times: tuple[int, int], more: str = "") -> str:
    """The events a metric counts, one row for each segment they are in; `more` are further columns."""
    segment = segments_sql(query, body.breakdown)
    where = query.filters([*body.filters, *metric.filters])
    source = query.source([metric.event], *times)
    return f"SELECT *, arrayJoin({segment}) AS segment {more} FROM ({source}) WHERE {where}"  # noqa: S608


def _metric_sql(query: Query, body: Insights, metric: Metric, edges: Buckets, asked: tuple[int, int]) -> str:
    value, number = measure_sql(query, metric)
    days = ROLLING_DAYS.get(metric.measure) if isinstance(metric.measure, str) else None
    times = asked if days is None else (rolling(edges, days)[0][0], asked[1])
    inside = f"at_ms >= {query.bind(asked[0], 'Int64')}"
    numbers = f"[{query.bucket(edges)}]" if days is None else _rolling_buckets(query, edges, days, asked[1])
    # The whole range is a bucket of its own, -1, so that a person is once in it.
    bucket = f"arrayJoin(arrayConcat({numbers}, if({inside}, [-1], [])))"
    picked = picked_sql(query, body, metric, times, number)
    segment = "segment"
    if body.breakdown is not None:
        segment = f"if(segment IN ({top_sql(body.breakdown, f'{picked} AND {inside}', value)}), segment, {OTHERS})"
    return f"""
        SELECT named.1 AS kind, named.2 AS name, bucket, {value} AS value
        FROM (SELECT *, {segment} AS named, {bucket} AS bucket FROM ({picked}))
        GROUP BY named, bucket
    """  # noqa: S608


def measure_sql(query: Query, metric: Metric) -> tuple[str, str]:
    """The value of a group of events, and the column it needs."""
    measure = metric.measure
    if isinstance(measure, Aggregate):
        if measure.aggregate == "distinct":
            return _AGGREGATES["distinct"], f", arrayJoin({query.texts(measure.property, 'event')}) AS word"
        return _AGGREGATES[measure.aggregate], f", arrayJoin({query.numbers(measure.property, 'event')}) AS number"
    people = "uniqExactIf(person, person != '')"
    if measure == "total":
        return "toFloat64(count())", ""
    if measure == "per_user_avg":
        return f"if({people} = 0, 0, countIf(person != '') / {people})", ""
    return f"toFloat64({people})", ""


def _rolling_buckets(query: Query, edges: Buckets, days: int, end_ms: int) -> str:
    windows = rolling(edges, days)
    starts = query.bind([start for start, _ in windows], "Array(Int64)")
    ends = query.bind([min(end, end_ms) for _, end in windows], "Array(Int64)")
    numbers = f"arrayMap(n -> toInt64(n), range({edges.count}))"
    return f"arrayFilter((n, a, b) -> at_ms >= a AND at_ms < b, {numbers}, {starts}, {ends})"


def _series(
    number: int, metric: Metric, edges: Buckets, rows: list[dict[str, Any]], *, broken_down: bool
) -> list[Series]:
    empty = None
    if not isinstance(metric.measure, Aggregate) or metric.measure.aggregate in _ZERO_OF_NOTHING:
        empty = 0.0
    by_segment: dict[tuple[int, str], dict[int, float]] = {}
    for row in rows:
        by_segment.setdefault((row["kind"], row["name"]), {})[row["bucket"]] = row["value"]
    if not broken_down:
        by_segment.setdefault((2, ""), {})
    found = []
    for (kind, text), values in by_segment.items():
        points = [Point(edges.label(n), values.get(n, empty)) for n in range(edges.count)]
        found.append(Series(number, segment_name(kind, text), points, values.get(-1, empty), other=kind == 3))
    return sorted(found, key=lambda each: (each.other, -(each.total or 0.0), each.segment or ""))
