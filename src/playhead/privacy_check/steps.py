"""The steps of a check: what to do on the site before and between readings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, cast, get_args

import msgspec

from playhead.errors import PlayheadError

Verb = Literal["goto", "click", "type", "wait"]
VERBS = get_args(Verb)
BARE = re.compile(r"""([^\s"']\S*(?:\s+>{1,3}\s+\S+)*)(.*)""")


class Step(msgspec.Struct, frozen=True):
    """`target` is an address for goto, else a selector; `text` is what type types ("" for a canary)."""

    verb: Verb
    target: str
    text: str = ""

    def __str__(self) -> str:
        return f"{self.verb} {self.target}"


def read_steps(path: Path) -> list[Step]:
    """The steps of a file. Raises PlayheadError naming the line that is wrong."""
    try:
        return parse(path.read_text(encoding="utf-8"), path.name)
    except UnicodeDecodeError:
        raise PlayheadError(
            f"{path.name} is no text file; steps are lines such as `click #add`", code="bad_steps"
        ) from None


def parse(text: str, name: str = "steps") -> list[Step]:
    """One step a line; empty lines and lines that begin with # are passed over."""
    steps = []
    for number, given in enumerate(text.splitlines(), 1):
        line = given.strip()
        if not line or line.startswith("#"):
            continue
        verb, _, rest = line.partition(" ")
        rest = rest.strip()
        if verb not in VERBS:
            raise PlayheadError(
                f"{name}, line {number}: {verb!r} is no step; there are {', '.join(VERBS)}", code="bad_steps"
            )
        if not rest:
            needs = "an address" if verb == "goto" else "a selector"
            raise PlayheadError(f"{name}, line {number}: {verb} needs {needs}", code="bad_steps")
        if verb == "type":
            selector, typed = _selector(rest, name, number)
            steps.append(Step("type", selector, typed))
        else:
            steps.append(Step(cast(Verb, verb), rest))
    return steps


def _selector(rest: str, name: str, number: int) -> tuple[str, str]:
    """The selector, in quotes when it has spaces (but those around > and >>>), and the text after it."""
    if bare := BARE.match(rest):
        return bare[1], bare[2].strip()
    selector, closed, text = rest[1:].partition(rest[0])
    if not closed or not selector:
        raise PlayheadError(f"{name}, line {number}: the selector's quote is not closed", code="bad_steps")
    return selector, text.strip()
