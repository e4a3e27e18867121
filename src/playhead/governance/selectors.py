"""CSS selectors of rules: which are taken, and whether one matches an element of a rebuilt page.

Matching is soupsieve's, the selector engine of Beautiful Soup: it knows what browsers know (`:is`, `:not`, `:has`,
`:nth-child(… of …)`) and asks one element at a time, which a page that changes needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import bs4
import soupsieve

from playhead.errors import PlayheadError

MAX_SELECTOR = 500
# What a recording can answer; others depend on what a visitor or browser does at the moment (`:hover`).
PSEUDO_CLASSES = frozenset(
    ("is", "where", "not", "has", "root", "first-child", "last-child", "only-child", "nth-child", "nth-last-child",
     "first-of-type", "last-of-type", "only-of-type", "nth-of-type", "nth-last-of-type")
)  # fmt: skip
# Those that look at nothing but the element itself and what is above it.
_OF_ANCESTORS = frozenset(("is", "where", "not"))

_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"' + r"|'(?:[^'\\\n]|\\.)*'")
_ATTRIBUTE = re.compile(r"\[\s*([^\]=~|^$*\s]+)[^\]]*\]")
_ESCAPE = re.compile(r"\\.")
_PSEUDO = re.compile(r"(::?)([\w-]+)")


class BadSelector(PlayheadError):
    code = "bad_selector"


def check_selector(selector: str) -> None:
    """Raises `BadSelector` saying what is wrong with it."""
    if not selector.strip() or len(selector) > MAX_SELECTOR:
        raise BadSelector(f"A selector is 1 to {MAX_SELECTOR} characters long.")
    bare = _bare(selector)
    for colons, name in _PSEUDO.findall(bare):
        if len(colons) == 2 or name.lower() not in PSEUDO_CLASSES:
            raise BadSelector(
                f"`{colons}{name}` can't be decided from a recording. Of pseudo-classes these can: "
                f"{', '.join(sorted(PSEUDO_CLASSES))}."
            )
    if "|" in bare or "&" in bare or "/*" in bare or "\x00" in selector:
        raise BadSelector("Name spaces, nesting and comments are not taken in a selector.")
    _compile(selector)


def _compile(selector: str) -> soupsieve.SoupSieve:
    try:
        compiled = soupsieve.compile(selector)
        compiled.match(bs4.Tag(name="p"))
    except (soupsieve.SelectorSyntaxError, ValueError, TypeError, RecursionError) as error:
        raise BadSelector(f"The selector can't be read: {str(error).splitlines()[0]}.") from error
    return compiled


def _bare(selector: str) -> str:
    """The selector without the texts of strings and attribute selectors."""
    return _ATTRIBUTE.sub("[]", _STRING.sub('""', _ESCAPE.sub("x", selector)))


class SelectorList:
    """Several selectors, and what a change of a page can mean for them."""

    def __init__(self, selectors: Iterable[str]) -> None:
        texts = list(selectors)
        # As one: setting out to match an element costs more than a selector does.
        self._compiled = _compile(", ".join(texts)) if texts else None
        bare = [_bare(text) for text in texts]
        pseudo = {name.lower() for text in bare for _, name in _PSEUDO.findall(text)}
        # A change anywhere can matter: siblings, positions, `:has`.
        self.looks_around = bool(pseudo - _OF_ANCESTORS) or any(set("+~") & set(text) for text in bare)
        # A change of an element can matter to what is in it.
        self.looks_up = any(re.search(r"\S[\s>]+\S", text.replace(",", "")) for text in bare)
        names = {name.strip("\"'").lower() for text in texts for name in _ATTRIBUTE.findall(_STRING.sub('""', text))}
        self.attributes = frozenset(names | {"class", "id"})

    def match(self, element: bs4.Tag) -> bool:
        return self._compiled is not None and self._compiled.match(element)
