"""Selector rules over a recording: its rrweb events in order, each with what is masked or blocked taken out.

The page is rebuilt as it goes (`governance.tree`). An element that begins to match later is masked from then on: what
stands of it is masked in that very event, so the masked stream plays the masked page. Masking again changes nothing,
also with events between that came late. What is not known is masked: kinds of events, nodes that were never seen.
"""

from __future__ import annotations

from typing import Any

import msgspec

from playhead.governance.rules import Selectors
from playhead.governance.tree import BLOCK, CDATA, CLEAR, COMMENT, ELEMENT, MASK, TEXT, MaskingFailed, Node, Page
from playhead.governance.values import INPUT_VALUE, MARK, box, mask_every_string, masked_attributes, masked_text
from playhead.recordings.deep import read_json, write_json
from playhead.recordings.events import RrwebEvent
from playhead.rrweb import FULL_SNAPSHOT, INCREMENTAL

MUTATION, INPUT, CANVAS = 0, 5, 9
# Positions, sizes, times and ids: mouse and touch, scroll, resize, media, drag, selection.
WITHOUT_TEXT = frozenset((1, 2, 3, 4, 6, 7, 12, 14))
# Style sheets and fonts: rules change how an element looks, their text is the site's.
STYLES = frozenset((8, 10, 13, 15))
# The console of old recorders, custom elements' names: of no element.
ELSEWHERE = frozenset((11, 16))


class Masker:
    """Masks one recording's events, given in playing order. Counts what it masked and blocked."""

    def __init__(self, rules: Selectors) -> None:
        self._page = Page(rules)
        self.masked = 0
        self.blocked = 0

    def event(self, event: RrwebEvent) -> RrwebEvent:
        """The event as it may be seen; the same where nothing in it is masked. Raises `MaskingFailed`."""
        if event.type not in (FULL_SNAPSHOT, INCREMENTAL):
            return event
        try:
            value = read_json(event.text)
            data = value["data"]
            before = write_json(data)
            if event.type == FULL_SNAPSHOT:
                data["node"] = self._fresh(self._page.begin(data["node"]))
            else:
                self._incremental(data)
            if write_json(data) == before:
                return event
            return msgspec.structs.replace(event, text=write_json(value))
        except (KeyError, TypeError, AttributeError, ValueError, msgspec.MsgspecError) as error:
            raise MaskingFailed(
                f"The page can't be rebuilt: the rrweb event at {event.at_ms} is of an unknown form "
                f"({type(error).__name__})."
            ) from error

    def _incremental(self, data: dict[str, Any]) -> None:
        source = data["source"]
        if source == MUTATION:
            self._mutation(data)
        elif source == INPUT:
            self._input(data)
        elif source in STYLES:
            if self._state(data.get("id"), CLEAR) == BLOCK:
                _only(data, "source", "id")
        elif source == CANVAS:
            self._canvas(data)
        elif source not in WITHOUT_TEXT and source not in ELSEWHERE:
            mask_every_string(data)

    def _state(self, node_id: Any, unknown: int = MASK) -> int:
        node = self._page.nodes.get(node_id)
        return unknown if node is None else node.state

    def _input(self, data: dict[str, Any]) -> None:
        if self._state(data["id"]) != CLEAR:
            data["text"] = INPUT_VALUE if data.get("text") else ""
            data["isChecked"] = False

    def _canvas(self, data: dict[str, Any]) -> None:
        state = self._state(data["id"])
        if state == BLOCK:
            data["commands"] = []
            for name in ("property", "args", "setter"):
                data.pop(name, None)
        elif state == MASK:
            for command in [data, *(data.get("commands") or [])]:
                if isinstance(command.get("args"), list):
                    mask_every_string(command["args"])

    def _mutation(self, data: dict[str, Any]) -> None:
        page = self._page
        removes, texts, attributes = (list(data.get(name) or []) for name in ("removes", "texts", "attributes"))
        shown = []
        for entry in removes:
            node = page.nodes.get(entry["id"])
            if node is None or node.state != BLOCK or node.is_box:
                shown.append(entry)
            if node is not None:
                page.remove(node)
        adds, fresh = self._attach(list(data.get("adds") or []))
        changed = []
        for entry in attributes:
            node = page.nodes.get(entry["id"])
            if node is not None and page.set_attributes(node, entry["attributes"]):
                changed.append(node)
        for entry in texts:
            node = page.nodes.get(entry["id"])
            if node is not None:
                node.text = entry["value"] or ""
        stricter = page.settle(fresh, changed)
        lists: dict[str, list[dict[str, Any]]] = {
            "removes": shown,
            "adds": [
                entry | {"node": self._fresh(made)}
                for entry, made in adds
                if made[0].parent is None or made[0].parent.state != BLOCK
            ],
            "texts": [each for entry in texts if (each := self._text(entry)) is not None],
            "attributes": [each for entry in attributes if (each := self._attributes(entry)) is not None],
        }
        boxes = [node for node in stricter if node.is_box]
        lists["removes"] += [_removal(node) for node in boxes]
        # What is put in anew comes before what may be put in beside it.
        coming = {node.id for node in (*fresh, *boxes)}
        lists["adds"][:0] = [_box_again(node, coming) for node in boxes]
        self.blocked += len(boxes)
        for node in stricter:
            if node.state == MASK:
                self._begin_masking(node, lists)
        data |= {name: entries for name, entries in lists.items() if entries or name in data}

    def _attach(self, adds: list[dict[str, Any]]) -> tuple[list[tuple[dict[str, Any], list[Node]]], list[Node]]:
        """Puts what is added into the page: a parent, or the sibling after it, may come later in the list."""
        page = self._page
        # What is put in somewhere else leaves its place first.
        for entry in adds:
            known = page.nodes.get(entry["node"]["id"])
            if known is not None:
                page.remove(known)
        made: list[tuple[dict[str, Any], list[Node]]] = []
        coming = {entry["node"]["id"] for entry in adds}
        waiting = adds
        patience = 2
        while waiting and patience:
            later = []
            for entry in waiting:
                parent, following = page.nodes.get(entry["parentId"]), entry.get("nextId")
                if (parent is None and (entry["parentId"] in coming or patience == 2)) or (
                    patience == 2 and following in coming and following not in page.nodes
                ):
                    later.append(entry)
                    continue
                made.append((entry, page.add(entry["node"], parent, following)))
            if len(later) == len(waiting):
                patience -= 1
            waiting = later
        for entry in waiting:  # their parents never come, or they are each other's
            made.append((entry, page.add(entry["node"], page.nodes.get(entry["parentId"]), None)))
        return made, [node for _, nodes in made for node in nodes]

    def _fresh(self, nodes: list[Node]) -> dict[str, Any]:
        """The serialised form of nodes that come in, masked: the first is the one that the others are below."""
        for node in nodes:
            if node.is_box:
                replaced = box(node.serialised)
                self.blocked += "rr_width" not in node.attributes  # else it was a box when it came
                node.serialised.clear()
                node.serialised.update(replaced)
            elif node.state == MASK:
                self._mask(node)
        return nodes[0].serialised

    def _mask(self, node: Node) -> None:
        serialised = node.serialised
        if node.type in (TEXT, CDATA, COMMENT):
            masked = masked_text(node.text, node.parent.name if node.parent else "")
            if masked != node.text:
                serialised["textContent"] = masked
                self.masked += 1
        elif node.type == ELEMENT:
            attributes = masked_attributes(node.attributes, node.name)
            if node.own == MASK:
                attributes[MARK] = ""
            if attributes != node.attributes:
                serialised["attributes"] = attributes
                self.masked += 1

    def _text(self, entry: dict[str, Any]) -> dict[str, Any] | None:
        node = self._page.nodes.get(entry["id"])
        state = self._state(entry["id"])
        if state == BLOCK:
            return None
        if state == CLEAR or not entry["value"]:
            return entry
        return entry | {"value": masked_text(entry["value"], node.parent.name if node and node.parent else "")}

    def _attributes(self, entry: dict[str, Any]) -> dict[str, Any] | None:
        node = self._page.nodes.get(entry["id"])
        state = self._state(entry["id"])
        if state == BLOCK:
            return None
        if state == CLEAR:
            return entry
        masked = masked_attributes(entry["attributes"], node.name if node else "")
        # Taking the mark away (as a page that is masked again would) does not end masking.
        masked = {name: value for name, value in masked.items() if name != MARK or value is not None}
        return entry | {"attributes": masked}

    def _begin_masking(self, node: Node, lists: dict[str, list[dict[str, Any]]]) -> None:
        """What stands of a node that is stricter from now on, into the same event."""
        if node.type == ELEMENT:
            masked = masked_attributes(node.attributes, node.name)
            changes = {name: value for name, value in masked.items() if value != node.attributes[name]}
            changes |= {name: None for name in node.attributes if name not in masked}
            if node.own == MASK:
                changes[MARK] = ""
            if changes:
                lists["attributes"].append({"id": node.id, "attributes": changes})
                self.masked += 1
        elif node.type in (TEXT, CDATA, COMMENT):
            masked_value = masked_text(node.text, node.parent.name if node.parent else "")
            if masked_value != node.text:
                lists["texts"].append({"id": node.id, "value": masked_value})
                self.masked += 1


def _removal(node: Node) -> dict[str, Any]:
    shadow = {"isShadow": True} if node.serialised.get("isShadow") else {}
    return {"parentId": node.parent.id if node.parent else None, "id": node.id, **shadow}


def _box_again(node: Node, coming: set[int]) -> dict[str, Any]:
    """Puts an element that stood already in again, as a box, before the next sibling that stays."""
    following = None
    if node.parent is not None:
        siblings = node.parent.children[node.parent.children.index(node) + 1 :]
        following = next((each.id for each in siblings if each.id not in coming), None)
    serialised = node.serialised | {"attributes": node.attributes}
    return {"parentId": node.parent.id if node.parent else None, "nextId": following, "node": box(serialised)}


def _only(data: dict[str, Any], *names: str) -> None:
    for name in [name for name in data if name not in names]:
        del data[name]
