"""What later stages need to know of a batch of rrweb events, from one pass that decodes only what is looked at.

msgspec reads the fields named here and skips the rest (a full snapshot, a big mutation) without building it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from playhead.capture.clockrule import MAX_MS, clamp_ms
from playhead.errors import PlayheadError, TooLarge
from playhead.items import Marker
from playhead.jsontext import deep_json, without_lone_surrogates
from playhead.rrweb import (
    CLICK,
    CUSTOM,
    FULL_SNAPSHOT,
    INCREMENTAL,
    INPUT,
    MAX_LABEL,
    MAX_URL,
    META,
    MOUSE_INTERACTION,
    PERSON_SOURCES,
    PLUGIN,
    RAGE_CLICKS,
    RESIZE,
    Click,
    EventData,
    console_message,
    near_clicks,
    pixels,
    read_payload,
)  # fmt: skip

MAX_MARKERS = 200
MAX_PAGES = 200
MAX_SECONDS = 3_600


class RrwebEvent(msgspec.Struct):
    type: int
    timestamp: float
    data: EventData = msgspec.field(default_factory=EventData)


class _LooseEvent(msgspec.Struct):
    type: float
    timestamp: float
    data: msgspec.Raw = msgspec.Raw(b"")


class Seen(msgspec.Struct):
    """What a batch holds. Times are the events' own epoch milliseconds, floored; everything is in time order."""

    first_ms: int = 0
    last_ms: int = 0
    events: int = 0
    full_snapshots: list[int] = []
    clicks: int = 0
    rage_clicks: int = 0
    errors: int = 0
    inputs: int = 0
    pages: list[tuple[int, str]] = []
    markers: list[Marker] = []
    activity: list[tuple[int, int]] = []
    viewport: tuple[int, int] = (0, 0)


_events = msgspec.json.Decoder(list[RrwebEvent])
_loose_events = msgspec.json.Decoder(list[_LooseEvent])
_data = msgspec.json.Decoder(EventData)


def read_events(text: bytes, limit: int) -> tuple[list[RrwebEvent], bytes]:
    """The rrweb events in a JSON array, in the order sent, and the text that holds them.

    The text is the one given, or one with its lone surrogates replaced, which later readers would refuse. An event
    whose `data` is of an unknown shape is kept, without it. Raises `PlayheadError` naming the first thing wrong and
    where (not UTF-8, not JSON, not an array, an event without a numeric type or timestamp), and `TooLarge` over `limit`
    events.
    """
    try:
        str(text, "utf-8")
    except UnicodeDecodeError as error:
        raise PlayheadError(f"The rrweb events are not UTF-8 at byte {error.start}.", code="not_utf8") from error
    try:
        events = _events.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        text = without_lone_surrogates(text)
        with deep_json():
            events = _read_loosely(text)
    if len(events) > limit:
        raise TooLarge(
            f"The batch holds {len(events)} rrweb events, over the limit of {limit} (PLAYHEAD_MAX_RRWEB_EVENTS).",
            code="too_many_events",
        )
    return events, text


def _read_loosely(text: bytes) -> list[RrwebEvent]:
    try:
        loose = _loose_events.decode(text)
    except msgspec.MsgspecError as error:
        raise PlayheadError(f"The body is not an array of rrweb events: {error}.", code="not_rrweb") from error
    return [RrwebEvent(int(event.type), event.timestamp, _read_data(event.data)) for event in loose]


def _read_data(text: msgspec.Raw) -> EventData:
    try:
        return _data.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return EventData()


def look_through(events: Sequence[RrwebEvent], *, pages_are_told: bool) -> Seen:
    """What a batch of at least one event holds.

    `pages_are_told`: the sender marks every page with `ph:page`, so a Meta event (one comes with every full snapshot)
    is not one.
    """
    times = [int(event.timestamp) for event in events]
    if min(times) < 0 or max(times) > MAX_MS:
        times = [clamp_ms(event.timestamp) for event in events]
    seen = Seen(min(times), max(times), len(events))
    important: list[Marker] = []
    small: list[Marker] = []
    clicks: list[Click] = []
    seconds: dict[int, int] = {}
    viewport = (-1, 0.0, 0.0)
    last_input = -1
    for at, event in zip(times, events, strict=True):
        kind = event.type
        data = event.data
        if kind == INCREMENTAL:
            source = data.source
            if source in PERSON_SOURCES:
                second = at - at % 1_000
                seconds[second] = seconds.get(second, 0) + 1
                if source == MOUSE_INTERACTION:
                    if data.type == CLICK:
                        clicks.append((at, data.x, data.y))
                        small.append(Marker(at, "click", ""))
                elif source == INPUT:
                    seen.inputs += 1
                    if data.id != last_input:
                        small.append(Marker(at, "input", ""))
                    last_input = data.id
                elif source == RESIZE and at >= viewport[0]:
                    viewport = (at, data.width, data.height)
        elif kind == FULL_SNAPSHOT:
            seen.full_snapshots.append(at)
        elif kind == META:
            if at >= viewport[0]:
                viewport = (at, data.width, data.height)
            if not pages_are_told:
                seen.pages.append((at, data.href[:MAX_URL]))
        elif kind in (CUSTOM, PLUGIN):
            _look_at_named(at, data, seen, important)
    seen.full_snapshots.sort()
    seen.pages = _without_repeats(sorted(seen.pages))
    rages = rage_clicks(clicks)
    seen.clicks, seen.rage_clicks = len(clicks), len(rages)
    important += [Marker(at, "rage_click", "") for at in rages]
    seen.markers = sorted((important + small)[:MAX_MARKERS], key=lambda marker: marker.at_ms)
    seen.activity = sorted(seconds.items())[:MAX_SECONDS]
    seen.viewport = (pixels(viewport[1]), pixels(viewport[2]))
    return seen


def _look_at_named(at: int, data: EventData, seen: Seen, markers: list[Marker]) -> None:
    """Custom events of our SDK (by tag) and events of the console plugin."""
    if data.tag == "ph:page":
        seen.pages.append((at, read_payload(data.payload).href[:MAX_URL]))
    elif data.tag == "ph:event":
        markers.append(_marker(at, "event", read_payload(data.payload).name))
    elif data.tag == "ph:error":
        seen.errors += 1
        markers.append(_marker(at, "error", read_payload(data.payload).message))
    elif data.tag in ("ph:storm", "ph:oversize"):
        markers.append(Marker(at, data.tag[3:], ""))
    elif data.plugin.startswith("rrweb/console@"):
        line = read_payload(data.payload)
        if line.level == "error":
            seen.errors += 1
            markers.append(_marker(at, "error", console_message(line)))


def rage_clicks(clicks: Iterable[Click]) -> list[int]:
    """When each burst of rage clicks began, for clicks (at_ms, x, y).

    A burst is four clicks within a second, each within 30 px of the last of them; a click belongs to one burst only.
    """
    bursts: list[int] = []
    near: list[Click] = []
    for click in sorted(clicks):
        near = near_clicks(near, click)
        if len(near) == RAGE_CLICKS:
            bursts.append(near[0][0])
            near = []
    return bursts


def _without_repeats(pages: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The same address again within a second is the same page (`load`, then the snapshot that follows it)."""
    kept: list[tuple[int, str]] = []
    for page in pages:
        if not (kept and kept[-1][1] == page[1] and page[0] - kept[-1][0] < 1_000):
            kept.append(page)
    return kept[:MAX_PAGES]


def _marker(at_ms: int, kind: str, label: str) -> Marker:
    return Marker(at_ms, kind, label[:MAX_LABEL])
