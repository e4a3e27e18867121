"""Deletions in tests: asked for, and worked off as the worker does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from visits import Clock

from playhead.governance import erasing
from playhead.governance.audit import Actor
from playhead.governance.requests import WAIT_MS, Asked, create_deletion
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.tables import DataRequest

ALICE = Actor("member", "m1", "Alice Admin")


def worked_off(stores: Stores, settings: Settings, request: DataRequest, clock: Clock) -> DataRequest:
    """The request once it is over, after as many of the worker's rounds as that takes."""
    clock.now += WAIT_MS
    # The engine takes parts off the disk some seconds after they are no longer in use.
    deadline = time.monotonic() + 60
    while (found := _row(stores, request)).state in {"waiting", "running"}:
        assert time.monotonic() < deadline, f"{found.state}, step {found.done}"
        erasing.run_requests(stores, settings, clock.now)
        if stores.control.engine.dialect.name != "sqlite" and _row(stores, request).done == 0:
            # Other nodes' journals can be served by the same control store, so their flushes are waited for.
            clock.now += erasing.OTHERS_MS
        threading.Event().wait(0.1)
    return found


def _row(stores: Stores, request: DataRequest) -> DataRequest:
    with stores.control.read() as session:
        return session.get_one(DataRequest, (request.project_id, request.request_id))


class Requests:
    """Asks for deletions, and does the worker's work until one is over."""

    def __init__(self, stores: Stores, settings: Settings, project_id: str, clock: Clock) -> None:
        self._stores, self._settings, self._clock = stores, settings, clock
        self._project_id = project_id

    def ask(self, asked: Asked) -> DataRequest:
        return create_deletion(self._stores, self._project_id, asked, ALICE, self._clock.now)

    def now(self, request: DataRequest) -> DataRequest:
        return _row(self._stores, request)

    def work(self, stopped: Callable[[], bool] = lambda: False) -> None:
        erasing.run_requests(self._stores, self._settings, self._clock.now, stopped)

    def finish(self, request: DataRequest) -> DataRequest:
        return worked_off(self._stores, self._settings, request, self._clock)
