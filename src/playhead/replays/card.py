"""A replay's numbers, folded from its parts. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec

from playhead.replays.parts import Part

SPARKLINE_POINTS = 32
# A stretch without user input is inactive when it is longer than this.
INACTIVE_MS = 5_000


class Card(msgspec.Struct, frozen=True):
    """What a feed row shows of a replay. `first_ms` and `last_ms` are the rrweb events' own times, `started_at_ms` and
    `ended_at_ms` the same by the corrected clock. `owed`: parts wait to be masked; `masked` and `blocked` are None
    where the SDK does not tell."""

    replay_id: str
    first_ms: int
    last_ms: int
    clock_offset_ms: int
    received_at_ms: int
    active_ms: int
    pages: list[tuple[int, str]]
    events: int
    clicks: int
    rage_clicks: int
    errors: int
    size_bytes: int
    playable: bool
    batch_distinct_id: str
    browser: str
    os: str
    device: str
    library: str
    library_version: str
    mask: str
    owed: bool
    rule_ids: list[str]
    masked: int | None
    blocked: int | None
    patterns: int
    viewport: tuple[int, int]
    activity: list[tuple[int, int]]
    inactive: list[tuple[int, int]]

    @property
    def started_at_ms(self) -> int:
        return self.first_ms + self.clock_offset_ms

    @property
    def ended_at_ms(self) -> int:
        return self.last_ms + self.clock_offset_ms

    @property
    def duration_ms(self) -> int:
        return self.last_ms - self.first_ms

    @property
    def sparkline(self) -> list[int]:
        """User activity over the replay's length."""
        points = [0] * SPARKLINE_POINTS
        length = max(self.duration_ms, 1)
        for at_ms, count in self.activity:
            place = (at_ms - self.first_ms) * SPARKLINE_POINTS // length
            points[min(max(place, 0), SPARKLINE_POINTS - 1)] += count
        return points


def card_of(parts: Sequence[Part]) -> Card:
    """The card of a replay's standing parts, at least one, oldest events first."""
    first_ms = min(part.first_ms for part in parts)
    last_ms = max(part.last_ms for part in parts)
    seconds: dict[int, int] = {}
    for part in parts:
        for at_ms, count in part.activity:
            seconds[at_ms] = seconds.get(at_ms, 0) + count
    activity = sorted(seconds.items())
    inactive = inactive_stretches(activity, first_ms, last_ms)
    latest = sorted(parts, key=lambda part: (part.last_ms, part.received_at_ms))

    def last_known(name: str) -> str:
        return next((value for part in reversed(latest) if (value := str(getattr(part, name)))), "")

    return Card(
        replay_id=parts[0].replay_id,
        first_ms=first_ms,
        last_ms=last_ms,
        clock_offset_ms=parts[0].clock_offset_ms,
        received_at_ms=max(part.received_at_ms for part in parts),
        active_ms=last_ms - first_ms - sum(end - start for start, end in inactive),
        pages=visited(page for part in parts for page in part.pages),
        events=sum(part.events for part in parts),
        clicks=sum(part.clicks for part in parts),
        rage_clicks=sum(part.rage_clicks for part in parts),
        errors=sum(part.errors for part in parts),
        size_bytes=sum(part.byte_length for part in parts),
        playable=any(part.full_snapshots for part in parts),
        batch_distinct_id=last_known("distinct_id"),
        browser=last_known("browser"),
        os=last_known("os"),
        device=last_known("device"),
        library=last_known("library"),
        library_version=last_known("library_version"),
        mask=last_known("mask"),
        owed=any(part.owed for part in parts),
        rule_ids=list(dict.fromkeys(each for part in parts for each in part.rule_ids)),
        masked=told(part.masked for part in parts),
        blocked=told(part.blocked for part in parts),
        patterns=sum(part.patterns for part in parts),
        viewport=next((part.viewport for part in reversed(latest) if all(part.viewport)), (0, 0)),
        activity=activity,
        inactive=inactive,
    )


def told(counts: Iterable[int]) -> int | None:
    """The sum of what is told; None when nothing is (-1)."""
    known = [count for count in counts if count >= 0]
    return sum(known) if known else None


def visited(pages: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """Pages in order; the same address again (a reload, another full snapshot) is no new page."""
    found: list[tuple[int, str]] = []
    for at_ms, url in sorted(pages):
        if not found or found[-1][1] != url:
            found.append((at_ms, url))
    return found


def inactive_stretches(activity: Sequence[tuple[int, int]], first_ms: int, last_ms: int) -> list[tuple[int, int]]:
    """Where nobody did anything for over five seconds. `activity` counts user input by the second."""
    edges = [first_ms]
    for at_ms, _ in activity:
        edges += [at_ms, at_ms + 1_000]
    edges.append(last_ms)
    clamped = [min(max(edge, first_ms), last_ms) for edge in edges]
    return [(start, end) for start, end in list(pairwise(clamped))[::2] if end - start > INACTIVE_MS]
