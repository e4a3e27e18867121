"""Encryption at rest: the envelope that stored bytes lie in, and the master key that wraps all other keys.

    envelope       4 bytes   C1 50 48 01: no gzip, JSON, MessagePack or zstd begins so
                  12 bytes   nonce
                             AES-256-GCM of the content, with what it belongs to as associated data
                  16 bytes   tag

Contents say by their first bytes whether they are encrypted, so that what was stored before a master key was set stays
readable. Nothing here knows whose key is whose; that is `governance.keys`.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import shlex
import subprocess
from collections import OrderedDict
from threading import Lock
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from playhead.errors import PlayheadError, Unavailable
from playhead.settings import Settings

MAGIC = b"\xc1PH\x01"
NONCE_BYTES = 12
TAG_BYTES = 16
OVERHEAD_BYTES = len(MAGIC) + NONCE_BYTES + TAG_BYTES
KEY_BYTES = 32
KMS_SECONDS = 30
UNWRAPPED_KEPT = 1_000


class Undecipherable(PlayheadError):
    """Stored bytes can't be decrypted: they were changed, or are not what they are taken for."""

    status = 500
    code = "undecipherable"


class KeyMissing(Unavailable):
    """What is stored is encrypted, and the master key is not at hand."""

    code = "key_missing"


class KeyGone(PlayheadError):
    """What is stored is encrypted, and its key was dropped: nobody can read it any more."""

    status = 410
    code = "key_gone"


def is_encrypted(content: bytes) -> bool:
    return content[: len(MAGIC)] == MAGIC


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


class Cipher:
    """One key. `belongs_to` is authenticated with the content: what was sealed for one place opens for no other."""

    def __init__(self, key: bytes) -> None:
        self._aes = AESGCM(key)
        self._nonce_key = hashlib.blake2b(b"playhead nonce", key=key, digest_size=32).digest()

    def seal(self, content: bytes, belongs_to: bytes) -> bytes:
        """The envelope; the same content always makes the same, as a flush that is run again must write the same bytes.

        The nonce is a keyed hash of content and place (as in AES-GCM-SIV), so none serves two contents.
        """
        hashed = hashlib.blake2b(belongs_to, key=self._nonce_key, digest_size=NONCE_BYTES)
        hashed.update(b"\0")
        hashed.update(content)
        nonce = hashed.digest()
        return MAGIC + nonce + self._aes.encrypt(nonce, content, belongs_to)

    def seal_once(self, content: bytes, belongs_to: bytes) -> bytes:
        """The envelope with a nonce of chance: quicker, for what is written once."""
        nonce = os.urandom(NONCE_BYTES)
        return MAGIC + nonce + self._aes.encrypt(nonce, content, belongs_to)

    def open(self, envelope: bytes, belongs_to: bytes) -> bytes:
        """The content. Raises `Undecipherable`."""
        start = len(MAGIC) + NONCE_BYTES
        if not is_encrypted(envelope) or len(envelope) < OVERHEAD_BYTES:
            raise Undecipherable("Stored bytes are no whole envelope.")
        try:
            return self._aes.decrypt(envelope[len(MAGIC) : start], memoryview(envelope)[start:], belongs_to)
        except InvalidTag:
            raise Undecipherable("Stored bytes can't be decrypted with their key: they were changed.") from None


def opened(content: bytes, cipher: Cipher | None, belongs_to: bytes) -> bytes:
    """The content as it was given, encrypted or not. Raises `KeyGone` when it is and there is no key."""
    if not is_encrypted(content):
        return content
    if cipher is None:
        raise KeyGone("This is stored encrypted, and its key was dropped.")
    return cipher.open(content, belongs_to)


class Master(Protocol):
    """The key that wraps keys; `name` is kept beside what it wrapped."""

    name: str

    def wrap(self, key: bytes) -> bytes: ...

    def unwrap(self, wrapped: bytes) -> bytes: ...


class MasterKey:
    """A master key that this process holds. Its name is a fingerprint, so that a wrong one is known."""

    def __init__(self, key: bytes) -> None:
        self.name = "key:" + hashlib.blake2b(b"playhead master", key=key, digest_size=6).hexdigest()
        self._cipher = Cipher(key)

    def wrap(self, key: bytes) -> bytes:
        return self._cipher.seal_once(key, b"key")

    def unwrap(self, wrapped: bytes) -> bytes:
        return self._cipher.open(wrapped, b"key")


class KmsCommand:
    """A command that wraps and unwraps: called with the argument `wrap` or `unwrap`, base64 on stdin and stdout."""

    name = "kms"

    def __init__(self, command: str) -> None:
        self._command = shlex.split(command)

    def wrap(self, key: bytes) -> bytes:
        return self._run("wrap", key)

    def unwrap(self, wrapped: bytes) -> bytes:
        return self._run("unwrap", wrapped)

    def _run(self, what: str, content: bytes) -> bytes:
        try:
            done = subprocess.run(  # noqa: S603  the operator's own command
                [*self._command, what],
                input=base64.b64encode(content) + b"\n",
                capture_output=True,
                timeout=KMS_SECONDS,
                check=True,
            )
            answer: bytes = done.stdout
            return base64.b64decode(answer.strip(), validate=True)
        except subprocess.CalledProcessError as error:
            why = error.stderr.decode(errors="replace").strip().splitlines()[-1:] or [f"exit status {error.returncode}"]
            raise KeyMissing(f"PLAYHEAD_KMS_COMMAND could not {what} a key: {why[0][:200]}") from None
        except (OSError, subprocess.TimeoutExpired, ValueError) as error:
            raise KeyMissing(f"PLAYHEAD_KMS_COMMAND could not {what} a key: {error}") from None


class Keyring:
    """The master keys at hand: `current` wraps what is new (None: nothing is encrypted), all of them unwrap.

    Unwrapped keys are kept in memory, so that a KMS is asked once for each.
    """

    def __init__(self, current: Master | None = None, before: tuple[Master, ...] = ()) -> None:
        self.current = current
        self._all: dict[str, Master] = {master.name: master for master in (*before, *((current,) if current else ()))}
        self._unwrapped: OrderedDict[bytes, bytes] = OrderedDict()
        self._lock = Lock()

    @classmethod
    def of(cls, settings: Settings) -> Keyring:
        """The keyring of the settings. Raises PlayheadError when a key is none."""
        before = [_master(text, "PLAYHEAD_MASTER_KEYS_BEFORE") for text in settings.master_keys_before.split()]
        if settings.master_key:
            keyring = cls(_master(settings.master_key, "PLAYHEAD_MASTER_KEY"), tuple(before))
            if settings.kms_command:
                kms = KmsCommand(settings.kms_command)
                keyring._all[kms.name] = kms
            return keyring
        return cls(KmsCommand(settings.kms_command) if settings.kms_command else None, tuple(before))

    def wrap(self, key: bytes) -> tuple[bytes, str]:
        """The key wrapped by the current master key, and that one's name."""
        if self.current is None:
            raise KeyMissing("No master key is set (PLAYHEAD_MASTER_KEY or PLAYHEAD_KMS_COMMAND).")
        wrapped = self.current.wrap(key)
        self._remember(wrapped, key)
        return wrapped, self.current.name

    def unwrap(self, wrapped: bytes, master: str) -> bytes:
        """The key. Raises `KeyMissing` when its master key is not at hand."""
        with self._lock:
            if wrapped in self._unwrapped:
                return self._unwrapped[wrapped]
        known = self._all.get(master)
        if known is None:
            raise KeyMissing(
                f"What is stored is encrypted under the master key {master}, which is not set: set PLAYHEAD_MASTER_KEY "
                "or PLAYHEAD_KMS_COMMAND, and former keys as PLAYHEAD_MASTER_KEYS_BEFORE."
            )
        key = known.unwrap(wrapped)
        if len(key) != KEY_BYTES:
            raise Undecipherable(f"A key that was unwrapped has {len(key)} bytes, not {KEY_BYTES}.")
        self._remember(wrapped, key)
        return key

    def _remember(self, wrapped: bytes, key: bytes) -> None:
        with self._lock:
            self._unwrapped[wrapped] = key
            while len(self._unwrapped) > UNWRAPPED_KEPT:
                self._unwrapped.popitem(last=False)


def _master(text: str, setting: str) -> MasterKey:
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise PlayheadError(
            f"{setting} must be 32 bytes in base64; make one with: openssl rand -base64 32", code="bad_settings"
        )
    return MasterKey(key)
