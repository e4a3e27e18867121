"""Fixtures that every test may use: the real stores, one embedded engine for the whole run.

settings   a data directory of the test's own
stores     the real stores: the run's one engine, a control database and a blob directory of the test's own
project    a project of the test's own; the engine is shared, so its rows are told apart by the project
clock      the one clock, standing still until the test moves it
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres import new_database
from postgres import server as postgres_server
from visits import Clock

from playhead import clock as the_clock
from playhead.ids import new_project_id
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.analytics import Analytics, engine_for
from playhead.stores.blobs import Blobs
from playhead.stores.control import Control
from playhead.stores.tables import Project

BROWSER = Path(__file__).parent / "browser"
MEMORY, ENOUGH_BYTES = Path("/dev/shm"), 4_000_000_000

# What is written is synced to the disk, as it must be: tests wait for that more than for anything else. Where the machine
# has the room, their files lie in memory.
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--control", choices=["sqlite", "postgresql"], default="sqlite", help="the tests' control store")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser tests come last: from the first of them on Playwright's event loop runs in this thread to the end, and
    no other loop can be started beside it."""
    items.sort(key=lambda item: BROWSER in item.path.parents)


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Analytics]:
    analytics = Analytics.open(f"chdb://{tmp_path_factory.mktemp('engine')}")
    with engine_for(analytics):
        analytics.migrate()
        yield analytics


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server of the run's own."""
    with postgres_server() as address:
        yield address


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    found = Settings(_env_file=None, data=tmp_path)  # type: ignore[call-arg]
    if request.config.getoption("--control") == "postgresql":
        found.control_url = new_database(request.getfixturevalue("postgres"))
    return found


@pytest.fixture
def stores(engine: Analytics, settings: Settings) -> Iterator[Stores]:
    control = Control.open(settings.control)
    control.migrate()
    yield Stores(engine, Blobs.open(settings.blobs), control)
    control.close()


@pytest.fixture
def project(stores: Stores) -> Project:
    project_id = new_project_id()
    row = Project(
        project_id=project_id,
        name="Test",
        token=f"token-{project_id}",
        created_at_ms=1_795_000_000_000,
        retention_days=30,
        timezone="UTC",
    )
    with stores.control.write() as session:
        session.add(row)
    return row


@pytest.fixture
def clock() -> Iterator[Clock]:
    # 2026-11-22 10:00:00 UTC
    standing = Clock(1_795_341_600_000)
    the_clock.set_clock(lambda: standing.now)
    yield standing
    the_clock.set_clock(None)
