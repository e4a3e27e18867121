"""What every report must answer, in plain and slow Python: no SQL, no cleverness, one event after the other."""

from __future__ import annotations

import itertools
import re
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

NUMBER = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?")
SLACK_MS = 2_000


@dataclass(frozen=True)
class Event:
    name: str
    distinct_id: str
    at_ms: int
    insert_id: str
    properties: dict[str, Any] = field(hash=False, default_factory=dict)
    replay_id: str = ""

    @property
    def key(self) -> tuple[str, str, int, str]:
        return (self.name, self.distinct_id, self.at_ms, self.insert_id)


@dataclass(frozen=True)
class Link:
    """A device and a user seen together; the first counts."""

    device: str
    user: str
    order: int


@dataclass
class History:
    events: list[Event]
    links: list[Link]

    def once(self) -> list[Event]:
        return list({event.key: event for event in self.events}.values())

    def person(self, distinct_id: str) -> str:
        links = [link for link in self.links if "$device:" + link.device == distinct_id]
        return min(links, key=lambda link: link.order).user if links else distinct_id


# ---- values ----


def texts(value: Any) -> list[str]:
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    if value is None:
        return []
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, float) and value.is_integer():
        return [str(int(value))]
    return [str(value)]


def numbers(value: Any) -> list[float]:
    return [float(text) for text in texts(value) if NUMBER.fullmatch(text)]


def holds(each: dict[str, Any], properties: dict[str, Any], zone: ZoneInfo) -> bool:
    if "any" in each:
        return any(holds(one, properties, zone) for one in each["any"])
    value = properties.get(each["property"])
    wanted = each.get("value")
    found = texts(value)
    match each["op"]:
        case "set":
            return bool(found)
        case "not_set":
            return not found
        case "eq":
            return bool(set(found) & set(texts(wanted)))
        case "neq":
            return not set(found) & set(texts(wanted))
        case "contains":
            return any(wanted.lower() in text.lower() for text in found)
        case "not_contains":
            return not any(wanted.lower() in text.lower() for text in found)
        case "gt":
            return any(number > wanted for number in numbers(value))
        case "gte":
            return any(number >= wanted for number in numbers(value))
        case "lt":
            return any(number < wanted for number in numbers(value))
        case "lte":
            return any(number <= wanted for number in numbers(value))
        case "between":
            return any(wanted[0] <= number <= wanted[1] for number in numbers(value))
        case "is_true":
            return "true" in found
        case "is_false":
            return "false" in found
        case "before":
            return any(at < midnight(date.fromisoformat(wanted), zone) for at in moments(found, zone))
        case "after":
            return any(
                at >= midnight(date.fromisoformat(wanted) + timedelta(days=1), zone) for at in moments(found, zone)
            )
    raise AssertionError(each["op"])


def moments(found: list[str], zone: ZoneInfo) -> list[int]:
    times = []
    for text in found:
        if NUMBER.fullmatch(text):
            times.append(int(float(text) * (1_000 if abs(float(text)) < 1e11 else 1)))
        elif re.fullmatch(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?", text):
            at = datetime.fromisoformat(text)
            times.append(int((at if at.tzinfo else at.replace(tzinfo=zone)).timestamp() * 1_000))
    return times


# ---- time ----


def midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1_000)


def local_day(at_ms: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(at_ms / 1_000, UTC).astimezone(zone).date()


def bucket_of(at_ms: int, unit: str, zone: ZoneInfo) -> str:
    day = local_day(at_ms, zone)
    if unit == "hour":
        start = at_ms - (at_ms - midnight(day, zone)) % 3_600_000
    elif unit == "week":
        start = midnight(day - timedelta(days=day.weekday()), zone)
    else:
        start = midnight(day.replace(day=1) if unit == "month" else day, zone)
    return datetime.fromtimestamp(start / 1_000, zone).isoformat().replace("+00:00", "Z")


# ---- insights ----


def insights(history: History, body: dict[str, Any]) -> dict[str | None, dict[str, Any]]:
    """segment → {"total", "points": {t: value}}; buckets without events are left out."""
    zone = ZoneInfo(body["timezone"])
    first, last = date.fromisoformat(body["from"]), date.fromisoformat(body["to"])
    metric = body["metrics"][0]
    conditions = [*body.get("filters", []), *metric.get("filters", [])]
    matching = [
        event
        for event in history.once()
        if event.name == metric["event"] and all(holds(each, event.properties, zone) for each in conditions)
    ]
    if isinstance(metric.get("measure"), dict):
        # What has no value is in no segment.
        reads = texts if metric["measure"]["aggregate"] == "distinct" else numbers
        matching = [event for event in matching if reads(event.properties.get(metric["measure"]["property"]))]
    inside = [event for event in matching if first <= local_day(event.at_ms, zone) <= last]
    measure = metric.get("measure", "total")
    value: Callable[[Sequence[Event]], float | None] = lambda events: measured(history, measure, events)  # noqa: E731
    breakdown = body.get("breakdown")
    in_segments = {event.key: segments_of(event, breakdown) for event in matching}
    shown = {segment for event in inside for segment in in_segments[event.key]}
    if breakdown:
        ranked = sorted(
            shown,
            key=lambda segment: (
                -(value([e for e in inside if segment in in_segments[e.key]]) or 0.0),
                (1, "") if segment == "(not set)" else (0, segment),
            ),
        )
        shown = set(ranked[: breakdown["limit"]])

    def chosen(events: Iterable[Event], segment: str | None) -> list[Event]:
        """An event that is in several of the segments of `$other` counts there that often."""
        if segment != "$other":
            return [event for event in events if segment in in_segments[event.key]]
        return [event for event in events for each in in_segments[event.key] if each not in shown]

    names: set[str | None] = set(shown) if breakdown else {None}
    rolling = {"dau": 1, "wau": 7, "mau": 30}.get(measure) if isinstance(measure, str) else None
    if breakdown:
        names.add("$other")
    report: dict[str | None, dict[str, Any]] = {}
    for segment in names:
        mine = chosen(inside, segment)
        points: dict[str, Any] = {}
        if rolling:
            day = first
            while day <= last:
                recent = [
                    e
                    for e in chosen(matching, segment)
                    if timedelta() <= day - local_day(e.at_ms, zone) < timedelta(days=rolling)
                ]
                points[bucket_of(midnight(day, zone), "day", zone)] = value(recent)
                day += timedelta(days=1)
        else:
            by_bucket = defaultdict(list)
            for event in mine:
                by_bucket[bucket_of(event.at_ms, body["unit"], zone)].append(event)
            points = {t: value(events) for t, events in by_bucket.items()}
        if segment != "$other" or mine or any(points.values()):
            report[segment] = {"total": value(mine), "points": points}
    return report


def segments_of(event: Event, breakdown: dict[str, Any] | None) -> list[str | None]:
    if breakdown is None:
        return [None]
    found = texts(event.properties.get(breakdown["property"]))
    return list(dict.fromkeys(found)) or ["(not set)"]


def measured(history: History, measure: Any, events: Sequence[Event]) -> float | None:
    named = [event for event in events if event.distinct_id]
    people = {history.person(event.distinct_id) for event in named}
    if measure == "total":
        return len(events)
    if measure == "per_user_avg":
        return len(named) / len(people) if people else 0
    if isinstance(measure, str):
        return len(people)
    values = [event.properties.get(measure["property"]) for event in events]
    if measure["aggregate"] == "distinct":
        return len({text for value in values for text in texts(value)})
    found = sorted(number for value in values for number in numbers(value))
    if measure["aggregate"] == "sum":
        return sum(found)
    if not found:
        return None
    return {
        "avg": lambda: statistics.fmean(found),
        "min": lambda: found[0],
        "max": lambda: found[-1],
        "median": lambda: statistics.median(found),
        "p90": lambda: quantile(found, 0.9),
        "p99": lambda: quantile(found, 0.99),
    }[measure["aggregate"]]()


def quantile(ordered: list[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


# ---- funnels ----

Path = list[tuple[int, Event]]


def funnel(history: History, body: dict[str, Any]) -> dict[str | None, tuple[list[int], list[float | None]]]:
    """segment → how many reached each step, and the median time from the step before (None for nobody)."""
    paths = attempts(history, body)
    breakdown = body.get("breakdown")
    by_segment: dict[str | None, list[Path]] = defaultdict(list)
    if breakdown is None:
        by_segment[None] = [path for _, path in paths]
    else:
        found: dict[str | None, list[Path]] = defaultdict(list)
        for _, path in paths:
            for segment in segments_of(path[0][1], breakdown):
                found[segment].append(path)
        ranked = sorted(found, key=lambda one: (-len(found[one]), (1, "") if one == "(not set)" else (0, str(one))))
        for place, segment in enumerate(ranked):
            by_segment[segment if place < breakdown["limit"] else "$other"] += found[segment]
    steps = len(body["steps"])
    return {
        segment: (
            [sum(len(path) > step for path in theirs) for step in range(steps)],
            [
                statistics.median(max(0, path[step][0] - path[step - 1][0]) for path in theirs if len(path) > step)
                if any(len(path) > step for path in theirs)
                else None
                for step in range(1, steps)
            ],
        )
        for segment, theirs in by_segment.items()
    }


def attempts(history: History, body: dict[str, Any]) -> list[tuple[str, Path]]:
    zone = ZoneInfo(body["timezone"])
    low = midnight(date.fromisoformat(body["from"]), zone)
    high = midnight(date.fromisoformat(body["to"]) + timedelta(days=1), zone)
    window = body["window"]["value"] * {"second": 1_000, "minute": 60_000, "hour": 3_600_000}[body["window"]["unit"]]
    steps = body["steps"]
    any_order = body.get("order") == "any"
    alike = len({step["event"] for step in steps}) < len(steps)
    slack = 0 if alike or any_order else SLACK_MS
    people: dict[str, list[tuple[Any, int, Event]]] = defaultdict(list)
    for event in history.once():
        matched = [
            number
            for number, step in enumerate(steps, 1)
            if event.name == step["event"]
            and all(
                holds(each, event.properties, zone) for each in [*body.get("filters", []), *step.get("filters", [])]
            )
        ]
        for level in matched:
            order = (
                (event.at_ms, min(matched), event.insert_id, -level)
                if slack == 0
                else (event.at_ms + slack * level, level, event.insert_id)
            )
            if event.distinct_id:
                people[history.person(event.distinct_id)].append((order, level, event))
    found = []
    for person, entries in people.items():
        ordered = [(level, event) for _, level, event in sorted(entries, key=lambda entry: entry[0])]
        if any_order:
            theirs = [widest(ordered, window, low, high)]
        elif body.get("count") == "total":
            theirs = one_after_another(ordered, len(steps), window, low, high)
        else:
            theirs = [farthest(ordered, len(steps), window, low, high)]
        found += [(person, [(event.at_ms, event) for event in path]) for path in theirs if path]
    return found


def farthest(ordered: list[tuple[int, Event]], steps: int, window: int, low: int, high: int) -> list[Event]:
    """Every possible attempt is listed; the one that got farthest, first, with the latest beginning is taken."""
    chains = [[place] for place, (level, event) in enumerate(ordered) if level == 1 and low <= event.at_ms < high]
    best = chains
    for step in range(2, steps + 1):
        chains = [
            [*chain, place]
            for chain, (place, (level, event)) in itertools.product(chains, enumerate(ordered))
            if level == step and place > chain[-1] and event.at_ms <= ordered[chain[0]][1].at_ms + window
        ]
        best = chains or best
    if not best:
        return []
    taken = min(best, key=lambda chain: (chain[-1], -ordered[chain[0]][1].at_ms, *reversed(chain[:-1])))
    return [ordered[place][1] for place in taken]


def one_after_another(
    ordered: list[tuple[int, Event]], steps: int, window: int, low: int, high: int
) -> list[list[Event]]:
    done: list[list[Event]] = []
    going: list[Event] = []
    for level, event in ordered:
        if going and event.at_ms > going[0].at_ms + window:
            done.append(going)
            going = []
        if (not going and level == 1 and low <= event.at_ms < high) or (going and level == len(going) + 1):
            going = [*going, event]
        if len(going) == steps:
            done.append(going)
            going = []
    return [*done, going] if going else done


def widest(ordered: list[tuple[int, Event]], window: int, low: int, high: int) -> list[Event]:
    best: list[Event] = []
    for place, (_, event) in enumerate(ordered):
        latest: dict[int, Event] = {}
        for level, earlier in ordered[: place + 1]:
            latest[level] = earlier
        inside = sorted(
            (one for one in latest.values() if one.at_ms >= max(low, event.at_ms - window)), key=lambda one: one.at_ms
        )
        if len(inside) > len(best) and inside[0].at_ms < high:
            best = inside
    return best
