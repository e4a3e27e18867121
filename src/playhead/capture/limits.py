"""How many requests a project may send: a token bucket per project."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from playhead.errors import TooMany


class RateLimiter:
    """`rate` requests a second and project, with bursts of `burst`."""

    def __init__(self, rate: int, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, project_id: str) -> None:
        """Counts one request. Raises `TooMany` with the seconds to wait when the project's bucket is empty."""
        now = self._clock()
        left, since = self._buckets.get(project_id, (float(self._burst), now))
        left = min(float(self._burst), left + (now - since) * self._rate)
        if left < 1:
            self._buckets[project_id] = (left, now)
            raise TooMany(
                f"The project sends more than {self._rate} requests a second (PLAYHEAD_RATE_LIMIT_PER_SECOND).",
                code="rate_limited",
                retry_after_s=max(1, math.ceil((1 - left) / self._rate)),
            )
        self._buckets[project_id] = (left - 1, now)
