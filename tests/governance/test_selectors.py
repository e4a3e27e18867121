"""Which selectors are taken, and what a change of a page means for them."""

from __future__ import annotations

import pytest

from playhead.errors import PlayheadError
from playhead.governance.selectors import SelectorList, check_selector


@pytest.mark.parametrize(
    "selector",
    [".secret", "#a > b", "[data-x='a|b']", "[lang|=en]", "div:has(> .x)", "li:nth-child(2 of .x)", "*", "body",
     r".text\.rr-mask", r".md\:hidden", '[type="password" i]', "a b, c", '[x=":hover"]', "p:not(.a, .b)", "a ~ b + c"],
)  # fmt: skip
def test_selectors_of_real_sites_are_taken(selector: str) -> None:
    check_selector(selector)


@pytest.mark.parametrize(
    "selector",
    ["", "   ", "((", "a,,b", "> a", "a[", ":not(", "@media x", "a:hover", "p::before", "a|b", ':contains("x")', "&",
     ":-soup-contains('x')", "a /* b */", "x" * 501, "input:checked", "a:visited"],
)  # fmt: skip
def test_selectors_that_can_not_be_decided_are_refused(selector: str) -> None:
    with pytest.raises(PlayheadError):
        check_selector(selector)


@pytest.mark.parametrize(
    ("selector", "around", "up"),
    [(".a", False, False), (".a .b", False, True), (".a > .b", False, True), (".a + .b", True, True),
     (":not(.a .b)", False, True), ("p:has(.b)", True, False), ("[a='x + y z']", False, False), (".a, .b", False, False)],
)  # fmt: skip
def test_what_a_selector_looks_at(selector: str, around: bool, up: bool) -> None:
    rules = SelectorList([selector])
    assert rules.looks_around == around
    assert rules.looks_up or not up


def test_the_attributes_that_matter() -> None:
    assert SelectorList(["a[data-user=x]", "[Title]"]).attributes == {"class", "id", "data-user", "title"}
