"""What can be asked about: names, properties with types and values, and what members say of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient
from visits import set_profile, track

from playhead.accounts import NewProject
from playhead.items import escape_name
from playhead.reports import vocabulary
from playhead.stores import Stores


def results(program: TestClient, path: str, **params: Any) -> list[dict[str, Any]]:
    answer = program.get(path, params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def say(program: TestClient, **said: Any) -> dict[str, Any]:
    answer = program.put("/lexicon", json=said)
    assert answer.status_code == 200, answer.text
    entry: dict[str, Any] = answer.json()
    return entry


def test_properties_come_with_the_types_of_their_values(program: TestClient, stores: Stores, made: NewProject) -> None:
    for n, properties in enumerate(
        (
            {"a%2Eb": 1, "n": "12", "when": "2026-11-22T10:00:00Z", "list": ["x"], "deep": {"in": 1, "out": 2}},
            {"a%2Eb": 2, "n": 12, "when": "2026-11-22", "list": [], "on": True},
            {"n": 1.5, "when": "soon"},
        )
    ):
        track(stores, made.project_id, "Buy", at=n, insert_id=f"i{n}", properties=properties)
    found = {each["property"]: each for each in results(program, "/events/properties", event="Buy")}
    assert {name: (each["count"], each["types"], each["type"]) for name, each in found.items()} == {
        "a.b": (2, ["number"], "number"),
        "n": (3, ["number", "string"], "number"),
        "when": (3, ["datetime", "string"], "datetime"),
        "list": (1, ["list"], "list"),
        "deep": (1, ["object"], "object"),
        "on": (1, ["boolean"], "boolean"),
    }
    assert results(program, "/events/properties", event="Look") == []


def test_values_are_the_texts_that_filters_compare(program: TestClient, stores: Stores, made: NewProject) -> None:
    for n, properties in enumerate(({"n": "12", "tags": ["a", "b"]}, {"n": 12, "tags": ["a", "a"]}, {"n": True})):
        track(stores, made.project_id, "Buy", insert_id=f"i{n}", properties=properties)
    set_profile(stores, made.project_id, "u1", plan="pro", seats=[1, "1"])
    assert results(program, "/events/values", property="n") == [
        {"value": "12", "count": 2},
        {"value": "true", "count": 1},
    ]
    assert results(program, "/events/values", property="tags", event="Buy") == [
        {"value": "a", "count": 2},
        {"value": "b", "count": 1},
    ]
    assert results(program, "/events/values", property="seats", of="profile") == [{"value": "1", "count": 1}]
    found = results(program, "/events/properties", of="profile")
    assert [(each["property"], each["type"]) for each in found] == [("plan", "string"), ("seats", "list")]


@pytest.mark.parametrize("name", ["", "a.b", "x') OR 1 = 1 -- {p1:String} `\\", "%2E", "\n\t", "$os"])
def test_whatever_a_property_is_called_it_is_listed_and_has_its_values(
    program: TestClient, stores: Stores, made: NewProject, name: str
) -> None:
    track(stores, made.project_id, "Buy", properties={escape_name(name): "it"})
    assert [each["property"] for each in results(program, "/events/properties")] == [name]
    assert results(program, "/events/values", property=name) == [{"value": "it", "count": 1}]


@pytest.fixture
def no_merges(stores: Stores) -> Iterator[None]:
    """Rows stay where they are: an estimate of which blocks were counted and then read differs when they move."""
    stores.analytics.command("SYSTEM STOP MERGES events")
    yield
    stores.analytics.command("SYSTEM START MERGES events")


@pytest.mark.usefixtures("no_merges")
def test_of_many_events_some_stand_for_all(
    program: TestClient, stores: Stores, made: NewProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vocabulary, "PROPERTY_ROWS", 500)
    monkeypatch.setattr(vocabulary, "VALUE_ROWS", 500)
    stores.analytics.command(
        """INSERT INTO events (project_id, event, distinct_id, client_time, insert_id, time, received_at, properties, raw)
        SELECT {p:String}, 'Look', 'u' || toString(number), now64(3), toString(number), now64(3), now64(3),
               '{"kind": "' || ['mug', 'vase'][number % 2 + 1] || '"}', '{}' FROM numbers(20000)""",
        {"p": made.project_id},
    )
    track(stores, made.project_id, "Rare", properties={"only": "here"})
    answer = program.get("/events/properties").json()
    assert answer["sampled"] is True
    assert [(each["property"], each["count"]) for each in answer["results"]] == [("kind", 20_000), ("only", 1)]
    values = program.get("/events/values", params={"property": "kind"}).json()
    assert values["sampled"] is True
    assert sum(each["count"] for each in values["results"]) == 20_000
    assert program.get("/events/properties", params={"event": "Rare"}).json()["sampled"] is False


def test_the_lexicon_lists_what_there_is_and_what_is_only_described(
    program: TestClient, stores: Stores, made: NewProject
) -> None:
    track(stores, made.project_id, "Buy", insert_id="a", properties={"price": 1})
    track(stores, made.project_id, "Buy", at=1_000, insert_id="b")
    say(program, kind="event", name="Refund", description="Sent by the till.")
    say(program, kind="event", name="Buy", description="Paid, whatever the way.")
    assert results(program, "/lexicon/events") == [
        {
            "event": "Buy",
            "count": 2,
            "first_seen": "2026-11-22T10:00:00.000Z",
            "last_seen": "2026-11-22T10:00:01.000Z",
            "description": "Paid, whatever the way.",
            "hidden": False,
        },
        {
            "event": "Refund",
            "count": 0,
            "first_seen": None,
            "last_seen": None,
            "description": "Sent by the till.",
            "hidden": False,
        },
    ]
    say(program, kind="event_property", name="price", description="In euro.")
    (found,) = results(program, "/lexicon/properties")
    assert (found["property"], found["type"], found["description"]) == ("price", "number", "In euro.")
    assert found["last_seen"] == "2026-11-22T10:00:00.000Z"
    page = program.get("/lexicon/events", params={"limit": 1}).json()
    assert (len(page["results"]), page["next_cursor"], page["total"]) == (1, "1", 2)


def test_what_is_hidden_is_not_offered_but_still_there(program: TestClient, stores: Stores, made: NewProject) -> None:
    track(stores, made.project_id, "Buy", properties={"price": 1})
    assert say(program, kind="event", name="Buy", hidden=True)["hidden"]
    say(program, kind="event_property", name="price", hidden=True)
    assert results(program, "/events/names") == []
    assert results(program, "/events/properties") == []
    assert [each["event"] for each in results(program, "/events/names", hidden=True)] == ["Buy"]
    assert results(program, "/events/properties", hidden=True)[0]["hidden"]
    assert [each["hidden"] for each in results(program, "/lexicon/events")] == [True]
    said = say(program, kind="event", name="Buy", description="Paid.")
    assert said == {"kind": "event", "name": "Buy", "description": "Paid.", "hidden": True, "sensitive": False}
    say(program, kind="event", name="Buy", hidden=False)
    assert results(program, "/events/names") == [{"event": "Buy", "count": 1, "description": "Paid.", "hidden": False}]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"kind": "user", "name": "a"}, "`kind`"),
        ({"kind": "event"}, "`name` is missing"),
        ({"kind": "event", "name": ""}, "`name` must be of 1 to 255"),
        ({"kind": "event", "name": "a", "description": "x" * 2_001}, "`description` must be a text of at most 2000"),
        ({"kind": "event", "name": "a", "hide": True}, "unknown field `hide`"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(program: TestClient, body: dict[str, Any], said: str) -> None:
    answer = program.put("/lexicon", json=body)
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]
