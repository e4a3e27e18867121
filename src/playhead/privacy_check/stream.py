"""What was captured, taken apart: requests and storage become rrweb events and the strings around them."""

from __future__ import annotations

import bisect
import re
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from playhead.capture.body import json_text
from playhead.errors import PlayheadError
from playhead.privacy_check.places import Channel, Sent
from playhead.rrweb import CUSTOM, META

GZIP = b"\x1f\x8b"
MAX_BODY = 256 * 1024 * 1024
# The project's public name, in every request; and who the visitor is by the site's own identify().
PUBLIC = re.compile(r"(\?|.*\.|)\$?token|header authorization")
IDENTITY = re.compile(r"(\?|.*\.|)(distinct_id|\$user_id|\$device_id)")
EVENT_NAMES = {
    0: "DomContentLoaded",
    1: "Load",
    2: "full snapshot",
    3: "change",
    4: "page address",
    5: "custom event",
    6: "plugin event",
}


class RrwebEvent(msgspec.Struct, frozen=True):
    """One rrweb event: the page load it belongs to, and where it was found."""

    load: int
    type: int
    timestamp: float
    data: Any
    channel: Channel
    where: str


class Text(msgspec.Struct, frozen=True):
    """A string outside the recorded page: a header, a parameter, a message. `key` is what it is called there."""

    channel: Channel
    where: str
    key: str
    text: str


class Stream(msgspec.Struct, frozen=True):
    """Everything captured: rrweb events, and every string that is not of a recorded node."""

    events: tuple[RrwebEvent, ...]
    texts: tuple[Text, ...]


def decode(sent: tuple[Sent, ...], loads: tuple[float, ...]) -> Stream:
    """Unpacks bodies (gzip, form fields, base64) and JSON. `loads` are the times, epoch ms, when page loads began."""
    events: list[tuple[str, dict[str, Any], Channel, str]] = []
    texts: list[Text] = []
    for one in sent:
        epoch = ""
        if one.url:
            query = parse_qsl(urlsplit(one.url).query, keep_blank_values=True)
            epoch = dict(query).get("epoch", "")
            pairs = [
                *((f"?{name}", value) for name, value in query),
                *((f"header {n}", v) for n, v in one.headers.items()),
            ]
            texts += [Text(one.channel, one.where, name, value) for name, value in pairs]
        body = readable(one.body)
        if not body:
            continue
        for key, value in _unwrap(body):
            found, around = _split(value, key)
            events += [(_epoch(event, epoch), event["event"], one.channel, one.where) for event in found]
            texts += [Text(one.channel, one.where, name, text) for name, text in around]
    placed = _place(events, loads)
    for event in placed:
        texts += _around(event)
    return Stream(tuple(placed), tuple(_as_identity(text) for text in texts if not PUBLIC.fullmatch(text.key)))


def tracked(sent: tuple[Sent, ...]) -> dict[str, list[str]]:
    """The analytics events and profile changes sent or waiting, each with the names of the properties it carried."""
    found: dict[str, set[str]] = {}
    for one in sent:
        if one.channel == "analytics":
            for _, value in _unwrap(readable(one.body)):
                _events_in(value, found)
    return {name: sorted(properties) for name, properties in found.items()}


def _events_in(value: Any, found: dict[str, set[str]], deep: int = 0) -> None:
    if deep > 6:
        return
    if isinstance(value, list):
        for item in value:
            _events_in(item, found, deep + 1)
    elif isinstance(value, dict) and isinstance(value.get("properties"), dict):
        found.setdefault(str(value.get("event", "?")), set()).update(map(str, value["properties"]))
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name.startswith("$") and isinstance(inner, dict):
                found.setdefault(f"profile {name}", set()).update(map(str, inner))
            else:
                _events_in(inner, found, deep + 1)


def readable(body: bytes) -> str:
    """A body as text: gunzipped, else as it is."""
    data = body
    if data.startswith(GZIP):
        try:
            data = zlib.decompressobj(31).decompress(data, MAX_BODY)
        except zlib.error:
            return body.decode("latin-1")
    return data.decode("utf-8", "replace")


def _unwrap(body: str) -> Iterator[tuple[str, Any]]:
    """The JSON in a body, or its form fields, or the body itself as one string."""
    try:
        yield "", msgspec.json.decode(body)
        return
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        yield "", msgspec.json.decode(json_text(body.encode(), MAX_BODY))
        return
    except (PlayheadError, msgspec.DecodeError, RecursionError, UnicodeError):
        pass
    yield "", body


def _is_event(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("type"), int) and "timestamp" in value and "data" in value


def _split(value: Any, key: str, epoch: str = "", deep: int = 0) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """The rrweb events anywhere in a value, and the strings around them. Strings that hold JSON are looked into."""
    events: list[dict[str, Any]] = []
    around: list[tuple[str, str]] = []
    if _is_event(value) and isinstance(value["timestamp"], (int, float)):
        return [{"event": value, "epoch": epoch}], []
    if isinstance(value, dict):
        epoch = value["epoch"] if isinstance(value.get("epoch"), str) else epoch
        items: list[tuple[str, Any]] = [(f"{key}.{name}" if key else str(name), inner) for name, inner in value.items()]
    elif isinstance(value, list):
        items = [(key, inner) for inner in value]
    elif isinstance(value, str):
        if value[:1] in ("{", "[") and deep < 40:
            try:
                return _split(msgspec.json.decode(value), key, epoch, deep + 1)
            except (msgspec.DecodeError, RecursionError):
                pass
        return [], [(key, value)]
    else:
        return [], [(key, str(value))] if isinstance(value, (int, float)) and not isinstance(value, bool) else []
    for name, inner in items if deep < 200 else ():
        found, texts = _split(inner, name, epoch, deep + 1)
        events += found
        around += texts
    return events, around


def _epoch(event: dict[str, Any], of_request: str) -> str:
    return event["epoch"] or of_request


def _place(events: list[tuple[str, dict[str, Any], Channel, str]], loads: tuple[float, ...]) -> list[RrwebEvent]:
    """Gives each event its page load: by our SDK's epoch, else by the first page address after the load began."""
    metas = sorted(event["timestamp"] for _, event, _, _ in events if event["type"] == META)
    begins = [next((at for at in metas if at >= load - 1), load) for load in loads]
    placed = []
    for epoch, event, channel, where in events:
        if epoch[:13].isdigit() and loads:
            load = min(range(len(loads)), key=lambda n: abs(loads[n] - int(epoch[:13])))
        else:
            load = max(bisect.bisect_right(begins, event["timestamp"]) - 1, 0)
        kind = EVENT_NAMES.get(event["type"], f"event of type {event['type']}")
        placed.append(RrwebEvent(load, event["type"], event["timestamp"], event["data"], channel, f"{where}, {kind}"))
    return sorted(placed, key=lambda event: event.timestamp)


def _around(event: RrwebEvent) -> list[Text]:
    """The strings of an rrweb event that belong to no node: page addresses, messages, custom and unknown events."""
    if event.type in (0, 1, 2):
        return []
    data = event.data
    if event.type == 3 and isinstance(data, dict) and data.get("source") in NODE_SOURCES:
        return []
    if event.type == 3 and isinstance(data, dict) and data.get("source") in STYLE_SOURCES:
        # Rules of style sheets are clear by design; a canary among them is not.
        return [
            Text(event.channel, event.where, "style rule", text)
            for _, text in _split(data, "")[1]
            if "canary" in text.casefold()
        ]
    channel: Channel = event.channel
    if event.type == CUSTOM and isinstance(data, dict) and data.get("tag") == "ph:event":
        channel = "analytics"
    _, around = _split(data, "")
    return [Text(channel, event.where, key, text) for key, text in around]


def _as_identity(text: Text) -> Text:
    return msgspec.structs.replace(text, channel="analytics") if IDENTITY.fullmatch(text.key) else text


# Changes to nodes, judged node by node; and to rules of style sheets.
NODE_SOURCES = frozenset({0, 5})
STYLE_SOURCES = frozenset({8, 10, 13, 15})
