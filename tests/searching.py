"""Looks for a text in every file of a directory, also in what is compressed in it, by whatever store."""

from __future__ import annotations

import os
import re
import zlib
from contextlib import suppress
from pathlib import Path

import zstandard

GZIP, ZSTD = re.compile(b"\x1f\x8b\x08"), re.compile(re.escape(b"\x28\xb5\x2f\xfd"))
ZIP = re.compile(rb"PK\x03\x04.{22}(?P<name>..)(?P<extra>..)", re.DOTALL)
# A ClickHouse block: checksum (16 bytes), method, its size with these nine bytes (u32), its size unpacked (u32).
LZ4 = re.compile(b"\x82(?P<size>....)(?P<unpacked>....)", re.DOTALL)
MAX_UNPACKED = 50_000_000


def files_with(directory: Path, text: bytes) -> list[str]:
    """Files that hold the text as it is or unpacked, by their paths.

    What an engine at work took away meanwhile, it may have put into files that were not there yet: it is looked for again.
    """
    while True:
        found: list[str] = []
        went: list[OSError] = []
        for folder, _, names in os.walk(directory, onerror=went.append):
            for path in (Path(folder, name) for name in names):
                try:
                    raw = path.read_bytes()
                except OSError as error:
                    went.append(error)
                    continue
                if any(text in piece for piece in [raw, *unpacked(raw)]):
                    found.append(str(path.relative_to(directory)))
        if found or not went:
            return sorted(found)


def unpacked(raw: bytes) -> list[bytes]:
    """What is compressed anywhere in the bytes: gzip members, zstd frames, files in a ZIP, LZ4 blocks of ClickHouse."""
    pieces = []
    for member in GZIP.finditer(raw):
        with suppress(zlib.error):
            pieces.append(zlib.decompressobj(31).decompress(raw[member.start() :]))
    for frame in ZSTD.finditer(raw):
        with suppress(zstandard.ZstdError):
            pieces.append(
                zstandard.ZstdDecompressor(max_window_size=2**23).decompressobj().decompress(raw[frame.start() :])
            )
    for entry in ZIP.finditer(raw):
        begins = entry.end() + int.from_bytes(entry["name"], "little") + int.from_bytes(entry["extra"], "little")
        with suppress(zlib.error):
            pieces.append(zlib.decompressobj(-15).decompress(raw[begins:]))
    for block in LZ4.finditer(raw):
        size, whole = (int.from_bytes(block[name], "little") for name in ("size", "unpacked"))
        if 9 < size <= len(raw) - block.start() and whole <= MAX_UNPACKED:
            with suppress(IndexError, ValueError):
                pieces.append(_lz4(raw[block.start() + 9 : block.start() + size]))
    return pieces


def _lz4(data: bytes) -> bytes:
    """An LZ4 block: https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md."""
    made, at = bytearray(), 0

    def length(nibble: int) -> int:
        nonlocal at
        total = nibble
        while nibble == 15:
            total += data[at]
            at += 1
            if data[at - 1] != 255:
                break
        return total

    while at < len(data):
        token = data[at]
        at += 1
        literals = length(token >> 4)
        made += data[at : at + literals]
        at += literals
        if at >= len(data):
            break
        offset = int.from_bytes(data[at : at + 2], "little")
        at += 2
        if not 0 < offset <= len(made):
            raise ValueError
        for _ in range(length(token & 15) + 4):
            made.append(made[-offset])
    return bytes(made)
