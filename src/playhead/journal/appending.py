"""The appending side, in the capture processes: everything that waits goes into one transaction."""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from playhead.errors import PlayheadError, Unavailable
from playhead.items import Item
from playhead.journal.database import JournalStats, connect, node_id, read_stats, transaction
from playhead.journal.keys import own_cipher, sealed
from playhead.stores.encryption import Keyring

# Most bytes that may wait in memory for the disk; beyond it capture is told to come back.
MAX_WAITING_BYTES = 128_000_000
STATS_SECONDS = 1.0
# After a transaction of so many appends the writer lets more come together first: measured under full load, fewer and
# larger transactions save 14 % of the web process's time.
BUSY_APPENDS = 4
GATHER_SECONDS = 0.003

# Rows of one statement, most first. Each statement gives up the interpreter's lock once and has to get it back from a
# busy event loop: a statement per row made the writer wait for the loop at every row.
_ROWS_AT_ONCE = (64, 16, 4, 1)
_INSERTS = {
    rows: "INSERT INTO items (project_id, ingest_id, kind, received_at_ms, bytes, meta, payload) VALUES "  # noqa: S608
    + ", ".join(["(?, ?, ?, ?, ?, ?, ?)"] * rows)
    for rows in _ROWS_AT_ONCE
}


class Journal:
    """The appending side, one per capture process. Safe to use from any event loop or thread."""

    def __init__(self, path: Path, max_bytes: int, keyring: Keyring) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._writer = connect(path)
        self._reader = connect(path)
        self.node_id = node_id(self._reader)
        self._cipher = own_cipher(self._writer, keyring)
        self._waiting: queue.SimpleQueue[_Append | None] = queue.SimpleQueue()
        self._waiting_bytes = 0
        self._lock = threading.Lock()
        self._stats = read_stats(self._reader)
        self._stats_read_at = time.monotonic()
        self._closed = False
        self._thread = threading.Thread(target=self._write, name="journal", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, path: Path, max_bytes: int, keyring: Keyring | None = None) -> Journal:
        """Opens or makes the journal at `path`. `max_bytes` is the largest backlog it takes.

        With a master key in the keyring what is appended is encrypted. Raises `PlayheadError` when the file can't be
        opened, is of a newer version, or its key can't be unwrapped.
        """
        return cls(path, max_bytes, keyring or Keyring())

    async def append(self, items: Sequence[Item]) -> None:
        """Returns once all of `items` are on disk, in one transaction, in the order given.

        Raises `Unavailable` when they are not: the disk refused, or the byte limit is reached.
        """
        if not items:
            return
        if self._cipher is not None:
            items = [sealed(self._cipher, item) for item in items]
        size = sum(len(item.meta) + len(item.payload) for item in items)
        loop = asyncio.get_running_loop()
        append = _Append(items, size, loop, loop.create_future())
        with self._lock:
            if self._closed:
                raise Unavailable("The server is stopping.", retry_after_s=1)
            if self.stats().bytes + self._waiting_bytes + size > self._max_bytes:
                raise Unavailable(
                    f"The journal holds its limit of {self._max_bytes} bytes (PLAYHEAD_JOURNAL_MAX_BYTES); "
                    "it drains when the stores take data again.",
                    code="journal_full",
                    retry_after_s=30,
                )
            if self._waiting_bytes + size > max(MAX_WAITING_BYTES, size):
                raise Unavailable("The disk is slower than what arrives.", code="journal_busy", retry_after_s=2)
            self._waiting_bytes += size
            self._waiting.put(append)
        await append.done

    def stats(self) -> JournalStats:
        """Counters of the whole file, at most a second old, plus what this process has appended since."""
        if time.monotonic() - self._stats_read_at > STATS_SECONDS:
            self._stats_read_at = time.monotonic()
            with suppress(sqlite3.Error):
                self._stats = read_stats(self._reader)
        return self._stats

    def check_writable(self) -> None:
        """Raises `Unavailable` when an append would be refused now: what `/readyz` asks."""
        if self._closed or not self._thread.is_alive():
            raise Unavailable("The journal is closed.", retry_after_s=1)
        if self.stats().bytes >= self._max_bytes:
            raise Unavailable("The journal holds its limit.", code="journal_full", retry_after_s=30)
        try:
            transaction(connect(self._path), lambda db: None, close=True)
        except (sqlite3.Error, PlayheadError) as error:
            raise Unavailable(f"The journal can't be written: {error}", retry_after_s=5) from error

    def close(self) -> None:
        """Writes what is waiting, then closes the file. Appends from now on are refused."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._waiting.put(None)
        self._thread.join()
        self._reader.close()

    def _write(self) -> None:
        """The writer thread: everything that waits goes in one transaction."""
        stopping = False
        gathered = 0
        while not stopping:
            group: list[_Append] = []
            first = self._waiting.get()
            if first is not None and gathered >= BUSY_APPENDS:
                time.sleep(GATHER_SECONDS)
            while first is not None:
                group.append(first)
                try:
                    first = self._waiting.get_nowait()
                except queue.Empty:
                    break
            else:
                stopping = True
            gathered = len(group)
            if group:
                self._commit(group)
        self._writer.close()

    def _commit(self, group: list[_Append]) -> None:
        items = [item for append in group for item in append.items]
        size = sum(append.size for append in group)
        statements = list(_inserts(items))

        def insert(db: sqlite3.Connection) -> None:
            for statement, values in statements:
                db.execute(statement, values)
            db.execute("UPDATE totals SET items = items + ?, bytes = bytes + ?", (len(items), size))

        failure: Unavailable | None = None
        try:
            transaction(self._writer, insert)
        except sqlite3.Error as error:
            failure = Unavailable(f"The journal can't be written: {error}", code="journal_failed", retry_after_s=5)
            self._reopen()
        with self._lock:
            self._waiting_bytes -= size
            if failure is None:
                kept = self._stats
                self._stats = JournalStats(
                    kept.items + len(items),
                    kept.bytes + size,
                    kept.oldest_received_at_ms or items[0].received_at_ms,
                    kept.dead_letters,
                )
        for loop in {append.loop for append in group}:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_resolve, [a.done for a in group if a.loop is loop], failure)

    def _reopen(self) -> None:
        """After an I/O error the connection may be in any state. A new one is in a known one."""
        with suppress(sqlite3.Error, PlayheadError):
            fresh = connect(self._path)
            self._writer.close()
            self._writer = fresh


class _Append(msgspec.Struct, frozen=True):
    items: Sequence[Item]
    size: int
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[None]


def _inserts(items: Sequence[Item]) -> Iterator[tuple[str, list[object]]]:
    """The statements that insert the items in their order, with the values of each."""
    place = 0
    for rows in _ROWS_AT_ONCE:
        while len(items) - place >= rows:
            values: list[object] = []
            for i in items[place : place + rows]:
                size = len(i.meta) + len(i.payload)
                values += (i.project_id, i.ingest_id.bytes, i.kind, i.received_at_ms, size, i.meta, i.payload)
            yield _INSERTS[rows], values
            place += rows


def _resolve(waiting: list[asyncio.Future[None]], failure: Unavailable | None) -> None:
    for future in waiting:
        if future.done():  # its request was cancelled
            continue
        if failure is None:
            future.set_result(None)
        else:
            future.set_exception(failure)
