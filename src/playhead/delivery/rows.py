"""Rows of the analytics store from decoded items. Pure functions; a stored row is named (ingest_id, index)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from playhead.delivery.decode import Events, Groups, Profiles
from playhead.items import BatchSummary, Item


class Row(msgspec.Struct, frozen=True):
    """A row on its way, with where it came from: the item, and the index in it."""

    ingest_id: UUID
    index: int
    values: list[Any]


EVENT_COLUMNS = (
    "project_id", "event", "distinct_id", "client_time", "insert_id", "time", "received_at", "ingest_id", "item_index",
    "device_id", "user_id", "replay_id", "clock_flag", "properties", "raw",
)  # fmt: skip
IDENTITY_COLUMNS = ("project_id", "device_id", "user_id", "received_at", "ingest_id")
OPERATION_COLUMNS = (
    "project_id", "distinct_id", "operation_id", "item_index", "received_at", "ingest_id", "verb", "value", "time",
    "device_id", "user_id",
)  # fmt: skip
GROUP_COLUMNS = (
    "project_id", "group_key", "group_id", "operation_id", "item_index", "received_at", "ingest_id", "verb", "value",
    "time",
)  # fmt: skip
PART_COLUMNS = (
    "project_id", "replay_id", "part_id", "accepted_at", "version", "is_deleted", "generation", "object", "byte_offset",
    "byte_length", "received_at", "epoch", "seq", "digest", "first_ms", "last_ms", "clock_offset_ms", "full_snapshots",
    "events", "clicks", "rage_clicks", "errors", "inputs", "page_times", "page_urls", "marker_times", "marker_kinds",
    "marker_labels", "activity_times", "activity_counts", "gap_starts", "gap_ends", "width", "height", "distinct_id",
    "distinct_ids", "device_ids", "user_ids", "browser", "os", "device", "library", "library_version", "mask", "visit",
    "rules", "owed", "rule_ids", "masked", "blocked", "patterns",
)  # fmt: skip
# A hot block's row loses to the row that sealing deletes it with, however often the block is delivered again.
HOT_VERSION = 0


def event_rows(events: Events) -> list[Row]:
    item = events.item
    return [
        Row(
            item.ingest_id,
            index,
            [
                item.project_id, record.event, record.distinct_id, record.client_time_ms,
                # Without an insert_id of the sender two real events must never become one.
                record.insert_id or f"{item.ingest_id}:{index}",
                record.time_ms, item.received_at_ms, item.ingest_id, index, record.device_id, record.user_id,
                record.replay_id, record.clock_flag, record.properties.decode(), record.raw.decode(),
            ],
        )
        for index, record in events.kept
    ]  # fmt: skip


def identity_rows(events: Events) -> list[Row]:
    """One row for each device and user that occur together in an event."""
    item = events.item
    linked: dict[tuple[str, str], int] = {}
    for index, record in events.kept:
        if record.device_id and record.user_id:
            linked.setdefault((record.device_id, record.user_id), index)
    return [
        Row(item.ingest_id, index, [item.project_id, device_id, user_id, item.received_at_ms, item.ingest_id])
        for (device_id, user_id), index in linked.items()
    ]


def operation_rows(profiles: Profiles) -> list[Row]:
    item = profiles.item
    return [
        Row(
            item.ingest_id,
            index,
            [
                item.project_id, each.distinct_id, each.request_id or str(item.ingest_id), index, item.received_at_ms,
                item.ingest_id, each.verb, each.value.decode(), each.time_ms, each.device_id, each.user_id,
            ],
        )
        for index, each in profiles.kept
    ]  # fmt: skip


def group_rows(groups: Groups) -> list[Row]:
    item = groups.item
    return [
        Row(
            item.ingest_id,
            index,
            [
                item.project_id, each.group_key, each.group_id, each.request_id or str(item.ingest_id), index,
                item.received_at_ms, item.ingest_id, each.verb, each.value.decode(), each.time_ms,
            ],
        )
        for index, each in enumerate(groups.operations)
    ]  # fmt: skip


def part_row(  # noqa: PLR0917
    item: Item, summary: BatchSummary, accepted_at_ms: int, object_path: str, offset: int, length: int
) -> Row:
    """A hot block's row of `replay_parts`."""
    return Row(
        item.ingest_id,
        0,
        [
            item.project_id, UUID(summary.replay_id), str(item.ingest_id), accepted_at_ms, HOT_VERSION, 0, 0,
            object_path, offset, length, item.received_at_ms, summary.epoch, summary.seq, summary.digest,
            summary.first_ms, summary.last_ms, summary.clock_offset_ms, summary.full_snapshots, summary.events,
            summary.clicks, summary.rage_clicks, summary.errors, summary.inputs,
            [at_ms for at_ms, _ in summary.pages], [url for _, url in summary.pages],
            [marker.at_ms for marker in summary.markers], [marker.kind for marker in summary.markers],
            [marker.label for marker in summary.markers],
            [at_ms for at_ms, _ in summary.activity], [count for _, count in summary.activity],
            [], [], summary.viewport[0], summary.viewport[1], summary.distinct_id,
            _known(summary.distinct_id), _known(summary.device_id), _known(summary.user_id),
            summary.browser, summary.os, summary.device, summary.library, summary.library_version, summary.mask,
            summary.visit, summary.rules, summary.owed, summary.rule_ids, summary.masked, summary.blocked,
            summary.patterns,
        ],
    )  # fmt: skip


def _known(value: str) -> list[str]:
    return [value] if value else []
