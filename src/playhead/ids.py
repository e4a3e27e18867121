"""Identifiers: UUIDv7 for what is named by the time it came in, random tokens for what must not be guessed."""

from __future__ import annotations

import secrets
import threading
from uuid import UUID

from playhead.clock import now_ms

_lock = threading.Lock()
# The millisecond of the last id, and how many ids it had.
_last = (0, 0)


def new_ingest_id() -> UUID:
    """A UUIDv7 (RFC 9562) of the clock's time: sorts by arrival, also those of one process within a millisecond."""
    global _last  # noqa: PLW0603
    ms = now_ms()
    with _lock:
        count = _last[1] + 1 if _last[0] == ms else 0
        _last = (ms, count)
    return UUID(int=ms << 80 | 0x7 << 76 | min(count, 0xFFF) << 64 | 0b10 << 62 | secrets.randbits(62))


def new_project_id() -> str:
    """Ten lower-case letters and digits, safe in paths, host names and SQL identifiers."""
    alphabet = "abcdefghijkmnpqrstuvwxyz23456789"
    return "p" + "".join(secrets.choice(alphabet) for _ in range(9))


def new_secret(prefix: str) -> str:
    """`prefix_` and 32 bytes of chance, URL-safe."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"
