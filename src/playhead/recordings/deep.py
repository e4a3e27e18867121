"""JSON nested deeper than the decoder goes (pages 512 elements deep nest over 1,000): cut up without recursion."""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},]', re.DOTALL)


def elements(array: bytes) -> list[bytes]:
    """The texts of the elements of valid JSON text of an array."""
    found: list[bytes] = []
    start = 0
    for depth, at, end in _structure(array):
        token = array[at:end]
        if depth == 1 and token == b"[" and not start:
            start = end
        elif (depth == 1 and token == b",") or (depth == 0 and token == b"]"):
            if element := array[start:at].strip():
                found.append(element)
            start = end
    return found


def shallow(text: bytes, levels: int = 8) -> bytes:
    """The JSON text with everything below `levels` levels as null."""
    parts: list[bytes] = []
    kept_to = 0
    for depth, at, end in _structure(text):
        token = text[at:end]
        if token in (b"[", b"{") and depth == levels:
            parts.append(text[kept_to:at] + b"null")
        elif token in (b"]", b"}") and depth == levels - 1:
            kept_to = end
    return b"".join([*parts, text[kept_to:]])


def _structure(text: bytes) -> Iterator[tuple[int, int, int]]:
    """(depth after it, start, end) of each bracket and comma that is not in a string."""
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
