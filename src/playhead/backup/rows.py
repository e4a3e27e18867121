"""The control store as lines of JSON: the same for SQLite and PostgreSQL, so that one is restored into the other."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from alembic import command
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, LargeBinary, MetaData, Table, insert, inspect, select

from playhead.errors import PlayheadError
from playhead.stores.control import Control, alembic_config

# What ends with the server that is backed up: nobody is logged in by a restore, and no lease holds.
LEFT_OUT = frozenset({"leases", "signals", "login_sessions", "login_codes", "login_attempts", "alembic_version"})
# Keys are kept apart from backups (repository.KEYS): a dropped one is dropped from all of them.
KEY_COLUMN = ("replays", "wrapped_key")
KEY_TABLE = "encryption_keys"
TOMBSTONE_TABLE, PROJECT_TABLE, REQUEST_TABLE = "tombstones", "projects", "data_requests"
# What lets somebody in, by table: of a row that stands these columns count as they stood last.
ACCESS: Mapping[str, tuple[str, ...]] = {
    "members": ("is_operator", "password_hash", "totp_secret", "totp_pending", "totp_step"),
    "memberships": ("role", "unmasked"),
    "provider_identities": ("member_id",),
    "recovery_codes": (),
    "api_keys": ("scopes", "expires_at_ms", "unmasked"),
    "share_links": ("expires_at_ms",),
    "shared_replays": (),
    PROJECT_TABLE: ("token", "previous_token", "previous_until_ms"),
}
DAYS = ("retention_days", "event_days", "bookmark_days")
# The first line of such a list: which tables it is of.
HEAD = "access"
ROWS_AT_ONCE = 1_000


class Line(msgspec.Struct, array_like=True):
    """A row: its table, and its values by column; bytes as base64."""

    table: str
    values: dict[str, Any]


_lines = msgspec.json.Decoder(list[Line])


class Notes(msgspec.Struct):
    """What stands at the moment of a backup and is kept beside all backups: tombstones, deletions of stretches and
    properties, and all projects' ids, with when they were deleted; wrapped keys; and who may come in."""

    tombstones: list[Line]
    keys: list[Line]
    standing: list[Line]


def snapshot(connection: Connection, counts: Counter[str]) -> Iterator[bytes]:
    """Every row but keys, as lines, of one moment: the connection's transaction. Counts them by table."""
    for table in _reflected(connection).sorted_tables:
        if table.name in LEFT_OUT or table.name == KEY_TABLE:
            continue
        for row in connection.execute(select(table).execution_options(yield_per=ROWS_AT_ONCE)).mappings():
            values = dict(row)
            if (table.name, "wrapped_key") == KEY_COLUMN:
                values.pop("wrapped_key", None)
            counts[str(table.name)] += 1
            yield msgspec.json.encode(Line(str(table.name), _portable(values))) + b"\n"


def lines(content: bytes) -> list[Line]:
    """The lines of one of the lists beside backups. Raises PlayheadError when they are none."""
    try:
        return _lines.decode(content)
    except msgspec.MsgspecError as error:
        raise PlayheadError(f"a list of tombstones or keys can't be read: {error}", code="backup_damaged") from None


def notes(connection: Connection) -> Notes:
    """The tombstones and the wrapped keys as they are now."""
    tables = _reflected(connection).tables
    found = Notes([], [], list(_standing(connection, tables)))
    tombstones = tables[TOMBSTONE_TABLE]
    # What a deletion has only hidden may yet be called off.
    for row in connection.execute(select(tombstones).where(tombstones.c.kind != "hidden")).mappings():
        found.tombstones.append(Line(TOMBSTONE_TABLE, _portable(dict(row))))
    projects = tables[PROJECT_TABLE]
    for row in connection.execute(select(projects.c.project_id, projects.c.deleted_at_ms)).mappings():
        found.tombstones.append(Line(PROJECT_TABLE, _portable(dict(row))))
    requests = tables[REQUEST_TABLE]
    columns = [requests.c[name] for name in ("project_id", "request_id", "what", "subject", "created_at_ms")]
    begun = (
        (requests.c.kind == "deletion")
        & requests.c.what.in_(("stretch", "property"))
        & requests.c.state.in_(("running", "done"))
    )
    for row in connection.execute(select(*columns).where(begun)).mappings():
        found.tombstones.append(Line(REQUEST_TABLE, _portable(dict(row))))
    for row in connection.execute(select(tables[KEY_TABLE])).mappings():
        found.keys.append(Line(KEY_TABLE, _portable(dict(row))))
    replays = tables["replays"]
    wrapped = (replays.c.project_id, replays.c.replay_id, replays.c.wrapped_key)
    for row in connection.execute(select(*wrapped).where(replays.c.wrapped_key.is_not(None))).mappings():
        found.keys.append(Line("replays", _portable(dict(row))))
    return found


def _standing(connection: Connection, tables: Mapping[str, Table]) -> Iterator[Line]:
    known = [name for name in ACCESS if name in tables]
    yield Line(HEAD, {"tables": known})
    for name in known:
        wanted = {*tables[name].primary_key.columns.keys(), *ACCESS[name], *(DAYS if name == PROJECT_TABLE else ())}
        for row in connection.execute(select(*(each for each in tables[name].c if each.name in wanted))).mappings():
            yield Line(name, dict(row))


def revision(connection: Connection) -> str:
    """The version of the schema."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def write(control: Control, schema: str, lines: Iterable[bytes], keys: list[Line]) -> Counter[str]:
    """Puts the rows into an empty store: its schema is brought to theirs, and afterwards to the newest, in one go.

    Answers how many rows each table got.
    """
    counts: Counter[str] = Counter()
    wrapped = {
        (key.values["project_id"], key.values["replay_id"]): key.values["wrapped_key"]
        for key in keys
        if key.table == "replays"
    }
    with control.engine.begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, schema)
        except Exception as error:
            raise PlayheadError(
                f"the backup's control store is of version {schema}, which this Playhead does not know: {error}",
                code="backup_newer",
            ) from None
        tables = _reflected(connection).tables
        columns = {name: {column.name for column in table.columns} for name, table in tables.items()}
        binary = {
            name: {column.name for column in table.columns if isinstance(column.type, LargeBinary)}
            for name, table in tables.items()
        }

        def put(table: str, rows: list[dict[str, Any]]) -> None:
            if rows:
                connection.execute(insert(tables[table]), rows)
                counts[table] += len(rows)

        waiting: list[dict[str, Any]] = []
        current = ""
        for line in lines:
            row = _line(line, columns)
            if row.table == "replays":
                row.values["wrapped_key"] = wrapped.get((row.values["project_id"], row.values["replay_id"]))
            if row.table != current or len(waiting) >= ROWS_AT_ONCE:
                put(current, waiting)
                waiting, current = [], row.table
            waiting.append(_own(row.values, binary[row.table]))
        put(current, waiting)
        put(KEY_TABLE, [_own(key.values, binary[KEY_TABLE]) for key in keys if key.table == KEY_TABLE])
        command.upgrade(config, "head")
    return counts


def _line(line: bytes, columns: Mapping[str, set[str]]) -> Line:
    try:
        row = msgspec.json.decode(line, type=Line)
    except msgspec.MsgspecError as error:
        raise PlayheadError(f"a row of the backup can't be read: {error}", code="backup_damaged") from None
    if not row.values.keys() <= columns.get(row.table, set()):
        raise PlayheadError(f"the backup holds a row of {row.table!r} that is none", code="backup_damaged")
    return row


def is_empty(control: Control) -> bool:
    """Whether the store holds no row of anything that is backed up."""
    with control.engine.connect() as connection:
        names = set(inspect(connection).get_table_names()) - LEFT_OUT
        tables = _reflected(connection).tables
        return not any(connection.execute(select(tables[name]).limit(1)).first() for name in sorted(names))


def _reflected(connection: Connection) -> MetaData:
    found = MetaData()
    found.reflect(connection)
    return found


def _portable(values: dict[str, Any]) -> dict[str, Any]:
    return {
        str(name): base64.b64encode(value).decode() if isinstance(value, bytes | memoryview) else value
        for name, value in values.items()
    }


def _own(values: dict[str, Any], binary: set[str]) -> dict[str, Any]:
    return {
        name: base64.b64decode(value) if name in binary and value is not None else value
        for name, value in values.items()
    }
