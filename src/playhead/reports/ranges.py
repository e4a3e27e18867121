"""Days, buckets and moments in a project's time zone, as epoch milliseconds. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from playhead.reports.bodies import Unit, wrong

MAX_BUCKETS = 3_700
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


class Range(msgspec.Struct, frozen=True):
    """Days `first` to `last` of a zone, both included; [start_ms, end_ms) in time."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def start_ms(self) -> int:
        return day_start(self.first, self.zone)

    @property
    def end_ms(self) -> int:
        return day_start(self.last + timedelta(days=1), self.zone)

    @property
    def preceding(self) -> Range:
        """As many days before it."""
        days = timedelta(days=(self.last - self.first).days + 1)
        return Range(self.first - days, self.first - timedelta(days=1), self.zone)


class Buckets(msgspec.Struct, frozen=True):
    """`edges[n]` to `edges[n + 1]` is bucket n. The first may begin before the range (a week's Monday)."""

    unit: Unit
    edges: list[int]
    zone: ZoneInfo

    @property
    def count(self) -> int:
        return len(self.edges) - 1

    def label(self, number: int) -> str:
        return rfc3339(self.edges[number], self.zone)


def zone_of(name: str, project: str) -> ZoneInfo:
    """Raises `PlayheadError` for a name that no time zone has."""
    try:
        return ZoneInfo(name or project)
    except (ValueError, KeyError, OSError):
        raise wrong("timezone", f"names no time zone: {name!r}; use an IANA name such as Europe/Amsterdam") from None


def read_range(from_: str, to: str, zone: ZoneInfo) -> Range:
    """Raises `PlayheadError` naming the field that is no day, or saying that the range is empty."""
    days = []
    for path, text in (("from", from_), ("to", to)):
        try:
            days.append(date.fromisoformat(text))
        except ValueError:
            raise wrong(path, "must be a day such as 2026-11-22") from None
        if not 1971 <= days[-1].year <= 2200:
            raise wrong(path, "must lie between 1971 and 2200")
    if days[0] > days[1]:
        raise wrong("to", "must not lie before `from`")
    return Range(days[0], days[1], zone)


def buckets(of: Range, unit: Unit) -> Buckets:
    """Raises `PlayheadError` when there would be too many."""
    days = (of.last - of.first).days + 1
    expected = days * 24 if unit == "hour" else days
    if expected > MAX_BUCKETS:
        longest = MAX_BUCKETS // 24 if unit == "hour" else MAX_BUCKETS
        raise wrong("to", f"makes the range longer than the {longest} days that fit with the unit {unit!r}")
    edges = list(_edges(of, unit))
    return Buckets(unit, edges, of.zone)


def _edges(of: Range, unit: Unit) -> Iterator[int]:
    if unit == "hour":
        yield from range(of.start_ms, of.end_ms, HOUR_MS)
        yield of.end_ms
        return
    day = of.first
    if unit == "week":
        day -= timedelta(days=day.weekday())
    elif unit == "month":
        day = day.replace(day=1)
    while day <= of.last:
        yield day_start(day, of.zone)
        if unit == "day":
            day += timedelta(days=1)
        elif unit == "week":
            day += timedelta(days=7)
        else:
            day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    yield day_start(day, of.zone)


def day_start(day: date, zone: ZoneInfo) -> int:
    """The first moment of a day: where a clock jumps over midnight, the moment of the jump."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1_000)


def previous(of: Range, edges: Buckets) -> Buckets:
    """The same number of days before the range, cut so that its bucket n lies under bucket n of the range.

    Days are moved by days of the calendar, hours by hours: a day that is an hour longer makes the last bucket longer.
    """
    days = of.first - of.preceding.first
    if edges.unit == "hour":
        moved = [min(edge - of.start_ms + of.preceding.start_ms, of.start_ms) for edge in edges.edges[:-1]]
        return Buckets("hour", [*moved, of.start_ms], of.zone)
    first = [datetime.fromtimestamp(edge / 1_000, of.zone).date() for edge in edges.edges]
    return Buckets(edges.unit, [day_start(day - days, of.zone) for day in first], of.zone)


def rolling(of: Buckets, days: int, until_ms: int) -> list[tuple[int, int]]:
    """For each bucket, the `days` days up to its end, in its zone; that of the last is where the range ends."""
    found = []
    for start, edge in itertools.pairwise(of.edges):
        end = min(edge, until_ms)
        if of.unit == "hour":
            found.append((start + HOUR_MS - days * DAY_MS, end))
            continue
        last = datetime.fromtimestamp((end - 1) / 1_000, of.zone).date()
        found.append((day_start(last - timedelta(days=days - 1), of.zone), end))
    return found


def rfc3339(at_ms: int, zone: ZoneInfo) -> str:
    """The moment with its offset there; UTC is Z."""
    text = datetime.fromtimestamp(at_ms / 1_000, zone).isoformat()
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text
