"""The second factor: codes of an authenticator app (RFC 6238), and recovery codes for when it is lost."""

from __future__ import annotations

import hmac
import secrets

import pyotp
from sqlalchemy import delete
from sqlalchemy.orm import Session

from playhead.accounts.hashing import hashed
from playhead.clock import now_ms
from playhead.stores.tables import Member, RecoveryCode

ISSUER = "Playhead"
STEP_MS = 30_000
# Clocks of phones are off by some seconds, and people take some to type.
STEPS_ASIDE = 1
RECOVERY_CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def new_secret() -> str:
    return pyotp.random_base32()


def app_uri(secret: str, account: str) -> str:
    """What an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=ISSUER)


def step_of(secret: str, code: str, after_step: int) -> int | None:
    """The time step whose code this is; None when it is none of now, or not later than one that was used."""
    text = code.replace(" ", "")
    if not secret or not (text.isascii() and text.isdigit()):
        return None
    made = pyotp.HOTP(secret)
    now = now_ms() // STEP_MS
    for step in range(now - STEPS_ASIDE, now + STEPS_ASIDE + 1):
        if step > after_step and hmac.compare_digest(made.at(step), text):
            return step
    return None


def spend(session: Session, member_id: str, code: str) -> bool:
    """Whether the code is a right one; it is not a second time. Within the caller's write transaction."""
    member = session.get_one(Member, member_id)
    step = step_of(member.totp_secret, code, member.totp_step)
    if step is not None:
        member.totp_step = step
        return True
    row = session.get(RecoveryCode, (member_id, hashed(_plain(code))))
    if row is None:
        return False
    session.delete(row)
    return True


def new_recovery_codes(session: Session, member_id: str) -> list[str]:
    """Makes the earlier ones worthless."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.member_id == member_id))
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(12)) for _ in range(RECOVERY_CODES)]
    for code in codes:
        session.add(RecoveryCode(member_id=member_id, code_hash=hashed(code)))
    return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes]


def _plain(code: str) -> str:
    return "".join(char for char in code.lower() if char in _LETTERS)
