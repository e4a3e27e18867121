from __future__ import annotations

import base64
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import PlayheadError
from playhead.settings import Settings
from playhead.stores.encryption import (
    OVERHEAD_BYTES,
    Cipher,
    KeyGone,
    KeyMissing,
    Keyring,
    KmsCommand,
    MasterKey,
    Undecipherable,
    is_encrypted,
    new_key,
    opened,
)

KMS = """
import base64, sys
content = base64.b64decode(sys.stdin.read())
if "down" in sys.argv:
    sys.exit("the KMS is down")
print(base64.b64encode(bytes(each ^ 0x5A for each in content)).decode())
"""


@given(st.binary(max_size=2_000), st.binary(max_size=40))
def test_what_was_sealed_opens_for_its_place_only(content: bytes, place: bytes) -> None:
    cipher = Cipher(bytes(32))
    for envelope in (cipher.seal(content, place), cipher.seal_once(content, place)):
        assert is_encrypted(envelope)
        assert len(envelope) == len(content) + OVERHEAD_BYTES
        assert cipher.open(envelope, place) == content
        for bad, where in (
            (envelope, place + b"x"),
            (envelope[:-1], place),
            (envelope[:20] + b"\0" + envelope[21:], place),
        ):
            if bad != envelope or where != place:
                with pytest.raises(Undecipherable):
                    cipher.open(bad, where)


def test_the_same_content_is_sealed_to_the_same_bytes_and_another_never() -> None:
    cipher = Cipher(new_key())
    assert cipher.seal(b"a", b"p") == cipher.seal(b"a", b"p")
    nonces = {cipher.seal(content, place)[4:16] for content in (b"a", b"b", b"") for place in (b"p", b"q")}
    assert len(nonces) == 6
    assert cipher.seal_once(b"a", b"p") != cipher.seal_once(b"a", b"p")


def test_what_is_not_encrypted_passes_and_what_is_needs_its_key() -> None:
    assert opened(b"\x1f\x8bplain", None, b"p") == b"\x1f\x8bplain"
    with pytest.raises(KeyGone):
        opened(Cipher(new_key()).seal(b"a", b"p"), None, b"p")


def test_a_key_is_unwrapped_by_the_master_key_that_wrapped_it() -> None:
    old, new = MasterKey(new_key()), MasterKey(new_key())
    key = new_key()
    wrapped, name = Keyring(old).wrap(key)
    assert (name, Keyring(new, (old,)).unwrap(wrapped, name)) == (old.name, key)
    with pytest.raises(KeyMissing, match="PLAYHEAD_MASTER_KEYS_BEFORE"):
        Keyring(new).unwrap(wrapped, name)
    with pytest.raises(KeyMissing, match="No master key"):
        Keyring().wrap(key)


def test_a_command_wraps_and_unwraps_in_the_master_keys_stead(tmp_path: Path) -> None:
    script = tmp_path / "kms.py"
    script.write_text(KMS)
    key = new_key()
    wrapped, name = Keyring(KmsCommand(f"{sys.executable} {script}")).wrap(key)
    asked = Keyring(KmsCommand(f"{sys.executable} {script}"))
    assert asked.unwrap(wrapped, name) == key
    script.unlink()
    assert asked.unwrap(wrapped, name) == key  # asked once, kept in memory
    with pytest.raises(KeyMissing, match="could not unwrap"):
        Keyring(KmsCommand(f"{sys.executable} {script}")).unwrap(wrapped, name)
    script.write_text(KMS)
    with pytest.raises(KeyMissing, match="the KMS is down"):
        Keyring(KmsCommand(f"{sys.executable} {script} down")).wrap(key)


@pytest.mark.parametrize("text", ["short", base64.b64encode(bytes(31)).decode(), "£" * 44])
def test_a_master_key_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(PlayheadError, match="32 bytes in base64"):
        Keyring.of(Settings(_env_file=None, master_key=text))  # type: ignore[call-arg]
