"""People over HTTP: listed and narrowed, one in full, and their events with the replays they happened in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient
from visits import START, Visit, click, opening, set_profile, track

from playhead.accounts import NewProject
from playhead.stores import Stores
from playhead.stores.tables import Project


def listed(program: TestClient, **params: Any) -> list[str]:
    answer = program.get("/people", params=params)
    assert answer.status_code == 200, answer.text
    assert answer.json()["total"] >= len(answer.json()["results"])
    return [row["distinct_id"] for row in answer.json()["results"]]


@pytest.fixture
def four(stores: Stores, made: NewProject) -> None:
    """Three people with a profile, and one with events only."""
    set_profile(
        stores, made.project_id, "u1", **{"$name": "Bea", "$email": "bea@example.com", "plan": "pro", "seats": 12}
    )
    set_profile(stores, made.project_id, "u2", **{"$name": "abe", "plan": "free", "seats": "9", "tags": ["a", 1]})
    set_profile(stores, made.project_id, "u3", seats="many")
    track(stores, made.project_id, "Look", distinct_id="$device:d4", device_id="d4")


@pytest.mark.usefixtures("four")
def test_people_are_found_by_name_email_or_any_id(program: TestClient, stores: Stores, made: NewProject) -> None:
    track(stores, made.project_id, "Log in", distinct_id="u3", device_id="laptop", user_id="u3")
    assert listed(program, q="BEA") == ["u1"]
    assert listed(program, q="example.com") == ["u1"]
    assert listed(program, q="u2") == ["u2"]
    assert listed(program, q="laptop") == ["u3"]
    assert listed(program, q="nobody") == []


@pytest.mark.usefixtures("four")
def test_everyone_is_whoever_has_events_too(program: TestClient, stores: Stores, made: NewProject) -> None:
    assert sorted(listed(program)) == ["u1", "u2", "u3"]
    assert sorted(listed(program, all=True)) == ["$device:d4", "u1", "u2", "u3"]
    track(stores, made.project_id, "Log in", at=1_000, distinct_id="u4", device_id="d4", user_id="u4")
    assert sorted(listed(program, all=True)) == ["u1", "u2", "u3", "u4"]
    (found,) = program.get("/people", params={"all": True, "q": "d4"}).json()["results"]
    assert (found["distinct_id"], found["name"], found["properties"]) == ("u4", None, {})
    assert (found["first_seen"], found["last_seen"]) == ("2026-11-22T10:00:00.000Z", "2026-11-22T10:00:01.000Z")


def test_a_devices_profile_is_gone_once_it_belongs_to_a_user(
    program: TestClient, stores: Stores, made: NewProject
) -> None:
    set_profile(stores, made.project_id, "$device:d1", plan="trial")
    assert listed(program) == ["$device:d1"]
    track(stores, made.project_id, "Log in", distinct_id="u1", device_id="d1", user_id="u1")
    assert (listed(program), listed(program, all=True)) == ([], ["u1"])


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"property": "plan", "op": "eq", "value": "pro"}, ["u1"]),
        ({"property": "plan", "op": "not_set"}, ["u3"]),
        ({"property": "seats", "op": "eq", "value": 9}, ["u2"]),
        ({"property": "seats", "op": "gt", "value": 5}, ["u1", "u2"]),
        ({"property": "tags", "op": "eq", "value": "1"}, ["u2"]),
        ({"property": "$name", "op": "contains", "value": "B", "of": "profile"}, ["u1", "u2"]),
        ({"any": [{"property": "plan", "op": "not_set"}, {"property": "tags", "op": "set"}]}, ["u2", "u3"]),
    ],
)
def test_filters_follow_the_rule_of_reports(program: TestClient, condition: dict[str, Any], found: list[str]) -> None:
    assert sorted(listed(program, filters=json.dumps([condition]))) == found


@pytest.mark.usefixtures("four")
def test_they_are_sorted_with_whoever_has_no_value_last(program: TestClient) -> None:
    assert listed(program, sort="name", order="asc") == ["u2", "u1", "u3"]
    assert listed(program, sort="name") == ["u1", "u2", "u3"]
    assert listed(program, sort="seats", order="asc") == ["u2", "u1", "u3"]
    assert listed(program, sort="seats") == ["u1", "u2", "u3"]
    assert listed(program, sort="plan", order="asc") == ["u2", "u1", "u3"]


@pytest.mark.usefixtures("four")
def test_the_list_goes_on_where_its_cursor_says(program: TestClient) -> None:
    first = program.get("/people", params={"sort": "name", "order": "asc", "limit": 2}).json()
    assert (len(first["results"]), first["next_cursor"], first["total"]) == (2, "2", 3)
    rest = program.get("/people", params={"sort": "name", "order": "asc", "limit": 2, "cursor": "2"}).json()
    assert ([row["distinct_id"] for row in rest["results"]], rest["next_cursor"], rest["total"]) == (["u3"], None, 3)
    beyond = program.get("/people", params={"cursor": "90"}).json()
    assert (beyond["results"], beyond["next_cursor"], beyond["total"]) == ([], None, 3)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"filters": "["}, "not JSON"),
        ({"filters": '[{"property": "a"}]'}, "`filters[0].op` is missing"),
        ({"filters": '[{"property": "a", "op": "gt", "value": "x"}]'}, "`filters[0].value` must be a number"),
        ({"sort": ""}, "`sort` must be a property's name"),
        ({"order": "up"}, "order"),
        ({"cursor": "x"}, "`cursor` is not one"),
    ],
)
def test_what_is_wrong_is_said(program: TestClient, params: dict[str, str], said: str) -> None:
    answer = program.get("/people", params=params)
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]


def test_one_person_has_every_id_and_how_much_there_is_of_them(
    program: TestClient, stores: Stores, made: NewProject
) -> None:
    Visit(stores, made.project_id, distinct_id="$device:d1").send([*opening(), click(60_000)])
    track(stores, made.project_id, "Look", at=100, distinct_id="$device:d1", device_id="d1")
    track(stores, made.project_id, "Log in", at=200, distinct_id="u1", device_id="d1", user_id="u1")
    set_profile(stores, made.project_id, "u1", **{"$name": "Bea"})
    found = program.get("/people/$device:d1").json()
    assert found["distinct_id"] == "u1"
    assert found["distinct_ids"] == ["u1", "$device:d1"]
    assert (found["event_count"], found["replay_count"], found["name"]) == (2, 1, "Bea")
    assert found["last_event_at"] == "2026-11-22T10:00:00.200Z"
    assert program.get("/people/nobody").status_code == 404


def test_their_events_lead_to_the_moment_in_the_replay(program: TestClient, stores: Stores, made: NewProject) -> None:
    visit = Visit(stores, made.project_id, distinct_id="$device:d1")
    visit.send([*opening(), click(60_000)])
    track(stores, made.project_id, "Log in", at=200, distinct_id="u1", device_id="d1", user_id="u1", replay_id=visit.replay_id)  # fmt: skip
    track(stores, made.project_id, "Charge", at=5_000, distinct_id="u1")
    track(stores, made.project_id, "Renew", at=7_200_000, distinct_id="u1")
    events = program.get("/people/u1/events").json()["results"]
    assert [(each["event"], each["replay_id"], each["at_ms"]) for each in events] == [
        ("Renew", None, None),
        ("Charge", visit.replay_id, START + 5_000),
        ("Log in", visit.replay_id, START + 200),
    ]
    assert program.delete(f"/replays/{visit.replay_id}").status_code == 204
    assert {each["replay_id"] for each in program.get("/people/u1/events").json()["results"]} == {None}


def test_their_events_are_narrowed_by_days_of_the_project_and_by_name(
    program: TestClient, stores: Stores, made: NewProject
) -> None:
    with stores.control.write() as session:
        project = session.get(Project, made.project_id)
        assert project is not None
        # The 22nd at 10:00 UTC is the 23rd there.
        project.timezone = "Pacific/Kiritimati"
    for n, name in enumerate(("A", "B", "C")):
        track(stores, made.project_id, name, at=n * 86_400_000, distinct_id="u1")

    def names(**params: Any) -> list[str]:
        return [each["event"] for each in program.get("/people/u1/events", params=params).json()["results"]]

    assert names(**{"from": "2026-11-23", "to": "2026-11-23"}) == ["A"]
    assert names(**{"from": "2026-11-24"}) == ["C", "B"]
    assert names(event=["A", "C"]) == ["C", "A"]
    assert names(**{"from": "2026-11-23T10:00:00Z", "event": "B"}) == ["B"]
    assert program.get("/people/u1/events", params={"from": "yesterday"}).status_code == 400


def test_a_project_says_its_time_zone(program: TestClient, dashboard: TestClient) -> None:
    assert program.get("http://127.0.0.1:8800/api/projects").json()["results"][0]["timezone"] == "UTC"
    assert dashboard.get("/api/session").json()["projects"][0]["timezone"] == "UTC"


def test_a_group_nothing_was_said_of_is_not_there(program: TestClient) -> None:
    answer = program.get("/groups/company/acme")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "group_not_found")
