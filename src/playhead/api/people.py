"""People: found, one in full, their events and replays."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response

from playhead.api.answers import errors, json_answer, shape
from playhead.api.auth import project as project_of
from playhead.api.auth import stores_of
from playhead.clock import now_ms
from playhead.errors import NotFound, PlayheadError
from playhead.people.listing import Person, PersonEvent, people, person, person_events
from playhead.replays.feed import Feed, FeedQuery, feed
from playhead.stores.tables import Project

router = APIRouter(tags=["People"])
PREFIX = "/api/projects/{p}/people"

ProjectOf = Annotated[Project, Depends(project_of)]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str, Query(max_length=20)]
DistinctId = Annotated[str, Path(max_length=1000)]


class PersonList(msgspec.Struct, frozen=True):
    results: list[Person]
    next_cursor: str | None


class EventList(msgspec.Struct, frozen=True):
    results: list[PersonEvent]
    next_cursor: str | None


@router.get(PREFIX, responses=shape(PersonList) | errors(400, 401, 404))
def list_people(
    request: Request,
    project: ProjectOf,
    q: Annotated[str, Query(max_length=500)] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Response:
    """People with a profile, last seen first."""
    start = _offset(cursor)
    found = people(stores_of(request).analytics, project.project_id, q, limit + 1, start)
    return json_answer(PersonList(found[:limit], str(start + limit) if len(found) > limit else None))


@router.get(PREFIX + "/{distinct_id}", responses=shape(Person) | errors(401, 404))
def one_person(request: Request, project: ProjectOf, distinct_id: DistinctId) -> Response:
    """Who the distinct_id resolves to."""
    found = person(stores_of(request).analytics, project.project_id, distinct_id)
    if found is None:
        raise NotFound("Nobody was seen by this distinct_id.", code="person_not_found")
    return json_answer(found)


@router.get(PREFIX + "/{distinct_id}/events", responses=shape(EventList) | errors(400, 401, 404))
def events_of_person(
    request: Request, project: ProjectOf, distinct_id: DistinctId, limit: Limit = 50, cursor: Cursor = ""
) -> Response:
    """Their events, newest first."""
    start = _offset(cursor)
    found = person_events(stores_of(request).analytics, project.project_id, distinct_id, limit + 1, start)
    return json_answer(EventList(found[:limit], str(start + limit) if len(found) > limit else None))


@router.get(PREFIX + "/{distinct_id}/replays", responses=shape(Feed) | errors(400, 401, 404))
def replays_of_person(
    request: Request,
    project: ProjectOf,
    distinct_id: DistinctId,
    limit: Limit = 50,
    cursor: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """Their replays, newest first."""
    query = FeedQuery(distinct_id=distinct_id, limit=limit, cursor=cursor)
    return json_answer(feed(stores_of(request), project.project_id, query, now_ms(), project.timezone))


def _offset(cursor: str) -> int:
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdigit()) or int(cursor) > 10_000_000:
        raise PlayheadError("`cursor` is not one this list gave.", code="bad_cursor")
    return int(cursor)
