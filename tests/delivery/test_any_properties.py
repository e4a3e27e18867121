"""Whatever JSON a site puts into its properties is stored, answered by reports and exported as it came, and holds up no
other event: through the real capture, journal, delivery and engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient
from visits import START, Clock

from playhead.accounts import NewProject, create_project
from playhead.api.app import create_api
from playhead.capture.app import create_capture
from playhead.capture.directory import Directory, ProjectEntry, Snapshot
from playhead.delivery.flush import Delivery
from playhead.journal import Journal, JournalQueue
from playhead.settings import Settings
from playhead.stores import Stores

JsonObject = dict[str, Any]
DAY = "2026-11-22"


class Site:
    """Sends to capture, and asks the API for what was delivered."""

    def __init__(self, stores: Stores, settings: Settings, made: NewProject) -> None:
        self.journal = Journal.open(settings.journal_path, settings.journal_max_bytes)
        self.queue = JournalQueue.open(settings.journal_path)
        self.directory = Directory(lambda: Snapshot({made.token: ProjectEntry(made.project_id)}))
        self.capture = TestClient(create_capture(settings, {"": self.journal}, self.directory))
        self.delivery = Delivery(self.queue, stores, settings)
        self.token = made.token
        self.api = TestClient(
            create_api(settings, stores),
            base_url=f"http://127.0.0.1:8800/api/projects/{made.project_id}",
            headers={"Authorization": f"Bearer {made.api_key}"},
        )

    def send(self, events: list[JsonObject]) -> None:
        """One request, delivered; nothing of it may be refused or buried."""
        text = json.dumps(events).replace("-Infinity", "-1e999").replace("Infinity", "1e999")
        answer = self.capture.post("/track/", params={"token": self.token, "verbose": "1"}, content=text.encode())
        assert answer.status_code == 200, answer.text
        assert "rejected" not in answer.text or not answer.json().get("rejected"), answer.text
        while delivered := self.delivery.run_once():
            assert delivered.buried == 0

    def total(self, event: str, **more: Any) -> float:
        body = {"from": DAY, "to": DAY, "metrics": [{"event": event}], **more}
        answer = self.api.post("/reports/insights", content=json.dumps(body))
        assert answer.status_code == 200, answer.text
        return sum(series["total"] for series in answer.json()["series"])

    def sent(self, event: str) -> dict[str, JsonObject]:
        """What View Events shows, by insert_id."""
        body = {"from": DAY, "to": DAY, "metrics": [{"event": event}]}
        answer = self.api.post("/reports/insights/events", json=body)
        assert answer.status_code == 200, answer.text
        return {row["insert_id"]: row["properties"] for row in json.loads(answer.content)["results"]}

    def exported(self, event: str) -> dict[str, JsonObject]:
        answer = self.api.get("/export", params={"from": DAY, "to": DAY, "event": event})
        assert answer.status_code == 200, answer.text
        lines = [json.loads(line) for line in answer.content.splitlines()]
        return {line["properties"]["$insert_id"]: line["properties"] for line in lines}

    def close(self) -> None:
        self.directory.close()
        self.queue.close()
        self.journal.close()


@pytest.fixture
def site(stores: Stores, settings: Settings, clock: Clock) -> Iterator[Site]:
    clock.now = START + 60_000
    site = Site(stores, settings, create_project(stores.control, "Shop", 30))
    yield site
    site.close()


# Names that mean something to JSON paths, SQL or Python, and texts that are cut within an emoji.
names = st.text('ab.%"`\\ é😀\0[]$', max_size=4) | st.sampled_from(["a.b", "properties", "__proto__", "x" * 300])
texts = st.text(st.characters(exclude_categories=()), max_size=6) | st.sampled_from(["2026-11-22", "[1]", "{}", "null"])
scalars = (
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.integers(-5, 5) | st.floats(allow_nan=False) | texts
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=3),
    max_leaves=10,
)
some_properties = st.lists(st.dictionaries(names, values, max_size=4), min_size=1, max_size=4)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(some_properties)
@example([{"a": {"b": 1}, "a.b": "two"}, {"a": [1, "x", None, {"b": []}]}, {"a": 10**400, "b": float("inf")}])
@example([{"a": "\ud83d"}, {"\ude00": 1}, {"a": "\0", "": ""}])
def test_any_properties_are_stored_queried_and_exported(site: Site, properties: list[JsonObject]) -> None:
    event = f"e{uuid4().hex}"
    # A plain event before and after them: neither waits for, or falls with, what stands between.
    entries = [{"p": "plain"}, *properties, {"p": "plain"}]
    made = [
        {**entry, "distinct_id": f"u{n}", "time": START + n, "$insert_id": f"i{n}"} for n, entry in enumerate(entries)
    ]
    site.send([{"event": event, "properties": each} for each in made])
    assert site.total(event) == len(made)
    assert site.total(event, filters=[{"property": "p", "op": "eq", "value": "plain"}]) >= 2
    wanted = {each["$insert_id"]: json.loads(json.dumps(each)) for each in made}
    assert site.exported(event) == wanted
    assert site.sent(event) == wanted
    for each in properties:
        for name, value in list(each.items())[:2]:
            if not 1 <= len(name) <= 255 or has_surrogate(name):
                continue
            assert site.total(event, breakdown={"property": name, "limit": 200}) >= len(made)
            if isinstance(value, bool | str) or (isinstance(value, int) and -(2**63) <= value < 2**63):
                condition = {"property": name, "op": "eq", "value": value}
                assert has_surrogate(value) or site.total(event, filters=[condition]) >= 1, condition


def has_surrogate(value: object) -> bool:
    return isinstance(value, str) and any("\ud800" <= sign <= "\udfff" for sign in value)
