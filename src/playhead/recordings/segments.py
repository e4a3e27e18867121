"""Hot segments: one object per delivery flush and project, holding the new blocks of many replays as they came."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal
from uuid import UUID

import msgspec
from isal import isal_zlib

from playhead.errors import PlayheadError
from playhead.items import BatchSummary, Item
from playhead.stores.encryption import Cipher, opened

MAGIC = b"PHSEGMT"
VERSION = 1
ENCRYPTED_VERSION = 2
HEADER = MAGIC + bytes([VERSION])
ENCRYPTED_HEADER = MAGIC + bytes([ENCRYPTED_VERSION])
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

    The summary is the batch's own, so that index rows can be made again from the segments alone. Of an encrypted block
    it says only which replay it is of, and `hidden` is the whole of it, encrypted with the block's key.
    """

    ingest_id: UUID
    received_at_ms: int
    offset: int
    length: int
    codec: Codec
    crc32: int
    summary: BatchSummary
    hidden: bytes = b""

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

    In version 2 every block is an envelope of `stores.encryption` under its replay's key; length and crc32 are its.

    Blocks are not compressed again: a block is readable with one range request, and delivery never opens a batch. The
    footer is at the end so that a segment is written in one pass; it is the truth about the segment's blocks.
    """

    blocks: list[BlockEntry]


def build_segment(
    blocks: Sequence[Block], ciphers: Mapping[str, Cipher] | None = None
) -> tuple[bytes, list[BlockEntry]]:
    """The segment's bytes and its blocks' entries, in order. The same blocks always make the same bytes.

    With `ciphers`, one for each replay that occurs, blocks and what is known of them are encrypted.
    """
    entries: list[BlockEntry] = []
    header = ENCRYPTED_HEADER if ciphers else HEADER
    parts: list[bytes] = [header]
    offset = len(header)
    for block in blocks:
        codec: Codec = "gzip" if block.payload[:2] == b"\x1f\x8b" else "json"
        payload, summary, hidden = block.payload, block.summary, b""
        if ciphers:
            cipher = ciphers[summary.replay_id]
            payload = cipher.seal(payload, block_place(summary.replay_id))
            hidden = cipher.seal(msgspec.msgpack.encode(summary), summary_place(summary.replay_id))
            summary = BatchSummary(summary.replay_id, "", 0, 0, 0, 0, [], 0, "")
        entries.append(
            BlockEntry(
                ingest_id=block.ingest_id,
                received_at_ms=block.received_at_ms,
                offset=offset,
                length=len(payload),
                codec=codec,
                crc32=isal_zlib.crc32(payload),
                summary=summary,
                hidden=hidden,
            )
        )
        parts.append(payload)
        offset += len(payload)
    parts.append(_tail(entries, header))
    return b"".join(parts), entries


def without_blocks(segment: bytes, gone: Collection[UUID]) -> bytes:
    """The segment with the blocks of these ids taken out: their bytes are zeros, and the footer does not list them. The
    others stay at their offsets, so that what names them still finds them."""
    entries = read_footer(segment)
    made = bytearray(segment[: len(segment) - TRAILER_BYTES - int.from_bytes(segment[-TRAILER_BYTES:][:4], "little")])
    for entry in entries:
        if entry.ingest_id in gone:
            made[entry.offset : entry.offset + entry.length] = bytes(entry.length)
    return bytes(made) + _tail([entry for entry in entries if entry.ingest_id not in gone], segment[: len(HEADER)])


def _tail(entries: list[BlockEntry], header: bytes) -> bytes:
    footer = msgspec.json.encode(SegmentFooter(entries))
    return footer + len(footer).to_bytes(4, "little") + isal_zlib.crc32(footer).to_bytes(4, "little") + header


def read_footer(tail: bytes) -> list[BlockEntry]:
    """The entries of a segment's blocks, from the last bytes of the object (or all of them).

    Raises `TailTooShort` when the footer begins before `tail` does, `Corrupt` when it is no whole segment.
    """
    if len(tail) < TRAILER_BYTES:
        raise TailTooShort(TRAILER_BYTES)
    trailer = tail[-TRAILER_BYTES:]
    if trailer[8:15] != MAGIC:
        raise Corrupt("The segment does not end with its magic: it was cut off or is another kind of object.")
    if trailer[15] not in {VERSION, ENCRYPTED_VERSION}:
        raise Corrupt(f"The segment has format version {trailer[15]}; this program reads {VERSION} and 2 (encrypted).")
    length = int.from_bytes(trailer[:4], "little")
    needed = length + TRAILER_BYTES
    if len(tail) < needed:
        raise TailTooShort(needed)
    footer = tail[-needed:-TRAILER_BYTES]
    if isal_zlib.crc32(footer) != int.from_bytes(trailer[4:8], "little"):
        raise Corrupt("The segment's footer does not match its checksum.")
    return msgspec.json.decode(footer, type=SegmentFooter).blocks


def block_place(replay_id: str) -> bytes:
    """What an encrypted block is authenticated to belong to."""
    return f"block:{replay_id}".encode()


def summary_place(replay_id: str) -> bytes:
    return f"summary:{replay_id}".encode()


def summary_of(entry: BlockEntry, cipher: Cipher | None) -> BatchSummary:
    """All that is known of the block. Raises `KeyGone` when it is encrypted and there is no key."""
    if not entry.hidden:
        return entry.summary
    return msgspec.msgpack.decode(opened(entry.hidden, cipher, summary_place(entry.replay_id)), type=BatchSummary)


def check_block(entry_crc32: int, payload: bytes) -> None:
    """Raise `Corrupt` when a block's bytes do not match the checksum its entry gives."""
    if isal_zlib.crc32(payload) != entry_crc32:
        raise Corrupt("A block's bytes do not match their checksum.")
