"""What a request tells of whoever sent it, and the default properties that events and profiles get from it.

What the sender says itself is never overwritten. The names are Mixpanel's:
https://docs.mixpanel.com/docs/data-structure/property-reference/default-properties
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from playhead.capture.normalise import JsonObject
from playhead.capture.places import Place, Places, is_address
from playhead.capture.useragent import NOBODY, Agent, read_user_agent
from playhead.jsontext import members, object_text

_EVENT_PLACE = ("$city", "$region", "mp_country_code")
_PROFILE_PLACE = ("$city", "$region", "$country_code")

_encode = msgspec.json.Encoder().encode


class Sender(NamedTuple):
    """`address` is the client's, empty when it is not known or the request says `ip=0`."""

    agent: Agent = NOBODY
    address: str = ""
    places: Places | None = None


UNKNOWN = Sender()


def event_defaults(properties: JsonObject, sender: Sender) -> JsonObject:
    """What an event lacks and its sender tells: by `$user_agent`, else the request's own; by `ip`, else its address."""
    more: JsonObject = {}
    told = properties.get("$user_agent")
    agent = read_user_agent(told) if isinstance(told, str) else sender.agent
    if agent.browser and "$browser" not in properties:
        more["$browser"] = agent.browser
        if agent.version is not None and "$browser_version" not in properties:
            more["$browser_version"] = agent.version
    if agent.os and "$os" not in properties:
        more["$os"] = agent.os
    if agent.model and "$device" not in properties:
        more["$device"] = agent.model
    if sender.places is not None:
        more |= _place(properties, properties.get("ip"), sender, _EVENT_PLACE)
    return more


def with_place(members: JsonObject, sender: Sender) -> JsonObject:
    """A profile object whose `$set` says where the sender is, too: by `$ip`, else the request's address."""
    given = members.get("$set")
    if sender.places is None or not isinstance(given, dict):
        return members
    place = _place(given, members.get("$ip"), sender, _PROFILE_PLACE)
    return {**members, "$set": {**given, **place}} if place else members


def without_address(raw: bytes) -> bytes:
    """The JSON text of an event's properties without `ip`, every other value letter by letter as it was."""
    kept = members(raw)
    del kept["ip"]
    return object_text(kept)


def with_members(raw: bytes, more: JsonObject) -> bytes:
    """The JSON text of an object with further members at its end."""
    open_end = raw.rstrip()[:-1].rstrip()
    return open_end + (b"" if open_end.endswith(b"{") else b",") + _encode(more)[1:]


def _place(given: JsonObject, ip: Any, sender: Sender, names: tuple[str, str, str]) -> JsonObject:
    if sender.places is None or any(name in given for name in names):
        return {}
    # Mixpanel's way to say "no place": `ip` is 0.
    address = sender.address if ip is None else ip.strip() if is_address(ip) else ""
    place: Place | None = sender.places.find(address) if address else None
    return {name: value for name, value in zip(names, place, strict=True) if value} if place else {}
