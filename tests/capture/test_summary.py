"""What is taken from a batch without opening what nobody looks at."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playhead.capture.summary import Seen, look_through, rage_clicks, read_events
from playhead.errors import PlayheadError, TooLarge
from playhead.items import Marker

T = 1_795_341_600_000


def seen(events: list[dict[str, Any]], *, ours: bool = False) -> Seen:
    read, _ = read_events(json.dumps(events).encode(), 10_000)
    return look_through(read, pages_are_told=ours)


def incremental(at: float, source: int, **data: Any) -> dict[str, Any]:
    return {"type": 3, "timestamp": at, "data": {"source": source, **data}}


def click(at: float, x: float = 5, y: float = 5) -> dict[str, Any]:
    return incremental(at, 2, type=2, id=9, x=x, y=y)


def custom(at: float, tag: str, payload: Any) -> dict[str, Any]:
    return {"type": 5, "timestamp": at, "data": {"tag": tag, "payload": payload}}


def console(at: float, level: str, *lines: str) -> dict[str, Any]:
    payload = {"level": level, "trace": [], "payload": [json.dumps(line) for line in lines]}
    return {"type": 6, "timestamp": at, "data": {"plugin": "rrweb/console@1", "payload": payload}}


def test_times_are_the_least_and_the_greatest_whatever_the_order() -> None:
    found = seen([incremental(T + 5.75, 0), incremental(T + 900, 0), incremental(T + 0.25, 0)])
    assert (found.first_ms, found.last_ms, found.events) == (T, T + 900, 3)


def test_full_snapshots_are_named_by_their_time() -> None:
    snapshot = {"type": 2, "timestamp": T + 1.5, "data": {"node": {"id": 1, "childNodes": []}}}
    assert seen([snapshot, incremental(T, 0)]).full_snapshots == [T + 1]


def test_clicks_inputs_and_activity_are_counted() -> None:
    found = seen(
        [
            click(T + 100),
            incremental(T + 200, 5, id=4, text="*"),
            incremental(T + 300, 5, id=4, text="**"),
            incremental(T + 2_100, 3, id=1, x=0, y=10),
            incremental(T + 2_200, 0, texts=[]),
        ]
    )
    assert (found.clicks, found.inputs) == (1, 2)
    assert found.activity == [(T, 3), (T + 2_000, 1)]
    assert found.markers == [Marker(T + 100, "click", ""), Marker(T + 200, "input", "")]


def test_four_quick_clicks_on_one_spot_are_a_rage_click() -> None:
    assert seen([click(T + n * 300, x=10 + n) for n in range(4)]).rage_clicks == 1
    assert seen([click(T + n * 300) for n in range(8)]).rage_clicks == 2
    assert seen([click(T + n * 334) for n in range(4)]).rage_clicks == 0
    assert seen([click(T + n * 100, x=n * 31) for n in range(4)]).rage_clicks == 0
    assert seen([click(T + n * 100) for n in range(3)]).rage_clicks == 0


def test_pages_of_other_sdks_are_their_meta_events() -> None:
    def meta(at: float, href: str) -> dict[str, Any]:
        return {"type": 4, "timestamp": at, "data": {"href": href, "width": 390, "height": 844}}

    found = seen([meta(T + 5_000, "https://b/"), meta(T, "https://a/"), meta(T + 10, "https://a/")])
    assert found.pages == [(T, "https://a/"), (T + 5_000, "https://b/")]
    assert found.viewport == (390, 844)
    assert seen([meta(T, "https://a/")], ours=True).pages == []


def test_pages_of_ours_are_told() -> None:
    found = seen([custom(T, "ph:page", {"href": "https://a/", "kind": "load"})], ours=True)
    assert found.pages == [(T, "https://a/")]


def test_the_viewport_is_the_latest() -> None:
    meta = {"type": 4, "timestamp": T, "data": {"href": "x", "width": 800, "height": 600}}
    assert seen([incremental(T + 9, 4, width=500, height=400), meta]).viewport == (500, 400)


def test_errors_are_uncaught_ones_and_console_errors() -> None:
    found = seen(
        [
            custom(T, "ph:error", {"message": "boom"}),
            console(T + 1, "error", "it broke", "detail"),
            console(T + 2, "warn", "hm"),
        ]
    )
    assert found.errors == 2
    assert found.markers == [Marker(T, "error", "boom"), Marker(T + 1, "error", "it broke")]


def test_events_storms_and_oversize_are_marked() -> None:
    found = seen(
        [
            custom(T, "ph:event", {"name": "Checkout"}),
            custom(T + 1, "ph:storm", {"dropped": 4}),
            custom(T + 2, "ph:oversize", {"type": 2, "bytes": 9}),
            custom(T + 3, "ph:dropped", {"reason": "x"}),
            custom(T + 4, "their own", {"anything": [1]}),
        ]
    )
    assert [(m.kind, m.label) for m in found.markers] == [("event", "Checkout"), ("storm", ""), ("oversize", "")]


def test_markers_are_capped_and_clicks_go_first() -> None:
    found = seen([click(T + n * 2_000) for n in range(500)] + [custom(T, "ph:error", {"message": "x" * 999})])
    assert len(found.markers) == 200
    assert found.clicks == 500
    assert [len(m.label) for m in found.markers if m.kind == "error"] == [200]


@pytest.mark.parametrize(
    "odd",
    [
        {"type": 3, "timestamp": T, "data": []},
        {"type": 3, "timestamp": T, "data": {"source": "2", "x": None}},
        {"type": 3, "timestamp": T},
        {"type": 99, "timestamp": T, "data": {"href": 5}},
        {"type": 3.0, "timestamp": T, "data": None},
        {"type": 5, "timestamp": T, "data": {"tag": "ph:error", "payload": "text"}},
        {
            "type": 6,
            "timestamp": T,
            "data": {"plugin": "rrweb/console@1", "payload": {"level": "error", "payload": [1]}},
        },
    ],
)
def test_an_event_of_an_unknown_shape_costs_nothing_else(odd: dict[str, Any]) -> None:
    found = seen([odd, click(T + 50)])
    assert (found.events, found.clicks, found.last_ms) == (2, 1, T + 50)


@pytest.mark.parametrize("timestamp", [-5, 1e30, 0, 2**63])
def test_impossible_timestamps_stay_within_what_stores_take(timestamp: float) -> None:
    found = seen([{"type": 3, "timestamp": timestamp}])
    assert 0 <= found.first_ms == found.last_ms < 2**53


@pytest.mark.parametrize("depth", [600, 1_900])
def test_deep_pages_are_read(depth: int) -> None:
    nested = b'{"childNodes":[' * depth + b"]}" * depth
    events, _ = read_events(b'[{"type":2,"timestamp":5,"data":{"node":' + nested + b"}}]", 10)
    assert look_through(events, pages_are_told=False).full_snapshots == [5]


def test_endless_depth_is_refused_without_a_crash() -> None:
    with pytest.raises(PlayheadError) as refused:
        read_events(b'[{"type":2,"timestamp":5,"data":' + b"[" * 5_000_000, 10)
    assert refused.value.code == "too_deep"


@pytest.mark.parametrize("escape", [r"\ud83d", r"\ude00", r"\ud83dx", r"\ud83d\ud83d\ude00"])
def test_text_cut_within_an_emoji_is_mended_for_later_readers(escape: str) -> None:
    text = f'[{{"type":3,"timestamp":5,"data":{{"source":0,"texts":[{{"value":"a{escape}"}}]}}}}]'.encode()
    _, kept = read_events(text, 10)
    assert len(kept) == len(text)
    assert "\ufffd" in json.loads(kept)[0]["data"]["texts"][0]["value"]
    assert json.loads(kept.decode())


def test_an_escaped_backslash_is_no_surrogate() -> None:
    text = rb'[{"type":3,"timestamp":5,"data":{"source":0,"a":"\\ud83d"}}]'
    assert read_events(text, 10)[1] is text


def test_more_events_than_the_limit_are_refused() -> None:
    with pytest.raises(TooLarge):
        read_events(b"[" + b",".join([b'{"type":3,"timestamp":1}'] * 4) + b"]", 3)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
events = st.fixed_dictionaries(
    {"type": st.integers(0, 8), "timestamp": st.floats(0, 4e12) | st.integers(0, 4 * 10**12)},
    optional={
        "data": json_values
        | st.fixed_dictionaries({"source": st.integers(-1, 20), "type": st.integers(0, 9)}, optional={"x": json_values})
    },
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(events, min_size=1, max_size=8))
def test_any_batch_of_events_is_summarised(batch: list[dict[str, Any]]) -> None:
    found = seen(batch)
    assert found.events == len(batch)
    assert found.first_ms == min(int(e["timestamp"]) for e in batch)
    assert found.last_ms == max(int(e["timestamp"]) for e in batch)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.binary(max_size=200) | json_values.map(lambda v: json.dumps(v).encode()))
def test_any_body_is_summarised_or_refused(body: bytes) -> None:
    try:
        read, _ = read_events(body, 100)
    except PlayheadError as refused:
        assert refused.status in (400, 413)
    else:
        assert isinstance(read, list)


@given(st.lists(st.tuples(st.integers(0, 5_000), st.floats(0, 100), st.floats(0, 100)), max_size=30))
def test_a_click_belongs_to_one_burst(clicks: list[tuple[int, float, float]]) -> None:
    assert len(rage_clicks(clicks)) * 4 <= len(clicks)
