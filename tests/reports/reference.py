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

# segment → {"total", "points": {t: value}, "previous": {"total", "points": {t of the point it lies under: value}}}
Lines = dict[str | None, dict[str, Any]]


def insights(history: History, body: dict[str, Any]) -> list[Lines]:
    """The lines of each metric, then those of each formula; buckets without events are left out of a metric's."""
    metrics = [lines(history, body, metric) for metric in body["metrics"]]
    found = list(metrics)
    for formula in body.get("formulas", []):
        used = sorted({ord(letter) - ord("A") for letter in formula["formula"] if letter.isalpha()})
        shown = {segment for number in used for segment in metrics[number] if segment != "$other"}
        operands = {number: lines(history, body, body["metrics"][number], shown) for number in used}
        found.append(
            {
                segment: computed(body, formula["formula"], {n: each.get(segment) for n, each in operands.items()})
                for segment in {segment for each in operands.values() for segment in each}
            }
        )
    return found


def computed(body: dict[str, Any], formula: str, operands: dict[int, dict[str, Any] | None]) -> dict[str, Any]:
    def value(read: Callable[[dict[str, Any]], Any]) -> float | None:
        names: dict[str, Any] = {}
        for number, line in operands.items():
            found = read(line) if line else None
            names[chr(ord("A") + number)] = nothing(body["metrics"][number]) if found is None else found
        try:
            return None if None in names.values() else eval(formula, {}, names)
        except ZeroDivisionError:
            return None

    ts = buckets_of(body)
    return {
        "total": value(lambda line: line["total"]),
        "points": {t: value(lambda line, t=t: line["points"].get(t)) for t in ts},
        "previous": {
            "total": value(lambda line: line["previous"]["total"]),
            "points": {t: value(lambda line, t=t: line["previous"]["points"].get(t)) for t in ts},
        },
    }


def nothing(metric: dict[str, Any]) -> float | None:
    """What a metric is where there are no events."""
    measure = metric["measure"]
    return None if isinstance(measure, dict) and measure["aggregate"] not in {"sum", "distinct"} else 0


def buckets_of(body: dict[str, Any]) -> list[str]:
    zone = ZoneInfo(body["timezone"])
    first, last = date.fromisoformat(body["from"]), date.fromisoformat(body["to"])
    at, end = midnight(first, zone), midnight(last + timedelta(days=1), zone)
    step = 3_600_000 if body["unit"] == "hour" else 86_400_000 // 4
    return list(dict.fromkeys(bucket_of(moment, body["unit"], zone) for moment in range(at, end, step)))


def matching(history: History, body: dict[str, Any], metric: dict[str, Any]) -> list[Event]:
    zone = ZoneInfo(body["timezone"])
    conditions = [*body.get("filters", []), *metric.get("filters", [])]
    found = [
        event
        for event in history.once()
        if event.name == metric["event"] and all(holds(each, event.properties, zone) for each in conditions)
    ]
    if isinstance(metric.get("measure"), dict):
        # What has no value is in no segment.
        reads = texts if metric["measure"]["aggregate"] == "distinct" else numbers
        found = [event for event in found if reads(event.properties.get(metric["measure"]["property"]))]
    return found


def shown_segments(history: History, body: dict[str, Any], metric: dict[str, Any]) -> set[str | None]:
    """Those with the greatest values of the range, as many as the limit."""
    zone, breakdown = ZoneInfo(body["timezone"]), body["breakdown"]
    first, last = date.fromisoformat(body["from"]), date.fromisoformat(body["to"])
    inside = [e for e in matching(history, body, metric) if first <= local_day(e.at_ms, zone) <= last]
    ranked = sorted(
        {segment for event in inside for segment in segments_of(event, breakdown)},
        key=lambda segment: (
            -(measured(history, metric["measure"], [e for e in inside if segment in segments_of(e, breakdown)]) or 0.0),
            (1, "") if segment == "(not set)" else (0, segment),
        ),
    )
    return set(ranked[: breakdown["limit"]])


def chosen(events: Iterable[Event], body: dict[str, Any], segment: str | None, shown: set[str | None]) -> list[Event]:
    """An event that is in several of the segments of `$other` counts there that often."""
    breakdown = body.get("breakdown")
    if segment != "$other":
        return [event for event in events if segment in segments_of(event, breakdown)]
    return [event for event in events for each in segments_of(event, breakdown) if each not in shown]


def lines(
    history: History, body: dict[str, Any], metric: dict[str, Any], shown: set[str | None] | None = None
) -> Lines:
    breakdown = body.get("breakdown")
    if shown is None or not breakdown:
        shown = shown_segments(history, body, metric) if breakdown else {None}
    report: Lines = {}
    for segment in {*shown, *(["$other"] if breakdown else [])}:
        mine = chosen(matching(history, body, metric), body, segment, shown)
        line = period(history, body, metric, mine, before=False)
        line["previous"] = period(history, body, metric, mine, before=True)
        # `$other` is there when something is in it.
        seen = [line, line["previous"]] if body.get("compare") else [line]
        if segment != "$other" or any(each["count"] or any(each["points"].values()) for each in seen):
            report[segment] = line
    return report


def period(
    history: History, body: dict[str, Any], metric: dict[str, Any], events: list[Event], *, before: bool
) -> dict[str, Any]:
    """The values of the range, or of the one before it, each under the bucket of the range that it lies under."""
    zone, unit, measure = ZoneInfo(body["timezone"]), body["unit"], metric["measure"]
    first, last = date.fromisoformat(body["from"]), date.fromisoformat(body["to"])
    shift = (last - first + timedelta(days=1)) if before else timedelta()
    inside = [e for e in events if first <= local_day(e.at_ms, zone) + shift <= last]
    rolling = {"dau": 1, "wau": 7, "mau": 30}.get(measure) if isinstance(measure, str) else None
    points: dict[str, Any] = {}
    if rolling:
        day = first
        while day <= last:
            # A bucket's window ends with its last day in the range, so the last day's value stands.
            recent = [
                e for e in events if timedelta() <= day - (local_day(e.at_ms, zone) + shift) < timedelta(days=rolling)
            ]
            points[bucket_of(midnight(day, zone), unit, zone)] = measured(history, measure, recent)
            day += timedelta(days=1)
    else:
        by_bucket = defaultdict(list)
        for event in inside:
            by_bucket[under(event.at_ms, body, before=before)].append(event)
        points = {t: measured(history, measure, found) for t, found in by_bucket.items()}
    total = measured(history, measure, inside) if inside else nothing(metric)
    return {"total": total, "points": points, "count": len(inside)}


def under(at_ms: int, body: dict[str, Any], *, before: bool) -> str:
    """The bucket of the range that a moment of it, or of the period before, lies under."""
    zone, unit = ZoneInfo(body["timezone"]), body["unit"]
    first, last = date.fromisoformat(body["from"]), date.fromisoformat(body["to"])
    days = last - first + timedelta(days=1)
    if not before:
        return bucket_of(at_ms, unit, zone)
    if unit == "hour":
        moved = at_ms + midnight(first, zone) - midnight(first - days, zone)
        return bucket_of(min(moved, midnight(last + timedelta(days=1), zone) - 1), unit, zone)
    return bucket_of(midnight(local_day(at_ms, zone) + days, zone), unit, zone)


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
# One event as one step: where it stands in the order of a person's steps, which step it is, and the event.
Entry = tuple[tuple[int, int, int], int, Event]
BINS = [0, 1_000, 10_000, 60_000, 600_000, 3_600_000, 21_600_000, 86_400_000, 604_800_000, 2_592_000_000]


def funnel(history: History, body: dict[str, Any]) -> dict[str | None, dict[str, Any]]:
    """segment → `counts` and `times` (median, p90, distribution) by step, `convert`, `trend`: t → (entered, converted)."""
    steps = len(body["steps"])
    return {
        segment: {
            "counts": [sum(len(path) > step for path in theirs) for step in range(steps)],
            "times": [
                distributed([max(0, path[step].at_ms - path[step - 1].at_ms) for path in theirs if len(path) > step])
                for step in range(1, steps)
            ],
            "convert": distributed([max(0, path[-1].at_ms - path[0].at_ms) for path in theirs if len(path) == steps]),
            "trend": trend(body, theirs),
        }
        for segment, theirs in in_segments(body, attempts(history, body)).items()
    }


def in_segments(body: dict[str, Any], paths: list[list[Event]]) -> dict[str | None, list[list[Event]]]:
    breakdown = body.get("breakdown")
    if breakdown is None:
        return {None: paths}
    found: dict[str | None, list[list[Event]]] = defaultdict(list)
    for path in paths:
        for segment in segments_of(path[0], breakdown):
            found[segment].append(path)
    ranked = sorted(found, key=lambda one: (-len(found[one]), (1, "") if one == "(not set)" else (0, str(one))))
    by_segment: dict[str | None, list[list[Event]]] = defaultdict(list)
    for place, segment in enumerate(ranked):
        by_segment[segment if place < breakdown["limit"] else "$other"] += found[segment]
    return by_segment


def distributed(times: list[int]) -> tuple[float | None, float | None, list[int]]:
    if not times:
        return None, None, []
    bins = [sum(low <= time < high for time in times) for low, high in itertools.pairwise([*BINS, 10**15])]
    while not bins[-1]:
        bins.pop()
    ordered = [float(time) for time in sorted(times)]
    return statistics.median(times), quantile(ordered, 0.9), bins


def trend(body: dict[str, Any], paths: list[list[Event]]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for path in paths:
        t = bucket_of(path[0].at_ms, body.get("unit", "day"), ZoneInfo(body["timezone"]))
        entered, converted = found.get(t, (0, 0))
        found[t] = (entered + 1, converted + (len(path) == len(body["steps"])))
    return found


def attempts(history: History, body: dict[str, Any]) -> list[list[Event]]:
    zone = ZoneInfo(body["timezone"])
    low = midnight(date.fromisoformat(body["from"]), zone)
    high = midnight(date.fromisoformat(body["to"]) + timedelta(days=1), zone)
    window = body["window"]["value"] * {"second": 1_000, "minute": 60_000, "hour": 3_600_000}[body["window"]["unit"]]
    steps = body["steps"]
    any_order = body.get("order") == "any"
    alike = len({step["event"] for step in steps}) < len(steps)
    slack = 0 if alike or any_order else SLACK_MS
    # What is held together → that person's steps with it. Without a property to hold, all have the same: nothing.
    people: dict[str, dict[tuple[str, ...], dict[Any, Entry]]] = defaultdict(lambda: defaultdict(dict))
    excluding: dict[str, list[tuple[int, int, Event]]] = defaultdict(list)

    def fits(event: Event, step: dict[str, Any]) -> bool:
        conditions = [*body.get("filters", []), *step.get("filters", [])]
        return event.name == step["event"] and all(holds(each, event.properties, zone) for each in conditions)

    for event in sorted(history.once(), key=lambda event: event.insert_id):
        if not event.distinct_id:
            continue
        person = history.person(event.distinct_id)
        matched = [number for number, step in enumerate(steps, 1) if fits(event, step)]
        for level in matched:
            order = (event.at_ms + slack * level, min(matched) if slack == 0 else level, -level)
            for held in itertools.product(*(texts(event.properties.get(name)) for name in body.get("hold", []))):
                # Of two events of one step in the same millisecond the one with the first insert_id counts.
                people[person][held].setdefault(order, (order, level, event))
        for each in body.get("exclusions", []):
            if fits(event, each):
                excluding[person].append((each.get("after", 1), each.get("before", len(steps)), event))
    found: list[list[Event]] = []
    for person, by_held in people.items():
        theirs: list[list[Entry]] = []
        for entries in by_held.values():
            ordered = [entries[order] for order in sorted(entries)]
            if any_order:
                theirs.append(widest(ordered, window, low, high))
            elif body.get("count") == "total":
                theirs += one_after_another(ordered, len(steps), window, low, high, excluding[person], slack)
            else:
                theirs.append(farthest(ordered, len(steps), window, low, high, excluding[person], slack))
        theirs = [path for path in theirs if path]
        if body.get("count") != "total" and theirs:
            theirs = [
                min(
                    theirs,
                    key=lambda path: (
                        -len(path),
                        path[-1][0],
                        -path[0][2].at_ms,
                        [order for order, _, _ in path],
                        path[0][2].insert_id,
                    ),
                )
            ]
        found += [[event for _, _, event in path] for path in theirs]
    return found


def farthest(
    ordered: list[Entry],
    steps: int,
    window: int,
    low: int,
    high: int,
    excluding: list[tuple[int, int, Event]],
    slack: int,
) -> list[Entry]:
    """Every possible attempt is listed; the one that got farthest, first, each other step the latest, is taken."""

    def is_free(step: int, before: Event, after: Event) -> bool:
        return not any(
            first <= step < last and before.at_ms + slack < each.at_ms < after.at_ms - slack
            for first, last, each in excluding
        )

    chains = [[place] for place, (_, level, event) in enumerate(ordered) if level == 1 and low <= event.at_ms < high]
    best = chains
    for step in range(2, steps + 1):
        chains = [
            [*chain, place]
            for chain, (place, (_, level, event)) in itertools.product(chains, enumerate(ordered))
            if level == step
            and place > chain[-1]
            and event.at_ms <= ordered[chain[0]][2].at_ms + window
            and is_free(step - 1, ordered[chain[-1]][2], event)
        ]
        best = chains or best
    if not best:
        return []
    taken = min(best, key=lambda chain: (chain[-1], [-place for place in reversed(chain[:-1])]))
    return [ordered[place] for place in taken]


def one_after_another(
    ordered: list[Entry],
    steps: int,
    window: int,
    low: int,
    high: int,
    excluding: list[tuple[int, int, Event]],
    slack: int,
) -> list[list[Entry]]:
    done: list[list[Entry]] = []
    going: list[Entry] = []
    # An event that excludes ends an attempt that stands at a step once no next step can come within the slack.
    ending = [
        ((event.at_ms + slack * (step + 2), 99, 0), -step, event)
        for first, last, event in excluding
        for step in range(first, last)
    ]
    for each in sorted([*ordered, *ending], key=lambda entry: entry[0]):
        _, level, event = each
        if level < 0:
            if len(going) == -level and going[-1][2].at_ms < event.at_ms - slack:
                done.append(going)
                going = []
            continue
        if going and event.at_ms > going[0][2].at_ms + window:
            done.append(going)
            going = []
        if (not going and level == 1 and low <= event.at_ms < high) or (going and level == len(going) + 1):
            going = [*going, each]
        if len(going) == steps:
            done.append(going)
            going = []
    return [*done, going] if going else done


def widest(ordered: list[Entry], window: int, low: int, high: int) -> list[Entry]:
    best: list[Entry] = []
    for place, (_, _, event) in enumerate(ordered):
        latest: dict[int, Entry] = {}
        for earlier in ordered[: place + 1]:
            latest[earlier[1]] = earlier
        inside = sorted(
            (one for one in latest.values() if one[2].at_ms >= max(low, event.at_ms - window)), key=lambda one: one[0]
        )
        if len(inside) > len(best) and inside[0][2].at_ms < high:
            best = inside
    return best
