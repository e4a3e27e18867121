"""Patterns over events that are stored already: rows in which something matches are written anew.

Only names and properties are masked. Ids stay: people could no longer be found by them, nor deleted. A new row has
everything of the old, arrived a millisecond later, and so takes its place at once (`ReplacingMergeTree(received_at)`);
`purge` then takes the old ones off the disk. Doing it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from playhead.delivery.rows import EVENT_COLUMNS
from playhead.governance.patterns import Patterns
from playhead.stores.analytics import Analytics

ROWS_AT_ONCE = 20_000
IDS = ("distinct_id", "device_id", "user_id", "insert_id", "replay_id")

MINUTES_SQL = """
SELECT toUnixTimestamp64Milli(toDateTime64(toStartOfMinute(received_at), 3)) AS minute_ms, count() AS count
FROM events WHERE project_id = {project_id:String} AND received_at >= fromUnixTimestamp64Milli({from_ms:Int64})
GROUP BY minute_ms ORDER BY minute_ms
"""

ROWS_SQL = """
SELECT project_id, event, distinct_id, toUnixTimestamp64Milli(client_time) AS client_time, insert_id,
       toUnixTimestamp64Milli(time) AS time, toUnixTimestamp64Milli(received_at) AS received_at, ingest_id, item_index,
       device_id, user_id, replay_id, clock_flag, toString(properties) AS properties, raw
FROM events
WHERE project_id = {project_id:String} AND events.received_at >= fromUnixTimestamp64Milli({from_ms:Int64})
  AND events.received_at < fromUnixTimestamp64Milli({to_ms:Int64})
"""

# An event's name is part of what tells rows apart: under another name the old row would stand beside the new one.
DELETE_SQL = """
ALTER TABLE events DELETE WHERE project_id = {project_id:String} AND event = {event:String}
  AND (distinct_id, client_time, insert_id) IN (
      SELECT distinct_id, client_time, insert_id FROM events
      WHERE project_id = {project_id:String} AND event = {masked:String})
SETTINGS mutations_sync = 1
"""

NAMES_SQL = "SELECT DISTINCT event FROM events WHERE project_id = {project_id:String}"
PURGE_SQL = "OPTIMIZE TABLE events FINAL"


def mask_stored_events(
    analytics: Analytics, project_id: str, patterns: Patterns, from_ms: int, stopped: Callable[[], bool]
) -> Iterator[int]:
    """Goes through the events that came in at or after `from_ms`; yields up to when it is done, stretch by stretch."""
    parameters = {"project_id": project_id, "from_ms": from_ms}
    start, count = from_ms, 0
    end = from_ms
    for row in analytics.query(MINUTES_SQL, parameters, hidden=True):
        if count and count + row["count"] > ROWS_AT_ONCE:
            _mask_between(analytics, project_id, patterns, start, end)
            yield end
            if stopped():
                return
            start, count = end, 0
        end = row["minute_ms"] + 60_000
        count += row["count"]
    if count:
        _mask_between(analytics, project_id, patterns, start, end)
        yield end


def _mask_between(analytics: Analytics, project_id: str, patterns: Patterns, from_ms: int, to_ms: int) -> None:
    between = {"project_id": project_id, "from_ms": from_ms, "to_ms": to_ms}
    rows = analytics.query(ROWS_SQL, between, hidden=True)
    changed = [masked for row in rows if (masked := masked_row(row, patterns)) is not None]
    analytics.insert("events", EVENT_COLUMNS, [[masked[name] for name in EVENT_COLUMNS] for masked in changed])


def purge(analytics: Analytics, project_id: str, patterns: Patterns) -> None:
    """Takes off the disk what was written anew: rows under names that a pattern matches in, and those superseded."""
    names = [row["event"] for row in analytics.query(NAMES_SQL, {"project_id": project_id}, hidden=True)]
    for name in names:
        masked, found = patterns.text(name)
        if found:
            analytics.command(DELETE_SQL, {"project_id": project_id, "event": name, "masked": masked})
    analytics.command(PURGE_SQL)


def masked_row(row: dict[str, Any], patterns: Patterns) -> dict[str, Any] | None:
    """The row with its properties masked; None when nothing in it matches."""
    instead = {row[name]: row[name] for name in IDS if row[name]}
    properties, found = patterns.json(row["properties"].encode(), instead)
    raw, more = patterns.json(row["raw"].encode(), instead)
    name, named = patterns.text(row["event"])
    if not found and not more and not named:
        return None
    return row | {
        "event": name,
        "properties": properties.decode(),
        "raw": raw.decode(),
        "received_at": row["received_at"] + 1,
    }
