"""A recorded page as it stands at one moment: rebuilt from full snapshots and mutations, and which of it is masked.

    Page
    ├─ nodes             rrweb id → Node: parent, children, attributes and text as they were recorded
    │  ├─ tag            the element in a tree of Beautiful Soup, which selectors are matched on; a shadow root and the
    │  │                 document in a frame are trees of their own, as for a browser's selectors
    │  └─ state          CLEAR, MASK or BLOCK; inherited from above, across shadow roots and frames
    └─ sticky            what was masked once stays masked, also when it is taken out and put in somewhere else

States only ever get stricter. A node whose parent is not known is masked. Values only: no I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import bs4

from playhead.errors import PlayheadError
from playhead.governance.rules import Selectors
from playhead.governance.selectors import SelectorList
from playhead.governance.values import MARK

CLEAR, MASK, BLOCK = 0, 1, 2
DOCUMENT, DOCTYPE, ELEMENT, TEXT, CDATA, COMMENT = range(6)


class MaskingFailed(PlayheadError):
    """The page can't be rebuilt: the message says why."""

    status = 409
    code = "replay_masking_failed"


class Node:
    __slots__ = (
        "attributes",
        "children",
        "id",
        "name",
        "own",
        "parent",
        "root",
        "serialised",
        "state",
        "tag",
        "text",
        "type",
    )

    def __init__(self, serialised: dict[str, Any], parent: Node | None) -> None:
        self.serialised = serialised
        self.id: int = serialised["id"]
        self.type: int = serialised["type"]
        self.name = str(serialised.get("tagName", "")).lower() if self.type == ELEMENT else ""
        self.attributes: dict[str, Any] = dict(serialised.get("attributes") or {}) if self.type == ELEMENT else {}
        self.text: str = serialised.get("textContent") or ""
        self.parent = parent
        self.children: list[Node] = []
        self.own = CLEAR
        self.state = CLEAR
        self.tag: bs4.Tag | None = None
        # The tree that shadow children, or a document's, stand in.
        self.root: bs4.Tag | None = None

    def subtree(self) -> Iterator[Node]:
        """Itself and all below, parents first."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))

    @property
    def is_box(self) -> bool:
        """The outermost element that is blocked: what the box stands for."""
        return self.state == BLOCK and (self.parent is None or self.parent.state != BLOCK)


class Page:
    def __init__(self, rules: Selectors) -> None:
        self._mask = SelectorList(rules.mask)
        self._block = SelectorList(rules.block)
        self._looks_around = self._mask.looks_around or self._block.looks_around
        self._looks_up = self._mask.looks_up or self._block.looks_up
        self._attributes = self._mask.attributes | self._block.attributes
        self.nodes: dict[int, Node] = {}
        self._sticky: dict[int, int] = {}

    def begin(self, document: dict[str, Any]) -> list[Node]:
        """A full snapshot: the page begins anew. Answers its nodes, parents first, with their states."""
        self.nodes.clear()
        self._sticky.clear()
        fresh = self._build(document, None, None)
        self.settle(fresh, ())
        return fresh

    def remove(self, node: Node) -> None:
        for each in node.subtree():
            self.nodes.pop(each.id, None)
            state = max(each.own, MASK if each.state else CLEAR)
            if state:
                self._sticky[each.id] = state
        if node.parent is not None:
            node.parent.children.remove(node)
        if node.tag is not None:
            node.tag.extract()

    def add(self, serialised: dict[str, Any], parent: Node | None, before: int | None) -> list[Node]:
        """Puts nodes in; `settle` then says what they are. Answers them, parents first."""
        known = self.nodes.get(serialised["id"])
        if known is not None:
            self.remove(known)
        return self._build(serialised, parent, self.nodes.get(before) if before is not None else None)

    def set_attributes(self, node: Node, changes: dict[str, Any]) -> bool:
        """Whether the change can make a selector match."""
        for name, value in changes.items():
            if value is None:
                node.attributes.pop(name, None)
            elif isinstance(value, dict):
                continue
            else:
                node.attributes[name] = value
            if node.tag is not None:
                _set(node.tag, name, value)
        return bool(self._attributes & {name.lower() for name in changes})

    def settle(self, fresh: Iterable[Node], changed: Iterable[Node]) -> list[Node]:
        """Decides for the `fresh` nodes (parents first) and those whose attributes `changed`.

        Answers the nodes that stood already and are stricter than before, parents first.
        """
        news = set()
        for node in fresh:
            news.add(node.id)
            node.own = max(node.own, self._sticky.get(node.id, CLEAR), self._matched(node))
        for node in fresh:
            node.state = max(node.own, node.parent.state) if node.parent else max(node.own, node.state)
        stricter: list[Node] = []
        for node in self._candidates(changed, bool(news)):
            if node.id in news or node.own == BLOCK:
                continue
            own = self._matched(node)
            if own > node.own:
                node.own = own
                if own > node.state:
                    stricter += self._spread(node)
        return [node for node in stricter if node.id not in news]

    def _spread(self, node: Node) -> list[Node]:
        found = []
        for each in node.subtree():
            if each.state < node.own:
                each.state = node.own
                found.append(each)
        return found

    def _candidates(self, changed: Iterable[Node], structure: bool) -> Iterable[Node]:
        changed = list(changed)
        if self._looks_around and (changed or structure):
            return [node for node in self.nodes.values() if node.tag is not None]
        if self._looks_up:
            return {below.id: below for node in changed for below in node.subtree()}.values()
        return changed

    def _matched(self, node: Node) -> int:
        tag = node.tag
        if tag is None:
            return CLEAR
        if "rr_width" in node.attributes or self._block.match(tag):
            return BLOCK
        return MASK if MARK in node.attributes or self._mask.match(tag) else CLEAR

    def _build(self, serialised: dict[str, Any], parent: Node | None, before: Node | None) -> list[Node]:
        made: list[Node] = []
        waiting: list[tuple[dict[str, Any], Node | None, Node | None]] = [(serialised, parent, before)]
        while waiting:
            text, above, following = waiting.pop()
            node = Node(text, above)
            if above is None and node.type != DOCUMENT:
                node.state = MASK
            self._attach(node, following)
            self.nodes[node.id] = node
            made.append(node)
            waiting.extend((child, node, None) for child in reversed(text.get("childNodes") or []))
        return made

    def _attach(self, node: Node, before: Node | None) -> None:
        parent = node.parent
        if parent is not None:
            if before is not None and before.parent is parent:
                parent.children.insert(parent.children.index(before), node)
            else:
                before = None
                parent.children.append(node)
        if node.type == DOCUMENT:
            node.root = bs4.BeautifulSoup("", "html.parser")
        if node.type != ELEMENT:
            return
        node.tag = tag = bs4.Tag(name=node.name, is_xml=False)
        for name, value in node.attributes.items():
            _set(tag, name, value)
        if parent is None:
            return
        home = _home(node, parent)
        following = _next_tag(node, parent, home) if before is not None else None
        if following is not None:
            following.insert_before(tag)
        else:
            home.append(tag)


def _home(node: Node, parent: Node) -> bs4.Tag:
    """The element, or the root of the tree, that a node stands in for selectors."""
    if node.serialised.get("isShadow") or parent.tag is None:
        if parent.root is None:
            parent.root = bs4.Tag(name="shadow-root", is_xml=False)
        return parent.root
    return parent.tag


def _next_tag(node: Node, parent: Node, home: bs4.Tag) -> bs4.Tag | None:
    for sibling in parent.children[parent.children.index(node) + 1 :]:
        if sibling.tag is not None and sibling.tag.parent is home:
            return sibling.tag
    return None


def _set(tag: bs4.Tag, name: str, value: Any) -> None:
    if value is None or value is False:
        tag.attrs.pop(name, None)
    elif not isinstance(value, dict | list):
        tag.attrs[name] = "" if value is True else str(value)
