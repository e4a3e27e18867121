"""What can be asked about: the names of events, the properties of events and profiles with their types, their values.

Counts are exact up to a number of rows that is read in a moment. Of more, blocks of rows from all over the table stand
for the rest, about as many of each event, so that what only a rare event carries is found too. Counts are estimates
then, and the answer says so (`sampled`).
"""

from __future__ import annotations

from collections import defaultdict
from math import ceil
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from playhead.items import unescape_name
from playhead.people.listing import STANDING_PROFILES
from playhead.reports.bodies import Of
from playhead.reports.running import run
from playhead.reports.sql import Query
from playhead.stores.analytics import Analytics

Type = Literal["string", "number", "boolean", "datetime", "list", "object"]

# Rows whose properties are read whole (some 5 µs each), rows of which one property is, and rows that are only counted.
PROPERTY_ROWS, VALUE_ROWS, NAME_ROWS = 30_000, 100_000, 1_000_000
MAX_NAMES, MAX_VALUES = 5_000, 200
# At least so many rows of each event, in blocks of at most a granule of the table: what the store reads at once.
LEAST_ROWS, LEAST_BLOCK, GRANULE = 200, 64, 8_192


class EventUse(msgspec.Struct, frozen=True):
    event: str
    count: int
    first_ms: int
    last_ms: int


class PropertyUse(msgspec.Struct, frozen=True):
    """How many events (or profiles) carry it, when the last did, and its values' types, the most frequent first."""

    property: str
    count: int
    types: list[Type]
    last_ms: int


class PropertyUses(msgspec.Struct, frozen=True):
    results: list[PropertyUse]
    sampled: bool


class ValueUse(msgspec.Struct, frozen=True):
    value: str
    count: int


class ValueUses(msgspec.Struct, frozen=True):
    results: list[ValueUse]
    sampled: bool


_NAMES_SQL = """
SELECT event, count() AS count, toUnixTimestamp64Milli(min(time)) AS first_ms,
       toUnixTimestamp64Milli(max(time)) AS last_ms
FROM events {final} WHERE project_id = {{project_id:String}}
GROUP BY event ORDER BY count DESC, event LIMIT {limit}
"""


def event_uses(analytics: Analytics, project_id: str) -> list[EventUse]:
    """The names of events, most frequent first. Of many, an event that was sent again may count twice for a while."""
    query = Query(project_id, ZoneInfo("UTC"))
    rows = run(analytics, query, _NAMES_SQL.format(final="", limit=MAX_NAMES))
    if sum(row["count"] for row in rows) <= NAME_ROWS:
        rows = run(analytics, query, _NAMES_SQL.format(final="FINAL", limit=MAX_NAMES))
    return [EventUse(**row) for row in rows]


# A value's type by its JSON text. A text that reads as a day or a time is a time; `[]` and null are no value.
_TIME = '^"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"$'
_TYPE = f"""multiIf(
    startsWith(value, '"'), if(length(value) BETWEEN 12 AND 42 AND match(value, '{_TIME}'), 'datetime', 'string'),
    value IN ('true', 'false'), 'boolean', startsWith(value, '['), 'list', startsWith(value, '{{'), 'object',
    'number')"""


def property_uses(analytics: Analytics, project_id: str, of: Of, event: str) -> PropertyUses:
    """The properties of events (of this name, if any) or of profiles, most frequent first."""
    query = Query(project_id, ZoneInfo("UTC"))
    rows = _rows(analytics, query, of, event, PROPERTY_ROWS)
    text, time = ("properties", "last_seen") if of == "profile" else ("toString(properties)", "time")
    sql = f"""
        SELECT name, {_TYPE} AS type, sum(weight) AS count, toUnixTimestamp64Milli(max(at)) AS last_ms
        FROM (
            SELECT arrayJoin(JSONExtractKeysAndValuesRaw({text})) AS entry, entry.1 AS name, entry.2 AS value,
                   {rows.weight} AS weight, {time} AS at
            {rows.sql}
        )
        WHERE value NOT IN ('null', '[]')
        GROUP BY name, type ORDER BY count DESC, name, type LIMIT {MAX_NAMES}
    """  # noqa: S608  constants of this package and names of parameters
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in run(analytics, query, sql):
        found[row["name"] if of == "profile" else unescape_name(row["name"])].append(row)
    uses = [
        PropertyUse(
            name,
            round(sum(each["count"] for each in typed)),
            [each["type"] for each in typed],
            max(each["last_ms"] for each in typed),
        )
        for name, typed in found.items()
    ]
    return PropertyUses(sorted(uses, key=lambda each: (-each.count, each.property)), rows.sampled)


def value_uses(analytics: Analytics, project_id: str, of: Of, event: str, name: str) -> ValueUses:
    """The texts that a property has, as filters compare them, most frequent first: of a list those of its elements."""
    query = Query(project_id, ZoneInfo("UTC"))
    texts = query.texts(name, of)
    rows = _rows(analytics, query, of, event, VALUE_ROWS)
    values = f"SELECT {rows.weight} AS weight {query.columns(of)} {rows.sql}"
    found = run(
        analytics,
        query,
        f"SELECT value, sum(weight) AS count FROM (SELECT arrayJoin(arrayDistinct({texts})) AS value, weight "  # noqa: S608
        f"FROM ({values})) GROUP BY value ORDER BY count DESC, value LIMIT {MAX_VALUES}",
    )
    return ValueUses([ValueUse(row["value"], round(row["count"])) for row in found], rows.sampled)


class _Rows(msgspec.Struct, frozen=True):
    """`FROM …` of rows that are read, and for how many rows each of them stands."""

    sql: str
    weight: str
    sampled: bool


def _rows(analytics: Analytics, query: Query, of: Of, event: str, limit: int) -> _Rows:
    return _profile_rows(analytics, query, limit) if of == "profile" else _event_rows(analytics, query, event, limit)


def _event_rows(analytics: Analytics, query: Query, event: str, limit: int) -> _Rows:
    only = f"AND event = {query.bind(event, 'String')}" if event else ""
    where = f"WHERE project_id = {{project_id:String}} {only}"
    counts = _counts(analytics, query, where)
    if sum(counts.values()) <= limit:
        return _Rows(f"FROM events FINAL {where}", "1", sampled=False)
    share = max(limit // len(counts), LEAST_ROWS)
    block = min(max(share // 4, LEAST_BLOCK), GRANULE)
    names = query.bind(list(counts), "Array(String)")
    factors = query.bind([ceil(count / share) for count in counts.values()], "Array(UInt64)")
    # The store skips a granule's other columns when none of its rows is picked.
    picked = f"PREWHERE intDiv(_part_offset, {block}) % transform(toString(event), {names}, {factors}, 1) = 0 {where}"
    found = _counts(analytics, query, picked)
    weights = query.bind([count / found.get(name, count) for name, count in counts.items()], "Array(Float64)")
    return _Rows(f"FROM events {picked}", f"transform(toString(event), {names}, {weights}, 1)", sampled=True)


def _counts(analytics: Analytics, query: Query, where: str) -> dict[str, int]:
    sql = f"SELECT event, count() AS count FROM events {where} GROUP BY event"  # noqa: S608
    return {row["event"]: row["count"] for row in run(analytics, query, sql)}


def _profile_rows(analytics: Analytics, query: Query, limit: int) -> _Rows:
    (row,) = run(analytics, query, f"SELECT count() AS count {STANDING_PROFILES}")
    part = ceil(row["count"] / limit)
    if part <= 1:
        return _Rows(STANDING_PROFILES, "1", sampled=False)
    return _Rows(f"{STANDING_PROFILES} AND cityHash64(distinct_id) % {part} = 0", str(part), sampled=True)
