"""Throttling: how often a log-in may fail for an account, and from an address."""

from __future__ import annotations

from sqlalchemy import delete, update

from playhead.accounts.hashing import hashed
from playhead.errors import TooMany
from playhead.stores.control import Control
from playhead.stores.tables import LoginAttempts

WINDOW_MS = 15 * 60_000
FAILURES_OF_ACCOUNT = 10
# Many people can share an address.
FAILURES_OF_ADDRESS = 100


def of_account(name: str) -> str:
    """What failures of an account are counted under; `name` need not be anybody's."""
    return hashed(f"account:{name}")


def of_address(address: str) -> str:
    return hashed(f"address:{address}")


def reserve(control: Control, account: str, address: str, now_ms: int) -> None:
    """Counts an attempt as failed before it is looked at, so that many at once are no way around the limit.

    Raises `TooMany` when there were too many already.
    """
    with control.write() as session:
        session.execute(delete(LoginAttempts).where(LoginAttempts.since_ms <= now_ms - WINDOW_MS))
        for key, most in ((account, FAILURES_OF_ACCOUNT), (address, FAILURES_OF_ADDRESS)):
            row = session.get(LoginAttempts, key)
            if row is None:
                session.add(LoginAttempts(key=key, since_ms=now_ms, failures=1))
            elif row.failures < most:
                row.failures += 1
            else:
                raise TooMany(
                    "Too many attempts failed. Wait a while, or use a one-time link of `playhead login-url`.",
                    code="too_many_attempts",
                    retry_after_s=max(1, -(-(row.since_ms + WINDOW_MS - now_ms) // 1_000)),
                )


def take_back(control: Control, *keys: str) -> None:
    """The attempt did not fail after all."""
    with control.write() as session:
        session.execute(
            update(LoginAttempts)
            .where(LoginAttempts.key.in_(keys), LoginAttempts.failures > 0)
            .values(failures=LoginAttempts.failures - 1)
        )


def forget(control: Control, account: str) -> None:
    """The account's owner is there: what others tried before does not count against them."""
    with control.write() as session:
        session.execute(delete(LoginAttempts).where(LoginAttempts.key == account))
