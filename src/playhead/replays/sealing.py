"""Sealing: a replay's hot blocks become its recording, generation after generation; and the jobs of housekeeping.

One run for one replay:

    read the row (generation g) → read recording g and the hot blocks → merge → register the new object for clean-up
    → write it → compare-and-set the row from g to g + 1, which also registers object g for clean-up
    → one insert of index rows: the sealed part, and a deleting row for each block it covers → indexed_generation

It may be cut off after any step and run again: an object that was never switched to is cleaned up, index rows that are
missing are made from the recording's own index, and readers leave out blocks that the recording lists.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, CursorResult, delete, or_, select, update

from playhead import clock
from playhead.errors import PlayheadError, Unavailable
from playhead.governance.projects import remove_projects
from playhead.governance.retention import remove_expired_events
from playhead.governance.tombstones import is_deleted
from playhead.recordings.events import RrwebEvent
from playhead.recordings.merge import merge
from playhead.recordings.sealed import FULL_ENOUGH_BYTES, About, RecordingIndex, frames_before, write_recording
from playhead.replays.access import REMOVED
from playhead.replays.parts import deleting_row, hot_parts, sealed_row, write_parts
from playhead.replays.reading import Recording, block_events, load_index, new_events, open_recording, read_frames
from playhead.replays.rewriting import Applied, Rewritten, masked_generation, rewritten, rules_owed, told
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.encryption import KeyGone
from playhead.stores.tables import Replay, Segment

log = structlog.get_logger(__name__)

# 19 takes 15 to 20 % less room than 9 and thirty times as long: for what is sealed for good while little waits.
IDLE_LEVEL, BUSY_LEVEL = 19, 9
FEW = 3
AT_ONCE = 200
# A block whose row never came (it was refused) must not keep its replay in the queue for ever.
GIVE_UP_MS = 3_600_000
NEWS_MS = 86_400_000
# SDKs send every few seconds: a replay quiet for this long is masked where that is owed, so that it can be watched.
MASK_QUIET_MS = 15_000
CLEAN_UP_EVERY_MS = 15_000
# What expired is unreadable at once, and off the disk within the hour; each time parts with such events are rewritten.
EXPIRED_EVENTS_EVERY_MS = 20 * 60_000


def run_jobs(stores: Stores, settings: Settings, stopped: Callable[[], bool]) -> None:
    """Everything that is due now, one job after the other. Raises what a store that is down raises."""
    from playhead.governance import erasing  # noqa: PLC0415  these seal too
    from playhead.replays import backwards, removal  # noqa: PLC0415

    erasing.run_requests(stores, settings, clock.now_ms(), stopped)
    remove_projects(stores, clock.now_ms(), stopped)
    removal.remove_deleted(stores, settings, clock.now_ms(), stopped)
    reconcile(stores, stopped)
    seal_due(stores, settings, clock.now_ms(), stopped)
    backwards.run_privacy_jobs(stores, settings, clock.now_ms(), stopped)
    removal.remove_expired(stores, clock.now_ms(), stopped)
    now_ms = clock.now_ms()
    these = (stores.control.url, stores.region)
    if now_ms - _expired_at_ms.get(these, 0) >= EXPIRED_EVENTS_EVERY_MS:
        _expired_at_ms[these] = now_ms
        remove_expired_events(stores, now_ms)
    if now_ms - _cleaned_at_ms.get(these, 0) >= CLEAN_UP_EVERY_MS:
        _cleaned_at_ms[these] = now_ms
        removal.clean_up(stores, now_ms, stopped)


# Walking the segments, and looking for expired events, cost more than the other jobs.
_cleaned_at_ms: dict[tuple[str, str], int] = {}
_expired_at_ms: dict[tuple[str, str], int] = {}


def never() -> bool:
    return False


def seal_due(stores: Stores, settings: Settings, now_ms: int, stopped: Callable[[], bool] = never) -> int:
    """Seals what has been quiet, compacts what goes on for long; answers how many new generations there are."""
    due = due_replays(stores, settings, now_ms)
    quiet_before = now_ms - settings.seal_idle_seconds * 1_000
    few = len(due) <= FEW
    sealed = 0
    for replay in due:
        if stopped():
            break
        final = replay.last_block_at_ms <= quiet_before
        if not replay.hot_blocks and not few:
            # Only to be compressed better; that can wait until there is time.
            continue
        try:
            sealed += seal_replay(stores, replay, now_ms, level=IDLE_LEVEL if final and few else BUSY_LEVEL)
        except Unavailable:
            raise
        except PlayheadError as error:
            # One damaged block must not hold up the others; its replay is tried again at the next compaction time.
            log.warning("not_sealed", replay_id=replay.replay_id, error=error.message)
            failed = {"masking_error": error.message} if replay.unmasked_blocks else {}
            _set(stores, replay, last_seal_at_ms=now_ms, **failed)
    return sealed


def due_replays(stores: Stores, settings: Settings, now_ms: int) -> list[Replay]:
    """Replays that became quiet since they were last sealed, those with hot blocks that are many or old, and those that
    wait to be masked."""
    idle_ms = settings.seal_idle_seconds * 1_000
    quiet_before, compacted_before = now_ms - idle_ms, now_ms - settings.compact_seconds * 1_000
    became_quiet = (Replay.last_block_at_ms <= quiet_before) & (
        Replay.last_seal_at_ms < Replay.last_block_at_ms + idle_ms
    )
    ours = select(Replay).where(stores.hold(Replay.project_id), Replay.expires_at_ms > now_ms)
    hot = ours.where(
        Replay.hot_blocks > 0,
        or_(
            became_quiet,
            Replay.hot_blocks >= settings.compact_blocks,
            (Replay.last_seal_at_ms <= compacted_before) & (Replay.accepted_at_ms <= compacted_before),
        ),
    )
    # Compacted to the last block, and quiet since: worth compressing for good. Looked for while it is news.
    compacted = ours.where(
        Replay.hot_blocks == 0,
        Replay.last_block_at_ms > quiet_before - NEWS_MS,
        Replay.generation > 0,
        became_quiet,
    )
    unmasked = ours.where(
        Replay.unmasked_blocks > 0,
        Replay.last_block_at_ms <= now_ms - MASK_QUIET_MS,
        Replay.last_seal_at_ms < Replay.last_block_at_ms + MASK_QUIET_MS,
    )
    with stores.control.read() as session:
        found = list(session.scalars(hot.order_by(Replay.last_block_at_ms).limit(AT_ONCE)))
        already = {(replay.project_id, replay.replay_id) for replay in found}
        waiting = session.scalars(unmasked.order_by(Replay.last_block_at_ms).limit(AT_ONCE))
        found += [replay for replay in waiting if (replay.project_id, replay.replay_id) not in already]
        return found + list(session.scalars(compacted.order_by(Replay.last_block_at_ms).limit(AT_ONCE)))


def seal_replay(stores: Stores, replay: Replay, now_ms: int, *, level: int = BUSY_LEVEL) -> bool:
    """Writes the next generation; False when there is nothing to seal or someone else was faster."""
    if is_deleted(stores.control, replay.project_id, replay.replay_id):
        return False
    recording = open_recording(stores, replay, to_write=True)
    improvable = recording.index is not None and any(frame.level < level for frame in recording.index.frames)
    if not recording.hot and not improvable:
        waited = now_ms - replay.last_block_at_ms > GIVE_UP_MS
        _set(stores, replay, last_seal_at_ms=now_ms, **({"hot_blocks": 0, "unmasked_blocks": 0} if waited else {}))
        return False
    if any(part.owed for part in recording.hot):
        rules = rules_owed(stores, recording)
        return write_masked(stores, recording, rewritten(stores, recording, rules), rules, now_ms, level)
    data, index = next_generation(stores, recording, level)
    return commit_generation(stores, recording, data, index, now_ms)


def write_masked(  # noqa: PLR0917
    stores: Stores, recording: Recording, done: Rewritten, rules: Applied, now_ms: int, level: int = BUSY_LEVEL
) -> bool:
    """Makes what the rules were applied to the next generation; the one before goes at the next clean-up."""
    data, index = masked_generation(recording, done, rules, about_of(recording), level)
    return commit_generation(stores, recording, data, index, now_ms, superseded_at_ms=0)


def commit_generation(  # noqa: PLR0917
    stores: Stores,
    recording: Recording,
    data: bytes,
    index: RecordingIndex,
    now_ms: int,
    superseded_at_ms: int | None = None,
) -> bool:
    """False when someone else was faster. The generation before is kept for a while, for those who read it."""
    replay = recording.replay
    path = recording_path(index)
    _register(stores, replay.project_id, path, now_ms)
    stores.blobs.put(path, data)
    if not _switch(stores, recording, path, index.generation, now_ms, superseded_at_ms):
        return False
    rows = [sealed_row(index, path, len(data))]
    rows += [_deleting(replay, part.part_id) for part in recording.hot]
    write_parts(stores.analytics, rows)
    _indexed(stores, replay, index.generation)
    return True


def next_generation(stores: Stores, recording: Recording, level: int) -> tuple[bytes, RecordingIndex]:
    """The recording's bytes with the hot blocks merged in.

    Frames before the new events stay as they are when compacting; sealing for good compresses everything anew, frame
    by frame.
    """
    replay, index, blobs = recording.replay, recording.index, stores.blobs
    fresh = new_events(index, block_events(blobs, recording, recording.hot))
    standing = frames_before(index, (event for block in fresh for event in block)) if index else 0
    if index and standing == len(index.frames) and standing and index.frames[-1].length < FULL_ENOUGH_BYTES:
        standing -= 1

    def tail() -> Iterator[RrwebEvent]:
        if index:
            if kept_frames == 0:
                for some in read_frames(blobs, recording, index.frames[:standing]):
                    yield from some
            opened = read_frames(blobs, recording, index.frames[standing:])
            yield from merge([[event for some in opened for event in some], *fresh])
        else:
            yield from merge(fresh)

    alike = index is not None and index.encrypted == (recording.cipher is not None)
    copy = index is not None and alike and all(frame.level >= level for frame in index.frames[:standing])
    kept_frames = standing if copy else 0
    kept = b""
    if index and kept_frames:
        last = index.frames[kept_frames - 1]
        kept = blobs.get_range(replay.object, 0, last.offset + last.length)
    return write_recording(
        project_id=replay.project_id,
        replay_id=replay.replay_id,
        generation=replay.generation + 1,
        events=tail(),
        blocks=[UUID(part.part_id) for part in recording.hot],
        about=about_of(recording),
        level=level,
        before=index,
        kept=kept,
        kept_frames=kept_frames,
        cipher=recording.cipher,
    )


def about_of(recording: Recording) -> About:
    """What the batches say of the replay; the batch with the greatest event timestamp has the last word."""
    before = recording.index.about if recording.index else About()
    latest = sorted(recording.hot, key=lambda part: (part.last_ms, part.received_at_ms))
    named = [part for part in latest if part.distinct_id]
    newest = named[-1] if named and named[-1].last_ms >= before.distinct_id_at_ms else None
    began = recording.index.first_ms if recording.index else None
    first = min(recording.hot, key=lambda part: part.first_ms, default=None)
    # A batch that was sent twice counts once.
    once = {(part.epoch, part.seq, part.first_ms): part for part in recording.unsealed}.values()

    def last_known(name: str) -> str:
        return next((value for part in reversed(latest) if (value := str(getattr(part, name)))), getattr(before, name))

    return About(
        accepted_at_ms=recording.replay.accepted_at_ms,
        received_at_ms=max([before.received_at_ms, *(part.received_at_ms for part in recording.hot)]),
        clock_offset_ms=before.clock_offset_ms
        if first is None or (began is not None and began <= first.first_ms)
        else first.clock_offset_ms,
        distinct_id=newest.distinct_id if newest else before.distinct_id,
        distinct_id_at_ms=newest.last_ms if newest else before.distinct_id_at_ms,
        distinct_ids=_all(before.distinct_ids, (part.distinct_ids for part in latest)),
        device_ids=_all(before.device_ids, (part.device_ids for part in latest)),
        user_ids=_all(before.user_ids, (part.user_ids for part in latest)),
        browser=last_known("browser"),
        os=last_known("os"),
        device=last_known("device"),
        library=last_known("library"),
        library_version=last_known("library_version"),
        mask=last_known("mask"),
        visit=last_known("visit"),
        rules=last_known("rules"),
        rule_ids=_all(before.rule_ids, (part.rule_ids for part in latest)),
        masked=told([before.masked, *(part.masked for part in once)]),
        blocked=told([before.blocked, *(part.blocked for part in once)]),
        patterns=before.patterns + sum(part.patterns for part in once),
    )


def _all(before: list[str], more: Iterable[list[str]]) -> list[str]:
    return list(dict.fromkeys([*before, *(each for some in more for each in some)]))


def recording_path(index: RecordingIndex) -> str:
    """`recordings/{2 hex}/{project}/{day accepted}/{replay_id}/{generation}-{chance}`.

    The hash spreads a bucket's load; chance keeps two runs for one generation from writing one object.
    """
    day = datetime.fromtimestamp(index.about.accepted_at_ms / 1_000, UTC).strftime("%Y-%m-%d")
    folder = recording_folder(index.project_id, index.replay_id, day)
    return f"{folder}/{index.generation}-{secrets.token_hex(4)}"


def recording_folder(project_id: str, replay_id: str, day: str) -> str:
    return f"{recording_prefix(project_id, replay_id)}/{day}/{replay_id}"


def recording_prefix(project_id: str, replay_id: str) -> str:
    """What the paths of a replay's recordings begin with, whenever it was accepted."""
    spread = hashlib.blake2b(f"{project_id}/{replay_id}".encode(), digest_size=1).hexdigest()
    return f"recordings/{spread}/{project_id}"


def reconcile(stores: Stores, stopped: Callable[[], bool] = never) -> int:
    """Makes the index rows that sealing was cut off before; answers how many replays had none."""
    with stores.control.read() as session:
        behind = list(
            session.scalars(
                select(Replay)
                .where(
                    stores.hold(Replay.project_id),
                    Replay.indexed_generation > REMOVED,
                    Replay.indexed_generation < Replay.generation,
                )
                .limit(AT_ONCE)
            )
        )
    for replay in behind:
        if stopped() or is_deleted(stores.control, replay.project_id, replay.replay_id):
            continue
        try:
            index = load_index(stores, replay)
        except KeyGone:
            # Nobody can read it any more; it goes when it expires.
            _indexed(stores, replay, replay.generation)
            continue
        inside = index.block_ids
        standing = hot_parts(stores.analytics, replay.project_id, replay.replay_id)
        rows = [sealed_row(index, replay.object, stores.blobs.size(replay.object))]
        rows += [_deleting(replay, part.part_id) for part in standing if UUID(part.part_id) in inside]
        write_parts(stores.analytics, rows)
        _indexed(stores, replay, replay.generation)
    return len(behind)


def _deleting(replay: Replay, part_id: str) -> list[Any]:
    return deleting_row(replay.project_id, replay.replay_id, part_id, replay.accepted_at_ms)


def _register(stores: Stores, project_id: str, path: str, now_ms: int) -> None:
    """The clean-up takes away what is registered and not in use."""
    with stores.control.write() as session:
        session.add(Segment(project_id=project_id, object=path, created_at_ms=now_ms))


def _switch(  # noqa: PLR0917
    stores: Stores, recording: Recording, path: str, generation: int, now_ms: int, superseded_at_ms: int | None
) -> bool:
    """Compare-and-set; False when the replay was sealed by another, deleted, or the object was cleaned up meanwhile."""
    replay = recording.replay
    unmasked = sum(1 for part in recording.hot if part.owed)
    with stores.control.write() as session:
        if is_deleted(stores.control, replay.project_id, replay.replay_id, session):
            return False
        changed = session.execute(
            update(Replay)
            .where(*_key(replay), Replay.generation == replay.generation, Replay.object == replay.object)
            .values(
                generation=generation,
                object=path,
                hot_blocks=Replay.hot_blocks - len(recording.hot),
                unmasked_blocks=Replay.unmasked_blocks - unmasked,
                masking_error="",
                last_seal_at_ms=now_ms,
            )
        )
        taken = session.execute(delete(Segment).where(Segment.project_id == replay.project_id, Segment.object == path))
        if _count(changed) != 1 or _count(taken) != 1:
            session.rollback()
            return False
        if replay.object:
            at_ms = now_ms if superseded_at_ms is None else superseded_at_ms
            session.add(Segment(project_id=replay.project_id, object=replay.object, created_at_ms=at_ms))
    return True


def _indexed(stores: Stores, replay: Replay, generation: int) -> None:
    with stores.control.write() as session:
        session.execute(
            update(Replay)
            .where(*_key(replay), Replay.indexed_generation.between(0, generation - 1))
            .values(indexed_generation=generation)
        )


def _set(stores: Stores, replay: Replay, **values: int | str) -> None:
    with stores.control.write() as session:
        session.execute(
            update(Replay)
            .where(*_key(replay), Replay.generation == replay.generation, Replay.hot_blocks == replay.hot_blocks)
            .values(**values)
        )


def _key(replay: Replay) -> tuple[ColumnElement[bool], ...]:
    return (Replay.project_id == replay.project_id, Replay.replay_id == replay.replay_id)


def _count(result: object) -> int:
    return cast("CursorResult[object]", result).rowcount
