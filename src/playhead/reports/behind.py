"""View Users and View Events: who is behind a point of a report, and which events, page by page."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from playhead.clock import rfc3339
from playhead.replays.person import PersonName, names_of
from playhead.reports.moments import COLUMNS, Moment, Moments, read_page
from playhead.reports.running import run
from playhead.reports.watching import stitched
from playhead.stores import Stores
from playhead.stores.analytics import Analytics


class PersonBehind(msgspec.Struct, frozen=True):
    """`count` of the point's events are theirs, the last of them at `last_at`."""

    distinct_id: str
    name: str | None
    email: str | None
    avatar: str | None
    count: int
    last_at: str


class PeopleBehind(msgspec.Struct, frozen=True):
    results: list[PersonBehind]
    next_cursor: str | None
    total: int


class EventBehind(msgspec.Struct, frozen=True):
    """An event as it was sent. `at_ms` is where it happens in the replay, None when there is none to be seen."""

    event: str
    time: str
    distinct_id: str
    person: PersonName
    insert_id: str
    properties: msgspec.Raw
    replay_id: str | None
    at_ms: int | None


class EventsBehind(msgspec.Struct, frozen=True):
    results: list[EventBehind]
    next_cursor: str | None
    total: int


def people_behind(analytics: Analytics, project_id: str, moments: Moments, limit: int, offset: int) -> PeopleBehind:
    """Whoever's event was the last comes first. Events that name nobody are nobody's."""
    rows = run(
        analytics,
        moments.query,
        f"""
        SELECT *, count() OVER () AS total FROM (
            SELECT person, count() AS events, max(at_ms) AS last_ms
            FROM ({moments.once}) WHERE person != '' GROUP BY person
        )
        ORDER BY last_ms DESC, person LIMIT {limit} OFFSET {offset}
        """,  # noqa: S608  a SELECT of ours and whole numbers
    )
    named = names_of(analytics, project_id, {row["person"] for row in rows})
    found = [_person(named[row["person"]], row["events"], row["last_ms"]) for row in rows]
    total = rows[0]["total"] if rows else 0
    if offset and not rows:
        total = _count(analytics, moments, "uniqExactIf(person, person != '')")
    return PeopleBehind(found, _next(limit, offset, total), total)


def events_behind(  # noqa: PLR0917
    stores: Stores, project_id: str, moments: Moments, now_ms: int, limit: int, offset: int
) -> EventsBehind:
    """Newest first. What was sent is read for the events of this page only."""
    page = read_page(stores.analytics, moments, limit, offset)
    sent = _sent(stores.analytics, project_id, page)
    named = names_of(stores.analytics, project_id, {each.person for each in page})
    places = stitched(stores, project_id, page, now_ms)
    found = [
        EventBehind(
            each.event, rfc3339(each.at_ms), each.distinct_id, named[each.person], each.insert_id, sent[_key(each)],
            *(place or (None, None)),
        )
        for each, place in zip(page, places, strict=True)
        if _key(each) in sent
    ]  # fmt: skip
    # A first page that is not full holds them all.
    total = len(page)
    if offset or len(page) == limit:
        total = _count(stores.analytics, moments, f"uniqExact({COLUMNS})" if moments.repeats else "count()")
    return EventsBehind(found, _next(limit, offset, total), total)


def _person(who: PersonName, events: int, last_ms: int) -> PersonBehind:
    return PersonBehind(who.distinct_id, who.name, who.email, who.avatar, events, rfc3339(last_ms))


def _next(limit: int, offset: int, total: int) -> str | None:
    return str(offset + limit) if offset + limit < total else None


def _count(analytics: Analytics, moments: Moments, what: str) -> int:
    (row,) = run(analytics, moments.query, f"SELECT {what} AS counted FROM ({moments.sql})")  # noqa: S608
    return int(row["counted"])


_SENT_SQL = """
SELECT event, distinct_id, toUnixTimestamp64Milli(client_time) AS client_ms, insert_id, raw
FROM events FINAL
WHERE project_id = {project_id:String} AND event IN {events:Array(String)}
  AND distinct_id IN {distinct_ids:Array(String)} AND insert_id IN {insert_ids:Array(String)}
"""

Key = tuple[str, str, int, str]


def _sent(analytics: Analytics, project_id: str, page: Sequence[Moment]) -> dict[Key, msgspec.Raw]:
    """The properties of these events, as they were sent."""
    if not page:
        return {}
    parameters = {
        "project_id": project_id,
        "events": sorted({each.event for each in page}),
        "distinct_ids": sorted({each.distinct_id for each in page}),
        "insert_ids": sorted({each.insert_id for each in page}),
    }
    return {
        (row["event"], row["distinct_id"], row["client_ms"], row["insert_id"]): msgspec.Raw(row["raw"].encode())
        for row in analytics.query(_SENT_SQL, parameters)
    }


def _key(of: Moment) -> Key:
    return (of.event, of.distinct_id, of.client_ms, of.insert_id)
