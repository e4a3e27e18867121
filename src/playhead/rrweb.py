"""rrweb's own words: types of events, and the fields of them that are looked at when a replay is counted.

https://github.com/rrweb-io/rrweb/blob/main/packages/types/src/index.ts
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

FULL_SNAPSHOT, INCREMENTAL, META, CUSTOM, PLUGIN = 2, 3, 4, 5, 6
MOUSE_INTERACTION, RESIZE, INPUT = 2, 4, 5
CLICK = 2
# Sources of incremental events that a person causes: mouse move, mouse interaction, scroll, resize, input, touch move,
# media interaction, drag, selection (`mixpanel-browser` counts the same as activity).
PERSON_SOURCES = frozenset((1, 2, 3, 4, 5, 6, 7, 12, 14))

RAGE_CLICKS, RAGE_WITHIN_MS, RAGE_RADIUS_PX = 4, 1_000, 30

MAX_LABEL = 200
MAX_URL = 2_048
MAX_PIXELS = 100_000

Click = tuple[int, float, float]


class EventData(msgspec.Struct, gc=False):
    """The fields of any rrweb event's `data` that are looked at."""

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


class Payload(msgspec.Struct, gc=False):
    """What custom events of our SDK (`ph:page`, `ph:event`, `ph:error`) and the console plugin carry."""

    href: str = ""
    name: str = ""
    message: str = ""
    level: str = ""
    payload: list[str] = []


_payload = msgspec.json.Decoder(Payload)


def read_payload(text: msgspec.Raw) -> Payload:
    """An empty one when it is of another shape, which is no reason to lose the event."""
    try:
        return _payload.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return Payload()


def console_message(line: Payload) -> str:
    """The first argument; the console plugin sends each as JSON text."""
    text = line.payload[0] if line.payload else ""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return text
    return value if isinstance(value, str) else text


def near_clicks(clicks: Iterable[Click], click: Click) -> list[Click]:
    """The clicks before this one that are in a burst with it, and this one."""
    at, x, y = click
    near = [c for c in clicks if at - c[0] < RAGE_WITHIN_MS and (x - c[1]) ** 2 + (y - c[2]) ** 2 <= RAGE_RADIUS_PX**2]
    return [*near, click]


def pixels(value: float) -> int:
    return int(min(max(value, 0), MAX_PIXELS))
