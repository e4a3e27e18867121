"""Stored bytes of a sealed recording beside the gzip batches an SDK sends, on every corpus."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from uuid import UUID

from bench.corpus import batches, encode, events
from bench.table import Row
from playhead.recordings.events import decode_block
from playhead.recordings.merge import merge
from playhead.recordings.sealed import About, write_recording
from playhead.replays.sealing import IDLE_LEVEL

NAME = "storage"

CORPORA = {"dash": 1_500, "shop": 600, "board": 600}


def run() -> Iterable[Row]:
    ratios = []
    for kind, seconds in CORPORA.items():
        sent = [encode(batch) for batch in batches(events(kind, seconds))]
        gzipped = [gzip.compress(body, 6) for body in sent]
        number, decoded = 0, []
        for body in gzipped:
            decoded.append(decode_block(body, "1790000000000-0000", number))
            number += len(decoded[-1])
        data, _ = write_recording(
            project_id="p",
            replay_id=str(UUID(int=1)),
            generation=1,
            events=merge(decoded),
            blocks=[UUID(int=1)],
            about=About(),
            level=IDLE_LEVEL,
        )
        stored = len(data)
        ratios.append(stored / sum(map(len, gzipped)))
        yield Row(
            f"{kind}, {sum(map(len, sent)) / 1e6:.1f} MB of JSON",
            f"{stored / 1000:.0f} KB",
            f"{sum(map(len, gzipped)) / 1000:.0f} KB gzip per batch",
            ratios[-1],
            "<= 0.65",
        )
    yield Row("mean", "", "", sum(ratios) / len(ratios), "<= 0.55")
