"""Reading a replay's rrweb events: its index, single frames, and any range of time, hot blocks included."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from threading import Lock
from uuid import UUID

import msgspec

from playhead.errors import NotFound
from playhead.governance.keys import cipher_of, opener_of
from playhead.recordings.events import RrwebEvent, decode_block
from playhead.recordings.merge import merge
from playhead.recordings.sealed import FrameEntry, RecordingIndex, frame_events, frame_place, frames_before, read_index
from playhead.recordings.segments import TailTooShort, block_place
from playhead.replays.access import check_watchable, not_watchable
from playhead.replays.parts import Part, hot_parts
from playhead.rrweb import FULL_SNAPSHOT, META
from playhead.stores import Stores
from playhead.stores.blobs import BlobNotFound, Blobs
from playhead.stores.encryption import Cipher, opened
from playhead.stores.tables import Replay

FIRST_TAIL_BYTES = 64 * 1024
INDEXES_KEPT = 128
# The Meta event before a full snapshot is the recorder's work of the same moment; it is looked for this far back.
META_WITHIN_MS = 5_000


class Recording(msgspec.Struct, frozen=True):
    """What a replay is made of at one moment: the sealed recording, if any, and the blocks that are not in it.

    `cipher` opens what is encrypted of it, and seals its next generation.
    """

    replay: Replay
    index: RecordingIndex | None
    hot: list[Part]
    cipher: Cipher | None

    @property
    def unsealed(self) -> list[Part]:
        """The hot blocks that hold anything new: not those of our SDK that are only a retry of what is sealed."""
        index = self.index
        if index is None:
            return self.hot
        return [part for part in self.hot if not (part.epoch and index.holds_all(part.run))]


_indexes: OrderedDict[tuple[str, str], RecordingIndex] = OrderedDict()
_indexes_lock = Lock()


def load_index(stores: Stores, replay: Replay) -> RecordingIndex:
    """The index of the replay's sealed recording; the last ones read are kept, for objects never change."""
    blobs, path = stores.blobs, replay.object
    key = (blobs.url, path)
    with _indexes_lock:
        if key in _indexes:
            _indexes.move_to_end(key)
            return _indexes[key]
    cipher = opener_of(stores, replay)
    try:
        index = read_index(blobs.tail(path, FIRST_TAIL_BYTES), cipher, replay.replay_id)
    except TailTooShort as short:
        index = read_index(blobs.tail(path, short.needed), cipher, replay.replay_id)
    with _indexes_lock:
        _indexes[key] = index
        while len(_indexes) > INDEXES_KEPT:
            _indexes.popitem(last=False)
    return index


def forget_index(blobs: Blobs, path: str) -> None:
    with _indexes_lock:
        _indexes.pop((blobs.url, path), None)


def open_recording(stores: Stores, replay: Replay, *, to_write: bool = False) -> Recording:
    """`replay` is a row just read, so that the object it names stands. `to_write`: to make its next generation."""
    cipher = cipher_of(stores, replay) if to_write else opener_of(stores, replay)
    index = load_index(stores, replay) if replay.object else None
    hot = hot_parts(stores.analytics, replay.project_id, replay.replay_id)
    if index:
        # A row may stand although its block is sealed: sealing was cut off between the two stores.
        inside = index.block_ids
        hot = [part for part in hot if UUID(part.part_id) not in inside]
    return Recording(replay, index, hot, cipher)


def open_watchable(stores: Stores, replay: Replay) -> Recording:
    """The same for someone who watches. Raises `Conflict` while any of it must yet be masked."""
    check_watchable(replay)
    recording = open_recording(stores, replay)
    if any(part.owed for part in recording.hot):
        raise not_watchable(replay)
    return recording


def block_events(blobs: Blobs, recording: Recording, parts: Sequence[Part]) -> list[list[RrwebEvent]]:
    """The rrweb events of hot blocks of the recording, in the order of `parts`."""
    place_of = block_place(recording.replay.replay_id)
    by_object: dict[str, list[int]] = {}
    for place, part in enumerate(parts):
        by_object.setdefault(part.object, []).append(place)
    payloads: dict[int, bytes] = {}
    for path, places in by_object.items():
        ranges = [(parts[place].byte_offset, parts[place].byte_length) for place in places]
        payloads |= dict(zip(places, blobs.get_ranges(path, ranges), strict=True))
    return [
        decode_block(opened(payloads[place], recording.cipher, place_of), part.epoch, part.seq)
        for place, part in enumerate(parts)
    ]


def read_frames(blobs: Blobs, recording: Recording, frames: Sequence[FrameEntry]) -> Iterator[list[RrwebEvent]]:
    """The events of one frame of the recording after the other; one frame is in memory at a time."""
    replay, index = recording.replay, recording.index
    if index is None:
        return
    place = frame_place(replay.replay_id)
    for frame in frames:
        stored = blobs.get_range(replay.object, frame.offset, frame.length)
        yield list(frame_events(index, frame, opened(stored, recording.cipher, place)))


def read_events(
    stores: Stores, recording: Recording, from_ms: float | None, to_ms: float | None, *, snapshot: bool
) -> Iterator[bytes]:
    """NDJSON of the rrweb events in order, each once, in pieces.

    With `snapshot`, from the last full snapshot (with the Meta event before it) at or before `from_ms`, up to and with
    `to_ms`; without, strictly (from_ms, to_ms]. Hot blocks are read before this returns, frames as they are needed.
    """
    start = _last_snapshot(recording, from_ms) if snapshot and from_ms is not None else None
    low = from_ms if not snapshot else None if start is None else start - META_WITHIN_MS
    events = _between(stores.blobs, recording, low, to_ms)
    if start is not None:
        return _lines(_from_snapshot(events, start))
    if low is not None:
        return _lines([event for event in some if event.timestamp > low] for some in events)
    return _lines(events)


def _last_snapshot(recording: Recording, from_ms: float) -> int | None:
    """When the last full snapshot at or before `from_ms` is, to the millisecond."""
    lists = [part.full_snapshots for part in recording.hot]
    if recording.index:
        lists += [frame.full_snapshots for frame in recording.index.frames]
    return max((at_ms for some in lists for at_ms in some if at_ms <= from_ms), default=None)


def _between(blobs: Blobs, recording: Recording, low: float | None, high: float | None) -> Iterator[list[RrwebEvent]]:
    """The events in order, in lists, up to `high`; what lies wholly before `low` or after `high` is not read.

    An event has the same time in every batch it came in, so leaving out blocks by time hides no duplicate.
    """

    def touches(first_ms: int, last_ms: int) -> bool:
        return (low is None or last_ms + 1 > low) and (high is None or first_ms <= high)

    index = recording.index
    wanted = [part for part in recording.hot if touches(part.first_ms, part.last_ms)]
    fresh = new_events(index, block_events(blobs, recording, wanted))

    def flow() -> Iterator[list[RrwebEvent]]:
        standing = frames_before(index, (event for block in fresh for event in block)) if index else 0
        if index:
            frames = [frame for frame in index.frames[:standing] if touches(frame.first_ms, frame.last_ms)]
            yield from read_frames(blobs, recording, frames)
            later = [frame for frame in index.frames[standing:] if touches(frame.first_ms, frame.last_ms)]
            sealed = [event for some in read_frames(blobs, recording, later) for event in some]
            yield merge([sealed, *fresh])
        else:
            yield merge(fresh)

    if high is None:
        return flow()
    return ([event for event in some if event.timestamp <= high] for some in flow())


def new_events(index: RecordingIndex | None, blocks: list[list[RrwebEvent]]) -> list[list[RrwebEvent]]:
    """The blocks without the numbered events that the sealed recording holds already."""
    if index is None:
        return blocks
    fresh = ([event for event in block if not (event.epoch and index.holds(event))] for block in blocks)
    return [block for block in fresh if block]


def _from_snapshot(events: Iterator[list[RrwebEvent]], start_ms: int) -> Iterator[list[RrwebEvent]]:
    """From the full snapshot of this millisecond on, with the Meta event right before it."""
    before: RrwebEvent | None = None
    for some in events:
        for place, event in enumerate(some):
            if event.type == FULL_SNAPSHOT and event.at_ms == start_ms:
                yield [*([before] if before and before.type == META else []), *some[place:]]
                yield from events
                return
            before = event


def _lines(events: Iterable[list[RrwebEvent]]) -> Iterator[bytes]:
    for some in events:
        if some:
            yield b"".join(event.text + b"\n" for event in some)


def stored_frame(stores: Stores, replay: Replay, generation: int, n: int) -> bytes:
    """A frame as it was made: one zstd frame of NDJSON. Raises NotFound when that generation or frame is gone,
    `Conflict` while any of the replay must yet be masked."""
    check_watchable(replay)
    path = replay.object
    if generation != replay.generation or not path:
        raise NotFound("That generation of the recording is no more: read the index again.", code="frame_not_found")
    frames = load_index(stores, replay).frames
    if not 0 <= n < len(frames):
        raise NotFound("The recording has no such frame.", code="frame_not_found")
    try:
        stored = stores.blobs.get_range(path, frames[n].offset, frames[n].length)
    except BlobNotFound:
        raise NotFound("The recording was replaced: read the index again.", code="frame_not_found") from None
    return opened(stored, opener_of(stores, replay), frame_place(replay.replay_id))
