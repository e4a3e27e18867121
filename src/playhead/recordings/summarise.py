"""What a stretch of rrweb events holds, counted exactly: clicks, rage clicks, errors, pages, markers, activity.

Capture looks through each batch by itself (`capture.summary`); here the same is counted over events in order, each
once, so a burst of clicks that two batches share is one burst, and a page is counted where the address changes.
"""

from __future__ import annotations

from typing import Any

import msgspec

from playhead.items import Marker
from playhead.recordings.deep import shallow
from playhead.recordings.events import CUSTOM, INCREMENTAL, META, PLUGIN, RrwebEvent

MOUSE_INTERACTION, RESIZE, INPUT = 2, 4, 5
CLICK = 2
# Sources of incremental events that a person causes: mouse move, mouse interaction, scroll, resize, input, touch move,
# media interaction, drag, selection (`mixpanel-browser` counts the same as activity).
PERSON_SOURCES = frozenset((1, 2, 3, 4, 5, 6, 7, 12, 14))
RAGE_CLICKS, RAGE_WITHIN_MS, RAGE_RADIUS_PX = 4, 1_000, 30
MAX_LABEL = 200
MAX_URL = 2_048
# What is far more than a timeline can show is not kept: markers of one frame.
MAX_MARKERS = 2_000


class _Data(msgspec.Struct, gc=False):
    source: int = -1
    type: int = -1
    id: int = -1
    x: float = 0.0
    y: float = 0.0
    href: str = ""
    width: float = 0.0
    height: float = 0.0
    tag: str = ""
    plugin: str = ""
    payload: msgspec.Raw = msgspec.Raw(b"")


class _Event(msgspec.Struct, gc=False):
    data: _Data = msgspec.field(default_factory=_Data)


class _Payload(msgspec.Struct):
    href: str = ""
    name: str = ""
    message: str = ""
    level: str = ""
    payload: list[str] = []


_event = msgspec.json.Decoder(_Event)
_payload = msgspec.json.Decoder(_Payload)


class Summary(msgspec.Struct, omit_defaults=True):
    """What was counted. Times are the rrweb events' own epoch milliseconds, floored; lists are in playing order.

    `recent_clicks` (at_ms, x, y) and `last_url` carry counting over to what follows.
    """

    clicks: int = 0
    rage_clicks: int = 0
    errors: int = 0
    inputs: int = 0
    pages: list[tuple[int, str]] = []
    markers: list[Marker] = []
    activity: list[tuple[int, int]] = []
    viewport: tuple[int, int] = (0, 0)
    recent_clicks: list[tuple[int, float, float]] = []
    last_url: str = ""


class Counter:
    """Counts the events of one stretch after another; `take` hands over a stretch's summary and goes on from it."""

    def __init__(self, before: Summary | None = None) -> None:
        self._clicks = list(before.recent_clicks) if before else []
        self._url = before.last_url if before else ""
        self._last_input = -1
        self._begin()

    def _begin(self) -> None:
        self._now = Summary(pages=[], markers=[], activity=[], recent_clicks=[])
        self._seconds: dict[int, int] = {}

    def take(self) -> Summary:
        taken = self._now
        taken.activity = sorted(self._seconds.items())
        taken.recent_clicks = list(self._clicks)
        taken.last_url = self._url
        self._begin()
        return taken

    def add(self, event: RrwebEvent) -> None:
        if event.type not in (INCREMENTAL, META, CUSTOM, PLUGIN):
            return
        data = _data(event.text)
        if data is None:
            return
        at = event.at_ms
        if event.type == INCREMENTAL:
            self._incremental(at, data)
        elif event.type == META:
            self._now.viewport = _size(data) or self._now.viewport
            if not event.epoch:
                # Our SDK says where a page begins (`ph:page`); others only with the Meta before each full snapshot.
                self._page(at, data.href)
        else:
            self._named(at, data)

    def _incremental(self, at: int, data: _Data) -> None:
        if data.source not in PERSON_SOURCES:
            return
        second = at - at % 1_000
        self._seconds[second] = self._seconds.get(second, 0) + 1
        if data.source == MOUSE_INTERACTION and data.type == CLICK:
            self._now.clicks += 1
            self._mark(at, "click", "")
            self._rage(at, data.x, data.y)
        elif data.source == INPUT:
            self._now.inputs += 1
            if data.id != self._last_input:
                self._mark(at, "input", "")
            self._last_input = data.id
        elif data.source == RESIZE:
            self._now.viewport = _size(data) or self._now.viewport

    def _rage(self, at: int, x: float, y: float) -> None:
        """A burst is four clicks within a second, each within 30 px of the newest; a click belongs to one burst."""
        near = [
            c
            for c in self._clicks
            if at - c[0] < RAGE_WITHIN_MS and (x - c[1]) ** 2 + (y - c[2]) ** 2 <= RAGE_RADIUS_PX**2
        ]
        near.append((at, x, y))
        if len(near) == RAGE_CLICKS:
            self._now.rage_clicks += 1
            self._mark(near[0][0], "rage_click", "")
            near = []
        self._clicks = near

    def _named(self, at: int, data: _Data) -> None:
        if data.tag == "ph:page":
            self._page(at, _read(data.payload).href)
        elif data.tag == "ph:event":
            self._mark(at, "event", _read(data.payload).name)
        elif data.tag == "ph:error":
            self._error(at, _read(data.payload).message)
        elif data.tag in ("ph:storm", "ph:oversize"):
            self._mark(at, data.tag[3:], "")
        elif data.plugin.startswith("rrweb/console@"):
            line = _read(data.payload)
            if line.level == "error":
                self._error(at, _unquoted(line.payload[0]) if line.payload else "")

    def _error(self, at: int, message: str) -> None:
        self._now.errors += 1
        self._mark(at, "error", message)

    def _page(self, at: int, url: str) -> None:
        url = url[:MAX_URL]
        if url and url != self._url:
            self._now.pages.append((at, url))
            self._url = url

    def _mark(self, at: int, kind: str, label: str) -> None:
        if len(self._now.markers) < MAX_MARKERS:
            self._now.markers.append(Marker(at, kind, label[:MAX_LABEL]))


def _data(text: bytes) -> _Data | None:
    """None where `data` is of another shape, which is no reason to lose the rest."""
    try:
        try:
            return _event.decode(text).data
        except RecursionError:
            return _event.decode(shallow(text)).data
    except msgspec.MsgspecError:
        return None


def _size(data: _Data) -> tuple[int, int] | None:
    size = (int(min(max(data.width, 0), 100_000)), int(min(max(data.height, 0), 100_000)))
    return size if all(size) else None


def _read(text: msgspec.Raw) -> Any:
    try:
        return _payload.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return _Payload()


def _unquoted(text: str) -> str:
    """The console plugin sends each argument as JSON text."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return text
    return value if isinstance(value, str) else text
