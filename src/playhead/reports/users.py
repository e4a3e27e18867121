"""Users: a project's people by what their profiles say, and one person's events with the replays they happened in.

Conditions on profiles are those of reports, so that values of mixed type follow one rule everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from playhead.clock import rfc3339
from playhead.jsontext import read_body
from playhead.people.identity import DEVICE_PREFIX, DEVICE_USERS_SQL, distinct_ids_of, users_of
from playhead.people.listing import STANDING_PROFILES, Person, profiles_of, without_profile
from playhead.reports.bodies import MAX_NAME, Filter, check_filters, wrong
from playhead.reports.moments import Moment
from playhead.reports.running import run
from playhead.reports.sql import Query
from playhead.reports.watching import stitched
from playhead.stores import Stores
from playhead.stores.analytics import Analytics

Order = Literal["asc", "desc"]


class UsersQuery(msgspec.Struct, frozen=True):
    """Who is asked for. `sort` is `last_seen`, `first_seen`, `name`, or a property of profiles.

    `everyone`: whoever has a profile or events, else only who has a profile. `searched` is what `q` is looked for in,
    beside the ids.
    """

    q: str = ""
    filters: list[Filter] = []
    sort: str = "last_seen"
    order: Order = "desc"
    everyone: bool = False
    limit: int = 50
    offset: int = 0
    searched: tuple[str, ...] = ("name", "email")


class Users(msgspec.Struct, frozen=True):
    results: list[Person]
    total: int


class _Filters(msgspec.Struct, forbid_unknown_fields=True):
    filters: list[Filter] = []


_filters = msgspec.json.Decoder(_Filters)


def read_filters(text: str) -> list[Filter]:
    """Conditions on profiles from JSON text. Raises `PlayheadError` with the path of what is wrong."""
    asked: _Filters = read_body(_filters, b'{"filters": %b}' % text.encode() if text else b"{}", "bad_report")
    check_filters(asked.filters, "filters")
    return [_of_profile(each) for each in asked.filters]


def _of_profile(each: Filter) -> Filter:
    if each.any is not None:
        return Filter(any=[_of_profile(one) for one in each.any])
    return msgspec.structs.replace(each, of="profile")


# What a person without a profile has instead of one: no properties.
_SEEN = f"""
SELECT if(linked.user_id != '', linked.user_id, seen.distinct_id) AS person, '' AS name, '' AS email,
       '{{}}' AS properties, min(seen.first_ms) AS first_ms, max(seen.last_ms) AS last_ms
FROM (
    SELECT distinct_id, toUnixTimestamp64Milli(min(time)) AS first_ms, toUnixTimestamp64Milli(max(time)) AS last_ms
    FROM events WHERE project_id = {{project_id:String}} AND distinct_id != '' GROUP BY distinct_id
) AS seen
LEFT JOIN ({DEVICE_USERS_SQL}) AS linked ON concat('{DEVICE_PREFIX}', linked.device_id) = seen.distinct_id
WHERE person NOT IN (
    SELECT distinct_id FROM profiles FINAL WHERE project_id = {{project_id:String}} AND is_deleted = 0)
GROUP BY person
"""  # noqa: S608  constants of this package


def users(analytics: Analytics, project_id: str, asked: UsersQuery, timezone: str) -> Users:
    """A page of people, and how many there are. Raises `PlayheadError` 422 when it takes too long."""
    query = Query(project_id, ZoneInfo(timezone))
    where = f"{_matching(query, asked)} AND {query.filters(asked.filters)}"
    ordered = _ordered(query, asked)
    # Only now is it known which values are needed.
    columns, values = "distinct_id, name, email, first_ms, last_ms", query.columns("profile")
    times = "toUnixTimestamp64Milli(first_seen) AS first_ms, toUnixTimestamp64Milli(last_seen) AS last_ms"
    rows = f"SELECT distinct_id, name, email, {times} {values} {STANDING_PROFILES}"
    if asked.everyone:
        rows += f" UNION ALL SELECT person AS {columns} {values} FROM ({_SEEN})"  # noqa: S608
    found = run(
        analytics,
        query,
        f"SELECT distinct_id, first_ms, last_ms, count() OVER () AS total FROM ({rows}) WHERE {where} "  # noqa: S608
        f"ORDER BY {ordered}, distinct_id LIMIT {asked.limit} OFFSET {asked.offset}",
    )
    total = found[0]["total"] if found else 0
    if not found and asked.offset:
        total = run(analytics, query, f"SELECT count() AS total FROM ({rows}) WHERE {where}")[0]["total"]  # noqa: S608
    profiles = profiles_of(analytics, project_id, [row["distinct_id"] for row in found])
    return Users(
        [
            profiles.get(row["distinct_id"]) or without_profile(row["distinct_id"], row["first_ms"], row["last_ms"])
            for row in found
        ],
        total,
    )


def _matching(query: Query, asked: UsersQuery) -> str:
    """Whose name, e-mail or any distinct_id holds the text."""
    if not asked.q.strip():
        return "1"
    part = query.bind(asked.q.strip(), "String")
    holds = " OR ".join(
        f"positionCaseInsensitiveUTF8({column}, {part}) > 0" for column in (*asked.searched, "distinct_id")
    )
    device = f"positionCaseInsensitiveUTF8(concat('{DEVICE_PREFIX}', device_id), {part}) > 0"
    return f"({holds} OR distinct_id IN (SELECT user_id FROM ({DEVICE_USERS_SQL}) WHERE {device}))"  # noqa: S608


def _ordered(query: Query, asked: UsersQuery) -> str:
    """Whoever has no value comes last either way; of a property numbers come before other texts."""
    sort, way = asked.sort, asked.order.upper()
    if sort in {"last_seen", "first_seen"}:
        return f"{'last_ms' if sort == 'last_seen' else 'first_ms'} {way}"
    if sort == "name":
        return ", ".join(["name = ''", *(f"lowerUTF8({column}) {way}" for column in asked.searched)])
    if not 1 <= len(sort) <= MAX_NAME:
        raise wrong("sort", f"must be a property's name, of 1 to {MAX_NAME} characters")
    texts = query.texts(sort, "profile")
    number = f"toFloat64OrNull({texts}[1])"
    return f"empty({texts}), isNull({number}), {number} {way}, lowerUTF8({texts}[1]) {way}"


class PersonEvent(msgspec.Struct, frozen=True):
    """An event as it was sent. `at_ms` is where it happens in the replay, None when there is none to be seen."""

    event: str
    time: str
    distinct_id: str
    insert_id: str
    properties: msgspec.Raw
    replay_id: str | None
    at_ms: int | None


_EVENTS_SQL = """
SELECT event, toUnixTimestamp64Milli(time) AS at_ms, toUnixTimestamp64Milli(client_time) AS client_ms, distinct_id,
       insert_id, replay_id, raw
FROM events FINAL
WHERE project_id = {{project_id:String}} AND distinct_id IN {{distinct_ids:Array(String)}} AND {more}
ORDER BY time DESC, event, distinct_id, client_time, insert_id
LIMIT {{limit:UInt32}} OFFSET {{offset:UInt32}}
"""


def events_of_person(  # noqa: PLR0917
    stores: Stores,
    project_id: str,
    distinct_id: str,
    times: tuple[int | None, int | None],
    names: Sequence[str],
    now_ms: int,
    limit: int,
    offset: int,
) -> list[PersonEvent]:
    """The events of everyone the distinct_id resolves with, newest first, in [from, to) and of these names, if any."""
    user_id = users_of(stores.analytics, project_id, [distinct_id])[distinct_id]
    parameters: dict[str, Any] = {
        "project_id": project_id,
        "distinct_ids": distinct_ids_of(stores.analytics, project_id, user_id),
        "limit": limit,
        "offset": offset,
    }
    more = ["1"]
    for name, sign, moment in (("from_ms", ">=", times[0]), ("to_ms", "<", times[1])):
        if moment is not None:
            more.append(f"toUnixTimestamp64Milli(time) {sign} {{{name}:Int64}}")
            parameters[name] = moment
    if names:
        more.append("event IN {names:Array(String)}")
        parameters["names"] = list(names)
    rows = stores.analytics.query(_EVENTS_SQL.format(more=" AND ".join(more)), parameters)
    moments = [
        Moment(
            user_id, row["at_ms"], row["replay_id"], row["client_ms"], row["event"], row["distinct_id"],
            row["insert_id"],
        )
        for row in rows
    ]  # fmt: skip
    return [
        PersonEvent(
            row["event"], rfc3339(row["at_ms"]), row["distinct_id"], row["insert_id"],
            msgspec.Raw(row["raw"].encode()), *(place or (None, None)),
        )
        for row, place in zip(rows, stitched(stores, project_id, moments, now_ms), strict=True)
    ]  # fmt: skip
