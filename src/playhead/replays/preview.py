"""What rules would do to a real replay: applied in memory, nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from playhead.errors import PlayheadError
from playhead.governance.patterns import Patterns
from playhead.governance.rules import Kind, Selectors, check_rule
from playhead.recordings.deep import read_json
from playhead.recordings.events import RrwebEvent
from playhead.recordings.merge import merge
from playhead.replays.reading import Recording, block_events, new_events, open_watchable, read_frames
from playhead.replays.rewriting import Applied, apply
from playhead.stores import Stores
from playhead.stores.tables import Replay

MAX_RULES = 100
MAX_RAW_BYTES = 100_000_000
MAX_SAMPLES = 50
MAX_SAMPLE = 300


class PreviewRule(msgspec.Struct, frozen=True):
    kind: Kind
    expression: str


class Sample(msgspec.Struct, frozen=True):
    """One place that changes, as it reads before and after."""

    at_ms: int
    where: str
    before: str
    after: str


class Preview(msgspec.Struct, frozen=True):
    changed_events: int
    matches: int
    samples: list[Sample]
    events: str


def compile_preview(rules: Sequence[PreviewRule]) -> Applied:
    """Raises `PlayheadError` saying which rule is wrong."""
    if len(rules) > MAX_RULES:
        raise PlayheadError(f"At most {MAX_RULES} rules at once.", code="too_many_rules")
    for rule in rules:
        check_rule(rule.kind, rule.expression)
    mask = [rule.expression for rule in rules if rule.kind == "mask"]
    block = [rule.expression for rule in rules if rule.kind == "block"]
    patterns = [("", rule.expression) for rule in rules if rule.kind == "pattern"]
    return Applied(
        Selectors("preview" if mask or block else "", mask, block), Patterns(patterns) if patterns else None, []
    )


def preview(stores: Stores, replay: Replay, rules: Applied, address: str) -> Preview:
    """What changes in the replay. Raises `PlayheadError` when it can't be shown."""
    pairs, counted = _both(stores, replay, rules)
    samples: list[Sample] = []
    for before, after in pairs:
        if len(samples) >= MAX_SAMPLES:
            break
        for where, was, becomes in differences(read_json(before.text), read_json(after.text)):
            samples.append(Sample(before.at_ms, where, _short(was), _short(becomes)))
            if len(samples) >= MAX_SAMPLES:
                break
    return Preview(len(pairs), counted, samples, address)


def preview_events(
    stores: Stores, replay: Replay, rules: Applied, from_ms: float | None, to_ms: float | None
) -> Iterator[bytes]:
    """NDJSON of the replay's rrweb events in order with the rules applied, those of [from, to]."""
    done = apply([_events(stores, replay)], rules)
    return (
        event.text + b"\n"
        for event in done.sources[0]
        if (from_ms is None or event.timestamp >= from_ms) and (to_ms is None or event.timestamp <= to_ms)
    )


def _both(stores: Stores, replay: Replay, rules: Applied) -> tuple[list[tuple[RrwebEvent, RrwebEvent]], int]:
    events = _events(stores, replay)
    done = apply([events], rules)
    pairs = [(a, b) for a, b in zip(events, done.sources[0], strict=True) if a is not b]
    return pairs, done.masked + done.blocked + done.replaced


def _events(stores: Stores, replay: Replay) -> list[RrwebEvent]:
    recording: Recording = open_watchable(stores, replay)
    index = recording.index
    sealed: list[RrwebEvent] = []
    if index:
        if sum(frame.raw_bytes for frame in index.frames) > MAX_RAW_BYTES:
            raise PlayheadError(
                f"The replay is larger than {MAX_RAW_BYTES // 1_000_000} MB unpacked: choose a shorter one.",
                code="too_large",
                status=413,
            )
        frames = read_frames(stores.blobs, recording, index.frames)
        sealed = [event for some in frames for event in some]
    return merge([sealed, *new_events(index, block_events(stores.blobs, recording, recording.hot))])


def differences(before: Any, after: Any) -> Iterator[tuple[str, str, str]]:
    """(where, before, after) of each string that differs between two forms of an event, and of what was taken away."""
    waiting: list[tuple[Any, Any, str, str]] = [(before, after, "", "")]
    while waiting:
        was, becomes, name, above = waiting.pop()
        if _same(was, becomes):
            continue
        if isinstance(was, dict) and isinstance(becomes, dict):
            if becomes.get("needBlock") and not was.get("needBlock"):
                yield "element", f"<{was.get('tagName')}> with {_below(was)} nodes in it", "an empty box"
                continue
            kept = [key for key in reversed(was) if key in becomes or name == "attributes"]
            waiting += [(was[key], becomes.get(key), key, name) for key in kept]
        elif isinstance(was, list) and isinstance(becomes, list) and len(was) == len(becomes):
            waiting += [(a, b, name, above) for a, b in reversed(list(zip(was, becomes, strict=True)))]
        elif isinstance(was, list) and isinstance(becomes, list):
            waiting += [(each, None, name, above) for each in reversed(was) if each not in becomes]
        elif isinstance(was, dict):
            node = was.get("node")
            if isinstance(node, dict):
                yield "element", f"<{node.get('tagName') or 'text'}> with {_below(node)} nodes in it", "taken out"
            elif "value" in was:
                yield "text", str(was["value"]), "taken out"
        else:
            yield _where(name, above), _text(was), _text(becomes)


def _same(was: Any, becomes: Any) -> bool:
    try:
        return bool(was == becomes)
    except RecursionError:  # deeper than Python compares: looked into step by step
        return False


def _below(node: dict[str, Any]) -> int:
    count = 0
    waiting = list(node.get("childNodes") or [])
    while waiting:
        each = waiting.pop()
        count += 1
        waiting += each.get("childNodes") or []
    return count


def _where(name: str, above: str) -> str:
    if above == "attributes":
        return f"attribute {name}"
    names = {"textContent": "text", "value": "text", "text": "input", "href": "url", "payload": "console or event"}
    return names.get(name, name or "event")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else msgspec.json.encode(value).decode()


def _short(text: str) -> str:
    return text if len(text) <= MAX_SAMPLE else text[: MAX_SAMPLE - 1] + "…"
