"""JSON nested deeper than the decoder goes (pages 512 elements deep nest over 1,000): cut up without recursion."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from playhead.jsontext import structure

_ATOM = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]|[^\s"\[\]{},:]+', re.DOTALL)


def elements(array: bytes) -> list[bytes]:
    """The texts of the elements of valid JSON text of an array."""
    found: list[bytes] = []
    start = 0
    for depth, at, end in structure(array):
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
    for depth, at, end in structure(text):
        token = text[at:end]
        if token in (b"[", b"{") and depth == levels:
            parts.append(text[kept_to:at] + b"null")
        elif token in (b"]", b"}") and depth == levels - 1:
            kept_to = end
    return b"".join([*parts, text[kept_to:]])


def read_json(text: bytes) -> Any:
    """The value of valid JSON text, nested as deep as it may be. Raises `msgspec.MsgspecError` for what is none."""
    try:
        return msgspec.json.decode(text)
    except RecursionError:
        return _read_deep(text)


def write_json(value: Any) -> bytes:
    """JSON text of what `read_json` answers."""
    try:
        return msgspec.json.encode(value)
    except RecursionError:
        return _write_deep(value)


def _read_deep(text: bytes) -> Any:
    root: list[Any] = []
    open_: list[Any] = [root]
    names: list[str | None] = [None]

    def put(value: Any) -> None:
        container, name = open_[-1], names[-1]
        if isinstance(container, list):
            container.append(value)
        elif name is None:
            names[-1] = value
        else:
            container[name] = value
            names[-1] = None

    for match in _ATOM.finditer(text):
        token = match[0]
        if token in (b"[", b"{"):
            made: Any = [] if token == b"[" else {}
            put(made)
            open_.append(made)
            names.append(None)
        elif token in (b"]", b"}"):
            open_.pop()
            names.pop()
        else:
            put(msgspec.json.decode(token))
    return root[0]


def _write_deep(value: Any) -> bytes:
    parts: list[bytes] = []
    # Text that is ready, or a value that is not written yet.
    waiting: list[tuple[bytes, Any]] = [(b"", value)]
    while waiting:
        text, each = waiting.pop()
        parts.append(text)
        if isinstance(each, list):
            waiting.append((b"]", _NOTHING))
            waiting += [(b"," if place else b"[", item) for place, item in reversed(list(enumerate(each)))]
            if not each:
                waiting.append((b"[", _NOTHING))
        elif isinstance(each, dict):
            waiting.append((b"}", _NOTHING))
            waiting += [
                ((b"," if place else b"{") + msgspec.json.encode(name) + b":", item)
                for place, (name, item) in reversed(list(enumerate(each.items())))
            ]
            if not each:
                waiting.append((b"{", _NOTHING))
        elif each is not _NOTHING:
            parts.append(msgspec.json.encode(each))
    return b"".join(parts)


_NOTHING = object()
