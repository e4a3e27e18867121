"""The steps file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import PlayheadError
from playhead.privacy_check.steps import VERBS, Step, parse, read_steps

EXAMPLE = """
# log in
goto /login.html
type [name=email] someone@x.example
type "form .code" 12 34
type shop-chat >>> [name=message]
click   .menu > li:nth-child(2) a

wait #account
"""


def test_a_file() -> None:
    assert parse(EXAMPLE) == [
        Step("goto", "/login.html"),
        Step("type", "[name=email]", "someone@x.example"),
        Step("type", "form .code", "12 34"),
        Step("type", "shop-chat >>> [name=message]"),
        Step("click", ".menu > li:nth-child(2) a"),
        Step("wait", "#account"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("goto /\nhover #a", "steps, line 2: 'hover' is no step; there are goto, click, type, wait"),
        ("click", "steps, line 1: click needs a selector"),
        ("goto ", "steps, line 1: goto needs an address"),
        ('type "form input text', "steps, line 1: the selector's quote is not closed"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, said: str) -> None:
    with pytest.raises(PlayheadError, match=said.replace("(", r"\(")):
        parse(text)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "steps").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PlayheadError, match="no text file"):
        read_steps(tmp_path / "steps")


@given(st.text(max_size=80))
def test_any_text_is_steps_or_a_clear_error(text: str) -> None:
    try:
        assert all(step.verb in VERBS and step.target for step in parse(text))
    except PlayheadError as error:
        assert "line" in error.message
