"""What must go: deleted and expired replays, superseded recordings, and segments all of whose blocks are elsewhere."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from threading import Lock
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import delete, or_, select, update

from playhead.errors import PlayheadError, Unavailable
from playhead.recordings.segments import BlockEntry, TailTooShort, read_footer, without_blocks
from playhead.replays.access import REMOVED
from playhead.replays.reading import forget_index, load_index
from playhead.replays.sealing import AT_ONCE, never, recording_folder, seal_replay
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.blobs import BlobNotFound
from playhead.stores.encryption import KeyGone
from playhead.stores.tables import Bookmark, Replay, Segment, SharedReplay, ShareLink, Signal, Tombstone

log = structlog.get_logger(__name__)

# A reader that opened a recording just before it was superseded may still fetch frames of it.
SUPERSEDED_KEPT_MS = 600_000
# A segment's blocks become covered at the earliest when its replays are compacted; younger ones are not looked at.
SEGMENT_YOUNG_MS = 30_000
# A flush that had read the tombstones before the deletion may still write: deleted replays are looked at once more.
DELETE_AGAIN_MS = 60_000
FOOTER_TAIL_BYTES = 16 * 1024
FOOTERS_KEPT = 20_000

# Rows of any kind, also those that FINAL would hide.
PARTS_SQL = """
SELECT DISTINCT toString(replay_id) AS replay_id FROM replay_parts
WHERE project_id = {project_id:String} AND replay_parts.replay_id IN {replay_ids:Array(UUID)}
"""

COUNT_PARTS_SQL = """
SELECT count() AS count FROM replay_parts
WHERE project_id = {project_id:String} AND replay_id IN {replay_ids:Array(UUID)}
"""

DELETE_PARTS_SQL = """
ALTER TABLE replay_parts DELETE WHERE project_id = {project_id:String} AND replay_id IN {replay_ids:Array(UUID)}
SETTINGS mutations_sync = 1
"""


def remove_deleted(stores: Stores, settings: Settings, now_ms: int, stopped: Callable[[], bool] = never) -> int:
    """Takes the bytes of deleted replays away; answers how many replays it looked at.

    A segment that holds blocks of a deleted replay and of others goes at once: the others are compacted first.
    """
    with stores.control.read() as session:
        waiting = session.execute(
            select(Tombstone.project_id, Tombstone.id, Tombstone.created_at_ms)
            .where(stores.hold(Tombstone.project_id), Tombstone.kind == "replay", Tombstone.done_at_ms == 0)
            .order_by(Tombstone.created_at_ms)
            .limit(AT_ONCE)
        ).all()
    by_project: dict[str, list[str]] = defaultdict(list)
    finished: dict[str, list[str]] = defaultdict(list)
    for project_id, replay_id, created_at_ms in waiting:
        by_project[project_id].append(replay_id)
        if now_ms - created_at_ms >= DELETE_AGAIN_MS:
            finished[project_id].append(replay_id)
    looked_at = 0
    for project_id, replay_ids in by_project.items():
        if stopped():
            break
        with stores.control.read() as session:
            rows = set(
                session.scalars(
                    select(Replay.replay_id).where(Replay.project_id == project_id, Replay.replay_id.in_(replay_ids))
                )
            )
        parts = {
            row["replay_id"]
            for row in stores.analytics.query(PARTS_SQL, {"project_id": project_id, "replay_ids": replay_ids})
        }
        again = set(finished[project_id])
        wanted = sorted(rows | parts | again)
        looked_at += len(wanted)
        if wanted:
            remove_replays(stores, project_id, wanted, now_ms)
        done = sorted(again - parts)
        with stores.control.write() as session:
            session.execute(
                update(Tombstone)
                .where(Tombstone.project_id == project_id, Tombstone.kind == "replay", Tombstone.id.in_(done))
                .values(done_at_ms=now_ms)
            )
    return looked_at


class Removed(msgspec.Struct):
    """What of some replays went: how many of each."""

    recordings: int = 0
    segments: int = 0
    parts: int = 0
    rows: int = 0


def remove_replays(stores: Stores, project_id: str, replay_ids: Sequence[str], now_ms: int) -> Removed:
    """Takes every byte of these deleted replays away, in whatever store: at most `AT_ONCE` of them.

    Segments that hold blocks of others too lose only theirs: the others are compacted first; where that can't be done
    the segment is written anew without them.
    """
    removed = Removed()
    with stores.control.read() as session:
        rows = list(
            session.scalars(select(Replay).where(Replay.project_id == project_id, Replay.replay_id.in_(replay_ids)))
        )
    for replay in rows:
        removed.recordings += _remove_recordings(stores, project_id, replay.replay_id, replay)
    removed.segments = _free_segments(stores, project_id, frozenset(replay_ids), now_ms)
    wanted = {"project_id": project_id, "replay_ids": list(replay_ids)}
    removed.parts = stores.analytics.query(COUNT_PARTS_SQL, wanted)[0]["count"]
    if removed.parts:
        stores.analytics.command(DELETE_PARTS_SQL, wanted)
    removed.rows = len(rows)
    with stores.control.write() as session:
        for table in (Replay, Bookmark, ShareLink, SharedReplay, Signal):
            session.execute(delete(table).where(table.project_id == project_id, table.replay_id.in_(replay_ids)))
    return removed


def _remove_recordings(stores: Stores, project_id: str, replay_id: str, replay: Replay) -> int:
    """Every generation of a replay, those that were never switched to as well; answers how many there were."""
    day = datetime.fromtimestamp(replay.accepted_at_ms / 1_000, UTC).strftime("%Y-%m-%d")
    paths = list(stores.blobs.list(recording_folder(project_id, replay_id, day)))
    for path in paths:
        forget_index(stores.blobs, path)
        stores.blobs.delete(path)
    return len(paths)


def _free_segments(stores: Stores, project_id: str, replay_ids: frozenset[str], now_ms: int) -> int:
    """Frees segments of all that they hold of these replays; answers how many held anything."""
    holding: list[str] = []
    others: set[str] = set()
    for path, inside in segments_of(stores, project_id):
        if inside & replay_ids:
            holding.append(path)
            others |= inside - replay_ids
    for other in sorted(others):
        with stores.control.read() as session:
            replay = session.get(Replay, (project_id, other))
        if replay is not None and replay.hot_blocks > 0 and replay.expires_at_ms > now_ms:
            try:
                seal_replay(stores, replay, now_ms)
            except Unavailable:
                raise
            except PlayheadError as error:
                log.warning("not_sealed", replay_id=other, error=error.message)
    _remove_covered(stores, [(project_id, path) for path in holding], now_ms)
    for path in holding:
        _take_out(stores, path, replay_ids)
    return len(holding)


def remove_superseded(stores: Stores, project_id: str, replay_id: str, now_ms: int) -> None:
    """Leaves of a replay only its newest generation: others go, and its sealed blocks are taken out of segments."""
    with stores.control.read() as session:
        replay = session.get(Replay, (project_id, replay_id))
    if replay is None or not replay.object:
        return
    for path in list(stores.blobs.list(replay.object.rpartition("/")[0])):
        if path != replay.object:
            _remove_recording(stores, project_id, path)
    sealed = load_index(stores, replay).block_ids
    holding = [path for path, inside in segments_of(stores, project_id) if replay_id in inside]
    _remove_covered(stores, [(project_id, path) for path in holding], now_ms)
    for path in holding:
        _take_out(stores, path, frozenset((replay_id,)), sealed)


def segments_of(stores: Stores, project_id: str) -> Iterator[tuple[str, set[str]]]:
    """The project's segments that stand, each with the replays it holds blocks of."""
    with stores.control.read() as session:
        paths = list(session.scalars(select(Segment.object).where(Segment.project_id == project_id)))
    for path in paths:
        if path.startswith("recordings/"):
            continue
        try:
            yield path, {entry.replay_id for entry in footer(stores, path)}
        except BlobNotFound:
            continue
        except Unavailable:
            raise
        except PlayheadError as error:
            log.error("segment_damaged", object=path, error=error.message)


def _take_out(stores: Stores, path: str, replay_ids: frozenset[str], only: Collection[UUID] | None = None) -> None:
    """Writes a segment anew that others still need: without the blocks of these replays (`only` these blocks)."""
    try:
        segment = stores.blobs.get(path)
    except BlobNotFound:
        return
    gone = {
        entry.ingest_id
        for entry in read_footer(segment)
        if entry.replay_id in replay_ids and (only is None or entry.ingest_id in only)
    }
    if not gone:
        return
    stores.blobs.put(path, without_blocks(segment, gone))
    with _footers_lock:
        _footers.pop((stores.blobs.url, path), None)


def remove_expired(stores: Stores, now_ms: int, stopped: Callable[[], bool] = never) -> int:
    """Takes the bytes of expired replays away. Their rows stay, to say that they expired."""
    with stores.control.read() as session:
        expired = list(
            session.scalars(
                select(Replay)
                .where(
                    stores.hold(Replay.project_id),
                    Replay.expires_at_ms <= now_ms,
                    or_(Replay.indexed_generation > REMOVED, Replay.hot_blocks > 0),
                )
                .limit(AT_ONCE)
            )
        )
    by_project: dict[str, list[Replay]] = defaultdict(list)
    for replay in expired:
        by_project[replay.project_id].append(replay)
    for project_id, theirs in by_project.items():
        if stopped():
            break
        for replay in theirs:
            _remove_recordings(stores, project_id, replay.replay_id, replay)
        ids = [replay.replay_id for replay in theirs]
        stores.analytics.command(DELETE_PARTS_SQL, {"project_id": project_id, "replay_ids": ids})
        with stores.control.write() as session:
            session.execute(
                update(Replay)
                .where(Replay.project_id == project_id, Replay.replay_id.in_(ids))
                .values(indexed_generation=REMOVED, object="", hot_blocks=0, wrapped_key=None)
            )
            for table in (Bookmark, ShareLink, SharedReplay):
                session.execute(delete(table).where(table.project_id == project_id, table.replay_id.in_(ids)))
    return len(expired)


def clean_up(stores: Stores, now_ms: int, stopped: Callable[[], bool] = never) -> int:
    """Deletes segments whose blocks are all covered, and recordings that are superseded or were never switched to.

    Answers how many objects went.
    """
    removed = 0
    with stores.control.read() as session:
        rows = [
            (row.project_id, row.object, row.created_at_ms)
            for row in session.execute(
                select(Segment.project_id, Segment.object, Segment.created_at_ms)
                .where(stores.hold(Segment.project_id), Segment.created_at_ms < now_ms - SEGMENT_YOUNG_MS)
                .order_by(Segment.created_at_ms)
            ).all()
        ]
    old = [
        (project_id, path)
        for project_id, path, at in rows
        if path.startswith("recordings/") and at < now_ms - SUPERSEDED_KEPT_MS
    ]
    for project_id, path in old:
        if stopped():
            return removed
        removed += _remove_recording(stores, project_id, path)
    segments = [(project_id, path) for project_id, path, _ in rows if not path.startswith("recordings/")]
    return removed + _remove_covered(stores, segments, now_ms, stopped)


def _remove_recording(stores: Stores, project_id: str, path: str) -> int:
    with stores.control.write() as session:
        used = session.scalar(select(Replay.object).where(Replay.project_id == project_id, Replay.object == path))
        # Without the row a sealing run that is still under way can't switch to the object.
        session.execute(delete(Segment).where(Segment.project_id == project_id, Segment.object == path))
    if used:
        return 0
    forget_index(stores.blobs, path)
    stores.blobs.delete(path)
    return 1


def _remove_covered(
    stores: Stores, segments: Sequence[tuple[str, str]], now_ms: int, stopped: Callable[[], bool] = never
) -> int:
    """Deletes the segments every block of whose own footer is covered; what a query says is not enough."""
    covered = _Covered(stores, now_ms)
    removed = 0
    for project_id, path in segments:
        if stopped():
            break
        try:
            entries = footer(stores, path)
        except BlobNotFound:
            entries = []
        except Unavailable:
            raise
        except PlayheadError as error:
            log.error("segment_damaged", object=path, error=error.message)
            continue
        if not all(covered.holds(project_id, entry) for entry in entries):
            continue
        stores.blobs.delete(path)
        with stores.control.write() as session:
            session.execute(delete(Segment).where(Segment.project_id == project_id, Segment.object == path))
        with _footers_lock:
            _footers.pop((stores.blobs.url, path), None)
        removed += 1
    return removed


class _Covered:
    """Says of a block whether it is in its replay's committed recording, or its replay is deleted or expired."""

    def __init__(self, stores: Stores, now_ms: int) -> None:
        self._stores = stores
        self._now_ms = now_ms
        self._replays: dict[tuple[str, str], set[UUID] | None] = {}

    def holds(self, project_id: str, entry: BlockEntry) -> bool:
        key = (project_id, entry.replay_id)
        if key not in self._replays:
            self._replays[key] = self._read(*key)
        inside = self._replays[key]
        return inside is None or entry.ingest_id in inside

    def _read(self, project_id: str, replay_id: str) -> set[UUID] | None:
        """The blocks that are in the committed recording; None when all are covered."""
        with self._stores.control.read() as session:
            if session.get(Tombstone, (project_id, "replay", replay_id)) is not None:
                return None
            replay = session.get(Replay, (project_id, replay_id))
        if replay is not None and replay.expires_at_ms <= self._now_ms:
            return None
        if replay is None or not replay.object:
            return set()
        try:
            return load_index(self._stores, replay).block_ids
        except KeyGone:
            # Nobody can read what was encrypted with it, here or in a segment.
            return None


_footers: OrderedDict[tuple[str, str], list[BlockEntry]] = OrderedDict()
_footers_lock = Lock()


def footer(stores: Stores, path: str) -> list[BlockEntry]:
    """The segment's own list of its blocks; kept, for segments never change."""
    key = (stores.blobs.url, path)
    with _footers_lock:
        if key in _footers:
            return _footers[key]
    try:
        entries = read_footer(stores.blobs.tail(path, FOOTER_TAIL_BYTES))
    except TailTooShort as short:
        entries = read_footer(stores.blobs.tail(path, short.needed))
    with _footers_lock:
        _footers[key] = entries
        while len(_footers) > FOOTERS_KEPT:
            _footers.popitem(last=False)
    return entries
