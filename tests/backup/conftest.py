from __future__ import annotations

from collections.abc import Iterator

import pytest
from visits import START, Clock

from playhead.accounts import NewProject, create_project
from playhead.backup.repository import Repository
from playhead.stores import Stores
from playhead.stores.analytics import Analytics, engine_for


@pytest.fixture(scope="module")
def own_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Analytics]:
    """An engine of this module's own, whose tables the tests may empty."""
    analytics = Analytics.open(f"chdb://{tmp_path_factory.mktemp('restored')}")
    with engine_for(analytics):
        yield analytics


@pytest.fixture
def shop(stores: Stores, clock: Clock) -> NewProject:
    clock.now = START + 60_000
    return create_project(stores.control, "Shop", 30)


@pytest.fixture
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository.open(str(tmp_path_factory.mktemp("backups")))
