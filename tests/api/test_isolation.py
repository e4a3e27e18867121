"""Isolation: every operation of the API's own document, tried by everyone who must not get anything from it.

A new endpoint needs a rule in `api/rights.py` and, for a new kind of id, something under it in `house.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

import pytest
from fastapi.routing import APIRoute
from house import CANARY, NOBODY, Asks, furnish, logged_in, member, program
from starlette.testclient import TestClient
from visits import Clock, Visit, opening

from playhead.accounts import NewProject, create_project
from playhead.api.rights import RIGHTS, RIGHTS_OF_ALL, ROLES, SCOPES, Right, Role, Scope
from playhead.stores import Stores
from playhead.stores.tables import ApiKey, LoginSession, Project, SharedReplay

METHODS = {"get", "post", "put", "patch", "delete"}
# What a person did is a list, empty for who is not known.
LISTS_BY_PERSON = re.compile(r"/people/\{distinct_id\}/(events|replays)$")
# Nothing is under the id while nothing runs, or while what is there was made by nobody.
NOT_THERE = ("{query_id}", "/retrievals/", "/groups/", "/data-retrievals/", "/links/{link_id}")


class House:
    """Project `ids["p"]` is full; `other` is somebody else's, empty."""

    def __init__(self, client: TestClient, stores: Stores, made: NewProject, clock: Clock) -> None:
        self.client, self.stores, self.made = client, stores, made
        self.ids = furnish(stores, made)
        self.other = create_project(stores.control, "Other", 30)
        project_id = made.project_id
        self.roles: dict[Role, Asks] = {
            role: logged_in(stores, member(stores, f"the {role}", {project_id: role})) for role in ROLES
        }
        self.ids["member_id"] = "the analyst"
        self.ids["session_id"] = self.session_of("the owner")
        self.keys: dict[Scope, Asks] = {scope: program(stores, project_id, [scope]) for scope in SCOPES}
        self.stranger = logged_in(stores, member(stores, "a stranger", {self.other.project_id: "owner"}))
        self.without_role = logged_in(stores, member(stores, "without a role", {}))
        self.other_key = Asks("another project's key", {"Authorization": f"Bearer {self.other.api_key}"})
        self.nobodies = [NOBODY, *self._locked_out(clock)]
        document = client.get("/api/openapi.json").json()
        self.operations = sorted(
            (method.upper(), path)
            for path, methods in document["paths"].items()
            for method in methods
            if method in METHODS
        )

    def session_of(self, member_id: str) -> str:
        with self.stores.control.read() as session:
            row = session.query(LoginSession).filter_by(member_id=member_id).one()
        return row.session_id

    def _locked_out(self, clock: Clock) -> list[Asks]:
        """Sessions and keys that were good once."""
        project_id, control = self.made.project_id, self.stores.control
        ended = logged_in(self.stores, member(self.stores, "ended", {project_id: "owner"}))
        too_old = logged_in(self.stores, member(self.stores, "too old", {project_id: "owner"}))
        expired = program(self.stores, project_id, list(SCOPES), expires_at_ms=clock.now + 1_000)
        revoked = program(self.stores, project_id, list(SCOPES))
        for good in (ended, too_old, expired, revoked):
            assert good(self.client, "GET", f"/api/projects/{project_id}/replays").status_code == 200
        clock.now += 2_000
        with control.write() as session:
            session.query(LoginSession).filter_by(member_id="ended").delete()
            session.query(LoginSession).filter_by(member_id="too old").update({"expires_at_ms": clock.now})
            newest = session.query(ApiKey).filter_by(project_id=project_id, expires_at_ms=0, name=revoked.name)
            newest.delete()
        return [ended, too_old, expired, revoked, Asks("a wrong key", {"Authorization": "Bearer ph_wrong"})]

    def path(self, template: str, **other: str) -> str:
        """The address with the full project's ids in it; every kind of id must be known here."""
        filled = re.sub(r"\{(\w+)\}", lambda found: (self.ids | other)[found[1]], template)
        token = other.get("token", self.made.token)
        return f"{filled}?token={token}" if template.startswith("/api/app/") else filled


@pytest.fixture
def house(anyone: TestClient, stores: Stores, made: NewProject, clock: Clock) -> House:
    return House(anyone, stores, made, clock)


def test_every_address_has_a_rule(house: House) -> None:
    def walk(routes: list[Any]) -> Iterator[str]:
        for route in routes:
            if isinstance(route, APIRoute):
                yield from (f"{method} {route.path}" for method in route.methods)
            elif included := getattr(route, "original_router", None):
                yield from walk(included.routes)

    routes = set(walk(house.client.app.routes))  # type: ignore[attr-defined]
    assert {f"{method} {path}" for method, path in house.operations} <= routes
    assert routes == set(RIGHTS)


def test_what_each_role_opens() -> None:
    """Said once more, apart from the table: a slip in it must not go by unseen."""

    def opens(rights: frozenset[Right]) -> set[str]:
        return {address.replace("/api/projects/{p}", "") for address, rule in RIGHTS.items() if rule in rights}

    replay = "/replays/{replay_id}"
    assert opens(ROLES["viewer"]) == {
        *("GET /replays", f"GET {replay}", f"GET {replay}/events", f"GET {replay}/index"),
        *(f"GET {replay}/frames/{{generation}}/{{n}}", f"POST {replay}/watching"),
    }
    closed = re.compile(
        r" (/members|/keys|/token|/retention|/privacy|/deletions|/retrievals|/audit|/api/app|$)|/preview"
    )
    assert not [address for address in opens(ROLES["analyst"]) if closed.search(address)]
    assert f"DELETE {replay}" not in opens(ROLES["analyst"])
    assert opens(ROLES["owner"]) - opens(ROLES["admin"]) == {"DELETE "}
    assert not [
        address
        for address in opens(SCOPES["read"])
        if not address.startswith(("GET ", "POST /reports/", "DELETE /queries/")) and "/watching" not in address
    ]
    assert opens(SCOPES["ingest"]) == set()
    assert opens(SCOPES["manage"]) == opens(ROLES["admin"])
    public = {address for address, rule in RIGHTS.items() if rule == "public"}
    assert all(re.search(r" (/login|/api/login|/api/shared/|/api/openapi|/api/docs|/replay/)", each) for each in public)


def test_an_address_without_a_rule_is_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(RIGHTS, "GET /api/projects/{p}/replays")
    answer = house.roles["owner"](house.client, "GET", house.path("/api/projects/{p}/replays"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "no_rule")


def test_nobody_gets_anything_that_is_not_theirs(house: House) -> None:
    wrong: list[str] = []

    def refused(asks: Asks, method: str, path: str, statuses: set[int]) -> None:
        answer = asks(house.client, method, path, {} if method in {"POST", "PUT", "PATCH"} else None)
        if answer.status_code not in statuses or CANARY in answer.text:
            wrong.append(f"{asks.name}: {method} {path} → {answer.status_code} {answer.text[:120]}")

    for method, path in house.operations:
        rule = RIGHTS[f"{method} {path}"]
        if rule == "public":
            continue
        for nobody in house.nobodies:
            refused(nobody, method, house.path(path), {401})
        if rule not in RIGHTS_OF_ALL:
            continue
        for stranger in (house.stranger, house.without_role, house.other_key):
            refused(stranger, method, house.path(path), {404})
        # Under the stranger's own project, another's ids.
        if re.search(r"\{(?!p\})", path):
            theirs = house.path(path, p=house.other.project_id, token=house.other.token)
            statuses = {200} if LISTS_BY_PERSON.search(path) else {400, 404} if method != "GET" else {404}
            refused(house.stranger, method, theirs, statuses)
        for role, rights in ROLES.items():
            if rule not in rights:
                refused(house.roles[role], method, house.path(path), {403})
        if rule == "watch":
            refused(house.roles["viewer"], method, house.path(path), {404} if "{replay_id}" in path else {200})
        for scope, rights in SCOPES.items():
            if cast(Right, rule) not in rights:
                refused(house.keys[scope], method, house.path(path), {403})
    for key in house.keys.values():
        for method, path in house.operations:
            if RIGHTS[f"{method} {path}"] in {"member", "operator"}:
                refused(key, method, house.path(path), {403})
    assert wrong == []

    # After all that, everything is there, and its owner sees it.
    for method, path in house.operations:
        if method == "GET" and RIGHTS[f"{method} {path}"] in RIGHTS_OF_ALL and not any(x in path for x in NOT_THERE):
            answer = house.roles["owner"](house.client, method, house.path(path))
            if path.endswith("/values"):
                continue
            assert answer.status_code == 200, f"{path}: {answer.text[:200]}"


def test_a_viewer_watches_what_was_shared_with_them(house: House, stores: Stores) -> None:
    viewer, project_id, replay_id = house.roles["viewer"], house.made.project_id, house.ids["replay_id"]
    Visit(stores, project_id).send(opening())
    feed = house.path("/api/projects/{p}/replays")
    assert viewer(house.client, "GET", feed).json() == {"results": [], "next_cursor": None, "total": 0}
    with stores.control.write() as session:
        session.add(
            SharedReplay(
                project_id=project_id, replay_id=replay_id, member_id="the viewer", created_at_ms=1, created_by="x"
            )
        )
    (row,) = viewer(house.client, "GET", feed).json()["results"]
    assert row["replay_id"] == replay_id
    for below in ("", "/events", "/index", "/frames/1/0"):
        path = house.path("/api/projects/{p}/replays/{replay_id}") + below
        assert viewer(house.client, "GET", path).status_code == 200
    assert viewer(house.client, "GET", f"/replay/{replay_id}").status_code == 302
    assert viewer(house.client, "DELETE", house.path("/api/projects/{p}/replays/{replay_id}")).status_code == 403


def test_the_session_says_what_a_member_may_do_where(house: House) -> None:
    def projects(asks: Asks) -> dict[str, list[str]]:
        found = asks(house.client, "GET", "/api/session").json()["projects"]
        return {each["project_id"]: [each["role"], *each["rights"]] for each in found}

    assert projects(house.without_role) == {}
    assert projects(house.stranger) == {house.other.project_id: ["owner", *RIGHTS_OF_ALL]}
    assert projects(house.roles["analyst"]) == {
        house.made.project_id: ["analyst", "watch", "report", "edit", "export", "share"]
    }
    assert projects(house.roles["viewer"]) == {house.made.project_id: ["viewer", "watch"]}
    operator = logged_in(house.stores, member(house.stores, "operator", {}, operator=True))
    assert len(projects(operator)) == 2


def test_a_deleted_project_is_unknown_at_once(house: House, stores: Stores) -> None:
    with stores.control.write() as session:
        session.get_one(Project, house.made.project_id).deleted_at_ms = 1
    for method, path in house.operations:
        if RIGHTS[f"{method} {path}"] in RIGHTS_OF_ALL:
            for asks in (house.roles["owner"], house.keys["manage"]):
                answer = asks(house.client, method, house.path(path))
                assert answer.status_code == 404, f"{asks.name}: {method} {path} → {answer.text[:120]}"
    assert house.roles["owner"](house.client, "GET", "/api/session").json()["projects"] == []
