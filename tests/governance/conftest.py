from __future__ import annotations

import pytest
from deleting import Requests
from visits import START, Clock

from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.tables import Project


@pytest.fixture
def requests(stores: Stores, settings: Settings, project: Project, clock: Clock) -> Requests:
    clock.now = START + 60_000
    return Requests(stores, settings, project.project_id, clock)
