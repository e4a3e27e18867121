"""View Replays: the replays behind any point of a report, each with the moment the point is about.

An event that says which replay it belongs to (`$mp_replay_id`) is there; one that says nothing (a backend sent it)
belongs to the replay of the same person that was going on at its time. Which replays may be seen is asked of control.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from playhead.people.identity import DEVICE_PREFIX, DEVICE_USERS_SQL
from playhead.replays.access import gone_replays
from playhead.replays.feed import FeedRow, feed_rows
from playhead.replays.parts import FINAL_SETTINGS, STANDING_SQL
from playhead.reports.moments import Moment
from playhead.stores import Stores
from playhead.stores.analytics import Analytics

# An event can be tracked just before the recorder's first rrweb event, and just after its last.
AROUND_MS = 10_000


class Watchable(msgspec.Struct, frozen=True):
    """What is behind a point: how much, and which replays can be watched, newest first.

    `unrecorded` counts events that belong to no replay, `gone` those whose replay has expired or was deleted.
    """

    results: list[dict[str, Any]]
    next_cursor: str | None
    total: int
    people: int
    events: int
    unrecorded: int
    gone: int


_SPANS_SQL = (
    """
SELECT toString(replay_id) AS id, min(first_ms) AS began_ms, max(last_ms) AS ended_ms,
       argMin(clock_offset_ms, first_ms) AS offset_ms, groupUniqArrayArray(distinct_ids) AS ids
FROM ("""
    + STANDING_SQL.format(
        columns="replay_id, part_id, generation, epoch, seq, events, first_ms, last_ms, clock_offset_ms, distinct_ids",
        where="(replay_id IN {replay_ids:Array(UUID)} OR (last_ms >= {start:Int64} AND first_ms <= {end:Int64}"
        " AND hasAny(distinct_ids, {distinct_ids:Array(String)})))",
    )
    + """) GROUP BY replay_id
"""
)

_IDS_SQL = f"""
SELECT user_id AS person, groupArray(concat('{DEVICE_PREFIX}', device_id)) AS ids
FROM ({DEVICE_USERS_SQL}) WHERE user_id IN {{people:Array(String)}} GROUP BY user_id
"""  # noqa: S608  constants of this package


class _Span(msgspec.Struct, frozen=True):
    replay_id: str
    first_ms: int
    last_ms: int
    offset_ms: int
    ids: frozenset[str]


def watchable(  # noqa: PLR0917
    stores: Stores, project_id: str, moments: list[Moment], now_ms: int, limit: int, offset: int
) -> Watchable:
    """Feed rows of the replays that hold a moment, each once with `at_ms`, the first of them on its own clock."""
    began: dict[str, int] = {}
    found: dict[str, int] = {}
    unrecorded = gone = 0
    for each, place in zip(moments, _places(stores, project_id, moments, now_ms), strict=True):
        if place is None:
            gone += bool(each.replay_id)
            unrecorded += not each.replay_id
            continue
        span, at = place
        began[span.replay_id] = span.first_ms + span.offset_ms
        found[span.replay_id] = min(found.get(span.replay_id, at), at)
    newest = sorted(found, key=lambda one: (began[one], one), reverse=True)
    rows = feed_rows(stores, project_id, newest[offset : offset + limit], now_ms)
    more = str(offset + limit) if len(newest) > offset + limit else None
    people = len({each.person for each in moments if each.person})
    return Watchable([_at(row, found) for row in rows], more, len(newest), people, len(moments), unrecorded, gone)


def stitched(stores: Stores, project_id: str, moments: Sequence[Moment], now_ms: int) -> list[tuple[str, int] | None]:
    """For each moment the replay it belongs to and `at_ms` on that replay's own clock; None when there is none to see.

    For pages of events: what it asks of the store grows with the time from the first moment to the last.
    """
    places = _places(stores, project_id, moments, now_ms)
    return [None if place is None else (place[0].replay_id, place[1]) for place in places]


def _at(row: FeedRow, found: dict[str, int]) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(row)
    return shown | {"at_ms": found[row.replay_id]}


def _places(
    stores: Stores, project_id: str, moments: Sequence[Moment], now_ms: int
) -> Iterator[tuple[_Span, int] | None]:
    """Where each moment is: its replay, and when on that replay's own clock."""
    unnamed = [each for each in moments if not each.replay_id]
    ids = _ids_of(stores.analytics, project_id, {each.person for each in unnamed})
    spans = _spans(stores.analytics, project_id, moments, unnamed, ids)
    gone = set(gone_replays(stores.control, project_id, now_ms))
    by_id = {one.replay_id: one for one in spans}
    by_distinct_id: dict[str, list[_Span]] = defaultdict(list)
    for one in spans:
        for distinct_id in one.ids:
            by_distinct_id[distinct_id].append(one)
    for each in moments:
        if each.replay_id:
            span = by_id.get(each.replay_id.lower())
        else:
            span = _going_on((one for theirs in ids.get(each.person, ()) for one in by_distinct_id[theirs]), each)
        if span is None or span.replay_id in gone:
            yield None
            continue
        at = each.client_ms if each.replay_id else each.at_ms - span.offset_ms
        yield span, min(max(at, span.first_ms), span.last_ms)


def _spans(
    analytics: Analytics,
    project_id: str,
    moments: Iterable[Moment],
    unnamed: Sequence[Moment],
    ids: Mapping[str, frozenset[str]],
) -> list[_Span]:
    named = {each.replay_id.lower() for each in moments if each.replay_id and _is_uuid(each.replay_id)}
    if not named and not ids:
        return []
    parameters = {
        "project_id": project_id,
        "replay_ids": sorted(named),
        "distinct_ids": sorted(frozenset[str]().union(*ids.values())),
        "start": min((each.at_ms for each in unnamed), default=0) - 86_400_000,
        "end": max((each.at_ms for each in unnamed), default=0) + 86_400_000,
    }
    rows = analytics.query(_SPANS_SQL, parameters, FINAL_SETTINGS)
    return [_Span(row["id"], row["began_ms"], row["ended_ms"], row["offset_ms"], frozenset(row["ids"])) for row in rows]


def _ids_of(analytics: Analytics, project_id: str, people: Iterable[str]) -> dict[str, frozenset[str]]:
    """Every distinct_id of each person."""
    wanted = sorted({each for each in people if each})
    found = {each: frozenset((each,)) for each in wanted}
    if wanted:
        for row in analytics.query(_IDS_SQL, {"project_id": project_id, "people": wanted}):
            found[row["person"]] |= frozenset(row["ids"])
    return found


def _going_on(spans: Iterable[_Span], of: Moment) -> _Span | None:
    """The person's replay at that time; of several the one that began last."""
    there = [
        span for span in spans if span.first_ms - AROUND_MS <= of.at_ms - span.offset_ms <= span.last_ms + AROUND_MS
    ]
    return max(there, key=lambda span: (span.first_ms, span.replay_id), default=None)


def _is_uuid(text: str) -> bool:
    return (
        len(text) == 36 and text.count("-") == 4 and all(part.isalnum() and part.isascii() for part in text.split("-"))
    )
