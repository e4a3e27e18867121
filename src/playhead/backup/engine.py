"""The analytics store's part of a backup.

The embedded engine: `FREEZE` makes hard links of every table's parts, which never change, so that a moment is kept at
once and a backup reads only parts that the one before had not. A server: its own `BACKUP` statement, which writes where
the setting says, on the base of the backup before.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from playhead.backup.repository import Analytics as Kept
from playhead.backup.repository import AnalyticsTable, Damaged, File, Part, Repository
from playhead.errors import PlayheadError
from playhead.stores.analytics import MIGRATIONS_TABLE, Analytics, migrations

TABLES_SQL = """
SELECT name, toString(uuid) AS uuid, active_parts FROM system.tables
WHERE database = currentDatabase() AND engine LIKE '%MergeTree' ORDER BY name
"""
FILLED_SQL = """
SELECT DISTINCT table FROM system.parts
WHERE database = currentDatabase() AND active AND rows > 0 AND table != 'schema_migrations'
"""
STATUS_SQL = "SELECT toString(status) AS status, error FROM system.backups WHERE id = {id:String}"
LOOK_SECONDS = 0.2
NAME = "{name}"
FROZEN = "playhead_"
# What may stand behind FROM in a statement: a backup's list is not trusted blindly.
_DESTINATION = re.compile(r"\w+\((?:\s*'(?:[^'\\]|\\.|'')*'\s*,?)*\s*\)")
_QUOTED = re.compile(r"`(?:[^`\\]|``)+`")


class Frozen(msgspec.Struct, frozen=True):
    """A table as it was frozen: its hard-linked parts lie in `directory`."""

    name: str
    uuid: str
    directory: Path


@contextmanager
def frozen(analytics: Analytics, name: str) -> Iterator[list[Frozen]]:
    """The embedded engine's tables as they are now, until the block ends."""
    store = _store(analytics)
    shadow = store / "shadow" / name
    try:
        tables = []
        for row in analytics.query(TABLES_SQL):
            analytics.command(
                f"ALTER TABLE {{table:Identifier}} FREEZE WITH NAME '{_plain(name)}'", {"table": row["name"]}
            )
            directory = shadow / "store" / row["uuid"][:3] / row["uuid"]
            if row["active_parts"] and not directory.is_dir():
                raise PlayheadError(f"the engine froze {row['name']}, but nothing is in {directory}")
            tables.append(Frozen(row["name"], row["uuid"], directory))
        yield tables
    finally:
        shutil.rmtree(shadow, ignore_errors=True)


def left_frozen(analytics: Analytics) -> list[Path]:
    """Where tables that a backup froze lie, also of one that was killed."""
    if analytics.embedded_directory is None:
        return []
    return sorted((_store(analytics) / "shadow").glob(f"{FROZEN}*"))


def keep_frozen(repository: Repository, tables: list[Frozen], before: Kept) -> Kept:
    """Stores the frozen parts that the backup `before` had not."""
    known = {
        (table.uuid, part.name): part
        for table in before.tables
        for part in table.parts
        if all(repository.holds(file) for file in part.files)
    }
    kept = []
    for table in tables:
        parts = []
        for directory in sorted(table.directory.iterdir()) if table.directory.is_dir() else []:
            part = known.get((table.uuid, directory.name))
            parts.append(part or Part(directory.name, _files(repository, directory)))
        kept.append(AnalyticsTable(table.name, table.uuid, parts))
    return Kept(tables=kept)


def _files(repository: Repository, directory: Path) -> list[File]:
    found = []
    for path in sorted(each for each in directory.rglob("*") if each.is_file()):
        with path.open("rb") as source:
            found.append(repository.add_stream(str(path.relative_to(directory)), source))
    return found


def back_up_by_statement(analytics: Analytics, destination: str, name: str, before: Kept) -> Kept:
    """`BACKUP DATABASE … TO` the destination, in which `{name}` stands for the backup's name."""
    if NAME not in destination:
        raise PlayheadError(
            "PLAYHEAD_ANALYTICS_BACKUP must hold {name}, for every backup its own: "
            "Disk('backups', '{name}') or S3('https://bucket.example/{name}', 'key', 'secret')",
            code="bad_settings",
        )
    wanted = destination.replace(NAME, name)
    base = f" SETTINGS base_backup = {before.destination}" if before.destination else ""
    _run(analytics, f"BACKUP DATABASE {_database(analytics)} TO {wanted}{base}")
    return Kept(destination=wanted, database=_database(analytics))


def restore_by_statement(analytics: Analytics, kept: Kept) -> None:
    """`RESTORE DATABASE … FROM` where the backup lies."""
    if not _DESTINATION.fullmatch(kept.destination) or not _QUOTED.fullmatch(kept.database):
        raise Damaged(f"the backup names {kept.destination!r} of {kept.database!r}, where no backup can be")
    _clear(analytics)
    database = _database(analytics)
    renamed = f" AS {database}" if kept.database != database else ""
    _run(analytics, f"RESTORE DATABASE {kept.database}{renamed} FROM {kept.destination}")


def restore_tables(analytics: Analytics, repository: Repository, kept: Kept) -> None:
    """Makes the tables again and attaches their parts. Only the embedded engine's files can be written.

    The tables are made by our own migrations, as many as the backup's had: no statement of a backup's list is run.
    """
    _clear(analytics)
    analytics.command(MIGRATIONS_TABLE)
    tables = {table.name: table for table in kept.tables}
    if "schema_migrations" in tables:
        _attach(analytics, repository, tables.pop("schema_migrations"))
    applied = analytics.migrated()
    for number, _, statements in migrations():
        for place, statement in enumerate(statements):
            if (number, place) in applied:
                analytics.command(statement)
                applied.discard((number, place))
    if applied:
        raise PlayheadError(
            f"the backup's analytics store has the migration {max(applied)[0]}, which this Playhead does not know",
            code="backup_newer",
        )
    for table in tables.values():
        _attach(analytics, repository, table)


def _attach(analytics: Analytics, repository: Repository, table: AnalyticsTable) -> None:
    uuid = next((row["uuid"] for row in analytics.query(TABLES_SQL) if row["name"] == table.name), None)
    if uuid is None:
        raise Damaged(f"the backup names a table {table.name!r}, which the analytics store does not have")
    detached = _store(analytics) / "store" / uuid[:3] / uuid / "detached"
    for part in table.parts:
        name = _plain(part.name)
        for file in part.files:
            target = inside(detached / name, file.path)
            write_file(target, repository.read(file))
        analytics.command(f"ALTER TABLE {{table:Identifier}} ATTACH PART '{name}'", {"table": table.name})


def filled_tables(analytics: Analytics) -> list[str]:
    """Tables that hold rows."""
    return sorted(row["table"] for row in analytics.query(FILLED_SQL))


def write_file(path: Path, pieces: Iterator[bytes]) -> None:
    """Writes a new file, durably."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())


def inside(folder: Path, path: str) -> Path:
    """The path in the folder. Raises PlayheadError when it leads out of it: a backup's list is not trusted blindly."""
    target = (folder / path).resolve()
    if not target.is_relative_to(folder.resolve()):
        raise PlayheadError(f"the backup names a file outside its folder: {path}", code="backup_damaged")
    return target


def _plain(name: str) -> str:
    """A name that may stand in a statement: the engine takes no parameter there."""
    if not re.fullmatch(r"[A-Za-z0-9_]+", name):
        raise PlayheadError(f"the backup names a part {name!r}, which is no part's name", code="backup_damaged")
    return name


def _clear(analytics: Analytics) -> None:
    """Tables that a server left empty would be in the way."""
    for row in analytics.query(TABLES_SQL):
        analytics.command("DROP TABLE {table:Identifier} SYNC", {"table": row["name"]})


def _run(analytics: Analytics, statement: str) -> None:
    """Runs a BACKUP or RESTORE in the background of the engine and waits for its end."""
    started = analytics.query(f"{statement}{',' if ' SETTINGS ' in statement else ' SETTINGS'} async = 1")[0]
    while True:
        found = analytics.query(STATUS_SQL, {"id": started["id"]})
        status = found[0]["status"] if found else "gone"
        if status in {"BACKUP_CREATED", "RESTORED"}:
            return
        if status not in {"CREATING_BACKUP", "RESTORING"}:
            why = found[0]["error"] if found else "the engine knows nothing of it any more"
            raise PlayheadError(
                f"the analytics store's backup ended as {status}: {why}", code="analytics_backup_failed"
            )
        time.sleep(LOOK_SECONDS)


def _database(analytics: Analytics) -> str:
    name = str(analytics.query("SELECT currentDatabase() AS name")[0]["name"])
    return "`" + name.replace("`", "``") + "`"


def _store(analytics: Analytics) -> Path:
    directory = analytics.embedded_directory
    if directory is None:
        raise PlayheadError(
            "the analytics store is a server, whose files only it can read: set PLAYHEAD_ANALYTICS_BACKUP to where it "
            "shall write its backups, for example Disk('backups', '{name}')",
            code="bad_settings",
        )
    return directory / "clickhouse"
