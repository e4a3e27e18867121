"""People: listed, one in full, their events and replays."""

from __future__ import annotations

from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response

from playhead.api.answers import errors, shape
from playhead.api.asked import Cursor, FromDay, Limit, OnlyEvents, ToDay, moment, names_asked, next_cursor, offset
from playhead.api.auth import project as project_of
from playhead.api.auth import stores_of
from playhead.api.hiding import SensitiveOf, check_asked, refused, shown
from playhead.clock import now_ms, rfc3339
from playhead.errors import NotFound
from playhead.people.identity import distinct_ids_of, users_of
from playhead.people.listing import Person, person, seen
from playhead.replays.feed import Feed, FeedQuery, feed
from playhead.reports.users import Order, PersonEvent, UsersQuery, events_of_person, read_filters, users
from playhead.stores.tables import Project

router = APIRouter(tags=["People"])
PREFIX = "/api/projects/{p}/people"

ProjectOf = Annotated[Project, Depends(project_of)]
DistinctId = Annotated[str, Path(max_length=1000)]


class PersonList(msgspec.Struct, frozen=True):
    results: list[Person]
    next_cursor: str | None
    total: int


class PersonDetail(msgspec.Struct, frozen=True):
    """A person and all ids that resolve to them; `last_event_at` is None without events."""

    distinct_id: str
    name: str | None
    email: str | None
    avatar: str | None
    properties: dict[str, Any]
    first_seen: str | None
    last_seen: str | None
    distinct_ids: list[str]
    event_count: int
    last_event_at: str | None
    replay_count: int


class EventList(msgspec.Struct, frozen=True):
    results: list[PersonEvent]
    next_cursor: str | None


@router.get(PREFIX, responses=shape(PersonList) | errors(400, 401, 404, 422))
def list_people(  # noqa: PLR0917
    request: Request,
    project: ProjectOf,
    sensitive: SensitiveOf,
    q: Annotated[str, Query(max_length=500, description="A part of a name, an e-mail or an id.")] = "",
    filters: Annotated[str, Query(max_length=100_000, description="Conditions on profiles, a JSON list.")] = "",
    sort: Annotated[
        str, Query(max_length=1_000, description="last_seen, first_seen, name, or a property.")
    ] = "last_seen",
    order: Order = "desc",
    everyone: Annotated[bool, Query(alias="all", description="Also who has events and no profile.")] = False,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Response:
    """People with a profile (`all`: or with events), last seen first."""
    start = offset(cursor)
    check_asked(filters, sensitive)
    if sort in sensitive.profile or (sort == "name" and "name" not in sensitive.searched):
        raise refused(sort)
    asked = UsersQuery(q, read_filters(filters), sort, order, everyone, limit, start, sensitive.searched)
    found = users(stores_of(request).analytics, project.project_id, asked, project.timezone)
    return shown(PersonList(found.results, next_cursor(limit, start, found.total), found.total), sensitive)


@router.get(PREFIX + "/{distinct_id}", responses=shape(PersonDetail) | errors(401, 404))
def one_person(request: Request, project: ProjectOf, sensitive: SensitiveOf, distinct_id: DistinctId) -> Response:
    """Who the distinct_id resolves to."""
    stores, project_id = stores_of(request), project.project_id
    user_id = users_of(stores.analytics, project_id, [distinct_id])[distinct_id]
    found = person(stores.analytics, project_id, user_id)
    if found is None:
        raise NotFound("Nobody was seen by this distinct_id.", code="person_not_found")
    ids = distinct_ids_of(stores.analytics, project_id, user_id)
    events = seen(stores.analytics, project_id, ids)
    replays = feed(stores, project_id, FeedQuery(distinct_id=user_id, limit=1), now_ms(), project.timezone).total
    return shown(
        PersonDetail(
            **msgspec.structs.asdict(found),
            distinct_ids=ids,
            event_count=events.events,
            last_event_at=rfc3339(events.last_ms) if events.events else None,
            replay_count=replays,
        ),
        sensitive,
    )


@router.get(PREFIX + "/{distinct_id}/events", responses=shape(EventList) | errors(400, 401, 404))
def list_events_of_person(  # noqa: PLR0917
    request: Request,
    project: ProjectOf,
    sensitive: SensitiveOf,
    distinct_id: DistinctId,
    from_: FromDay = "",
    to: ToDay = "",
    event: OnlyEvents = None,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Response:
    """Their events, newest first, each with where it happens in a replay; days are the project's."""
    start, zone = offset(cursor), ZoneInfo(project.timezone)
    times = (moment(from_, zone, last=False), moment(to, zone, last=True))
    found = events_of_person(
        stores_of(request),
        project.project_id,
        distinct_id,
        times,
        names_asked(event or []),
        now_ms(),
        limit + 1,
        start,
    )
    return shown(EventList(found[:limit], str(start + limit) if len(found) > limit else None), sensitive)


@router.get(PREFIX + "/{distinct_id}/replays", responses=shape(Feed) | errors(400, 401, 404))
def replays_of_person(  # noqa: PLR0917
    request: Request,
    project: ProjectOf,
    sensitive: SensitiveOf,
    distinct_id: DistinctId,
    limit: Limit = 50,
    cursor: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """Their replays, newest first."""
    query = FeedQuery(distinct_id=distinct_id, limit=limit, cursor=cursor)
    return shown(feed(stores_of(request), project.project_id, query, now_ms(), project.timezone), sensitive)
