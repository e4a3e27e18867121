"""Groups are folded from their operations as profiles are."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from playhead.delivery import rows
from playhead.delivery.decode import Groups
from playhead.delivery.insert import insert_rows
from playhead.ids import new_ingest_id
from playhead.items import GroupOperation, Item, Kind, ProfileVerb
from playhead.people.groups import group
from playhead.stores import Stores
from playhead.stores.tables import Project

NOW = 1_795_341_600_000


def say(
    stores: Stores, project: Project, verbs: Sequence[tuple[ProfileVerb, object]], at: int, request_id: str
) -> None:
    item = Item(project.project_id, new_ingest_id(), Kind.GROUPS, NOW + at, b"", b"")
    told = [
        GroupOperation("company", "acme", verb, msgspec.json.encode(value), NOW + at, request_id)
        for verb, value in verbs
    ]
    assert (
        insert_rows(stores.analytics, "group_operations", rows.GROUP_COLUMNS, rows.group_rows(Groups(item, told))) == {}
    )


def test_what_was_said_of_a_group_counts_once_in_order_of_arrival(stores: Stores, project: Project) -> None:
    assert group(stores.analytics, project.project_id, "company", "acme") is None
    say(stores, project, [("$set", {"plan": "free"}), ("$add", {"seats": 2})], 0, "r1")
    say(stores, project, [("$set", {"plan": "pro"}), ("$union", {"tags": ["a"]})], 1_000, "r2")
    say(stores, project, [("$set", {"plan": "free"}), ("$add", {"seats": 2})], 2_000, "r1")
    found = group(stores.analytics, project.project_id, "company", "acme")
    assert found is not None
    assert found.properties == {"plan": "pro", "seats": 2, "tags": ["a"]}
    assert (found.first_seen, found.last_seen) == ("2026-11-22T10:00:00.000Z", "2026-11-22T10:00:01.000Z")
    assert group(stores.analytics, project.project_id, "company", "other") is None
    say(stores, project, [("$delete", "")], 3_000, "r3")
    assert group(stores.analytics, project.project_id, "company", "acme") is None
