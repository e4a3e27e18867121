"""A profile is the fold of its operations: the meaning of each verb, whatever order and however often they come."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.items import ProfileVerb
from playhead.people.fold import StoredOperation, fold, same


def operations(*verbs: tuple[ProfileVerb, Any]) -> list[StoredOperation]:
    return [
        StoredOperation(f"op{n}", 0, (1_000 + n, ""), verb, json.dumps(value).encode(), 1_000 + n)
        for n, (verb, value) in enumerate(verbs)
    ]


@pytest.mark.parametrize(
    ("verbs", "properties"),
    [
        ([("$set", {"a": 1}), ("$set", {"a": 2, "b": "x"})], {"a": 2, "b": "x"}),
        ([("$set_once", {"a": 1}), ("$set_once", {"a": 2, "b": 3})], {"a": 1, "b": 3}),
        ([("$set", {"a": None}), ("$set_once", {"a": 1})], {"a": None}),
        ([("$add", {"n": 2}), ("$add", {"n": -5})], {"n": -3}),
        ([("$set", {"n": "text"}), ("$add", {"n": 1})], {"n": "text"}),
        ([("$set", {"n": True}), ("$add", {"n": 1})], {"n": True}),
        ([("$add", {"n": "text"})], {}),
        ([("$append", {"l": 1}), ("$append", {"l": 1})], {"l": [1, 1]}),
        ([("$set", {"l": "text"}), ("$append", {"l": 1})], {"l": "text"}),
        ([("$union", {"l": [1, 2, 2]}), ("$union", {"l": [2, 3]})], {"l": [1, 2, 3]}),
        ([("$union", {"l": [1, True, "1"]})], {"l": [1, True, "1"]}),
        ([("$union", {"l": "one"})], {"l": ["one"]}),
        ([("$set", {"l": [1, 2, 1]}), ("$remove", {"l": 1})], {"l": [2]}),
        ([("$set", {"l": [1]}), ("$remove", {"l": 9, "m": 1})], {"l": [1]}),
        ([("$set", {"a": 1, "b": 2}), ("$unset", ["a", "zzz"])], {"b": 2}),
        ([("$set", {"a": 1}), ("$delete", ""), ("$set", {"b": 1})], {"b": 1}),
    ],
)
def test_each_verb_means_what_it_means_in_mixpanel(
    verbs: list[tuple[ProfileVerb, Any]], properties: dict[str, Any]
) -> None:
    profile = fold(operations(*verbs))
    assert profile is not None
    assert profile.properties == properties
    assert list(map(type, profile.properties.values())) == list(map(type, properties.values()))


@pytest.mark.parametrize(
    "verbs", [[], [("$unset", ["a"])], [("$remove", {"a": 1})], [("$set", {"a": 1}), ("$delete", "")]]
)
def test_there_is_no_profile_without_something_said(verbs: list[tuple[ProfileVerb, Any]]) -> None:
    assert fold(operations(*verbs)) is None


def test_who_it_is() -> None:
    profile = fold(operations(("$set", {"$first_name": "Ada", "$last_name": " Lovelace", "$email": "ada@x.org"})))
    assert profile is not None
    assert (profile.name, profile.email, profile.avatar) == ("Ada Lovelace", "ada@x.org", "")
    assert (profile.first_seen_ms, profile.last_seen_ms) == (1_000, 1_000)


scalars = st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from([0.5, 1.0]) | st.text("ab", max_size=2)
values = scalars | st.lists(scalars, max_size=3)
objects = st.dictionaries(st.sampled_from("xyz"), values, max_size=3)
operation_lists = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["$set", "$set_once", "$add", "$append", "$union", "$remove"]), objects),
        st.tuples(st.just("$unset"), st.lists(st.sampled_from("xyz"), max_size=2)),
        st.tuples(st.just("$delete"), st.just("")),
    ),
    max_size=12,
)


@given(verbs=operation_lists, chance=st.randoms(use_true_random=False))
def test_order_of_arrival_counts_not_order_or_number_of_deliveries(
    verbs: list[tuple[ProfileVerb, Any]], chance: random.Random
) -> None:
    told = operations(*verbs)
    again = [*told, *chance.choices(told, k=5)] if told else []
    late = [
        StoredOperation(o.operation_id, o.index, (o.order[0] + 10_000, "z"), o.verb, o.value, o.time_ms) for o in told
    ]
    chance.shuffle(again)
    assert fold([*again, *late]) == fold(told)


@given(verbs=operation_lists)
def test_a_fold_is_plain_json_and_unions_hold_nothing_twice(verbs: list[tuple[ProfileVerb, Any]]) -> None:
    profile = fold(operations(*[each for each in verbs if each[0] in ("$union", "$unset", "$delete")]))
    for value in (profile.properties if profile else {}).values():
        assert isinstance(value, list)
        assert not any(same(one, other) for n, one in enumerate(value) for other in value[:n])
