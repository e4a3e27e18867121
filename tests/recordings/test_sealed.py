from __future__ import annotations

import io
import random
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
import zstandard

from playhead.errors import PlayheadError
from playhead.recordings import sealed
from playhead.recordings.events import RrwebEvent
from playhead.recordings.sealed import (
    About,
    RecordingIndex,
    frame_events,
    frame_place,
    frames_before,
    read_frame,
    read_index,
    total,
    write_recording,
)
from playhead.recordings.segments import Corrupt, TailTooShort
from playhead.rrweb import FULL_SNAPSHOT, META
from playhead.stores.encryption import Cipher, KeyGone

GOLDEN = Path(__file__).parent / "golden"
EPOCH = "1795341600000-a1b2"
START = 1795341600000


def recording(count: int, *, every: int = 400, seed: int = 1) -> list[RrwebEvent]:
    """Events with text that compresses little, a full snapshot (with its Meta event) every so often."""
    chance = random.Random(seed)
    events: list[RrwebEvent] = []
    for number in range(count):
        kind = META if number % every == 0 else FULL_SNAPSHOT if number % every == 1 else 3
        data: object = {"source": 0, "texts": chance.randbytes(400).hex()}
        if kind == META:
            data = {"href": f"https://shop.test/{number}", "width": 1280, "height": 800}
        at = START + number * 20
        text = msgspec.json.encode({"type": kind, "timestamp": at, "data": data})
        events.append(RrwebEvent(text, kind, at, EPOCH, number))
    return events


def write(events: list[RrwebEvent], **more: object) -> tuple[bytes, RecordingIndex]:
    arguments = {"project_id": "p1", "replay_id": "r1", "generation": 1, "blocks": [UUID(int=7)], "about": About()}
    return write_recording(**(arguments | {"level": 9} | more), events=events)  # type: ignore[arg-type]


def read_all(data: bytes, index: RecordingIndex) -> list[RrwebEvent]:
    return [
        event
        for frame in index.frames
        for event in frame_events(index, frame, data[frame.offset : frame.offset + frame.length])
    ]


def test_what_was_written_is_read_frame_by_frame() -> None:
    events = recording(4_000)
    data, index = write(events)
    assert read_index(data) == index
    assert len(index.frames) > 3
    assert read_all(data, index) == events
    assert index.block_ids == {UUID(int=7)}
    for frame in index.frames[:-1]:
        assert frame.length > sealed.FULL_ENOUGH_BYTES * 0.9


def test_frames_begin_at_a_full_snapshot_where_there_is_room() -> None:
    data, index = write(recording(4_000, every=500))
    for frame in index.frames:
        text = read_frame(frame, data[frame.offset : frame.offset + frame.length])
        assert msgspec.json.decode(text.splitlines()[0])["type"] == META
        assert frame.full_snapshots


def test_the_whole_object_is_one_zstd_stream_of_the_events() -> None:
    events = recording(1_500)
    data, _ = write(events)
    reader = zstandard.ZstdDecompressor(max_window_size=2**23).stream_reader(io.BytesIO(data), read_across_frames=True)
    assert reader.read() == b"".join(event.text + b"\n" for event in events)


def test_the_index_is_read_from_the_tail_alone() -> None:
    data, index = write(recording(500))
    with pytest.raises(TailTooShort) as short:
        read_index(data[-20:])
    assert read_index(data[-short.value.needed :]) == index


def test_a_later_generation_keeps_the_frames_before_the_new_events() -> None:
    events = recording(4_000)
    data, index = write(events[:3_000])
    fresh = events[3_000:]
    keep = frames_before(index, fresh)
    assert keep == len(index.frames)
    end = index.frames[-1].offset + index.frames[-1].length
    later, grown = write(fresh, generation=2, before=index, kept=data[:end], kept_frames=keep, blocks=[UUID(int=8)])
    assert later[:end] == data[:end]
    assert read_all(later, grown) == events
    assert grown.block_ids == {UUID(int=7), UUID(int=8)}
    assert [(run.start, run.end) for run in grown.covered] == [(0, 4_000)]
    assert grown.holds(events[17])


def test_late_events_open_only_the_frames_they_fall_into() -> None:
    events = recording(4_000)
    late = events[2_000:2_010]
    _data, index = write(events[:2_000] + events[2_010:])
    keep = frames_before(index, late)
    assert 0 < keep < len(index.frames)
    assert index.frames[keep].last_ms >= late[0].timestamp
    assert not index.holds(late[0])


def test_damage_is_told_not_read() -> None:
    data, index = write(recording(500))
    frame = index.frames[0]
    good = data[frame.offset : frame.offset + frame.length]
    bad = good[:1000] + bytes([good[1000] ^ 1]) + good[1001:]
    with pytest.raises(Corrupt):
        read_frame(frame, bad)
    with pytest.raises(Corrupt):
        read_index(data[:-1])
    with pytest.raises(Corrupt):
        read_index(data[:-30] + bytes([data[-30] ^ 1]) + data[-29:])


def test_counts_over_frames_are_the_counts_of_the_whole() -> None:
    def click(number: int, at: int) -> RrwebEvent:
        text = b'{"type":3,"timestamp":%d,"data":{"source":2,"type":2,"id":1,"x":10,"y":10}}' % (START + at)
        return RrwebEvent(text, 3, START + at, EPOCH, number)

    events = [click(n, n * 100) for n in range(4)]
    first, index = write(events[:2])
    _whole, grown = write(
        events[2:], before=index, kept=first[: index.frame_bytes], kept_frames=len(index.frames), generation=2
    )
    summary = total(grown.frames)
    assert (summary.clicks, summary.rage_clicks) == (4, 1), "a burst that two frames share is one burst"
    assert summary.activity == [(START, 4)]


def test_the_format_is_the_golden_files() -> None:
    # Bytes of version 1 stand in other people's data directories: they must be read as they were written.
    data = (GOLDEN / "recording-v1.bin").read_bytes()
    index = read_index(data)
    assert read_all(data, index) == recording(120, every=50, seed=2)
    assert index.replay_id == "r1"


def test_the_encrypted_format_is_the_golden_file() -> None:
    cipher = Cipher(bytes(range(32)))
    data = (GOLDEN / "recording-v2.bin").read_bytes()
    index = read_index(data, cipher, "r1")
    assert index.encrypted
    clear = [
        event
        for frame in index.frames
        for event in frame_events(
            index, frame, cipher.open(data[frame.offset : frame.offset + frame.length], frame_place("r1"))
        )
    ]
    assert clear == recording(120, every=50, seed=2)
    for wrong in ((None, "r1"), (Cipher(bytes(32)), "r1"), (cipher, "r2")):
        with pytest.raises(PlayheadError):
            read_index(data, *wrong)


def test_an_encrypted_recording_is_not_followed_by_one_in_clear() -> None:
    _, before = write(recording(3), cipher=Cipher(bytes(32)))
    with pytest.raises(KeyGone):
        write(recording(3), before=before)
    _, before = write(recording(3))
    with pytest.raises(ValueError, match="encrypted as the new one"):
        write([], before=before, kept=b"x", kept_frames=1, cipher=Cipher(bytes(32)))
