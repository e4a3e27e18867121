"""Whatever a page puts into properties, the analytics store takes it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playhead.capture.normalise import MAX_NAMES, MAX_TEXT, flatten, read_object, value_text
from playhead.errors import PlayheadError
from playhead.items import escape_name
from playhead.jsontext import deep_json


def flat(text: str | bytes) -> dict[str, Any]:
    with deep_json():
        found: dict[str, Any] = json.loads(flatten(read_object(text.encode() if isinstance(text, str) else text)))
    return found


def test_scalars_stay_as_they_are() -> None:
    assert flat('{"s": "x", "i": 5, "f": 1.5, "t": true, "n": null, "e": ""}') == {
        "s": "x",
        "i": 5,
        "f": 1.5,
        "t": True,
        "e": "",
    }


def test_objects_become_paths_and_dots_in_names_do_not() -> None:
    assert flat('{"a.b": 1, "a": {"b": 2, "c": {"d": 3}}, "100%": 4, "": 5}') == {
        "a%2Eb": 1,
        "a.b": 2,
        "a.c.d": 3,
        "100%25": 4,
        "%": 5,
    }


def test_the_last_of_duplicate_keys_counts() -> None:
    assert flat('{"a": 1, "a": {"b": 2}, "c": {"d": 1}, "c": 3}') == {"a.b": 2, "c": 3}


def test_arrays_are_of_one_type() -> None:
    assert flat('{"a": [1, 2], "b": [1, 1.5], "c": [1, "x", true, null], "d": [{"e": 1}, [2]], "f": []}') == {
        "a": [1, 2],
        "b": [1.0, 1.5],
        "c": ["1", "x", "true"],
        "d": ['{"e":1}', "[2]"],
        "f": [],
    }


def test_what_is_too_deep_is_kept_as_text() -> None:
    found = flat('{"a":' * 10 + "1" + "}" * 10)
    assert list(found) == ["a.a.a.a"]
    assert json.loads(found["a.a.a.a"])


def test_what_is_too_much_is_cut() -> None:
    found = flat(json.dumps({f"name {n}": "x" * 9_999 for n in range(2_000)}))
    assert len(found) == MAX_NAMES
    assert {len(value) for value in found.values()} == {MAX_TEXT}


def test_numbers_beyond_every_type_become_text_or_floats() -> None:
    assert flat(f'{{"a": {2**64}, "b": 1e400, "c": -1e400, "d": {"9" * 5_000}, "e": {2**63}}}') == {
        "a": 2.0**64,
        "b": "1e400",
        "c": "-1e400",
        "d": "9" * MAX_TEXT,
        "e": 2.0**63,
    }


@pytest.mark.parametrize("text", ["[]", "5", '"x"', "{", '{"a": NaN}', '{"a": Infinity}', '{"a": 01}', "null", ""])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(PlayheadError):
        flat(text)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=30,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(st.text(max_size=6), json_values, max_size=8))
def test_what_comes_out_is_flat_and_takes_paths_only_once(properties: dict[str, Any]) -> None:
    text = flatten(read_object(json.dumps(properties).encode()))
    pairs = json.loads(text, object_pairs_hook=lambda found: found)
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names))
    for name, value in pairs:
        assert name
        assert value is not None
        assert not any(other.startswith(name + ".") for other in names)
        values = value if isinstance(value, list) else [value]
        assert all(isinstance(v, str | int | float | bool) for v in values)
        assert len({type(v) for v in values}) <= 1
        assert all(-(2**63) <= v < 2**63 for v in values if isinstance(v, int))
    text.decode()


@given(st.dictionaries(st.text(max_size=3), st.integers(), max_size=6))
def test_names_stay_apart(properties: dict[str, int]) -> None:
    assert len({escape_name(name) for name in properties}) == len(properties)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(json_values)
def test_a_value_is_json_again(value: Any) -> None:
    json.loads(value_text(value))
