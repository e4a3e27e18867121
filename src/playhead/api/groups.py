"""Groups: one in full."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from playhead.api.answers import errors, shape
from playhead.api.auth import project as project_of
from playhead.api.auth import stores_of
from playhead.api.hiding import SensitiveOf, shown
from playhead.errors import NotFound
from playhead.people.groups import Group, group
from playhead.stores.tables import Project

router = APIRouter(tags=["Groups"])


@router.get("/api/projects/{p}/groups/{group_key}/{group_id}", responses=shape(Group) | errors(401, 404))
def one_group(
    request: Request,
    project: Annotated[Project, Depends(project_of)],
    sensitive: SensitiveOf,
    group_key: Annotated[str, Path(max_length=1_000)],
    group_id: Annotated[str, Path(max_length=1_000)],
) -> Response:
    """What was said of a group."""
    found = group(stores_of(request).analytics, project.project_id, group_key, group_id)
    if found is None:
        raise NotFound("Nothing was said of this group.", code="group_not_found")
    return shown(found, sensitive)
