"""Retrievals: asked for, looked at, downloaded, called off or thrown away."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.responses import StreamingResponse

from playhead.api.answers import asks, errors, json_answer, shape
from playhead.api.asked import Body, Cursor, Limit, offset
from playhead.api.auth import Caller, Forbidden, actor_of, stores_of
from playhead.api.deletions import ProjectOf, RequestId, RequestList, Who, settings_of
from playhead.api.hiding import SensitiveOf
from playhead.clock import now_ms
from playhead.governance import audit, requests, retrieval
from playhead.governance.requests import Compliance, Disclosure, RequestView, view
from playhead.jsontext import read_body
from playhead.settings import Settings
from playhead.stores.tables import DataRequest, Project

router = APIRouter(tags=["Deletion and retrieval"])
PREFIX = "/api/projects/{p}/retrievals"
ONE = PREFIX + "/{request_id}"
ARCHIVE: dict[int | str, dict[str, Any]] = {200: {"description": "The archive", "content": {"application/zip": {}}}}


class AskedRetrieval(msgspec.Struct, frozen=True):
    """Whose data, under which law, and whether the data itself, only its kinds, or only where it comes from."""

    distinct_ids: list[str]
    compliance_type: Compliance = "GDPR"
    disclosure_type: Disclosure = "Data"


_asked = msgspec.json.Decoder(AskedRetrieval)


def read_retrieval(body: bytes) -> AskedRetrieval:
    """Raises `PlayheadError` saying what is wrong with the body."""
    asked: AskedRetrieval = read_body(_asked, body, "bad_request")
    return asked


def shown(request: DataRequest, settings: Settings) -> RequestView:
    expires_at_ms = retrieval.expires_at_ms(request, settings)
    there = now_ms() < expires_at_ms
    path = f"/api/projects/{request.project_id}/retrievals/{request.request_id}/download"
    return view(request, path if there else None, expires_at_ms)


def create(request: Request, project: Project, who: Caller, body: bytes) -> DataRequest:
    """Asks for what the body says. Raises `PlayheadError` where it is wrong."""
    asked = read_retrieval(body)
    return requests.create_retrieval(
        stores_of(request),
        project.project_id,
        asked.distinct_ids,
        asked.compliance_type,
        asked.disclosure_type,
        actor_of(who),
        now_ms(),
    )


@router.post(
    PREFIX,
    status_code=201,
    responses=shape(RequestView, status=201) | errors(400, 401, 403, 404, 413),
    openapi_extra=asks(AskedRetrieval),
)
def ask_for_retrieval(request: Request, project: ProjectOf, who: Who, body: Body) -> Response:
    """Everything there is of some people, as a ZIP that is ready some time later."""
    made = create(request, project, who, body)
    return json_answer(shown(made, settings_of(request)), 201)


@router.get(PREFIX, responses=shape(RequestList) | errors(400, 401, 403, 404))
def list_retrievals(request: Request, project: ProjectOf, limit: Limit = 50, cursor: Cursor = "") -> Response:
    """The project's retrievals, newest first."""
    start = offset(cursor)
    with stores_of(request).control.read() as session:
        found = requests.requests(session, project.project_id, "retrieval", limit + 1, start)
    more = str(start + limit) if len(found) > limit else None
    settings = settings_of(request)
    return json_answer(RequestList([shown(each, settings) for each in found[:limit]], more))


@router.get(ONE, responses=shape(RequestView) | errors(401, 403, 404))
def one_retrieval(request: Request, project: ProjectOf, request_id: RequestId) -> Response:
    """How far it is, and where its file is to be had."""
    found = requests.find(stores_of(request), project.project_id, "retrieval", request_id)
    return json_answer(shown(found, settings_of(request)))


@router.get(
    ONE + "/download",
    responses=ARCHIVE | errors(401, 403, 404, 409, 410),
)
def download_retrieval(
    request: Request, project: ProjectOf, who: Who, sensitive: SensitiveOf, request_id: RequestId
) -> Response:
    """The archive: for who may see everything that is in it."""
    if sensitive:
        raise Forbidden("The archive holds sensitive properties, and you don't have the right to see them.")
    stores = stores_of(request)
    found = requests.find(stores, project.project_id, "retrieval", request_id)
    parts = retrieval.archive_parts(stores, settings_of(request), found, now_ms())
    with stores.control.write() as session:
        audit.record(session, project.project_id, actor_of(who), "retrieval.downloaded", "request", request_id)
    return StreamingResponse(
        retrieval.stream(stores.blobs, parts),
        media_type="application/zip",
        headers={
            "Cache-Control": "no-store",
            "Content-Length": str(sum(size for _, size in parts)),
            "Content-Disposition": f'attachment; filename="retrieval-{request_id}.zip"',
        },
    )


@router.delete(ONE, status_code=204, responses=errors(401, 403, 404, 409))
def end_retrieval(request: Request, project: ProjectOf, who: Who, request_id: RequestId) -> Response:
    """Calls it off while it waits; throws its file away once it is done."""
    stores, settings = stores_of(request), settings_of(request)
    found = requests.find(stores, project.project_id, "retrieval", request_id)
    if found.state == "done":
        retrieval.forget(stores, settings, found)
    else:
        requests.cancel(stores, settings, project.project_id, "retrieval", request_id, actor_of(who), now_ms())
    return Response(status_code=204)
