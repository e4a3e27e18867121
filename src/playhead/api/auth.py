"""Who is asking: a program with a project's key, or a member with the dashboard's cookie."""

from __future__ import annotations

import hmac
import secrets
from typing import Annotated

import msgspec
from fastapi import Depends, Path, Request
from fastapi.security import APIKeyCookie, HTTPBearer
from sqlalchemy import delete, select

from playhead.accounts import hashed
from playhead.clock import now_ms
from playhead.errors import NotFound, PlayheadError, Unauthorized
from playhead.governance.audit import Actor
from playhead.stores import Stores
from playhead.stores.control import Control
from playhead.stores.tables import ApiKey, LoginCode, LoginSession, Member, Project

COOKIE = "playhead_session"
CSRF_HEADER = "X-Playhead-CSRF"
SESSION_MS = 30 * 86_400_000
MAX_SHOWN_NAME = 200
_SAFE = frozenset(("GET", "HEAD", "OPTIONS"))

# Only for the OpenAPI document: `caller` reads the request itself, so that its errors have our shape.
_bearer = HTTPBearer(auto_error=False, description="A project's API key.")
_cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="The dashboard's session.")


class Forbidden(PlayheadError):
    status = 403
    code = "forbidden"


class Caller(msgspec.Struct, frozen=True):
    """`project_id` is the one project a key opens, None for a member, who sees all."""

    project_id: str | None
    member: Member | None = None
    csrf_token: str = ""

    @property
    def name(self) -> str:
        """Who it is, as it is shown beside what they made."""
        shown = (self.member.name or self.member.email or "member") if self.member else "API key"
        return shown[:MAX_SHOWN_NAME]

    @property
    def actor(self) -> Actor:
        return actor_of(self)


def actor_of(who: Caller) -> Actor:
    """The caller as the audit log names them."""
    if who.member is not None:
        return Actor("member", who.member.member_id, who.name)
    return Actor("key", "", who.name)


def stores_of(request: Request) -> Stores:
    found = request.app.state.stores
    assert isinstance(found, Stores)
    return found


def caller(request: Request) -> Caller:
    """Raises Unauthorized, or Forbidden for a change by cookie without the CSRF token."""
    control = stores_of(request).control
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if key:
        if scheme.lower() != "bearer":
            raise Unauthorized("Send the API key as `Authorization: Bearer <api_key>`.")
        with control.read() as session:
            project_id = session.scalar(select(ApiKey.project_id).where(ApiKey.key_hash == hashed(key.strip())))
        if project_id is None:
            raise Unauthorized("This API key is not known.", code="unknown_api_key")
        return Caller(project_id)
    found = find_session(control, request.cookies.get(COOKIE, ""))
    if found is None:
        raise Unauthorized(
            "Log in with the link that `playhead login-url` prints, or send `Authorization: Bearer <api_key>`.",
            code="not_logged_in",
        )
    if request.method not in _SAFE and not hmac.compare_digest(
        request.headers.get(CSRF_HEADER, "").encode(), found.csrf_token.encode()
    ):
        raise Forbidden(f"Send the header {CSRF_HEADER} with the token of /api/session.", code="csrf")
    return found


def asking(
    who: Annotated[Caller, Depends(caller)], _key: object = Depends(_bearer), _session: object = Depends(_cookie)
) -> Caller:
    return who


def member(who: Annotated[Caller, Depends(asking)]) -> Caller:
    """A member, not a key."""
    if who.member is None:
        raise Forbidden("An API key opens one project's data; this needs a member of the dashboard.")
    return who


def project(
    request: Request,
    who: Annotated[Caller, Depends(asking)],
    project_id: Annotated[str, Path(alias="p", description="Project id.")],
) -> Project:
    """The project of the path. One that the caller may not see is as unknown as one that is not there."""
    if who.project_id in {None, project_id}:
        with stores_of(request).control.read() as session:
            found = session.get(Project, project_id)
        if found is not None:
            return found
    raise NotFound("There is no such project, or this key is another project's.", code="project_not_found")


def log_in(control: Control, code: str) -> str | None:
    """Spends a one-time code; answers the new session's cookie, None for a code that is unknown, spent or too old."""
    cookie = secrets.token_urlsafe(32)
    now = now_ms()
    with control.write() as session:
        row = session.get(LoginCode, hashed(code))
        if row is None:
            return None
        session.delete(row)
        if row.expires_at_ms <= now:
            return None
        session.add(
            LoginSession(
                session_hash=hashed(cookie),
                session_id=secrets.token_hex(6),
                member_id=row.member_id,
                csrf_token=secrets.token_urlsafe(24),
                created_at_ms=now,
                expires_at_ms=now + SESSION_MS,
            )
        )
        session.execute(delete(LoginSession).where(LoginSession.expires_at_ms <= now))
        session.execute(delete(LoginCode).where(LoginCode.expires_at_ms <= now))
    return cookie


def find_session(control: Control, cookie: str) -> Caller | None:
    if not cookie:
        return None
    with control.read() as session:
        row = session.get(LoginSession, hashed(cookie))
        if row is None or row.expires_at_ms <= now_ms():
            return None
        found = session.get(Member, row.member_id)
    return Caller(None, found, row.csrf_token) if found else None


def log_out(control: Control, cookie: str) -> None:
    with control.write() as session:
        session.execute(delete(LoginSession).where(LoginSession.session_hash == hashed(cookie)))
