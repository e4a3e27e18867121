"""What encryption at rest costs, beside the same without: appending, a flush's segment, sealing, reading a frame."""

from __future__ import annotations

import asyncio
import gzip
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from pathlib import Path
from uuid import UUID, uuid4

from bench.corpus import batches, encode, events
from bench.table import Row
from playhead.ids import new_ingest_id
from playhead.items import BatchSummary, Item, Kind
from playhead.journal import Journal
from playhead.recordings.events import decode_block
from playhead.recordings.merge import merge
from playhead.recordings.sealed import About, frame_place, read_frame, write_recording
from playhead.recordings.segments import Block, build_segment
from playhead.replays.sealing import BUSY_LEVEL
from playhead.stores.encryption import Cipher, Keyring, MasterKey, new_key

NAME = "encryption"
ROUNDS = 15


def run() -> Iterable[Row]:
    bodies = [gzip.compress(encode(batch), 6) for batch in batches(events("shop", 600))]
    number, decoded = 0, []
    for body in bodies:
        decoded.append(decode_block(body, "1790000000000-0000", number))
        number += len(decoded[-1])
    replay_id, cipher = str(uuid4()), Cipher(new_key())

    size = sum(map(len, bodies)) / 1e6
    yield row(
        f"a flush's segment, {size:.1f} MB of {len(bodies)} batches",
        lambda: segment(bodies, replay_id, cipher),
        lambda: segment(bodies, replay_id, None),
    )
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        ours, peer = (
            stack.enter_context(closing(Journal.open(Path(folder) / name, 1 << 40, keyring)))
            for name, keyring in (("ours", Keyring(MasterKey(new_key()))), ("peer", Keyring()))
        )
        yield row(
            "appending the same to the journal at once, fsync included",
            lambda: append(bodies, ours),
            lambda: append(bodies, peer),
            1.3,
        )

    def seal(ours: Cipher | None) -> object:
        return write_recording(
            project_id="p", replay_id=replay_id, generation=1, events=merge(decoded), blocks=[UUID(int=1)],
            about=About(), level=BUSY_LEVEL, cipher=ours,
        )  # fmt: skip

    yield row("sealing it, zstd 9", lambda: seal(cipher), lambda: seal(None), 1.1)
    data, index = write_recording(
        project_id="p", replay_id=replay_id, generation=1, events=merge(decoded), blocks=[], about=About(),
        level=BUSY_LEVEL, cipher=cipher,
    )  # fmt: skip
    frame = index.frames[0]
    stored = data[frame.offset : frame.offset + frame.length]
    place = frame_place(replay_id)
    clear = cipher.open(stored, place)
    yield row(
        f"reading a frame of {frame.length / 1000:.0f} KB",
        lambda: read_frame(frame, cipher.open(stored, place)),
        lambda: read_frame(frame, clear),
        1.3,
    )


def row(what: str, ours: Callable[[], object], peer: Callable[[], object], goal: float | None = None) -> Row:
    """The fastest of some rounds of each, in turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for work, found in zip((ours, peer), times, strict=True):
            begun = time.perf_counter()
            work()
            found.append(time.perf_counter() - begun)
    mine, theirs = map(min, times)
    return Row(
        what, f"{mine * 1000:.2f} ms", f"{theirs * 1000:.2f} ms in clear", mine / theirs, f"<= {goal}" if goal else ""
    )


def segment(bodies: list[bytes], replay_id: str, cipher: Cipher | None) -> object:
    summary = BatchSummary(replay_id, "", 0, 0, 0, 0, [], 0, "")
    blocks = [Block(UUID(int=n), 0, summary, body) for n, body in enumerate(bodies)]
    return build_segment(blocks, {replay_id: cipher} if cipher else None)


def append(bodies: list[bytes], journal: Journal) -> None:
    items = [Item("p", new_ingest_id(), Kind.RECORDING, 0, b"", body) for body in bodies]
    asyncio.run(journal.append(items))
