"""The second factor: codes of an authenticator app (RFC 6238), and recovery codes for when it is lost.

totp_secret   base32, where no master key is set
              name of the master key | its wrap of a key | envelope of the secret under that key, both base64
"""

from __future__ import annotations

import base64
import hmac
import secrets

import pyotp
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from playhead.accounts.hashing import hashed
from playhead.clock import now_ms
from playhead.stores.control import Control
from playhead.stores.encryption import Cipher, Keyring, new_key
from playhead.stores.tables import Member, RecoveryCode

ISSUER = "Playhead"
STEP_MS = 30_000
# Clocks of phones are off by some seconds, and people take some to type.
STEPS_ASIDE = 1
RECOVERY_CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def new_secret() -> str:
    return pyotp.random_base32()


def sealed(keyring: Keyring, member_id: str, secret: str) -> str:
    """The secret as it is stored."""
    if keyring.current is None:
        return secret
    key = new_key()
    wrapped, master = keyring.wrap(key)
    envelope = Cipher(key).seal_once(secret.encode(), _place(member_id))
    return "|".join((master, base64.b64encode(wrapped).decode(), base64.b64encode(envelope).decode()))


def opened(keyring: Keyring, member_id: str, stored: str) -> str:
    """The secret of what is stored. Raises `KeyMissing` when its master key is not at hand."""
    if "|" not in stored:
        return stored
    master, wrapped, envelope = stored.split("|")
    key = keyring.unwrap(base64.b64decode(wrapped), master)
    return Cipher(key).open(base64.b64decode(envelope), _place(member_id)).decode()


def seal_again(control: Control, keyring: Keyring) -> int:
    """Wraps every secret anew by the current master key, also those from before there was one; answers how many."""
    with control.read() as session:
        members = session.scalars(select(Member).where((Member.totp_secret != "") | (Member.totp_pending != ""))).all()
    count = 0
    for member in members:
        for column in ("totp_secret", "totp_pending"):
            if not (stored := getattr(member, column)):
                continue
            fresh = sealed(keyring, member.member_id, opened(keyring, member.member_id, stored))
            # Whoever has turned it off or on meanwhile did so under the current key.
            here = (Member.member_id == member.member_id, getattr(Member, column) == stored)
            with control.write() as session:
                done = session.execute(update(Member).where(*here).values({column: fresh}).returning(Member.member_id))
                count += len(done.all())
    return count


def check_secrets(control: Control, keyring: Keyring) -> None:
    """Raises `KeyMissing` when a secret is wrapped by a master key that is not at hand."""
    with control.read() as session:
        stored = session.execute(select(Member.member_id, Member.totp_secret).where(Member.totp_secret.contains("|")))
        one_of_each = {text.partition("|")[0]: (member_id, text) for member_id, text in stored}
    for member_id, text in one_of_each.values():
        opened(keyring, member_id, text)


def _place(member_id: str) -> bytes:
    return b"totp:" + member_id.encode()


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


def spend(session: Session, keyring: Keyring, member_id: str, code: str) -> bool:
    """Whether the code is a right one; it is not a second time. Within the caller's write transaction."""
    member = session.get_one(Member, member_id)
    step = step_of(opened(keyring, member_id, member.totp_secret), code, member.totp_step)
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
