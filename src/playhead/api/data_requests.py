"""Mixpanel's own addresses for deletion and retrieval, `data-deletions` and `data-retrievals` v3.0, with its shapes.

https://developer.mixpanel.com/reference/gdpr-api. Its guide and its OpenAPI document contradict each other; where they
do, the answer is the guide's, and a retrieval's link stands under both of its names.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from playhead.api.addresses import base_url
from playhead.api.answers import asks, json_answer, shape
from playhead.api.asked import Body
from playhead.api.auth import Access, Caller, actor_of, asking, stores_of
from playhead.api.deletions import Who, settings_of
from playhead.api.retrievals import AskedRetrieval, create, read_retrieval
from playhead.clock import now_ms, rfc3339
from playhead.errors import Conflict, NotFound, PlayheadError
from playhead.governance import requests, retrieval
from playhead.governance.requests import WAIT_MS, Asked, Kind, decoded
from playhead.stores.tables import DataRequest, Project

router = APIRouter(tags=["Mixpanel's deletion and retrieval"])
DELETIONS = "/api/app/data-deletions/v3.0"
RETRIEVALS = "/api/app/data-retrievals/v3.0"

Status = Literal["PENDING", "STAGING", "STARTED", "SUCCESS", "FAILURE", "REVOKED", "NOT_FOUND", "UNKNOWN"]


class MixpanelError(msgspec.Struct, frozen=True):
    error: str
    status: str = "error"


class Created(msgspec.Struct, frozen=True):
    status: Status
    disclosure_type: str
    date_requested: str
    tracking_id: str
    project_id: str
    compliance_type: str
    destination_url: str | None
    requesting_user: str
    distinct_id_count: int


class CreatedAnswer(msgspec.Struct, frozen=True):
    status: str
    results: list[Created]


class DeletionStatus(msgspec.Struct, frozen=True):
    """`distinct_ids` is empty once the deletion is over: they are forgotten."""

    tracking_id: str
    status: Status
    requesting_user: str
    compliance_type: str
    project_id: str
    date_requested: str
    distinct_ids: list[str]


class DeletionAnswer(msgspec.Struct, frozen=True):
    status: str
    results: DeletionStatus


class RetrievalStatus(msgspec.Struct, frozen=True):
    """`result` and `results` are the archive's address, "" while there is none."""

    tracking_id: str
    status: Status
    result: str
    results: str
    distinct_ids: list[str]


class RetrievalAnswer(msgspec.Struct, frozen=True):
    status: str
    results: RetrievalStatus


def error_answer(error: PlayheadError) -> Response:
    """An error as Mixpanel answers one."""
    return json_answer(MixpanelError(error.message), error.status)


def project_of_token(
    request: Request,
    who: Annotated[Caller, Depends(asking)],
    token: Annotated[str, Query(max_length=200, description="The project's token.")] = "",
) -> Project:
    """The project of the token."""
    found = request.state.access
    assert isinstance(found, Access)
    return found.project


ProjectOf = Annotated[Project, Depends(project_of_token)]


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    found: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        found |= shape(MixpanelError, "Refused", status)
    return found


@router.post(DELETIONS, status_code=201, include_in_schema=False)
@router.post(
    DELETIONS + "/",
    status_code=201,
    responses=shape(CreatedAnswer, status=201) | refusals(400, 401, 403, 404, 413, 503),
    openapi_extra=asks(AskedRetrieval),
)
def create_data_deletion(request: Request, project: ProjectOf, who: Who, body: Body) -> Response:
    """Asks for the deletion of up to 2,000 people, by any of their ids."""
    asked = read_retrieval(body)
    requests.check_ids(asked.distinct_ids)
    made = requests.create_deletion(
        stores_of(request),
        project.project_id,
        Asked("person", distinct_ids=asked.distinct_ids, compliance_type=asked.compliance_type),
        actor_of(who),
        now_ms(),
    )
    return json_answer(_created(made), 201)


@router.get(DELETIONS + "/{tracking_id}", responses=shape(DeletionAnswer) | refusals(401, 403, 404))
def data_deletion_status(request: Request, project: ProjectOf, tracking_id: str) -> Response:
    """How far the deletion is."""
    found = _find(request, project, "deletion", tracking_id)
    status = DeletionStatus(
        found.request_id,
        status_of(found, now_ms()),
        found.requested_by,
        found.compliance_type,
        found.project_id,
        rfc3339(found.created_at_ms),
        decoded(found.subject).distinct_ids,
    )
    return json_answer(DeletionAnswer("ok", status))


@router.delete(DELETIONS + "/{tracking_id}", status_code=204, responses=refusals(401, 403, 404, 405))
def cancel_data_deletion(request: Request, project: ProjectOf, who: Who, tracking_id: str) -> Response:
    """Calls the deletion off; 405 once it has begun."""
    return _cancel(request, project, who, "deletion", tracking_id)


@router.post(RETRIEVALS, status_code=201, include_in_schema=False)
@router.post(
    RETRIEVALS + "/",
    status_code=201,
    responses=shape(CreatedAnswer, status=201) | refusals(400, 401, 403, 404, 413),
    openapi_extra=asks(AskedRetrieval),
)
def create_data_retrieval(request: Request, project: ProjectOf, who: Who, body: Body) -> Response:
    """Asks for everything there is of up to 2,000 people, by any of their ids."""
    made = create(request, project, who, body)
    return json_answer(_created(made), 201)


@router.get(RETRIEVALS + "/{tracking_id}", responses=shape(RetrievalAnswer) | refusals(401, 403, 404))
def data_retrieval_status(request: Request, project: ProjectOf, tracking_id: str) -> Response:
    """How far the retrieval is, and where its archive is to be had, with the same key."""
    found = _find(request, project, "retrieval", tracking_id)
    there = now_ms() < retrieval.expires_at_ms(found, settings_of(request))
    path = f"/api/projects/{found.project_id}/retrievals/{found.request_id}/download"
    link = base_url(request) + path if there else ""
    status = RetrievalStatus(
        found.request_id, status_of(found, now_ms()), link, link, decoded(found.subject).distinct_ids
    )
    return json_answer(RetrievalAnswer("ok", status))


@router.delete(RETRIEVALS + "/{tracking_id}", status_code=204, responses=refusals(401, 403, 404, 405))
def cancel_data_retrieval(request: Request, project: ProjectOf, who: Who, tracking_id: str) -> Response:
    """Calls the retrieval off; 405 once it has begun."""
    return _cancel(request, project, who, "retrieval", tracking_id)


def status_of(request: DataRequest, now_ms: int) -> Status:
    match request.state:
        case "waiting":
            return "PENDING" if now_ms < request.created_at_ms + WAIT_MS else "STAGING"
        case "running":
            return "STARTED"
        case "done":
            return "SUCCESS"
        case "failed":
            return "FAILURE"
        case "cancelled":
            return "REVOKED"
        case _:
            return "UNKNOWN"


def _created(request: DataRequest) -> CreatedAnswer:
    created = Created(
        status_of(request, now_ms()),
        request.disclosure_type.upper(),
        rfc3339(request.created_at_ms),
        request.request_id,
        request.project_id,
        request.compliance_type,
        None,
        request.requested_by,
        decoded(request.subject).asked,
    )
    return CreatedAnswer("ok", [created])


def _find(request: Request, project: Project, kind: Kind, tracking_id: str) -> DataRequest:
    found = requests.find(stores_of(request), project.project_id, kind, tracking_id)
    if found.what != "person":
        raise NotFound("There is no such request in this project.", code="request_not_found")
    return found


def _cancel(request: Request, project: Project, who: Caller, kind: Kind, tracking_id: str) -> Response:
    found = _find(request, project, kind, tracking_id)
    try:
        requests.cancel(
            stores_of(request),
            settings_of(request),
            project.project_id,
            kind,
            found.request_id,
            actor_of(who),
            now_ms(),
        )
    except Conflict as error:
        raise PlayheadError(error.message, code=error.code, status=405) from None
    return Response(status_code=204)
