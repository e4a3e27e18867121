"""People as the dashboard lists them: profiles, found by name, e-mail or id; one person; their events."""

from __future__ import annotations

from typing import Any

import msgspec

from playhead.clock import rfc3339
from playhead.people.identity import distinct_ids_of, users_of
from playhead.stores.analytics import Analytics


class Person(msgspec.Struct, frozen=True):
    """A person, as docs/api.md shows one."""

    distinct_id: str
    name: str | None
    email: str | None
    avatar: str | None
    properties: dict[str, Any]
    first_seen: str | None
    last_seen: str | None


class PersonEvent(msgspec.Struct, frozen=True):
    event: str
    time: str
    distinct_id: str
    insert_id: str
    properties: msgspec.Raw


PEOPLE_SQL = """
SELECT distinct_id, name, email, avatar, properties,
       toUnixTimestamp64Milli(first_seen) AS first_ms, toUnixTimestamp64Milli(last_seen) AS last_ms
FROM profiles FINAL
WHERE project_id = {project_id:String} AND is_deleted = 0 AND ({q:String} = ''
    OR positionCaseInsensitiveUTF8(name, {q:String}) > 0 OR positionCaseInsensitiveUTF8(email, {q:String}) > 0
    OR positionCaseInsensitiveUTF8(distinct_id, {q:String}) > 0)
ORDER BY last_seen DESC, distinct_id
LIMIT {limit:UInt32} OFFSET {offset:UInt32}
"""


def people(analytics: Analytics, project_id: str, q: str, limit: int, offset: int) -> list[Person]:
    """People with a profile whose name, e-mail or id holds `q`, last seen first."""
    parameters = {"project_id": project_id, "q": q.strip(), "limit": limit, "offset": offset}
    return [_person(row) for row in analytics.query(PEOPLE_SQL, parameters)]


PERSON_SQL = """
SELECT distinct_id, name, email, avatar, properties,
       toUnixTimestamp64Milli(first_seen) AS first_ms, toUnixTimestamp64Milli(last_seen) AS last_ms
FROM profiles FINAL
WHERE project_id = {project_id:String} AND is_deleted = 0 AND distinct_id = {distinct_id:String}
"""

SEEN_SQL = """
SELECT count() AS events, toUnixTimestamp64Milli(min(time)) AS first_ms, toUnixTimestamp64Milli(max(time)) AS last_ms
FROM events WHERE project_id = {project_id:String} AND distinct_id IN {distinct_ids:Array(String)}
"""

RECORDED_SQL = """
SELECT count() AS parts, min(first_ms) AS first_ms, max(last_ms) AS last_ms FROM replay_parts FINAL
WHERE project_id = {project_id:String} AND hasAny(distinct_ids, {distinct_ids:Array(String)})
"""


def person(analytics: Analytics, project_id: str, distinct_id: str) -> Person | None:
    """Who the distinct_id resolves to, with or without a profile; None when nobody was ever seen by it."""
    user_id = users_of(analytics, project_id, [distinct_id])[distinct_id]
    found = analytics.query(PERSON_SQL, {"project_id": project_id, "distinct_id": user_id})
    if found:
        return _person(found[0])
    ids = distinct_ids_of(analytics, project_id, user_id)
    for sql, counted in ((SEEN_SQL, "events"), (RECORDED_SQL, "parts")):
        row = analytics.query(sql, {"project_id": project_id, "distinct_ids": ids})[0]
        if row[counted]:
            return Person(user_id, None, None, None, {}, rfc3339(row["first_ms"]), rfc3339(row["last_ms"]))
    return None


EVENTS_SQL = """
SELECT event, toUnixTimestamp64Milli(time) AS at_ms, distinct_id, insert_id, raw
FROM events FINAL
WHERE project_id = {project_id:String} AND distinct_id IN {distinct_ids:Array(String)}
ORDER BY time DESC, event, insert_id
LIMIT {limit:UInt32} OFFSET {offset:UInt32}
"""


def person_events(
    analytics: Analytics, project_id: str, distinct_id: str, limit: int, offset: int
) -> list[PersonEvent]:
    """The events of everyone the distinct_id resolves with, newest first."""
    user_id = users_of(analytics, project_id, [distinct_id])[distinct_id]
    parameters = {
        "project_id": project_id,
        "distinct_ids": distinct_ids_of(analytics, project_id, user_id),
        "limit": limit,
        "offset": offset,
    }
    return [
        PersonEvent(
            row["event"], rfc3339(row["at_ms"]), row["distinct_id"], row["insert_id"], msgspec.Raw(row["raw"].encode())
        )
        for row in analytics.query(EVENTS_SQL, parameters)
    ]


def _person(row: dict[str, Any]) -> Person:
    return Person(
        row["distinct_id"],
        row["name"] or None,
        row["email"] or None,
        row["avatar"] or None,
        msgspec.json.decode(row["properties"] or "{}"),
        rfc3339(row["first_ms"]),
        rfc3339(row["last_ms"]),
    )
