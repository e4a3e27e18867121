"""The folded profiles in the analytics store, rewritten whole whenever operations of one arrive."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from playhead.people.fold import Profile, StoredOperation, fold
from playhead.stores.analytics import Analytics

COLUMNS = (
    "project_id", "distinct_id", "version", "is_deleted", "name", "email", "avatar", "first_seen", "last_seen",
    "properties",
)  # fmt: skip
# Profiles folded with one query.
AT_ONCE = 500

OPERATIONS_SQL = """
SELECT distinct_id, operation_id, item_index, toUnixTimestamp64Milli(received_at) AS received_at_ms,
       toString(ingest_id) AS ingest_id, verb, value, toUnixTimestamp64Milli(time) AS time_ms
FROM profile_operations FINAL
WHERE project_id = {project_id:String} AND distinct_id IN {distinct_ids:Array(String)}
"""


def refold(analytics: Analytics, project_id: str, distinct_ids: Iterable[str]) -> None:
    """Folds these profiles from all their operations and writes them. Doing it again writes the same rows."""
    for some in _batched(sorted(set(distinct_ids)), AT_ONCE):
        operations: dict[str, list[StoredOperation]] = defaultdict(list)
        found = analytics.query(OPERATIONS_SQL, {"project_id": project_id, "distinct_ids": list(some)})
        for row in found:
            operations[row["distinct_id"]].append(stored_operation(row))
        analytics.insert(
            "profiles", COLUMNS, [profile_row(project_id, each, operations[each]) for each in some if operations[each]]
        )


def profile_row(project_id: str, distinct_id: str, operations: Sequence[StoredOperation]) -> list[Any]:
    """A row of `profiles`. Its version grows with every operation, also with several in one millisecond."""
    profile = fold(operations)
    version = max(each.order[0] for each in operations) << 20 | min(len(operations), (1 << 20) - 1)
    shown = profile or Profile({}, 0, 0)
    return [
        project_id, distinct_id, version, int(profile is None), shown.name, shown.email, shown.avatar,
        shown.first_seen_ms, shown.last_seen_ms, msgspec.json.encode(shown.properties).decode(),
    ]  # fmt: skip


def stored_operation(row: dict[str, Any]) -> StoredOperation:
    """An operation from a row of `profile_operations` or `group_operations`."""
    return StoredOperation(
        operation_id=row["operation_id"],
        index=row["item_index"],
        order=(row["received_at_ms"], row["ingest_id"]),
        verb=row["verb"],
        value=row["value"].encode(),
        time_ms=row["time_ms"],
    )


def _batched(values: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    return (values[start : start + size] for start in range(0, len(values), size))
