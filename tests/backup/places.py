"""Places to back up and to restore into, and the worker's rounds there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from deleting import worked_off
from visits import START, Clock, Visit, click, mutation, opening, set_profile, track

from playhead.accounts import NewProject
from playhead.governance.requests import Receipt, receipt_of
from playhead.journal import JournalQueue
from playhead.replays.sealing import seal_due
from playhead.settings import Settings
from playhead.stores import Stores, open_stores
from playhead.stores.analytics import Analytics
from playhead.stores.tables import DataRequest


@contextmanager
def empty_place(own_engine: Analytics, directory: Path) -> Iterator[tuple[Settings, Stores]]:
    """Stores in which nothing is, beside an engine of which every table is dropped."""
    for row in own_engine.query("SELECT name FROM system.tables WHERE database = currentDatabase()"):
        own_engine.command("DROP TABLE {name:Identifier} SYNC", {"name": row["name"]})
    settings = Settings(_env_file=None, data=directory)  # type: ignore[call-arg]
    directory.mkdir(exist_ok=True)
    opened = open_stores(settings)
    opened.control.migrate()
    there = replace(opened, analytics=own_engine)
    yield settings, there
    there.control.close()


def a_little_history(stores: Stores, project: NewProject, settings: Settings, clock: Clock) -> list[str]:
    """A sealed replay, one with hot blocks on top, a hot one; people, events, a saved report. Answers the replays."""
    first, second, third = (Visit(stores, project.project_id, distinct_id=f"$device:d{n}") for n in range(3))
    for visit in (first, second):
        visit.send([*opening(), click(500), mutation(900)])
    clock.now = START + 3_600_000
    assert seal_due(stores, settings, clock.now) == 2
    second.send([mutation(5_000, "late"), click(6_000)], seq=4)
    third.send([*opening(), click(700)])
    for n, visit in enumerate((first, second, third)):
        track(stores, project.project_id, "Bought", at=600 + n, distinct_id=visit.distinct_id,
              replay_id=visit.replay_id, device_id=f"d{n}", user_id=f"ann{n}", properties={"price": n, "café": "ü"})  # fmt: skip
        set_profile(stores, project.project_id, f"ann{n}", **{"$name": f"Ann {n}", "$email": f"ann{n}@shop.test"})
    return [first.replay_id, second.replay_id, third.replay_id]


def done(stores: Stores, settings: Settings, request: DataRequest, clock: Clock) -> Receipt:
    """The worker's rounds until the deletion is over."""
    JournalQueue.open(settings.journal_path).close()
    row = worked_off(stores, settings, request, clock)
    assert row.state == "done", row.error
    return receipt_of(row)
