"""Sessions of members' browsers, and the one-time links that begin one."""

from __future__ import annotations

import secrets

import msgspec
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from playhead.accounts.hashing import hashed
from playhead.clock import now_ms
from playhead.governance.audit import NO_PROJECT, Actor, record
from playhead.stores.control import Control
from playhead.stores.tables import LoginCode, LoginSession, Member

SESSION_MS = 30 * 86_400_000
LOGIN_CODE_MS = 24 * 3_600_000
# `last_used_at_ms` and `last_seen_at_ms` are this exact: a row is not written with every request.
USED_EVERY_MS = 60_000
MAX_AGENT = 400


class Browser(msgspec.Struct, frozen=True):
    """Where a session is begun from."""

    user_agent: str = ""
    address: str = ""


class NewSession(msgspec.Struct, frozen=True):
    cookie: str
    csrf_token: str


def member_actor(member: Member) -> Actor:
    return Actor("member", member.member_id, member.name or member.email or "member")


def begin_session(session: Session, member: Member, method: str, browser: Browser) -> NewSession:
    """A session for this member, within the caller's write transaction; `method` is how they logged in."""
    now = now_ms()
    new = NewSession(secrets.token_urlsafe(32), secrets.token_urlsafe(24))
    session_id = secrets.token_hex(6)
    session.add(
        LoginSession(
            session_hash=hashed(new.cookie),
            session_id=session_id,
            member_id=member.member_id,
            csrf_token=new.csrf_token,
            created_at_ms=now,
            expires_at_ms=now + SESSION_MS,
            last_used_at_ms=now,
            method=method,
            user_agent=browser.user_agent[:MAX_AGENT],
            address=browser.address,
        )
    )
    session.execute(update(Member).where(Member.member_id == member.member_id).values(last_seen_at_ms=now))
    session.execute(delete(LoginSession).where(LoginSession.expires_at_ms <= now))
    session.execute(delete(LoginCode).where(LoginCode.expires_at_ms <= now))
    record(session, NO_PROJECT, member_actor(member), "member.logged_in", "session", session_id, {"method": method})
    return new


def new_login_code(session: Session, member_id: str, valid_ms: int = LOGIN_CODE_MS) -> str:
    """The path of a new one-time link that logs this member in."""
    code = secrets.token_urlsafe(24)
    session.add(LoginCode(code_hash=hashed(code), member_id=member_id, expires_at_ms=now_ms() + valid_ms))
    return f"/login?code={code}"


def log_in_by_code(control: Control, code: str, browser: Browser) -> NewSession | None:
    """Spends a one-time code; None for one that is unknown, spent or too old."""
    with control.write() as session:
        row = session.get(LoginCode, hashed(code))
        if row is None:
            return None
        session.delete(row)
        member = session.get(Member, row.member_id)
        if row.expires_at_ms <= now_ms() or member is None:
            session.commit()
            return None
        return begin_session(session, member, "link", browser)


def find_session(control: Control, cookie: str, now_ms: int) -> tuple[LoginSession, Member] | None:
    """Whose session it is; None for one that is unknown, ended or too old. Notes that it was used."""
    if not cookie:
        return None
    with control.read() as session:
        row = session.get(LoginSession, hashed(cookie))
        if row is None or row.expires_at_ms <= now_ms:
            return None
        member = session.get(Member, row.member_id)
    if member is None:
        return None
    if now_ms - row.last_used_at_ms >= USED_EVERY_MS:
        with control.write() as session:
            session.execute(
                update(LoginSession).where(LoginSession.session_hash == row.session_hash).values(last_used_at_ms=now_ms)
            )
            session.execute(update(Member).where(Member.member_id == member.member_id).values(last_seen_at_ms=now_ms))
    return row, member


def sessions_of(control: Control, member_id: str, now_ms: int) -> list[LoginSession]:
    """The member's sessions, used last first."""
    with control.read() as session:
        return list(
            session.scalars(
                select(LoginSession)
                .where(LoginSession.member_id == member_id, LoginSession.expires_at_ms > now_ms)
                .order_by(LoginSession.last_used_at_ms.desc(), LoginSession.session_id)
            )
        )


def end_session(session: Session, member_id: str, session_id: str) -> bool:
    """False when the member has no such session."""
    row = session.scalar(
        select(LoginSession).where(LoginSession.member_id == member_id, LoginSession.session_id == session_id)
    )
    if row is None:
        return False
    session.delete(row)
    return True


def end_others(session: Session, member_id: str, but_session_id: str) -> int:
    """Ends all sessions of a member but one; answers how many there were."""
    rows = session.scalars(
        select(LoginSession).where(LoginSession.member_id == member_id, LoginSession.session_id != but_session_id)
    ).all()
    for row in rows:
        session.delete(row)
    return len(rows)
