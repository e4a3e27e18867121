"""A backend that uses Mixpanel's Python library and changed one line, its address: what it sent is read back."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import mixpanel
import pytest
from test_supervisor import Server, until


class Backend:
    """The library pointed at a server, and the API to read back with."""

    def __init__(self, server: Server) -> None:
        self.project = json.loads(server.run("project", "create", "Backend", "--json").stdout)
        paths = {"events_url": "track", "people_url": "engage", "groups_url": "groups", "import_url": "import"}
        self.urls = {name: f"{server.url}/{path}" for name, path in paths.items()}
        self.sent = mixpanel.Mixpanel(self.project["token"], consumer=mixpanel.Consumer(**self.urls))
        headers = {"Authorization": f"Bearer {self.project['api_key']}"}
        base = f"{server.url}/api/projects/{self.project['project_id']}"
        self.api = httpx.Client(base_url=base, headers=headers, timeout=30)
        self.server = server

        def known() -> bool:
            track = {"data": json.dumps([{"event": "Hello", "properties": {"token": self.project["token"]}}])}
            return httpx.post(self.urls["events_url"], data=track).status_code == 200

        until(known, 5, "the new token is known")

    def delivered(self) -> None:
        until(lambda: self.server.waiting() == 0, 30, "delivered")

    def person(self, distinct_id: str) -> dict[str, Any]:
        self.delivered()
        answer = self.api.get(f"/people/{distinct_id}")
        properties: dict[str, Any] = answer.json()["properties"] if answer.status_code == 200 else {}
        return properties

    def total(self, event: str, days_ago: int = 0, **metric: Any) -> float:
        """Of that day and the one before it: it may have begun since."""
        self.delivered()
        day = (datetime.now(UTC) - timedelta(days=days_ago)).date()
        body = {"from": str(day - timedelta(days=1)), "to": str(day), "metrics": [{"event": event, **metric}]}
        answer = self.api.post("/reports/insights", json=body)
        assert answer.status_code == 200, answer.text
        found: float = answer.json()["series"][0]["total"]
        return found


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    server = Server(tmp_path_factory.mktemp("server") / "data")
    backend = Backend(server)
    yield backend
    backend.api.close()
    server.stop()


def test_events_and_events_of_long_ago(backend: Backend) -> None:
    for who, amount in (("u1", 12.5), ("u2", 3), ("u1", 4)):
        backend.sent.track(who, "Paid", {"amount": amount, "when": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)})
    long_ago = int(time.time()) - 400 * 86_400
    backend.sent.import_data(None, "u1", "Signed Up", long_ago, {"plan": "pro"})
    assert backend.total("Paid") == 3
    assert backend.total("Paid", measure="unique") == 2
    assert backend.total("Paid", measure={"aggregate": "sum", "property": "amount"}) == 19.5
    assert backend.total("Signed Up", days_ago=400) == 1
    rows = backend.api.get("/people/u1/events").json()["results"]
    assert [row["event"] for row in rows] == ["Paid", "Paid", "Signed Up"]
    assert rows[0]["properties"]["mp_lib"] == "python"
    assert rows[0]["properties"]["when"] == "2026-01-02T03:04:05"
    assert "$browser" not in rows[0]["properties"]


def test_an_event_sent_again_is_one_event(backend: Backend) -> None:
    at = int(time.time())
    for _ in range(2):
        backend.sent.track("u1", "Once", {"$insert_id": "a" * 32, "time": at})
    assert backend.total("Once") == 1


def test_buffered_and_in_one_request(backend: Backend) -> None:
    buffered = mixpanel.BufferedConsumer(**backend.urls, max_size=50)
    sent = mixpanel.Mixpanel(backend.project["token"], consumer=buffered)
    for n in range(120):
        sent.track(f"b{n}", "Buffered")
        sent.people_set(f"b{n}", {"n": n})
    buffered.flush()
    assert backend.total("Buffered", measure="unique") == 120
    assert backend.person("b119")["n"] == 119


def test_every_verb_of_a_profile(backend: Backend) -> None:
    sent = backend.sent
    sent.people_set("p1", {"$name": "Ada", "plan": "free", "tags": ["a"], "n": 1, "gone": True})
    sent.people_set_once("p1", {"plan": "pro", "first": "yes"})
    sent.people_increment("p1", {"n": 2, "new": -1})
    sent.people_append("p1", {"tags": "a"})
    sent.people_union("p1", {"tags": ["a", "b"]})
    sent.people_remove("p1", {"tags": "a"})
    sent.people_unset("p1", ["gone"])
    assert backend.person("p1") == {
        "$name": "Ada", "plan": "free", "first": "yes", "n": 3, "new": -1, "tags": ["b"],
    }  # fmt: skip
    sent.people_track_charge("p1", 9.5, {"$time": "2026-01-02T03:04:05"})
    charges = backend.person("p1")["$transactions"]
    assert [charge["$amount"] for charge in charges] == [9.5]
    sent.people_delete("p1")
    assert backend.person("p1") == {}


def test_groups_are_taken(backend: Backend) -> None:
    sent = backend.sent
    sent.group_set("company", "Acme", {"seats": 5})
    sent.group_set_once("company", "Acme", {"seats": 6})
    sent.group_union("company", "Acme", {"domains": ["acme.example"]})
    sent.group_remove("company", "Acme", {"domains": "acme.example"})
    sent.group_unset("company", "Acme", ["seats"])
    sent.group_delete("company", "Acme")
    backend.delivered()


def test_a_device_and_a_user_in_one_event_are_one_person(backend: Backend) -> None:
    device = str(uuid4())
    backend.sent.track(f"$device:{device}", "Looked", {"$device_id": device})
    backend.sent.track("u7", "Bought", {"$device_id": device, "$user_id": "u7"})
    backend.delivered()
    assert [row["event"] for row in backend.api.get("/people/u7/events").json()["results"]] == ["Bought", "Looked"]


def test_what_merged_people_before_merges_nobody(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """`alias` makes a consumer of its own, always for Mixpanel's address."""
    monkeypatch.setattr(mixpanel, "Consumer", functools.partial(mixpanel.Consumer, **backend.urls))
    backend.sent.track("old", "Before")
    backend.sent.alias("new", "old")
    backend.sent.track("new", "After")
    with pytest.raises(mixpanel.MixpanelException, match=r"'\$merge' joins nobody here.*\$device_id.*\$user_id"):
        backend.sent.merge(None, "old", "new")
    backend.delivered()
    events = {
        who: [e["event"] for e in backend.api.get(f"/people/{who}/events").json()["results"]] for who in ("old", "new")
    }
    assert events == {"old": ["$create_alias", "Before"], "new": ["After"]}


def test_what_is_refused_is_said_in_words(backend: Backend) -> None:
    wrong = mixpanel.Mixpanel("no-such-token", consumer=mixpanel.Consumer(**backend.urls))
    with pytest.raises(mixpanel.MixpanelException, match="No project has this token"):
        wrong.track("u1", "Lost")
    with pytest.raises(mixpanel.MixpanelException, match="seconds or milliseconds"):
        backend.sent.import_data(None, "u1", "Old", "yesterday")
