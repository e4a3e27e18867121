from __future__ import annotations

import gzip
from pathlib import Path
from uuid import UUID

import pytest

from playhead.items import BatchSummary
from playhead.recordings.segments import (
    Block,
    Corrupt,
    TailTooShort,
    block_place,
    build_segment,
    check_block,
    read_footer,
    summary_of,
)
from playhead.stores.encryption import Cipher, KeyGone

GOLDEN = Path(__file__).parent / "golden"


def block(number: int, payload: bytes) -> Block:
    summary = BatchSummary(
        replay_id=f"00000000-0000-4000-8000-{number:012d}",
        epoch="1795341600000-a1b2",
        seq=number,
        first_ms=1795341600000,
        last_ms=1795341601000,
        events=1,
        full_snapshots=[1795341600000],
        raw_bytes=len(payload),
        digest="d",
        library="playhead",
        library_version="0.1.0",
        mask="text",
    )
    return Block(UUID(int=number), 1795341602000, summary, payload)


BLOCKS = [block(1, gzip.compress(b'[{"type":4}]', mtime=0)), block(2, b'[{"type":2}]')]


def test_a_segment_says_where_each_block_is() -> None:
    data, entries = build_segment(BLOCKS)
    assert read_footer(data) == entries
    for wanted, entry in zip(BLOCKS, entries, strict=True):
        payload = data[entry.offset : entry.offset + entry.length]
        assert payload == wanted.payload
        check_block(entry.crc32, payload)
    assert [entry.codec for entry in entries] == ["gzip", "json"]


def test_the_same_blocks_make_the_same_bytes() -> None:
    assert build_segment(BLOCKS) == build_segment(BLOCKS)


def test_a_footer_is_read_from_the_tail_alone() -> None:
    data, entries = build_segment(BLOCKS)
    with pytest.raises(TailTooShort) as short:
        read_footer(data[-40:])
    assert read_footer(data[-short.value.needed :]) == entries


def test_damage_is_told_not_read() -> None:
    data, entries = build_segment(BLOCKS)
    with pytest.raises(Corrupt):
        read_footer(data[:-1])
    with pytest.raises(Corrupt):
        read_footer(data[:-20] + b"X" + data[-19:])
    with pytest.raises(Corrupt):
        read_footer(data[:-1] + b"\x09")
    with pytest.raises(Corrupt):
        check_block(entries[0].crc32, b"other")


def test_the_format_is_the_golden_files() -> None:
    # A changed byte here is a new format version: readers of version 1 stand in other people's data directories.
    assert build_segment(BLOCKS)[0] == (GOLDEN / "segment-v1.bin").read_bytes()


def test_the_encrypted_format_is_the_golden_file() -> None:
    cipher = Cipher(bytes(range(32)))
    data, entries = build_segment(BLOCKS, {block.summary.replay_id: cipher for block in BLOCKS})
    assert data == (GOLDEN / "segment-v2.bin").read_bytes()
    assert read_footer(data) == entries
    for entry, block in zip(entries, BLOCKS, strict=True):
        stored = data[entry.offset : entry.offset + entry.length]
        check_block(entry.crc32, stored)
        assert cipher.open(stored, block_place(entry.replay_id)) == block.payload
        assert summary_of(entry, cipher) == block.summary
        with pytest.raises(KeyGone):
            summary_of(entry, None)
