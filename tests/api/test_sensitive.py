"""Sensitive properties: who has no right to see them gets `****` wherever they would stand, and no numbers of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from house import Asks, logged_in, member, program
from starlette.testclient import TestClient
from visits import Visit, opening, set_profile, track

from playhead.accounts import NewProject
from playhead.governance.sensitive import Sensitive, asked_about
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
