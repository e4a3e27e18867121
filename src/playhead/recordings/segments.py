"""Hot segments: one object per delivery flush and project, holding the new blocks of many replays as they came."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal
from uuid import UUID

import msgspec
from isal import isal_zlib

from playhead.errors import PlayheadError
from playhead.items import BatchSummary, Item

MAGIC = b"PHSEGMT"
VERSION = 1
HEADER = MAGIC + bytes([VERSION])
TRAILER_BYTES = 16

Codec = Literal["gzip", "json"]


class Corrupt(PlayheadError):
    """Stored bytes are not what their format says: the message names the object's part and what is wrong."""

    status = 500
    code = "corrupt_recording"


class TailTooShort(Exception):
    """The tail handed over does not hold the whole footer or index; `needed` bytes from the object's end do."""

    def __init__(self, needed: int) -> None:
        super().__init__(f"{needed} bytes from the end are needed")
        self.needed = needed


class Block(msgspec.Struct, frozen=True):
    """One batch on its way into a segment: its summary, and its rrweb events as they came (gzip or plain JSON)."""

    ingest_id: UUID
    received_at_ms: int
    summary: BatchSummary
    payload: bytes

    @classmethod
    def of(cls, item: Item) -> Block:
        """The block of a journalled item of kind `recording`."""
        summary = msgspec.msgpack.decode(item.meta, type=BatchSummary)
        return cls(item.ingest_id, item.received_at_ms, summary, item.payload)


class BlockEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One block as the footer lists it: where its bytes are, and all that is known of it without opening them.

    The summary is the batch's own, so that index rows can be made again from the segments alone.
    """

    ingest_id: UUID
    received_at_ms: int
    offset: int
    length: int
    codec: Codec
    crc32: int
    summary: BatchSummary

    @property
    def replay_id(self) -> str:
        return self.summary.replay_id


class SegmentFooter(msgspec.Struct, frozen=True):
    """What stands at the end of a segment.

        segment
        ├─ header            8 bytes   "PHSEGMT", version
        ├─ block 0                     the batch's own bytes: gzip (or plain) JSON array of rrweb events
        ├─ block 1 …
        ├─ footer                      JSON of this class
        │  └─ blocks[]                 ingest_id, offset, length, codec, crc32 of the block's bytes,
        │                              summary: replay_id, epoch, seq, events, first_ms, last_ms, full_snapshots,
        │                              library and its version (the recorder), mask (how it was masked), counts
        └─ trailer          16 bytes   footer length (u32 LE), crc32 of the footer (u32 LE), "PHSEGMT", version

    Blocks are not compressed again: a block is readable with one range request, and delivery never opens a batch. The
    footer is at the end so that a segment is written in one pass; it is the truth about the segment's blocks.
    """

    blocks: list[BlockEntry]


def build_segment(blocks: Sequence[Block]) -> tuple[bytes, list[BlockEntry]]:
    """The segment's bytes and its blocks' entries, in order. The same blocks always make the same bytes."""
    entries: list[BlockEntry] = []
    parts: list[bytes] = [HEADER]
    offset = len(HEADER)
    for block in blocks:
        entries.append(
            BlockEntry(
                ingest_id=block.ingest_id,
                received_at_ms=block.received_at_ms,
                offset=offset,
                length=len(block.payload),
                codec="gzip" if block.payload[:2] == b"\x1f\x8b" else "json",
                crc32=isal_zlib.crc32(block.payload),
                summary=block.summary,
            )
        )
        parts.append(block.payload)
        offset += len(block.payload)
    parts.append(_tail(entries))
    return b"".join(parts), entries


def without_blocks(segment: bytes, gone: Collection[UUID]) -> bytes:
    """The segment with the blocks of these ids taken out: their bytes are zeros, and the footer does not list them. The
    others stay at their offsets, so that what names them still finds them."""
    entries = read_footer(segment)
    made = bytearray(segment[: len(segment) - TRAILER_BYTES - int.from_bytes(segment[-TRAILER_BYTES:][:4], "little")])
    for entry in entries:
        if entry.ingest_id in gone:
            made[entry.offset : entry.offset + entry.length] = bytes(entry.length)
    return bytes(made) + _tail([entry for entry in entries if entry.ingest_id not in gone])


def _tail(entries: list[BlockEntry]) -> bytes:
    footer = msgspec.json.encode(SegmentFooter(entries))
    return footer + len(footer).to_bytes(4, "little") + isal_zlib.crc32(footer).to_bytes(4, "little") + HEADER


def read_footer(tail: bytes) -> list[BlockEntry]:
    """The entries of a segment's blocks, from the last bytes of the object (or all of them).

    Raises `TailTooShort` when the footer begins before `tail` does, `Corrupt` when it is no whole segment.
    """
    if len(tail) < TRAILER_BYTES:
        raise TailTooShort(TRAILER_BYTES)
    trailer = tail[-TRAILER_BYTES:]
    if trailer[8:15] != MAGIC:
        raise Corrupt("The segment does not end with its magic: it was cut off or is another kind of object.")
    if trailer[15] != VERSION:
        raise Corrupt(f"The segment has format version {trailer[15]}; this program reads version {VERSION}.")
    length = int.from_bytes(trailer[:4], "little")
    needed = length + TRAILER_BYTES
    if len(tail) < needed:
        raise TailTooShort(needed)
    footer = tail[-needed:-TRAILER_BYTES]
    if isal_zlib.crc32(footer) != int.from_bytes(trailer[4:8], "little"):
        raise Corrupt("The segment's footer does not match its checksum.")
    return msgspec.json.decode(footer, type=SegmentFooter).blocks


def check_block(entry_crc32: int, payload: bytes) -> None:
    """Raise `Corrupt` when a block's bytes do not match the checksum its entry gives."""
    if isal_zlib.crc32(payload) != entry_crc32:
        raise Corrupt("A block's bytes do not match their checksum.")
