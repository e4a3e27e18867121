"""`/engage/` and `/groups/`: profile operations, one record for each verb of each object sent."""

from __future__ import annotations

from typing import Any, cast, get_args

import msgspec

from playhead.capture.clockrule import batch_offset_ms, clamp_ms
from playhead.capture.normalise import JsonObject, read_object, value_text
from playhead.capture.track import Rejected, event_time_ms, id_text, too_many
from playhead.errors import PlayheadError
from playhead.items import GroupOperation, ProfileOperation, ProfileVerb
from playhead.jsontext import deep_json, without_lone_surrogates

VERBS: tuple[str, ...] = get_args(ProfileVerb)
# Verbs whose value is an object of property names.
_OF_OBJECTS = frozenset(("$set", "$set_once", "$add", "$append", "$union", "$remove"))

_objects = msgspec.json.Decoder(list[msgspec.Raw])


def read_operations(text: bytes, limit: int) -> tuple[list[tuple[str, JsonObject, int]], list[Rejected]]:
    """(token, object, index) for one profile object or an array of them. What is no object is rejected alone."""
    text = without_lone_surrogates(text)
    with deep_json():
        try:
            entries = _objects.decode(text if text[:1] == b"[" else b"[" + text + b"]")
        except msgspec.MsgspecError as error:
            raise PlayheadError(f"The body is not JSON: {error}.", code="not_json") from error
        if len(entries) > limit:
            raise too_many(len(entries), limit)
        objects: list[tuple[str, JsonObject, int]] = []
        rejected: list[Rejected] = []
        for index, entry in enumerate(entries):
            try:
                members = read_object(entry)
            except PlayheadError:
                rejected.append(Rejected(index, f"entry {index}: must be a JSON object"))
                continue
            token = members.get("$token")
            objects.append((token if isinstance(token, str) else "", members, index))
    return objects, rejected


def profile_operations(
    members: JsonObject, index: int, received_at_ms: int, sent_at_ms: int | None, request_id: str
) -> tuple[list[ProfileOperation], list[Rejected]]:
    """The operations on a person that one object holds."""
    distinct_id = id_text(members.get("$distinct_id"))
    if not distinct_id:
        return [], [Rejected(index, f"entry {index}: `$distinct_id` is missing")]
    verbs, rejected = _verbs(members, index)
    time_ms = _time_ms(members, received_at_ms, sent_at_ms)
    device_id, user_id = id_text(members.get("$device_id")), id_text(members.get("$user_id"))
    return [
        ProfileOperation(distinct_id, verb, value, time_ms, request_id, device_id, user_id) for verb, value in verbs
    ], rejected


def group_operations(
    members: JsonObject, index: int, received_at_ms: int, sent_at_ms: int | None, request_id: str
) -> tuple[list[GroupOperation], list[Rejected]]:
    """The operations on a group that one object holds."""
    key, group_id = id_text(members.get("$group_key")), id_text(members.get("$group_id"))
    if not key or not group_id:
        return [], [Rejected(index, f"entry {index}: `$group_key` or `$group_id` is missing")]
    verbs, rejected = _verbs(members, index)
    time_ms = _time_ms(members, received_at_ms, sent_at_ms)
    return [GroupOperation(key, group_id, verb, value, time_ms, request_id) for verb, value in verbs], rejected


def _verbs(members: JsonObject, index: int) -> tuple[list[tuple[ProfileVerb, bytes]], list[Rejected]]:
    verbs: list[tuple[ProfileVerb, bytes]] = []
    for verb in VERBS:
        if verb not in members:
            continue
        value: Any = members[verb]
        if verb in _OF_OBJECTS and not isinstance(value, dict):
            return [], [Rejected(index, f"entry {index}: `{verb}` must be an object")]
        if verb == "$unset" and not (isinstance(value, list) and all(isinstance(name, str) for name in value)):
            return [], [Rejected(index, f"entry {index}: `$unset` must be an array of property names")]
        verbs.append((cast(ProfileVerb, verb), value_text(value)))
    if not verbs:
        return [], [Rejected(index, f"entry {index}: has none of {', '.join(VERBS)}")]
    return verbs, []


def _time_ms(members: JsonObject, received_at_ms: int, sent_at_ms: int | None) -> int:
    """`$time` where the sender gives one, by the clock rule; else when it arrived."""
    time_ms = event_time_ms(members.get("$time"))
    if time_ms is None:
        return received_at_ms
    return clamp_ms(time_ms + batch_offset_ms(received_at_ms, sent_at_ms, time_ms))
