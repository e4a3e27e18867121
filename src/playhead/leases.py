"""Leases: which process does a job that only one may do at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import or_

from playhead.clock import now_ms
from playhead.errors import Unavailable
from playhead.stores.control import Control
from playhead.stores.tables import Lease

# Held while a backup copies: housekeeping rests. And for as long as a command works on a repository of backups.
BACKUP, WRITING = "backup", "backup writing"


def housekeeping(region: str) -> str:
    """The lease of a region's housekeeping: a store that is down holds up only its own."""
    return f"housekeeping {region}".strip()


def take_lease(control: Control, name: str, holder: str, seconds: int) -> bool:
    """Takes or prolongs a lease; False while another holds it."""
    now = now_ms()
    with control.write() as session:
        taken = session.execute(
            control.insert(Lease)
            .values(name=name, holder=holder, expires_at_ms=now + seconds * 1000)
            .on_conflict_do_update(
                index_elements=["name"],
                set_={"holder": holder, "expires_at_ms": now + seconds * 1000},
                where=or_(Lease.holder == holder, Lease.expires_at_ms < now),
            )
            .returning(Lease.name)
        ).all()
    return bool(taken)


def release_lease(control: Control, name: str, holder: str) -> None:
    with control.write() as session:
        lease = session.get(Lease, name)
        if lease is not None and lease.holder == holder:
            session.delete(lease)


def is_taken(control: Control, name: str) -> bool:
    """Whether anyone holds the lease now."""
    with control.read() as session:
        lease = session.get(Lease, name)
        return lease is not None and lease.expires_at_ms >= now_ms()


@contextmanager
def renewed(control: Control, name: str, holder: str, seconds: int) -> Iterator[None]:
    """Prolongs a lease that was taken, again and again, until the block ends: however long the work in it takes, nobody
    begins the same meanwhile."""
    done = threading.Event()

    def renew() -> None:
        while not done.wait(seconds / 4):
            with suppress(Unavailable):
                take_lease(control, name, holder, seconds)

    renewing = threading.Thread(target=renew, name=f"lease of {name}", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        done.set()
        renewing.join()
