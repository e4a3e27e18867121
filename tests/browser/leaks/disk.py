"""What a server keeps in its data directory, unpacked: the journal, the stores' tables, segments and recordings, every file."""

from __future__ import annotations

import os
import signal
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from playhead.stores.analytics import Analytics

GZIP, ZSTD = b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"
MOST = 1 << 30
# The kind of a journal's item that is a batch of a recording.
RECORDING = "recording"


@contextmanager
def nothing_delivered(data: Path) -> Iterator[None]:
    """Stops the worker, so that all that arrives stays in the journal."""
    pid = msgspec.json.decode((data / "worker.json").read_bytes())["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def rows(file: Path, table: str) -> Iterator[dict[str, Any]]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        yield from (dict(row) for row in connection.execute(f"SELECT * FROM {table}"))


def journal(data: Path) -> tuple[list[bytes], list[bytes]]:
    """What waits: of recordings, and of everything else."""
    recordings: list[bytes] = []
    others: list[bytes] = []
    for row in rows(data / "journal.sqlite", "items"):
        waiting = recordings if row["kind"] == RECORDING else others
        for part in (row["meta"], row["payload"]):
            waiting += unpacked(bytes(part))
    return recordings, others


def blobs(data: Path) -> list[bytes]:
    return [part for file in (data / "blobs").rglob("*") if file.is_file() for part in unpacked(file.read_bytes())]


def tables(data: Path) -> list[bytes]:
    """Every table of the control store and of the analytics engine."""
    found = []
    control = data / "control.sqlite"
    for table in list(rows(control, "sqlite_master")):
        if table["type"] == "table":
            found += [repr(row).encode() for row in rows(control, str(table["name"]))]
    analytics = Analytics.open(f"chdb://{(data / 'analytics').resolve()}")
    try:
        for table in analytics.query("SHOW TABLES"):
            found.append(analytics.query_bytes(f"SELECT * FROM `{table['name']}`"))
    finally:
        analytics.close()
    return found


def files(data: Path) -> list[bytes]:
    """The bytes of every file, as they lie there."""
    found = []
    for file in data.rglob("*"):
        try:
            if file.is_file():
                found.append(file.read_bytes())
        except FileNotFoundError:  # merged away by the engine
            continue
    return found


def unpacked(data: bytes) -> list[bytes]:
    """The data itself, and each gzip or zstd stream that begins anywhere in it."""
    found = [data]
    for magic, unpack in ((GZIP, _gunzip), (ZSTD, _unzstd)):
        at = data.find(magic)
        while at >= 0:
            inner = unpack(data[at:])
            if inner:
                found.append(inner)
            at = data.find(magic, at + 1)
    return found


def _gunzip(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(31).decompress(data, MOST)
    except zlib.error:
        return b""


def _unzstd(data: bytes) -> bytes:
    try:
        return zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj().decompress(data)
    except zstandard.ZstdError:
        return b""
