"""Pattern rules: every string, each match as stars, whatever a page or a rule's author comes up with."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playhead.errors import PlayheadError
from playhead.governance.patterns import Patterns, check_expression, stars

EMAIL = r"[\w.+-]+@[\w-]+\.[\w.]+"
CARD = r"\b(?:\d[ -]?){13,16}\b"
CANARY = "canary@leak.test"


def rules(*expressions: str) -> Patterns:
    return Patterns([(f"r{number}", expression) for number, expression in enumerate(expressions)], b"key")


def masked(value: Any, *expressions: str) -> Any:
    return json.loads(rules(*expressions or (EMAIL,)).json(json.dumps(value).encode())[0])


def test_each_visible_character_of_a_match_becomes_a_star() -> None:
    assert rules(CARD).text("Card 4111 1111 1111 1111, thanks") == ("Card **** **** **** ****, thanks", 1)
    assert rules("geheimé\\s+wort").text("ein geheimé\n wort") == ("ein *******\n ****", 1)


def test_values_at_any_depth_and_names_and_numbers_stay() -> None:
    value = {"a@b.cd": ["x a@b.cd y", {"deep": [[["a@b.cd"]]]}], "n": 4111111111111111, "t": True, "z": None}
    assert masked(value) == {
        "a@b.cd": ["x ****** y", {"deep": [[["******"]]]}],
        "n": 4111111111111111,
        "t": True,
        "z": None,
    }


def test_the_decoded_text_counts_not_its_escapes() -> None:
    assert json.loads(rules(EMAIL).json(rb'["\u0061da\u0040example.com", "a\/b"]')[0]) == ["***************", "a/b"]
    assert json.loads(rules('"secret": "\\w+"').json(b'["{\\"secret\\": \\"word\\"}"]')[0]) == ["{********* ******}"]


def test_strings_within_strings_of_json() -> None:
    line = json.dumps(json.dumps({"mail": "ada@example.com\n", "more": json.dumps(["x@y.zz"])}))
    out = json.loads(json.loads(masked([line])[0]))
    assert out["mail"] == "***************\n"
    assert json.loads(out["more"]) == ["******"]
    assert masked([json.dumps("4111111111111111")], r"^\d{16}$") == [json.dumps("*" * 16)], (
        "anchors mean the inner text"
    )


@pytest.mark.parametrize(
    "address", ["/a?e=ada%40example.com&x=1", "/a?e=ad%61%40example.com&x=1", "#ada%40example.com"]
)
def test_addresses_as_they_read(address: str) -> None:
    assert "example" not in masked([address])[0]
    assert masked(["/pay?card=4111+1111%201111+1111&ok=1"], CARD)[0].endswith("&ok=1")
    assert "1111" not in masked(["/pay?card=4111+1111%201111+1111&ok=1"], CARD)[0]


def test_text_without_a_match_is_the_same_object() -> None:
    text = b'{"a": "nothing", "b": [1.50, 1e3, "\\ud83d"]}'
    assert rules(EMAIL).json(text) == (text, 0)
    assert rules(EMAIL).json(text)[0] is text


def test_everything_else_in_the_text_stays_byte_for_byte() -> None:
    text = b'{ "big":123456789012345678901234567890, "f":1.50, "m":"a@b.cd", "m":"twice@b.cd" ,"h":"\\ud83d x"}'
    assert rules(EMAIL).json(text)[0] == (
        b'{ "big":123456789012345678901234567890, "f":1.50, "m":"******", "m":"**********" ,"h":"\\ud83d x"}'
    )


def test_half_an_emoji_does_not_hide_a_match() -> None:
    assert b"a@b.cd" not in rules(EMAIL).json(b'["\\ud83d a@b.cd"]')[0]


def test_deep_and_huge_json() -> None:
    deep = b"[" * 50_000 + b'"a@b.cd"' + b"]" * 50_000
    assert rules(EMAIL).json(deep)[1] == 1
    huge = b'["' + b"word " * 1_000_000 + b'a@b.cd"]'
    assert rules(EMAIL).json(huge)[1] == 1
    assert rules(EMAIL).json(b'["' + b'\\"' * 2_000_000 + b' a@b.cd"]')[1] == 1


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("", "characters long"),
        ("x" * 501, "characters long"),
        ("(", "can't read"),
        (r"(?=x)y", "look-around"),
        (r"(a)\1", "back-references"),
        ("a*", "empty text"),
        (".{1000}z", "too large"),
        (r"((a{0,100}){0,100}){0,100}", "can't read"),
        (r"[\p{L}]{1,900}@", "can't read|too large"),
        ("\ud800", "can't read"),
    ],
)
def test_an_expression_that_is_not_taken_says_why(expression: str, says: str) -> None:
    with pytest.raises(PlayheadError, match=says):
        check_expression(expression)


@pytest.mark.parametrize("expression", [EMAIL, CARD, r"(?i)bearer\s+\S+", r"\bDE\d{20}\b", "Müller", r"(x+x+)+y"])
def test_useful_expressions_are_taken(expression: str) -> None:
    check_expression(expression)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (r"(a+)+$", "a" * 300_000 + "b"),
        (r"(x+x+)+y", "x" * 300_000),
        (r"(.*)*z", "a" * 300_000),
        # Linear for each match, but every match is looked for to the end of the text.
        (r"a.*z|a", "a" * 300_000),
    ],
)
def test_catastrophic_expressions_hang_nothing(expression: str, text: str) -> None:
    began = time.perf_counter()
    out, _ = rules(expression).text(text)
    assert time.perf_counter() - began < 10
    assert out == text or set(out) == {"*"}, "what there was no time to look at is masked"


def test_ids_become_pseudonyms_that_tell_people_apart() -> None:
    patterns = rules(EMAIL)
    ada, bob = patterns.identifier("ada@x.com"), patterns.identifier("bob@x.com")
    assert ada != bob
    assert ada == patterns.identifier("ada@x.com")
    assert ada.startswith("masked-")
    assert patterns.identifier("$device:ada@x.com") == "$device:" + ada
    assert patterns.identifier("user-1") == "user-1"
    assert Patterns([("r", EMAIL)], b"other").identifier("ada@x.com") != ada


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def plant(value: Any, wrap: list[Any]) -> Any:
    """The value with a canary, dressed in some way, in every string."""
    dress = wrap[len(str(value)) % len(wrap)]
    if isinstance(value, str):
        return dress(value)
    if isinstance(value, list):
        return [plant(each, wrap) for each in value]
    if isinstance(value, dict):
        return {name: plant(each, wrap) for name, each in value.items()}
    return value


@settings(max_examples=200, deadline=None)
@given(JSON, st.booleans())
def test_no_canary_passes(value: Any, ascii_only: bool) -> None:
    dresses = [
        lambda text: f"{text} {CANARY}",
        lambda text: json.dumps([text, CANARY]),
        lambda text: json.dumps(json.dumps({"x": f"\n{CANARY}"})),
        lambda text: f"/path?mail={quote(CANARY)}&x=" + quote(text, safe=""),
    ]
    planted = json.dumps(plant(value, dresses), ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    out = rules(r"canary(?:@|%40)leak\.test", EMAIL).json(planted)[0].decode()
    assert "canary" not in out
    assert json.loads(out) is not Ellipsis


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_what_matches_nothing_is_left_alone(value: Any) -> None:
    text = json.dumps(value).encode()
    assert rules("canary-that-nobody-writes").json(text)[0] is text


@given(st.text())
def test_stars_keep_the_layout(text: str) -> None:
    out = stars(text)
    assert len(out) == len(text)
    assert [char for char in out if char.isspace()] == [char for char in text if char.isspace()]
