"""However a visit's batches come in, and whenever they are sealed, the same rrweb events are read in the same order."""

from __future__ import annotations

import itertools
import json
import random

import pytest
from visits import START, Clock, Event, Visit, meta, mutation, opening, page, snapshot

from playhead.replays import sealing
from playhead.replays.access import find_replay
from playhead.replays.reading import open_recording, read_events
from playhead.stores import Stores
from playhead.stores.tables import Project

LATER = "1795341660000-c3d4"


def read(stores: Stores, visit: Visit, now: int, low: float | None = None, *, snapshot: bool = True) -> list[Event]:
    replay = find_replay(stores.control, visit.project_id, visit.replay_id, now)
    pieces = read_events(stores, open_recording(stores, replay), low, None, snapshot=snapshot)
    return [json.loads(line) for piece in pieces for line in piece.splitlines()]


def toggles(start: int, count: int, chance: random.Random) -> list[Event]:
    """A class goes on and off, often several times within a millisecond."""
    events, at = [], start
    for n in range(count):
        at += chance.choice((0, 0, 0, 700))
        events.append(mutation(at, "on" if n % 2 == 0 else "off"))
    return events


@pytest.mark.parametrize("seed", range(4))
def test_ours_in_any_cut_and_order(stores: Stores, project: Project, clock: Clock, seed: int) -> None:
    chance = random.Random(seed)
    clock.now = START + 60_000
    visit = Visit(stores, project.project_id)
    loads = {
        "1795341600000-a1b2": [*opening(), *toggles(10, 30, chance)],
        LATER: [*opening(60_000, "https://shop.test/item"), *toggles(60_010, 30, chance)],
    }
    sends = []
    for epoch, events in loads.items():
        for _ in range(2):
            cuts = [0, *sorted(chance.sample(range(1, len(events)), 4)), len(events)]
            sends += [(epoch, a, events[a:b]) for a, b in itertools.pairwise(cuts)]
    chance.shuffle(sends)
    for n, (epoch, seq, events) in enumerate(sends):
        visit.send(events, epoch=epoch, seq=seq)
        if n % 5 == 4:
            replay = find_replay(stores.control, visit.project_id, visit.replay_id, clock.now)
            sealing.seal_replay(stores, replay, clock.now, level=chance.choice((9, 19)))
    whole = [event for events in loads.values() for event in events]
    assert read(stores, visit, clock.now) == whole
    sealing.seal_replay(stores, find_replay(stores.control, visit.project_id, visit.replay_id, clock.now), clock.now)
    assert read(stores, visit, clock.now) == whole
    from_second = [event for event in whole if event["timestamp"] >= START + 60_000]
    assert read(stores, visit, clock.now, START + 60_500) == from_second
    strictly = [event for event in whole if event["timestamp"] > START + 60_010]
    assert read(stores, visit, clock.now, START + 60_010, snapshot=False) == strictly


@pytest.mark.parametrize("seed", range(4))
def test_others_with_retries_and_a_late_page(stores: Stores, project: Project, clock: Clock, seed: int) -> None:
    """As `mixpanel-browser` does: the third page's batch first, then the first pages' in one that is not sorted."""
    chance = random.Random(seed)
    clock.now = START + 60_000
    visit = Visit(stores, project.project_id)
    pages = [
        [meta(at, f"https://shop.test/{at}"), snapshot(at + 1), *toggles(at + 2, 20, chance)]
        for at in (0, 30_000, 60_000)
    ]
    first = [*pages[2][:12]]
    second = [*pages[1], *pages[0]]
    # The last batch begins where the clock moved on.
    rest = [event for event in pages[2][12:] if event["timestamp"] > first[-1]["timestamp"]]
    sends = [(0, first[:5]), (0, first), (1, second), (1, [*second, *rest]), (1, second[:30])]
    chance.shuffle(sends)
    for n, (seq, events) in enumerate(sends):
        visit.send(events, epoch="", seq=seq)
        if n == 2:
            replay = find_replay(stores.control, visit.project_id, visit.replay_id, clock.now)
            sealing.seal_replay(stores, replay, clock.now)
    expected = [*pages[0], *pages[1], *first, *rest]
    assert read(stores, visit, clock.now) == expected
    sealing.seal_replay(stores, find_replay(stores.control, visit.project_id, visit.replay_id, clock.now), clock.now)
    assert read(stores, visit, clock.now) == expected


def test_a_page_event_before_its_snapshot_is_read_with_it(stores: Stores, project: Project, clock: Clock) -> None:
    clock.now = START + 60_000
    visit = Visit(stores, project.project_id)
    visit.send([page(0), meta(1), snapshot(2), mutation(3)])
    assert [event["type"] for event in read(stores, visit, clock.now, START + 3)] == [4, 2, 3]
