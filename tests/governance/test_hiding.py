"""What a deletion waits for is hidden from every process at once, and queries carry no condition for it otherwise."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from deleting import ALICE, Requests
from visits import Clock, set_profile, track

from playhead.governance import erasing
from playhead.governance.requests import Asked, cancel
from playhead.governance.retention import bound_events
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.analytics import Analytics
from playhead.stores.control import Control
from playhead.stores.tables import Project

EVENTS = "SELECT event, distinct_id FROM events WHERE project_id = {project_id:String} ORDER BY ALL"
PROFILES = "SELECT distinct_id FROM profiles WHERE project_id = {project_id:String} ORDER BY ALL"
ADA = Asked("person", distinct_ids=["ada"])


class Reader:
    """Another process's stores: handles of its own on the same control and the same engine."""

    def __init__(self, analytics: Analytics, project_id: str) -> None:
        self.analytics, self._named = analytics, {"project_id": project_id}

    def sees(self) -> set[str]:
        found = self.analytics.query(EVENTS, self._named) + self.analytics.query(PROFILES, self._named)
        return {each for row in found for each in row.values()}

    def conditions(self) -> dict[str, str]:
        return self.analytics._hiding(self._named)


@contextmanager
def another(stores: Stores, settings: Settings, project_id: str) -> Iterator[Reader]:
    with closing(Control.open(settings.control)) as control:
        analytics = Analytics.open(f"chdb://{stores.analytics.embedded_directory}")
        bound_events(Stores(analytics, stores.blobs, control))
        yield Reader(analytics, project_id)
        analytics.close()


@pytest.fixture
def readers(stores: Stores, settings: Settings, project: Project) -> Iterator[list[Reader]]:
    with (
        another(stores, settings, project.project_id) as one,
        another(stores, settings, project.project_id) as other,
    ):
        for name in ("ada", "bob"):
            track(stores, project.project_id, "Buy", distinct_id=name, user_id=name)
            set_profile(stores, project.project_id, name, **{"$name": name})
        track(stores, project.project_id, "Secret", distinct_id="bob", user_id="bob")
        yield [one, other]


def test_nobody_sees_a_person_once_the_deletion_is_acknowledged(readers: list[Reader], requests: Requests) -> None:
    assert [reader.conditions() for reader in readers] == [{}, {}]
    assert all(reader.sees() == {"Buy", "Secret", "ada", "bob"} for reader in readers)
    asked = requests.ask(ADA)
    assert all(reader.sees() == {"Buy", "Secret", "bob"} for reader in readers)
    done = requests.finish(asked)
    assert done.state == "done"
    assert [reader.conditions() for reader in readers] == [{}, {}]
    assert all(reader.sees() == {"Buy", "Secret", "bob"} for reader in readers)


def test_nor_an_event_and_both_while_both_are_asked_for(readers: list[Reader], requests: Requests) -> None:
    requests.ask(Asked("event", event="Secret"))
    requests.ask(ADA)
    assert all(reader.sees() == {"Buy", "bob"} for reader in readers)


def test_what_is_called_off_is_seen_again(
    readers: list[Reader], requests: Requests, stores: Stores, settings: Settings, project: Project, clock: Clock
) -> None:
    asked = requests.ask(ADA)
    cancel(stores, settings, project.project_id, "deletion", asked.request_id, ALICE, clock.now)
    assert all("ada" in reader.sees() and not reader.conditions() for reader in readers)


def test_what_failed_stays_hidden(readers: list[Reader], requests: Requests, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as failing:
        failing.setattr(erasing.Deletion, "_erase", fail)
        assert requests.finish(requests.ask(ADA)).state == "failed"
        assert requests.finish(requests.ask(Asked("event", event="Secret"))).state == "failed"
    assert all(reader.sees() == {"Buy", "bob"} for reader in readers)
    # Asked for again, it is done, and there is nothing left to hide but the event.
    assert requests.finish(requests.ask(ADA)).state == "done"
    assert all(reader.sees() == {"Buy", "bob"} and reader.conditions() for reader in readers)


def test_nothing_is_hidden_any_more_when_what_failed_was_done_by_another(
    readers: list[Reader], requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as failing:
        failing.setattr(erasing.Deletion, "_erase", lambda _: 1 / 0)
        assert requests.finish(requests.ask(ADA)).state == "failed"
    assert all(reader.conditions() for reader in readers)
    assert requests.finish(requests.ask(ADA)).state == "done"
    assert not any(reader.conditions() for reader in readers)
    assert all(reader.sees() == {"Buy", "Secret", "bob"} for reader in readers)


def test_a_deletion_of_replays_or_of_another_project_costs_no_query_anything(
    readers: list[Reader], requests: Requests, stores: Stores, settings: Settings, project: Project
) -> None:
    with stores.control.write() as session:
        session.add(
            Project(project_id="pother", name="O", token="t-other", created_at_ms=0, retention_days=30, timezone="UTC")
        )
    requests.ask(Asked("property", property="plan"))
    with another(stores, settings, "pother") as other:
        requests.ask(ADA)
        assert other.conditions() == {}
        # Who asks across projects, or for one that control does not know, sees nothing that is hidden anywhere.
        assert "erasing" in str(other.analytics._hiding({}))
        assert "erasing" in str(other.analytics._hiding({"project_id": "unknown"}))
        rows = other.analytics.query(EVENTS.replace("project_id:", "p:"), {"p": project.project_id})
        assert {row["distinct_id"] for row in rows} == {"bob"}


def test_stores_that_were_bound_to_no_control_hide_always(requests: Requests, stores: Stores, project: Project) -> None:
    analytics = Analytics.open(f"chdb://{stores.analytics.embedded_directory}")
    track(stores, project.project_id, "Buy", distinct_id="ada", user_id="ada")
    requests.ask(ADA)
    assert Reader(analytics, project.project_id).sees() == set()
    analytics.close()


def test_a_process_that_was_running_before_sees_nothing_from_the_acknowledgement_on(
    readers: list[Reader], requests: Requests, stores: Stores, settings: Settings, project: Project
) -> None:
    """A real process of its own, which has answered once before the deletion is asked for."""
    url = f"chdb://{stores.analytics.embedded_directory}"
    script = f"""
import sys
from playhead.governance.retention import bound_events
from playhead.settings import Settings
from playhead.stores import open_stores
stores = open_stores(Settings(_env_file=None, data={str(settings.data)!r}, analytics_url={url!r}))
bound_events(stores)
for _ in sys.stdin:
    rows = stores.analytics.query({EVENTS!r}, {{"project_id": {project.project_id!r}}})
    print(sorted({{row["distinct_id"] for row in rows}}), flush=True)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert process.stdin and process.stdout

    def sees() -> str:
        process.stdin.write("now\n")  # type: ignore[union-attr]
        return process.stdout.readline().strip()  # type: ignore[union-attr]

    try:
        assert sees() == "['ada', 'bob']"
        requests.ask(ADA)
        assert sees() == "['bob']"
    finally:
        process.stdin.close()
        process.wait(10)
