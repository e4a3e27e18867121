"""What was captured, taken apart."""

from __future__ import annotations

import base64
import gzip
import json

import pytest

from playhead.privacy_check.places import Sent
from playhead.privacy_check.stream import decode, readable, tracked

from .pages import NOW, snapshot, text, upload

META = {"type": 4, "timestamp": NOW, "data": {"href": "https://shop.example/?q=secret", "width": 1, "height": 1}}


def test_a_packed_batch_and_its_query() -> None:
    stream = decode((upload(META, snapshot(text(3, "Hello")), query="seq=0&mask=text"),), (NOW,))
    assert [event.type for event in stream.events] == [4, 2]
    assert ("?mask", "text") in [(one.key, one.text) for one in stream.texts]
    assert ("href", "https://shop.example/?q=secret") in [(one.key, one.text) for one in stream.texts]


def test_a_body_that_is_no_whole_gzip_is_still_read() -> None:
    assert "canary" in readable(b"\x1f\x8b broken canary")
    assert readable(gzip.compress(b"[1]")) == "[1]"


@pytest.mark.parametrize(
    "wrap",
    [
        lambda body: body,
        lambda body: b"data=" + base64.b64encode(body),
        lambda body: b"verbose=1&data=" + base64.b64encode(body).replace(b"=", b"%3D"),
    ],
    ids=["json", "form", "percent"],
)
def test_events_in_every_dress_mixpanel_sends(wrap: object) -> None:
    body = json.dumps([{"event": "Checkout", "properties": {"plan": "gold", "token": "t"}}]).encode()
    sent = (Sent("analytics", "POST /track/ #1", "https://x/track/", "POST", {}, wrap(body)),)  # type: ignore[operator]
    assert tracked(sent) == {"Checkout": ["plan", "token"]}
    assert "gold" in [one.text for one in decode(sent, ()).texts]
    assert "t" not in [one.text for one in decode(sent, ()).texts], "the project's token is public"


def test_profile_changes_are_named() -> None:
    body = json.dumps([{"$set": {"$name": "Ada"}, "$distinct_id": "ada"}]).encode()
    assert tracked((Sent("analytics", "POST /engage/ #1", "https://x/engage/", "POST", {}, body),)) == {
        "profile $set": ["$name"]
    }


def test_events_that_wait_in_the_browser_are_named_too() -> None:
    box = {"open": [{"event": "Sign Up", "properties": {"plan": "pro"}}], "sealed": [{"id": "1", "items": []}]}
    assert tracked((Sent("analytics", "localStorage __phq", body=json.dumps(box).encode()),)) == {"Sign Up": ["plan"]}


def test_events_inside_a_database_belong_to_the_page_load_of_their_epoch() -> None:
    first, second = 1_795_341_600_000, 1_795_341_660_000
    chunks = [
        {"epoch": f"{first}-ab12", "events": [json.dumps(snapshot(at=second + 50))]},
        {"epoch": f"{second}-cd34", "events": [json.dumps(snapshot(at=second + 60))]},
    ]
    stream = decode(
        (Sent("kept", "IndexedDB playhead/chunks", body=json.dumps(chunks).encode()),), (first + 0.4, second - 0.3)
    )
    assert [event.load for event in stream.events] == [0, 1]


def test_without_epochs_a_page_load_begins_with_its_first_address() -> None:
    loads = (float(NOW), float(NOW + 1000))
    first = dict(META, timestamp=NOW + 5)
    late = dict(snapshot(at=NOW + 1010))  # Of the page before: the next one's recorder had not begun.
    second = dict(META, timestamp=NOW + 1020)
    stream = decode((upload(first, late, second),), loads)
    assert [(event.timestamp - NOW, event.load) for event in stream.events] == [(5, 0), (1010, 0), (1020, 1)]


def test_an_unknown_format_is_one_text() -> None:
    sent = Sent("replay", "POST /record/ #1", "https://x/record/", "POST", {}, b"\x00\x01 Amount due \xff")
    assert [one.text for one in decode((sent,), ()).texts] == ["\x00\x01 Amount due \ufffd"]
