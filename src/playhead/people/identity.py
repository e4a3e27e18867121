"""Who a distinct_id resolves to: devices belong to the first user linked, chosen when asked, never stored."""

from __future__ import annotations

from collections.abc import Iterable

from playhead.stores.analytics import Analytics

DEVICE_PREFIX = "$device:"

# The store compares UUIDs by their second half first; as numbers they are in order of arrival.
# One row per linked device: `device_id`, `user_id`. A subquery for joins; needs the parameter project_id.
DEVICE_USERS_SQL = """
SELECT device_id, argMin(user_id, (received_at, toUInt128(ingest_id))) AS user_id
FROM identities WHERE project_id = {project_id:String} GROUP BY device_id
"""

USERS_OF_SQL = """
SELECT device_id, argMin(user_id, (received_at, toUInt128(ingest_id))) AS user_id
FROM identities
WHERE project_id = {project_id:String} AND device_id IN {device_ids:Array(String)}
GROUP BY device_id
"""

DEVICES_OF_SQL = """
SELECT device_id
FROM identities
WHERE project_id = {project_id:String} AND device_id IN (
    SELECT device_id FROM identities WHERE project_id = {project_id:String} AND user_id = {user_id:String}
)
GROUP BY device_id
HAVING argMin(user_id, (received_at, toUInt128(ingest_id))) = {user_id:String}
ORDER BY device_id
"""


def users_of(analytics: Analytics, project_id: str, distinct_ids: Iterable[str]) -> dict[str, str]:
    """Each distinct_id's person: the user its device belongs to, else the distinct_id itself."""
    found = {each: each for each in distinct_ids}
    devices = [each.removeprefix(DEVICE_PREFIX) for each in found if each.startswith(DEVICE_PREFIX)]
    if devices:
        for row in analytics.query(USERS_OF_SQL, {"project_id": project_id, "device_ids": devices}):
            found[DEVICE_PREFIX + row["device_id"]] = row["user_id"]
    return found


def distinct_ids_of(analytics: Analytics, project_id: str, user_id: str) -> list[str]:
    """Every distinct_id that resolves to this person, the person's own first."""
    rows = analytics.query(DEVICES_OF_SQL, {"project_id": project_id, "user_id": user_id})
    return [user_id, *(DEVICE_PREFIX + row["device_id"] for row in rows)]
