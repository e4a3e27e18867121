"""The one-time link, the session, and how the server is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path as FilePath
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from playhead import __version__
from playhead.accounts.sessions import SESSION_MS, Browser, end_session, log_in_by_code
from playhead.api.addresses import base_url, replay_origin
from playhead.api.answers import errors, json_answer, shape
from playhead.api.auth import COOKIE, Access, Caller, asking, stores_of
from playhead.api.projects import accesses, project_shape
from playhead.api.rights import Right, Role, in_order
from playhead.api.static import dashboard
from playhead.clock import now_ms
from playhead.errors import PlayheadError
from playhead.health import store_checks
from playhead.journal import JournalQueue, JournalStats, together
from playhead.settings import Settings
from playhead.stores.regions import every_settings, read_regions
from playhead.stores.tables import Member

router = APIRouter()

Who = Annotated[Caller, Depends(asking)]


class OwnProjectShape(msgspec.Struct, frozen=True):
    """A project with what the member may do there. `role` and `rights` are as docs/guide/members.md says."""

    project_id: str
    name: str
    token: str
    created_at: str
    retention_days: int
    timezone: str
    previous_token_until: str | None
    region: str
    role: Role
    rights: list[Right]
    unmasked: bool


class MemberShape(msgspec.Struct, frozen=True):
    """`is_operator`: runs this server, so makes projects, and is an owner of each."""

    member_id: str
    name: str | None
    email: str | None
    has_password: bool
    totp: bool
    is_operator: bool


class RegionShape(msgspec.Struct, frozen=True):
    name: str


class SessionShape(msgspec.Struct, frozen=True):
    """`regions` are those that a new project can be made in, told to whom may make one."""

    member: MemberShape
    csrf_token: str
    projects: list[OwnProjectShape]
    replay_origin: str
    version: str
    sdk_url: str
    shop_url: str | None
    regions: list[RegionShape]


class StoreShape(msgspec.Struct, frozen=True):
    """`region` is empty for those of projects that are in none."""

    name: str
    ok: bool
    message: str | None
    url: str | None
    region: str


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


def own_project_shape(access: Access) -> OwnProjectShape:
    project = project_shape(access.project)
    assert access.role is not None
    return OwnProjectShape(
        project.project_id,
        project.name,
        project.token,
        project.created_at,
        project.retention_days,
        project.timezone,
        project.previous_token_until or None,
        project.region,
        access.role,
        in_order(access.rights),
        access.unmasked,
    )


def member_shape(member: Member) -> MemberShape:
    return MemberShape(
        member.member_id,
        member.name,
        member.email,
        bool(member.password_hash),
        bool(member.totp_secret),
        bool(member.is_operator),
    )


def browser_of(request: Request) -> Browser:
    return Browser(request.headers.get("user-agent", ""), request.client.host if request.client else "")


def set_session_cookie(request: Request, answer: Response, cookie: str) -> None:
    answer.set_cookie(
        COOKIE,
        cookie,
        max_age=SESSION_MS // 1000,
        httponly=True,
        samesite="lax",
        secure=base_url(request).startswith("https:"),
    )
    answer.headers["Cache-Control"] = "no-store"


@router.get("/login", include_in_schema=False)
async def login(request: Request, code: str = "") -> Response:
    """The one-time link: sets the session cookie and leads to the dashboard. Without a code, the dashboard's page."""
    if not code:
        return await dashboard(request)
    new = await run_in_threadpool(log_in_by_code, stores_of(request).control, code, browser_of(request))
    if new is None:
        # The log-in page, which says from the address that it was a link, and offers the other ways in.
        page = await dashboard(request)
        page.status_code = 401
        return page
    answer = RedirectResponse("/", 303)
    set_session_cookie(request, answer, new.cookie)
    return answer


@router.get("/api/session", tags=["Session"], responses=shape(SessionShape) | errors(401, 403))
def session(request: Request, who: Who) -> Response:
    """The member who is logged in, what they may do, and the token that changes need."""
    settings: Settings = request.app.state.settings
    assert who.member is not None and who.session is not None
    base = base_url(request)
    return json_answer(
        SessionShape(
            member_shape(who.member),
            who.session.csrf_token,
            [own_project_shape(each) for each in accesses(request, who)],
            replay_origin(request),
            __version__,
            f"{base}/sdk.js",
            "/shop/" if settings.demo else None,
            [RegionShape(name) for name in read_regions(settings)] if who.is_operator else [],
        )
    )


@router.post("/api/logout", status_code=204, tags=["Session"], responses=errors(401, 403))
def logout(request: Request, who: Who) -> Response:
    """Ends the session."""
    assert who.member is not None and who.session is not None
    with stores_of(request).control.write() as session:
        end_session(session, who.member.member_id, who.session.session_id)
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE)
    return answer


@router.get("/api/status", tags=["Status"], responses=shape(StatusShape) | errors(401))
def status(request: Request, who: Who) -> Response:
    """Whether every store answers, and what waits."""
    settings: Settings = request.app.state.settings
    stores = stores_of(request)
    urls = {("control", ""): stores.control.url}
    for each in stores.every():
        urls["analytics", each.region] = each.analytics.url
        urls["blobs", each.region] = each.blobs.url
    found = [_check(name, check, urls[name]) for name, check in store_checks(stores).items()]
    waiting: list[JournalStats] = []

    def read_journal(path: FilePath) -> None:
        with closing(JournalQueue.open(path)) as queue:
            waiting.append(queue.stats())

    for own in every_settings(settings):
        path = own.journal_path
        found.append(_check(("journal", own.region), partial(read_journal, path), str(path)))
    stats = together(waiting)
    oldest = stats.oldest_received_at_ms
    lag_ms = 0 if oldest is None else max(0, now_ms() - oldest)
    journal = JournalShape(stats.items, stats.bytes, lag_ms, stats.dead_letters)
    disk = shutil.disk_usage(settings.data)
    return json_answer(StatusShape(all(each.ok for each in found), found, journal, DiskShape(disk.free, disk.total)))


def _check(name: tuple[str, str], check: Callable[[], None], url: str) -> StoreShape:
    kind, region = name
    try:
        check()
    except PlayheadError as error:
        return StoreShape(kind, False, error.message, url, region)
    return StoreShape(kind, True, None, url, region)
