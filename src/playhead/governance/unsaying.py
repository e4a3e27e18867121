"""A property, deleted everywhere: rows that have it are written anew without it, and the old ones leave the disk.

As with patterns (`governance.events`), a new row has everything else of the old and takes its place at once. What
comes in later and has the property is stored with it: a site that is not to send it must stop sending it.
"""

from __future__ import annotations

from collections.abc import Iterator

from playhead.delivery.rows import EVENT_COLUMNS, OPERATION_COLUMNS
from playhead.errors import PlayheadError
from playhead.governance.events import PURGE_SQL
from playhead.governance.subjects import HOLDS, Listed, rows_with_property
from playhead.items import escape_name
from playhead.jsontext import members, object_text
from playhead.people.profiles import refold
from playhead.stores import Stores
from playhead.stores.analytics import Analytics

ROWS_AT_ONCE = 20_000

EVENTS_SQL = f"""
SELECT project_id, event, distinct_id, toUnixTimestamp64Milli(client_time) AS client_time, insert_id,
       toUnixTimestamp64Milli(time) AS time, toUnixTimestamp64Milli(received_at) AS received_at, ingest_id, item_index,
       device_id, user_id, replay_id, clock_flag, toString(properties) AS properties, raw
FROM events FINAL WHERE project_id = {{project_id:String}} AND {HOLDS}
LIMIT {{limit:UInt32}}
"""  # noqa: S608  constants of this package
OPERATIONS_SQL = """
SELECT project_id, distinct_id, operation_id, item_index, toUnixTimestamp64Milli(received_at) AS received_at, ingest_id,
       verb, value, toUnixTimestamp64Milli(time) AS time, device_id, user_id
FROM profile_operations FINAL WHERE project_id = {project_id:String} AND JSONHas(value, {name:String})
LIMIT {limit:UInt32}
"""
FOUND_SQL = """
SELECT DISTINCT id FROM erasing WHERE request_id = {request_id:String} AND kind = 'found'
"""
PROFILES_SQL = """
SELECT DISTINCT distinct_id FROM profiles WHERE project_id = {project_id:String} AND JSONHas(properties, {name:String})
"""
DELETE_PROFILES_SQL = """
ALTER TABLE profiles DELETE WHERE project_id = {project_id:String} AND distinct_id IN (
    SELECT id FROM erasing WHERE request_id = {request_id:String} AND kind = 'found')
SETTINGS mutations_sync = 1, allow_nondeterministic_mutations = 1
"""


def take_out(stores: Stores, named: Listed, project_id: str, name: str, of: str) -> Iterator[tuple[str, int]]:
    """Takes the property out of every event, or every profile; yields what goes and how many, before it does."""
    analytics = stores.analytics
    events, profiles = rows_with_property(analytics, project_id, name, of)
    if of == "event":
        yield "events with the property", events
        _rewrite(analytics, "events", EVENTS_SQL, EVENT_COLUMNS, project_id, name)
        analytics.command(PURGE_SQL)
        return
    yield "profiles with the property", profiles
    parameters = {"project_id": project_id, "name": name, "request_id": named.request_id}
    # Known to a run that goes on after a kill, although nothing has the property any more.
    rows = analytics.query(PROFILES_SQL, parameters, hidden=True)
    named.add("found", [row["distinct_id"] for row in rows])
    _rewrite(analytics, "profile_operations", OPERATIONS_SQL, OPERATION_COLUMNS, project_id, name)
    analytics.command("OPTIMIZE TABLE profile_operations FINAL")
    found = [row["id"] for row in analytics.query(FOUND_SQL, parameters, hidden=True)]
    analytics.command(DELETE_PROFILES_SQL, parameters)
    refold(analytics, project_id, found)


def _rewrite(  # noqa: PLR0917
    analytics: Analytics, table: str, sql: str, columns: tuple[str, ...], project_id: str, name: str
) -> None:
    parameters = {"project_id": project_id, "name": name, "path": escape_name(name), "limit": ROWS_AT_ONCE}
    # Of an event the row that came in last counts, of an operation the one that came in first.
    later = 1 if table == "events" else -1
    fields = {"properties": escape_name(name), "raw": name, "value": name}
    while rows := analytics.query(sql, parameters, hidden=True):
        for row in rows:
            row["received_at"] += later
            before = {field: row[field] for field in fields if field in row}
            row |= {field: without(text, fields[field]) for field, text in before.items()}
            if all(row[field] == text for field, text in before.items()):
                raise PlayheadError("A row holds the property in a way that it can't be taken out of.")
        analytics.insert(table, columns, [[row[column] for column in columns] for row in rows])


def without(text: str, name: str) -> str:
    """The JSON object without a member; what else is in it stays as it is written."""
    return object_text({each: value for each, value in members(text.encode()).items() if each != name}).decode()
