"""Holds places against what was captured. Pure: the same observation gives the same verdict.

Three ways, in this order:
 - *by node*: the recorder's own id of a node leads to every value ever sent of it. Exact for any text, however short.
 - *by value*: canaries are looked for in everything, whatever its form; texts too long to be there by accident in what
   belongs to no node (messages, addresses, headers, unknown formats).
 - *the other way round*: in text mode every recorded string must be masked or clear by design, also of nodes that were
   gone when the page was read.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Iterable
from typing import Literal
from urllib.parse import quote, unquote_plus

import msgspec

from playhead.privacy_check.places import Evidence, Finding, Observation, Place, Status, Verdict
from playhead.privacy_check.rules import (
    CLEAR_PARAMS,
    URL_ATTRIBUTES,
    Demand,
    addresses,
    by_design,
    demand,
    parameters,
    secrets,
)
from playhead.privacy_check.stream import Stream, decode, tracked
from playhead.privacy_check.tree import ELEMENT, STYLE_OR_CODE, Node, Tree

How = Literal["node", "value"]
WORD = re.compile(r"[^\W_]+")
EXCERPT = 160
MAX_EVIDENCE = 5
IN_ANALYTICS = (
    "in an analytics event or the visitor's id, which masking does not cover: the SDK adds the page's address and "
    "title, the site's own code the rest"
)
FIELDS = frozenset({"input", "textarea", "select", "option"})
PLACEHOLDERS = frozenset({"SCRIPT_PLACEHOLDER"})


def judge(seen: Observation) -> Verdict:
    """What came of every place of an observation."""
    stream = decode(seen.sent, seen.loads)
    court = _Court(seen, stream)
    return court.verdict()


def words(text: str) -> set[str]:
    return {word.casefold() for word in WORD.findall(text)}


def hidden(text: str) -> bool:
    """Nothing to read: white space, stars, and the brackets that fill an empty box."""
    return all(character.isspace() or character in "*[]" for character in text)


def shows(original: str, sent: str) -> bool:
    """Can `original` be read, whole or in part, in what was sent of its place?"""
    if hidden(sent) or hidden(original):
        return False
    return sent.strip() == original.strip() or bool(words(original) & words(sent))


def distinctive(text: str) -> bool:
    """Can it be nowhere else by accident? Two words and ten characters, eight with letters and digits, or sixteen."""
    bare = text.strip()
    letters, digits = any(c.isalpha() for c in bare), any(c.isdigit() for c in bare)
    return len(bare) >= 16 or (len(bare) >= 10 and len(words(bare)) >= 2) or (len(bare) >= 8 and letters and digits)


def excerpt(text: str, around: str = "") -> str:
    """A short piece of the text, with `around` in it."""
    at = max(text.casefold().find(around.casefold()) - EXCERPT // 3, 0) if around else 0
    piece = text[at : at + EXCERPT]
    return ("…" if at else "") + piece + ("…" if at + EXCERPT < len(text) else "")


class _String(msgspec.Struct, frozen=True):
    """A string recorded of a node. `echo`: the node's place may be clear."""

    node: Node
    value: str
    forms: tuple[str, ...]
    where: str
    echo: bool


class _Court:
    def __init__(self, seen: Observation, stream: Stream) -> None:
        self.seen = seen
        self.stream = stream
        self.tree = Tree(stream.events)
        self.replay_texts = [text for text in stream.texts if text.channel != "analytics" and text.text.strip()]
        self.analytics_texts = [text for text in stream.texts if text.channel == "analytics" and text.text.strip()]
        self.addresses = [
            (text, name, value)
            for text in stream.texts
            if _is_address(text.text)
            for name, value in parameters(text.text)
        ]
        self.strings = self._strings()
        self.echoes: set[Place] = set()
        self.design: Counter[str] = Counter()
        self.undecided = 0

    def _strings(self) -> list[_String]:
        """Every recorded string in which a canary could stand."""
        may_be_clear = {
            (place.load, one)
            for place in self.seen.places
            if not place.field and demand(place, self.seen.mode, self.seen.sdk).kind in ("free", "secrets")
            for one in place.ids
        }
        read = {(place.load, one) for place in self.seen.places for one in place.ids}
        found = []
        for key, node in self.tree.nodes.items():
            # Text of an element that was gone when the page was read: what this mode leaves clear of any other.
            passed = (
                self.seen.mode == "input" and key not in read and node.tag not in FIELDS and node.parent not in FIELDS
            )
            for values in (node.texts, *node.values.values()):
                for value, where in values.items():
                    if not hidden(value):
                        found.append(_String(node, value, _forms(value), where, passed or key in may_be_clear))
        return found

    def verdict(self) -> Verdict:
        found: list[Finding] = []
        for place in _with_parameters(self.seen.places):
            if reason := by_design(place, self.seen.styled):
                self.design[reason] += 1
                continue
            finding = self._place(place)
            if finding is None:
                self.undecided += 1
            else:
                found.append(finding)
        if self.seen.mode == "text":
            found += self._other_way_round(found)
        order = {Status.CLEAR: 0, Status.MASKED: 1, Status.BLOCKED: 2, Status.ABSENT: 3}
        found = self._once(found)
        found.sort(key=lambda f: (not f.wrong, order[f.status], f.place.moment, f.place.key))
        return Verdict(
            findings=tuple(found),
            by_design=dict(self.design.most_common()),
            undecided=self.undecided,
            rrweb_events=len(self.stream.events),
            requests=sum(1 for one in self.seen.sent if one.method),
            kept=sum(1 for one in self.seen.sent if not one.method),
            analytics=tracked(self.seen.sent),
            bytes_sent=sum(len(one.body) for one in self.seen.sent if one.method),
        )

    def _once(self, found: list[Finding]) -> list[Finding]:
        """The same place on the same page counts once, however often the check came by."""
        kept: dict[tuple[object, ...], Finding] = {}
        for finding in found:
            place = finding.place
            page = self.seen.moments[place.moment].address.partition("?")[0].partition("#")[0]
            kept.setdefault(
                (page, place.selector, place.kind, place.name, place.value, finding.status, finding.wrong), finding
            )
        return list(kept.values())

    def _place(self, place: Place) -> Finding | None:
        wanted = demand(place, self.seen.mode, self.seen.sdk)
        parts = secrets(place.value) if wanted.kind == "secrets" else [place.value]
        nodes = self.tree.of(place.load, place.ids)
        hits: list[Evidence] = []
        sent: list[str] = []
        for node in nodes:
            for value, where in _sent_of(node, place).items():
                sent.append(value)
                if shows(place.value, value):
                    hits.append(Evidence(node.channel, where, excerpt(value)))
        by_value = self._by_value(place)
        hits += by_value
        structural = place.kind != "url" and (nodes or self.tree.of(place.load, place.near))
        searched = place.kind == "url" or place.canary or distinctive(place.value)
        if not structural and not searched:
            return None
        how: How = "node" if structural else "value"
        recorder = [hit for hit in hits if hit.channel != "analytics"]
        if recorder:
            return self._clear(place, wanted, recorder, parts, how)
        if hits:
            return Finding(place, Status.CLEAR, False, IN_ANALYTICS, "value", tuple(hits[:MAX_EVIDENCE]), hits[0].text)
        status = self._hidden(place, nodes, sent)
        return Finding(place, status, False, wanted.why, how, sent=excerpt(next(iter(sent), "")))

    def _clear(self, place: Place, wanted: Demand, hits: list[Evidence], parts: list[str], how: How) -> Finding:
        if place in self.echoes:
            why = (
                "the page shows what was typed as text of its own, which this mode leaves clear; a mask class hides it"
            )
            return Finding(place, Status.CLEAR, False, why, "value", tuple(hits[:MAX_EVIDENCE]), hits[0].text)
        wrong = wanted.kind in ("mask", "block") or (
            wanted.kind == "secrets" and any(part.casefold() in hit.text.casefold() for part in parts for hit in hits)
        )
        why = wanted.why
        if wrong and wanted.kind == "secrets":
            why = "it looks like an e-mail address, a card number, an IBAN or a JWT: masked in every mode"
        return Finding(place, Status.CLEAR, wrong, why, how, tuple(hits[:MAX_EVIDENCE]), hits[0].text)

    def _hidden(self, place: Place, nodes: list[Node], sent: list[str]) -> Status:
        near = self.tree.of(place.load, place.near)
        if any(node.box for node in nodes) or (not nodes and any(node.box for node in near)):
            return Status.BLOCKED
        if place.kind == "url":
            same = any(name == place.name for _, name, _ in self.addresses) or self._masked_parameter(place)
            return Status.MASKED if same else Status.ABSENT
        return Status.MASKED if any(value.strip() for value in sent) else Status.ABSENT

    def _masked_parameter(self, place: Place) -> bool:
        mark = "#*" if place.name == "#" else f"{place.name}=*"
        values = (
            value for node in self.tree.of(place.load, place.ids) for one in node.values.values() for value in one
        )
        return any(mark in value for value in values) or any(mark in text.text for text in self.replay_texts)

    def _by_value(self, place: Place) -> list[Evidence]:
        if place.kind == "url":
            return self._in_addresses(place)
        if place.canary:
            return self._canary(place)
        if not distinctive(place.value):
            return []
        wanted = _flat(place.value)
        hits = []
        # Of the page the SDK puts only title and address into events; what else is in them is the site's own choice.
        for text in [*self.replay_texts, *(self.analytics_texts if place.tag == "title" else ())]:
            inside = _carried(text.text)
            if wanted in _flat(inside):
                hits.append(Evidence(text.channel, f"{text.where}, {text.key}", excerpt(inside, place.value)))
        return hits

    def _in_addresses(self, place: Place) -> list[Evidence]:
        hits = [
            Evidence(text.channel, f"{text.where}, {text.key}", excerpt(text.text, place.value))
            for text, name, value in self.addresses
            if name == place.name and shows(place.value, value) and (text.channel != "analytics" or not place.key)
        ]
        for node in self.tree.of(place.load, place.ids):
            for attribute, values in node.values.items():
                for value, where in values.items():
                    carried = _carried_by(attribute, value)
                    if any(name == place.name and shows(place.value, v) for name, v in carried):
                        hits.append(
                            Evidence(node.channel, f"{where}, attribute {attribute}", excerpt(value, place.value))
                        )
        return hits

    def _canary(self, place: Place) -> list[Evidence]:
        """The canary in anything captured: as it is, in percent signs, in base64, in any case."""
        marks = {place.canary, place.value} if distinctive(place.value) else {place.canary}
        hits = []
        for mark in marks:
            needles = _needles(mark)
            in_nodes = [one for one in self.strings if any(needle in form for needle in needles for form in one.forms)]
            if in_nodes and all(one.echo for one in in_nodes):
                # The page itself shows it as text that this mode leaves clear.
                self.echoes.add(place)
            hits += [
                Evidence(one.node.channel, one.where, excerpt(_nearest(one.value, mark), mark)) for one in in_nodes
            ]
            for text in self.stream.texts:
                if any(needle in form for needle in needles for form in _forms(text.text)):
                    found = excerpt(_nearest(text.text, mark), mark)
                    hits.append(Evidence(text.channel, f"{text.where}, {text.key}", found))
                    if text.channel != "analytics":
                        self.echoes.discard(place)
        return hits

    def _other_way_round(self, found: list[Finding]) -> list[Finding]:
        """Recorded strings that are readable, and of which no place has been found in clear."""
        places: dict[tuple[int, int], Place] = {}
        known: set[tuple[int, int, str]] = set()
        for place in self.seen.places:
            for one in place.ids:
                places.setdefault((place.load, one), place)
        for finding in found:
            if finding.status is Status.CLEAR:
                names = URL_ATTRIBUTES if finding.place.kind == "url" else {finding.place.name}
                known |= {(finding.place.load, one, name) for one in finding.place.ids for name in names}
        more = []
        free = CLEAR_PARAMS | set(self.seen.sdk.url_params)
        for (load, number), node in self.tree.nodes.items():
            owner = places.get((load, number))
            if (owner and owner.rule == "unmask") or (not owner and self.seen.sdk.unmask):
                continue
            for name, value, where in _readable(node, self.seen.styled, free):
                if (load, number, name) in known:
                    continue
                known.add((load, number, name))
                label = (
                    owner.selector if owner else f"<{node.tag or node.parent or 'text'}>, gone when the page was read"
                )
                place = Place(
                    load, -number, "stream", label, value, name, node.tag, moment=owner.moment if owner else 0
                )
                why = (
                    "text mode masks all text and readable attributes; this had changed or gone when the page was read"
                )
                more.append(
                    Finding(
                        place,
                        Status.CLEAR,
                        True,
                        why,
                        "node",
                        (Evidence(node.channel, where, excerpt(value)),),
                        excerpt(value),
                    )
                )
        return more


def _sent_of(node: Node, place: Place) -> dict[str, str]:
    """Value → where, of what was sent of this place of the node."""
    match place.kind:
        case "text" | "comment" | "template":
            return node.texts
        case "attribute":
            if place.name.lower() == "value" and place.field:
                return {**node.values.get("value", {}), **node.texts}
            return next((values for name, values in node.values.items() if name.lower() == place.name.lower()), {})
        case "value":
            return node.values.get("value", {})
        case _:
            return {}


def _readable(node: Node, styled: frozenset[str], free: frozenset[str]) -> Iterable[tuple[str, str, str]]:
    """(attribute or "", value, where) of each recorded string that text mode does not allow."""
    if node.type != ELEMENT and node.parent not in STYLE_OR_CODE and node.tag not in STYLE_OR_CODE:
        for value, where in node.texts.items():
            if node.type in (-1, 3, 4, 5) and words(value) and value not in PLACEHOLDERS:
                yield "", value, where
    for name, values in node.values.items():
        if name.lower() == "name":  # An alias stands there: only the page can tell.
            continue
        kind = next(iter(node.values.get("name", {})), "") if node.tag == "meta" else ""
        for value, where in values.items():
            probe = Place(0, 0, "stream", "", value, name, node.tag, kind)
            reason = by_design(probe, styled)
            if reason.startswith("addresses"):
                if any(words(carried) for key, carried in _carried_by(name, value) if key not in free):
                    yield name, value, where
            elif not reason and words(value):
                yield name, value, where


def _with_parameters(places: Iterable[Place]) -> Iterable[Place]:
    """The places, and for each address among them those that its parameters are."""
    for place in places:
        yield place
        if place.kind == "attribute" and place.name.lower() in URL_ATTRIBUTES:
            for name, value in _carried_by(place.name, place.value):
                yield msgspec.structs.replace(place, kind="url", name=name, value=value)


def _carried_by(attribute: str, value: str) -> list[tuple[str, str]]:
    return [found for address in addresses(attribute, value) for found in parameters(address)]


def _is_address(text: str) -> bool:
    return text.startswith(("http://", "https://")) and len(text) < 8192


def _carried(text: str) -> str:
    """What an address carries besides where it points; any other text whole."""
    return " ".join(value for _, value in parameters(text)) if _is_address(text) else text


def _flat(text: str) -> str:
    return " ".join(text.split()).casefold()


def _forms(text: str) -> tuple[str, ...]:
    folded = text.casefold()
    return (folded, unquote_plus(folded)) if "%" in folded or "+" in folded else (folded,)


def _needles(mark: str) -> tuple[str, ...]:
    """The mark as it may stand in a text: itself, quoted, and base64 at each of the three offsets."""
    encoded = []
    for pad in range(3):
        text = base64.b64encode(b"\0" * pad + mark.encode()).decode()
        encoded.append(text[(0, 2, 3)[pad] : len(text) - 4].casefold())
    return (mark.casefold(), quote(mark).casefold(), *[one for one in encoded if len(one) >= 8])


def _nearest(text: str, mark: str) -> str:
    return text if mark.casefold() in text.casefold() else unquote_plus(text)
