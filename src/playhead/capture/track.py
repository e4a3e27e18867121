"""`/track/`: the wire form of analytics events, read into `EventRecord`s."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from playhead.capture.clockrule import batch_offset_ms, clamp_ms, place_event
from playhead.capture.normalise import JsonObject, flatten, read_object, value_text
from playhead.capture.places import is_address
from playhead.capture.requests import MAX_ID
from playhead.capture.sender import Sender, event_defaults, with_members, without_address
from playhead.errors import PlayheadError, TooLarge, Unauthorized
from playhead.items import EventRecord
from playhead.jsontext import deep_json, originals, without_lone_surrogates

MAX_EVENT_NAME = 255
# Numbers above this are milliseconds, below it seconds (the year 5138, or March 1973).
SECONDS_BELOW = 100_000_000_000
# Properties that have a column of their own, or are no property of the event.
_NOT_STORED = ("token", "time", "distinct_id", "$insert_id")


class WireEvent(msgspec.Struct):
    """An event as sent; `properties` is its JSON text, unread."""

    event: str
    properties: msgspec.Raw = msgspec.Raw(b"{}")


class _LooseEvent(msgspec.Struct):
    event: msgspec.Raw = msgspec.Raw(b"null")
    properties: msgspec.Raw = msgspec.Raw(b"{}")


class Named(msgspec.Struct, frozen=True):
    """An event's name, and its properties exactly as sent."""

    event: str
    raw: bytes


class Rejected(msgspec.Struct, frozen=True):
    """An entry of a request that was not taken: which, and why."""

    index: int
    message: str


class Parsed(msgspec.Struct):
    """A request's events with the token each names, in the order sent."""

    events: list[tuple[str, JsonObject, Named]]
    rejected: list[Rejected]


_wire = msgspec.json.Decoder(list[WireEvent] | WireEvent)
_loose = msgspec.json.Decoder(list[_LooseEvent] | _LooseEvent)


def read_events(text: bytes, limit: int) -> Parsed:
    """One event or an array of them. An entry that is no event is rejected alone; what is no JSON is an error."""
    mended = without_lone_surrogates(text)
    with deep_json():
        wire, rejected = _read_wire(mended)
        if len(wire) + len(rejected) > limit:
            raise too_many(len(wire) + len(rejected), limit)
        raws = [bytes(event.properties) for _, event in wire]
        if mended is not text:
            raws = originals(raws, mended, text)
        events = []
        for (index, event), raw in zip(wire, raws, strict=True):
            try:
                properties = read_object(event.properties)
            except PlayheadError as error:
                rejected.append(Rejected(index, f"event {index}: its properties are {_lower(error.message)}"))
                continue
            token = properties.get("token")
            events.append((token if isinstance(token, str) else "", properties, Named(event.event, raw)))
    return Parsed(events, rejected)


def _read_wire(text: bytes) -> tuple[list[tuple[int, WireEvent]], list[Rejected]]:
    try:
        decoded = _wire.decode(text)
        return list(enumerate(decoded if isinstance(decoded, list) else [decoded])), []
    except msgspec.MsgspecError:
        pass
    try:
        loose = _loose.decode(text)
    except msgspec.MsgspecError as error:
        raise PlayheadError(f"The body is not an event or an array of events: {error}.", code="not_events") from error
    wire: list[tuple[int, WireEvent]] = []
    rejected: list[Rejected] = []
    for index, entry in enumerate(loose if isinstance(loose, list) else [loose]):
        name = _name(entry.event)
        if name is None:
            rejected.append(Rejected(index, f"event {index}: `event`, its name, must be a string"))
        else:
            wire.append((index, WireEvent(name, entry.properties)))
    return wire, rejected


def _name(text: msgspec.Raw) -> str | None:
    try:
        name = read_object(b'{"name":' + bytes(text) + b"}")["name"]
    except PlayheadError:
        return None
    return name if isinstance(name, str) else None


def records(
    events: Sequence[tuple[str, JsonObject, Named]], received_at_ms: int, sent_at_ms: int | None, sender: Sender
) -> list[EventRecord]:
    """The events of one project as they are stored. `sender` fills in what they do not say themselves."""
    times = [event_time_ms(properties.get("time")) for _, properties, _ in events]
    latest: dict[str, int] = {}
    for (_, properties, _), time_ms in zip(events, times, strict=True):
        if time_ms is not None:
            device = _device(properties)
            latest[device] = max(latest.get(device, time_ms), time_ms)
    made = []
    for (_, properties, event), client_time_ms in zip(events, times, strict=True):
        if "$ignore" in properties:
            continue
        last_ms = latest.get(_device(properties), received_at_ms)
        offset_ms = batch_offset_ms(received_at_ms, sent_at_ms, last_ms)
        made.append(
            record(event, properties, client_time_ms, received_at_ms, offset_ms, sent_at_ms is not None, sender)
        )
    return made


def record(  # noqa: PLR0917
    event: Named,
    properties: JsonObject,
    client_time_ms: int | None,
    received_at_ms: int,
    offset_ms: int,
    told: bool,
    sender: Sender,
) -> EventRecord:
    """One event as it is stored; without a time of its own it happened when it arrived. An address is not stored."""
    if client_time_ms is None:
        client_time_ms, offset_ms = received_at_ms, 0
    time_ms, flag = place_event(client_time_ms, received_at_ms, offset_ms, told=told)
    kept = {name: value for name, value in properties.items() if name not in _NOT_STORED}
    raw = event.raw
    more = event_defaults(properties, sender)
    kept |= more
    if "time" not in properties:
        more["time"] = client_time_ms
    if more:
        raw = with_members(raw, more)
    if "ip" in kept and is_address(kept["ip"]):
        del kept["ip"]
        raw = without_address(raw)
    return EventRecord(
        event=event.event[:MAX_EVENT_NAME],
        distinct_id=id_text(properties.get("distinct_id")),
        client_time_ms=clamp_ms(client_time_ms),
        time_ms=time_ms,
        properties=flatten(kept),
        raw=raw,
        insert_id=id_text(properties.get("$insert_id")),
        device_id=id_text(properties.get("$device_id")),
        user_id=id_text(properties.get("$user_id")),
        replay_id=id_text(properties.get("$mp_replay_id")).lower(),
        clock_flag=flag,
    )


def event_time_ms(value: Any) -> int | None:
    """A `time` property in milliseconds: seconds or milliseconds, number or numeric text. None for anything else."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if value != value or abs(value) == float("inf"):  # noqa: PLR0124 - NaN from "nan"
        return None
    # Through whole microseconds: 1795341600.123 is not exact in binary, and flooring it would lose a millisecond.
    return round(value * 1_000_000) // 1_000 if abs(value) < SECONDS_BELOW else int(value)


def id_text(value: Any) -> str:
    """An id as text: SDKs send numbers too."""
    if isinstance(value, str):
        return value[:MAX_ID]
    if value is None or isinstance(value, bool | dict | list):
        return "" if value is None else value_text(value).decode()[:MAX_ID]
    return str(value)[:MAX_ID]


def by_project(
    events: Sequence[tuple[str, Any, Any]], find: Callable[[str], str | None], header_token: str
) -> tuple[dict[str, list[tuple[str, Any, Any]]], int]:
    """Entries by the project of their token, and how many have a token nobody knows.

    The token of the header or the query counts for entries that carry none. Raises `Unauthorized` when no entry's token
    is known.
    """
    found: dict[str, list[tuple[str, Any, Any]]] = {}
    unknown = 0
    for entry in events:
        project_id = find(entry[0] or header_token)
        if project_id is None:
            unknown += 1
        else:
            found.setdefault(project_id, []).append(entry)
    if unknown and not found:
        raise unauthorized(any(entry[0] for entry in events) or bool(header_token))
    return found, unknown


def unauthorized(given: bool) -> Unauthorized:
    if given:
        return Unauthorized(
            "No project has this token. The project's settings show the right one.", code="unknown_token"
        )
    return Unauthorized(
        "The request names no project token: put it in the payload, in `?token=`, or in Basic authorization.",
        code="missing_token",
    )


def too_many(count: int, limit: int) -> TooLarge:
    return TooLarge(
        f"The request holds {count} entries, over the limit of {limit} (PLAYHEAD_MAX_EVENTS_PER_REQUEST).",
        code="too_many_events",
    )


def _device(properties: JsonObject) -> str:
    return id_text(properties.get("$device_id") or properties.get("distinct_id"))


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]
