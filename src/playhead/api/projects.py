"""Projects as a whole: listed, made, renamed, their token rotated, deleted."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from playhead.accounts.projects import (
    MAX_OVERLAP_HOURS,
    change_project,
    create_project,
    delete_project,
    find_project,
    projects,
    rotate_token,
)
from playhead.api.answers import asks, errors, json_answer, shape
from playhead.api.asked import Body
from playhead.api.auth import Access, Caller, access, access_to, asking, stores_of
from playhead.clock import now_ms, rfc3339
from playhead.errors import PlayheadError
from playhead.jsontext import read_body
from playhead.settings import Settings
from playhead.stores.regions import read_regions
from playhead.stores.tables import Project

router = APIRouter(tags=["Projects"])
ONE = "/api/projects/{p}"

AccessOf = Annotated[Access, Depends(access)]
Who = Annotated[Caller, Depends(asking)]


class ProjectShape(msgspec.Struct, frozen=True, omit_defaults=True):
    """`previous_token_until`: until then the token before is taken too. `region`: in which region's stores its data
    are; empty for the server's own."""

    project_id: str
    name: str
    token: str
    created_at: str
    retention_days: int
    timezone: str
    previous_token_until: str = ""
    region: str = ""


class ProjectList(msgspec.Struct, frozen=True):
    results: list[ProjectShape]
    next_cursor: str | None = None


class NewProjectBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`region` is one of those of `/api/session`, for good; empty for the server's own stores."""

    name: str
    timezone: str = "UTC"
    region: str = ""


class ProjectChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is not given stays as it is. `timezone` is an IANA name."""

    name: str | None = None
    timezone: str | None = None


class Rotation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`overlap_hours`: how long sites that still have the token of now are taken data from."""

    overlap_hours: Annotated[int, msgspec.Meta(ge=0, le=MAX_OVERLAP_HOURS)]


class Confirmation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The project's name, typed."""

    name: str


_new_project = msgspec.json.Decoder(NewProjectBody)
_change = msgspec.json.Decoder(ProjectChange)
_rotation = msgspec.json.Decoder(Rotation)
_confirmation = msgspec.json.Decoder(Confirmation)


def project_shape(project: Project) -> ProjectShape:
    until = project.previous_until_ms
    return ProjectShape(
        project.project_id,
        project.name,
        project.token,
        rfc3339(project.created_at_ms),
        project.retention_days,
        project.timezone,
        rfc3339(until) if until > now_ms() else "",
        project.region,
    )


def accesses(request: Request, who: Caller) -> list[Access]:
    """What the caller may do in each project that they see, oldest project first."""
    control = stores_of(request).control
    seen = projects(control)
    with control.read() as session:
        found = [access_to(session, who, each) for each in seen]
    return [each for each in found if each is not None]


@router.get("/api/projects", responses=shape(ProjectList) | errors(401))
def list_projects(request: Request, who: Who) -> Response:
    """The projects that the caller sees."""
    return json_answer(ProjectList([project_shape(each.project) for each in accesses(request, who)]))


@router.post(
    "/api/projects",
    status_code=201,
    responses=shape(ProjectShape, "The new project", 201) | errors(400, 401, 403, 413),
    openapi_extra=asks(NewProjectBody),
)
def new_project(request: Request, who: Who, body: Body) -> Response:
    """Makes a project. It has no API key yet: whoever needs one makes it with the rights that it needs."""
    new: NewProjectBody = read_body(_new_project, body, "bad_name")
    control = stores_of(request).control
    settings: Settings = request.app.state.settings
    if new.region and new.region not in read_regions(settings):
        raise PlayheadError(f"`region`: this server is not set up for {new.region}.", code="bad_region")
    made = create_project(
        control,
        new.name,
        settings.retention_days,
        who.actor,
        timezone=new.timezone,
        region=new.region,
        with_key=False,
    )
    return json_answer(project_shape(find_project(control, made.project_id)), 201)


@router.patch(ONE, responses=shape(ProjectShape) | errors(400, 401, 403, 404, 413), openapi_extra=asks(ProjectChange))
def change(request: Request, found: AccessOf, who: Who, body: Body) -> Response:
    """Renames the project, or sets the time zone that its days are of."""
    asked: ProjectChange = read_body(_change, body, "bad_body")
    control = stores_of(request).control
    return json_answer(
        project_shape(change_project(control, found.project.project_id, asked.name, asked.timezone, who.actor))
    )


@router.post(
    ONE + "/token", responses=shape(ProjectShape) | errors(400, 401, 403, 404, 413), openapi_extra=asks(Rotation)
)
def rotate(request: Request, found: AccessOf, who: Who, body: Body) -> Response:
    """Gives the project a new token. The one of now is taken for some hours more, so that sites can be changed."""
    asked: Rotation = read_body(_rotation, body, "bad_body")
    control = stores_of(request).control
    return json_answer(project_shape(rotate_token(control, found.project.project_id, asked.overlap_hours, who.actor)))


@router.delete(ONE, status_code=204, responses=errors(400, 401, 403, 404, 413), openapi_extra=asks(Confirmation))
def delete(request: Request, found: AccessOf, who: Who, body: Body) -> Response:
    """Deletes the project: nothing of it can be read or sent from now on; the bytes go in the background."""
    asked: Confirmation = read_body(_confirmation, body, "bad_body")
    if asked.name != found.project.name:
        raise PlayheadError("`name` must be the project's name, as it is.", code="wrong_name")
    delete_project(stores_of(request).control, found.project.project_id, who.actor)
    return Response(status_code=204)
