"""What a mode says about places."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.privacy_check.places import Sdk
from playhead.privacy_check.rules import addresses, by_design, demand, parameters, secrets

from .pages import place

SDK = Sdk("playhead", injected=False, url_params=("id",))


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("/a?b=c&d=", [("b", "c")]),
        ("https://x.example/a?token#part", [("?", "token"), ("#", "part")]),
        ("https://ada:pw@x.example/", [("user", "ada:pw")]),
        ("/a?q=%2A&r=*#*", []),
        ("/a?q=two+words", [("q", "two words")]),
        ("data:image/png;base64,AAAA?x=1", []),
        ("mailto:ada@x.example?subject=hi", []),
        ("http://[broken", []),
    ],
)
def test_what_an_address_carries(url: str, found: list[tuple[str, str]]) -> None:
    assert parameters(url) == found


def test_the_addresses_of_a_set_of_sources() -> None:
    given = "/a.png?user=ada 1x, /b.png 2x,https://x.example/c,d.png 100w"
    assert addresses("srcset", given) == ["/a.png?user=ada", "/b.png", "https://x.example/c,d.png"]
    assert addresses("href", "/a, b") == ["/a, b"]


@given(st.text(max_size=200))
def test_any_text_can_be_asked_for_its_parameters(url: str) -> None:
    assert all(value for _, value in parameters(url))


def test_secrets() -> None:
    given = "ada@x.example, 4111 1111 1111 1111, DE89 3704 0044 0532 0130 00 and eyJhbGciOi.eyJzdWIiOi.abc"
    assert secrets(given) == [
        "ada@x.example", "eyJhbGciOi.eyJzdWIiOi.abc", "DE89 3704 0044 0532 0130 00", "4111 1111 1111 1111",
    ]  # fmt: skip
    assert secrets("call 1234 5678 9012 3456, order 4711, version 1.2.3") == []


def test_demands() -> None:
    text = place("text", "Hello", 1)
    field = place("value", "Ada", 1, name="value", field=True, rule="unmask")
    blocked = place("text", "Hello", 1, blocked=True)
    assert demand(text, "text", SDK).kind == "mask"
    assert demand(text, "input", SDK).kind == "secrets"
    assert demand(place("text", "Hello", 1, rule="mask"), "input", SDK).kind == "mask"
    assert demand(place("text", "Hello", 1, rule="unmask"), "text", SDK).kind == "secrets"
    for mode in ("text", "input"):
        assert demand(field, mode, SDK).kind == "mask"
        assert demand(blocked, mode, SDK).kind == "block"
        assert demand(place("url", "mug", 1, name="id"), mode, SDK).kind == "free"
        assert demand(place("url", "mug", 1, name="q"), mode, SDK).kind == "mask"


def test_what_a_field_holds_is_never_clear_by_design() -> None:
    assert by_design(place("attribute", "open", 1, name="value", tag="input", field=True)) == ""
    assert (
        by_design(place("attribute", "open", 1, name="data-state", tag="div")) == "words for states and small numbers"
    )
