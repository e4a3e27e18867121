"""Sensitive properties: marked in the Lexicon, their values are told only to who has the right to see them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from playhead.jsontext import members, object_text

HIDDEN = "****"
# What a person's name, e-mail and picture are made of.
_NAME = {"$name", "$first_name", "$last_name"}


class Sensitive(msgspec.Struct, frozen=True):
    """The names of properties whose values must not be told: of events, and of profiles."""

    event: frozenset[str] = frozenset()
    profile: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.event or self.profile)

    @property
    def searched(self) -> tuple[str, ...]:
        """By which of them a person may be looked for, `name` and `email`: what is found tells what it was found by."""
        columns = (("name", _NAME), ("email", {"$email"}))
        return tuple(column for column, made_of in columns if not self.profile & made_of)

    def of(self, whose: object) -> frozenset[str]:
        return self.profile if whose == "profile" else self.event


NOTHING = Sensitive()


def masked(value: Any, sensitive: Sensitive) -> Any:
    """An answer, as JSON holds it, without the values of these properties: wherever it shows properties or a person."""
    if isinstance(value, list):
        return [masked(each, sensitive) for each in value]
    if not isinstance(value, dict):
        return value
    shown = {name: masked(each, sensitive) for name, each in value.items()}
    if isinstance(properties := value.get("properties"), dict):
        # An event has a name, a profile has none.
        shown["properties"] = without(properties, sensitive.event if "event" in value else sensitive.profile)
    if "distinct_id" in value and "email" in value:
        for name, made_of in (("name", _NAME), ("email", {"$email"}), ("avatar", {"$avatar"})):
            if shown.get(name) and sensitive.profile & made_of:
                shown[name] = None if name == "avatar" else HIDDEN
    return shown


def without(properties: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {name: HIDDEN if name in names else value for name, value in properties.items()}


def masked_line(line: bytes, sensitive: Sensitive) -> bytes:
    """An exported event; one that names none of these properties stays as it was sent."""
    event = members(line)
    properties = members(event["properties"])
    if sensitive.event.isdisjoint(properties):
        return line
    shown = {name: b'"%b"' % HIDDEN.encode() if name in sensitive.event else text for name, text in properties.items()}
    return object_text(event | {"properties": object_text(shown)})


def asked_about(body: Any, sensitive: Sensitive) -> str | None:
    """The first of these properties that a report's body asks about: its numbers would tell the values."""
    return next(_asked(body, sensitive), None)


def _asked(body: Any, sensitive: Sensitive) -> Iterator[str]:
    if isinstance(body, list):
        for each in body:
            yield from _asked(each, sensitive)
    elif isinstance(body, dict):
        named = [body.get("property"), *(body["hold"] if isinstance(body.get("hold"), list) else [])]
        yield from (each for each in named if isinstance(each, str) and each in sensitive.of(body.get("of")))
        for each in body.values():
            yield from _asked(each, sensitive)
