from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.recordings.deep import elements, shallow
from playhead.recordings.events import decode_block
from playhead.recordings.segments import Corrupt
from playhead.recordings.summarise import Counter

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.lists(values))
def test_an_array_is_cut_into_its_elements(value: list[object]) -> None:
    for separators in ((",", ":"), (" , ", ": ")):
        assert [json.loads(part) for part in elements(json.dumps(value, separators=separators).encode())] == value


@given(values, st.integers(1, 4))
def test_what_is_shallow_stays(value: object, levels: int) -> None:
    def cut(inner: object, left: int) -> object:
        if isinstance(inner, list):
            return [cut(each, left - 1) for each in inner] if left > 1 else None
        if isinstance(inner, dict):
            return {key: cut(each, left - 1) for key, each in inner.items()} if left > 1 else None
        return inner

    assert json.loads(shallow(json.dumps(value).encode(), levels)) == cut(value, levels)


def test_pages_deeper_than_the_decoder_are_read() -> None:
    deep = b'{"type":2,"timestamp":5,"data":{"node":' + b'{"childNodes":[' * 1_500 + b"]}" * 1_500 + b"}}"
    meta = b'{"type":4,"timestamp":4,"data":{"href":"https://a.test/","width":10,"height":20}}'
    events = decode_block(b"[" + meta + b"," + deep + b"]", "e", 0)
    assert [(event.type, event.timestamp, event.number) for event in events] == [(4, 4, 0), (2, 5, 1)]
    assert events[1].text == deep
    counter = Counter()
    for event in events:
        counter.add(event)
    assert counter.take().viewport == (10, 20)


def test_an_event_is_one_line_and_otherwise_as_it_came() -> None:
    (event,) = decode_block(b'[\n{"type":3,\r\n"timestamp":1.5,"data":"a\\nb"}\n]', "", 7)
    assert event.text == b'{"type":3,  "timestamp":1.5,"data":"a\\nb"}'
    assert (event.timestamp, event.at_ms, event.number) == (1.5, 1, 7)


@pytest.mark.parametrize("payload", [b"", b"{}", b"[1]", b'[{"type":3}]', b"\x1f\x8bnot gzip"])
def test_what_is_no_batch_is_told(payload: bytes) -> None:
    with pytest.raises(Corrupt):
        decode_block(payload, "", 0)
