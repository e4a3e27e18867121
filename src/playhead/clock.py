"""The one clock. Tests set it; nothing else in the project asks the system for the time of day."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

_now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000  # noqa: E731


def now_ms() -> int:
    """Milliseconds since the epoch, UTC."""
    return _now_ms()


def set_clock(source: Callable[[], int] | None) -> None:
    """Replace the clock (tests), or restore the system's with None."""
    global _now_ms  # noqa: PLW0603
    _now_ms = source or (lambda: time.time_ns() // 1_000_000)


def rfc3339(ms: int) -> str:
    """`2026-11-22T10:00:00.000Z` for epoch milliseconds."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"
