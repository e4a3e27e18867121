"""Making a backup while the server runs.

copy the blobs that the backup before had not              most of the bytes; nothing rests. Each step: of all regions
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
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import msgspec

from playhead import __version__
from playhead.backup import engine, rows
from playhead.backup.repository import KEYS, STANDING, TOMBSTONES, VERSION, Analytics, File, Manifest, Repository
from playhead.clock import now_ms
from playhead.errors import PlayheadError, Unavailable
from playhead.governance import audit
from playhead.leases import BACKUP, WRITING, housekeeping, is_taken, release_lease, renewed, take_lease
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.blobs import BlobNotFound, Blobs
from playhead.stores.control import Control
from playhead.stores.regions import read_regions, settings_of

LEASE_SECONDS = 60
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
    """A backup of everything, of every region where its own are kept. Raises what a store that is down raises; the
    backups before stay as they are."""
    copies = [
        _Copy(settings_of(settings, each.region), each, kept)
        for each, kept in repositories(settings, stores, repository)
    ]
    with stores.control.engine.connect() as connection:
        _check_own(rows.lines(repository.note(TOMBSTONES)), rows.notes(connection))
    with ExitStack() as stack:
        room = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=ROOM, dir=settings.data)))
        for copy in copies:
            copy.blobs()
        with housekeeping_rests(stores):
            made_at_ms, begun = now_ms(), time.monotonic()
            for copy in copies:
                copy.journal(room)
            counts, revision = _copy_control(stores.control, room / "control.ndjson")
            for copy in copies:
                copy.analytics(stack, f"{engine.FROZEN}{made_at_ms}_{secrets.token_hex(4)}")
            for copy in copies:
                copy.blobs()
            rested_ms = round((time.monotonic() - begun) * 1_000)
        own, *others = [copy.manifest(made_at_ms) for copy in copies]
        whole = msgspec.structs.replace(
            own,
            control_revision=revision,
            control=_add(repository, room / "control.ndjson"),
            rows=dict(counts),
            secret=_secret(settings),
            regions={
                copy.region: copy.repository.commit(manifest) for copy, manifest in zip(copies[1:], others, strict=True)
            },
        )
        backup_id = repository.commit(whole)
    write_notes(stores.control, repository)
    manifests = [whole, *others]
    made = Made(
        backup_id,
        sum(file.size for manifest in manifests for file in manifest.files()),
        sum(copy.repository.written_bytes for copy in copies),
        sum(len(manifest.blobs) for manifest in manifests),
        rested_ms,
    )
    with stores.control.write() as session:
        detail = {"bytes": made.bytes, "new_bytes": made.new_bytes, "objects": made.objects}
        audit.record(session, audit.NO_PROJECT, audit.COMMAND, "backup.made", "backup", backup_id, detail)
    return made


Place = tuple[Stores, Repository]


def verify_all(places: list[Place], backup_id: str) -> int:
    """Reads every file of a backup and checks it; answers how many bytes. Raises `Damaged`."""
    whole = places[0][1].manifest(backup_id)
    size = places[0][1].verify(whole)
    for stores, repository in places[1:]:
        size += repository.verify(repository.manifest(whole.regions[stores.region]))
    return size


def keep_newest(places: list[Place], count: int) -> int:
    """Removes all backups but the newest ones; answers how many there were."""
    newest = places[0][1].ids()[-count:]
    kept = [places[0][1].manifest(each).regions for each in newest]
    removed = places[0][1].keep(newest)
    for stores, repository in places[1:]:
        repository.keep([regions[stores.region] for regions in kept if stores.region in regions])
    return removed


def repositories(settings: Settings, stores: Stores, repository: Repository) -> list[Place]:
    """Every region's stores with where their backups are kept. Raises PlayheadError when that can't be."""
    regions = read_regions(settings)
    found = [(stores, repository)]
    found += [(each, repository.region(each.region, regions[each.region].backup_url)) for each in stores.every()[1:]]
    for _, kept in found:
        for each in stores.every():
            _check_place(settings, each, kept)
    return found


class _Copy:
    """One region's part of a backup as it is made: the blobs, the journal, the frozen tables."""

    def __init__(self, settings: Settings, stores: Stores, repository: Repository) -> None:
        newest = repository.newest()
        before = newest[1] if newest else None
        self.region = stores.region
        self.repository = repository
        self._settings = settings
        self._stores = stores
        self._before = before.analytics if before else Analytics()
        self._blobs = {file.path: file for file in before.blobs} if before else {}
        self._journal = settings.journal_path
        self._tables: list[engine.Frozen] | None = None
        self._analytics = Analytics()

    def blobs(self) -> None:
        """What stands now; called again it reads only what came since."""
        self._blobs = _copy_blobs(self.repository, self._stores.blobs, self._blobs)

    def journal(self, room: Path) -> None:
        self._journal = room / self._settings.journal_path.name
        _copy_journal(self._settings.journal_path, self._journal)

    def analytics(self, stack: ExitStack, name: str) -> None:
        analytics, where = self._stores.analytics, self._settings.analytics_backup
        if where:
            self._analytics = engine.back_up_by_statement(analytics, where, name, self._before)
        else:
            self._tables = stack.enter_context(engine.frozen(analytics, name))

    def manifest(self, made_at_ms: int) -> Manifest:
        """Stores what was frozen, and answers the list of all, without control."""
        if self._tables is not None:
            self._analytics = engine.keep_frozen(self.repository, self._tables, self._before)
        return Manifest(
            version=VERSION,
            playhead=__version__,
            made_at_ms=made_at_ms,
            control_revision="",
            control=File("control.ndjson", 0, []),
            rows={},
            journal=msgspec.structs.replace(_add(self.repository, self._journal), path="journal.sqlite"),
            secret="",
            analytics=self._analytics,
            blobs=sorted(self._blobs.values(), key=lambda file: file.path),
        )


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
    keys = {
        rows.TOMBSTONE_TABLE: operator.itemgetter("project_id", "kind", "id"),
        rows.REQUEST_TABLE: operator.itemgetter("project_id", "request_id"),
    }
    known = {(line.table, keys[line.table](line.values)) for line in found.tombstones if line.table in keys}
    found.tombstones += [
        line for line in before if line.table in keys and (line.table, keys[line.table](line.values)) not in known
    ]
    repository.put_note(TOMBSTONES, found.tombstones)
    repository.put_note(KEYS, found.keys)
    repository.put_note(STANDING, found.standing)
    return sum(line.table in keys for line in found.tombstones)


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
def housekeeping_rests(stores: Stores) -> Iterator[None]:
    """No recording is sealed, superseded or deleted while the block runs, in no region. Raises `Unavailable` when that
    can't be had."""
    control, holder = stores.control, _holder()
    with ExitStack() as stack:
        take_lease(control, BACKUP, holder, LEASE_SECONDS)
        stack.enter_context(_renewed(control, BACKUP, holder))
        deadline = time.monotonic() + HOUSE_SECONDS
        for each in stores.every():
            lease = housekeeping(each.region)
            while not take_lease(control, lease, holder, LEASE_SECONDS):
                if time.monotonic() > deadline:
                    raise Unavailable("the worker's housekeeping does not come to rest; try again later")
                time.sleep(LOOK_SECONDS)
            stack.enter_context(_renewed(control, lease, holder))
        yield


@contextmanager
def _renewed(control: Control, name: str, holder: str) -> Iterator[None]:
    """Keeps a lease that was taken until the block ends, and gives it back."""
    try:
        with renewed(control, name, holder, LEASE_SECONDS):
            yield
    finally:
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


def _check_place(settings: Settings, stores: Stores, repository: Repository) -> None:
    """A backup beside what it is a backup of would back itself up, and go with it."""
    if f"{repository.url.rstrip('/')}/".startswith(f"{stores.blobs.url.rstrip('/')}/"):
        raise PlayheadError("the backup can't be kept where the recordings are", code="bad_destination")
    place = repository.directory()
    if place is not None and place.resolve().is_relative_to(settings.data.resolve()):
        raise PlayheadError(
            f"the backup can't be kept inside the data directory {settings.data}: it would go with it",
            code="bad_destination",
        )
