"""People as the dashboard shows them: their profiles, and when somebody without one was seen."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from playhead.clock import rfc3339
from playhead.people.identity import DEVICE_PREFIX, DEVICE_USERS_SQL, distinct_ids_of
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


# The profiles that are somebody's: a device's own is nobody's any more once the device belongs to a user.
STANDING_PROFILES = f"""
FROM profiles FINAL
WHERE project_id = {{project_id:String}} AND is_deleted = 0 AND NOT (startsWith(distinct_id, '{DEVICE_PREFIX}')
    AND distinct_id IN (SELECT concat('{DEVICE_PREFIX}', device_id) FROM ({DEVICE_USERS_SQL})))
"""  # noqa: S608  constants of this package

PROFILES_SQL = """
SELECT distinct_id, name, email, avatar, properties,
       toUnixTimestamp64Milli(first_seen) AS first_ms, toUnixTimestamp64Milli(last_seen) AS last_ms
FROM profiles FINAL
WHERE project_id = {project_id:String} AND is_deleted = 0 AND distinct_id IN {distinct_ids:Array(String)}
"""

SEEN_SQL = """
SELECT count() AS events, toUnixTimestamp64Milli(min(time)) AS first_ms, toUnixTimestamp64Milli(max(time)) AS last_ms
FROM events FINAL WHERE project_id = {project_id:String} AND distinct_id IN {distinct_ids:Array(String)}
"""

RECORDED_SQL = """
SELECT count() AS parts, min(first_ms) AS first_ms, max(last_ms) AS last_ms FROM replay_parts FINAL
WHERE project_id = {project_id:String} AND hasAny(distinct_ids, {distinct_ids:Array(String)})
  AND NOT hasAny(distinct_ids, (SELECT groupArray(id) FROM erasing WHERE project_id = {project_id:String}
                                AND kind = 'person'))
"""


class Seen(msgspec.Struct, frozen=True):
    """How many events somebody has, and when the first and the last of them happened."""

    events: int
    first_ms: int
    last_ms: int


def profiles_of(analytics: Analytics, project_id: str, distinct_ids: Collection[str]) -> dict[str, Person]:
    """The profiles of these people; whoever has none is left out."""
    if not distinct_ids:
        return {}
    rows = analytics.query(PROFILES_SQL, {"project_id": project_id, "distinct_ids": sorted(distinct_ids)})
    return {row["distinct_id"]: _person(row) for row in rows}


def seen(analytics: Analytics, project_id: str, distinct_ids: Collection[str]) -> Seen:
    """What events of these distinct_ids there are."""
    row = analytics.query(SEEN_SQL, {"project_id": project_id, "distinct_ids": sorted(distinct_ids)})[0]
    return Seen(row["events"], row["first_ms"], row["last_ms"])


def without_profile(distinct_id: str, first_ms: int, last_ms: int) -> Person:
    return Person(distinct_id, None, None, None, {}, rfc3339(first_ms), rfc3339(last_ms))


def person(analytics: Analytics, project_id: str, user_id: str) -> Person | None:
    """A person, with or without a profile; None when nobody was ever seen by any of their distinct_ids."""
    if found := profiles_of(analytics, project_id, [user_id]):
        return found[user_id]
    ids = distinct_ids_of(analytics, project_id, user_id)
    if (events := seen(analytics, project_id, ids)).events:
        return without_profile(user_id, events.first_ms, events.last_ms)
    row = analytics.query(RECORDED_SQL, {"project_id": project_id, "distinct_ids": ids})[0]
    return without_profile(user_id, row["first_ms"], row["last_ms"]) if row["parts"] else None


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
