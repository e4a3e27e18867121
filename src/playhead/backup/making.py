"""Making a backup while the server runs.

copy the blobs that the backup before had not              most of the bytes; nothing rests
┌ housekeeping rests: nothing is sealed or taken away ─────────────────────────────────────┐
│ 1 the journal   what is delivered from here on is in it and in the stores; redelivery changes nothing
│ 2 control       rows of one moment
│ 3 analytics     frozen: hard links
│ 4 blobs         what came since the first copy; nothing that control names can go meanwhile
└──────────────────────────────────────────────────────────────────────────────────────────┘
store what was frozen → commit the list, by which the backup exists → tombstones and keys
"""

from __future__ import annotations

import operator
import os
import secrets
import shutil
import sqlite3
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import msgspec

from playhead import __version__
from playhead.backup import engine, rows
from playhead.backup.repository import KEYS, TOMBSTONES, VERSION, Analytics, File, Manifest, Repository
from playhead.clock import now_ms
from playhead.errors import PlayheadError, Unavailable
from playhead.governance import audit
from playhead.leases import BACKUP, HOUSEKEEPING, WRITING, is_taken, release_lease, take_lease
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.blobs import BlobNotFound, Blobs
from playhead.stores.control import Control

LEASE_SECONDS = 60
RENEW_SECONDS = 15.0
# A replay may just be sealed for good, at the level that takes long.
HOUSE_SECONDS = 600.0
LOOK_SECONDS = 0.1
AT_ONCE = 8
# What a backup's own copies lie in, inside the data directory, until it is done.
ROOM = ".backup-being-made-"
# Objects that are no data: `Blobs.ping` writes one.
NO_DATA = frozenset({"ping"})


class Made(msgspec.Struct, frozen=True):
    """A finished backup. `new_bytes` is what had to be stored, `bytes` what it holds."""

    backup_id: str
    bytes: int
    new_bytes: int
    objects: int
    rested_ms: int


def back_up(settings: Settings, stores: Stores, repository: Repository) -> Made:
    """A backup of everything. Raises what a store that is down raises; the backups before stay as they are."""
    _check_place(settings, repository)
    with stores.control.engine.connect() as connection:
        _check_own(rows.lines(repository.note(TOMBSTONES)), rows.notes(connection))
    newest = repository.newest()
    before = newest[1] if newest else None
    known = {file.path: file for file in before.blobs} if before else {}
    with ExitStack() as stack:
        room = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=ROOM, dir=settings.data)))
        copied = _copy_blobs(repository, stores.blobs, known)
        with housekeeping_rests(stores.control):
            made_at_ms, begun = now_ms(), time.monotonic()
            _copy_journal(settings.journal_path, room / "journal.sqlite")
            counts, revision = _copy_control(stores.control, room / "control.ndjson")
            name = f"{engine.FROZEN}{made_at_ms}_{secrets.token_hex(4)}"
            tables = None
            if settings.analytics_backup:
                earlier = before.analytics if before else Analytics()
                analytics = engine.back_up_by_statement(stores.analytics, settings.analytics_backup, name, earlier)
            else:
                tables = stack.enter_context(engine.frozen(stores.analytics, name))
            blobs = _copy_blobs(repository, stores.blobs, copied)
            rested_ms = round((time.monotonic() - begun) * 1_000)
        if tables is not None:
            analytics = engine.keep_frozen(repository, tables, before.analytics if before else Analytics())
        manifest = Manifest(
            version=VERSION,
            playhead=__version__,
            made_at_ms=made_at_ms,
            control_revision=revision,
            control=_add(repository, room / "control.ndjson"),
            rows=dict(counts),
            journal=_add(repository, room / "journal.sqlite"),
            secret=_secret(settings),
            analytics=analytics,
            blobs=sorted(blobs.values(), key=lambda file: file.path),
        )
        backup_id = repository.commit(manifest)
    write_notes(stores.control, repository)
    made = Made(
        backup_id,
        sum(file.size for file in manifest.files()),
        repository.written_bytes,
        len(manifest.blobs),
        rested_ms,
    )
    with stores.control.write() as session:
        detail = {"bytes": made.bytes, "new_bytes": made.new_bytes, "objects": made.objects}
        audit.record(session, audit.NO_PROJECT, audit.COMMAND, "backup.made", "backup", backup_id, detail)
    return made


def sweep(settings: Settings, stores: Stores) -> int:
    """Takes away what a backup that was killed left on the disk: copies, and links to parts that may be deleted since.

    Answers how many directories went; none while a backup is being made.
    """
    left = [*settings.data.glob(f"{ROOM}*"), *engine.left_frozen(stores.analytics)]
    if not left or is_taken(stores.control, WRITING):
        return 0
    for directory in left:
        shutil.rmtree(directory, ignore_errors=True)
    return len(left)


def write_notes(control: Control, repository: Repository) -> int:
    """Brings the repository's tombstones and keys up to date: what was deleted since can no longer be restored.

    Answers how many tombstones there are. One that was ever there stays. Raises PlayheadError when the repository is
    another installation's: its keys would be lost.
    """
    before = rows.lines(repository.note(TOMBSTONES))
    with control.engine.connect() as connection:
        found = rows.notes(connection)
    _check_own(before, found)
    key = operator.itemgetter("project_id", "kind", "id")
    standing = {key(line.values) for line in found.tombstones if line.table == rows.TOMBSTONE_TABLE}
    found.tombstones += [
        line for line in before if line.table == rows.TOMBSTONE_TABLE and key(line.values) not in standing
    ]
    repository.put_note(TOMBSTONES, found.tombstones)
    repository.put_note(KEYS, found.keys)
    return sum(line.table == rows.TOMBSTONE_TABLE for line in found.tombstones)


def _check_own(before: list[rows.Line], now: rows.Notes) -> None:
    """A project's row never goes, so a project that the control store does not know says that it is another one."""
    known = {line.values["project_id"] for line in now.tombstones if line.table == rows.PROJECT_TABLE}
    strange = {line.values["project_id"] for line in before if line.table == rows.PROJECT_TABLE} - known
    if strange:
        raise PlayheadError(
            f"the backups there are of another installation: this one knows nothing of the project {min(strange)}. "
            "Choose another place, or restore them first.",
            code="other_installation",
            status=409,
        )


@contextmanager
def one_at_a_time(control: Control) -> Iterator[None]:
    """Nobody else makes a backup of these stores, or removes one, while the block runs. Raises PlayheadError."""
    holder = _holder()
    if not take_lease(control, WRITING, holder, LEASE_SECONDS):
        raise PlayheadError("another backup of these stores is being made", code="backup_running", status=409)
    with _renewed(control, WRITING, holder):
        yield


@contextmanager
def housekeeping_rests(control: Control) -> Iterator[None]:
    """No recording is sealed, superseded or deleted while the block runs. Raises `Unavailable` when it can't be had."""
    holder = _holder()
    take_lease(control, BACKUP, holder, LEASE_SECONDS)
    with _renewed(control, BACKUP, holder):
        deadline = time.monotonic() + HOUSE_SECONDS
        while not take_lease(control, HOUSEKEEPING, holder, LEASE_SECONDS):
            if time.monotonic() > deadline:
                raise Unavailable("the worker's housekeeping does not come to rest; try again later")
            time.sleep(LOOK_SECONDS)
        with _renewed(control, HOUSEKEEPING, holder):
            yield


@contextmanager
def _renewed(control: Control, name: str, holder: str) -> Iterator[None]:
    """Keeps a lease that was taken until the block ends."""
    done = threading.Event()

    def renew() -> None:
        while not done.wait(RENEW_SECONDS):
            with suppress(Unavailable):
                take_lease(control, name, holder, LEASE_SECONDS)

    renewing = threading.Thread(target=renew, daemon=True)
    renewing.start()
    try:
        yield
    finally:
        done.set()
        renewing.join()
        release_lease(control, name, holder)


def _holder() -> str:
    return f"backup-{os.getpid()}-{secrets.token_hex(4)}"


def _copy_blobs(repository: Repository, blobs: Blobs, known: dict[str, File]) -> dict[str, File]:
    """Every object that stands now, by path. Objects never change: what is known in its size is not read again."""
    found: dict[str, File] = {}
    missing: list[str] = []
    for path, size in blobs.sizes(""):
        file = known.get(path)
        if path in NO_DATA:
            continue
        if file is not None and file.size == size and repository.holds(file):
            found[path] = file
        else:
            missing.append(path)

    def copy(path: str) -> File | None:
        try:
            return repository.add(path, blobs.get(path))
        except BlobNotFound:
            return None  # taken away since it was listed: only before housekeeping rests

    with ThreadPoolExecutor(AT_ONCE) as pool:
        found |= {file.path: file for file in pool.map(copy, missing) if file is not None}
    return found


def _copy_journal(source: Path, target: Path) -> None:
    """The journal of one moment, whoever writes to it meanwhile."""
    if not source.exists():
        target.touch()
        return
    reading = sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True, timeout=15)
    with closing(reading), closing(sqlite3.connect(target)) as writing:
        reading.backup(writing)
        writing.execute("PRAGMA journal_mode = DELETE")


def _copy_control(control: Control, target: Path) -> tuple[Counter[str], str]:
    """The rows of one moment, and the version of their schema."""
    counts: Counter[str] = Counter()
    connecting = control.engine
    if control.engine.dialect.name == "postgresql":
        connecting = control.engine.execution_options(isolation_level="REPEATABLE READ")
    with connecting.connect() as connection, target.open("wb") as file:
        file.writelines(rows.snapshot(connection, counts))
        return counts, rows.revision(connection)


def _add(repository: Repository, path: Path) -> File:
    with path.open("rb") as source:
        return repository.add_stream(path.name, source)


def _secret(settings: Settings) -> str:
    """The secret that was made in the data directory: pseudonyms of masked ids are made under it."""
    path = settings.data / "secret"
    return path.read_text().strip() if path.exists() else ""


def _check_place(settings: Settings, repository: Repository) -> None:
    """A backup beside what it is a backup of would back itself up, and go with it."""
    if repository.url.rstrip("/") == settings.blobs.rstrip("/"):
        raise PlayheadError("the backup can't be kept where the recordings are", code="bad_destination")
    place = repository.directory()
    if place is not None and place.resolve().is_relative_to(settings.data.resolve()):
        raise PlayheadError(
            f"the backup can't be kept inside the data directory {settings.data}: it would go with it",
            code="bad_destination",
        )
