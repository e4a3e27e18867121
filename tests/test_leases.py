"""Who holds a lease, and for how long."""

from __future__ import annotations

import threading
import time

from sqlalchemy import select
from visits import Clock

from playhead.leases import is_taken, renewed, take_lease
from playhead.stores import Stores
from playhead.stores.tables import Lease


def test_a_lease_lasts_for_as_long_as_the_work_under_it(stores: Stores, clock: Clock) -> None:
    assert take_lease(stores.control, "house", "one", 1)

    def expires_at_ms() -> int:
        with stores.control.read() as session:
            return session.scalars(select(Lease.expires_at_ms).where(Lease.name == "house")).one()

    with renewed(stores.control, "house", "one", 1):
        for _ in range(3):
            # The work takes longer than the lease: by when it would be over it has been prolonged.
            before = expires_at_ms()
            clock.now += 900
            deadline = time.monotonic() + 20
            while expires_at_ms() == before:
                assert time.monotonic() < deadline
                threading.Event().wait(0.02)
            assert not take_lease(stores.control, "house", "another", 1)
    clock.now += 1_001
    assert not is_taken(stores.control, "house")
    assert take_lease(stores.control, "house", "another", 1)
