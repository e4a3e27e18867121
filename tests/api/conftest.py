from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient
from visits import START, Clock

from playhead.accounts import NewProject, create_project, login_path
from playhead.api.app import create_api
from playhead.settings import Settings
from playhead.stores import Stores


@pytest.fixture
def made(stores: Stores, clock: Clock) -> NewProject:
    clock.now = START + 60_000
    return create_project(stores.control, "Shop", 30)


@pytest.fixture
def anyone(settings: Settings, stores: Stores) -> Iterator[TestClient]:
    with TestClient(create_api(settings, stores), base_url="http://127.0.0.1:8800", follow_redirects=False) as client:
        yield client


@pytest.fixture
def program(anyone: TestClient, made: NewProject) -> TestClient:
    """A client with the project's key, whose paths begin at the project."""
    anyone.headers["Authorization"] = f"Bearer {made.api_key}"
    anyone.base_url = f"http://127.0.0.1:8800/api/projects/{made.project_id}"
    return anyone


@pytest.fixture
def dashboard(settings: Settings, stores: Stores, made: NewProject) -> Iterator[TestClient]:
    """A member's browser, logged in by the one-time link."""
    with TestClient(create_api(settings, stores), base_url="http://127.0.0.1:8800", follow_redirects=False) as client:
        assert client.get(login_path(stores.control)).status_code == 303
        yield client
