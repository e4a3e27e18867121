"""Delivery into the real stores: once or often, whole or broken off at any step, the numbers are the same."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from sqlalchemy import select

from playhead.accounts.projects import delete_project
from playhead.delivery.flush import Delivery
from playhead.errors import Unavailable
from playhead.governance.audit import COMMAND
from playhead.governance.tombstones import Pseudonyms
from playhead.ids import new_ingest_id
from playhead.items import BatchSummary, EventRecord, GroupOperation, Item, Kind, ProfileOperation
from playhead.journal import Flush, Journal, JournalQueue
from playhead.people.identity import distinct_ids_of, users_of
from playhead.recordings.segments import read_footer
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.analytics import AnalyticsDown
from playhead.stores.tables import Project, Replay, Segment, Tombstone

NOW = 1_795_341_600_000
REPLAY = "0199f1d2-3c4d-4e5f-8a9b-0c1d2e3f4a5b"
DAY_MS = 86_400_000


@dataclass
class Way:
    """A journal and what delivers it into the stores."""

    journal: Journal
    queue: JournalQueue
    stores: Stores
    settings: Settings
    project_id: str

    def put(self, *items: Item) -> None:
        asyncio.run(self.journal.append(items))

    def delivery(self, stores: Stores | None = None) -> Delivery:
        return Delivery(self.queue, stores or self.stores, self.settings)

    def drain(self) -> None:
        delivery = self.delivery()
        while delivery.run_once():
            pass

    def query(self, sql: str) -> list[dict[str, Any]]:
        return self.stores.analytics.query(sql, {"p": self.project_id})

    # Items as capture makes them.

    def events(self, *records: EventRecord, at: int = NOW) -> Item:
        return self._item(Kind.EVENTS, None, list(records), at)

    def profiles(self, *operations: ProfileOperation, at: int = NOW) -> Item:
        return self._item(Kind.PROFILES, None, list(operations), at)

    def groups(self, *operations: GroupOperation, at: int = NOW) -> Item:
        return self._item(Kind.GROUPS, None, list(operations), at)

    def recording(self, replay_id: str = REPLAY, seq: int = 0, at: int = NOW, **more: Any) -> Item:
        batch = [{"type": 3, "timestamp": at + n, "data": {"source": 2, "type": 2}} for n in range(3)]
        summary = BatchSummary(
            **{
                "replay_id": replay_id,
                "epoch": f"{NOW}-abcd",
                "seq": seq,
                "first_ms": at,
                "last_ms": at + 2,
                "events": 3,
                "full_snapshots": [],
                "raw_bytes": 100,
                "digest": f"d{seq}",
                "distinct_id": "$device:d1",
                "device_id": "d1",
                "clicks": 3,
                **more,
            }
        )
        payload = gzip.compress(json.dumps(batch).encode(), mtime=0)
        return Item(self.project_id, new_ingest_id(), Kind.RECORDING, at, msgspec.msgpack.encode(summary), payload)

    def _item(self, kind: Kind, meta: Any, payload: Any, at: int) -> Item:
        encode = msgspec.msgpack.encode
        return Item(self.project_id, new_ingest_id(), kind, at, encode(meta), encode(payload))

    def numbers(self) -> dict[str, Any]:
        """Everything that is shown of a project, as the stores tell it."""
        with self.stores.control.read() as session:
            replays = session.execute(
                select(Replay.replay_id, Replay.accepted_at_ms, Replay.expires_at_ms, Replay.hot_blocks)
                .where(Replay.project_id == self.project_id)
                .order_by(Replay.replay_id)
            ).all()
            segments = session.scalars(
                select(Segment.object).where(Segment.project_id == self.project_id).order_by(Segment.object)
            ).all()
        where = "FINAL WHERE project_id = {p:String}"
        return {
            "events": self.query(
                f"SELECT event, distinct_id, insert_id, toString(properties) AS p, raw FROM events {where} ORDER BY ALL"
            ),
            "parts": self.query(
                "SELECT toString(replay_id) AS r, part_id, object, byte_offset, byte_length, clicks, accepted_at"
                f" FROM replay_parts {where} ORDER BY ALL"
            ),
            "profiles": self.query(
                f"SELECT distinct_id, is_deleted, name, email, properties, version FROM profiles {where} ORDER BY ALL"
            ),
            "operations": self.query(f"SELECT count() AS n FROM profile_operations {where}"),
            "groups": self.query(f"SELECT group_id, verb, value FROM group_operations {where} ORDER BY ALL"),
            "identities": self.query(f"SELECT device_id, user_id, received_at FROM identities {where} ORDER BY ALL"),
            "replays": [tuple(row) for row in replays],
            "segments": {path: self.stores.blobs.get(path) for path in segments},
            "objects": sorted(self.stores.blobs.list(f"segments/{self.project_id}")),
        }


def event(name: str, insert_id: str = "", **more: Any) -> EventRecord:
    fields: dict[str, Any] = {
        "event": name,
        "distinct_id": "$device:d1",
        "client_time_ms": NOW,
        "time_ms": NOW,
        "properties": b'{"plan":"pro"}',
        "raw": b'{"plan": "pro"}',
        "insert_id": insert_id,
        **more,
    }
    return EventRecord(**fields)


def operation(verb: str, value: Any, **more: Any) -> ProfileOperation:
    fields = {"distinct_id": "ada", "verb": verb, "value": json.dumps(value).encode(), "time_ms": NOW, **more}
    return ProfileOperation(**fields)


@pytest.fixture
def way(stores: Stores, settings: Settings, project: Project, clock: Any) -> Iterator[Way]:
    journal = Journal.open(settings.journal_path, settings.journal_max_bytes)
    queue = JournalQueue.open(settings.journal_path)
    yield Way(journal, queue, stores, settings, project.project_id)
    queue.close()
    journal.close()


def some_of_everything(way: Way) -> None:
    way.put(
        way.recording(seq=0),
        way.recording(seq=3, at=NOW + 10),
        way.recording(replay_id=str(uuid4()), at=NOW + 20),
        way.events(
            event("View Item", "i1"),
            event("View Item"),
            event("View Item"),
            event("Sign In", "i2", distinct_id="ada", device_id="d1", user_id="ada"),
        ),
        way.events(event("View Item", "i1")),
        way.profiles(operation("$set", {"$name": "Ada", "n": 1}), operation("$add", {"n": 2}, request_id="r1")),
        way.groups(GroupOperation("company", "acme", "$set", b'{"plan":"pro"}', NOW)),
    )


def test_everything_arrives_once(way: Way) -> None:
    some_of_everything(way)
    way.drain()
    numbers = way.numbers()
    assert [row["insert_id"] for row in numbers["events"] if row["event"] == "View Item"].count("i1") == 1
    assert len(numbers["events"]) == 4  # two real events without an insert_id never become one
    assert json.loads(numbers["profiles"][0]["properties"]) == {"$name": "Ada", "n": 3}
    assert numbers["profiles"][0]["name"] == "Ada"
    assert [row["clicks"] for row in numbers["parts"]] == [3, 3, 3]
    assert {replay: blocks for replay, _, _, blocks in numbers["replays"]}[REPLAY] == 2
    assert len(numbers["segments"]) == len(numbers["objects"]) == 1
    assert way.queue.stats().items == 0


def test_an_index_row_leads_to_the_very_bytes_that_were_sent(way: Way) -> None:
    item = way.recording()
    way.put(way.recording(replay_id=str(uuid4())), item)
    way.drain()
    part = way.query(
        "SELECT object, byte_offset, byte_length FROM replay_parts FINAL"
        f" WHERE project_id = {{p:String}} AND replay_id = '{REPLAY}'"
    )[0]
    assert way.stores.blobs.get_range(part["object"], part["byte_offset"], part["byte_length"]) == item.payload
    footer = read_footer(way.stores.blobs.get(part["object"]))
    assert item.ingest_id in [entry.ingest_id for entry in footer]


class Forgetful:
    """A queue that loses every confirmation, as a worker killed just before it does."""

    def __init__(self, queue: JournalQueue) -> None:
        self._queue = queue

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)

    def confirm(self, flush: Flush) -> None:
        pass


def test_delivering_every_flush_twice_changes_no_number(way: Way) -> None:
    some_of_everything(way)
    flush = way.queue.begin_flush(10_000_000)
    assert flush
    forgetful = Delivery(Forgetful(way.queue), way.stores, way.settings)  # type: ignore[arg-type]
    forgetful.run(flush)
    once = way.numbers()
    forgetful.run(flush)
    way.drain()
    assert way.numbers() == once
    assert way.queue.open_flushes() == []


class Killed(BaseException):
    """The process ends here."""


class Fuse:
    """Counts what goes out to the stores and blows at the given one, before or after it is done."""

    def __init__(self, at: int, after: bool) -> None:
        self.left, self.after, self.blown = at, after, False

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def fused(*args: Any, **kwargs: Any) -> Any:
            self.left -= 1
            if self.left == 0 and not self.after:
                self.blown = True
                raise Killed
            answer = call(*args, **kwargs)
            if self.left == 0:
                self.blown = True
                raise Killed
            return answer

        return fused


class Fused:
    """A store of which some methods go through the fuse."""

    def __init__(self, store: Any, fuse: Fuse, names: set[str]) -> None:
        self._store, self._fuse, self._names = store, fuse, names

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        return self._fuse.around(found) if name in self._names else found


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_any_step_the_next_worker_makes_the_same_numbers(way: Way, after: bool) -> None:
    """Each round kills delivery at the next write; what it left must end as if nothing had happened."""
    for step in range(1, 30):
        way.project_id = f"pkilled{step:02d}{'ab'[after]}"
        some_of_everything(way)
        fuse = Fuse(step, after)
        stores = Stores(
            Fused(way.stores.analytics, fuse, {"insert"}),  # type: ignore[arg-type]
            Fused(way.stores.blobs, fuse, {"put"}),  # type: ignore[arg-type]
            Fused(way.stores.control, fuse, {"write"}),  # type: ignore[arg-type]
        )
        try:
            way.delivery(stores).run_once()
        except Killed:
            way.drain()
        numbers = way.numbers()
        shape = {name: len(rows) for name, rows in numbers.items()}
        assert shape["events"] == 4, step
        assert shape["parts"] == 3, step
        assert sorted(row[3] for row in numbers["replays"]) == [1, 2], step
        assert shape["segments"] == shape["objects"] == 1, step
        assert json.loads(numbers["profiles"][0]["properties"]) == {"$name": "Ada", "n": 3}, step
        if not fuse.blown:
            break
    assert step > 7


def test_a_store_that_is_down_stops_delivery_and_the_backlog_drains_by_itself(way: Way) -> None:
    some_of_everything(way)

    class Down:
        def __getattr__(self, name: str) -> Any:
            def fail(*args: Any, **kwargs: Any) -> Any:
                raise AnalyticsDown("nobody answers")

            return fail

    down = Stores(Down(), way.stores.blobs, way.stores.control)  # type: ignore[arg-type]
    delivery = way.delivery(down)
    for _ in range(3):
        with pytest.raises(Unavailable):
            delivery.run_once()
    way.put(way.events(event("Later", "l")))
    assert way.queue.stats().items == 8
    assert len(way.queue.open_flushes()) == 1
    way.drain()
    assert way.queue.stats().items == 0
    assert len(way.numbers()["events"]) == 5
    assert len(way.numbers()["objects"]) == 1


def test_one_bad_row_is_buried_with_its_reason_and_holds_up_nobody(way: Way) -> None:
    bad = way.events(event("Fine", "f1"), event("Bad", "b1", properties=b"{this is no JSON"), event("Fine", "f2"))
    way.put(way.events(event("Before", "x1")), bad, way.events(event("Behind", "x2")), way.recording())
    way.drain()
    assert sorted(row["insert_id"] for row in way.numbers()["events"]) == ["f1", "f2", "x1", "x2"]
    assert len(way.numbers()["parts"]) == 1
    letters = way.queue.dead_letters()
    assert [letter.item.ingest_id for letter in letters] == [bad.ingest_id]
    assert letters[0].reason.startswith("events: entry 1:")
    assert way.queue.stats().items == 0


def test_what_can_not_be_read_is_buried(way: Way) -> None:
    nonsense = Item(way.project_id, new_ingest_id(), Kind.EVENTS, NOW, b"\xc0", b"nonsense")
    no_uuid = way.recording(replay_id="not-a-uuid")
    way.put(nonsense, no_uuid, way.events(event("Fine", "f")))
    way.drain()
    assert {letter.item.ingest_id for letter in way.queue.dead_letters()} == {nonsense.ingest_id, no_uuid.ingest_id}
    assert len(way.numbers()["events"]) == 1


def test_a_deleted_replay_does_not_come_back_with_a_late_batch(way: Way) -> None:
    with way.stores.control.write() as session:
        session.add(Tombstone(project_id=way.project_id, kind="replay", id=REPLAY, created_at_ms=NOW))
    other = str(uuid4())
    way.put(way.recording(), way.recording(replay_id=other))
    way.drain()
    assert [row["r"] for row in way.numbers()["parts"]] == [other]
    assert [row[0] for row in way.numbers()["replays"]] == [other]
    assert len(read_footer(next(iter(way.numbers()["segments"].values())))) == 1


def test_what_a_deleted_person_did_before_does_not_come_back(way: Way) -> None:
    with way.stores.control.write() as session:
        session.add(
            Tombstone(
                project_id=way.project_id,
                kind="person",
                id=Pseudonyms("", way.project_id).of("$device:d1"),
                created_at_ms=NOW,
                until_ms=NOW + 1_000,
            )
        )
    way.put(
        way.events(event("Old", "o"), event("New", "n", time_ms=NOW + 2_000), event("Other", "p", distinct_id="eve")),
        way.profiles(operation("$set", {"a": 1}, distinct_id="$device:d1")),
        way.recording(),
    )
    way.drain()
    numbers = way.numbers()
    assert sorted(row["event"] for row in numbers["events"]) == ["New", "Other"]
    assert numbers["profiles"] == numbers["parts"] == numbers["replays"] == []


def test_expiry_is_fixed_by_the_first_batch(way: Way, clock: Any) -> None:
    way.put(way.recording(seq=0))
    way.drain()
    clock.now += 5 * DAY_MS
    way.put(way.recording(seq=3, at=clock.now))
    way.drain()
    (_, accepted, expires, blocks) = way.numbers()["replays"][0]
    assert (accepted, expires, blocks) == (NOW, NOW + 30 * DAY_MS, 2)
    assert len({row["accepted_at"] for row in way.numbers()["parts"]}) == 1
    clock.now += 30 * DAY_MS
    way.put(way.recording(seq=6, at=clock.now))
    way.drain()
    assert len(way.numbers()["parts"]) == 2


def test_a_device_belongs_to_the_first_user_linked(way: Way) -> None:
    linked = {"device_id": "d1", "distinct_id": "x"}
    way.put(way.events(event("Sign In", "1", user_id="ada", **linked), at=NOW))
    way.put(way.events(event("Sign In", "2", user_id="eve", **linked), at=NOW + 1))
    way.put(way.events(event("Sign In", "3", user_id="eve", distinct_id="y", device_id="d2"), at=NOW + 2))
    way.drain()
    analytics = way.stores.analytics
    found = users_of(analytics, way.project_id, ["$device:d1", "$device:d2", "$device:d3", "eve"])
    assert found == {"$device:d1": "ada", "$device:d2": "eve", "$device:d3": "$device:d3", "eve": "eve"}
    assert distinct_ids_of(analytics, way.project_id, "ada") == ["ada", "$device:d1"]
    assert distinct_ids_of(analytics, way.project_id, "eve") == ["eve", "$device:d2"]


def test_what_arrives_in_one_millisecond_counts_in_order_of_arrival(way: Way) -> None:
    for number in range(20):
        linked = {"device_id": "d1", "distinct_id": "x"}
        way.put(way.events(event("Sign In", str(number), user_id=f"u{number}", **linked), at=NOW))
        way.put(way.profiles(operation("$append", {"seen": number}, distinct_id="ada"), at=NOW))
    way.drain()
    assert users_of(way.stores.analytics, way.project_id, ["$device:d1"]) == {"$device:d1": "u0"}
    (profile,) = way.numbers()["profiles"]
    assert json.loads(profile["properties"]) == {"seen": list(range(20))}


def test_an_operation_sent_again_counts_once_and_keeps_its_place(way: Way) -> None:
    way.put(way.profiles(operation("$set", {"plan": "free"}, request_id="r1"), at=NOW))
    way.put(way.profiles(operation("$set", {"plan": "pro"}, request_id="r2"), at=NOW + 5))
    way.drain()
    way.put(way.profiles(operation("$set", {"plan": "free"}, request_id="r1"), at=NOW + 9))
    way.put(way.profiles(operation("$add", {"n": 1}, request_id="r3"), at=NOW + 10))
    way.put(way.profiles(operation("$add", {"n": 1}, request_id="r3"), at=NOW + 11))
    way.drain()
    profiles = way.numbers()["profiles"]
    assert [json.loads(row["properties"]) for row in profiles] == [{"plan": "pro", "n": 1}]


def test_a_request_sent_again_after_one_of_its_people_was_deleted_counts_once_for_the_others(way: Way) -> None:
    sent = way.profiles(
        operation("$append", {"seen": "a"}, distinct_id="ada", request_id="r1"),
        operation("$append", {"seen": "b"}, distinct_id="eve", request_id="r1"),
    )
    way.put(sent)
    way.drain()
    with way.stores.control.write() as session:
        session.add(
            Tombstone(
                project_id=way.project_id,
                kind="person",
                id=Pseudonyms("", way.project_id).of("ada"),
                created_at_ms=NOW,
                until_ms=NOW + 1_000,
            )
        )
    way.put(msgspec.structs.replace(sent, ingest_id=new_ingest_id(), received_at_ms=NOW + 2_000))
    way.drain()
    profiles = {row["distinct_id"]: json.loads(row["properties"]) for row in way.numbers()["profiles"]}
    assert profiles["eve"] == {"seen": ["b"]}


def test_segments_are_named_by_the_flush(way: Way) -> None:
    way.put(way.recording())
    flush = way.queue.begin_flush(10_000_000)
    assert flush
    way.delivery().run(flush)
    (path,) = way.numbers()["segments"]
    assert path == f"segments/{way.project_id}/2026-11-22/{flush.flush_id}"
    assert isinstance(flush.flush_id, UUID)


def test_nothing_of_a_deleted_project_is_stored(way: Way) -> None:
    some_of_everything(way)
    delete_project(way.stores.control, way.project_id, COMMAND)
    way.drain()
    numbers = way.numbers()
    assert not any(numbers[name] for name in ("events", "parts", "profiles", "groups", "identities", "replays"))
    assert numbers["objects"] == []
    assert way.queue.stats().items == 0
