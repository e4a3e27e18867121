"""What a request is about, found in the stores: everyone that ids resolve to, their replays, how many rows there are.

Ids are put into a table under the request's id, and every statement names the request only. So neither a query's log
nor the file that the engine keeps of a deletion holds anybody's id.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import msgspec
from sqlalchemy import select

from playhead.items import escape_name
from playhead.people.identity import DEVICE_PREFIX, DEVICE_USERS_SQL, users_of
from playhead.stores.analytics import Analytics
from playhead.stores.control import Control
from playhead.stores.tables import Replay, Tombstone

Role = Literal["asked", "found", "person", "event", "pseudonym"]
# Ids stand in a query string, which is not long.
CHARACTERS_AT_ONCE = 8_000

NAMED = "(SELECT id FROM erasing WHERE request_id = {request_id:String} AND kind = {kind:String})"
# Whose a row is that says whose it is; a device counts where nothing else does (delivery/tombstones.py: `owner_ids`).
OWNED = f"""(distinct_id IN {NAMED} OR user_id IN {NAMED}
    OR (distinct_id = '' AND user_id = '' AND device_id IN {NAMED}))"""

EVERYONE_SQL = f"""
WITH linked AS ({DEVICE_USERS_SQL}),
     users AS (
         SELECT id FROM erasing WHERE request_id = {{request_id:String}} AND kind = 'asked'
         UNION DISTINCT
         SELECT user_id FROM linked WHERE concat('{DEVICE_PREFIX}', device_id) IN (
             SELECT id FROM erasing WHERE request_id = {{request_id:String}} AND kind = 'asked')
     ),
     devices AS (
         SELECT device_id FROM linked WHERE user_id IN (SELECT id FROM users)
         UNION DISTINCT
         SELECT substring(id, {len(DEVICE_PREFIX) + 1}) FROM users WHERE startsWith(id, '{DEVICE_PREFIX}')
     )
SELECT id FROM users
UNION DISTINCT SELECT device_id FROM devices
UNION DISTINCT SELECT concat('{DEVICE_PREFIX}', device_id) FROM devices
"""  # noqa: S608  constants of this package

REPLAYS_SQL = f"""
SELECT DISTINCT id FROM (
    SELECT toString(replay_id) AS id FROM replay_parts
    WHERE project_id = {{project_id:String}} AND (distinct_id IN {NAMED} OR hasAny(
        arrayConcat(distinct_ids, device_ids, user_ids),
        (SELECT groupArray(id) FROM erasing WHERE request_id = {{request_id:String}} AND kind = {{kind:String}})))
    UNION DISTINCT
    SELECT toString(toUUIDOrZero(replay_id)) AS id FROM events
    WHERE project_id = {{project_id:String}} AND replay_id != '' AND {OWNED}
)
WHERE id != '00000000-0000-0000-0000-000000000000'
ORDER BY id
"""  # noqa: S608

COUNTS_SQL = f"""
SELECT
    (SELECT count() FROM events FINAL WHERE project_id = {{project_id:String}} AND {OWNED}) AS events,
    (SELECT count() FROM profiles FINAL WHERE project_id = {{project_id:String}} AND is_deleted = 0
        AND distinct_id IN {NAMED}) AS profiles,
    (SELECT count() FROM profile_operations WHERE project_id = {{project_id:String}} AND {OWNED}) AS operations,
    (SELECT count() FROM identities WHERE project_id = {{project_id:String}}
        AND (user_id IN {NAMED} OR device_id IN {NAMED})) AS identities
"""  # noqa: S608

SEEN_SQL = f"""
SELECT DISTINCT distinct_id FROM events
WHERE project_id = {{project_id:String}} AND distinct_id IN {NAMED}
UNION DISTINCT SELECT distinct_id FROM profiles
WHERE project_id = {{project_id:String}} AND distinct_id IN {NAMED}
UNION DISTINCT SELECT arrayJoin(distinct_ids) AS distinct_id FROM replay_parts
WHERE project_id = {{project_id:String}} AND distinct_id IN {NAMED}
"""  # noqa: S608

EVENTS_NAMED_SQL = """
SELECT count() AS count FROM events FINAL WHERE project_id = {project_id:String} AND event IN
    (SELECT id FROM erasing WHERE request_id = {request_id:String} AND kind = {kind:String})
"""

# What a page sends may hold numbers and halves of emojis that the engine does not read: then it is read without them.
READABLE = r"""if(isValidJSON(raw), raw, replaceRegexpAll(replaceRegexpAll(raw,
    '\\\\u[dD][89a-fA-F][0-9a-fA-F]{2}', '\\\\ufffd'), '([0-9])[eE][+]?[0-9]{3,}', '\\1'))"""
# Nested deeper than the engine reads, the text is nothing to it, and what was made of it counts.
HOLDS = f"""(JSONHas({READABLE}, {{name:String}}) OR (NOT isValidJSON({READABLE}) AND arrayExists(
    path -> path = {{path:String}} OR startsWith(path, concat({{path:String}}, '.')),
    JSONAllPaths(events.properties))))"""
EVENTS_WITH_SQL = f"""
SELECT count() AS count FROM events FINAL WHERE project_id = {{project_id:String}} AND {HOLDS}
"""  # noqa: S608
PROFILES_WITH_SQL = """
SELECT count() AS count FROM profiles FINAL
WHERE project_id = {project_id:String} AND is_deleted = 0 AND JSONHas(properties, {name:String})
"""


class Counts(msgspec.Struct, frozen=True):
    """Rows of the analytics store that are somebody's."""

    events: int
    profiles: int
    operations: int
    identities: int


class Listed:
    """What a request is about, as the analytics store knows it: rows of `erasing` under the request's id."""

    def __init__(self, analytics: Analytics, project_id: str, request_id: str) -> None:
        self._analytics = analytics
        self._project_id = project_id
        self.request_id = request_id

    def add(self, role: Role, ids: Iterable[str]) -> None:
        """Doing it again changes nothing."""
        columns = ("project_id", "request_id", "kind", "id")
        rows = [[self._project_id, self.request_id, role, each] for each in ids]
        self._analytics.insert("erasing", columns, rows)

    def drop(self) -> None:
        self._analytics.command("ALTER TABLE erasing DROP PARTITION {request_id:String}", self._parameters())

    def _parameters(self) -> dict[str, Any]:
        return {"request_id": self.request_id}


@contextmanager
def listed(analytics: Analytics, project_id: str) -> Iterator[Listed]:
    """A list for as long as the block takes."""
    made = Listed(analytics, project_id, f"look-{secrets.token_hex(8)}")
    try:
        yield made
    finally:
        made.drop()


def everyone(analytics: Analytics, project_id: str, request_id: str) -> list[str]:
    """Every id that resolves to whom the `asked` ids resolve to, devices in both of their forms."""
    parameters = {"project_id": project_id, "request_id": request_id}
    return [row["id"] for row in analytics.query(EVERYONE_SQL, parameters, hidden=True)]


def replays_of(analytics: Analytics, project_id: str, request_id: str, role: Role) -> list[str]:
    """Every replay that holds any of the ids, or in which an event of theirs happened."""
    parameters = {"project_id": project_id, "request_id": request_id, "kind": role}
    return [row["id"] for row in analytics.query(REPLAYS_SQL, parameters, hidden=True)]


def counts(analytics: Analytics, project_id: str, request_id: str, role: Role) -> Counts:
    """How many rows are theirs."""
    parameters = {"project_id": project_id, "request_id": request_id, "kind": role}
    return Counts(**analytics.query(COUNTS_SQL, parameters, hidden=True)[0])


def people_seen(analytics: Analytics, project_id: str, distinct_ids: Sequence[str]) -> int:
    """How many people these ids resolve to that were ever seen."""
    people: set[str] = set()
    for some in by_length(distinct_ids):
        people |= set(users_of(analytics, project_id, some).values())
    with listed(analytics, project_id) as named:
        named.add("asked", people)
        named.add("found", everyone(analytics, project_id, named.request_id))
        parameters = {"project_id": project_id, "request_id": named.request_id, "kind": "found"}
        seen = [row["distinct_id"] for row in analytics.query(SEEN_SQL, parameters, hidden=True)]
    found: set[str] = set()
    for some in by_length(seen):
        found |= set(users_of(analytics, project_id, some).values())
    return len(people & found)


def by_length(ids: Sequence[str]) -> Iterator[list[str]]:
    """The ids in lists that are not too long together."""
    some: list[str] = []
    length = 0
    for each in ids:
        if some and length + len(each) > CHARACTERS_AT_ONCE:
            yield some
            some, length = [], 0
        some.append(each)
        length += len(each) + 3
    if some:
        yield some


def replays_there(control: Control, project_id: str, replay_ids: Sequence[str]) -> list[str]:
    """Those of the replays that are there and not deleted."""
    found: list[str] = []
    with control.read() as session:
        for start in range(0, len(replay_ids), 500):
            some = replay_ids[start : start + 500]
            there = session.scalars(
                select(Replay.replay_id).where(Replay.project_id == project_id, Replay.replay_id.in_(some))
            )
            gone = set(
                session.scalars(
                    select(Tombstone.id).where(
                        Tombstone.project_id == project_id, Tombstone.kind == "replay", Tombstone.id.in_(some)
                    )
                )
            )
            found += [each for each in there if each not in gone]
    return sorted(found)


def events_named(analytics: Analytics, project_id: str, event: str) -> int:
    with listed(analytics, project_id) as named:
        named.add("found", [event])
        parameters = {"project_id": project_id, "request_id": named.request_id, "kind": "found"}
        return int(analytics.query(EVENTS_NAMED_SQL, parameters, hidden=True)[0]["count"])


def rows_with_property(analytics: Analytics, project_id: str, name: str, of: str) -> tuple[int, int]:
    """How many events, or profiles, have the property."""
    parameters = {"project_id": project_id, "name": name, "path": escape_name(name)}
    if of == "event":
        return int(analytics.query(EVENTS_WITH_SQL, parameters, hidden=True)[0]["count"]), 0
    return 0, int(analytics.query(PROFILES_WITH_SQL, parameters, hidden=True)[0]["count"])
