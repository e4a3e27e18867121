"""Sensitive properties: who has no right to see them gets `****` wherever they would stand, and no numbers of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from house import Asks, logged_in, member, program
from starlette.testclient import TestClient
from visits import START, Visit, opening, set_profile, track

from playhead.accounts import NewProject
from playhead.delivery.decode import Groups
from playhead.delivery.insert import insert_rows
from playhead.delivery.rows import GROUP_COLUMNS, group_rows
from playhead.governance.sensitive import Sensitive, asked_about
from playhead.ids import new_ingest_id
from playhead.items import GroupOperation, Item, Kind
from playhead.stores import Stores

SECRETS = ("4111-1111", "pro-plan-secret", "Ada Lovelace", "ada@example.test")
ROUTE = "/api/projects/{p}"


@pytest.fixture
def at(made: NewProject, stores: Stores, anyone: TestClient) -> Callable[[str], str]:
    visit = Visit(stores, made.project_id, distinct_id="ada")
    visit.send(opening())
    card = {"card": "4111-1111", "page": "home"}
    track(stores, made.project_id, "Pay", at=1_000, distinct_id="ada", replay_id=visit.replay_id, properties=card)
    profile = {"$name": "Ada Lovelace", "$email": "ada@example.test", "plan": "pro-plan-secret", "city": "London"}
    set_profile(stores, made.project_id, "ada", **profile)
    owner = logged_in(stores, member(stores, "owner", {made.project_id: "owner"}))
    at = f"/api/projects/{made.project_id}"
    for kind, name in (
        ("event_property", "card"),
        *(("profile_property", each) for each in ("plan", "$name", "$email")),
    ):
        said = owner(anyone, "PUT", f"{at}/lexicon", {"kind": kind, "name": name, "sensitive": True})
        assert said.json()["sensitive"] is True
    return lambda path: at + path


def insights(**more: Any) -> dict[str, Any]:
    return {"from": "2026-11-22", "to": "2026-11-22", "unit": "day", "metrics": [{"event": "Pay"}], **more}


def test_values_are_shown_as_stars(
    anyone: TestClient, at: Callable[[str], str], stores: Stores, made: NewProject
) -> None:
    analyst = logged_in(stores, member(stores, "analyst", {made.project_id: "analyst"}))
    unmasked = logged_in(stores, member(stores, "unmasked", {made.project_id: "analyst"}, unmasked=True))
    reads, starred = program(stores, made.project_id, ["read"]), program(stores, made.project_id, ["read"], masked=True)
    asked: list[tuple[str, str, Any]] = [
        *(("GET", path, None) for path in ("/people", "/people/ada", "/people/ada/events", "/people/ada/replays")),
        *(("GET", path, None) for path in ("/replays", "/export", "/events/values?property=card")),
        ("GET", "/events/values?property=plan&of=profile", None),
        *(("POST", f"/reports/insights/{behind}", insights()) for behind in ("replays", "people", "events")),
    ]
    for method, path, body in asked:
        seen = unmasked(anyone, method, at(path), body)
        assert any(secret in seen.text for secret in SECRETS), f"{path}: {seen.text[:300]}"
        assert reads(anyone, method, at(path), body).text == seen.text
        for asks in (analyst, starred):
            answer = asks(anyone, method, at(path), body)
            assert answer.status_code == 200 and "****" in answer.text, f"{path}: {answer.text[:300]}"
            assert not [secret for secret in SECRETS if secret in answer.text], path
    person = analyst(anyone, "GET", at("/people/ada")).json()
    assert (person["name"], person["properties"]["plan"], person["properties"]["city"]) == ("****", "****", "London")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/reports/insights", insights(breakdown={"property": "card"})),
        ("/reports/insights", insights(filters=[{"property": "plan", "op": "eq", "value": ["pro"], "of": "profile"}])),
        ("/reports/insights", insights(filters=[{"any": [{"property": "card", "op": "set"}]}])),
        (
            "/reports/insights",
            insights(metrics=[{"event": "Pay", "measure": {"aggregate": "max", "property": "card"}}]),
        ),
        ("/reports/funnel/people", {"steps": [{"event": "Pay"}, {"event": "Pay"}], "hold": ["card"]}),
    ],
)
def test_reports_tell_no_numbers_of_them(
    anyone: TestClient, at: Callable[[str], str], stores: Stores, made: NewProject, path: str, body: Any
) -> None:
    analyst = logged_in(stores, member(stores, "analyst", {made.project_id: "analyst"}))
    answer = analyst(anyone, "POST", at(path), body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "sensitive")


def test_people_are_not_sorted_or_filtered_by_them(
    anyone: TestClient, at: Callable[[str], str], stores: Stores, made: NewProject
) -> None:
    analyst = logged_in(stores, member(stores, "analyst", {made.project_id: "analyst"}))
    assert analyst(anyone, "GET", at("/people?sort=plan")).status_code == 403
    condition = '[{"property":"plan","op":"eq","value":["pro"],"of":"profile"}]'
    assert analyst(anyone, "GET", at(f"/people?filters={condition}")).status_code == 403
    assert analyst(anyone, "GET", at("/people?sort=city")).status_code == 200


@pytest.mark.parametrize("path", ["/people?q=", "/people?all=true&q=", "/replays?q="])
def test_nobody_is_found_by_them(
    anyone: TestClient, at: Callable[[str], str], stores: Stores, made: NewProject, path: str
) -> None:
    analyst = logged_in(stores, member(stores, "analyst", {made.project_id: "analyst"}))
    unmasked = logged_in(stores, member(stores, "unmasked", {made.project_id: "analyst"}, unmasked=True))
    for part in ("lovelace", "example.test"):
        assert unmasked(anyone, "GET", at(path + part)).json()["total"] == 1
        assert analyst(anyone, "GET", at(path + part)).json()["total"] == 0
    # Ids are no properties.
    assert analyst(anyone, "GET", at(path + "ada")).json()["total"] == 1


def test_nor_put_in_the_order_of_a_name_that_is_hidden(
    anyone: TestClient, at: Callable[[str], str], stores: Stores, made: NewProject
) -> None:
    analyst = logged_in(stores, member(stores, "analyst", {made.project_id: "analyst"}))
    unmasked = logged_in(stores, member(stores, "unmasked", {made.project_id: "analyst"}, unmasked=True))
    assert analyst(anyone, "GET", at("/people?sort=name")).status_code == 403
    assert unmasked(anyone, "GET", at("/people?sort=name")).status_code == 200
    said = unmasked(anyone, "PUT", at("/lexicon"), {"kind": "profile_property", "name": "$name", "sensitive": False})
    assert said.status_code == 200
    assert analyst(anyone, "GET", at("/people?sort=name")).status_code == 200
    assert analyst(anyone, "GET", at("/people?q=lovelace")).json()["total"] == 1
    assert analyst(anyone, "GET", at("/people?q=example.test")).json()["total"] == 0


def test_what_was_said_of_a_group_is_hidden_by_the_marks_of_profiles(
    anyone: TestClient, at: Callable[[str], str], stores: Stores, made: NewProject
) -> None:
    said = GroupOperation("company", "acme", "$set", b'{"plan":"pro-plan-secret","seats":7}', START)
    item = Item(made.project_id, new_ingest_id(), Kind.GROUPS, START, b"", b"")
    rows = group_rows(Groups(item, [said]))
    assert insert_rows(stores.analytics, "group_operations", GROUP_COLUMNS, rows) == {}
    analyst = logged_in(stores, member(stores, "analyst", {made.project_id: "analyst"}))
    unmasked = logged_in(stores, member(stores, "unmasked", {made.project_id: "analyst"}, unmasked=True))
    shown = analyst(anyone, "GET", at("/groups/company/acme")).json()["properties"]
    assert shown == {"plan": "****", "seats": 7}
    assert unmasked(anyone, "GET", at("/groups/company/acme")).json()["properties"]["plan"] == "pro-plan-secret"


def test_a_question_that_cannot_be_read_as_a_whole_is_not_asked(
    anyone: TestClient, at: Callable[[str], str], stores: Stores, made: NewProject
) -> None:
    """One reader must not skip what hides a question from the other."""
    analyst = logged_in(stores, member(stores, "analyst", {made.project_id: "analyst"}))
    for odd in (b"1e400", b'"\xff"', b"[" * 1_500 + b"]" * 1_500):
        body = b'{"x":%b,"from":"2026-11-22","to":"2026-11-22","metrics":[{"event":"Pay"}]}' % odd
        anyone.cookies.clear()
        answer = anyone.post(at("/reports/insights"), content=body, headers=analyst.headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "not_json")


def test_the_mark_is_taken_by_who_sees_them(
    anyone: TestClient, at: Callable[[str], str], stores: Stores, made: NewProject
) -> None:
    def say(asks: Asks, **said: Any) -> int:
        return asks(anyone, "PUT", at("/lexicon"), {"kind": "event_property", "name": "card", **said}).status_code

    analyst = logged_in(stores, member(stores, "analyst", {made.project_id: "analyst"}))
    unmasked = logged_in(stores, member(stores, "unmasked", {made.project_id: "analyst"}, unmasked=True))
    assert say(analyst, description="The card") == 200
    assert say(analyst, sensitive=False) == 403
    assert say(unmasked, sensitive=False) == 200
    assert say(unmasked, kind="event", sensitive=True) == 400
    listed = unmasked(anyone, "GET", at("/lexicon/properties")).json()["results"]
    assert {each["property"]: each["sensitive"] for each in listed}["card"] is False


def test_what_is_asked_is_found_wherever_it_stands() -> None:
    sensitive = Sensitive(frozenset({"card"}), frozenset({"plan"}))
    assert asked_about({"steps": [{"filters": [{"property": "card"}]}]}, sensitive) == "card"
    assert asked_about({"breakdown": {"property": "plan", "of": "profile"}}, sensitive) == "plan"
    assert asked_about({"breakdown": {"property": "plan"}}, sensitive) is None
    assert asked_about({"hold": ["page", "card"]}, sensitive) == "card"
    assert asked_about([1, None, "card"], sensitive) is None
