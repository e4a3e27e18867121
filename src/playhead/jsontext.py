"""JSON as browsers write it: deeper than Python reads by itself, and with strings cut within an emoji."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from playhead.errors import PlayheadError

# JSON nested deeper than this is refused. Pages 512 elements deep (as deep as browsers parse) nest a little over 1,000.
MAX_DEPTH = 4_000
# Texts above this are not searched for lone surrogates: it takes 60 ms a megabyte at worst.
MAX_MENDED_BYTES = 16_000_000

_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},]', re.DOTALL)
_NAME = re.compile(rb'\s*("[^"\\]*(?:\\.[^"\\]*)*")\s*:', re.DOTALL)
_LONE_SURROGATE = re.compile(
    rb"(?<!\\)((?:\\\\)*)"  # an even number of backslashes before it
    rb"(?:\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2})"
)


@contextmanager
def deep_json() -> Iterator[None]:
    """Within it, JSON may nest to `MAX_DEPTH` instead of the interpreter's usual 1,000. For the main thread only."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(usual + MAX_DEPTH)
    try:
        yield
    except RecursionError:
        raise PlayheadError(f"The JSON nests deeper than {MAX_DEPTH} levels.", code="too_deep") from None
    finally:
        sys.setrecursionlimit(usual)


def without_lone_surrogates(text: bytes) -> bytes:
    """JSON text with each escaped lone surrogate as the escape of U+FFFD: of the same length, so places stay the same.

    `JSON.stringify` writes them for a string that was cut within an emoji; strict readers refuse the whole text.
    """
    if len(text) > MAX_MENDED_BYTES or not (b"\\ud" in text or b"\\uD" in text):
        return text
    return _LONE_SURROGATE.sub(rb"\1\\ufffd", text)


def originals(parts: Sequence[bytes], mended: bytes, text: bytes) -> list[bytes]:
    """What was sent in the place of each of `parts`, which stand in this order in `mended`, of the same length.

    A part that does not stand there (a default) is returned as it is.
    """
    found = []
    after = 0
    for part in parts:
        place = mended.find(part, after)
        if place < 0:
            found.append(part)
            continue
        after = place + len(part)
        found.append(text[place:after])
    return found


def structure(text: bytes) -> Iterator[tuple[int, int, int]]:
    """(depth after it, start, end) of each bracket and comma of JSON text that is not in a string."""
    depth = 0
    for match in _TOKEN.finditer(text):
        token = text[match.start() : match.start() + 1]
        if token in (b"[", b"{"):
            depth += 1
        elif token in (b"]", b"}"):
            depth -= 1
        elif token == b'"':
            continue
        yield depth, match.start(), match.end()


def members(text: bytes) -> dict[str, bytes]:
    """The members of a JSON object that was taken once, each value as it is written; of one name the last.

    Numbers that no double holds, strings cut within an emoji and deep nesting are no reason not to read it.
    """
    mended = without_lone_surrogates(text)
    try:
        found = {name: bytes(value) for name, value in _members.decode(mended).items()}
    except RecursionError:
        found = _deep_members(mended)
    if mended is text:
        return found
    return dict(zip(found, originals(list(found.values()), mended, text), strict=True))


def _deep_members(text: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    start = 0
    for depth, at, end in structure(text):
        token = text[at:end]
        if depth == 1 and token == b"{" and not start:
            start = end
        elif (depth == 1 and token == b",") or (depth == 0 and token == b"}"):
            if name := _NAME.match(text, start, at):
                found[msgspec.json.decode(name[1], type=str)] = text[name.end() : at].strip()
            start = end
    return found


def object_text(members: Mapping[str, bytes]) -> bytes:
    """JSON text of an object whose values are JSON text already."""
    return b"{" + b",".join(msgspec.json.encode(name) + b":" + value for name, value in members.items()) + b"}"


_members = msgspec.json.Decoder(dict[str, msgspec.Raw])

_MISSING = re.compile(r"Object missing required field `([^`]+)`(?: - at `\$\.?([^`]*)`)?")
_WRONG = re.compile(r"(.*) - at `\$\.?([^`]*)`")


def read_body(decoder: msgspec.json.Decoder[Any], text: bytes, code: str = "bad_body") -> Any:
    """What a request's body holds. Raises `PlayheadError` with the path of what is wrong in it."""
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as error:
        raise PlayheadError(_said(str(error)), code=code) from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise PlayheadError(f"The body is not JSON: {error}.", code="not_json") from error


def _said(message: str) -> str:
    """msgspec's words with the path in front: `steps[1].event is missing`."""
    if found := _MISSING.fullmatch(message):
        name, place = found[1], found[2] or ""
        return f"`{f'{place}.' if place else ''}{name}` is missing."
    if found := _WRONG.fullmatch(message):
        return f"`{found[2]}`: {found[1][0].lower()}{found[1][1:]}."
    return f"{message}."
