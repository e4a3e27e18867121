"""Arrival time is never an offset by itself, and nothing is placed in the future."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from playhead.capture.clockrule import MAX_MS, TOLERANCE_MS, batch_offset_ms, clamp_ms, place_event, sent_offset_ms

NOW = 1_795_341_600_000
HOUR = 3_600_000
times = st.integers(0, MAX_MS)


def test_a_late_batch_of_a_right_clock_has_no_offset() -> None:
    assert batch_offset_ms(NOW, NOW - 300, NOW - 12 * HOUR) == 0
    assert batch_offset_ms(NOW, None, NOW - 12 * HOUR) == 0


def test_small_differences_are_left_alone() -> None:
    assert sent_offset_ms(NOW, NOW - TOLERANCE_MS) == 0
    assert sent_offset_ms(NOW, NOW - TOLERANCE_MS - 1) == TOLERANCE_MS + 1


def test_a_wrong_clock_that_says_so_is_corrected() -> None:
    assert batch_offset_ms(NOW, NOW - HOUR, NOW - HOUR - 500) == HOUR
    assert batch_offset_ms(NOW, NOW + HOUR, NOW + HOUR - 500) == -HOUR


def test_without_sent_at_only_the_future_is_evidence() -> None:
    assert batch_offset_ms(NOW, None, NOW + TOLERANCE_MS) == 0
    assert batch_offset_ms(NOW, None, NOW + HOUR) == -HOUR


@given(times, st.none() | st.integers(-(10**15), 10**15), times)
def test_no_batch_is_placed_in_the_future(received: int, sent: int | None, last: int) -> None:
    assert last + batch_offset_ms(received, sent, last) <= received + TOLERANCE_MS


@given(st.integers(-(10**15), 10**15), times, st.integers(-(10**12), 10**12), st.booleans())
def test_no_event_is_placed_in_the_future(client: int, received: int, offset: int, told: bool) -> None:
    time_ms, _ = place_event(client, received, offset, told=told)
    assert 0 <= time_ms <= max(received + TOLERANCE_MS, 0)


@given(st.floats(allow_nan=False))
def test_times_stay_within_what_stores_take(value: float) -> None:
    assert 0 <= clamp_ms(value) <= MAX_MS
