"""What a flows report must answer, in plain and slow Python."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any
from zoneinfo import ZoneInfo

from .reference import Event, History, holds
from .reference_retention import in_range, matches

UNITS = {"second": 1_000, "minute": 60_000, "hour": 3_600_000, "day": 86_400_000}


def paths(history: History, body: dict[str, Any]) -> dict[str, list[Event]]:
    """person → their path, of at most `steps` events after the start."""
    zone = ZoneInfo(body["timezone"])
    window = body["window"]["value"] * UNITS[body["window"]["unit"]]
    by_person = defaultdict(list)
    for event in history.once():
        if event.distinct_id and all(holds(each, event.properties, zone) for each in body["filters"]):
            by_person[history.person(event.distinct_id)].append(event)
    found = {}
    for person, events in by_person.items():
        events.sort(key=lambda event: (event.at_ms, event.insert_id, event.distinct_id, event.name))
        starts = [event for event in events if matches(event, body["start"], zone) and in_range(event, body, zone)]
        if not starts:
            continue
        place = events.index(starts[0])
        others = events[place + 1 :] if body["direction"] == "after" else events[:place][::-1]
        path = [starts[0]]
        for event in others:
            if abs(event.at_ms - starts[0].at_ms) > window or len(path) > body["steps"]:
                break
            if event.name not in body["hidden"] and event.name != path[-1].name:
                path.append(event)
        found[person] = path
    return found


def named(history: History, body: dict[str, Any]) -> dict[str, tuple[list[Event], list[str]]]:
    """person → their path, and what the report calls each of its steps, the end included."""
    found = paths(history, body)
    shown = {}
    for step in range(1, body["steps"] + 1):
        counts = Counter(path[step].name for path in found.values() if len(path) > step)
        ranked = sorted((name for name in counts if not name.startswith("$o")), key=lambda one: (-counts[one], one))
        shown[step] = ranked[: body["per_step"]]
    answer = {}
    for person, path in found.items():
        names = [event.name if step == 0 or event.name in shown[step] else "$other" for step, event in enumerate(path)]
        if len(path) <= body["steps"]:
            names.append("$end")
        answer[person] = (path, names)
    return answer


def flows(history: History, body: dict[str, Any]) -> tuple[Counter[tuple[int, str]], Counter[tuple[int, str, str]]]:
    """How many paths have each name at each step, and go from one to another."""
    nodes: Counter[tuple[int, str]] = Counter()
    edges: Counter[tuple[int, str, str]] = Counter()
    for _, names in named(history, body).values():
        nodes.update(enumerate(names))
        edges.update((step, names[step], names[step + 1]) for step in range(len(names) - 1))
    return nodes, edges


def behind(history: History, body: dict[str, Any]) -> set[tuple[str, Event]]:
    """(person, event) of every event behind the body's point."""
    point = body["point"]
    found = set()
    for person, (path, names) in named(history, body).items():
        if "event" in point:
            place, wanted = point["step"], [point["event"]]
        else:
            place, wanted = point["step"] + 1, [point["from"], point["to"]]
        if place < len(names) and names[place + 1 - len(wanted) : place + 1] == wanted:
            found.add((person, path[place] if place < len(path) else path[-1]))
    return found
