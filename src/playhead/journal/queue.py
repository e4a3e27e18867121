"""The worker's side: flushes, their confirmation, dead letters."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from playhead.clock import now_ms
from playhead.ids import new_ingest_id
from playhead.items import Item, Kind
from playhead.journal.database import (
    BUSY_SECONDS,
    BUSY_SLEEP_SECONDS,
    JournalStats,
    connect,
    node_id,
    read_stats,
    retry,
    transaction,
)
from playhead.journal.keys import place, standing_cipher
from playhead.stores.encryption import Cipher, Keyring, is_encrypted, opened

# Largest journal that is copied to forget what was deleted: some hundred milliseconds in which nobody can append.
FORGET_BYTES = 64_000_000


class Flush(msgspec.Struct, frozen=True):
    """A begun flush: its id, and the range of local ids it holds."""

    flush_id: UUID
    first_id: int
    last_id: int
    begun_at_ms: int


class DeadLetter(msgspec.Struct, frozen=True):
    item: Item
    reason: str
    buried_at_ms: int


class JournalQueue:
    """The worker's side: flushes, confirmation, dead letters. Its methods block; one thread at a time may call them."""

    def __init__(self, path: Path, keyring: Keyring) -> None:
        self._db = connect(path)
        self._keyring = keyring
        self._cipher: Cipher | None = None
        self.node_id = node_id(self._db)

    @classmethod
    def open(cls, path: Path, keyring: Keyring | None = None) -> JournalQueue:
        """Opens or makes the journal at `path`; the keyring opens what is encrypted. Raises `PlayheadError`."""
        return cls(path, keyring or Keyring())

    def begin_flush(self, max_bytes: int) -> Flush | None:
        """Takes the oldest items that no open flush holds, up to `max_bytes` but at least one, and commits that.

        None when nothing waits.
        """

        def begin(db: sqlite3.Connection) -> Flush | None:
            taken = 0
            first_id = last_id = None
            # Confirmed flushes took their items with them, so whatever lies behind the last open flush is waiting.
            waiting = db.execute(
                "SELECT id, bytes FROM items WHERE id > (SELECT coalesce(max(last_id), 0) FROM flushes) ORDER BY id"
            )
            for item_id, size in waiting:
                if last_id is not None and taken + size > max_bytes:
                    break
                first_id = item_id if first_id is None else first_id
                last_id = item_id
                taken += size
            waiting.close()
            if first_id is None or last_id is None:
                return None
            flush = Flush(new_ingest_id(), first_id, last_id, now_ms())
            db.execute(
                "INSERT INTO flushes VALUES (?, ?, ?, ?)",
                (flush.flush_id.bytes, flush.first_id, flush.last_id, flush.begun_at_ms),
            )
            return flush

        if not retry(lambda: self._db.execute("SELECT EXISTS (SELECT 1 FROM items)").fetchone())[0]:
            return None
        return transaction(self._db, begin)

    def open_flushes(self) -> list[Flush]:
        """The flushes begun and not confirmed, oldest first: what a restarted worker goes on with."""
        rows = retry(
            lambda: self._db.execute(
                "SELECT flush_id, first_id, last_id, begun_at_ms FROM flushes ORDER BY first_id"
            ).fetchall()
        )
        return [Flush(UUID(bytes=flush_id), first, last, begun) for flush_id, first, last, begun in rows]

    def items(self, flush: Flush) -> list[Item]:
        """The flush's items in the order they were accepted, without those that were buried."""
        rows = retry(
            lambda: self._db.execute(
                "SELECT project_id, ingest_id, kind, received_at_ms, meta, payload FROM items"
                " WHERE id BETWEEN ? AND ? ORDER BY id",
                (flush.first_id, flush.last_id),
            ).fetchall()
        )
        return [self._item(row) for row in rows]

    def confirm(self, flush: Flush) -> None:
        """Deletes the flush and its items: every store has them. Confirming again changes nothing."""

        def confirm(db: sqlite3.Connection) -> None:
            if not db.execute("DELETE FROM flushes WHERE flush_id = ?", (flush.flush_id.bytes,)).rowcount:
                return
            bounds = (flush.first_id, flush.last_id)
            count, size = db.execute(
                "SELECT count(*), coalesce(sum(bytes), 0) FROM items WHERE id BETWEEN ? AND ?", bounds
            ).fetchone()
            db.execute("DELETE FROM items WHERE id BETWEEN ? AND ?", bounds)
            db.execute("UPDATE totals SET items = items - ?, bytes = bytes - ?", (count, size))

        transaction(self._db, confirm)

    def bury(self, flush: Flush, ingest_id: UUID, reason: str) -> None:
        """Moves every item of that id in the flush to the dead letters. The flush's other items stay."""

        def bury(db: sqlite3.Connection) -> None:
            which = (flush.first_id, flush.last_id, ingest_id.bytes)
            count, size = db.execute(
                "SELECT count(*), coalesce(sum(bytes), 0) FROM items WHERE id BETWEEN ? AND ? AND ingest_id = ?", which
            ).fetchone()
            db.execute(
                "INSERT INTO dead_letters SELECT project_id, ingest_id, kind, received_at_ms, ?, ?, meta, payload"
                " FROM items WHERE id BETWEEN ? AND ? AND ingest_id = ?",
                (now_ms(), reason, *which),
            )
            db.execute("DELETE FROM items WHERE id BETWEEN ? AND ? AND ingest_id = ?", which)
            db.execute(
                "UPDATE totals SET items = items - ?, bytes = bytes - ?, dead_letters = dead_letters + ?",
                (count, size, count),
            )

        transaction(self._db, bury)

    def dead_letters(self, limit: int = 1_000) -> list[DeadLetter]:
        """The newest dead letters first, at most `limit`."""
        rows = retry(
            lambda: self._db.execute(
                "SELECT project_id, ingest_id, kind, received_at_ms, meta, payload, reason, buried_at_ms"
                " FROM dead_letters ORDER BY rowid DESC LIMIT ?",
                (limit,),
            ).fetchall()
        )
        return [DeadLetter(self._item(row[:6]), row[6], row[7]) for row in rows]

    def waiting(self) -> Iterator[Item]:
        """Every item that is not confirmed yet, oldest first; one is in memory at a time."""
        for row in self._one_by_one(
            "SELECT project_id, ingest_id, kind, received_at_ms, meta, payload, id FROM items"
            " WHERE id > ? ORDER BY id LIMIT 1"
        ):
            yield self._item(row[:6])

    def every_dead_letter(self) -> Iterator[DeadLetter]:
        """Every dead letter, oldest first; one is in memory at a time."""
        for row in self._one_by_one(
            "SELECT project_id, ingest_id, kind, received_at_ms, meta, payload, reason, buried_at_ms, rowid"
            " FROM dead_letters WHERE rowid > ? ORDER BY rowid LIMIT 1"
        ):
            yield DeadLetter(self._item(row[:6]), row[6], row[7])

    def _one_by_one(self, sql: str) -> Iterator[Any]:
        """The rows of a statement that answers the one behind a number, which is the row's last column."""
        last = 0
        while (row := self._next(sql, last)) is not None:
            yield row
            last = row[-1]

    def _next(self, sql: str, last: int) -> Any:
        return retry(lambda: self._db.execute(sql, (last,)).fetchone())

    def holds_of_before(self, moment_ms: int) -> bool:
        """Whether anything waits that was accepted at or before the moment, or a flush is open that began then."""
        row = retry(
            lambda: self._db.execute(
                "SELECT EXISTS (SELECT 1 FROM items WHERE received_at_ms <= ?)"
                " OR EXISTS (SELECT 1 FROM flushes WHERE begun_at_ms <= ?)",
                (moment_ms, moment_ms),
            ).fetchone()
        )
        return bool(row[0])

    def dig_up(self, project_id: str, ingest_ids: Sequence[UUID]) -> int:
        """Deletes these dead letters for good; answers how many there were."""

        def delete(db: sqlite3.Connection) -> int:
            count = 0
            for ingest_id in ingest_ids:
                count += db.execute(
                    "DELETE FROM dead_letters WHERE project_id = ? AND ingest_id = ?", (project_id, ingest_id.bytes)
                ).rowcount
            db.execute("UPDATE totals SET dead_letters = dead_letters - ?", (count,))
            return count

        return transaction(self._db, delete) if ingest_ids else 0

    def forget(self) -> bool:
        """Takes what was deleted off the disk: SQLite keeps it in free pages and in its write-ahead log.

        False while more waits than can be copied in a moment (capture waits meanwhile), or someone reads.
        """
        if self.stats().bytes > FORGET_BYTES:
            return False
        try:
            retry(lambda: self._db.execute("VACUUM"))
            deadline = time.monotonic() + BUSY_SECONDS
            while retry(lambda: self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone())[0]:
                if time.monotonic() > deadline:
                    return False
                time.sleep(BUSY_SLEEP_SECONDS)
        except sqlite3.OperationalError:
            return False
        return True

    def stats(self) -> JournalStats:
        """The counters as they are now."""
        return read_stats(self._db)

    def close(self) -> None:
        self._db.close()

    def _item(self, row: tuple[str, bytes, str, int, bytes, bytes]) -> Item:
        project_id, ingest_id, kind, received_at_ms, meta, payload = row
        if is_encrypted(meta) or is_encrypted(payload):
            self._cipher = self._cipher or standing_cipher(self._db, self._keyring)
            meta = opened(meta, self._cipher, place(ingest_id, kind, "meta"))
            payload = opened(payload, self._cipher, place(ingest_id, kind, "payload"))
        return Item(project_id, UUID(bytes=ingest_id), Kind(kind), received_at_ms, meta, payload)
