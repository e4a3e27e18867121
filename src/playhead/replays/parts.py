"""The parts a replay is stored in, as the analytics store lists them: hot blocks, and the sealed recording."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec

from playhead.delivery.rows import PART_COLUMNS
from playhead.items import Marker
from playhead.recordings.merge import Run, gaps
from playhead.recordings.sealed import RecordingIndex, total
from playhead.stores.analytics import Analytics

SEALED = "sealed"
# A block's row has version 0 (delivery), the row that deletes it this one; the sealed row has its generation.
DELETED_VERSION = 1

# A replay's rows share one partition (its first batch's month), so FINAL need not look across partitions. While blocks
# are hot, a batch sent again is known by (epoch, seq, first_ms), and the one with most events counts (decision 3).
STANDING_SQL = """
SELECT {columns} FROM replay_parts FINAL
WHERE project_id = {{project_id:String}} AND {where}
ORDER BY events DESC, part_id
LIMIT 1 BY replay_id, generation, if(generation > 0, part_id, ''), epoch, seq, first_ms
"""
FINAL_SETTINGS = {"do_not_merge_across_partitions_select_final": 1}


class Part(msgspec.Struct, frozen=True):
    """A row of `replay_parts`. Names and units are the table's."""

    replay_id: str
    part_id: str
    generation: int
    object: str
    byte_offset: int
    byte_length: int
    received_at_ms: int
    epoch: str
    seq: int
    first_ms: int
    last_ms: int
    clock_offset_ms: int
    full_snapshots: list[int]
    events: int
    clicks: int
    rage_clicks: int
    errors: int
    inputs: int
    pages: list[tuple[int, str]]
    markers: list[Marker]
    activity: list[tuple[int, int]]
    gaps: list[tuple[int, int]]
    viewport: tuple[int, int]
    distinct_id: str
    distinct_ids: list[str]
    device_ids: list[str]
    user_ids: list[str]
    browser: str
    os: str
    device: str
    library: str
    library_version: str
    mask: str
    visit: str
    rules: str
    owed: str
    rule_ids: list[str]
    masked: int
    blocked: int
    patterns: int

    @property
    def run(self) -> Run:
        return Run(self.epoch, self.seq, self.seq + self.events, self.first_ms, self.last_ms)


_COLUMNS = """toString(replay_id) AS id, part_id, generation, object, byte_offset, byte_length,
toUnixTimestamp64Milli(received_at) AS received_at_ms, epoch, seq, first_ms, last_ms, clock_offset_ms, full_snapshots,
events, clicks, rage_clicks, errors, inputs, page_times, page_urls, {markers}
activity_times, activity_counts, gap_starts, gap_ends, width, height, distinct_id, distinct_ids, device_ids, user_ids,
browser, os, device, library, library_version, mask, visit, rules, owed, rule_ids, masked,
blocked, patterns"""
_MARKERS = "marker_times, marker_kinds, marker_labels,"


def standing_parts(
    analytics: Analytics, project_id: str, replay_ids: Sequence[str], *, markers: bool = False
) -> dict[str, list[Part]]:
    """The parts that count for each replay, oldest events first. Without `markers` the markers are left out."""
    if not replay_ids:
        return {}
    columns = _COLUMNS.format(markers=_MARKERS if markers else "")
    sql = STANDING_SQL.format(columns=columns, where="replay_id IN {replay_ids:Array(UUID)}")
    found: dict[str, list[Part]] = {}
    for row in analytics.query(sql, {"project_id": project_id, "replay_ids": list(replay_ids)}, FINAL_SETTINGS):
        found.setdefault(row["id"], []).append(_part(row))
    for parts in found.values():
        parts.sort(key=lambda part: (part.first_ms, part.epoch, part.seq, part.part_id))
    return found


HOT_SQL = f"""
SELECT {_COLUMNS.format(markers="")} FROM replay_parts FINAL
WHERE project_id = {{project_id:String}} AND replay_id = {{replay_id:UUID}} AND part_id != '{SEALED}'
ORDER BY seq, received_at, part_id
"""  # noqa: S608  constants of this module


def hot_parts(analytics: Analytics, project_id: str, replay_id: str) -> list[Part]:
    """Every hot block that stands, sent again or not, in the order (seq, arrival)."""
    parameters = {"project_id": project_id, "replay_id": replay_id}
    return [_part(row) for row in analytics.query(HOT_SQL, parameters, FINAL_SETTINGS)]


def _part(row: dict[str, Any]) -> Part:
    return Part(
        replay_id=row["id"],
        pages=list(zip(row["page_times"], row["page_urls"], strict=True)),
        markers=[
            Marker(*each)
            for each in zip(
                row.get("marker_times", ()), row.get("marker_kinds", ()), row.get("marker_labels", ()), strict=True
            )
        ],
        activity=list(zip(row["activity_times"], row["activity_counts"], strict=True)),
        gaps=list(zip(row["gap_starts"], row["gap_ends"], strict=True)),
        viewport=(row["width"], row["height"]),
        **{name: row[name] for name in _PLAIN},
    )


_PLAIN = [
    name
    for name in Part.__struct_fields__
    if name not in {"replay_id", "pages", "markers", "activity", "gaps", "viewport"}
]


def sealed_row(index: RecordingIndex, object_path: str, size_bytes: int) -> list[Any]:
    """The sealed recording's row, in the order of `PART_COLUMNS`."""
    whole, about = total(index.frames), index.about
    holes = gaps(index.covered)
    values: dict[str, Any] = {
        "project_id": index.project_id,
        "replay_id": UUID(index.replay_id),
        "part_id": SEALED,
        "accepted_at": about.accepted_at_ms,
        "version": index.generation,
        "generation": index.generation,
        "object": object_path,
        "byte_length": size_bytes,
        "received_at": about.received_at_ms,
        "first_ms": index.first_ms,
        "last_ms": index.last_ms,
        "clock_offset_ms": about.clock_offset_ms,
        "full_snapshots": [at_ms for frame in index.frames for at_ms in frame.full_snapshots],
        "events": sum(frame.events for frame in index.frames),
        "clicks": whole.clicks,
        "rage_clicks": whole.rage_clicks,
        "errors": whole.errors,
        "inputs": whole.inputs,
        "page_times": [at_ms for at_ms, _ in whole.pages],
        "page_urls": [url for _, url in whole.pages],
        "marker_times": [marker.at_ms for marker in whole.markers],
        "marker_kinds": [marker.kind for marker in whole.markers],
        "marker_labels": [marker.label for marker in whole.markers],
        "activity_times": [at_ms for at_ms, _ in whole.activity],
        "activity_counts": [count for _, count in whole.activity],
        "gap_starts": [start for start, _ in holes],
        "gap_ends": [end for _, end in holes],
        "width": whole.viewport[0],
        "height": whole.viewport[1],
        "distinct_id": about.distinct_id,
        "distinct_ids": about.distinct_ids,
        "device_ids": about.device_ids,
        "user_ids": about.user_ids,
        "browser": about.browser,
        "os": about.os,
        "device": about.device,
        "library": about.library,
        "library_version": about.library_version,
        "mask": about.mask,
        "visit": about.visit,
        "rules": about.rules,
        "rule_ids": about.rule_ids,
        "masked": about.masked,
        "blocked": about.blocked,
        "patterns": about.patterns,
    }
    return [values.get(name, _NOTHING[name]) for name in PART_COLUMNS]


def deleting_row(project_id: str, replay_id: str, part_id: str, accepted_at_ms: int) -> list[Any]:
    """The row that takes a hot block out, in the order of `PART_COLUMNS`."""
    values = {
        "project_id": project_id,
        "replay_id": UUID(replay_id),
        "part_id": part_id,
        "accepted_at": accepted_at_ms,
        "version": DELETED_VERSION,
        "is_deleted": 1,
        "received_at": accepted_at_ms,
    }
    return [values.get(name, _NOTHING[name]) for name in PART_COLUMNS]


_ARRAYS = frozenset(
    ("full_snapshots", "page_times", "page_urls", "marker_times", "marker_kinds", "marker_labels", "activity_times",
     "activity_counts", "gap_starts", "gap_ends", "distinct_ids", "device_ids", "user_ids", "rule_ids")
)  # fmt: skip
_TEXTS = frozenset(
    ("object", "epoch", "digest", "distinct_id", "browser", "os", "device", "library", "library_version", "mask",
     "visit", "part_id", "project_id", "rules", "owed")
)  # fmt: skip
_NOTHING: dict[str, Any] = {name: [] if name in _ARRAYS else "" if name in _TEXTS else 0 for name in PART_COLUMNS}


def write_parts(analytics: Analytics, rows: Iterable[Sequence[Any]]) -> None:
    """One insert: rows of one replay share a partition, so they appear together or not at all."""
    analytics.insert("replay_parts", PART_COLUMNS, list(rows))
