"""JSON as browsers write it."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import PlayheadError
from playhead.jsontext import deep_json, originals, without_lone_surrogates

# What JSON strings are made of, unpaired halves of emoji included.
units = st.lists(st.sampled_from(["a", "\\", '"', "u", "d83d", "\ud83d", "\ude00", "\ud83d\ude00", "é", "\n"]))


@given(units)
def test_mended_text_is_read_by_strict_readers_and_says_the_same(parts: list[str]) -> None:
    sent = json.dumps("".join(parts)).encode()
    mended = without_lone_surrogates(sent)
    assert len(mended) == len(sent)
    said = json.loads(sent).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert msgspec.json.decode(mended) == said


def test_what_was_sent_is_found_again() -> None:
    text = rb'[{"a":"\ud83d"},{"a":"\ude00"}]'
    mended = without_lone_surrogates(text)
    parts = [bytes(part) for part in msgspec.json.decode(mended, type=list[msgspec.Raw])]
    assert originals([*parts, b"{}"], mended, text) == [rb'{"a":"\ud83d"}', rb'{"a":"\ude00"}', b"{}"]


def test_deep_json_is_read_and_endless_json_refused() -> None:
    with deep_json():
        msgspec.json.decode(b"[" * 3_000 + b"]" * 3_000)
    with pytest.raises(PlayheadError) as refused, deep_json():
        msgspec.json.decode(b"[" * 1_000_000)
    assert refused.value.code == "too_deep"
