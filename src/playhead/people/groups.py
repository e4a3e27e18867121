"""Groups (companies, teams): what was said of one, folded from its operations when asked, as profiles are."""

from __future__ import annotations

from typing import Any

import msgspec

from playhead.clock import rfc3339
from playhead.people.fold import fold
from playhead.people.profiles import stored_operation
from playhead.stores.analytics import Analytics


class Group(msgspec.Struct, frozen=True):
    """A group, by the property that names it on events and the value that it has there."""

    group_key: str
    group_id: str
    properties: dict[str, Any]
    first_seen: str
    last_seen: str


GROUP_SQL = """
SELECT operation_id, item_index, toUnixTimestamp64Milli(received_at) AS received_at_ms,
       toString(ingest_id) AS ingest_id, verb, value, toUnixTimestamp64Milli(time) AS time_ms
FROM group_operations FINAL
WHERE project_id = {project_id:String} AND group_key = {group_key:String} AND group_id = {group_id:String}
"""


def group(analytics: Analytics, project_id: str, group_key: str, group_id: str) -> Group | None:
    """None when nothing was said of it, or it was deleted."""
    parameters = {"project_id": project_id, "group_key": group_key, "group_id": group_id}
    found = fold(stored_operation(row) for row in analytics.query(GROUP_SQL, parameters))
    if found is None:
        return None
    return Group(group_key, group_id, found.properties, rfc3339(found.first_seen_ms), rfc3339(found.last_seen_ms))
