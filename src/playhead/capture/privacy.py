"""A project's privacy rules where data comes in: patterns over every string, and what SDKs are told of selectors."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from playhead.capture.normalise import JsonObject, read_object
from playhead.capture.requests import Answer, encode_json, is_uuid
from playhead.capture.track import Named, event_time_ms
from playhead.errors import Unavailable
from playhead.governance.patterns import Patterns
from playhead.governance.rules import ProjectRules
from playhead.jsontext import deep_json, without_lone_surrogates

# Members that say who or what it is: stars would make one of many.
IDS = (
    "distinct_id", "$distinct_id", "$device_id", "$user_id", "$insert_id", "$group_id", "$identified_id", "$anon_id",
    "$anon_distinct_id", "alias", "$mp_replay_id",
)  # fmt: skip
# Members that say where it belongs and when it was.
_TOKENS = ("token", "$token")
_TIMES = ("time", "$time")


def applied(rules: ProjectRules) -> Patterns | None:
    """The patterns to apply, None when there are none. Raises `Unavailable` when they can't be applied."""
    if rules.broken:
        raise Unavailable(
            f"A privacy rule of this project can't be applied, so nothing is taken: {rules.broken}",
            code="rules_broken",
            retry_after_s=60,
        )
    return rules.patterns


def mask_events(
    events: Sequence[tuple[str, JsonObject, Named]], patterns: Patterns
) -> list[tuple[str, JsonObject, Named]]:
    """Events of one project with every string masked that a pattern matches in."""
    masked = []
    with deep_json():
        for token, properties, event in events:
            raw, _ = patterns.json(event.raw, _instead(properties, patterns))
            if raw is not event.raw:
                properties = read_object(without_lone_surrogates(raw))  # noqa: PLW2901
            masked.append((token, properties, Named(patterns.text(event.event)[0], raw)))
    return masked


def mask_operations(
    entries: Iterable[tuple[str, JsonObject, int]], patterns: Patterns
) -> list[tuple[str, JsonObject, int]]:
    """The same for profile and group operations."""
    masked = []
    with deep_json():
        for token, members, index in entries:
            text, found = patterns.json(json.dumps(members).encode(), _instead(members, patterns))
            masked.append((token, read_object(text) if found else members, index))
    return masked


def _instead(members: JsonObject, patterns: Patterns) -> dict[str, str]:
    """What stands for a string that is an id, a time or the token, wherever it occurs."""
    instead: dict[str, str] = {}
    for name in IDS:
        value = members.get(name)
        if isinstance(value, str) and value:
            instead[value] = value if is_uuid(value) else patterns.identifier(value)
    for name in _TOKENS:
        value = members.get(name)
        if isinstance(value, str):
            instead[value] = value
    for name in _TIMES:
        value = members.get(name)
        if isinstance(value, str) and event_time_ms(value) is not None:
            instead[value] = value
    return instead


class RecordAnswers:
    """The answers of `/record/` for projects with selector rules: encoded once for each version of them."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bool], Answer] = {}

    def get(self, rules: ProjectRules, recorded: dict[str, Any], *, live: bool) -> Answer:
        key = (rules.selectors.version, live)
        answer = self._known.get(key)
        if answer is None:
            if len(self._known) > 1_000:
                self._known.clear()
            answer = Answer(200, encode_json({**recorded, "live": live, "rules": rules.selectors}))
            self._known[key] = answer
        return answer
