"""Whose replay it is: the distinct_id of its analytics event with the greatest client time; without one, that of the
batch with the greatest event timestamp. Resolved through identity when asked, never stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from playhead.people.identity import users_of
from playhead.stores.analytics import Analytics

EVENT_OWNERS_SQL = """
SELECT replay_id, argMax(distinct_id, (client_time, received_at, event)) AS owner_id
FROM events FINAL
WHERE project_id = {project_id:String} AND replay_id IN {replay_ids:Array(String)} AND distinct_id != ''
GROUP BY replay_id
"""

NAMES_SQL = """
SELECT distinct_id, name, email, avatar FROM profiles FINAL
WHERE project_id = {project_id:String} AND distinct_id IN {distinct_ids:Array(String)}
"""


class PersonName(msgspec.Struct, frozen=True):
    distinct_id: str
    name: str | None = None
    email: str | None = None
    avatar: str | None = None


class Owner(msgspec.Struct, frozen=True):
    """Whose replay: the distinct_id as it was seen, and the person it resolves to."""

    distinct_id: str
    person: PersonName


def owners(analytics: Analytics, project_id: str, batch_ids: Mapping[str, str]) -> dict[str, Owner]:
    """The owner of each replay; `batch_ids` maps replay ids to the distinct_id of the latest batch."""
    seen = dict(batch_ids)
    if seen:
        rows = analytics.query(EVENT_OWNERS_SQL, {"project_id": project_id, "replay_ids": list(seen)})
        seen |= {row["replay_id"]: row["owner_id"] for row in rows}
    people = users_of(analytics, project_id, set(seen.values()))
    names = names_of(analytics, project_id, set(people.values()))
    return {replay_id: Owner(seen_id, names[people[seen_id]]) for replay_id, seen_id in seen.items()}


def names_of(analytics: Analytics, project_id: str, distinct_ids: Iterable[str]) -> dict[str, PersonName]:
    """Name, e-mail and avatar of people, from their profiles; None where unknown."""
    found = {each: PersonName(each) for each in distinct_ids}
    if found:
        for row in analytics.query(NAMES_SQL, {"project_id": project_id, "distinct_ids": list(found)}):
            found[row["distinct_id"]] = PersonName(
                row["distinct_id"], row["name"] or None, row["email"] or None, row["avatar"] or None
            )
    return found
