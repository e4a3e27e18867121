"""Sealed recordings: one object per replay, its rrweb events merged and in order, readable frame by frame."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

import msgspec
import zstandard
from isal import isal_zlib

from playhead.items import Marker
from playhead.recordings.events import RrwebEvent, decode_lines
from playhead.recordings.merge import Run, join_runs, runs_of
from playhead.recordings.segments import Corrupt, TailTooShort
from playhead.recordings.summarise import Counter, Summary
from playhead.rrweb import FULL_SNAPSHOT, META
from playhead.stores.encryption import Cipher, KeyGone, opened

MAGIC = b"PHRECRD"
VERSION = 1
ENCRYPTED_VERSION = 2
TRAILER_BYTES = 16
# RFC 8878: any of 0x184D2A50…5F is skipped by every decoder.
SKIPPABLE = (0x184D2A5E).to_bytes(4, "little")

FRAME_BYTES = 256 * 1024
# A full snapshot begins a new frame once the last one holds this much; sooner, the cut would cost more than it gains.
FULL_ENOUGH_BYTES = 160 * 1024
FRAME_RAW_BYTES = 16 * 1024 * 1024
# Chromium refuses more.
WINDOW_LOG = 23


class FrameEntry(msgspec.Struct, frozen=True, array_like=True):
    """One frame as the index lists it. `numbers` are (epoch's place in `RecordingIndex.epochs`, first number, count) of
    its events in order: the n-th of our SDK's has first number + n, others all have the `seq` of their batch.
    """

    offset: int
    length: int
    raw_bytes: int
    level: int
    events: int
    first_ms: int
    last_ms: int
    full_snapshots: list[int]
    numbers: list[tuple[int, int, int]]
    summary: Summary


class About(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of the replay from its batches and not from its events."""

    accepted_at_ms: int = 0
    received_at_ms: int = 0
    clock_offset_ms: int = 0
    distinct_id: str = ""
    distinct_id_at_ms: int = 0
    distinct_ids: list[str] = []
    device_ids: list[str] = []
    user_ids: list[str] = []
    browser: str = ""
    os: str = ""
    device: str = ""
    library: str = ""
    library_version: str = ""
    mask: str = ""
    visit: str = ""
    rules: str = ""
    rule_ids: list[str] = []
    masked: int = -1
    blocked: int = -1
    patterns: int = 0


class RecordingIndex(msgspec.Struct, frozen=True, omit_defaults=True):
    """What stands at the end of a sealed recording.

        recording
        ├─ frame 0                    a zstd frame with checksum, window ≤ 2^23: rrweb events as NDJSON
        ├─ frame 1 …                  each about 256 KB; one that has room begins at a full snapshot (its Meta event)
        └─ skippable frame            0x184D2A5E, length (u32 LE): decoders pass over it
           ├─ index                   zstd of the MessagePack of this class
           │  ├─ frames[]             offset, length, times, full snapshots, event numbers, what is counted in it
           │  ├─ blocks               ids of the hot blocks that are in here, 16 bytes each
           │  ├─ covered[]            event numbers that are in here, by page load
           │  └─ about                who, browser, recorder and its version, how it was masked and by which rules
           └─ trailer       16 bytes  index length (u32 LE), crc32 of the index (u32 LE), "PHRECRD", version

    The whole object is a valid zstd stream of the replay's events, so stored bytes are served as they are. The index is
    enough to make the replay's row in the analytics store again.

    In version 2 (`encrypted`) every frame, and the index, is an envelope of `stores.encryption` under the replay's key;
    offsets and lengths are of these, so that a frame is still read with one range request.
    """

    project_id: str
    replay_id: str
    generation: int
    epochs: list[str]
    frames: list[FrameEntry]
    blocks: bytes
    covered: list[Run]
    about: About
    encrypted: bool = False

    @property
    def block_ids(self) -> set[UUID]:
        return {UUID(bytes=self.blocks[at : at + 16]) for at in range(0, len(self.blocks), 16)}

    @property
    def first_ms(self) -> int:
        return min((frame.first_ms for frame in self.frames), default=0)

    @property
    def last_ms(self) -> int:
        return max((frame.last_ms for frame in self.frames), default=0)

    @property
    def frame_bytes(self) -> int:
        return sum(frame.length for frame in self.frames)

    def holds(self, event: RrwebEvent) -> bool:
        """Whether a numbered event of our SDK is in here."""
        return self.holds_all(Run(event.epoch, event.number, event.number + 1, 0, 0))

    def holds_all(self, run: Run) -> bool:
        """Whether every numbered event of the run is in here."""
        at = bisect_right(self.covered, (run.epoch, run.start), key=lambda each: (each.epoch, each.start)) - 1
        return at >= 0 and self.covered[at].epoch == run.epoch and run.end <= self.covered[at].end


class _Frames:
    """Cuts a stream of events into compressed frames, each encrypted where there is a cipher."""

    def __init__(  # noqa: PLR0917
        self,
        offset: int,
        level: int,
        epochs: list[str],
        before: Summary | None,
        cipher: Cipher | None,
        place: bytes,
    ) -> None:
        self._cipher = cipher
        self._place = place
        self.parts: list[bytes] = []
        self.entries: list[FrameEntry] = []
        self._offset = offset
        self._level = level
        self._epochs = epochs
        self._places = {epoch: place for place, epoch in enumerate(epochs)}
        self._counter = Counter(before)
        parameters = zstandard.ZstdCompressionParameters.from_level(
            level, window_log=WINDOW_LOG, write_checksum=True, write_content_size=False
        )
        self._compressor = zstandard.ZstdCompressor(compression_params=parameters)
        self._last_type = -1
        self._begin()

    def _begin(self) -> None:
        self._stream = self._compressor.compressobj()
        self._made: list[bytes] = []
        self._made_bytes = self._raw_bytes = self._events = 0
        self._first_ms = self._last_ms = 0
        self._full_snapshots: list[int] = []
        self._numbers: list[tuple[int, int, int]] = []

    def add(self, event: RrwebEvent) -> None:
        if self._events and self._last_type != META:
            startable = event.type in (META, FULL_SNAPSHOT)
            enough = FULL_ENOUGH_BYTES if startable else FRAME_BYTES
            if self._made_bytes >= enough or self._raw_bytes >= FRAME_RAW_BYTES:
                self.finish()
        line = event.text + b"\n"
        made = self._stream.compress(line)
        if made:
            self._made.append(made)
            self._made_bytes += len(made)
        self._raw_bytes += len(line)
        at = event.at_ms
        self._first_ms = min(self._first_ms, at) if self._events else at
        self._last_ms = max(self._last_ms, at) if self._events else at
        self._events += 1
        if event.type == FULL_SNAPSHOT:
            self._full_snapshots.append(at)
        self._number(event)
        self._counter.add(event)
        self._last_type = event.type

    def _number(self, event: RrwebEvent) -> None:
        place = self._places.get(event.epoch)
        if place is None:
            place = self._places[event.epoch] = len(self._epochs)
            self._epochs.append(event.epoch)
        if self._numbers:
            last_place, first, count = self._numbers[-1]
            if last_place == place and event.number == (first + count if event.epoch else first):
                self._numbers[-1] = (place, first, count + 1)
                return
        self._numbers.append((place, event.number, 1))

    def finish(self) -> None:
        if not self._events:
            return
        self._made.append(self._stream.flush())
        data = b"".join(self._made)
        if self._cipher is not None:
            data = self._cipher.seal(data, self._place)
        self.parts.append(data)
        self.entries.append(
            FrameEntry(
                self._offset,
                len(data),
                self._raw_bytes,
                self._level,
                self._events,
                self._first_ms,
                self._last_ms,
                self._full_snapshots,
                self._numbers,
                self._counter.take(),
            )
        )
        self._offset += len(data)
        self._begin()


def write_recording(
    *,
    project_id: str,
    replay_id: str,
    generation: int,
    events: Iterable[RrwebEvent],
    blocks: Iterable[UUID],
    about: About,
    level: int,
    before: RecordingIndex | None = None,
    kept: bytes = b"",
    kept_frames: int = 0,
    cipher: Cipher | None = None,
) -> tuple[bytes, RecordingIndex]:
    """The object's bytes and its index, from `events` in playing order, each once.

    The first `kept_frames` frames of `before` (their bytes: `kept`) stay as they are, `events` follow them. Memory is
    that of the compressed recording: events are taken one at a time. With a `cipher` frames and index are encrypted.
    """
    if before is not None and before.encrypted and cipher is None:
        raise KeyGone("The recording is encrypted, and its next generation would not be.")
    if kept_frames and before is not None and before.encrypted != (cipher is not None):
        raise ValueError("frames are kept only of a recording that is encrypted as the new one is")
    standing = before.frames[:kept_frames] if before else []
    epochs = list(before.epochs) if before else []
    frames = _Frames(
        len(kept), level, epochs, standing[-1].summary if standing else None, cipher, frame_place(replay_id)
    )
    fresh: list[Run] = []
    pending: list[RrwebEvent] = []
    for event in events:
        frames.add(event)
        if event.epoch:
            pending.append(event)
            if len(pending) >= 10_000:
                fresh, pending = join_runs([*fresh, *runs_of(pending)]), []
    frames.finish()
    covered = join_runs([*(before.covered if before else []), *fresh, *runs_of(pending)])
    ids = dict.fromkeys(block.bytes for block in blocks)
    if before:
        ids = dict.fromkeys(before.blocks[at : at + 16] for at in range(0, len(before.blocks), 16)) | ids
    index = RecordingIndex(
        project_id,
        replay_id,
        generation,
        epochs,
        [*standing, *frames.entries],
        b"".join(ids),
        covered,
        about,
        cipher is not None,
    )
    packed = zstandard.ZstdCompressor(level=9).compress(msgspec.msgpack.encode(index))
    version = VERSION
    if cipher is not None:
        packed, version = cipher.seal(packed, index_place(replay_id)), ENCRYPTED_VERSION
    trailer = (
        len(packed).to_bytes(4, "little") + isal_zlib.crc32(packed).to_bytes(4, "little") + MAGIC + bytes([version])
    )
    skippable = SKIPPABLE + (len(packed) + len(trailer)).to_bytes(4, "little")
    return b"".join([kept, *frames.parts, skippable, packed, trailer]), index


def frame_place(replay_id: str) -> bytes:
    """What an encrypted frame is authenticated to belong to."""
    return f"frame:{replay_id}".encode()


def index_place(replay_id: str) -> bytes:
    return f"index:{replay_id}".encode()


def read_index(tail: bytes, cipher: Cipher | None = None, replay_id: str = "") -> RecordingIndex:
    """The index of a sealed recording, from the last bytes of the object (or all of them).

    Raises `TailTooShort` when the index begins before `tail` does, `Corrupt` when it is no whole recording, and
    `KeyGone` when it is encrypted and there is no cipher.
    """
    if len(tail) < TRAILER_BYTES:
        raise TailTooShort(TRAILER_BYTES)
    trailer = tail[-TRAILER_BYTES:]
    if trailer[8:15] != MAGIC:
        raise Corrupt("The recording does not end with its magic: it was cut off or is another kind of object.")
    if trailer[15] not in {VERSION, ENCRYPTED_VERSION}:
        raise Corrupt(
            f"The recording has format version {trailer[15]}; this program reads {VERSION}, and 2 (encrypted)."
        )
    needed = int.from_bytes(trailer[:4], "little") + TRAILER_BYTES
    if len(tail) < needed:
        raise TailTooShort(needed)
    packed = tail[-needed:-TRAILER_BYTES]
    if isal_zlib.crc32(packed) != int.from_bytes(trailer[4:8], "little"):
        raise Corrupt("The recording's index does not match its checksum.")
    packed = opened(packed, cipher, index_place(replay_id))
    return msgspec.msgpack.decode(zstandard.ZstdDecompressor().decompress(packed), type=RecordingIndex)


def read_frame(frame: FrameEntry, data: bytes) -> bytes:
    """The NDJSON of a frame. Raises `Corrupt` when it does not match its checksum."""
    try:
        text = zstandard.ZstdDecompressor(max_window_size=2**WINDOW_LOG).decompress(
            data, max_output_size=frame.raw_bytes
        )
    except zstandard.ZstdError as error:
        raise Corrupt(f"A frame of a recording can't be read: {error}.") from error
    if len(text) != frame.raw_bytes:
        raise Corrupt("A frame of a recording is shorter than its index says.")
    return text


def frame_events(index: RecordingIndex, frame: FrameEntry, data: bytes) -> Iterator[RrwebEvent]:
    """The rrweb events of a frame, with the numbers they came with."""
    return decode_lines(read_frame(frame, data), _numbers(index.epochs, frame))


def _numbers(epochs: Sequence[str], frame: FrameEntry) -> Iterator[tuple[str, int]]:
    for place, first, count in frame.numbers:
        epoch = epochs[place]
        for n in range(count):
            yield epoch, first + n if epoch else first


def frames_before(index: RecordingIndex, events: Iterable[RrwebEvent]) -> int:
    """How many leading frames lie wholly before all of `events`, so that they need not be merged again."""
    first_ms: int | None = None
    lowest: dict[str, int] = {}
    for event in events:
        first_ms = event.at_ms if first_ms is None else min(first_ms, event.at_ms)
        if event.epoch:
            lowest[event.epoch] = min(lowest.get(event.epoch, event.number), event.number)
    if first_ms is None:
        return len(index.frames)
    for place, frame in enumerate(index.frames):
        if frame.last_ms >= first_ms:
            return place
        for epoch_place, number, count in frame.numbers:
            epoch = index.epochs[epoch_place]
            if epoch in lowest and number + count > lowest[epoch]:
                return place
    return len(index.frames)


def total(frames: Iterable[FrameEntry]) -> Summary:
    """The frames' summaries as one."""
    whole = Summary(pages=[], markers=[], recent_clicks=[])
    activity: dict[int, int] = {}
    markers: list[Marker] = []
    for frame in frames:
        part = frame.summary
        whole.clicks += part.clicks
        whole.rage_clicks += part.rage_clicks
        whole.errors += part.errors
        whole.inputs += part.inputs
        whole.pages += part.pages
        markers += part.markers
        whole.viewport = part.viewport if part.viewport != (0, 0) else whole.viewport
        for second, count in part.activity:
            activity[second] = activity.get(second, 0) + count
    whole.markers = sorted(markers, key=lambda marker: marker.at_ms)
    whole.activity = sorted(activity.items())
    return whole
