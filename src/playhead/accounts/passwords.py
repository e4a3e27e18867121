"""Passwords: argon2id, and as much work for an account that is not there as for one that is."""

from __future__ import annotations

from functools import lru_cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from playhead.errors import PlayheadError

SHORTEST, LONGEST = 10, 1_000
# RFC 9106 asks for 64 MiB and 3 passes where memory is scarce; OWASP for 19 MiB and 2 at least.
_hasher = PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)
# Who guesses must not take the server's memory and cores from those who work.
_at_once = BoundedSemaphore(2)


def check_new(password: str) -> None:
    """Raises `PlayheadError` for one that is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise PlayheadError(f"A password has {SHORTEST} to {LONGEST} characters.", code="bad_password")


def password_hash(password: str) -> str:
    with _at_once:
        return _hasher.hash(_bytes(password))


def is_right(known: str, password: str) -> bool:
    """Whether the password is that of the hash; False for an empty hash, after the same work."""
    nobodys = _nobodys()  # made once, whoever asks first
    with _at_once:
        try:
            _hasher.verify(known or nobodys, _bytes(password[: LONGEST + 1]))
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False
    return bool(known)


def needs_rehash(known: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(known)


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


@lru_cache(maxsize=1)
def _nobodys() -> str:
    return _hasher.hash("the password of nobody")
