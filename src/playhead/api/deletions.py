"""Deletions: previewed, asked for, looked at, called off, checked again."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Path, Request, Response

from playhead.api.answers import asks, errors, json_answer, shape
from playhead.api.asked import Body, Cursor, Limit, offset
from playhead.api.auth import Caller, actor_of, asking, stores_of
from playhead.api.auth import project as project_of
from playhead.clock import now_ms
from playhead.errors import Conflict
from playhead.governance import requests
from playhead.governance.erasing import check
from playhead.governance.requests import Asked, DeletionPreview, RequestView, view
from playhead.settings import Settings
from playhead.stores.tables import Project

router = APIRouter(tags=["Deletion and retrieval"])
PREFIX = "/api/projects/{p}/deletions"
ONE = PREFIX + "/{request_id}"

ProjectOf = Annotated[Project, Depends(project_of)]
Who = Annotated[Caller, Depends(asking)]
RequestId = Annotated[str, Path(max_length=100, description="Request id.")]


class RequestList(msgspec.Struct, frozen=True):
    results: list[RequestView]
    next_cursor: str | None


def settings_of(request: Request) -> Settings:
    found = request.app.state.settings
    assert isinstance(found, Settings)
    return found


@router.post(
    PREFIX + "/preview",
    responses=shape(DeletionPreview) | errors(400, 401, 403, 404, 413, 503),
    openapi_extra=asks(Asked),
)
def preview_deletion(request: Request, project: ProjectOf, body: Body) -> Response:
    """What a deletion would take. Nothing is deleted by it."""
    asked = requests.read_asked(body)
    return json_answer(requests.preview(stores_of(request), project.project_id, asked))


@router.post(
    PREFIX,
    status_code=201,
    responses=shape(RequestView, status=201) | errors(400, 401, 403, 404, 413, 503),
    openapi_extra=asks(Asked),
)
def ask_for_deletion(request: Request, project: ProjectOf, who: Who, body: Body) -> Response:
    """Nobody reads it from now on; after ten seconds, in which it can be called off, it is taken off every store."""
    asked = requests.read_asked(body)
    made = requests.create_deletion(stores_of(request), project.project_id, asked, actor_of(who), now_ms())
    return json_answer(view(made), 201)


@router.get(PREFIX, responses=shape(RequestList) | errors(400, 401, 403, 404))
def list_deletions(request: Request, project: ProjectOf, limit: Limit = 50, cursor: Cursor = "") -> Response:
    """The project's deletions, newest first."""
    start = offset(cursor)
    with stores_of(request).control.read() as session:
        found = requests.requests(session, project.project_id, "deletion", limit + 1, start)
    more = str(start + limit) if len(found) > limit else None
    return json_answer(RequestList([view(each) for each in found[:limit]], more))


@router.get(ONE, responses=shape(RequestView) | errors(401, 403, 404))
def one_deletion(request: Request, project: ProjectOf, request_id: RequestId) -> Response:
    """How far it is, and its receipt."""
    return json_answer(view(requests.find(stores_of(request), project.project_id, "deletion", request_id)))


@router.delete(ONE, status_code=204, responses=errors(401, 403, 404, 409))
def cancel_deletion(request: Request, project: ProjectOf, who: Who, request_id: RequestId) -> Response:
    """Calls it off while it waits: what it hid can be read again."""
    requests.cancel(
        stores_of(request),
        settings_of(request),
        project.project_id,
        "deletion",
        request_id,
        actor_of(who),
        now_ms(),
    )
    return Response(status_code=204)


@router.post(ONE + "/check", responses=shape(RequestView) | errors(401, 403, 404, 409, 503))
def check_deletion(request: Request, project: ProjectOf, request_id: RequestId) -> Response:
    """Reads every store again for what was deleted, and answers with what it found."""
    stores = stores_of(request)
    found = requests.find(stores, project.project_id, "deletion", request_id)
    if found.state != "done":
        raise Conflict("Only a deletion that is done can be checked.", code="request_not_done")
    check(stores, settings_of(request), found, now_ms())
    return json_answer(view(found))
