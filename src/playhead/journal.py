"""The durable queue between capture and delivery: one SQLite file, group commit, acknowledged only after the fsync.

    items          what is waiting, oldest first; the local `id` never leaves this module
    flushes        which items a delivery flush holds: a range of local ids, committed before a store is written
    dead_letters   what a store refuses for good, with the reason
    totals         one row of counters, kept in the transactions that change them
    node           one row: the random id of this journal
    keys           one row once a master key is set: the journal's own key, wrapped; what is appended from then on has
                   meta and payload as envelopes of `stores.encryption`

Appends come from the capture processes (`Journal`), reading and confirming from the worker (`JournalQueue`). Local ids
are given in commit order and never again (AUTOINCREMENT), so a range of them names the same items for ever: that makes
beginning a flush one small row instead of one update per item.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from playhead.clock import now_ms
from playhead.errors import PlayheadError, Unavailable
from playhead.ids import new_ingest_id
from playhead.items import Item, Kind
from playhead.stores.encryption import Cipher, Keyring, is_encrypted, new_key, opened

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

# Most bytes that may wait in memory for the disk; beyond it capture is told to come back.
MAX_WAITING_BYTES = 128_000_000
# A process that waits longer than this for another's transaction gives up.
BUSY_SECONDS = 10.0
# Between tries for the write lock. SQLite's own handler sleeps up to 100 ms, which would be seen in acknowledgements.
BUSY_SLEEP_SECONDS = 0.0005
STATS_SECONDS = 1.0
# Largest journal that is copied to forget what was deleted: some hundred milliseconds in which nobody can append.
FORGET_BYTES = 64_000_000
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


class Journal:
    """The appending side, one per capture process. Safe to use from any event loop or thread."""

    def __init__(self, path: Path, max_bytes: int, keyring: Keyring) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._writer = _connect(path)
        self._reader = _connect(path)
        self.node_id = _node_id(self._reader)
        self._cipher = _own_cipher(self._writer, keyring)
        self._waiting: queue.SimpleQueue[_Append | None] = queue.SimpleQueue()
        self._waiting_bytes = 0
        self._lock = threading.Lock()
        self._stats = _read_stats(self._reader)
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
            items = [_sealed(self._cipher, item) for item in items]
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
                self._stats = _read_stats(self._reader)
        return self._stats

    def check_writable(self) -> None:
        """Raises `Unavailable` when an append would be refused now: what `/readyz` asks."""
        if self._closed or not self._thread.is_alive():
            raise Unavailable("The journal is closed.", retry_after_s=1)
        if self.stats().bytes >= self._max_bytes:
            raise Unavailable("The journal holds its limit.", code="journal_full", retry_after_s=30)
        try:
            _transaction(_connect(self._path), lambda db: None, close=True)
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
            _transaction(self._writer, insert)
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
            fresh = _connect(self._path)
            self._writer.close()
            self._writer = fresh


class JournalQueue:
    """The worker's side: flushes, confirmation, dead letters. Its methods block; one thread at a time may call them."""

    def __init__(self, path: Path, keyring: Keyring) -> None:
        self._db = _connect(path)
        self._keyring = keyring
        self._cipher: Cipher | None = None
        self.node_id = _node_id(self._db)

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

        if not _retry(lambda: self._db.execute("SELECT EXISTS (SELECT 1 FROM items)").fetchone())[0]:
            return None
        return _transaction(self._db, begin)

    def open_flushes(self) -> list[Flush]:
        """The flushes begun and not confirmed, oldest first: what a restarted worker goes on with."""
        rows = _retry(
            lambda: self._db.execute(
                "SELECT flush_id, first_id, last_id, begun_at_ms FROM flushes ORDER BY first_id"
            ).fetchall()
        )
        return [Flush(UUID(bytes=flush_id), first, last, begun) for flush_id, first, last, begun in rows]

    def items(self, flush: Flush) -> list[Item]:
        """The flush's items in the order they were accepted, without those that were buried."""
        rows = _retry(
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

        _transaction(self._db, confirm)

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

        _transaction(self._db, bury)

    def dead_letters(self, limit: int = 1_000) -> list[DeadLetter]:
        """The newest dead letters first, at most `limit`."""
        rows = _retry(
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
        return _retry(lambda: self._db.execute(sql, (last,)).fetchone())

    def holds_of_before(self, moment_ms: int) -> bool:
        """Whether anything waits that was accepted at or before the moment, or a flush is open that began then."""
        row = _retry(
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

        return _transaction(self._db, delete) if ingest_ids else 0

    def forget(self) -> bool:
        """Takes what was deleted off the disk: SQLite keeps it in free pages and in its write-ahead log.

        False while more waits than can be copied in a moment (capture waits meanwhile), or someone reads.
        """
        if self.stats().bytes > FORGET_BYTES:
            return False
        try:
            _retry(lambda: self._db.execute("VACUUM"))
            deadline = time.monotonic() + BUSY_SECONDS
            while _retry(lambda: self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone())[0]:
                if time.monotonic() > deadline:
                    return False
                time.sleep(BUSY_SLEEP_SECONDS)
        except sqlite3.OperationalError:
            return False
        return True

    def stats(self) -> JournalStats:
        """The counters as they are now."""
        return _read_stats(self._db)

    def close(self) -> None:
        self._db.close()

    def _item(self, row: tuple[str, bytes, str, int, bytes, bytes]) -> Item:
        project_id, ingest_id, kind, received_at_ms, meta, payload = row
        if is_encrypted(meta) or is_encrypted(payload):
            self._cipher = self._cipher or _standing_cipher(self._db, self._keyring)
            meta = opened(meta, self._cipher, _place(ingest_id, kind, "meta"))
            payload = opened(payload, self._cipher, _place(ingest_id, kind, "payload"))
        return Item(project_id, UUID(bytes=ingest_id), Kind(kind), received_at_ms, meta, payload)


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


def _sealed(cipher: Cipher, item: Item) -> Item:
    ingest_id = item.ingest_id.bytes
    return msgspec.structs.replace(
        item,
        meta=cipher.seal_once(item.meta, _place(ingest_id, item.kind, "meta")),
        payload=cipher.seal_once(item.payload, _place(ingest_id, item.kind, "payload")),
    )


def _place(ingest_id: bytes, kind: str, what: str) -> bytes:
    """What an encrypted column is authenticated to belong to."""
    return ingest_id + f"{kind}:{what}".encode()


def check_key(path: Path, keyring: Keyring) -> None:
    """Raises `KeyMissing` when what waits in the journal is encrypted under a master key that is not at hand."""
    if path.exists():
        with closing(_connect(path)) as db:
            _standing_cipher(db, keyring)


def rewrap(path: Path, keyring: Keyring) -> bool:
    """Wraps the journal's key by the current master key; False when it has none."""

    def change(db: sqlite3.Connection) -> bool:
        row = db.execute("SELECT wrapped, master FROM keys").fetchone()
        if row is None:
            return False
        db.execute("UPDATE keys SET wrapped = ?, master = ?", keyring.wrap(keyring.unwrap(*row)))
        return True

    return _transaction(_connect(path), change, close=True)


def _own_cipher(db: sqlite3.Connection, keyring: Keyring) -> Cipher | None:
    """The journal's own cipher, its key made when it has none; None when nothing is to be encrypted."""
    if keyring.current is None:
        return None
    fresh = keyring.wrap(new_key())

    def make(db: sqlite3.Connection) -> None:
        if db.execute("SELECT 1 FROM keys").fetchone() is None:
            db.execute("INSERT INTO keys VALUES (?, ?)", fresh)

    _transaction(db, make)
    return _standing_cipher(db, keyring)


def _standing_cipher(db: sqlite3.Connection, keyring: Keyring) -> Cipher | None:
    row = _retry(lambda: db.execute("SELECT wrapped, master FROM keys").fetchone())
    return None if row is None else Cipher(keyring.unwrap(*row))


def _node_id(db: sqlite3.Connection) -> str:
    return str(_retry(lambda: db.execute("SELECT node_id FROM node").fetchone())[0])


def _read_stats(db: sqlite3.Connection) -> JournalStats:
    def read() -> JournalStats:
        items, size, dead = db.execute("SELECT items, bytes, dead_letters FROM totals").fetchone()
        oldest = db.execute("SELECT received_at_ms FROM items ORDER BY id LIMIT 1").fetchone()
        return JournalStats(items, size, oldest[0] if oldest else None, dead)

    return _retry(read)


def _connect(path: Path) -> sqlite3.Connection:
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


def _transaction(db: sqlite3.Connection, work: Callable[[sqlite3.Connection], T], *, close: bool = False) -> T:
    """`work` in one write transaction: all of it is on disk when this returns, or nothing of it."""
    try:
        _retry(lambda: db.execute("BEGIN IMMEDIATE"))
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


def _retry(call: Callable[[], T]) -> T:
    """`call`, again while another process holds the lock it needs."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return call()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(BUSY_SLEEP_SECONDS)
