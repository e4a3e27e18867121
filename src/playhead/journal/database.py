"""The journal's SQLite file: its schema, connections that wait for each other, what is counted."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from playhead.errors import PlayheadError, Unavailable

MIGRATIONS = (
    """
    CREATE TABLE items (
        project_id TEXT NOT NULL,
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        ingest_id BLOB NOT NULL,
        kind TEXT NOT NULL,
        received_at_ms INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        meta BLOB NOT NULL,
        payload BLOB NOT NULL
    );
    CREATE TABLE flushes (
        flush_id BLOB PRIMARY KEY,
        first_id INTEGER NOT NULL,
        last_id INTEGER NOT NULL,
        begun_at_ms INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE dead_letters (
        project_id TEXT NOT NULL,
        ingest_id BLOB NOT NULL,
        kind TEXT NOT NULL,
        received_at_ms INTEGER NOT NULL,
        buried_at_ms INTEGER NOT NULL,
        reason TEXT NOT NULL,
        meta BLOB NOT NULL,
        payload BLOB NOT NULL
    );
    CREATE TABLE totals (items INTEGER NOT NULL, bytes INTEGER NOT NULL, dead_letters INTEGER NOT NULL);
    INSERT INTO totals VALUES (0, 0, 0);
    CREATE TABLE node (node_id TEXT NOT NULL);
    INSERT INTO node VALUES (lower(hex(randomblob(16))));
    """,
    """
    CREATE TABLE keys (wrapped BLOB NOT NULL, master TEXT NOT NULL)
    """,
)

# A process that waits longer than this for another's transaction gives up.
BUSY_SECONDS = 10.0
# Between tries for the write lock. SQLite's own handler sleeps up to 100 ms, which would be seen in acknowledgements.
BUSY_SLEEP_SECONDS = 0.0005

T = TypeVar("T")


class JournalStats(msgspec.Struct, frozen=True):
    """What waits: begun flushes count until they are confirmed. `oldest_received_at_ms` is None when nothing waits."""

    items: int
    bytes: int
    oldest_received_at_ms: int | None
    dead_letters: int


def together(stats: Sequence[JournalStats]) -> JournalStats:
    """What waits in several journals."""
    oldest = [each.oldest_received_at_ms for each in stats if each.oldest_received_at_ms is not None]
    return JournalStats(
        sum(each.items for each in stats),
        sum(each.bytes for each in stats),
        min(oldest, default=None),
        sum(each.dead_letters for each in stats),
    )


def connect(path: Path) -> sqlite3.Connection:
    """An open, migrated connection in WAL mode whose commits are on disk when they return."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = not path.exists()
        db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            if fresh:
                db.execute("PRAGMA page_size = 16384")  # batches are tens of kilobytes: fewer overflow pages
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA wal_autocheckpoint = 2000")
            db.execute("PRAGMA journal_size_limit = 268435456")
            _migrate(db, path)
            db.execute("PRAGMA busy_timeout = 0")  # from here on `_retry` waits
        except BaseException:
            db.close()
            raise
        if fresh:
            _sync_directory(path.parent)
    except (OSError, sqlite3.Error) as error:
        raise Unavailable(f"The journal at {path} can't be opened: {error}", code="journal_failed") from error
    return db


def transaction(db: sqlite3.Connection, work: Callable[[sqlite3.Connection], T], *, close: bool = False) -> T:
    """`work` in one write transaction: all of it is on disk when this returns, or nothing of it."""
    try:
        retry(lambda: db.execute("BEGIN IMMEDIATE"))
        try:
            result = work(db)
            db.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                db.execute("ROLLBACK")
            raise
        return result
    finally:
        if close:
            db.close()


def retry(call: Callable[[], T]) -> T:
    """`call`, again while another process holds the lock it needs."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return call()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(BUSY_SLEEP_SECONDS)


def node_id(db: sqlite3.Connection) -> str:
    return str(retry(lambda: db.execute("SELECT node_id FROM node").fetchone())[0])


def read_stats(db: sqlite3.Connection) -> JournalStats:
    def read() -> JournalStats:
        items, size, dead = db.execute("SELECT items, bytes, dead_letters FROM totals").fetchone()
        oldest = db.execute("SELECT received_at_ms FROM items ORDER BY id LIMIT 1").fetchone()
        return JournalStats(items, size, oldest[0] if oldest else None, dead)

    return retry(read)


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    if _version(db) == len(MIGRATIONS):
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        found = _version(db)  # another process may have been first
        if found > len(MIGRATIONS):
            raise PlayheadError(
                f"The journal at {path} is of version {found}; this Playhead knows up to {len(MIGRATIONS)}. "
                "Start the newer Playhead that wrote it.",
                code="journal_newer",
            )
        for migration in MIGRATIONS[found:]:
            for statement in migration.split(";"):
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
