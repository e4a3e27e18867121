"""Cells: pieces of time that lie in the same buckets of a report as a whole, so that events are grouped by them once.

Where buckets follow each other, a cell is a bucket. Where each looks back over days (`dau`, `wau`, `mau`), cells are
the days (hours) that these windows are made of, and a cell is in many buckets.
"""

from __future__ import annotations

import bisect
import math
from datetime import datetime, timedelta

import msgspec

from playhead.reports.ranges import HOUR_MS, Buckets, Range, day_start, rolling
from playhead.reports.sql import Query

# The whole range is a bucket of its own, and so is the whole period before.
WHOLE, WHOLE_BEFORE = -1, -2


class Cells(msgspec.Struct, frozen=True):
    """`cell` of an event's `at_ms`, from 0 to `count`, in [start_ms, end_ms).

    `buckets` are those of the column `cell`, `buckets_of_many` those of the distinct ones of an array `cells`, both as
    `Array(Int64)`: numbers of the range's buckets, then of those of the period before. `inside`: it is in the range.
    """

    start_ms: int
    end_ms: int
    count: int
    cell: str
    buckets: str
    buckets_of_many: str
    inside: str


def cells_of(query: Query, of: Range, edges: Buckets, before: Buckets | None, days: int | None) -> Cells:
    """`days` is how far each bucket looks back, None where buckets follow each other."""
    return _following(query, of, edges, before) if days is None else _looking_back(query, of, edges, before, days)


def _following(query: Query, of: Range, edges: Buckets, before: Buckets | None) -> Cells:
    count = edges.count
    cell, start = query.bucket(edges), of.start_ms
    if before is not None:
        cell = f"if(at_ms >= {start}, {cell}, {count} + {query.bucket(before)})"
        start = of.preceding.start_ms
    wholes = (
        f"[{WHOLE}]"
        if before is None
        else f"if(arrayExists(c -> c < {count}, cells), [{WHOLE}], []), "
        f"if(arrayExists(c -> c >= {count}, cells), [{WHOLE_BEFORE}], [])"
    )
    return Cells(
        start_ms=start,
        end_ms=of.end_ms,
        count=count * (1 if before is None else 2),
        cell=cell,
        buckets=f"[cell, if(cell < {count}, {WHOLE}, {WHOLE_BEFORE})]::Array(Int64)",
        buckets_of_many=f"arrayConcat(cells::Array(Int64), {wholes})::Array(Int64)",
        inside=f"cell < {count}",
    )


def _looking_back(query: Query, of: Range, edges: Buckets, before: Buckets | None, days: int) -> Cells:
    windows = rolling(edges, days, of.end_ms)
    windows_before = rolling(before, days, of.start_ms) if before else []
    # Of a month whose last day alone is looked at, the whole range is still to be known.
    start = min((of if before is None else of.preceding).start_ms, *(start for start, _ in windows + windows_before))
    if edges.unit == "hour":
        # An hour, or less in a zone whose clocks are not moved by whole hours.
        width = math.gcd(HOUR_MS, *(at - start for window in windows + windows_before for at in window))
        grid = list(range(start, of.end_ms + 1, width))
        cell = f"intDiv(at_ms - {start}, {width})"
    else:
        grid = _days(start, of)
        cell = query.bucket(Buckets("day", grid, of.zone))
    first, last = bisect.bisect_left(grid, of.start_ms), len(grid) - 1
    inside = f"cell >= {first}"
    parts = [_containing(query, grid, windows, 0), f"if({inside}, [{WHOLE}], [])"]
    if before is not None:
        lowest = bisect.bisect_left(grid, of.preceding.start_ms)
        parts.append(_containing(query, grid, windows_before, edges.count))
        parts.append(f"if(cell >= {lowest} AND cell < {first}, [{WHOLE_BEFORE}], [])")
    buckets = f"arrayConcat({', '.join(parts)})::Array(Int64)"
    return Cells(
        start_ms=start,
        end_ms=of.end_ms,
        count=last,
        cell=cell,
        buckets=buckets,
        buckets_of_many=f"arrayDistinct(arrayFlatten(arrayMap(cell -> {buckets}, cells)))",
        inside=inside,
    )


def _days(start_ms: int, of: Range) -> list[int]:
    day = datetime.fromtimestamp(start_ms / 1_000, of.zone).date()
    return [day_start(day + timedelta(days=n), of.zone) for n in range((of.last - day).days + 2)]


def _containing(query: Query, grid: list[int], windows: list[tuple[int, int]], first: int) -> str:
    """The numbers of the windows that contain the cell, counted from `first`: they follow each other."""
    lows = [bisect.bisect_left(grid, start) for start, _ in windows]
    highs = [bisect.bisect_left(grid, end) for _, end in windows]
    begins = [first + bisect.bisect_right(highs, cell) for cell in range(len(grid) - 1)]
    ends = [first + bisect.bisect_right(lows, cell) for cell in range(len(grid) - 1)]
    bound = (query.bind(numbers, "Array(Int32)") for numbers in (begins, ends))
    return "range({}[cell + 1], {}[cell + 1])".format(*bound)
