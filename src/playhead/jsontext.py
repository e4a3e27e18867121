"""JSON as browsers write it: deeper than Python reads by itself, and with strings cut within an emoji."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from playhead.errors import PlayheadError

# JSON nested deeper than this is refused. Pages 512 elements deep (as deep as browsers parse) nest a little over 1,000.
MAX_DEPTH = 4_000
# Texts above this are not searched for lone surrogates: it takes 60 ms a megabyte at worst.
MAX_MENDED_BYTES = 16_000_000

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
