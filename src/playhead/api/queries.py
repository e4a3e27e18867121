"""The queries of reports while they run: how far they are, and stopping them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Header, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from playhead.api.answers import errors, json_answer, shape
from playhead.api.asked import Body
from playhead.api.auth import project as project_of
from playhead.api.auth import stores_of
from playhead.api.hiding import SensitiveOf, check_asked
from playhead.errors import NotFound, PlayheadError
from playhead.reports.running import Progress, cancel, name_queries, progress
from playhead.stores.tables import Project

router = APIRouter(tags=["Reports"])
PREFIX = "/api/projects/{p}/queries"

ProjectOf = Annotated[Project, Depends(project_of)]
QueryId = Annotated[UUID, Path(description="The `X-Query-Id` that the report was asked with.")]


async def named_body(
    request: Request,
    project: ProjectOf,
    body: Body,
    sensitive: SensitiveOf,
    query_id: Annotated[UUID | None, Header(alias="X-Query-Id", description="A UUID to ask for the query by.")] = None,
) -> AsyncIterator[bytes]:
    """A report's body. Its queries can be asked for by the request's id, and stop when nobody waits for them."""
    check_asked(body, sensitive)
    name = str(query_id or uuid4())
    name_queries(project.project_id, name)
    waiting = asyncio.create_task(_stop_when_gone(request, project.project_id, name))
    try:
        yield body
    finally:
        waiting.cancel()


# Over with the report, before its answer is sent.
ReportBody = Annotated[bytes, Depends(named_body, scope="function")]


async def _stop_when_gone(request: Request, project_id: str, name: str) -> None:
    """After the body, the only thing that can still arrive is that the client closed the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    with contextlib.suppress(PlayheadError):
        await run_in_threadpool(cancel, stores_of(request).analytics, project_id, name)


def _none() -> NotFound:
    return NotFound("No query with this id is running.", code="query_not_found")


@router.get(PREFIX + "/{query_id}", responses=shape(Progress) | errors(400, 401, 403, 404, 503))
def query_progress(request: Request, project: ProjectOf, query_id: QueryId) -> Response:
    """How far a report's query is."""
    found = progress(stores_of(request).analytics, project.project_id, str(query_id))
    if found is None:
        raise _none()
    return json_answer(found)


@router.delete(PREFIX + "/{query_id}", status_code=204, responses=errors(400, 401, 403, 404, 503))
def cancel_query(request: Request, project: ProjectOf, query_id: QueryId) -> Response:
    """Stops a report's query; its request answers 409 `cancelled`."""
    if not cancel(stores_of(request).analytics, project.project_id, str(query_id)):
        raise _none()
    return Response(status_code=204)
