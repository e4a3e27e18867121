"""Selector rules over recordings of other SDKs: the page is rebuilt, and what matches is masked or blocked in it."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playhead.governance.masking import Masker
from playhead.governance.rules import Selectors
from playhead.governance.tree import MaskingFailed
from playhead.recordings.events import RrwebEvent

Event = dict[str, Any]
CANARY = "Canary7"


def rrweb(event: Event, at: int = 0) -> RrwebEvent:
    return RrwebEvent(json.dumps(event).encode(), event["type"], event.get("timestamp", at), "", 0)


def mask(events: list[Event], masks: list[str] = (), blocks: list[str] = ()) -> list[Event]:  # type: ignore[assignment]
    masker = Masker(Selectors("v", list(masks), list(blocks)))
    return [json.loads(masker.event(rrweb(event)).text) for event in events]


def element(number: int, name: str, *children: Event, **attributes: Any) -> Event:
    return {
        "type": 2,
        "tagName": name,
        "id": number,
        "attributes": {key.replace("_", "-").strip("-"): value for key, value in attributes.items()},
        "childNodes": list(children),
    }


def text(number: int, content: str = CANARY) -> Event:
    return {"type": 3, "textContent": content, "id": number}


def full(*children: Event) -> Event:
    html = element(2, "html", element(3, "body", *children))
    return {"type": 2, "timestamp": 1, "data": {"node": {"type": 0, "childNodes": [html], "id": 1}}}


def mutation(**lists: Any) -> Event:
    data = {"source": 0, "adds": [], "removes": [], "texts": [], "attributes": []} | lists
    return {"type": 3, "timestamp": 2, "data": data}


def add(parent: int, node: Event, following: int | None = None) -> Event:
    return {"parentId": parent, "nextId": following, "node": node}


def found(events: Any) -> bool:
    return CANARY in json.dumps(events)


def test_text_attributes_and_fields_below_a_matching_element_are_masked() -> None:
    page = full(
        element(
            10,
            "section",
            element(11, "p", text(12, f"Hello {CANARY}\n there"), title=CANARY, data_user=CANARY, aria_expanded="true"),
            element(13, "input", value=CANARY, type="text", placeholder=CANARY, checked=True),
            element(14, "a", text(15), href=f"/users?name={CANARY}#{CANARY}"),
            element(16, "a", text(17), href=f"mailto:{CANARY}@x.test"),
            element(18, "textarea", text(19)),
            element(20, "option", text(21), value=CANARY),
            {"type": 5, "textContent": CANARY, "id": 22},
            element(23, "style", text(24, ".a{color:red}")),
            class_="secret",
        ),
        element(30, "p", text(31, "open")),
    )
    (masked,) = mask([page], ["section.secret"])
    assert not found(masked)
    section, other = masked["data"]["node"]["childNodes"][0]["childNodes"][0]["childNodes"]
    paragraph, field, link = section["childNodes"][:3]
    assert paragraph["childNodes"][0]["textContent"] == "***** *******\n *****"
    assert paragraph["attributes"] == {"title": "*******", "data-user": "*******", "aria-expanded": "true"}
    assert field["attributes"] == {"value": "*****", "type": "text", "placeholder": "*******"}
    assert link["attributes"]["href"] == "/users?name=*******#*******"
    assert section["childNodes"][7]["childNodes"][0]["textContent"] == ".a{color:red}"
    assert other["childNodes"][0]["textContent"] == "open"
    assert section["attributes"]["class"] == "secret"


def test_what_can_be_read_in_a_style_is_masked() -> None:
    style = f"color: red; --label: '{CANARY} \\' x'; background: url(\"/a.png?u={CANARY}\")"
    page = full(element(10, "p", style=style, class_="secret"))
    change = {"--label": f'"{CANARY}"', "background": [f"url(/b.png?u={CANARY})", "important"], "color": False}
    later = mutation(attributes=[{"id": 10, "attributes": {"style": change}}])
    masked = mask([page, later], [".secret"])
    assert not found(masked)
    assert "color: red" in json.dumps(masked)
    assert "/a.png?u=" in json.dumps(masked)
    assert masked[1]["data"]["attributes"][0]["attributes"]["style"]["background"] == [
        "url(/b.png?u=*******)",
        "important",
    ]


def test_a_blocked_element_is_an_empty_box() -> None:
    page = full(element(10, "img", src=CANARY, alt=CANARY, width="120", height="80", class_="photo"))
    (masked,) = mask([page], blocks=["img"])
    assert masked["data"]["node"]["childNodes"][0]["childNodes"][0]["childNodes"] == [
        {
            "type": 2,
            "tagName": "img",
            "id": 10,
            "attributes": {"class": "rr-block", "rr_width": "120px", "rr_height": "80px"},
            "childNodes": [],
            "needBlock": True,
        }
    ]


def test_what_does_not_match_stays_byte_for_byte() -> None:
    event = rrweb(full(element(10, "p", text(11))))
    masker = Masker(Selectors("v", [".other"], []))
    assert masker.event(event) is event
    change = rrweb({"type": 3, "timestamp": 2, "data": {"source": 0, "texts": [{"id": 11, "value": "new"}]}})
    assert masker.event(change) is change


def test_what_comes_later_below_a_match_is_masked() -> None:
    page = full(element(10, "div", class_="secret"))
    later = [
        mutation(adds=[add(10, element(11, "p", title=CANARY)), add(11, text(12))]),
        mutation(texts=[{"id": 12, "value": CANARY}], attributes=[{"id": 11, "attributes": {"title": CANARY}}]),
        {"type": 3, "timestamp": 3, "data": {"source": 5, "id": 11, "text": CANARY, "isChecked": True}},
        mutation(adds=[add(10, {"type": 1, "name": "html", "id": 13, "publicId": "", "systemId": ""})]),
    ]
    assert not found(mask([page, *later], [".secret"]))
    assert not found(mask([page, *later], blocks=[".secret"]))


def test_an_element_that_matches_later_is_masked_from_then_on() -> None:
    page = full(element(10, "div", element(11, "p", text(12), title=CANARY)))
    events = [
        page,
        mutation(attributes=[{"id": 10, "attributes": {"class": "secret"}}]),
        mutation(texts=[{"id": 12, "value": CANARY}]),
        mutation(attributes=[{"id": 10, "attributes": {"class": "open"}}]),
        mutation(texts=[{"id": 12, "value": CANARY}]),
    ]
    first, *rest = mask(events, [".secret"])
    assert found(first), "what was recorded before it matched stays"
    assert not found(rest)
    assert {"id": 12, "value": "*******"} in rest[0]["data"]["texts"]
    first, became, *rest = mask(events, blocks=[".secret"])
    assert became["data"]["removes"] == [{"parentId": 3, "id": 10}]
    assert became["data"]["adds"][0]["node"]["attributes"]["class"] == "rr-block"
    assert not found([became, *rest])
    assert rest[0]["data"]["texts"] == []


def test_what_was_masked_stays_masked_when_it_is_moved() -> None:
    page = full(element(10, "div", element(11, "p", text(12)), class_="secret"), element(20, "div"))
    moved = mutation(
        removes=[{"parentId": 10, "id": 11}],
        adds=[add(20, element(11, "p")), add(11, text(12)), add(20, text(30, "x"))],
    )
    masked = mask([page, moved], [".secret"])
    assert not found(masked)
    assert masked[1]["data"]["adds"][2]["node"]["textContent"] == "x"


def test_shadow_roots_and_frames_are_below_what_they_are_in() -> None:
    inside = element(11, "p", text(12)) | {"isShadow": True}
    page = full(element(10, "div", inside, class_="secret"), element(20, "iframe", class_="secret"))
    document = {"type": 0, "id": 21, "childNodes": [element(22, "html", element(23, "body", text(24)))]}
    frame = mutation(adds=[add(20, document)], isAttachIframe=True)
    assert not found(mask([page, frame], [".secret"]))
    assert not found(mask([page, frame], blocks=[".secret"]))
    assert not found(mask([page, frame], ["p", "html > body"])), "and selectors look into them"


@pytest.mark.parametrize(
    "selector", [".a + p", ".a ~ p", "div:has(> .a) p", "p:nth-child(2)", "p:last-child", "body:has(.a) > div > p"]
)
def test_selectors_that_look_around_are_decided_anew_when_the_page_changes(selector: str) -> None:
    page = full(element(10, "div", element(11, "p", text(12))))
    change = mutation(adds=[add(10, element(13, "i", class_="a"), 11)])
    later = mutation(texts=[{"id": 12, "value": CANARY}])
    assert not found(mask([page, change, later], [selector])[1:])


def test_what_is_not_known_is_masked() -> None:
    unknown = [
        mutation(texts=[{"id": 99, "value": CANARY}]),
        mutation(attributes=[{"id": 99, "attributes": {"title": CANARY, "value": CANARY}}]),
        mutation(adds=[add(98, element(97, "p")), add(97, text(96))]),
        {"type": 3, "timestamp": 3, "data": {"source": 5, "id": 95, "text": CANARY, "isChecked": False}},
        {"type": 3, "timestamp": 3, "data": {"source": 77, "of": [{"what": CANARY}]}},
    ]
    assert not found(mask(unknown, [".secret"]))


def test_a_canvas_keeps_its_pictures_and_loses_its_words() -> None:
    page = full(element(10, "canvas", class_="secret"))
    drawn = {
        "type": 3,
        "timestamp": 3,
        "data": {"source": 9, "id": 10, "type": 0, "commands": [{"property": "fillText", "args": [CANARY, 1, 2]}]},
    }
    masked = mask([page, drawn], [".secret"])[1]["data"]
    assert masked["commands"] == [{"property": "fillText", "args": ["*******", 1, 2]}]
    assert mask([page, drawn], blocks=[".secret"])[1]["data"]["commands"] == []


def test_an_event_of_another_shape_fails_and_says_so() -> None:
    masker = Masker(Selectors("v", [".secret"], []))
    with pytest.raises(MaskingFailed, match="unknown form"):
        masker.event(rrweb({"type": 2, "timestamp": 5, "data": {"node": None}}))


def test_pages_as_deep_as_browsers_build_them() -> None:
    page = text(5000)
    for number in range(1, 1500):
        page = element(5000 - number, "div", page, **({"class_": "secret"} if number == 700 else {}))
    root = {"type": 0, "childNodes": [page], "id": 1}
    before = b'{"type":2,"timestamp":1,"data":{"node":'
    event = RrwebEvent(before + _dump(root) + b"}}", 2, 1, "", 0)
    masked = Masker(Selectors("v", [".secret"], [])).event(event)
    assert CANARY.encode() not in masked.text


def _dump(node: Event) -> bytes:
    from playhead.recordings.deep import write_json

    return write_json(node)


# --- random pages ---------------------------------------------------------------------------------------------------


def rebuild(events: list[Event]) -> Event:
    """The page after the events, by the plainest reading of rrweb's rules: what a player shows."""
    nodes: dict[int, Event] = {}
    parents: dict[int, int] = {}

    def take(node: Event, parent: int | None) -> None:
        nodes[node["id"]] = node
        if parent is not None:
            parents[node["id"]] = parent
        for child in node.get("childNodes", []):
            take(child, node["id"])

    root: Event = {}
    for event in copy.deepcopy(events):
        data = event["data"]
        if event["type"] == 2:
            nodes.clear()
            root = data["node"]
            take(root, None)
            continue
        for entry in data.get("removes", []):
            if entry["id"] in nodes:
                siblings = nodes[parents[entry["id"]]]["childNodes"]
                siblings[:] = [each for each in siblings if each["id"] != entry["id"]]
        for entry in data.get("adds", []):
            siblings = nodes[entry["parentId"]]["childNodes"]
            place = next((n for n, each in enumerate(siblings) if each["id"] == entry["nextId"]), len(siblings))
            siblings.insert(place, entry["node"])
            take(entry["node"], entry["parentId"])
        for entry in data.get("texts", []):
            nodes[entry["id"]]["textContent"] = entry["value"]
        for entry in data.get("attributes", []):
            for name, value in entry["attributes"].items():
                if value is None:
                    nodes[entry["id"]]["attributes"].pop(name, None)
                else:
                    nodes[entry["id"]]["attributes"][name] = value
    return root


class Random:
    """A random page that changes; every text and title has a canary when it stands below what a rule matches."""

    def __init__(self, draw: st.DrawFn, *, moves: bool) -> None:
        self.draw = draw
        self.number = 10
        self.moves = moves
        self.root = full()["data"]["node"]

    def next(self) -> int:
        self.number += 1
        return self.number

    def node(self, depth: int) -> Event:
        if depth == 0 or self.draw(st.booleans()):
            return text(self.next(), "word")
        name = self.draw(st.sampled_from(("div", "p", "input", "span")))
        children = [self.node(depth - 1) for _ in range(self.draw(st.integers(0, 3)))]
        attributes = {"title": "word", "class": self.draw(st.sampled_from(("", "secret", "gone", "plain")))}
        return {"type": 2, "tagName": name, "id": self.next(), "attributes": attributes, "childNodes": children}

    def walk(self, node: Event | None = None) -> list[Event]:
        node = node or self.root
        return [node, *(each for child in node.get("childNodes", []) for each in self.walk(child))]

    def step(self) -> Event:
        everything = self.walk()
        elements = [each for each in everything if each["type"] == 2 and each["id"] > 2]
        texts = [each for each in everything if each["type"] == 3]
        kind = self.draw(
            st.sampled_from(("add", "remove", "text", "class", "title", *(("move",) if self.moves else ())))
        )
        target = self.draw(st.sampled_from(elements))
        if kind == "text" and texts:
            return mutation(texts=[{"id": self.draw(st.sampled_from(texts))["id"], "value": "changed"}])
        if kind == "class":
            wanted = ("secret", "gone", "plain") if self.moves else ("secret", "gone")
            kept = target["attributes"].get("class", "").split()
            more = self.draw(st.sampled_from(wanted))
            value = more if self.moves else " ".join(sorted({*kept, more}))
            return mutation(attributes=[{"id": target["id"], "attributes": {"class": value}}])
        if kind == "title":
            return mutation(attributes=[{"id": target["id"], "attributes": {"title": "changed"}}])
        inner = [each for each in elements if each["id"] > 10]
        if kind in ("remove", "move") and inner:
            gone = self.draw(st.sampled_from(inner))
            parent = next(each for each in everything if gone in each.get("childNodes", []))
            removes = [{"parentId": parent["id"], "id": gone["id"]}]
            if kind == "remove":
                return mutation(removes=removes)
            below = {each["id"] for each in self.walk(gone)}
            homes = [each for each in elements if each["id"] not in below]
            return mutation(removes=removes, adds=[add(self.draw(st.sampled_from(homes))["id"], copy.deepcopy(gone))])
        siblings = target["childNodes"]
        following = self.draw(st.sampled_from([None, *(each["id"] for each in siblings)]))
        return mutation(adds=[add(target["id"], self.node(2), following)])


@st.composite
def visits(draw: st.DrawFn, *, moves: bool) -> list[Event]:
    page = Random(draw, moves=moves)
    body = page.root["childNodes"][0]["childNodes"][0]
    body["childNodes"] = [page.node(3) for _ in range(draw(st.integers(1, 3)))]
    events = [{"type": 2, "timestamp": 1, "data": {"node": copy.deepcopy(page.root)}}]
    for _ in range(draw(st.integers(0, 6))):
        events.append(page.step())
        page.root = rebuild(events)
    return events


RULES = st.sampled_from(
    [
        ([".secret"], [".gone"]),
        ([".secret p", "p > .secret"], []),
        ([], [".secret .gone", ".gone"]),
        ([".secret + *", ".secret:first-child"], [".gone:not(p)"]),
        (["div:has(> .secret)"], [".gone ~ span"]),
    ]
)


def matching(root: Event, masks: list[str], blocks: list[str]) -> tuple[set[int], set[int]]:
    """Ids of elements that match, by soupsieve over the whole page at once: another way than the one under test."""
    import bs4

    soup = bs4.BeautifulSoup("", "html.parser")
    numbers: dict[int, int] = {}

    def put(node: Event, home: bs4.Tag) -> None:
        if node["type"] == 2:
            tag = bs4.Tag(
                name=node["tagName"], attrs={k: v for k, v in node["attributes"].items() if isinstance(v, str)}
            )
            numbers[id(tag)] = node["id"]
            home.append(tag)
            home = tag
        for child in node.get("childNodes", []):
            put(child, home)

    put(root, soup)
    chosen = [{numbers[id(tag)] for css in rules for tag in soup.select(css)} for rules in (masks, blocks)]
    return chosen[0], chosen[1]


def plant(root: Event, masks: list[str], blocks: list[str]) -> tuple[Event, int]:
    """The page with a canary in everything below what a rule matches, and how many there are."""
    chosen = set().union(*matching(root, masks, blocks))
    planted = 0

    def walk(node: Event, below: bool) -> None:
        nonlocal planted
        below = below or node["id"] in chosen
        if below and node["type"] == 3:
            node["textContent"] = f"{CANARY} word"
            planted += 1
        if below and node["type"] == 2 and "title" in node["attributes"]:
            node["attributes"]["title"] = CANARY
            planted += 1
        for child in node.get("childNodes", []):
            walk(child, below)

    root = copy.deepcopy(root)
    walk(root, False)
    return root, planted


@settings(max_examples=150, deadline=None)
@given(visits(moves=True), RULES)
def test_no_canary_below_a_match_passes(events: list[Event], rules: tuple[list[str], list[str]]) -> None:
    masks, blocks = rules
    masker = Masker(Selectors("v", masks, blocks))
    seen: list[Event] = []
    for event in events:
        seen.append(copy.deepcopy(event))
        chosen = set().union(*matching(rebuild(seen), masks, blocks))
        below = {each["id"] for each in _below(rebuild(seen), chosen)}
        data = event["data"]
        for node in [data["node"]] if event["type"] == 2 else [entry["node"] for entry in data["adds"]]:
            for each in _flat(node):
                if each["id"] in below:
                    each["textContent" if each["type"] == 3 else "attributes"] = (
                        CANARY if each["type"] == 3 else {**each["attributes"], "title": CANARY}
                    )
        for entry in [] if event["type"] == 2 else data["texts"]:
            if entry["id"] in below:
                entry["value"] = CANARY
        for entry in [] if event["type"] == 2 else data["attributes"]:
            if entry["id"] in below and "title" in entry["attributes"]:
                entry["attributes"]["title"] = CANARY
        assert CANARY.encode() not in masker.event(rrweb(event)).text


def _flat(node: Event) -> list[Event]:
    return [node, *(each for child in node.get("childNodes", []) for each in _flat(child))]


def _below(root: Event, chosen: set[int]) -> list[Event]:
    return [each for node in _flat(root) if node["id"] in chosen for each in _flat(node)]


@settings(max_examples=150, deadline=None)
@given(
    visits(moves=False), st.sampled_from([([".secret"], [".gone"]), ([".secret p"], []), (["p"], [".secret .gone"])])
)
def test_masking_the_stream_is_masking_the_page(events: list[Event], rules: tuple[list[str], list[str]]) -> None:
    """With elements that only begin to match, never cease to, the end of the masked stream is the masked end."""
    played = rebuild(mask(events, *rules))
    (at_once,) = mask([{"type": 2, "timestamp": 9, "data": {"node": rebuild(events)}}], *rules)
    assert _plain(played) == _plain(at_once["data"]["node"])


def _plain(node: Event) -> Event:
    """Without what says only since when an element is masked."""
    kept = {name: value for name, value in node.items() if name not in ("childNodes", "attributes")}
    attributes = {name: value for name, value in node.get("attributes", {}).items() if name != "ph-mask"}
    return kept | {"attributes": attributes, "childNodes": [_plain(child) for child in node.get("childNodes", [])]}


@settings(max_examples=100, deadline=None)
@given(visits(moves=True), RULES)
def test_masking_again_changes_nothing(events: list[Event], rules: tuple[list[str], list[str]]) -> None:
    once = mask(events, *rules)
    assert rebuild(mask(once, *rules)) == rebuild(once)
