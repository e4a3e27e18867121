"""What a retention report must answer, in plain and slow Python."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from .reference import Event, History, bucket_of, holds, local_day, midnight, segments_of


@dataclass
class Comer:
    """A person in a cohort: their first event, and their returns by period."""

    person: str
    first: Event
    cohort: str
    returns: dict[int, list[Event]]


def comers(history: History, body: dict[str, Any], now: int) -> list[Comer]:
    zone = ZoneInfo(body["timezone"])
    by_person = defaultdict(list)
    for event in history.once():
        if (
            event.distinct_id
            and all(holds(each, event.properties, zone) for each in body["filters"])
            and midnight(bucket_day(event.at_ms, body["unit"], zone), zone) <= now
        ):
            by_person[history.person(event.distinct_id)].append(event)
    found = []
    for person, events in by_person.items():
        events.sort(key=lambda event: (event.at_ms, event.insert_id, event.distinct_id))
        firsts = [event for event in events if matches(event, body["first"], zone) and in_range(event, body, zone)]
        if not firsts:
            continue
        first = firsts[0]
        returns = defaultdict(list)
        for event in events:
            if event.at_ms > first.at_ms and matches(event, body["return"], zone):
                period = periods_between(
                    bucket_day(first.at_ms, body["unit"], zone),
                    bucket_day(event.at_ms, body["unit"], zone),
                    body["unit"],
                )
                if period <= body["periods"]:
                    returns[period].append(event)
        found.append(Comer(person, first, bucket_of(first.at_ms, body["unit"], zone), returns))
    return found


def matches(event: Event, wanted: dict[str, Any], zone: ZoneInfo) -> bool:
    return wanted["event"] in {None, event.name} and all(
        holds(each, event.properties, zone) for each in wanted.get("filters", [])
    )


def in_range(event: Event, body: dict[str, Any], zone: ZoneInfo) -> bool:
    return date.fromisoformat(body["from"]) <= local_day(event.at_ms, zone) <= date.fromisoformat(body["to"])


def bucket_day(at_ms: int, unit: str, zone: ZoneInfo) -> date:
    day = local_day(at_ms, zone)
    if unit == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if unit == "month" else day


def periods_between(one: date, other: date, unit: str) -> int:
    if unit == "month":
        return (other.year - one.year) * 12 + other.month - one.month
    return (other - one).days // (7 if unit == "week" else 1)


def begins(day: date, unit: str, periods: int) -> date:
    """The first day of the bucket so many periods after the one that begins on a day."""
    if unit == "month":
        months = day.year * 12 + day.month - 1 + periods
        return date(months // 12, months % 12 + 1, 1)
    return day + timedelta(days=periods * (7 if unit == "week" else 1))


def returned(comer: Comer, body: dict[str, Any], period: int | None) -> list[Event]:
    """Their returning events that count in this period (None: in any)."""
    if period is None:
        return [event for events in comer.returns.values() for event in events]
    if body["criterion"] == "on":
        return comer.returns.get(period, [])
    return [event for number, events in comer.returns.items() if number >= period for event in events]


def by_segment(found: list[Comer], breakdown: dict[str, Any] | None) -> dict[str | None, list[Comer]]:
    if breakdown is None:
        return {None: found}
    raw = defaultdict(list)
    for comer in found:
        for segment in segments_of(comer.first, breakdown):
            raw[segment].append(comer)
    ranked = sorted(raw, key=lambda one: (-len(raw[one]), (1, "") if one == "(not set)" else (0, str(one))))
    shown = ranked[: breakdown["limit"]]
    answer = {segment: raw[segment] for segment in shown}
    rest = {comer.person: comer for segment in ranked[breakdown["limit"] :] for comer in raw[segment]}
    return answer | ({"$other": list(rest.values())} if rest else {})


def cohorts(body: dict[str, Any]) -> list[tuple[str, date]]:
    """(`t`, first day) of every cohort of the report."""
    zone = ZoneInfo(body["timezone"])
    day = bucket_day(midnight(date.fromisoformat(body["from"]), zone), body["unit"], zone)
    found = []
    while day <= date.fromisoformat(body["to"]):
        found.append((bucket_of(midnight(day, zone), body["unit"], zone), day))
        day = begins(day, body["unit"], 1)
    return found


def retention(history: History, body: dict[str, Any], now: int) -> dict[str | None, dict[str, Any]]:
    """segment → {"cohorts": {t: (size, [(count, partial) | None])}, "average": [(count, size) | None]}"""
    zone = ZoneInfo(body["timezone"])
    report = {}
    for segment, theirs in by_segment(comers(history, body, now), body.get("breakdown")).items():
        table = {}
        totals: dict[int, tuple[int, int]] = {}
        for t, day in cohorts(body):
            mine = [comer for comer in theirs if comer.cohort == t]
            cells: list[tuple[int, bool] | None] = []
            for period in range(body["periods"] + 1):
                start, end = (midnight(begins(day, body["unit"], period + n), zone) for n in (0, 1))
                count = sum(bool(returned(comer, body, period)) for comer in mine)
                cells.append((count, end > now) if start <= now else None)
                if end <= now:
                    before = totals.get(period, (0, 0))
                    totals[period] = (before[0] + count, before[1] + len(mine))
            table[t] = (len(mine), cells)
        report[segment] = {"cohorts": table, "average": [totals.get(n) for n in range(body["periods"] + 1)]}
    return report


def behind(history: History, body: dict[str, Any], now: int) -> set[tuple[str, Event]]:
    """(person, event) of every event behind the body's point."""
    zone = ZoneInfo(body["timezone"])
    point = body["point"]
    period, outcome = point.get("period"), point.get("outcome")
    found = comers(history, body, now)
    if point.get("segment") is not None:
        found = by_segment(found, body["breakdown"])[point["segment"]]
    events = set()
    for t, day in cohorts(body):
        start, end = (midnight(begins(day, body["unit"], (period or 0) + n), zone) for n in (0, 1))
        if point.get("cohort") is None:
            if period is not None and end > now:
                continue
        elif t != point["cohort"] or start > now:
            continue
        for comer in found:
            if comer.cohort != t:
                continue
            came = returned(comer, body, period)
            if outcome == "returned":
                events |= {(comer.person, event) for event in came}
            elif outcome is None or not came:
                events.add((comer.person, comer.first))
    return events
