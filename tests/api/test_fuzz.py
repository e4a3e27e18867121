"""Whatever is asked, the API answers as its own document says, and never with a 5xx."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from house import furnish, logged_in, member
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient
from visits import Clock

from playhead.accounts import NewProject, passwords
from playhead.stores import Stores

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
# What ends the session of who asks, or the project that all others are about: tried on its own, last.
ENDS = {("DELETE", "/api/projects/{p}"), ("DELETE", "/api/account/sessions/{session_id}"), ("POST", "/api/logout")}


class Asked:
    """Tries every operation as one caller. Ids are those of the furnished project about every other time."""

    def __init__(self, client: TestClient, headers: dict[str, str], ids: dict[str, str], examples: int) -> None:
        self.client, self.headers, self.ids, self.examples = client, headers, ids, examples
        self.tried: set[tuple[str, str]] = set()

    def everything(self) -> None:
        document = schemathesis.openapi.from_asgi("/api/openapi.json", self.client.app)
        operations = [found.ok() for found in document.get_all_operations()]
        for operation in sorted(operations, key=lambda each: (each.method.upper(), each.path) in ENDS):
            self.tried.add((operation.method.upper(), operation.path))
            self.one(operation)

    def one(self, operation: Any) -> None:
        @settings(
            max_examples=self.examples,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def answers(case: Any) -> None:
            for name in case.path_parameters or {}:
                if name == "p" or (name in self.ids and len(str(case.path_parameters[name])) % 2):
                    case.path_parameters[name] = self.ids[name]
            case.call_and_validate(headers=self.headers, checks=CHECKS)

        try:
            answers()
        except Exception as error:
            pytest.fail(f"{operation.method.upper()} {operation.path}: {error!r}"[:4000])


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """How long a hash takes is not what is tried here."""
    monkeypatch.setattr(passwords, "_hasher", passwords.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    passwords._nobodys.cache_clear()
    yield
    passwords._nobodys.cache_clear()


@pytest.mark.usefixtures("quick_passwords")
def test_a_program_is_answered_as_the_document_says(anyone: TestClient, stores: Stores, made: NewProject) -> None:
    asked = Asked(anyone, {"Authorization": f"Bearer {made.api_key}"}, furnish(stores, made), 4)
    asked.everything()
    assert len(asked.tried) > 60


@pytest.mark.usefixtures("quick_passwords")
def test_an_owner_is_answered_as_the_document_says(
    anyone: TestClient, stores: Stores, made: NewProject, clock: Clock
) -> None:
    owner = member(stores, "owner of all", {made.project_id: "owner"}, operator=True)
    ids = furnish(stores, made) | {"member_id": owner.member_id, "session_id": "none"}
    Asked(anyone, logged_in(stores, owner).headers, ids, 4).everything()


@pytest.mark.usefixtures("quick_passwords")
def test_nobody_is_answered_as_the_document_says(anyone: TestClient, stores: Stores, made: NewProject) -> None:
    Asked(anyone, {}, furnish(stores, made), 1).everything()
