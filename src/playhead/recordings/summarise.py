"""What a stretch of rrweb events holds, counted exactly: clicks, rage clicks, errors, pages, markers, activity.

Capture looks through each batch by itself (`capture.summary`); here the same is counted over events in order, each
once, so a burst of clicks that two batches share is one burst, and a page is counted where the address changes.
"""

from __future__ import annotations

import msgspec

from playhead.items import Marker
from playhead.recordings.deep import shallow
from playhead.recordings.events import RrwebEvent
from playhead.rrweb import (
    CLICK,
    CUSTOM,
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

# What is far more than a timeline can show is not kept: markers of one frame.
MAX_MARKERS = 2_000


class _Event(msgspec.Struct, gc=False):
    data: EventData = msgspec.field(default_factory=EventData)


_event = msgspec.json.Decoder(_Event)


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
    recent_clicks: list[Click] = []
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

    def _incremental(self, at: int, data: EventData) -> None:
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
        near = near_clicks(self._clicks, (at, x, y))
        if len(near) == RAGE_CLICKS:
            self._now.rage_clicks += 1
            self._mark(near[0][0], "rage_click", "")
            near = []
        self._clicks = near

    def _named(self, at: int, data: EventData) -> None:
        if data.tag == "ph:page":
            self._page(at, read_payload(data.payload).href)
        elif data.tag == "ph:event":
            self._mark(at, "event", read_payload(data.payload).name)
        elif data.tag == "ph:error":
            self._error(at, read_payload(data.payload).message)
        elif data.tag in ("ph:storm", "ph:oversize"):
            self._mark(at, data.tag[3:], "")
        elif data.plugin.startswith("rrweb/console@"):
            line = read_payload(data.payload)
            if line.level == "error":
                self._error(at, console_message(line))

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


def _data(text: bytes) -> EventData | None:
    """None where `data` is of another shape, which is no reason to lose the rest."""
    try:
        try:
            return _event.decode(text).data
        except RecursionError:
            return _event.decode(shallow(text)).data
    except msgspec.MsgspecError:
        return None


def _size(data: EventData) -> tuple[int, int] | None:
    size = (pixels(data.width), pixels(data.height))
    return size if all(size) else None
