"""The feed: which replays, in what order, from one aggregation over their parts."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import MAXYEAR, UTC, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from playhead.clock import rfc3339
from playhead.errors import PlayheadError
from playhead.people.identity import DEVICE_PREFIX, DEVICE_USERS_SQL, users_of
from playhead.replays.access import gone_replays, is_closed, rows_of
from playhead.replays.bookmarks import bookmarked
from playhead.replays.card import Card, card_of
from playhead.replays.live import LIVE_EVENTS_MS, LIVE_MS, is_live
from playhead.replays.parts import FINAL_SETTINGS, STANDING_SQL, standing_parts
from playhead.replays.person import Owner, PersonName, owners
from playhead.stores import Stores
from playhead.stores.tables import Replay

Sort = Literal["recency", "duration", "activity"]
Order = Literal["desc", "asc"]
Status = Literal["ready", "arriving", "no_full_snapshot", "expired", "deleted", "masking"]


class FeedQuery(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is asked of the feed; the names are the API's. `from_ms` and `to_ms` bound when a replay began.

    `only` are the replays that may be seen at all, None for all of the project's. `searched` is what of whose replay it
    is `q` is looked for in, beside the ids.
    """

    q: str = ""
    from_ms: int | None = None
    to_ms: int | None = None
    distinct_id: str = ""
    sort: Sort = "recency"
    order: Order = "desc"
    limit: int = 50
    cursor: str = ""
    event: str = ""
    url: str = ""
    has_error: bool | None = None
    has_rage_click: bool | None = None
    min_duration_ms: int | None = None
    browser: str = ""
    os: str = ""
    device: str = ""
    live: bool | None = None
    bookmarked: bool | None = None
    only: list[str] | None = None
    searched: tuple[str, ...] = ("name", "email")


class FeedRow(msgspec.Struct, frozen=True):
    """A replay in the feed, as docs/api.md shows it."""

    replay_id: str
    distinct_id: str
    person: PersonName
    started_at: str
    ended_at: str
    duration_ms: int
    active_ms: int
    start_url: str | None
    page_count: int
    event_count: int
    click_count: int
    rage_click_count: int
    error_count: int
    browser: str | None
    os: str | None
    device: str | None
    size_bytes: int
    live: bool
    expires_at: str
    status: Status
    sparkline: list[int]
    bookmarked: bool


class Feed(msgspec.Struct, frozen=True):
    results: list[FeedRow]
    next_cursor: str | None
    total: int


IDS_AT_ONCE = 3_000


class _Cursor(msgspec.Struct, frozen=True, array_like=True):
    sort: str
    order: str
    key: int
    replay_id: str


_STANDING = STANDING_SQL.format(
    columns="""replay_id, part_id, generation, epoch, seq, events, first_ms, last_ms, clock_offset_ms, received_at,
    clicks, rage_clicks, errors, arraySum(activity_counts) AS activity, page_urls, browser, os, device, distinct_id,
    distinct_ids""",
    where="{gone}",
)

# Whose replay, for every replay at once (replays/person.py says the rule); joined only when people are asked for.
_PEOPLE = f"""
LEFT JOIN (
    SELECT toUUIDOrZero(replay_id) AS id, argMax(distinct_id, (client_time, received_at, event)) AS event_id
    FROM events FINAL WHERE project_id = {{project_id:String}} AND replay_id != '' AND distinct_id != ''
    GROUP BY id
) AS owner ON owner.id = replays.replay_id
LEFT JOIN ({DEVICE_USERS_SQL}) AS linked
    ON concat('{DEVICE_PREFIX}', linked.device_id) = if(owner.event_id != '', owner.event_id, replays.batch_id)
LEFT JOIN (
    SELECT distinct_id, name, email FROM profiles FINAL WHERE project_id = {{project_id:String}}
) AS profile ON profile.distinct_id = multiIf(
    linked.user_id != '', linked.user_id, owner.event_id != '', owner.event_id, replays.batch_id)
"""  # noqa: S608  constants of this module
_PERSON = """multiIf(linked.user_id != '', linked.user_id, owner.event_id != '', owner.event_id, replays.batch_id)"""

_FEED_SQL = """
SELECT id, key, total FROM (
    SELECT toString(replays.replay_id) AS id, {key} AS key, count() OVER () AS total
    FROM (
        SELECT replay_id, min(first_ms) AS began, max(last_ms) - began AS duration,
               argMin(clock_offset_ms, first_ms) AS offset, began + offset AS started, max(last_ms) + offset AS ended,
               toUnixTimestamp64Milli(max(received_at)) AS received, sum(activity) AS activities,
               sum(clicks) AS all_clicks, sum(rage_clicks) AS all_rage_clicks, sum(errors) AS all_errors,
               argMaxIf(distinct_id, last_ms, distinct_id != '') AS batch_id,
               groupUniqArrayArray(distinct_ids) AS ids, groupUniqArrayArray(page_urls) AS urls,
               argMaxIf(browser, last_ms, browser != '') AS last_browser,
               argMaxIf(os, last_ms, os != '') AS last_os, argMaxIf(device, last_ms, device != '') AS last_device
        FROM ({standing})
        GROUP BY replay_id
    ) AS replays {people}
    WHERE {where}
)
WHERE {after}
ORDER BY key {order}, id {order}
LIMIT {{limit:UInt32}}
"""

_KEYS: dict[Sort, str] = {"recency": "started", "duration": "duration", "activity": "toInt64(activities)"}


def feed(stores: Stores, project_id: str, query: FeedQuery, now_ms: int, timezone: str = "UTC") -> Feed:
    """A page of the feed. Raises `PlayheadError` for a cursor that is none of this order."""
    gone = gone_replays(stores.control, project_id, now_ms)
    marked = [] if query.bookmarked is None else sorted(bookmarked(stores.control, project_id))
    sql, parameters = _feed_sql(query, gone, marked, now_ms, timezone)
    parameters["project_id"] = project_id
    if query.distinct_id:
        parameters["person"] = users_of(stores.analytics, project_id, [query.distinct_id])[query.distinct_id]
    found = stores.analytics.query(sql, parameters, FINAL_SETTINGS)
    page = found[: query.limit]
    rows = feed_rows(stores, project_id, [row["id"] for row in page], now_ms)
    cursor = None
    if len(found) > query.limit:
        last = _Cursor(query.sort, query.order, page[-1]["key"], page[-1]["id"])
        cursor = base64.urlsafe_b64encode(msgspec.msgpack.encode(last)).decode()
    total = found[0]["total"] if found else 0
    return Feed(rows, cursor, total)


def feed_rows(stores: Stores, project_id: str, replay_ids: Sequence[str], now_ms: int) -> list[FeedRow]:
    """The rows of these replays, in the order asked; one that is not there any more is left out."""
    parts = standing_parts(stores.analytics, project_id, replay_ids)
    cards = {replay_id: card_of(theirs) for replay_id, theirs in parts.items()}
    owned = owners(
        stores.analytics, project_id, {replay_id: card.batch_distinct_id for replay_id, card in cards.items()}
    )
    known = rows_of(stores.control, project_id, list(cards))
    marked = bookmarked(stores.control, project_id, cards)
    return [
        feed_row(cards[each], owned[each], known[each], now_ms, bookmarked=each in marked)
        for each in replay_ids
        if each in cards and each in known
    ]


def feed_row(card: Card, owner: Owner, replay: Replay, now_ms: int, *, bookmarked: bool) -> FeedRow:
    live = is_live(card.received_at_ms, card.ended_at_ms, now_ms)
    closed = card.owed or is_closed(replay)
    return FeedRow(
        replay_id=card.replay_id,
        distinct_id=owner.distinct_id,
        person=owner.person,
        started_at=rfc3339(card.started_at_ms),
        ended_at=rfc3339(card.ended_at_ms),
        duration_ms=card.duration_ms,
        active_ms=card.active_ms,
        start_url=card.pages[0][1] if card.pages and not closed else None,
        page_count=len(card.pages),
        event_count=card.events,
        click_count=card.clicks,
        rage_click_count=card.rage_clicks,
        error_count=card.errors,
        browser=card.browser or None,
        os=card.os or None,
        device=card.device or None,
        size_bytes=card.size_bytes,
        live=live,
        expires_at=rfc3339(replay.expires_at_ms),
        status=status_of(card, live=live, closed=closed),
        sparkline=card.sparkline,
        bookmarked=bookmarked,
    )


def status_of(card: Card, *, live: bool, closed: bool) -> Status:
    """Why it can't be played, or `ready`. Deleted and expired replays are never folded."""
    if closed:
        return "masking"
    if card.playable:
        return "ready"
    return "arriving" if live else "no_full_snapshot"


def _feed_sql(
    query: FeedQuery, gone: Sequence[str], marked: Sequence[str], now_ms: int, timezone: str
) -> tuple[str, dict[str, Any]]:
    parameters: dict[str, Any] = {"limit": query.limit + 1}

    def among(column: str, name: str, ids: Sequence[str]) -> str:
        """In as many parameters as it takes: a server refuses one of more than 128 KB, and so many replays expire at
        once when a project shortens its retention."""
        groups = {f"{name}{start}": ids[start : start + IDS_AT_ONCE] for start in range(0, len(ids), IDS_AT_ONCE)}
        parameters.update(groups)
        return f"({' OR '.join(f'{column} IN {{{each}:Array(UUID)}}' for each in groups) or '0'})"

    where, people = ["1"], False

    def narrow(condition: str, **values: Any) -> None:
        where.append(condition)
        parameters.update(values)

    day = day_asked(query.q, now_ms, timezone)
    if day:
        narrow("started >= {day_from:Int64} AND started < {day_to:Int64}", day_from=day[0], day_to=day[1])
    elif query.q.strip():
        people = True
        narrow(
            f"(arrayExists(text -> positionCaseInsensitiveUTF8(text, {{q:String}}) > 0, "
            f"arrayConcat([{''.join(f'profile.{each}, ' for each in query.searched)}{_PERSON}, owner.event_id], "
            "replays.ids)))",
            q=query.q.strip(),
        )
    if query.distinct_id:
        people = True
        where.append(f"{_PERSON} = {{person:String}}")
    if query.only is not None:
        where.append(among("replays.replay_id", "only", query.only))
    if query.from_ms is not None:
        narrow("started >= {from_ms:Int64}", from_ms=query.from_ms)
    if query.to_ms is not None:
        narrow("started <= {to_ms:Int64}", to_ms=query.to_ms)
    if query.event:
        narrow(
            "replays.replay_id IN (SELECT toUUIDOrZero(replay_id) FROM events "
            "WHERE project_id = {project_id:String} AND event = {event:String} AND replay_id != '')",
            event=query.event,
        )
    if query.url:
        narrow("arrayExists(url -> positionCaseInsensitiveUTF8(url, {url:String}) > 0, urls)", url=query.url)
    for wanted, column in ((query.has_error, "all_errors"), (query.has_rage_click, "all_rage_clicks")):
        if wanted is not None:
            where.append(f"({column} > 0) = {int(wanted)}")
    if query.min_duration_ms is not None:
        narrow("duration >= {min_duration:Int64}", min_duration=query.min_duration_ms)
    for name in ("browser", "os", "device"):
        if value := getattr(query, name):
            narrow(f"lowerUTF8(last_{name}) = lowerUTF8({{{name}:String}})", **{name: value})
    if query.live is not None:
        narrow(
            f"(received > {{live_from:Int64}} AND ended > {{live_events_from:Int64}}) = {int(query.live)}",
            live_from=now_ms - LIVE_MS,
            live_events_from=now_ms - LIVE_EVENTS_MS,
        )
    if query.bookmarked is not None:
        where.append(f"{'' if query.bookmarked else 'NOT '}{among('replays.replay_id', 'marked', marked)}")
    after = "1"
    if query.cursor:
        cursor = _read_cursor(query)
        after = f"(key, id) {'<' if query.order == 'desc' else '>'} ({{after_key:Int64}}, {{after_id:String}})"
        parameters |= {"after_key": cursor.key, "after_id": cursor.replay_id}
    sql = _FEED_SQL.format(
        key=_KEYS[query.sort],
        standing=_STANDING.replace("{gone}", f"NOT {among('replay_id', 'gone', gone)}"),
        people=_PEOPLE if people else "",
        where=" AND ".join(where),
        after=after,
        order=query.order.upper(),
    )
    return sql, parameters


def _read_cursor(query: FeedQuery) -> _Cursor:
    try:
        cursor = msgspec.msgpack.decode(base64.urlsafe_b64decode(query.cursor), type=_Cursor)
    except (ValueError, msgspec.MsgspecError):
        cursor = None
    if cursor is None or (cursor.sort, cursor.order) != (query.sort, query.order):
        raise PlayheadError("`cursor` is not one this feed gave in this order.", code="bad_cursor")
    return cursor


def day_asked(text: str, now_ms: int, timezone: str) -> tuple[int, int] | None:
    """The day a search text names, in the project's time zone, as epoch milliseconds [from, to)."""
    zone = ZoneInfo(timezone)
    text = text.strip().lower()
    today = datetime.fromtimestamp(now_ms / 1000, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    day: datetime | None = None
    if text in {"today", "yesterday"}:
        day = today - timedelta(days=int(text == "yesterday"))
    else:
        for form in ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d %b %Y", "%d %B %Y", "%b %d %Y", "%b %d, %Y", "%B %d, %Y"):
            try:
                day = datetime.strptime(text, form).replace(tzinfo=zone)
            except ValueError:
                continue
            break
    if day is None or day.year == MAXYEAR:
        return None
    return int(day.timestamp() * 1000), int((day + timedelta(days=1)).timestamp() * 1000)


def epoch_ms(text: str) -> int:
    """Epoch milliseconds of RFC 3339 text, or of a day (its beginning, UTC). Raises `PlayheadError`."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise PlayheadError(
            f"{text!r} is no time: use RFC 3339, such as 2026-11-22T10:00:00Z.", code="bad_time"
        ) from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
