"""Logging in: by e-mail and password, and by a provider of identities."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Request, Response
from starlette.responses import RedirectResponse

from playhead.accounts import oidc
from playhead.accounts.login import UNKNOWN, log_in
from playhead.accounts.members import needs_setup
from playhead.accounts.sessions import begin_session
from playhead.api.addresses import base_url
from playhead.api.answers import asks, errors, json_answer, shape
from playhead.api.asked import Body
from playhead.api.auth import stores_of
from playhead.api.sessions import browser_of, set_session_cookie
from playhead.errors import NotFound
from playhead.governance.audit import NO_PROJECT, record
from playhead.jsontext import read_body
from playhead.settings import Settings

router = APIRouter(prefix="/api/login", tags=["Session"])
FLOW_COOKIE = "playhead_oidc"
FLOW_SECONDS = 600

ProviderId = Annotated[str, Path(max_length=32)]
MOVED: dict[int | str, dict[str, Any]] = {
    302: {"description": "To the provider"},
    303: {"description": "Back to the log-in, with why it can't be"},
}
MOVED_ON: dict[int | str, dict[str, Any]] = {303: {"description": "To the dashboard, or back to the log-in"}}


class ProviderShape(msgspec.Struct, frozen=True):
    """`url` is where the log-in by this provider begins."""

    id: str
    name: str
    url: str


class Ways(msgspec.Struct, frozen=True):
    """`needs_setup`: nobody can log in by themselves yet; a link of `playhead login-url` is the way in."""

    password: bool
    oidc: list[ProviderShape]
    needs_setup: bool


class Credentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`code` is that of the authenticator app, or a recovery code."""

    email: str
    password: str
    code: str = ""


class LoggedIn(msgspec.Struct, frozen=True):
    csrf_token: str


_credentials = msgspec.json.Decoder(Credentials)


@router.get("", responses=shape(Ways))
def ways(request: Request) -> Response:
    """The ways to log in."""
    found = [ProviderShape(each.id, each.name, f"/api/login/oidc/{each.id}") for each in providers_of(request).values()]
    return json_answer(Ways(True, found, not found and needs_setup(stores_of(request).control)))


@router.post(
    "",
    responses=shape(LoggedIn, "The session's cookie is set") | errors(400, 401, 403, 413, 429),
    openapi_extra=asks(Credentials),
)
def by_password(request: Request, body: Body) -> Response:
    """Logs in. 401 `code_needed`: the password is right, and the second factor is on."""
    given: Credentials = read_body(_credentials, body, "bad_body")
    stores = stores_of(request)
    new = log_in(stores.control, stores.keyring, given.email, given.password, given.code, browser_of(request))
    answer = json_answer(LoggedIn(new.csrf_token))
    set_session_cookie(request, answer, new.cookie)
    return answer


@router.get("/oidc/{provider_id}", status_code=302, responses=MOVED | errors(404))
def begin_oidc(request: Request, provider_id: ProviderId) -> Response:
    """Sends the browser to the provider."""
    provider = provider_of(request, provider_id)
    try:
        url, flow = oidc.begin(provider, callback_url(request, provider))
    except oidc.LoginRefused as refused:
        return refusal(refused)
    answer = RedirectResponse(url, 302, headers={"Cache-Control": "no-store"})
    answer.set_cookie(
        FLOW_COOKIE,
        oidc.packed(flow),
        max_age=FLOW_SECONDS,
        path="/api/login/oidc",
        httponly=True,
        samesite="lax",
        secure=base_url(request).startswith("https:"),
    )
    return answer


@router.get("/oidc/{provider_id}/callback", status_code=303, responses=MOVED_ON | errors(404))
def end_oidc(request: Request, provider_id: ProviderId) -> Response:
    """Where the provider sends the browser back: to the dashboard, or to the log-in with `?error=` and why not."""
    provider = provider_of(request, provider_id)
    flow = oidc.unpacked(request.cookies.get(FLOW_COOKIE, ""))
    control = stores_of(request).control
    try:
        if flow is None:
            raise oidc.LoginRefused("This log-in was not begun in this browser.", code="oidc_state")
        identity = oidc.finish(provider, flow, request.query_params, callback_url(request, provider))
        with control.write() as session:
            new = begin_session(session, oidc.member_for(session, identity), provider.id, browser_of(request))
    except oidc.LoginRefused as refused:
        with control.write() as session:
            detail = {"provider": provider.id, "reason": refused.code}
            record(session, NO_PROJECT, UNKNOWN, "member.login_failed", detail=detail)
        return refusal(refused)
    answer = RedirectResponse("/", 303)
    set_session_cookie(request, answer, new.cookie)
    answer.delete_cookie(FLOW_COOKIE, path="/api/login/oidc")
    return answer


def provider_of(request: Request, provider_id: str) -> oidc.Provider:
    """Raises `NotFound`."""
    provider = providers_of(request).get(provider_id)
    if provider is None:
        raise NotFound("No provider of this id is set in PLAYHEAD_OIDC.", code="provider_not_found")
    return provider


def providers_of(request: Request) -> dict[str, oidc.Provider]:
    settings: Settings = request.app.state.settings
    return oidc.read_providers(settings.oidc)


def callback_url(request: Request, provider: oidc.Provider) -> str:
    return f"{base_url(request)}/api/login/oidc/{provider.id}/callback"


def refusal(refused: oidc.LoginRefused) -> Response:
    answer = RedirectResponse(f"/login?error={refused.code}", 303, headers={"Cache-Control": "no-store"})
    answer.delete_cookie(FLOW_COOKIE, path="/api/login/oidc")
    return answer
