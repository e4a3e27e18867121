"""How long a project keeps its replays and events: shown, tried, changed."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from msgspec import UNSET, UnsetType

from playhead.api.answers import asks, errors, json_answer, shape
from playhead.api.asked import Body
from playhead.api.auth import Caller, asking, stores_of
from playhead.api.auth import project as project_of
from playhead.clock import now_ms, rfc3339
from playhead.errors import PlayheadError
from playhead.governance.retention import (
    MAX_DAYS,
    MIN_DAYS,
    Days,
    Lost,
    Stored,
    change,
    days_of,
    lost,
    stored_events,
    stored_replays,
)
from playhead.jsontext import read_body
from playhead.stores import Stores
from playhead.stores.tables import Project

router = APIRouter(tags=["Retention"])
PREFIX = "/api/projects/{p}/retention"

ProjectOf = Annotated[Project, Depends(project_of)]
Who = Annotated[Caller, Depends(asking)]


class RetentionShape(msgspec.Struct, frozen=True):
    """Days, and what there is. `event_days` null: events are kept for good; `bookmark_days` null: bookmarked replays
    no longer than others."""

    replay_days: int
    event_days: int | None
    bookmark_days: int | None
    replays: Stored
    events: Stored


class NewDays(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is not given stays as it is."""

    replay_days: int | UnsetType = UNSET
    event_days: int | UnsetType | None = UNSET
    bookmark_days: int | UnsetType | None = UNSET


class PreviewShape(msgspec.Struct, frozen=True):
    """What the change would delete, and when. `message` says it in words."""

    replays_to_delete: int
    events_to_delete: int
    at: str
    message: str


_new_days = msgspec.json.Decoder(NewDays)


@router.get(PREFIX, responses=shape(RetentionShape) | errors(401, 403, 404))
def retention(request: Request, project: ProjectOf) -> Response:
    """For how long the project keeps what, and what there is now."""
    return json_answer(_shape(stores_of(request), project.project_id, now_ms()))


@router.post(
    PREFIX + "/preview",
    responses=shape(PreviewShape) | errors(400, 401, 403, 404, 413),
    openapi_extra=asks(NewDays),
)
def retention_preview(request: Request, project: ProjectOf, body: Body) -> Response:
    """What a change would delete. Nothing is changed."""
    stores, now = stores_of(request), now_ms()
    days = _asked(days_of(stores.control, project.project_id), body)
    gone = lost(stores, project.project_id, days, now)
    return json_answer(PreviewShape(gone.replays, gone.events, rfc3339(now), _message(days, gone)))


@router.put(PREFIX, responses=shape(RetentionShape) | errors(400, 401, 403, 404, 413), openapi_extra=asks(NewDays))
def change_retention(request: Request, project: ProjectOf, who: Who, body: Body) -> Response:
    """Changes the days, for what is stored too: what is older is unreadable at once and off the disk within the hour.

    What has expired does not come back when data is kept for longer again.
    """
    stores, now = stores_of(request), now_ms()
    days = _asked(days_of(stores.control, project.project_id), body)
    change(stores, project.project_id, days, who.actor, now)
    return json_answer(_shape(stores, project.project_id, now))


def _shape(stores: Stores, project_id: str, now: int) -> RetentionShape:
    days = days_of(stores.control, project_id)
    return RetentionShape(
        days.replay_days,
        days.event_days or None,
        days.bookmark_days or None,
        stored_replays(stores.control, project_id, now),
        stored_events(stores, project_id),
    )


def _asked(now: Days, body: bytes) -> Days:
    asked = read_body(_new_days, body, "bad_retention")
    found = {
        "replay_days": now.replay_days if asked.replay_days is UNSET else asked.replay_days,
        "event_days": now.event_days if asked.event_days is UNSET else asked.event_days,
        "bookmark_days": now.bookmark_days if asked.bookmark_days is UNSET else asked.bookmark_days,
    }
    for name, value in found.items():
        # What stays as it is may be 0, for good.
        given = getattr(asked, name) is not UNSET and value is not None
        if given and not MIN_DAYS <= value <= MAX_DAYS:
            orelse = "" if name == "replay_days" else ", or null"
            raise PlayheadError(
                f"`{name}` must be a whole number of days from {MIN_DAYS} to {MAX_DAYS}{orelse}.", code="bad_retention"
            )
    return Days(found["replay_days"] or 0, found["event_days"] or 0, found["bookmark_days"] or 0)


def _message(days: Days, gone: Lost) -> str:
    parts = []
    if gone.replays:
        kept = f" (bookmarked: {days.bookmark_days})" if days.bookmark_days > days.replay_days else ""
        parts.append(f"{_counted(gone.replays, 'replay')} older than {_counted(days.replay_days, 'day')}{kept}")
    if gone.events:
        parts.append(f"{_counted(gone.events, 'event')} that came in over {_counted(days.event_days, 'day')} ago")
    if not parts:
        return "Nothing is deleted by this change."
    return (
        f"{' and '.join(parts)} will be deleted: unreadable as soon as this is confirmed, off the disk within the "
        "hour. They can't be brought back."
    )


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
