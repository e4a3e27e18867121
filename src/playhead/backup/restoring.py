"""Restoring a backup into stores that are empty, and taking away again what was deleted since.

Blobs, analytics and journal come first and control last: only with it is there anything to be seen. A run that was cut
off is run again after its data directory was emptied; objects that a bucket holds already are not copied again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

import msgspec
from sqlalchemy import select

from playhead.accounts.projects import delete_project
from playhead.backup import engine, rows, since
from playhead.backup.making import AT_ONCE, NO_DATA
from playhead.backup.repository import KEYS, STANDING, TOMBSTONES, Damaged, File, Manifest, Repository
from playhead.clock import now_ms
from playhead.errors import NotFound, PlayheadError
from playhead.governance import audit
from playhead.governance.checking import known_by
from playhead.governance.requests import Asked, create_deletion
from playhead.processes import with_secret, write_private
from playhead.replays import removal
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.blobs import Blobs
from playhead.stores.control import Control
from playhead.stores.regions import read_regions, settings_of
from playhead.stores.tables import Project, Replay, Segment, Tombstone


class Restored(msgspec.Struct, frozen=True):
    """What a restore brought back, and what it took away again: deletions since, and what opened something and was
    revoked or changed since."""

    backup_id: str
    made_at_ms: int
    bytes: int
    objects: int
    deleted: int
    revoked: int


def restore(
    settings: Settings, stores: Stores, repository: Repository, backup_id: str = "", tombstones: str = ""
) -> Restored:
    """Restores the newest backup, or the one named. The caller holds the data directory and has the engine running.

    `tombstones` is the URL of a control store that still stands, or a repository's `tombstones.json`: what was deleted
    after the repository was last written is in there. Raises PlayheadError when a store is not empty.
    """
    newest = repository.ids()
    if not newest:
        raise NotFound(f"there is no backup in {repository.url}", code="backup_not_found")
    backup_id = backup_id or newest[-1]
    manifest = repository.manifest(backup_id)
    given, standing = _given(tombstones)
    buried = [*rows.lines(repository.note(TOMBSTONES)), *given]
    standing = standing or rows.lines(repository.note(STANDING))
    parts = _parts(settings, stores, repository, manifest)
    _check_empty(stores, parts)
    for part in parts:
        _restore_part(part)
    if manifest.secret:
        write_private(settings.data / "secret", manifest.secret.encode())
    keys = rows.lines(repository.note(KEYS))
    written = rows.write(stores.control, manifest.control_revision, _split(repository.read(manifest.control)), keys)
    for table, count in manifest.rows.items():
        if written[table] != count:
            raise Damaged(f"the backup's list names {count} rows of {table}, it holds {written[table]}")
    objects = [file for part in parts for file in part.manifest.blobs]
    _register_unknown(stores, objects)
    fresh = bury(stores.control, [line for line in buried if line.table == rows.TOMBSTONE_TABLE])
    projects = {
        line.values["project_id"]
        for line in buried
        if line.table == rows.PROJECT_TABLE and line.values["deleted_at_ms"]
    }
    deleted = len(fresh) + _delete_projects(stores.control, projects)
    revoked = since.close_again(stores.control, standing)
    since.keep_as_long(stores, standing)
    deleted += since.erase_again(stores, settings, buried)
    for part in parts:
        while removal.remove_deleted(part.stores, part.settings, now_ms()):
            pass
    _delete_again(stores, with_secret(settings), fresh)
    size = sum(file.size for part in parts for file in part.manifest.files())
    with stores.control.write() as session:
        detail = {"bytes": size, "objects": len(objects), "deleted": deleted, "revoked": revoked}
        audit.record(session, audit.NO_PROJECT, audit.COMMAND, "backup.restored", "backup", backup_id, detail)
    return Restored(backup_id, manifest.made_at_ms, size, len(objects), deleted, revoked)


class _Part(msgspec.Struct, frozen=True):
    """What of the backup goes into one region's stores."""

    settings: Settings
    stores: Stores
    repository: Repository
    manifest: Manifest


def _parts(settings: Settings, stores: Stores, repository: Repository, manifest: Manifest) -> list[_Part]:
    """Raises PlayheadError when the settings do not name the regions that the backup is of."""
    regions = read_regions(settings)
    if missing := sorted(set(manifest.regions) - set(regions)):
        raise PlayheadError(
            f"the backup holds the data of the region {missing[0]}: PLAYHEAD_REGIONS must say where they shall go",
            code="region_missing",
        )
    parts = [_Part(settings, stores, repository, manifest)]
    for name, backup_id in manifest.regions.items():
        own = repository.region(name, regions[name].backup_url)
        parts.append(_Part(settings_of(settings, name), stores.of(name), own, own.manifest(backup_id)))
    return parts


def _restore_part(part: _Part) -> None:
    manifest, analytics = part.manifest, part.stores.analytics
    _restore_blobs(part.repository, part.stores.blobs, manifest.blobs)
    if manifest.analytics.destination:
        engine.restore_by_statement(analytics, manifest.analytics)
    else:
        engine.restore_tables(analytics, part.repository, manifest.analytics)
    analytics.migrate()
    if manifest.journal.size:
        engine.write_file(part.settings.journal_path, part.repository.read(manifest.journal))


def bury(control: Control, tombstones: Iterable[rows.Line]) -> list[dict[str, Any]]:
    """Writes the tombstones that the store lacks, to be worked off anew; answers which."""
    fresh: list[dict[str, Any]] = []
    columns = set(Tombstone.__table__.columns.keys())
    with control.write() as session:
        for line in tombstones:
            values = {name: value for name, value in line.values.items() if name in columns} | {"done_at_ms": 0}
            statement = control.insert(Tombstone).values(**values).on_conflict_do_nothing().returning(Tombstone.id)
            if session.execute(statement).first():
                fresh.append(values)
    return fresh


def _delete_projects(control: Control, project_ids: Iterable[str]) -> int:
    """Deletes those that are there; the worker takes their bytes away once it runs."""
    with control.read() as session:
        standing = [
            project_id
            for project_id in sorted(project_ids)
            if (project := session.get(Project, project_id)) is not None and not project.deleted_at_ms
        ]
    for project_id in standing:
        delete_project(control, project_id, audit.COMMAND)
    return len(standing)


def _delete_again(stores: Stores, settings: Settings, fresh: list[dict[str, Any]]) -> None:
    """Asks again for the deletion of people and events that the restored stores know by other names than pseudonyms.

    Nobody reads them from here on; the worker takes them away once it runs, for only then is the journal delivered.
    """
    grouped: dict[tuple[str, Literal["person", "event"]], list[dict[str, Any]]] = defaultdict(list)
    for each in fresh:
        if each["kind"] in {"person", "event"}:
            grouped[each["project_id"], each["kind"]].append(each)
    for (project_id, kind), theirs in grouped.items():
        pseudonyms = [each["id"] for each in theirs]
        theirs_are_in = stores.of_project(project_id)
        found = known_by(theirs_are_in.analytics, settings.secret, project_id, kind, pseudonyms)
        # As of then, so that what these people did after it is taken as it was.
        at_ms = max(each["created_at_ms"] for each in theirs)
        if kind == "event":
            for name in found:
                create_deletion(theirs_are_in, project_id, Asked(what="event", event=name), audit.COMMAND, at_ms)
        elif found:
            asked = Asked(what="person", distinct_ids=found)
            create_deletion(theirs_are_in, project_id, asked, audit.COMMAND, at_ms)


def _given(where: str) -> tuple[list[rows.Line], list[rows.Line]]:
    """The tombstones of a file or of a control store that still stands, and of that who may come in."""
    if not where:
        return [], []
    if "://" not in where:
        return rows.lines(Path(where).read_bytes()), []
    with closing(Control.open(where)) as control, control.engine.connect() as connection:
        notes = rows.notes(connection)
        return notes.tombstones, notes.standing


def _split(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
    if rest:
        yield rest


def _check_empty(stores: Stores, parts: list[_Part]) -> None:
    """What is there must not be mixed with what comes."""
    wrong: list[str] = []
    if not rows.is_empty(stores.control):
        wrong.append(f"the control store {stores.control.url} holds rows")
    for part in parts:
        journal, analytics, blobs = part.settings.journal_path, part.stores.analytics, part.stores.blobs
        if journal.exists():
            wrong.append(f"there is a journal at {journal}")
        if filled := engine.filled_tables(analytics):
            wrong.append(f"the analytics store {analytics.url} holds rows of {', '.join(filled)}")
        ours = {file.path: file.size for file in part.manifest.blobs}
        if any(ours.get(path) != size for path, size in blobs.sizes("") if path not in NO_DATA):
            wrong.append(f"the blob store {blobs.url} holds objects that are not of this backup")
    if wrong:
        raise PlayheadError(
            f"a backup is restored into empty stores, but {'; '.join(wrong)}. Choose another data directory with "
            "--data and stores that are empty.",
            code="not_empty",
            status=409,
        )


def _restore_blobs(repository: Repository, blobs: Blobs, files: list[File]) -> None:
    standing = dict(blobs.sizes(""))

    def put(file: File) -> None:
        blobs.put(file.path, b"".join(repository.read(file)))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(put, (file for file in files if standing.get(file.path) != file.size)))


def _register_unknown(stores: Stores, files: list[File]) -> None:
    """Objects that came into the backup after control's rows were read: the clean-up takes them when nobody needs them.

    `segments/{project}/…` and `recordings/{2 hex}/{project}/…`, as delivery and sealing name them.
    """
    with stores.control.write() as session:
        known = {*session.scalars(select(Segment.object)), *session.scalars(select(Replay.object))}
        for file in files:
            steps = file.path.split("/")
            if file.path in known or steps[0] not in {"segments", "recordings"}:
                continue
            project_id = steps[1] if steps[0] == "segments" else steps[2]
            session.add(Segment(project_id=project_id, object=file.path, created_at_ms=now_ms()))
