"""What capture journals, the real analytics store takes, path by path."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playhead.capture.sender import UNKNOWN
from playhead.capture.track import read_events, records
from playhead.delivery.decode import Events
from playhead.delivery.rows import EVENT_COLUMNS, event_rows
from playhead.ids import new_ingest_id, new_project_id
from playhead.items import Item, Kind
from playhead.stores.analytics import Analytics

NOW = 1_795_341_600_000


def store(engine: Analytics, project_id: str, text: bytes) -> None:
    parsed = read_events(text, 2_000)
    made = records(parsed.events, NOW, None, UNKNOWN)
    item = Item(project_id, new_ingest_id(), Kind.EVENTS, NOW, b"", b"")
    engine.insert("events", EVENT_COLUMNS, [row.values for row in event_rows(Events(item, made))])


def test_what_clickhouse_would_refuse_is_stored_and_exported_as_it_came(engine: Analytics) -> None:
    project_id = new_project_id()
    deep = "[" * 1_200 + "]" * 1_200
    deeper = '{"a":' * 1_200 + "1" + "}" * 1_200
    properties = [
        '{"a.b": 1, "a": {"b": "two", "c": null}}',
        '{"twice": 1, "twice": "x", "a": {"x": 1}, "a": 2}',
        f'{{"deep": {deep}, "deeper": {deeper}}}',
        r'{"lone": "a\ud83d", "\ude00": 1}',
        '{"": 1, ".": 2, "..": 3, "a.": 4, ".a": 5, "`": 6, "\\"": 7, "%": 8, "a%2Eb": 9, " ": 10}',
        '{"mixed": [1, "a", null, {"b": [1]}], "big": 123456789012345678901234567890, "huge": 1e400}',
        '{"a": 1}',
        '{"a": "text"}',
        '{"a": [1, 2]}',
        '{"a": {"b": {"c": true}}}',
        '{"day": "2026-11-22", "time": 1795341600, "uuid": "0199f1d2-3c4d-4e5f-8a9b-0c1d2e3f4a5b", "nul": "a\\u0000b"}',
    ]
    events = ",".join(f'{{"event": "e{n:02}", "properties": {text}}}' for n, text in enumerate(properties))
    store(engine, project_id, f"[{events}]".encode())
    rows = engine.query(
        "SELECT event, raw, toString(properties.a) AS a, toString(properties.`a%2Eb`) AS escaped,"
        " toString(properties.a.b) AS nested FROM events WHERE project_id = {p:String} ORDER BY event",
        {"p": project_id},
    )
    timed = [text if '"time"' in text else f'{text[:-1]},"time":{NOW}}}' for text in properties]
    assert [row["raw"] for row in rows] == timed
    assert (rows[0]["escaped"], rows[0]["nested"]) == ("1", "two")
    assert [row["a"] for row in rows[6:9]] == ["1", "text", "[1,2]"]


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('ab.%"`\\ é😀\0', max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.dictionaries(st.text('ab.%"`\\ é😀\0', max_size=3), json_values, max_size=4), max_size=4))
def test_any_properties_are_stored(engine: Analytics, properties: list[dict[str, Any]]) -> None:
    project_id = new_project_id()
    events = [{"event": str(uuid4()), "properties": p} for p in properties]
    store(engine, project_id, json.dumps(events).replace("Infinity", "1e999").encode())
    (found,) = engine.query(
        "SELECT count() AS n, countIf(length(toString(properties)) > 1) AS read FROM events"
        " WHERE project_id = {p:String}",
        {"p": project_id},
    )
    assert found == {"n": len(events), "read": len(events)}
