"""Insights: how often an event happened, by how many people, and what its numbers were, over time and by segment.

One query per metric answers the buckets, the whole range and the period before (a person counts once in each), with
what is over the breakdown's limit as one segment. It goes over the events once: they are grouped by *cell*, a piece
of time that lies in the same buckets as a whole, into states that can be merged; what a report shows is merged from
those. Without a breakdown, people are counted the other way round: for each person, the cells they were there.
"""

from __future__ import annotations

from typing import assert_never

import msgspec

from playhead.reports.bodies import Aggregate, Filter, Insights, InsightsPoint, Metric, moment, wrong
from playhead.reports.cells import WHOLE, WHOLE_BEFORE, Cells, cells_of
from playhead.reports.formulas import metrics_of, parse_formula
from playhead.reports.moments import COLUMNS, Moments
from playhead.reports.ranges import Buckets, Range, buckets, previous, read_range, rolling, zone_of
from playhead.reports.running import run
from playhead.reports.segments import (
    OTHER,
    OTHERS,
    key_sql,
    of_segment,
    segment_name,
    segments_of_key,
    segments_sql,
)
from playhead.reports.sql import Query
from playhead.stores.analytics import Analytics

ROLLING_DAYS = {"dau": 1, "wau": 7, "mau": 30}
# The measures that are a number of people.
_PEOPLE = ("unique", *ROLLING_DAYS)
# Of nothing these are nothing; there is no median of no numbers.
_ZERO_OF_NOTHING = frozenset(("sum", "distinct"))

# A segment as rows have it: its kind and its text.
Segment = tuple[int, str]


class Point(msgspec.Struct, frozen=True):
    """A bucket: `t` is its start with its offset. None: no number was there to make a value of."""

    t: str
    value: float | None


class Previous(msgspec.Struct, frozen=True):
    """The period before: its point n lies under point n."""

    points: list[Point]
    total: float | None


class Series(msgspec.Struct, frozen=True):
    """A metric's line for one segment, or a formula's. `other` marks the one that holds what is over the limit."""

    metric: int | None
    segment: str | None
    points: list[Point]
    total: float | None
    other: bool = False
    formula: int | None = None
    previous: Previous | None = None


class InsightsReport(msgspec.Struct, frozen=True):
    series: list[Series]
    took_ms: int = 0


class _Asked(msgspec.Struct, frozen=True):
    """The range, its buckets, and those of the period before when it is compared with."""

    range: Range
    edges: Buckets
    before: Buckets | None


class _Values(msgspec.Struct, frozen=True):
    """A metric's values in a segment: by bucket, those of the period before behind them; the whole range is -1, -2."""

    by_bucket: dict[int, float | None]
    empty: float | None

    def __getitem__(self, bucket: int) -> float | None:
        return self.by_bucket.get(bucket, self.empty)


def insights(analytics: Analytics, project_id: str, body: Insights, timezone: str) -> InsightsReport:
    """Raises `PlayheadError` for a range or time zone that is none, 422 for what is too large."""
    asked = _asked(body, timezone)
    metrics = [_values(analytics, project_id, body, metric, asked) for metric in body.metrics]
    found = []
    for number, by_segment in enumerate(metrics):
        found += _sorted([_series(asked, values, key, metric=number) for key, values in by_segment.items()])
    for number, formula in enumerate(body.formulas):
        computes = parse_formula(formula.formula, len(body.metrics))
        used = metrics_of(formula.formula)
        shown = {key for metric in used for key in metrics[metric] if key[0] != 3}
        operands = {
            metric: metrics[metric]
            if {key for key in metrics[metric] if key[0] != 3} == shown
            else _values(analytics, project_id, body, body.metrics[metric], asked, given=sorted(shown))
            for metric in used
        }
        every = {key for by_segment in operands.values() for key in by_segment}
        lines = []
        for key in every:
            of = [operands[n].get(key, _nothing(each)) if n in operands else _nothing(each)
                  for n, each in enumerate(body.metrics)]  # fmt: skip
            count = asked.edges.count * 2
            line = {bucket: computes([values[bucket] for values in of]) for bucket in range(-2, count)}
            lines.append(_series(asked, _Values(line, None), key, formula=number))
        found += _sorted(lines)
    return InsightsReport(found)


def insights_moments(project_id: str, body: Insights, timezone: str) -> Moments:
    """The events behind a point of an insights report: of its metric, its segment, its bucket.

    Of people in the last days (`dau`, `wau`, `mau`), those of all these days; of a formula, those of all its metrics.
    """
    asked = _asked(body, timezone)
    point = body.point or InsightsPoint()
    query = Query(project_id, asked.range.zone)
    names = [point.metric or 0] if point.formula is None else metrics_of(body.formulas[point.formula].formula)
    metrics = [body.metrics[number] for number in names]
    whole = (asked.range.start_ms, asked.range.end_ms)
    picked = []
    for metric in metrics:
        if point.segment == OTHER:
            # A formula's rest is what none of its metrics shows.
            ranked = [(picked_sql(query, body, each, whole), measure_sql(query, each).direct) for each in metrics]
            where = " AND ".join(of_segment(query, body.breakdown, OTHER, rows, value) for rows, value in ranked)
        else:
            where = of_segment(query, body.breakdown, point.segment, "", "")
        rows = picked_sql(query, body, metric, _times(asked, point, metric))
        picked.append(f"SELECT {COLUMNS} FROM ({rows}) WHERE {where}")  # noqa: S608
    return Moments(query, " UNION ALL ".join(picked), repeats=len(picked) > 1 or body.breakdown is not None)


def _asked(body: Insights, timezone: str) -> _Asked:
    asked = read_range(body.from_, body.to, zone_of(body.timezone, timezone))
    edges = buckets(asked, body.unit)
    return _Asked(asked, edges, previous(asked, edges) if body.compare else None)


def _times(asked: _Asked, point: InsightsPoint, metric: Metric) -> tuple[int, int]:
    """The first moment of a point of this metric, and that after its last."""
    edges, start, end = asked.edges, asked.range.start_ms, asked.range.end_ms
    if point.previous and asked.before is not None:
        edges, start, end = asked.before, asked.range.preceding.start_ms, start
    if point.t is None:
        return start, end
    try:
        at = moment(point.t)
        # Where a clock is put forward, two hours of the period before can begin together; the first of them is empty.
        number = max(n for n, edge in enumerate(edges.edges[:-1]) if edge == at)
    except (ValueError, OverflowError):
        raise wrong("point.t", "must be the `t` of a bucket of this report") from None
    days = _rolling_days(metric)
    if days is not None:
        return rolling(edges, days, end)[number]
    return max(start, edges.edges[number]), min(end, edges.edges[number + 1])


def picked_sql(query: Query, body: Insights, metric: Metric, times: tuple[int, int]) -> str:
    """The events a metric counts, one row for each segment they are in, with the values it counts."""
    segment = segments_sql(query, body.breakdown)
    measure = measure_sql(query, metric)
    where = query.filters([*body.filters, *metric.filters])
    source = query.source([metric.event], *times)
    return f"""
        SELECT *, arrayJoin({segment}) AS segment FROM (SELECT *, {measure.values} AS values FROM ({source}))
        WHERE {measure.counts} AND {where}
    """  # noqa: S608


class Measure(msgspec.Struct, frozen=True):
    """How a measure is made of events. `values` are an event's own; one that does not `count` is in no segment.

    `states` of a cell's events, columns s0 and s1, are put together by `merged`, which takes what `some` answers;
    `direct` makes the same of events. `people`: it needs to know who did them.
    """

    states: tuple[str, ...]
    merged: str
    direct: str
    values: str = "[]"
    counts: str = "1"
    people: bool = False

    def some(self, condition: str) -> str:
        """`merged` of those rows of a segment (a window `w`) that a condition holds of."""
        return self.merged.format(some="If", of=f", {condition}", over=" OVER w")

    def all(self) -> str:
        return self.merged.format(some="", of="", over="")


_QUANTILES = {"median": "0.5", "p90": "0.9", "p99": "0.99"}


def measure_sql(query: Query, metric: Metric) -> Measure:
    measure = metric.measure
    if isinstance(measure, Aggregate):
        return _aggregate(query, measure)
    people, state = "uniqExactIf(person, person != '')", "uniqExactIfState(person, person != '')"
    merged = "uniqExactIfMerge{some}(s0{of}){over}"
    if measure == "total":
        return Measure(("count()",), "toFloat64(sum{some}(s0{of}){over})", "toFloat64(count())")
    if measure == "per_user_avg":
        named = "countIf(person != '')"
        mean = f"if({merged} = 0, 0, sum{{some}}(s1{{of}}){{over}} / {merged})"
        return Measure((state, named), mean, f"if({people} = 0, 0, {named} / {people})", people=True)
    return Measure((state,), f"toFloat64({merged})", f"toFloat64({people})", people=True)


def _aggregate(query: Query, measure: Aggregate) -> Measure:
    values = (query.texts if measure.aggregate == "distinct" else query.numbers)(measure.property, "event")
    match measure.aggregate:
        case "sum" | "min" | "max" as name:
            state = f"{name}Array(values)"
            return Measure((state,), f"{name}{{some}}(s0{{of}}){{over}}", state, values, "notEmpty(values)")
        case "avg":
            states, mean = (
                ("sumArray(values)", "sum(length(values))"),
                "sum{some}(s0{of}){over} / sum{some}(s1{of}){over}",
            )
            return Measure(states, mean, "avgArray(values)", values, "notEmpty(values)")
        case "distinct":
            merged = "toFloat64(uniqExactArrayMerge{some}(s0{of}){over})"
            direct = "toFloat64(uniqExactArray(values))"
            return Measure(("uniqExactArrayState(values)",), merged, direct, values, "notEmpty(values)")
        case "median" | "p90" | "p99" as name:
            call, share = "quantileExactInclusiveArray", f"({_QUANTILES[name]})"
            merged = f"{call}Merge{{some}}{share}(s0{{of}}){{over}}"
            state, direct = f"{call}State{share}(values)", f"{call}{share}(values)"
            return Measure((state,), merged, direct, values, "notEmpty(values)")
    assert_never(measure.aggregate)


def _values(
    analytics: Analytics,
    project_id: str,
    body: Insights,
    metric: Metric,
    asked: _Asked,
    *,
    given: list[Segment] | None = None,
) -> dict[Segment, _Values]:
    """A metric's values in the segments it shows, or in those that are given; `$other` is the rest."""
    query = Query(project_id, asked.range.zone)
    cells = cells_of(query, asked.range, asked.edges, asked.before, _rolling_days(metric))
    filters = [*body.filters, *metric.filters]
    if metric.measure in _PEOPLE and body.breakdown is None:
        sql = _people_sql(query, metric, filters, cells)
    else:
        sql = _metric_sql(query, body, metric, cells, given=given)
    by_segment: dict[Segment, dict[int, float | None]] = {}
    if body.breakdown is None:
        by_segment[2, ""] = {}
    for row in run(analytics, query, sql):
        by_segment.setdefault((row["kind"], row["name"]), {})[row["bucket"]] = row["value"]
    empty = _nothing(metric).empty
    return {key: _Values(values, empty) for key, values in by_segment.items() if _is_shown(key, values)}


def _is_shown(key: Segment, values: dict[int, float | None]) -> bool:
    """The rest is there when something is in it; what only nobody did before the range is nothing."""
    return key[0] != 3 or not {-2, -1}.isdisjoint(values) or any(values.values())


def _nothing(metric: Metric) -> _Values:
    """The values of a metric where there are no events."""
    zero = not isinstance(metric.measure, Aggregate) or metric.measure.aggregate in _ZERO_OF_NOTHING
    return _Values({}, 0.0 if zero else None)


def _rolling_days(metric: Metric) -> int | None:
    return ROLLING_DAYS.get(metric.measure) if isinstance(metric.measure, str) else None


def _metric_sql(query: Query, body: Insights, metric: Metric, cells: Cells, *, given: list[Segment] | None) -> str:
    measure = measure_sql(query, metric)
    where = f"{measure.counts} AND {query.filters([*body.filters, *metric.filters])}"
    key = key_sql(query, body.breakdown)
    rows = query.events([metric.event], cells.start_ms, cells.end_ms)
    if measure.people or query.needs_profiles:
        rows = query.people(rows)
    states = ", ".join(f"{state} AS s{number}" for number, state in enumerate(measure.states))
    columns = ", ".join(f"s{number}" for number in range(len(measure.states)))
    grouped = f"""
        SELECT key, cell, {states}
        FROM (SELECT *, {measure.values} AS values, {key} AS key, {cells.cell} AS cell FROM ({rows}))
        WHERE {where} GROUP BY key, cell
    """  # noqa: S608
    segment = f"arrayJoin({segments_of_key(body.breakdown, 'key')}) AS segment"
    found = f"SELECT {segment}, cell, {columns} FROM ({grouped})"  # noqa: S608
    named = "segment"
    if given is not None:
        kinds, texts = (
            query.bind([kind for kind, _ in given], "Array(UInt8)"),
            query.bind([text for _, text in given], "Array(String)"),
        )
        named = f"if(has(arrayZip({kinds}, {texts}), segment), segment, {OTHERS})"
    elif body.breakdown is not None:
        # Those with the greatest values are shown; what has events in the period before only, or in the days that the
        # first bucket looks back over, is not.
        found = f"""
            SELECT *, dense_rank() OVER (ORDER BY here DESC, whole DESC, segment) AS place FROM (
                SELECT *, max({cells.inside}) OVER w AS here, {measure.some(cells.inside)} AS whole
                FROM ({found}) WINDOW w AS (PARTITION BY segment)
            )
        """  # noqa: S608
        named = f"if(place <= {body.breakdown.limit} AND here, segment, {OTHERS})"
    return f"""
        SELECT named.1 AS kind, named.2 AS name, bucket, {measure.all()} AS value
        FROM (SELECT {named} AS named, arrayJoin({cells.buckets}) AS bucket, {columns} FROM ({found}))
        GROUP BY named, bucket
    """  # noqa: S608


def _people_sql(query: Query, metric: Metric, filters: list[Filter], cells: Cells) -> str:
    """How many people there were: who had events in which cells is known before it is asked whose devices are whose."""
    # What asks for nothing of the events is asked once for a device.
    whose = query.filters([each for each in filters if _of_people(each)])
    where = query.filters([each for each in filters if not _of_people(each)])
    rows = query.events([metric.event], cells.start_ms, cells.end_ms)
    if cells.count <= 64:
        collect, again, cells_ = (
            "groupBitOr(bitShiftLeft(toUInt64(1), cell))",
            "groupBitOr(there)",
            "bitPositionsToArray",
        )
    else:
        collect, again, cells_ = "groupUniqArray(toUInt16(cell))", "groupUniqArrayArray(there)", ""
    devices = f"""
        SELECT distinct_id, {collect} AS there
        FROM (SELECT distinct_id, {cells.cell} AS cell FROM ({rows}) WHERE {where}) GROUP BY distinct_id
    """  # noqa: S608
    people = f"""
        SELECT {cells_}({again}) AS cells FROM ({query.people(devices)}) WHERE person != '' AND {whose} GROUP BY person
    """  # noqa: S608
    return f"""
        SELECT 2 AS kind, '' AS name, bucket, toFloat64(count()) AS value
        FROM (SELECT arrayJoin({cells.buckets_of_many}) AS bucket FROM ({people})) GROUP BY bucket
    """  # noqa: S608


def _of_people(each: Filter) -> bool:
    return all(one.of == "profile" for one in each.any or [each])


def _series(
    asked: _Asked, values: _Values, key: Segment, metric: int | None = None, formula: int | None = None
) -> Series:
    edges, before = asked.edges, None
    if asked.before is not None:
        points = [Point(asked.before.label(n), values[edges.count + n]) for n in range(edges.count)]
        before = Previous(points, values[WHOLE_BEFORE])
    return Series(
        metric=metric,
        segment=segment_name(*key),
        points=[Point(edges.label(n), values[n]) for n in range(edges.count)],
        total=values[WHOLE],
        other=key[0] == 3,
        formula=formula,
        previous=before,
    )


def _sorted(series: list[Series]) -> list[Series]:
    return sorted(series, key=lambda each: (each.other, -(each.total or 0.0), each.segment or ""))
