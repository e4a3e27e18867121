"""What the page did, told in batches that are cut, sent again, late and out of order, is rebuilt exactly."""

from __future__ import annotations

import itertools
import random

from hypothesis import given
from hypothesis import strategies as st

from playhead.recordings.events import RrwebEvent
from playhead.recordings.merge import Run, gaps, join_runs, merge, runs_of

EPOCH = "1795341600000-a1b2"
LATER = "1795341660000-c3d4"


def event(at: int, what: str, epoch: str = "", number: int = 0, kind: int = 3) -> RrwebEvent:
    return RrwebEvent(f'{{"type":{kind},"timestamp":{at},"data":{{"w":"{what}"}}}}'.encode(), kind, at, epoch, number)


def texts(events: list[RrwebEvent]) -> list[bytes]:
    return [e.text for e in events]


# A class goes on, off and on again within a millisecond: repeats are real, and their order is what is seen.
steps = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["on", "off"])), min_size=1, max_size=40)


def stream(moves: list[tuple[int, str]], epoch: str = EPOCH, start: int = 1000) -> list[RrwebEvent]:
    events, at = [], start
    for number, (wait, what) in enumerate(moves):
        at += wait
        events.append(event(at, what, epoch, number))
    return events


@given(steps, st.randoms(use_true_random=False))
def test_numbered_events_are_put_together_however_they_were_cut(
    moves: list[tuple[int, str]], chance: random.Random
) -> None:
    undisturbed = stream(moves)
    batches = []
    for _ in range(4):
        cuts = sorted(chance.sample(range(len(moves) + 1), min(3, len(moves) + 1)))
        bounds = [0, *cuts, len(moves)]
        batches += [undisturbed[a:b] for a, b in itertools.pairwise(bounds) if a < b]
    chance.shuffle(batches)
    assert merge(batches) == undisturbed


@given(steps, steps, st.randoms(use_true_random=False))
def test_merging_in_parts_is_merging_at_once(
    first: list[tuple[int, str]], second: list[tuple[int, str]], chance: random.Random
) -> None:
    one, two = stream(first), stream(second, LATER, 1010)
    batches = [one[: len(one) // 2], one[len(one) // 2 :], two[: len(two) // 2], two[len(two) // 2 :]]
    at_once = merge(batches)
    chance.shuffle(batches)
    assert merge([merge(batches[:2]), *batches[2:]]) == at_once


@given(steps, st.randoms(use_true_random=False))
def test_unnumbered_events_come_once_after_retries_and_in_any_order(
    moves: list[tuple[int, str]], chance: random.Random
) -> None:
    """As `mixpanel-browser` sends: a retry is the same queue's beginning again, possibly longer."""
    undisturbed = stream(moves, "")
    # A batch ends where the clock moves on: what lies in one millisecond was queued together.
    ends = [n for n in range(1, len(moves)) if moves[n][0] > 0]
    cuts = sorted(chance.sample(ends, min(len(ends), 3)))
    bounds = [0, *cuts, len(moves)]
    batches = []
    for seq, (a, b) in enumerate(itertools.pairwise(bounds)):
        whole = [event(int(e.timestamp), e.text.decode().split('"w":"')[1][:-3], "", seq) for e in undisturbed[a:b]]
        batches.append(whole)
        if chance.random() < 0.5:
            batches.append(whole[: chance.randint(1, len(whole))])
    chance.shuffle(batches)
    assert texts(merge(batches)) == texts(undisturbed)
    half = len(batches) // 2
    assert texts(merge([merge(batches[:half]), *batches[half:]])) == texts(undisturbed)


def test_a_longer_retry_falls_into_place_around_what_came_before() -> None:
    short = [event(5, "off", "", 1), event(5, "on", "", 1)]
    long = [event(5, "on", "", 1), event(5, "off", "", 1), event(5, "on", "", 1)]
    assert texts(merge([short, long])) == texts(long)
    assert texts(merge([long, short])) == texts(long)


def test_ties_stand_in_batch_order_even_when_the_earlier_batch_is_late() -> None:
    assert texts(merge([[event(5, "b", "", 1)], [event(5, "a", "", 0)]])) == texts(
        [event(5, "a", "", 0), event(5, "b", "", 1)]
    )


def test_a_page_that_comes_back_goes_on_after_the_one_between() -> None:
    before = [event(1, "a", EPOCH, 0), event(2, "b", EPOCH, 1)]
    between = [event(10, "c", LATER, 0)]
    after = [event(20, "d", EPOCH, 2)]
    assert merge([after, between, before]) == [*before, *between, *after]


def test_a_page_load_keeps_its_numbers_order_when_its_clock_jumps_back() -> None:
    jumping = [event(100, "a", EPOCH, 0), event(50, "b", EPOCH, 1), event(101, "c", EPOCH, 2)]
    assert merge([[jumping[2]], [jumping[0]], [jumping[1]]]) == jumping


def test_missing_numbers_are_gaps_with_their_time() -> None:
    runs = runs_of([event(10, "a", EPOCH, 0), event(11, "b", EPOCH, 1), event(20, "c", EPOCH, 4)])
    assert runs == [Run(EPOCH, 0, 2, 10, 11), Run(EPOCH, 4, 5, 20, 20)]
    assert gaps(runs) == [(11, 20)]
    assert gaps([*runs, Run(EPOCH, 2, 4, 12, 19)]) == []
    assert join_runs([Run(EPOCH, 0, 3, 1, 2), Run(EPOCH, 1, 2, 1, 1)]) == [Run(EPOCH, 0, 3, 1, 2)]


def test_a_page_load_whose_first_events_are_missing_has_a_gap_from_its_beginning() -> None:
    assert gaps([Run(EPOCH, 7, 9, 1795341600500, 1795341600600)]) == [(1795341600000, 1795341600500)]
