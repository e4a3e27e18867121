"""`/import` and `playhead import`: events from servers and from exports, checked one by one, the good ones taken.

Limits and answers: https://developer.mixpanel.com/reference/import-events
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Any

import msgspec

from playhead.capture.normalise import JsonObject
from playhead.capture.privacy import mask_events
from playhead.capture.sender import UNKNOWN, Sender
from playhead.capture.track import Named, event_time_ms, id_text, read_events, record, too_many
from playhead.errors import PlayheadError
from playhead.governance.patterns import Patterns
from playhead.items import EventRecord
from playhead.jsontext import deep_json, originals, without_lone_surrogates

MAX_EVENT_BYTES = 1_000_000
MAX_PROPERTIES = 255
MAX_DEPTH = 3
MAX_ELEMENTS = 255
EARLIEST_MS = 31_536_000_000  # 1971-01-01
LATEST_AHEAD_MS = 3_600_000

_INSERT_ID = re.compile(r"[0-9A-Za-z-]{1,36}")
# Placeholders that broken code sends for everybody, and that would make one person of them.
FORBIDDEN_IDS = frozenset(
    [
        *("00000000-0000-0000-0000-000000000000", "anon", "anonymous", "nil", "none", "null", "n/a", "na"),
        *("undefined", "unknown", "<nil>", "0", "-1", "true", "false", "[]", "{}"),
    ]
)

_entries = msgspec.json.Decoder(list[msgspec.Raw])


class FailedRecord(msgspec.Struct, frozen=True):
    """Why an event was not imported, in Mixpanel's words."""

    index: int
    insert_id: str = msgspec.field(name="$insert_id")
    field: str
    message: str


class _Wrong(Exception):
    def __init__(self, field: str, message: str, insert_id: str = "") -> None:
        super().__init__(message)
        self.field, self.message, self.insert_id = field, message, insert_id


def read_import(
    text: bytes, received_at_ms: int, limit: int, patterns: Patterns | None = None, sender: Sender = UNKNOWN
) -> tuple[list[EventRecord], list[FailedRecord]]:
    """The events of a JSON array, or of one object per line, and what was wrong with the others."""
    with deep_json():
        entries = _read_entries(text)
        if len(entries) > limit:
            raise too_many(len(entries), limit)
        records: list[EventRecord] = []
        failed: list[FailedRecord] = []
        for index, entry in enumerate(entries):
            try:
                records.append(_read_entry(entry, received_at_ms, patterns, sender))
            except _Wrong as wrong:
                failed.append(FailedRecord(index, wrong.insert_id, wrong.field, wrong.message))
    return records, failed


def _read_entries(text: bytes) -> list[bytes]:
    if text.lstrip()[:1] != b"[":
        return [line for line in text.split(b"\n") if line.strip()]
    mended = without_lone_surrogates(text)
    try:
        entries = [bytes(entry) for entry in _entries.decode(mended)]
    except msgspec.MsgspecError as error:
        raise PlayheadError(f"The body is not a JSON array: {error}.", code="not_json") from error
    return entries if mended is text else originals(entries, mended, text)


def read_exported(line: bytes, received_at_ms: int, patterns: Patterns | None = None) -> EventRecord:
    """One line of an export of events. Raises `PlayheadError` saying what is wrong with it.

    What another system took once is history, so `/import`'s rules for ids, counts and nesting do not hold. An event
    without `$insert_id` is named by its own text, so that importing it again changes nothing.
    """
    with deep_json():
        _, properties, wire = _one_event(line)
        try:
            time_ms = _check_time(wire, properties, received_at_ms)
        except _Wrong as wrong:
            raise PlayheadError(wrong.message, code="bad_event") from None
        if patterns is not None:
            ((_, properties, wire),) = mask_events([("", properties, wire)], patterns)
    if "distinct_id" not in properties:
        device_id, user_id = id_text(properties.get("$device_id")), id_text(properties.get("$user_id"))
        properties["distinct_id"] = user_id or (f"$device:{device_id}" if device_id else "")
    if not id_text(properties.get("$insert_id")):
        text = wire.event.encode() + b"\0" + wire.raw
        properties["$insert_id"] = blake2b(text, digest_size=16).hexdigest()
    return record(wire, properties, time_ms, received_at_ms, 0, False, UNKNOWN)


def _read_entry(entry: bytes, received_at_ms: int, patterns: Patterns | None, sender: Sender) -> EventRecord:
    if len(entry) > MAX_EVENT_BYTES:
        raise _Wrong("", f"the event is larger than {MAX_EVENT_BYTES} bytes")
    try:
        _, properties, wire = _one_event(entry)
    except PlayheadError as error:
        raise _Wrong("", error.message) from error
    insert_id = properties.get("$insert_id")
    shown = insert_id if isinstance(insert_id, str) else ""
    try:
        time_ms = _check(wire, properties, received_at_ms)
    except _Wrong as wrong:
        raise _Wrong(wrong.field, wrong.message, shown) from None
    if patterns is not None:
        ((_, properties, wire),) = mask_events([("", properties, wire)], patterns)
    return record(wire, properties, time_ms, received_at_ms, 0, False, sender)


def _one_event(text: bytes) -> tuple[str, JsonObject, Named]:
    parsed = read_events(text, 1)
    if not parsed.events:
        raise PlayheadError(parsed.rejected[0].message if parsed.rejected else "the event is empty", code="bad_event")
    return parsed.events[0]


def _check_time(wire: Named, properties: JsonObject, received_at_ms: int) -> int:
    """The event's time. Raises `_Wrong` when it has no name or no time that can be."""
    if not wire.event:
        raise _Wrong("event", "'event' must not be empty")
    time_ms = event_time_ms(properties.get("time"))
    if time_ms is None:
        raise _Wrong("properties.time", "'properties.time' is invalid: must be specified as seconds or milliseconds")
    if not EARLIEST_MS <= time_ms <= received_at_ms + LATEST_AHEAD_MS:
        raise _Wrong("properties.time", "'properties.time' is invalid: must be from 1971-01-01 to one hour from now")
    return time_ms


def _check(wire: Named, properties: JsonObject, received_at_ms: int) -> int:
    """The event's time. Raises `_Wrong` for the first rule that is broken."""
    if wire.event == "$merge":
        raise _Wrong("event", "'$merge' joins nobody here: an event with both '$device_id' and '$user_id' does")
    time_ms = _check_time(wire, properties, received_at_ms)
    if "distinct_id" not in properties:
        raise _Wrong("properties.distinct_id", "'properties.distinct_id' is missing; it may be empty")
    if id_text(properties["distinct_id"]).lower() in FORBIDDEN_IDS:
        raise _Wrong("properties.distinct_id", "'properties.distinct_id' is a placeholder, not an id")
    insert_id = properties.get("$insert_id")
    if not isinstance(insert_id, str) or not _INSERT_ID.fullmatch(insert_id):
        raise _Wrong("properties.$insert_id", "'properties.$insert_id' must be 1 to 36 letters, digits or '-'")
    if len(properties) > MAX_PROPERTIES:
        raise _Wrong("properties", f"'properties' has more than {MAX_PROPERTIES} members")
    for name, value in properties.items():
        if not _fits(value, MAX_DEPTH):
            raise _Wrong(f"properties.{name}"[:255], f"nests deeper than {MAX_DEPTH} or is longer than {MAX_ELEMENTS}")
    return time_ms


def _fits(value: Any, depth: int) -> bool:
    if isinstance(value, dict | list):
        members = value.values() if isinstance(value, dict) else value
        return depth > 0 and len(value) <= MAX_ELEMENTS and all(_fits(member, depth - 1) for member in members)
    return True
