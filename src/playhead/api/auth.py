"""Who is asking, and whether they may: a program with a project's key, or a member with the dashboard's cookie.

`allowed` stands before every route of the API and is the only place that lets a request through.
"""

from __future__ import annotations

import hmac
from typing import Annotated, assert_never, cast, get_args

import msgspec
from fastapi import Depends, Path, Request
from fastapi.security import APIKeyCookie, HTTPBearer
from sqlalchemy import select
from sqlalchemy.orm import Session

from playhead.accounts.keys import find_key
from playhead.accounts.sessions import find_session
from playhead.api.rights import RIGHTS, ROLES, Audience, Right, Role, rights_of_scopes
from playhead.clock import now_ms
from playhead.errors import NotFound, PlayheadError, Unauthorized
from playhead.governance.audit import Actor
from playhead.stores import Stores
from playhead.stores.tables import ApiKey, LoginSession, Member, Membership, Project, SharedReplay

COOKIE = "playhead_session"
CSRF_HEADER = "X-Playhead-CSRF"
MAX_SHOWN_NAME = 200
_SAFE = frozenset(("GET", "HEAD", "OPTIONS"))

# Only for the OpenAPI document: `caller` reads the request itself, so that its errors have our shape.
_bearer = HTTPBearer(auto_error=False, description="A project's API key.")
_cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="The dashboard's session.")


class Forbidden(PlayheadError):
    status = 403
    code = "forbidden"


class Caller(msgspec.Struct, frozen=True):
    """A member with their session, or a program with its key."""

    member: Member | None = None
    session: LoginSession | None = None
    key: ApiKey | None = None

    @property
    def name(self) -> str:
        """Who it is, as it is shown beside what they made."""
        shown = (self.member.name or self.member.email or "member") if self.member else "API key"
        return shown[:MAX_SHOWN_NAME]

    @property
    def actor(self) -> Actor:
        return actor_of(self)

    @property
    def is_operator(self) -> bool:
        return self.member is not None and bool(self.member.is_operator)


class Access(msgspec.Struct, frozen=True):
    """What the caller may do in the project of the request. `role` is None for a key.

    With `only_shared` they see the replays that were shared with them, and no others. Without `unmasked` they see
    `****` for properties that are marked as sensitive.
    """

    project: Project
    role: Role | None
    rights: frozenset[Right]
    unmasked: bool

    @property
    def only_shared(self) -> bool:
        return self.role == "viewer"


def actor_of(who: Caller) -> Actor:
    """The caller as the audit log names them."""
    if who.member is not None:
        return Actor("member", who.member.member_id, who.name)
    return Actor("key", who.key.key_id if who.key else "", (who.key.name if who.key else "") or "API key")


def stores_of(request: Request) -> Stores:
    """The stores of the request's project. Of a request that is about none only `control` is of use."""
    found = request.app.state.stores
    assert isinstance(found, Stores)
    return found.of(getattr(request.state, "region", ""))


def allowed(request: Request) -> None:
    """Lets the request through, or raises Unauthorized, Forbidden, or NotFound for what the caller must not know of.

    Runs before every route: who asks is then in `request.state.caller`, in which project and how far in
    `request.state.access`, and in `request.state.region` where the project's data are.
    """
    rule = rule_of(request)
    if rule == "public":
        # Else another site could log a visitor of its in, as somebody else, and see what they do.
        if request.method not in _SAFE and request.headers.get("sec-fetch-site") == "cross-site":
            raise Forbidden("This must be sent by the dashboard's own page.", code="csrf")
        return
    who = caller(request)
    request.state.caller = who
    match rule:
        case "caller":
            return
        case "member" | "operator":
            if who.member is None:
                raise Forbidden("An API key opens one project's data; this needs a member of the dashboard.")
            if rule == "operator" and not who.is_operator:
                raise Forbidden("Only who runs this server may do this.")
        case "watch" | "report" | "edit" | "export" | "share" | "privacy" | "delete" | "audit" | "manage" | "own":
            access = access_of(request, who)
            request.state.access = access
            request.state.region = access.project.region
            if rule not in access.rights:
                raise missing(rule)
        case _:
            assert_never(rule)


def rule_of(request: Request) -> Right | Audience:
    """Whom the route of this request is for. Raises Forbidden for one that no rule speaks of."""
    route = request.scope.get("route")
    rule = RIGHTS.get(f"{request.method} {getattr(route, 'path', '')}")
    if rule is None:
        raise Forbidden("Nobody has said yet whom this address is for.", code="no_rule")
    return rule


def missing(right: Right) -> Forbidden:
    return Forbidden(f"This needs the right `{right}`, which your role or this key does not have.")


def caller(request: Request) -> Caller:
    """Raises Unauthorized, or Forbidden for a change by cookie without the CSRF token."""
    control = stores_of(request).control
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if secret:
        if scheme.lower() != "bearer":
            raise Unauthorized("Send the API key as `Authorization: Bearer <api_key>`.")
        key = find_key(control, secret.strip(), now_ms())
        if key is None:
            raise Unauthorized("This API key is not known, or it has expired.", code="unknown_api_key")
        return Caller(key=key)
    found = find_session(control, request.cookies.get(COOKIE, ""), now_ms())
    if found is None:
        raise Unauthorized(
            "Log in with the link that `playhead login-url` prints, or send `Authorization: Bearer <api_key>`.",
            code="not_logged_in",
        )
    session, member = found
    if request.method not in _SAFE and not hmac.compare_digest(
        request.headers.get(CSRF_HEADER, "").encode(), session.csrf_token.encode()
    ):
        raise Forbidden(f"Send the header {CSRF_HEADER} with the token of /api/session.", code="csrf")
    return Caller(member, session)


def access_of(request: Request, who: Caller) -> Access:
    """Raises NotFound: a project that the caller has no role in is as unknown as one that is not there."""
    with stores_of(request).control.read() as session:
        project_id = request.path_params.get("p")
        if project_id is None:
            found = by_token(session, request.query_params.get("token", ""))
        else:
            found = session.get(Project, project_id)
        access = access_to(session, who, found) if found is not None else None
    if access is None:
        raise NotFound("There is no such project, or you have no role in it.", code="project_not_found")
    return access


def by_token(session: Session, token: str) -> Project | None:
    """Also by a token that was rotated, until its time is over."""
    rotated = (Project.previous_token == token) & (Project.previous_until_ms > now_ms())
    return session.scalar(select(Project).where((Project.token == token) | rotated)) if token else None


def access_to(session: Session, who: Caller, project: Project) -> Access | None:
    """None for a project of others, and for one that was deleted."""
    if project.deleted_at_ms:
        return None
    if who.key is not None:
        if who.key.project_id != project.project_id:
            return None
        return Access(project, None, rights_of_scopes(who.key.scopes), bool(who.key.unmasked))
    assert who.member is not None
    if who.is_operator:
        return Access(project, "owner", ROLES["owner"], True)
    membership = session.get(Membership, (project.project_id, who.member.member_id))
    if membership is None or membership.role not in get_args(Role):
        return None
    role = cast(Role, membership.role)
    return Access(project, role, ROLES[role], role == "owner" or bool(membership.unmasked))


def shared_with(session: Session, access: Access, who: Caller, replay_id: str) -> bool:
    """Whether the caller may see this replay."""
    if not access.only_shared:
        return True
    assert who.member is not None
    key = (access.project.project_id, replay_id, who.member.member_id)
    return session.get(SharedReplay, key) is not None


async def asking(request: Request, _key: object = Depends(_bearer), _session: object = Depends(_cookie)) -> Caller:
    found = request.state.caller
    assert isinstance(found, Caller)
    return found


async def access(
    request: Request,
    who: Annotated[Caller, Depends(asking)],
    project_id: Annotated[str, Path(alias="p", description="Project id.")],
) -> Access:
    """What the caller may do in the project of the path."""
    found = request.state.access
    assert isinstance(found, Access)
    return found


async def project(found: Annotated[Access, Depends(access)]) -> Project:
    """The project of the path."""
    return found.project
