"""A profile is the fold of its operations, with Mixpanel's meaning of each verb. Pure functions of values.

    $set        creates or overwrites          $append   pushes, duplicates allowed; missing: a list of one
    $set_once   only what is absent            $union    pushes what the list does not hold
    $add        numbers; missing counts as 0   $remove   takes a value out of a list; else nothing
    $unset      takes properties away          $delete   the whole profile

An operation that does not fit what is there (adding to a text, appending to a number) changes nothing.
https://developer.mixpanel.com/reference/user-profiles
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, assert_never, cast, get_args

import msgspec

from playhead.items import ProfileVerb

JsonObject = dict[str, Any]


class StoredOperation(msgspec.Struct, frozen=True):
    """One operation on one profile or group. `operation_id` and `index` name it for good, `order` is its arrival."""

    operation_id: str
    index: int
    order: tuple[int, str]
    verb: ProfileVerb
    value: bytes
    time_ms: int


class Profile(msgspec.Struct, frozen=True):
    properties: JsonObject
    first_seen_ms: int
    last_seen_ms: int

    @property
    def name(self) -> str:
        """`$name`, else first and last name."""
        whole = _text(self.properties.get("$name"))
        parts = (_text(self.properties.get("$first_name")), _text(self.properties.get("$last_name")))
        return whole or " ".join(part for part in parts if part)

    @property
    def email(self) -> str:
        return _text(self.properties.get("$email"))

    @property
    def avatar(self) -> str:
        return _text(self.properties.get("$avatar"))


def fold(operations: Iterable[StoredOperation]) -> Profile | None:
    """The profile after all operations, whatever order they come in and however often; None when there is none."""
    first: dict[tuple[str, int], StoredOperation] = {}
    for operation in operations:
        key = (operation.operation_id, operation.index)
        known = first.get(key)
        if known is None or operation.order < known.order:
            first[key] = operation
    profile: Profile | None = None
    for operation in sorted(first.values(), key=lambda each: (each.order, each.index)):
        profile = apply(profile, operation)
    return profile


def apply(profile: Profile | None, operation: StoredOperation) -> Profile | None:
    """The profile after one operation more."""
    if operation.verb not in get_args(ProfileVerb):
        return profile
    if operation.verb == "$delete":
        return None
    if profile is None and operation.verb in {"$remove", "$unset"}:
        return None
    properties = dict(profile.properties) if profile else {}
    _change(properties, operation.verb, msgspec.json.decode(operation.value))
    if profile is None:
        return Profile(properties, operation.time_ms, operation.time_ms)
    return Profile(
        properties, min(profile.first_seen_ms, operation.time_ms), max(profile.last_seen_ms, operation.time_ms)
    )


def _change(properties: JsonObject, verb: ProfileVerb, value: Any) -> None:
    if verb == "$unset":
        for name in value if isinstance(value, list) else []:
            if isinstance(name, str):
                properties.pop(name, None)
        return
    if not isinstance(value, dict):
        return
    for name, given in cast(JsonObject, value).items():
        present = properties.get(name)
        match verb:
            case "$set":
                properties[name] = given
            case "$set_once":
                properties.setdefault(name, given)
            case "$add":
                if _is_number(given) and (name not in properties or _is_number(present)):
                    total = (present or 0) + given
                    if math.isfinite(total):
                        properties[name] = total
            case "$append":
                if name not in properties:
                    properties[name] = [given]
                elif isinstance(present, list):
                    properties[name] = [*present, given]
            case "$union":
                if name not in properties or isinstance(present, list):
                    properties[name] = _union(present or [], given if isinstance(given, list) else [given])
            case "$remove":
                if isinstance(present, list):
                    properties[name] = [each for each in present if not same(each, given)]
            case "$delete":
                pass
            case _:
                assert_never(verb)


def _union(present: list[Any], given: list[Any]) -> list[Any]:
    merged = list(present)
    for value in given:
        if not any(same(value, each) for each in merged):
            merged.append(value)
    return merged


def same(one: Any, other: Any) -> bool:
    """Equal as JSON values: `true` is not `1`, `1` is `1.0`."""
    if _is_number(one) and _is_number(other):
        return bool(one == other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    return type(one) is type(other) and one == other


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
