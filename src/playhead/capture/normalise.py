"""Analytics properties made into what the analytics store takes, whatever a page put into them.

The store keeps properties as one flat object: a nested object becomes dotted paths, a dot inside a name is escaped
(`items.escape_name`), so `{"a.b": 1, "a": {"b": 2}}` is two different paths. What is too deep, too many or too long is
cut here; the sender's own text is kept beside it.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

import msgspec

from playhead.errors import PlayheadError
from playhead.items import escape_name

MAX_NAMES = 512
MAX_OBJECT_DEPTH = 4
MAX_NAME = 255
MAX_TEXT = 4_096
MAX_ELEMENTS = 1_000
# What is nested deeper in a value kept as JSON text is left out.
MAX_VALUE_DEPTH = 16

JsonObject = dict[str, Any]
Scalar = str | int | float | bool


def read_object(text: msgspec.Raw | bytes) -> JsonObject:
    """A JSON object, duplicate keys by the last one, numbers out of range as text.

    Raises `PlayheadError` for what is not a JSON object. Within `body.deep_json` when it may nest deeply.
    """
    try:
        return _object.decode(text)
    except msgspec.MsgspecError as error:
        # msgspec refuses numbers that no double holds; the standard library reads them.
        try:
            value = json.loads(bytes(text), parse_constant=_refuse, parse_int=_integer, parse_float=_float)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise PlayheadError(f"Not a JSON object: {error}.", code="not_json") from error
        return value


def flatten(properties: JsonObject) -> bytes:
    """JSON text of one flat object: scalars and arrays of scalars of one type, at most `MAX_NAMES` of them."""
    flat: dict[str, Any] = {}
    _flatten(properties, "", 1, flat)
    return _encode(flat)


def value_text(value: Any) -> bytes:
    """JSON text of any decoded value, cut at `MAX_VALUE_DEPTH`."""
    return _encode(_cut(value, MAX_VALUE_DEPTH))


def _flatten(members: JsonObject, prefix: str, depth: int, flat: dict[str, Any]) -> None:
    for name, value in members.items():
        if len(flat) >= MAX_NAMES:
            return
        path = prefix + escape_name(name[:MAX_NAME])
        if isinstance(value, dict):
            if depth < MAX_OBJECT_DEPTH:
                _flatten(value, path + ".", depth + 1, flat)
            else:
                flat[path] = _as_text(value)
        elif isinstance(value, list):
            flat[path] = _array(value)
        elif value is not None:
            flat[path] = _scalar(value)


def _array(values: list[Any]) -> list[Scalar]:
    kept = [value for value in values[:MAX_ELEMENTS] if value is not None]
    if any(isinstance(value, dict | list) for value in kept):
        return [value[:MAX_TEXT] if isinstance(value, str) else _as_text(value) for value in kept]
    scalars = [_scalar(value) for value in kept]
    kinds = {type(value) for value in scalars}
    if len(kinds) <= 1:
        return scalars
    if kinds == {int, float}:
        return [float(value) for value in scalars]
    return [value if isinstance(value, str) else _as_text(value) for value in scalars]


def _scalar(value: Any) -> Scalar:
    if isinstance(value, str):
        return value[:MAX_TEXT]
    if isinstance(value, bool | float):
        return value
    if -(2**63) <= value < 2**63:
        return int(value)
    try:
        return float(value)
    except OverflowError:
        return str(value)[:MAX_TEXT]


def _as_text(value: Any) -> str:
    return value_text(value).decode()[:MAX_TEXT]


def _cut(value: Any, depth: int) -> Any:
    if isinstance(value, dict):
        return {k: _cut(v, depth - 1) for k, v in value.items()} if depth else {}
    if isinstance(value, list):
        return [_cut(v, depth - 1) for v in value] if depth else []
    return value


def _integer(digits: str) -> int | str:
    """Python refuses to read integers of thousands of digits; as text they do no harm."""
    return int(digits) if len(digits) <= 400 else digits


def _float(digits: str) -> float | str:
    value = float(digits)
    return value if math.isfinite(value) else digits


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_object: msgspec.json.Decoder[JsonObject] = msgspec.json.Decoder(JsonObject)
_encode = msgspec.json.Encoder().encode
