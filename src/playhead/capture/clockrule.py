"""Whose clock is believed. Arrival is never an offset by itself: a laptop sleeps, its batches arrive next morning."""

from __future__ import annotations

from typing import Literal

ClockFlag = Literal["", "future", "ancient", "offset"]

TOLERANCE_MS = 5 * 60_000
ANCIENT_MS = 366 * 86_400_000
# The range every store takes: 1970 to the year 2262.
MAX_MS = 9_214_646_400_000


def sent_offset_ms(received_at_ms: int, sent_at_ms: int | None) -> int:
    """The offset of a sender that says what its clock shows when it sends; 0 within the tolerance."""
    if sent_at_ms is None:
        return 0
    offset = received_at_ms - sent_at_ms
    return offset if abs(offset) > TOLERANCE_MS else 0


def batch_offset_ms(received_at_ms: int, sent_at_ms: int | None, last_ms: int) -> int:
    """The offset of a batch whose latest timestamp is `last_ms`.

    Without `sent_at` only a timestamp in the future is evidence. It is also evidence against a `sent_at`: nothing is
    placed in the future.
    """
    offset_ms = sent_offset_ms(received_at_ms, sent_at_ms)
    return received_at_ms - last_ms if last_ms + offset_ms > received_at_ms + TOLERANCE_MS else offset_ms


def place_event(client_time_ms: int, received_at_ms: int, offset_ms: int, *, told: bool) -> tuple[int, ClockFlag]:
    """An analytics event's corrected time, and why it is not the one sent, or why it is doubtful.

    `told` says whether the offset comes from the sender's own word (`sent_at`) or only from a time in the future.
    """
    time_ms = clamp_ms(client_time_ms + offset_ms)
    if time_ms > received_at_ms + TOLERANCE_MS:
        return received_at_ms, "future"
    if offset_ms:
        return time_ms, "offset" if told else "future"
    return time_ms, "ancient" if time_ms < received_at_ms - ANCIENT_MS else ""


def clamp_ms(value: float) -> int:
    """`value` floored and within what the stores take."""
    return int(min(max(value, 0), MAX_MS))
