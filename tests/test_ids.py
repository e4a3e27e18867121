"""Ids sort by when they were made."""

from __future__ import annotations

from visits import Clock

from playhead.ids import new_ingest_id


def test_ids_of_one_millisecond_sort_as_they_were_made(clock: Clock) -> None:
    made = [new_ingest_id() for _ in range(1_000)]
    assert made == sorted(made)
    assert len(set(made)) == 1_000
    clock.now += 1
    assert new_ingest_id() > made[-1]
    assert {each.version for each in made} == {7}
