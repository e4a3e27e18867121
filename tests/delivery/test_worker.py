"""The worker: goes on when a store comes back, delivers the last on its way out, holds leases."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from playhead.health import read_worker_report
from playhead.ids import new_project_id
from playhead.journal import Journal, JournalQueue
from playhead.leases import release_lease, take_lease
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.analytics import AnalyticsDown
from playhead.worker import Worker

from .test_delivery import Way, event


class Switch:
    """An analytics store that can be turned off."""

    def __init__(self, analytics: Any) -> None:
        self._analytics, self.off = analytics, False

    def __getattr__(self, name: str) -> Any:
        if self.off:
            raise AnalyticsDown("nobody answers")
        return getattr(self._analytics, name)


@pytest.fixture
def way(stores: Stores, settings: Settings) -> Iterator[Way]:
    settings = settings.model_copy(update={"flush_seconds": 0.05})
    journal = Journal.open(settings.journal_path, settings.journal_max_bytes)
    queue = JournalQueue.open(settings.journal_path)
    yield Way(journal, queue, stores, settings, new_project_id())
    queue.close()
    journal.close()


@contextmanager
def running(way: Way, stores: Stores) -> Iterator[None]:
    queue = JournalQueue.open(way.settings.journal_path)
    worker = Worker(way.settings, stores, queue)
    thread = threading.Thread(target=worker.run)
    thread.start()
    yield
    worker.stop()
    thread.join(20)
    assert not thread.is_alive()
    queue.close()


def until(condition: Any, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def count(way: Way) -> int:
    return int(way.query("SELECT count() AS n FROM events FINAL WHERE project_id = {p:String}")[0]["n"])


def test_what_waits_while_a_store_is_down_drains_when_it_is_back(way: Way) -> None:
    switch = Switch(way.stores.analytics)
    with running(way, Stores(switch, way.stores.blobs, way.stores.control)):  # type: ignore[arg-type]
        way.put(way.events(event("One", "1")))
        until(lambda: count(way) == 1)
        switch.off = True
        way.put(way.events(event("Two", "2")))
        until(lambda: (report := read_worker_report(way.settings)) is not None and report.error == "nobody answers")
        assert way.queue.stats().items == 1
        switch.off = False
        until(lambda: count(way) == 2)
        until(lambda: (report := read_worker_report(way.settings)) is not None and not report.error)
    assert way.queue.stats().items == 0


def test_what_was_accepted_is_delivered_before_the_worker_ends(way: Way) -> None:
    way.settings = way.settings.model_copy(update={"flush_seconds": 30.0})
    with running(way, way.stores):
        until(lambda: read_worker_report(way.settings) is not None)
        way.put(way.events(event("Last", "l")))
    assert count(way) == 1


def test_one_holds_a_lease_until_it_runs_out(stores: Stores, clock: Any) -> None:
    control = stores.control
    assert take_lease(control, "job", "one", 60)
    assert take_lease(control, "job", "one", 60)
    assert not take_lease(control, "job", "two", 60)
    clock.now += 61_000
    assert take_lease(control, "job", "two", 60)
    release_lease(control, "job", "one")
    assert not take_lease(control, "job", "one", 60)
    release_lease(control, "job", "two")
    assert take_lease(control, "job", "one", 60)
