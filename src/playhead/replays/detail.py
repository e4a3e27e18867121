"""One replay in full: its row, pages, markers, activity, gaps; and its frame index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from playhead.items import Marker
from playhead.recordings.merge import gaps
from playhead.replays.bookmarks import BookmarkNote, find_bookmark
from playhead.replays.card import Card, card_of
from playhead.replays.feed import FeedRow, Status, feed_row
from playhead.replays.live import is_live
from playhead.replays.parts import standing_parts
from playhead.replays.person import owners
from playhead.replays.reading import Recording, open_recording, open_watchable
from playhead.stores import Stores
from playhead.stores.analytics import Analytics
from playhead.stores.tables import Replay

# An analytics event and the recorder's own mark of it are one when they are this near.
SAME_EVENT_MS = 1_500
# The SDK tracks a page view just before the recorder's first event.
AROUND_MS = 10_000
ACTIVITY_BUCKET_MS = 1_000

EVENTS_SQL = """
SELECT event, toUnixTimestamp64Milli(client_time) AS at_ms FROM events FINAL
WHERE project_id = {project_id:String} AND replay_id = {replay_id:String}
ORDER BY client_time, event LIMIT 5000
"""


class Page(msgspec.Struct, frozen=True):
    at_ms: int
    url: str
    title: str | None = None


class TimelineMarker(msgspec.Struct, frozen=True):
    at_ms: int
    kind: str
    label: str


class Activity(msgspec.Struct, frozen=True):
    bucket_ms: int
    counts: list[tuple[int, int]]
    inactive: list[tuple[int, int]]


class Viewport(msgspec.Struct, frozen=True):
    width: int
    height: int


class Library(msgspec.Struct, frozen=True):
    name: str
    version: str


class Privacy(msgspec.Struct, frozen=True):
    """How it was masked. Counts are null where the SDK does not tell."""

    mode: str | None
    library: str | None
    version: str | None
    rules: list[str]
    patterns_matched: int | None
    masked: int | None
    blocked: int | None


class Detail(msgspec.Struct, frozen=True):
    """What docs/api.md shows beside the row."""

    first_ms: int
    last_ms: int
    pages: list[Page]
    markers: list[TimelineMarker]
    activity: Activity
    viewport: Viewport | None
    mask: str | None
    library: Library | None
    gaps: list[tuple[int, int]]
    privacy: Privacy
    bookmark: BookmarkNote | None


class Frame(msgspec.Struct, frozen=True):
    n: int
    first_ms: int
    last_ms: int
    full_snapshots: list[int]
    bytes: int
    events: int


class HotBlock(msgspec.Struct, frozen=True):
    block_id: str
    first_ms: int
    last_ms: int
    full_snapshot: bool
    bytes: int


class Index(msgspec.Struct, frozen=True):
    """The frame index, as docs/api.md shows it."""

    replay_id: str
    status: Status
    live: bool
    generation: int | None
    first_ms: int
    last_ms: int
    frames: list[Frame]
    hot: list[HotBlock]


def detail(stores: Stores, replay: Replay, now_ms: int) -> tuple[FeedRow, Detail] | None:
    """The row and what belongs to it; None while delivery has not written a part of it yet."""
    project_id, replay_id = replay.project_id, replay.replay_id
    parts = standing_parts(stores.analytics, project_id, [replay_id], markers=True).get(replay_id)
    if not parts:
        return None
    card = card_of(parts)
    owner = owners(stores.analytics, project_id, {replay_id: card.batch_distinct_id})[replay_id]
    recording = open_recording(stores, replay)
    covered = recording.index.covered if recording.index else []
    holes = gaps([*covered, *(part.run for part in recording.unsealed if part.epoch)])
    tracked = tracked_events(stores.analytics, project_id, replay_id, card)
    markers = timeline(card, (marker for part in parts for marker in part.markers), tracked, holes)
    note = find_bookmark(stores.control, project_id, replay_id)
    row = feed_row(card, owner, replay, now_ms, bookmarked=note is not None)
    # What was noted of a visit may quote what a rule hides: it stays closed with the replay.
    closed = row.status == "masking"
    return row, Detail(
        first_ms=card.first_ms,
        last_ms=card.last_ms,
        pages=[] if closed else [Page(at_ms, url) for at_ms, url in card.pages],
        markers=[] if closed else [TimelineMarker(marker.at_ms, marker.kind, marker.label) for marker in markers],
        activity=Activity(ACTIVITY_BUCKET_MS, card.activity, card.inactive),
        viewport=Viewport(*card.viewport) if all(card.viewport) else None,
        mask=card.mask or None,
        library=Library(card.library, card.library_version) if card.library else None,
        gaps=holes,
        privacy=Privacy(
            card.mask if card.mask in ("text", "input") else None,
            card.library or None,
            card.library_version or None,
            card.rule_ids,
            card.patterns,
            card.masked,
            card.blocked,
        ),
        bookmark=note,
    )


def tracked_events(analytics: Analytics, project_id: str, replay_id: str, card: Card) -> list[Marker]:
    """The replay's analytics events, on the recorder's own clock (`client_time` is that of the same device)."""
    rows = analytics.query(EVENTS_SQL, {"project_id": project_id, "replay_id": replay_id})
    return [
        Marker(min(max(row["at_ms"], card.first_ms), card.last_ms), "event", row["event"])
        for row in rows
        if card.first_ms - AROUND_MS <= row["at_ms"] <= card.last_ms + AROUND_MS
    ]


def timeline(
    card: Card, recorded: Iterable[Marker], tracked: Sequence[Marker], holes: Iterable[tuple[int, int]]
) -> list[Marker]:
    """Every marker in order. An event that the recorder marked and that was tracked too comes once."""
    left = list(tracked)
    markers = [*tracked]
    for marker in recorded:
        if marker.kind == "event":
            same = next(
                (
                    each
                    for each in left
                    if each.label == marker.label and abs(each.at_ms - marker.at_ms) <= SAME_EVENT_MS
                ),
                None,
            )
            if same:
                left.remove(same)
                continue
        markers.append(marker)
    markers += [Marker(at_ms, "page", url) for at_ms, url in card.pages]
    markers += [Marker(start, "gap", "") for start, _ in holes]
    return sorted(markers, key=lambda marker: (marker.at_ms, marker.kind))


def frame_index(stores: Stores, replay: Replay, now_ms: int) -> Index:
    """What the player reads first."""
    recording = open_watchable(stores, replay)
    frames = recording.index.frames if recording.index else []
    return Index(
        replay_id=replay.replay_id,
        status=_status(recording, live := _live(recording, now_ms)),
        live=live,
        generation=recording.index.generation if recording.index else None,
        first_ms=min([*(f.first_ms for f in frames), *(p.first_ms for p in recording.unsealed)], default=0),
        last_ms=max([*(f.last_ms for f in frames), *(p.last_ms for p in recording.unsealed)], default=0),
        frames=[Frame(n, f.first_ms, f.last_ms, f.full_snapshots, f.length, f.events) for n, f in enumerate(frames)],
        hot=[
            HotBlock(part.part_id, part.first_ms, part.last_ms, bool(part.full_snapshots), part.byte_length)
            for part in sorted(recording.unsealed, key=lambda part: (part.first_ms, part.epoch, part.seq))
        ],
    )


def _live(recording: Recording, now_ms: int) -> bool:
    about = recording.index.about if recording.index else None
    received = max([part.received_at_ms for part in recording.hot], default=0)
    last = max([part.last_ms + part.clock_offset_ms for part in recording.hot], default=0)
    if recording.index and about:
        received = max(received, about.received_at_ms)
        last = max(last, recording.index.last_ms + about.clock_offset_ms)
    return is_live(received, last, now_ms)


def _status(recording: Recording, live: bool) -> Status:
    playable = any(part.full_snapshots for part in recording.hot) or any(
        frame.full_snapshots for frame in (recording.index.frames if recording.index else ())
    )
    if playable:
        return "ready"
    return "arriving" if live else "no_full_snapshot"
