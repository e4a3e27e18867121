"""What callers ask for, read: bodies, moments, names, and where a list goes on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from fastapi import Depends, Query, Request

from playhead.errors import PlayheadError, TooLarge

MAX_OFFSET = 10_000_000
MAX_BODY_BYTES = 1_000_000

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str, Query(max_length=20)]
FromDay = Annotated[str, Query(alias="from", max_length=40, description="First day, or RFC 3339.")]
ToDay = Annotated[str, Query(max_length=40, description="Last day, included, or RFC 3339.")]
OnlyEvents = Annotated[list[str] | None, Query(description="Only these events.")]


async def body_of(request: Request) -> bytes:
    """The request's body. Raises `TooLarge`."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise TooLarge(f"A body is at most {MAX_BODY_BYTES} bytes.", code="body_too_large")
    return body


Body = Annotated[bytes, Depends(body_of)]


def offset(cursor: str) -> int:
    """Where the list goes on. Raises `PlayheadError` for a cursor that no list gave."""
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdigit()) or int(cursor) > MAX_OFFSET:
        raise PlayheadError("`cursor` is not one this list gave.", code="bad_cursor")
    return int(cursor)


def next_cursor(limit: int, start: int, total: int) -> str | None:
    return str(start + limit) if start + limit < total else None


def moment(text: str, zone: ZoneInfo, *, last: bool) -> int | None:
    """Epoch milliseconds: a day's first moment in the zone, with `last` the one after it; None for no text."""
    if not text:
        return None
    try:
        if len(text) == 10:
            day = date.fromisoformat(text) + timedelta(days=int(last))
            found = datetime(day.year, day.month, day.day, tzinfo=zone)
        else:
            found = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise PlayheadError(f"{text!r} is no day or time: use 2026-11-22.", code="bad_time") from None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return int(found.timestamp() * 1000) + int(last and len(text) != 10)


def names_asked(asked: list[str]) -> list[str]:
    """Names as repeated parameters, or a JSON array of them as Mixpanel's export takes it."""
    names: list[str] = []
    for text in asked:
        if text.startswith("["):
            try:
                names += msgspec.json.decode(text, type=list[str])
                continue
            except msgspec.MsgspecError:
                pass
        names.append(text)
    return names
