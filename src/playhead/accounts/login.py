"""Logging in by e-mail and password, with the second factor where it is on."""

from __future__ import annotations

from playhead.accounts import attempts, passwords
from playhead.accounts.hashing import hashed
from playhead.accounts.members import by_email, email_of
from playhead.accounts.second_factor import opened, spend
from playhead.accounts.sessions import Browser, NewSession, begin_session, member_actor
from playhead.clock import now_ms
from playhead.errors import Unauthorized
from playhead.governance.audit import NO_PROJECT, Actor, record
from playhead.stores.control import Control
from playhead.stores.encryption import Keyring
from playhead.stores.tables import Member

UNKNOWN = Actor("system", name="somebody unknown")


def log_in(  # noqa: PLR0917
    control: Control, keyring: Keyring, email: str, password: str, code: str, browser: Browser
) -> NewSession:
    """Raises `Unauthorized` with `bad_login` (in the same words, after the same work, whether or not there is such an
    account), `code_needed` or `bad_code`; `TooMany` after too many failures."""
    kept = email_of(email)
    account, address = attempts.of_account(kept or email), attempts.of_address(browser.address)
    attempts.reserve(control, account, address, now_ms())
    with control.read() as session:
        member = by_email(session, kept) if kept else None
    if not passwords.is_right(member.password_hash if member else "", password) or member is None:
        _note_failure(control, member)
        raise Unauthorized("The e-mail address or the password is not right.", code="bad_login")
    if member.totp_secret and not code:
        attempts.take_back(control, account, address)
        raise Unauthorized("Send the code of your authenticator app as `code`.", code="code_needed")
    # A KMS may take its time: not while the store is held.
    opened(keyring, member.member_id, member.totp_secret)
    with control.write() as session:
        current = session.get_one(Member, member.member_id)
        right = not current.totp_secret or spend(session, keyring, member.member_id, code)
        if right:
            if passwords.needs_rehash(current.password_hash):
                current.password_hash = passwords.password_hash(password)
            new = begin_session(session, current, "password+code" if current.totp_secret else "password", browser)
    if not right:
        _note_failure(control, member)
        raise Unauthorized("The code is not right, or it was used already.", code="bad_code")
    attempts.forget(control, account)
    attempts.take_back(control, address)
    return new


def _note_failure(control: Control, member: Member | None) -> None:
    with control.write() as session:
        actor = member_actor(member) if member else UNKNOWN
        record(session, NO_PROJECT, actor, "member.login_failed", "member", member.member_id if member else "")


def code_is_right(control: Control, keyring: Keyring, member: Member, code: str, browser: Browser) -> bool:
    """Spends a code of a member who is logged in. Raises `TooMany` after too many wrong ones."""
    account, address = attempts.of_account(hashed(member.member_id)), attempts.of_address(browser.address)
    attempts.reserve(control, account, address, now_ms())
    opened(keyring, member.member_id, member.totp_secret)
    with control.write() as session:
        right = spend(session, keyring, member.member_id, code)
    if right:
        attempts.forget(control, account)
        attempts.take_back(control, address)
    return right


def password_is_right(control: Control, member: Member, password: str, browser: Browser) -> bool:
    """Of a member who is logged in. Raises `TooMany` after too many wrong ones."""
    account, address = attempts.of_account(hashed(member.member_id)), attempts.of_address(browser.address)
    attempts.reserve(control, account, address, now_ms())
    right = passwords.is_right(member.password_hash, password)
    if right:
        attempts.forget(control, account)
        attempts.take_back(control, address)
    return right
