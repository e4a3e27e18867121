"""Retention: of the people who did something for the first time in a period, how many came back in those after it.

Whoever did the first event in the range is in one cohort: that of the day, week or month of their first. Period n is
the n-th day, week or month after it by the calendar of the zone; period 0 is the rest of the same one. All of it is
one pass over each person's events, which keeps their first event and, for each bucket, when they last returned in it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from playhead.clock import now_ms
from playhead.jsontext import read_body
from playhead.reports.bodies import (
    Breakdown,
    Filter,
    Step,
    check_breakdown,
    check_filters,
    check_name,
    moment,
    wrong,
)
from playhead.reports.moments import KEY, NO_KEY, Moments, unpacked
from playhead.reports.ranges import Buckets, Range, buckets, day_start, read_range, zone_of
from playhead.reports.running import run
from playhead.reports.segments import OTHERS, of_segment, segment_name, segments_sql, top_sql
from playhead.reports.sql import Query
from playhead.stores.analytics import Analytics

RetentionUnit = Literal["day", "week", "month"]

MAX_PERIODS = 100
MAX_CELLS = 250_000


class Return(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What counts as coming back; with no `event`, any event does."""

    event: str | None = None
    filters: list[Filter] = []


class RetentionPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Who of a cohort (of all) returned in a period (in any), or did not; with no `outcome`, all of them."""

    cohort: str | None = None
    period: int | None = None
    outcome: Literal["returned", "lost"] | None = None
    segment: str | None = None


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    from_: str = msgspec.field(name="from")
    to: str
    first: Step
    return_: Return = msgspec.field(name="return", default=Return())
    unit: RetentionUnit = "day"
    periods: int = 8
    criterion: Literal["on", "on_or_after"] = "on"
    filters: list[Filter] = []
    breakdown: Breakdown | None = None
    timezone: str = ""
    point: RetentionPoint | None = None


class Cell(msgspec.Struct, frozen=True):
    """`count` of the cohort returned; `partial` while the period is not over."""

    count: int
    rate: float
    partial: bool


class Cohort(msgspec.Struct, frozen=True):
    """Those whose first event is in the bucket that begins at `t`. None: a period that has not begun."""

    t: str
    size: int
    periods: list[Cell | None]


class Average(msgspec.Struct, frozen=True):
    """Of all people in the cohorts whose period is over."""

    count: int
    size: int
    rate: float


class RetentionSegment(msgspec.Struct, frozen=True):
    segment: str | None
    cohorts: list[Cohort]
    average: list[Average | None]
    other: bool = False


class RetentionReport(msgspec.Struct, frozen=True):
    segments: list[RetentionSegment]
    took_ms: int = 0


_retention = msgspec.json.Decoder(Retention)


def read_retention(text: bytes) -> Retention:
    """Raises `PlayheadError` with the path of the first field that is wrong, and what was expected there."""
    body: Retention = read_body(_retention, text, "bad_report")
    check_name(body.first.event, "first.event")
    check_filters(body.first.filters, "first.filters")
    if body.return_.event is not None:
        check_name(body.return_.event, "return.event")
    check_filters(body.return_.filters, "return.filters")
    check_filters(body.filters, "filters")
    check_breakdown(body.breakdown)
    if not 1 <= body.periods <= MAX_PERIODS:
        raise wrong("periods", f"must be 1 to {MAX_PERIODS}")
    point = body.point
    if point is not None and point.period is not None and not 0 <= point.period <= body.periods:
        raise wrong("point.period", f"must be the number of a period, 0 to {body.periods}")
    return body


class _Asked(msgspec.Struct, frozen=True):
    """The range and its cohorts' buckets, with the buckets of the periods after them; `begun` and `over` by now."""

    range: Range
    cohorts: int
    buckets: Buckets
    begun: int
    over: int


def retention(analytics: Analytics, project_id: str, body: Retention, timezone: str) -> RetentionReport:
    """Raises as `insights` does."""
    query = Query(project_id, zone_of(body.timezone, timezone))
    asked = _asked(query, body)
    rows = run(analytics, query, _report_sql(query, body, asked))
    by_segment: dict[tuple[int, str], dict[int, tuple[int, list[int]]]] = {}
    if body.breakdown is None:
        by_segment[2, ""] = {}
    for row in rows:
        by_segment.setdefault((row["kind"], row["name"]), {})[row["cohort"]] = (row["size"], row["counts"])
    found = [(sum(size for size, _ in cohorts.values()), key, cohorts) for key, cohorts in by_segment.items()]
    found.sort(key=lambda each: (each[1][0] == 3, -each[0], each[1]))
    return RetentionReport([_segment(asked, body.periods, *key, cohorts) for _, key, cohorts in found])


def retention_moments(project_id: str, body: Retention, timezone: str) -> Moments:
    """The events with which people behind a point returned; of those who did not, and of all, their first."""
    query = Query(project_id, zone_of(body.timezone, timezone))
    asked = _asked(query, body)
    point = body.point or RetentionPoint()
    # The periods that a return may be in.
    least = point.period or 0
    most = point.period if body.criterion == "on" and point.period is not None else body.periods
    cohort = _cohort(point, asked)
    segment = of_segment(query, body.breakdown, point.segment, _firsts_sql(query, body, asked), "count()")
    where = f"{segment} AND {_inside(point, cohort, asked)}"
    repeats = body.breakdown is not None
    if point.outcome == "returned":
        first = least if cohort is None else cohort + least
        last = asked.buckets.count if cohort is None else cohort + most
        people = people_sql(query, body, asked, KEY, f"bucket >= {first} AND bucket <= {last}")
        again = f"arrayJoin(arrayFilter(e -> e.3 >= {least} AND e.3 <= {most}, returns)) AS e"
        rows = f"(SELECT person, {again} FROM ({people}) WHERE {where})"  # noqa: S608
        return Moments(query, unpacked("person, e.1 AS at_ms, e.2 AS key", rows), repeats)
    if point.outcome == "lost":
        where = f"{where} AND NOT arrayExists(n -> n >= {least} AND n <= {most}, periods)"
    people = people_sql(query, body, asked, KEY)
    return Moments(query, unpacked("person, began_ms AS at_ms, key", f"({people}) WHERE {where}"), repeats)


def _asked(query: Query, body: Retention) -> _Asked:
    asked = read_range(body.from_, body.to, query.zone)
    cohorts = buckets(asked, body.unit)
    cells = cohorts.count * (body.periods + 1) * (body.breakdown.limit + 1 if body.breakdown else 1)
    if cells > MAX_CELLS:
        raise wrong("periods", f"makes {cells} cells of {MAX_CELLS}: ask for fewer days or segments, or a longer unit")
    every = Buckets(body.unit, [*cohorts.edges, *_after(cohorts, body.unit, body.periods)], query.zone)
    now = now_ms()
    begun = sum(edge <= now for edge in every.edges[:-1])
    return _Asked(asked, cohorts.count, every, begun, sum(edge <= now for edge in every.edges[1:]))


def _after(of: Buckets, unit: RetentionUnit, count: int) -> list[int]:
    """The ends of as many buckets more."""
    day = datetime.fromtimestamp(of.edges[-1] / 1_000, of.zone).date()
    months = day.year * 12 + day.month - 1
    return [
        day_start(
            date((months + n) // 12, (months + n) % 12 + 1, 1)
            if unit == "month"
            else day + timedelta(days=n * (7 if unit == "week" else 1)),
            of.zone,
        )
        for n in range(1, count + 1)
    ]


def people_sql(query: Query, body: Retention, asked: _Asked, key: str = NO_KEY, kept: str = "0") -> str:
    """One row per person and segment of their first event.

    `person`, `began_ms` and `key` (the first event), `cohort` (the number of its bucket), `segment`, `periods` (the
    numbers of those they returned in), `returns` (their returning events that are `kept`, as (at_ms, key, period)).
    """
    everywhere = query.filters(body.filters)
    first = _first(query, body, asked)
    again = query.filters(body.return_.filters)
    if body.return_.event is not None:
        again = f"event = {query.bind(body.return_.event, 'String')} AND {again}"
    bucket = query.bucket(asked.buckets)
    segments = segments_sql(query, body.breakdown)
    names = None if body.return_.event is None else (body.first.event, body.return_.event)
    # What lies in a period that has not begun (a clock that is ahead) is not looked at.
    events = query.source(names, asked.range.start_ms, asked.buckets.edges[asked.begun])
    return f"""
        SELECT person, began.1 AS began_ms, began.2 AS key, began.4 AS cohort, arrayJoin(began.3) AS segment,
               arrayFilter((n, at) -> n >= 0 AND n <= {body.periods} AND at > began_ms,
                   arrayMap(n -> n - cohort, last.1), last.2) AS periods,
               arrayFilter(e -> e.3 >= 0 AND e.3 <= {body.periods} AND e.1 > began_ms,
                   arrayMap(e -> (e.1, e.2, e.3 - cohort), every)) AS returns
        FROM (
            SELECT person, argMinIf((at_ms, key, segments_, bucket), {_ORDER}, first) AS began,
                   maxMapIf([bucket], [at_ms], again) AS last,
                   groupArrayIf((at_ms, key, bucket), again AND {kept}) AS every
            FROM (
                SELECT person, at_ms, insert_id, distinct_id, client_ms, {segments} AS segments_,
                       toInt64({bucket}) AS bucket, {first} AS first, {again} AS again,
                       if(first OR (again AND {kept}), {key}, '') AS key
                FROM ({events}) WHERE person != '' AND {everywhere}
            )
            GROUP BY person HAVING countIf(first) > 0
        )
    """  # noqa: S608  constants of this package and names of parameters


# What tells the events of a person apart, in the order of time.
_ORDER = "(at_ms, insert_id, distinct_id, client_ms)"


def _first(query: Query, body: Retention, asked: _Asked) -> str:
    """The condition of being one that may be a person's first."""
    event, end = query.bind(body.first.event, "String"), query.bind(asked.range.end_ms, "Int64")
    return f"(event = {event} AND {query.filters(body.first.filters)} AND at_ms < {end})"


def _firsts_sql(query: Query, body: Retention, asked: _Asked) -> str:
    """The `segment`s of people as `people_sql` has them, found without their returns: what segments are ranked by."""
    everywhere = query.filters(body.filters)
    first = _first(query, body, asked)
    segments = segments_sql(query, body.breakdown)
    events = query.source([body.first.event], asked.range.start_ms, asked.buckets.edges[asked.begun])
    return f"""
        SELECT arrayJoin(argMin({segments}, {_ORDER})) AS segment FROM ({events})
        WHERE person != '' AND {everywhere} AND {first} GROUP BY person
    """  # noqa: S608


def _report_sql(query: Query, body: Retention, asked: _Asked) -> str:
    people = people_sql(query, body, asked)
    if body.criterion == "on":
        returned = f"arrayMap(n -> has(periods, n), range(0, {body.periods + 1}))"
    else:
        returned = f"arrayMap(n -> notEmpty(periods) AND n <= arrayMax(periods), range(0, {body.periods + 1}))"
    named = "segment"
    if body.breakdown is not None:
        top = top_sql(body.breakdown, _firsts_sql(query, body, asked), "count()")
        named = f"if(segment IN ({top}), segment, {OTHERS})"
    # Whose first event is in several segments that are not shown is one person in `$other`.
    return f"""
        SELECT named.1 AS kind, named.2 AS name, cohort, count() AS size, sumForEach(returned) AS counts
        FROM (SELECT DISTINCT person, {named} AS named, cohort, {returned} AS returned FROM ({people}))
        GROUP BY named, cohort
    """  # noqa: S608


def _cohort(point: RetentionPoint, asked: _Asked) -> int | None:
    """The number of the cohort that the point names."""
    if point.cohort is None:
        return None
    try:
        return asked.buckets.edges[: asked.cohorts].index(moment(point.cohort))
    except (ValueError, OverflowError):
        raise wrong("point.cohort", "must be the `t` of a cohort of this report") from None


def _inside(point: RetentionPoint, cohort: int | None, asked: _Asked) -> str:
    """The condition on the cohort: the one that was named, else those that the average is of."""
    if cohort is not None:
        return f"cohort = {cohort}" if cohort + (point.period or 0) < asked.begun else "0"
    return "1" if point.period is None else f"cohort + {point.period} < {asked.over}"


def _segment(
    asked: _Asked, periods: int, kind: int, text: str, rows: dict[int, tuple[int, list[int]]]
) -> RetentionSegment:
    nobody = (0, [0] * (periods + 1))
    found = [rows.get(cohort, nobody) for cohort in range(asked.cohorts)]
    cohorts = [
        Cohort(
            asked.buckets.label(n), size, [_cell(asked, n + period, size, count) for period, count in enumerate(counts)]
        )
        for n, (size, counts) in enumerate(found)
    ]
    average = [_average(found[: max(0, asked.over - period)], period) for period in range(periods + 1)]
    return RetentionSegment(segment_name(kind, text), cohorts, average, other=kind == 3)


def _cell(asked: _Asked, bucket: int, size: int, count: int) -> Cell | None:
    return Cell(count, _share(count, size), bucket >= asked.over) if bucket < asked.begun else None


def _average(cohorts: list[tuple[int, list[int]]], period: int) -> Average | None:
    if not cohorts:
        return None
    count, size = sum(counts[period] for _, counts in cohorts), sum(size for size, _ in cohorts)
    return Average(count, size, _share(count, size))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
