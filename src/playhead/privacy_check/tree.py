"""The recorded page, node by node: every text and every attribute value that was ever sent of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from playhead.privacy_check.places import Channel
from playhead.privacy_check.stream import RrwebEvent

DOCUMENT, ELEMENT = 0, 2
STYLE_OR_CODE = frozenset({"style", "script"})


class Node:
    """What was sent of one node. Values keep the order they came in; each distinct one once."""

    __slots__ = ("box", "channel", "parent", "tag", "texts", "type", "values", "where")

    def __init__(self, kind: int, tag: str, parent: str, channel: Channel, where: str) -> None:
        self.type = kind
        self.tag = tag
        self.parent = parent
        self.box = False
        self.texts: dict[str, str] = {}
        self.values: dict[str, dict[str, str]] = {}
        self.channel = channel
        self.where = where

    def text(self, value: str, where: str) -> None:
        self.texts.setdefault(value, where)

    def attribute(self, name: str, value: Any, where: str) -> None:
        if isinstance(value, dict):
            value = msgspec.json.encode(value).decode()
        if isinstance(value, str):
            self.values.setdefault(name, {}).setdefault(value, where)


Key = tuple[int, int]


class Tree:
    """Nodes by (page load, rrweb id)."""

    def __init__(self, events: Iterable[RrwebEvent]) -> None:
        self.nodes: dict[Key, Node] = {}
        self.loads: set[int] = set()
        for event in events:
            if not isinstance(event.data, dict):
                continue
            if event.type == 2:
                self.loads.add(event.load)
                self._add(event.data.get("node"), "", event)
            elif event.type == 3:
                self._change(event)

    def of(self, load: int, ids: Iterable[int]) -> list[Node]:
        return [self.nodes[load, one] for one in ids if (load, one) in self.nodes]

    def _add(self, root: Any, parent: str, event: RrwebEvent) -> None:
        waiting: list[tuple[Any, str]] = [(root, parent)]
        while waiting:
            given, above = waiting.pop()
            if not isinstance(given, dict) or not isinstance(given.get("id"), int):
                continue
            kind = given.get("type")
            tag = str(given.get("tagName", "")).lower()
            key = (event.load, given["id"])
            node = self.nodes.get(key)
            if node is None:
                node = self.nodes[key] = Node(int(kind or 0), tag, above, event.channel, event.where)
            attributes = given.get("attributes")
            children = given.get("childNodes")
            if isinstance(attributes, dict):
                for name, value in attributes.items():
                    node.attribute(str(name), value, event.where)
                node.box = node.box or ("rr_width" in attributes and "rr_dataURL" not in attributes and not children)
            if isinstance(given.get("textContent"), str):
                node.text(given["textContent"], event.where)
            if isinstance(children, list):
                waiting += [(child, tag) for child in children]

    def _change(self, event: RrwebEvent) -> None:
        data = event.data
        source = data.get("source")
        if source == 0:
            for add in _items(data, "adds"):
                parent = self.nodes.get((event.load, add.get("parentId", -1)))
                self._add(add.get("node"), parent.tag if parent else "", event)
            for change in _items(data, "texts"):
                if isinstance(change.get("value"), str):
                    self._node(event, change).text(change["value"], event.where)
            for change in _items(data, "attributes"):
                node = self._node(event, change)
                given = change.get("attributes")
                for name, value in given.items() if isinstance(given, dict) else ():
                    node.attribute(str(name), value, event.where)
        elif source == 5 and isinstance(data.get("text"), str):
            self._node(event, data).attribute("value", data["text"], event.where)

    def _node(self, event: RrwebEvent, change: dict[str, Any]) -> Node:
        key = (event.load, change.get("id", -1))
        if key not in self.nodes:
            self.nodes[key] = Node(-1, "", "", event.channel, event.where)
        return self.nodes[key]


def _items(data: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = data.get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
