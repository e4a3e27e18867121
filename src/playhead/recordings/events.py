"""rrweb events as stored: their own JSON text, and the two things about them that order needs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import cast

import msgspec
from isal import isal_zlib

from playhead.recordings.deep import elements, shallow
from playhead.recordings.segments import Corrupt

IsalError = cast(type[Exception], isal_zlib.IsalError)

MAX_MS = 9_214_646_400_000


class RrwebEvent(msgspec.Struct, frozen=True, gc=False):
    """One rrweb event, its `text` unchanged but for line ends between tokens.

    `epoch` and `number` say where it stands: for our SDK the page load and the event's number within it (wire.md), for
    others "" and the `seq` of the batch it came in.
    """

    text: bytes
    type: int
    timestamp: float
    epoch: str
    number: int

    @property
    def at_ms(self) -> int:
        """The timestamp as the stores take it: floored, between 1970 and 2262."""
        return math.floor(min(max(self.timestamp, 0.0), MAX_MS))


class _Head(msgspec.Struct, gc=False):
    type: float
    timestamp: float


_batch = msgspec.json.Decoder(list[msgspec.Raw])
_head = msgspec.json.Decoder(_Head)


def decode_block(payload: bytes, epoch: str, seq: int) -> list[RrwebEvent]:
    """The rrweb events of a block's bytes, in the order sent. Raises `Corrupt` when they are no such thing."""
    try:
        text = isal_zlib.decompress(payload, 31) if payload[:2] == b"\x1f\x8b" else payload
    except IsalError as error:
        raise Corrupt(f"A block of rrweb events can't be unpacked: {error}.") from error
    try:
        raws = [bytes(raw) for raw in _batch.decode(text)]
    except RecursionError:
        raws = elements(text)
    except msgspec.MsgspecError as error:
        raise Corrupt(f"A block of rrweb events can't be read: {error}.") from error
    step = 1 if epoch else 0
    return [_event(raw, epoch, seq + index * step) for index, raw in enumerate(raws)]


def decode_lines(text: bytes, numbers: Iterable[tuple[str, int]]) -> Iterator[RrwebEvent]:
    """The rrweb events of NDJSON, each with its (epoch, number)."""
    for line, (epoch, number) in zip(text.splitlines(), numbers, strict=True):
        yield _event(line, epoch, number)


def _event(text: bytes, epoch: str, number: int) -> RrwebEvent:
    try:
        head = _head.decode(text)
    except RecursionError:
        head = _head.decode(shallow(text))
    except msgspec.MsgspecError as error:
        raise Corrupt(f"A stored rrweb event can't be read: {error}.") from error
    if b"\n" in text or b"\r" in text:
        # In JSON they stand only between tokens.
        text = text.replace(b"\n", b" ").replace(b"\r", b" ")
    return RrwebEvent(text, int(head.type), head.timestamp, epoch, number)
