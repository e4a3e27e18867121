"""Log-in, the session, projects, and how the server is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Body, Depends, Request, Response
from starlette.responses import HTMLResponse, RedirectResponse

from playhead import __version__
from playhead.accounts import create_project, find_project, projects
from playhead.api.addresses import base_url, replay_origin
from playhead.api.answers import errors, json_answer, shape
from playhead.api.auth import COOKIE, SESSION_MS, Caller, asking, log_in, log_out, member, stores_of
from playhead.clock import now_ms, rfc3339
from playhead.errors import PlayheadError
from playhead.health import store_checks
from playhead.journal import JournalQueue
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.tables import Project

router = APIRouter()


class ProjectShape(msgspec.Struct, frozen=True, omit_defaults=True):
    project_id: str
    name: str
    token: str
    created_at: str
    retention_days: int
    timezone: str
    api_key: str = ""


class MemberShape(msgspec.Struct, frozen=True):
    member_id: str
    name: str | None
    email: str | None


class SessionShape(msgspec.Struct, frozen=True):
    member: MemberShape
    csrf_token: str
    projects: list[ProjectShape]
    replay_origin: str
    version: str
    sdk_url: str
    shop_url: str | None


class ProjectList(msgspec.Struct, frozen=True):
    results: list[ProjectShape]
    next_cursor: str | None = None


class StoreShape(msgspec.Struct, frozen=True):
    name: str
    ok: bool
    message: str | None
    url: str | None


class JournalShape(msgspec.Struct, frozen=True):
    items: int = 0
    bytes: int = 0
    lag_ms: int = 0
    dead_letters: int = 0


class DiskShape(msgspec.Struct, frozen=True):
    free_bytes: int
    total_bytes: int


class StatusShape(msgspec.Struct, frozen=True):
    ok: bool
    stores: list[StoreShape]
    journal: JournalShape
    disk: DiskShape


def project_shape(project: Project, api_key: str = "") -> ProjectShape:
    return ProjectShape(
        project.project_id,
        project.name,
        project.token,
        rfc3339(project.created_at_ms),
        project.retention_days,
        project.timezone,
        api_key,
    )


@router.get("/login", include_in_schema=False)
def login(request: Request, code: str = "") -> Response:
    """The one-time link: sets the session cookie and leads to the dashboard."""
    cookie = log_in(stores_of(request).control, code) if code else None
    if cookie is None:
        return HTMLResponse(
            "<!doctype html><title>Playhead</title><p>This log-in link was used already or is too old. "
            "Run <code>playhead login-url</code> on the server for a new one. <a href='/'>To the dashboard</a>",
            status_code=401,
        )
    answer = RedirectResponse("/", 303)
    answer.set_cookie(
        COOKIE,
        cookie,
        max_age=SESSION_MS // 1000,
        httponly=True,
        samesite="lax",
        secure=base_url(request).startswith("https:"),
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.get("/api/session", tags=["Session"], responses=shape(SessionShape) | errors(401, 403))
def session(request: Request, who: Annotated[Caller, Depends(member)]) -> Response:
    """The member who is logged in, what they see, and the token that changes need."""
    settings: Settings = request.app.state.settings
    assert who.member is not None
    base = base_url(request)
    return json_answer(
        SessionShape(
            MemberShape(who.member.member_id, who.member.name, who.member.email),
            who.csrf_token,
            [project_shape(each) for each in projects(stores_of(request).control)],
            replay_origin(request),
            __version__,
            f"{base}/sdk.js",
            "/shop/" if settings.demo else None,
        )
    )


@router.post("/api/logout", status_code=204, tags=["Session"], responses=errors(401, 403))
def logout(request: Request, who: Annotated[Caller, Depends(member)]) -> Response:
    """Ends the session."""
    log_out(stores_of(request).control, request.cookies.get(COOKIE, ""))
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE)
    return answer


@router.get("/api/projects", tags=["Projects"], responses=shape(ProjectList) | errors(401))
def list_projects(request: Request, who: Annotated[Caller, Depends(asking)]) -> Response:
    """The projects that the caller sees."""
    seen = [each for each in projects(stores_of(request).control) if who.project_id in {None, each.project_id}]
    return json_answer(ProjectList([project_shape(each) for each in seen]))


@router.post(
    "/api/projects",
    status_code=201,
    tags=["Projects"],
    responses=shape(ProjectShape, "The new project", 201) | errors(400, 401, 403),
)
def new_project(
    request: Request, who: Annotated[Caller, Depends(member)], body: Annotated[dict[str, Any], Body()]
) -> Response:
    """Makes a project. Its API key is told here and never again."""
    name = body.get("name")
    if not isinstance(name, str):
        raise PlayheadError('Send {"name": "…"} with the project\'s name.', code="bad_name")
    control = stores_of(request).control
    settings: Settings = request.app.state.settings
    made = create_project(control, name, settings.retention_days)
    return json_answer(project_shape(find_project(control, made.project_id), made.api_key), 201)


@router.get("/api/status", tags=["Status"], responses=shape(StatusShape) | errors(401))
def status(request: Request, who: Annotated[Caller, Depends(asking)]) -> Response:
    """Whether every store answers, and what waits."""
    settings: Settings = request.app.state.settings
    stores = stores_of(request)
    found = [_check(name, check, _url(stores, name)) for name, check in store_checks(stores).items()]
    journal = JournalShape()

    def read_journal() -> None:
        nonlocal journal
        with closing(JournalQueue.open(settings.journal_path)) as queue:
            stats = queue.stats()
        oldest = stats.oldest_received_at_ms
        lag_ms = 0 if oldest is None else max(0, now_ms() - oldest)
        journal = JournalShape(stats.items, stats.bytes, lag_ms, stats.dead_letters)

    found.append(_check("journal", read_journal, str(settings.journal_path)))
    disk = shutil.disk_usage(settings.data)
    return json_answer(StatusShape(all(each.ok for each in found), found, journal, DiskShape(disk.free, disk.total)))


def _check(name: str, check: Callable[[], None], url: str) -> StoreShape:
    try:
        check()
    except PlayheadError as error:
        return StoreShape(name, False, error.message, url)
    return StoreShape(name, True, None, url)


def _url(stores: Stores, name: str) -> str:
    return {"analytics": stores.analytics.url, "blobs": stores.blobs.url, "control": stores.control.url}[name]
