"""Many batches, some sent twice, late or cut differently, as one stream of rrweb events in order, each once.

The two rules (docs/internals/recording-format.md says why):

- Our SDK numbers its events within a page load: the same (epoch, number) is the same event, and the numbers are the
  order within a page load. Page loads follow each other by time; one that came back (bfcache) goes on later.
- Other SDKs number nothing. Events are one multiset: each as often as in the batch that has it most, sorted stably by
  timestamp, ties in batch order.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

import msgspec

from playhead.recordings.events import RrwebEvent

# Two groups of events in one millisecond are aligned exactly up to this many comparisons; beyond, by counting alone.
ALIGN_AT_MOST = 250_000

_number = attrgetter("number")
_timestamp = attrgetter("timestamp")


class Run(msgspec.Struct, frozen=True, array_like=True, order=True):
    """Events `start` up to (not including) `end` of one page load of our SDK, and the time they span."""

    epoch: str
    start: int
    end: int
    first_ms: int
    last_ms: int


def merge(batches: Iterable[Sequence[RrwebEvent]]) -> list[RrwebEvent]:
    """The events of all batches in playing order, each once. Batches come in the order (seq, arrival).

    A stream that was merged before may be given as one batch, first: merging in parts gives what merging at once does.
    """
    ours: dict[str, dict[int, RrwebEvent]] = defaultdict(dict)
    others: list[list[RrwebEvent]] = []
    for batch in batches:
        foreign = [event for event in batch if not event.epoch]
        if foreign:
            others.append(foreign)
        for event in batch:
            if event.epoch:
                ours[event.epoch].setdefault(event.number, event)
    streams = [_timed(sorted(events.values(), key=_number)) for _, events in sorted(ours.items())]
    if others:
        streams.insert(0, _timed(merge_multisets(others)))
    if len(streams) == 1:
        return [event for _, _, _, event in streams[0]]
    return [event for _, _, _, event in heapq.merge(*(_keyed(n, stream) for n, stream in enumerate(streams)))]


def _timed(events: Iterable[RrwebEvent]) -> Iterator[tuple[float, int, int, RrwebEvent]]:
    """Each event with the latest timestamp up to it, so that merging streams by time never reorders within one."""
    latest = 0.0
    for index, event in enumerate(events):
        latest = max(latest, event.timestamp)
        yield latest, 0, index, event


def _keyed(
    number: int, stream: Iterable[tuple[float, int, int, RrwebEvent]]
) -> Iterator[tuple[float, int, int, RrwebEvent]]:
    for latest, _, index, event in stream:
        yield latest, number, index, event


def merge_multisets(batches: Sequence[Sequence[RrwebEvent]]) -> list[RrwebEvent]:
    """Events without numbers: each as often as in the batch that has it most, by timestamp, ties in batch order."""
    merged = sorted(batches[0], key=_timestamp)
    for batch in batches[1:]:
        merged = _merge_two(merged, sorted(batch, key=_timestamp))
    return merged


def _merge_two(merged: list[RrwebEvent], batch: list[RrwebEvent]) -> list[RrwebEvent]:
    if not merged or not batch or batch[0].timestamp > merged[-1].timestamp:
        return merged + batch
    result: list[RrwebEvent] = []
    both = heapq.merge(
        ((time, 0, list(events)) for time, events in groupby(merged, _timestamp)),
        ((time, 1, list(events)) for time, events in groupby(batch, _timestamp)),
        key=lambda group: group[:2],
    )
    for _, groups in groupby(both, key=lambda group: group[0]):
        lists = [events for _, _, events in groups]
        result += lists[0] if len(lists) == 1 else _merge_instant(lists[0], lists[1])
    return result


def _merge_instant(merged: list[RrwebEvent], batch: list[RrwebEvent]) -> list[RrwebEvent]:
    """Two lists of events of one instant: what `batch` has more often than `merged` comes in where `batch` has it.

    The lists are aligned by their longest common subsequence, so that on, off, on from a retry falls into place around
    the off, on that came before.
    """
    missing = Counter(event.text for event in batch)
    missing.subtract(event.text for event in merged)
    missing = +missing
    if not missing:
        return merged
    result: list[RrwebEvent] = []
    at_merged = at_batch = 0
    for anchor_merged, anchor_batch in [*_aligned(merged, batch), (len(merged), len(batch))]:
        fresh = []
        for event in batch[at_batch:anchor_batch]:
            if missing[event.text] > 0:
                missing[event.text] -= 1
                fresh.append(event)
        result += _by_batch(merged[at_merged:anchor_merged], fresh)
        if anchor_merged < len(merged):
            result.append(merged[anchor_merged])
        at_merged, at_batch = anchor_merged + 1, anchor_batch + 1
    return result


def _by_batch(standing: list[RrwebEvent], fresh: list[RrwebEvent]) -> list[RrwebEvent]:
    """`fresh` (of one batch) before the first of a later batch."""
    if not fresh or not standing:
        return standing + fresh
    for index, event in enumerate(standing):
        if event.number > fresh[0].number:
            return standing[:index] + fresh + standing[index:]
    return standing + fresh


def _aligned(a: list[RrwebEvent], b: list[RrwebEvent]) -> list[tuple[int, int]]:
    """Pairs of indices of a longest common subsequence."""
    if len(a) * len(b) > ALIGN_AT_MOST:
        return []
    lengths = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a) - 1, -1, -1):
        for j in range(len(b) - 1, -1, -1):
            same = a[i].text == b[j].text
            lengths[i][j] = lengths[i + 1][j + 1] + 1 if same else max(lengths[i + 1][j], lengths[i][j + 1])
    pairs: list[tuple[int, int]] = []
    i = j = 0
    while i < len(a) and j < len(b):
        if a[i].text == b[j].text:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif lengths[i + 1][j] >= lengths[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs


def runs_of(events: Iterable[RrwebEvent]) -> list[Run]:
    """Which numbered events of our SDK are there, as few runs as possible."""
    return join_runs(
        Run(event.epoch, event.number, event.number + 1, event.at_ms, event.at_ms) for event in events if event.epoch
    )


def join_runs(runs: Iterable[Run]) -> list[Run]:
    """Runs that touch or overlap as one, by page load and number."""
    joined: list[Run] = []
    for run in sorted(runs):
        last = joined[-1] if joined else None
        if last and last.epoch == run.epoch and run.start <= last.end:
            joined[-1] = Run(
                run.epoch,
                last.start,
                max(last.end, run.end),
                min(last.first_ms, run.first_ms),
                max(last.last_ms, run.last_ms),
            )
        else:
            joined.append(run)
    return joined


def gaps(runs: Iterable[Run]) -> list[tuple[int, int]]:
    """When events are missing: the time between the events around each hole in the numbers, in time order.

    A page load whose first events are missing has a hole from its beginning, which its epoch tells (wire.md).
    """
    found: list[tuple[int, int]] = []
    before: Run | None = None
    for run in join_runs(runs):
        if before and before.epoch == run.epoch:
            found.append((before.last_ms, max(run.first_ms, before.last_ms)))
        elif run.start > 0:
            began = int(run.epoch[:13]) if run.epoch[:13].isdigit() else run.first_ms
            found.append((min(began, run.first_ms), run.first_ms))
        before = run
    return sorted(found)
