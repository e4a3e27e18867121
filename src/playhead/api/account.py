"""A member's own account: name, password, second factor, sessions."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Request, Response
from sqlalchemy import delete

from playhead.accounts import passwords
from playhead.accounts.login import code_is_right, password_is_right
from playhead.accounts.members import checked_email, set_email
from playhead.accounts.second_factor import app_uri, new_recovery_codes, new_secret, opened, sealed, step_of
from playhead.accounts.sessions import end_others, end_session, sessions_of
from playhead.api.answers import asks, errors, json_answer, shape
from playhead.api.asked import Body
from playhead.api.auth import Caller, Forbidden, stores_of
from playhead.api.sessions import MemberShape, Who, browser_of, member_shape
from playhead.capture.useragent import read_user_agent
from playhead.clock import now_ms, rfc3339
from playhead.errors import Conflict, NotFound, PlayheadError
from playhead.governance.audit import NO_PROJECT, record
from playhead.jsontext import read_body
from playhead.stores.tables import LoginCode, LoginSession, Member, RecoveryCode
from playhead.texts import line

router = APIRouter(prefix="/api/account", tags=["Account"])


class AccountChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is not given stays as it is."""

    name: str | None = None
    email: str | None = None


class PasswordChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`current` is needed where there is one."""

    new: str
    current: str = ""


class Code(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str


class AppSecret(msgspec.Struct, frozen=True):
    """For an authenticator app: `uri` is what its QR code says."""

    secret: str
    uri: str


class RecoveryCodes(msgspec.Struct, frozen=True):
    recovery_codes: list[str]


class SessionRow(msgspec.Struct, frozen=True):
    session_id: str
    created_at: str
    last_used_at: str
    method: str
    browser: str | None
    os: str | None
    address: str | None
    current: bool


class SessionList(msgspec.Struct, frozen=True):
    results: list[SessionRow]
    next_cursor: str | None = None


_account_change = msgspec.json.Decoder(AccountChange)
_password_change = msgspec.json.Decoder(PasswordChange)
_code = msgspec.json.Decoder(Code)


def own(who: Caller) -> tuple[Member, LoginSession]:
    assert who.member is not None and who.session is not None
    return who.member, who.session


@router.patch("", responses=shape(MemberShape) | errors(400, 401, 403, 409, 413), openapi_extra=asks(AccountChange))
def change_account(request: Request, who: Who, body: Body) -> Response:
    """Changes one's name; and the e-mail address, for who runs the server."""
    change: AccountChange = read_body(_account_change, body, "bad_body")
    name = None if change.name is None else line(change.name, "name")
    email = None if change.email is None else checked_email(change.email)
    with stores_of(request).control.write() as session:
        member = session.get_one(Member, own(who)[0].member_id)
        if email is not None and email != member.email:
            if not member.is_operator:
                # Nobody has verified the new one: who took another's address would get what that one is invited to.
                raise Forbidden("Who runs the server can change it: playhead member email.", code="email_fixed")
            set_email(session, member, email)
        if name is not None:
            member.name = name
        record(session, NO_PROJECT, who.actor, "member.changed", "member", member.member_id)
    return json_answer(member_shape(member))


@router.post(
    "/password", status_code=204, responses=errors(400, 401, 403, 409, 413, 429), openapi_extra=asks(PasswordChange)
)
def change_password(request: Request, who: Who, body: Body) -> Response:
    """Sets the password, and ends all other sessions and one-time links of the account."""
    change: PasswordChange = read_body(_password_change, body, "bad_body")
    member, own_session = own(who)
    control = stores_of(request).control
    if not member.email:
        raise Conflict("Set an e-mail address first: it is what you log in with.", code="email_needed")
    passwords.check_new(change.new)
    if member.password_hash and not password_is_right(control, member, change.current, browser_of(request)):
        raise PlayheadError("`current` is not the present password.", code="wrong_password")
    made = passwords.password_hash(change.new)
    with control.write() as session:
        session.get_one(Member, member.member_id).password_hash = made
        ended = end_others(session, member.member_id, own_session.session_id)
        session.execute(delete(LoginCode).where(LoginCode.member_id == member.member_id))
        detail = {"sessions_ended": ended}
        record(session, NO_PROJECT, who.actor, "member.password_changed", "member", member.member_id, detail)
    return Response(status_code=204)


@router.post("/totp", responses=shape(AppSecret) | errors(401, 403, 409))
def begin_totp(request: Request, who: Who) -> Response:
    """A secret for an authenticator app; the second factor is on once it is confirmed by a code."""
    secret, stores, member_id = new_secret(), stores_of(request), own(who)[0].member_id
    stored = sealed(stores.keyring, member_id, secret)
    with stores.control.write() as session:
        member = session.get_one(Member, member_id)
        if member.totp_secret:
            raise Conflict("The second factor is on: turn it off first.", code="totp_on")
        member.totp_pending = stored
    return json_answer(AppSecret(secret, app_uri(secret, member.email or member.name)))


@router.post(
    "/totp/confirm", responses=shape(RecoveryCodes) | errors(400, 401, 403, 409, 413), openapi_extra=asks(Code)
)
def confirm_totp(request: Request, who: Who, body: Body) -> Response:
    """Turns the second factor on. The recovery codes are told here and never again."""
    given: Code = read_body(_code, body, "bad_body")
    stores, (caller, _) = stores_of(request), own(who)
    # A KMS may take its time: not while the store is held.
    opened(stores.keyring, caller.member_id, caller.totp_pending)
    with stores.control.write() as session:
        member = session.get_one(Member, caller.member_id)
        if not member.totp_pending:
            raise Conflict("Ask for a secret first: POST /api/account/totp.", code="totp_not_begun")
        step = step_of(opened(stores.keyring, caller.member_id, member.totp_pending), given.code, 0)
        if step is None:
            raise PlayheadError("The code is not right: is the phone's clock?", code="bad_code")
        member.totp_secret, member.totp_pending, member.totp_step = member.totp_pending, "", step
        codes = new_recovery_codes(session, member.member_id)
        record(session, NO_PROJECT, who.actor, "member.totp_on", "member", member.member_id)
    return json_answer(RecoveryCodes(codes))


@router.delete("/totp", status_code=204, responses=errors(400, 401, 403, 409, 413, 429), openapi_extra=asks(Code))
def end_totp(request: Request, who: Who, body: Body) -> Response:
    """Turns the second factor off, with a code of it or a recovery code."""
    given: Code = read_body(_code, body, "bad_body")
    member, _ = own(who)
    control = stores_of(request).control
    if not member.totp_secret:
        raise Conflict("The second factor is not on.", code="totp_off")
    if not code_is_right(control, stores_of(request).keyring, member, given.code, browser_of(request)):
        raise PlayheadError("The code is not right, or it was used already.", code="bad_code")
    with control.write() as session:
        session.get_one(Member, member.member_id).totp_secret = ""
        session.execute(delete(RecoveryCode).where(RecoveryCode.member_id == member.member_id))
        record(session, NO_PROJECT, who.actor, "member.totp_off", "member", member.member_id)
    return Response(status_code=204)


@router.get("/sessions", responses=shape(SessionList) | errors(401, 403))
def list_sessions(request: Request, who: Who) -> Response:
    """One's sessions, used last first."""
    member, current = own(who)
    rows = sessions_of(stores_of(request).control, member.member_id, now_ms())
    return json_answer(SessionList([_session_row(row, current) for row in rows]))


@router.delete("/sessions", status_code=204, responses=errors(401, 403))
def end_other_sessions(request: Request, who: Who) -> Response:
    """Ends all of one's sessions but this one."""
    member, current = own(who)
    with stores_of(request).control.write() as session:
        ended = end_others(session, member.member_id, current.session_id)
        record(session, NO_PROJECT, who.actor, "session.revoked", "session", "", {"sessions_ended": ended})
    return Response(status_code=204)


@router.delete("/sessions/{session_id}", status_code=204, responses=errors(400, 401, 403, 404))
def end_one_session(request: Request, who: Who, session_id: Annotated[str, Path(max_length=100)]) -> Response:
    """Ends one of one's sessions."""
    with stores_of(request).control.write() as session:
        if not end_session(session, own(who)[0].member_id, session_id):
            raise NotFound("You have no such session.", code="session_not_found")
        record(session, NO_PROJECT, who.actor, "session.revoked", "session", session_id)
    return Response(status_code=204)


def _session_row(row: LoginSession, current: LoginSession) -> SessionRow:
    agent = read_user_agent(row.user_agent)
    return SessionRow(
        row.session_id,
        rfc3339(row.created_at_ms),
        rfc3339(row.last_used_at_ms),
        row.method,
        agent.browser or None,
        agent.os or None,
        row.address or None,
        row.session_id == current.session_id,
    )
