"""Observations without a browser: pages as a recorder would have reported them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from typing import Any

from playhead.privacy_check.places import Mode, Moment, Observation, Place, Sdk, Sent

NOW = 1_795_341_600_000
ADDRESS = "https://shop.example/checkout"


def element(
    number: int, tag: str, attributes: dict[str, Any] | None = None, *children: dict[str, Any]
) -> dict[str, Any]:
    return {"type": 2, "id": number, "tagName": tag, "attributes": attributes or {}, "childNodes": list(children)}


def text(number: int, value: str) -> dict[str, Any]:
    return {"type": 3, "id": number, "textContent": value}


def snapshot(*children: dict[str, Any], at: int = NOW) -> dict[str, Any]:
    root = {"type": 0, "id": 1, "childNodes": [element(2, "html", {}, *children)]}
    return {"type": 2, "timestamp": at, "data": {"node": root, "initialOffset": {"left": 0, "top": 0}}}


def change(at: int = NOW + 10, **data: Any) -> dict[str, Any]:
    return {
        "type": 3,
        "timestamp": at,
        "data": {"source": 0, "texts": [], "attributes": [], "removes": [], "adds": [], **data},
    }


def upload(*events: dict[str, Any], query: str = "") -> Sent:
    body = gzip.compress(json.dumps(events).encode())
    return Sent("replay", "POST /record/ #1", f"https://rec.example/record/?{query}", "POST", {}, body)


def track(**properties: Any) -> Sent:
    body = json.dumps([{"event": "Checkout", "properties": properties}]).encode()
    return Sent("analytics", "POST /track/ #1", "https://rec.example/track/", "POST", {}, body)


def place(kind: str, value: str, *ids: int, **more: Any) -> Place:
    given = {"load": 0, "key": more.pop("key", ids[0] if ids else hash(value) % 10_000), "selector": "main > p"} | more
    return Place(kind=kind, value=value, ids=ids, **given)  # type: ignore[arg-type]  # a kind by its name


def seen(
    places: Iterable[Place], *sent: Sent, mode: Mode = "text", sdk: Sdk | None = None, styled: Iterable[str] = ()
) -> Observation:
    return Observation(
        url=ADDRESS,
        mode=mode,
        sdk=sdk or Sdk("playhead", injected=False, version="0.1.0"),
        loads=(NOW - 5,),
        moments=(Moment(0, "page loaded", ADDRESS + "?coupon=none"),),
        places=tuple(places),
        sent=sent,
        styled=frozenset(styled),
    )
