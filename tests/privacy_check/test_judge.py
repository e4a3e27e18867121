"""What came of a place: masked, blocked, not sent, or in clear."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.privacy_check.judge import distinctive, hidden, judge, shows
from playhead.privacy_check.places import Finding, Observation, Sdk, Sent, Status

from .pages import change, element, place, seen, snapshot, text, track, upload

CANARY = "canaryq7x2m9001"


def only(observation: Observation) -> Finding:
    found = judge(observation).findings
    assert len(found) == 1, found
    return found[0]


# ---- by node -------------------------------------------------------------------------------------------------------


def test_stars_are_masked() -> None:
    finding = only(seen([place("text", "Amount due", 4)], upload(snapshot(element(3, "p", {}, text(4, "****** ***"))))))
    assert (finding.status, finding.wrong, finding.sent, finding.how) == (Status.MASKED, False, "****** ***", "node")


def test_the_same_text_is_in_clear() -> None:
    finding = only(seen([place("text", "Amount due", 4)], upload(snapshot(element(3, "p", {}, text(4, "Amount due"))))))
    assert (finding.status, finding.wrong) == (Status.CLEAR, True)
    assert finding.evidence[0].where == "POST /record/ #1, full snapshot"


def test_a_part_of_it_is_in_clear_too() -> None:
    finding = only(
        seen([place("text", "Ada Lovelace", 4)], upload(snapshot(element(3, "p", {}, text(4, "Ada ********")))))
    )
    assert finding.wrong


def test_a_value_that_was_sent_earlier_counts() -> None:
    first = snapshot(element(3, "p", {"title": "Ada's invoice"}))
    later = change(attributes=[{"id": 3, "attributes": {"title": "*** *******"}}])
    assert only(seen([place("attribute", "Ada's invoice", 3, name="title", tag="p")], upload(first, later))).wrong


def test_what_is_inside_an_empty_box_is_blocked() -> None:
    box = element(3, "div", {"class": "rr-block", "rr_width": "80px", "rr_height": "20px"})
    finding = only(seen([place("text", "Amount due", near=(3,), blocked=True)], upload(snapshot(box))))
    assert (finding.status, finding.wrong) == (Status.BLOCKED, False)


def test_a_node_the_recorder_left_out_is_not_sent() -> None:
    finding = only(seen([place("comment", " for Ada ", near=(3,))], upload(snapshot(element(3, "body")))))
    assert finding.status is Status.ABSENT


def test_a_short_word_is_judged_by_its_node_and_not_by_a_class_of_the_same_name() -> None:
    button = element(3, "button", {"class": "Add"}, text(4, "***"))
    finding = only(seen([place("text", "Add", 4)], upload(snapshot(button))))
    assert finding.status is Status.MASKED


def test_ids_of_another_page_load_are_other_nodes() -> None:
    observation = seen(
        [place("text", "Amount due", 4, load=1)], upload(snapshot(element(3, "p", {}, text(4, "Amount due"))))
    )
    assert all(finding.place.load == 0 for finding in judge(observation).wrong)


@pytest.mark.parametrize(
    ("name", "value", "tag"),
    [
        ("type", "email", "input"),
        ("aria-expanded", "true", "button"),
        ("d", "M0 0L10 10", "path"),
        ("data-state", "open", "div"),
        ("aria-labelledby", "title-of-invoice", "div"),
    ],
)
def test_enumerated_values_are_clear_by_design(name: str, value: str, tag: str) -> None:
    verdict = judge(
        seen([place("attribute", value, 3, name=name, tag=tag)], upload(snapshot(element(3, tag, {name: value}))))
    )
    assert verdict.findings == ()
    assert sum(verdict.by_design.values()) == 1


def test_a_value_the_pages_css_selects_on_is_clear_by_design() -> None:
    there = place("attribute", "gold member", 3, name="data-tier", tag="div")
    sent = upload(snapshot(element(3, "div", {"data-tier": "gold member"})))
    assert judge(seen([there], sent)).wrong
    assert not judge(seen([there], sent, styled=["data-tier=gold member"])).findings


# ---- by value ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "carried",
    [
        CANARY,
        CANARY.upper(),
        quote(f"a b={CANARY}"),
        base64.b64encode(f"x{CANARY}".encode()).decode(),
        f'{{"q": "{CANARY}"}}',
    ],
    ids=["as it is", "in capitals", "percent signs", "base64", "json in a string"],
)
def test_a_canary_is_found_in_any_form(carried: str) -> None:
    message = {"type": 6, "timestamp": 1, "data": {"plugin": "rrweb/console@1", "payload": {"payload": [carried]}}}
    field = element(3, "input", {"type": "text", "value": "*****"})
    typed = place("value", CANARY, 3, name="value", tag="input", field=True, canary=CANARY)
    finding = only(seen([typed], upload(snapshot(field), message)))
    assert finding.wrong
    assert finding.evidence[0].where.startswith("POST /record/ #1, plugin event")


def test_a_recorder_of_unknown_form_is_searched_by_value() -> None:
    body = Sent(
        "replay", "POST /record/ #1", "https://rec.example/record/", "POST", {}, b"page=Amount due: 4,310 euro&x=1"
    )
    places = [place("text", "Amount due: 4,310 euro"), place("text", "Add")]
    verdict = judge(seen(places, body, sdk=Sdk("unknown", injected=False)))
    assert [finding.place.value for finding in verdict.wrong] == ["Amount due: 4,310 euro"]
    assert verdict.undecided == 1, "a short word without a node can't be told apart"


def test_a_header_is_searched_too() -> None:
    sent = Sent(
        "replay", "POST /record/ #1", "https://rec.example/record/", "POST", {"x-title": "Invoice of Ada"}, b"[]"
    )
    assert only(seen([place("text", "Invoice of Ada", tag="title")], sent)).evidence[0].where.endswith("header x-title")


def test_what_the_browser_keeps_is_searched_too() -> None:
    kept = Sent("kept", "IndexedDB playhead/chunks", body=b'[{"epoch": "", "events": ["%s"]}]' % CANARY.encode())
    typed = place("value", CANARY, name="value", field=True, canary=CANARY)
    assert only(seen([typed], kept)).wrong


def test_analytics_events_are_no_failure_of_masking() -> None:
    title = place("text", "Invoice of Ada", 4, tag="title")
    sent = upload(snapshot(element(3, "title", {}, text(4, "******* ** ***"))))
    verdict = judge(seen([title], sent, track(current_page_title="Invoice of Ada", plan="pro")))
    assert [(f.status, f.wrong) for f in verdict.findings] == [(Status.CLEAR, False)]
    assert verdict.analytics == {"Checkout": ["current_page_title", "plan"]}


def test_the_visitors_id_is_the_sites_own_choice() -> None:
    typed = place("value", f"{CANARY}@x.example", name="value", field=True, canary=CANARY)
    verdict = judge(seen([typed], upload(snapshot(), query=f"distinct_id={CANARY}%40x.example")))
    assert not verdict.wrong


# ---- addresses -----------------------------------------------------------------------------------------------------


def link(href: str, sent: str, **more: object) -> Observation:
    there = place("attribute", href, 3, name="href", tag="a")
    return seen([there], upload(snapshot(element(3, "a", {"href": sent}))), **more)  # type: ignore[arg-type]  # mode, sdk


def test_values_in_addresses_are_places() -> None:
    verdict = judge(
        link("/doc?customer=4711&utm_source=mail#ada", "https://shop.example/doc?customer=*&utm_source=mail#*")
    )
    found = {finding.place.name: (finding.status, finding.wrong) for finding in verdict.findings}
    assert found == {
        "customer": (Status.MASKED, False),
        "#": (Status.MASKED, False),
        "utm_source": (Status.CLEAR, False),
    }


def test_a_clear_value_in_an_address_is_found_once() -> None:
    verdict = judge(link("/doc?customer=4711", "https://shop.example/doc?customer=4711"))
    assert [(f.place.name, f.place.value) for f in verdict.wrong] == [("customer", "4711")]


def test_parameters_the_site_allows_may_be_clear() -> None:
    sdk = Sdk("playhead", injected=False, url_params=("id",))
    assert not judge(link("/item?id=mug", "https://shop.example/item?id=mug", sdk=sdk)).wrong


# ---- modes ---------------------------------------------------------------------------------------------------------


def test_input_mode_leaves_text_clear_but_not_what_looks_like_a_secret() -> None:
    sent = upload(snapshot(element(3, "p", {}, text(4, "Write to ada@x.example"))))
    text_only = upload(snapshot(element(3, "p", {}, text(4, "Write to Ada"))))
    assert judge(seen([place("text", "Write to ada@x.example", 4)], sent, mode="input")).wrong
    assert not judge(seen([place("text", "Write to Ada", 4)], text_only, mode="input")).wrong


def test_input_mode_masks_fields_and_mask_classes() -> None:
    sent = upload(snapshot(element(3, "p", {}, text(4, "Ada")), element(5, "input", {"value": "Ada"})))
    masked = place("text", "Ada", 4, rule="mask")
    field = place("value", "Ada", 5, name="value", tag="input", field=True)
    assert len(judge(seen([masked, field], sent, mode="input")).wrong) == 2


def test_unmasking_is_allowed_in_text_mode_but_never_for_fields() -> None:
    sent = upload(snapshot(element(3, "p", {}, text(4, "Our hours")), element(5, "input", {"value": "Ada"})))
    sdk = Sdk("playhead", injected=False, unmask=".open")
    places = [
        place("text", "Our hours", 4, rule="unmask"),
        place("value", "Ada", 5, name="value", tag="input", field=True, rule="unmask"),
    ]
    assert [finding.place.value for finding in judge(seen(places, sent, sdk=sdk)).wrong] == ["Ada"]


def test_typed_text_that_the_page_shows_itself_follows_the_rule_for_text() -> None:
    greeting = element(3, "a", {}, text(4, f"Hi, {CANARY}"))
    field = element(5, "input", {"value": "*****"})
    places = [
        place("text", f"Hi, {CANARY}", 4, canary=CANARY),
        place("value", CANARY, 5, name="value", tag="input", field=True, canary=CANARY),
    ]
    sent = upload(snapshot(greeting, field))
    assert not judge(seen(places, sent, mode="input")).wrong
    assert len(judge(seen(places, sent, mode="text")).wrong) == 2


# ---- the other way round -------------------------------------------------------------------------------------------


def test_text_of_a_node_that_was_gone_when_read_is_found_in_text_mode() -> None:
    toast = change(
        adds=[{"parentId": 2, "nextId": None, "node": element(9, "div", {"class": "toast"}, text(10, "Hello Ada"))}]
    )
    finding = only(seen([], upload(snapshot(), toast)))
    assert finding.wrong
    assert finding.place.selector == "<div>, gone when the page was read"
    assert not judge(seen([], upload(snapshot(), toast), mode="input")).findings


def test_an_attribute_that_changed_meanwhile_is_found_at_its_element() -> None:
    later = change(attributes=[{"id": 3, "attributes": {"aria-label": "Hello Ada"}}])
    there = place("text", "Add", 4, selector="#add")
    sent = upload(snapshot(element(3, "button", {}, text(4, "***"))), later)
    wrong = judge(
        seen([there, place("attribute", "Add", 3, name="aria-label", tag="button", selector="#add")], sent)
    ).wrong
    assert [(f.place.selector, f.place.what) for f in wrong] == [("#add", "attribute aria-label")]


# ---- any page ------------------------------------------------------------------------------------------------------

names = st.sampled_from(
    ["title", "alt", "aria-label", "data-note", "placeholder", "content", "value", "summary", "label"]
)
tags = st.sampled_from(["p", "div", "img", "button", "option", "meta", "a", "td", "label"])
spot = st.tuples(tags, st.one_of(st.none(), names), st.booleans(), st.integers(0, 3))


@given(st.lists(spot, max_size=25))
def test_exactly_the_places_sent_in_clear_are_found(spots: list[tuple[str, str | None, bool, int]]) -> None:
    """Canaries at random places of a random page, some of them sent as stars: those in clear are wrong, no other is."""
    nodes, places, clear = [], [], set()
    for at, (tag, name, masked, nesting) in enumerate(spots):
        word = f"{CANARY}{at:03d}"
        sent = "*" * len(word) if masked else word
        number = 100 + at * 10
        if name:
            leaf = element(number, tag, {name: sent})
            places.append(place("attribute", word, number, name=name, tag=tag, canary=word, selector=f"s{at}"))
        else:
            leaf = element(number, tag, {}, text(number + 1, sent))
            places.append(place("text", word, number + 1, tag=tag, canary=word, selector=f"s{at}"))
        for level in range(nesting):
            leaf = element(number + 2 + level, "div", {}, leaf)
        nodes.append(leaf)
        if not masked:
            clear.add(f"s{at}")
    verdict = judge(seen(places, upload(snapshot(*nodes))))
    assert {finding.place.selector for finding in verdict.wrong} == clear
    assert len(verdict.findings) == len(spots)


@given(st.text(max_size=60))
def test_stars_never_show_anything(original: str) -> None:
    assert not shows(original, "".join(c if c.isspace() else "*" for c in original))
    assert not shows(original, "*****")
    assert not shows(original, "[****]")


@given(st.text(min_size=1, max_size=60))
def test_a_text_shows_itself(original: str) -> None:
    assert shows(original, f" {original}\n") != hidden(original)


def test_what_is_long_enough_to_be_looked_for() -> None:
    assert [distinctive(one) for one in ("Add", "Checkout", "Netherlands", "two words x", "order-4711", "1234", "")] == [
        False, False, False, True, True, False, False,
    ]  # fmt: skip
