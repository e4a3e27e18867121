"""Who was deleted is gone from every reader at once and from every store soon, and does not come back."""

from __future__ import annotations

import asyncio
from contextlib import closing
from uuid import uuid4

import msgspec
import pytest
from deleting import ALICE, Requests
from sqlalchemy import select
from visits import START, Clock, Visit, click, mutation, opening, set_profile, track

from playhead.delivery.flush import Delivery
from playhead.errors import Conflict, Gone, NotFound, PlayheadError
from playhead.governance import erasing, retrieval
from playhead.governance.deletion import delete_replay
from playhead.governance.requests import WAIT_MS, Asked, Receipt, cancel, decoded, find, preview, receipt_of, view
from playhead.ids import new_ingest_id
from playhead.items import EventRecord, Item, Kind, ProfileOperation
from playhead.journal import Journal, JournalQueue
from playhead.people.identity import distinct_ids_of
from playhead.people.listing import person
from playhead.replays import removal, sealing
from playhead.replays.access import find_replay
from playhead.replays.feed import FeedQuery, feed
from playhead.replays.reading import open_recording, read_events
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.tables import AuditEntry, Bookmark, DataRequest, Project, Replay, Tombstone

HOUR_MS = 3_600_000


class Shop:
    """Ada, who came as a device and logged in, and Bob, who once used hers."""

    def __init__(self, stores: Stores, project_id: str) -> None:
        self.stores, self.project_id = stores, project_id
        self.before = Visit(stores, project_id, distinct_id="$device:d1")
        self.after = Visit(stores, project_id, distinct_id="ada@x.test")
        self.other = Visit(stores, project_id, distinct_id="bob")
        self.before.send([*opening(), click(2_000)])
        self.after.send([*opening(url="https://shop.test/?mail=ada@x.test"), click(2_000)], device_id="")
        self.other.send([*opening(), click(2_000)], device_id="d2")
        track(stores, project_id, "View", device_id="d1", replay_id=self.before.replay_id)
        track(stores, project_id, "Login", distinct_id="ada@x.test", device_id="d1", user_id="ada@x.test")
        track(stores, project_id, "Buy", distinct_id="ada@x.test", user_id="ada@x.test")
        track(stores, project_id, "View", distinct_id="bob", device_id="d1", user_id="bob")
        set_profile(stores, project_id, "ada@x.test", **{"$name": "Ada", "$email": "ada@x.test"})
        set_profile(stores, project_id, "bob", **{"$name": "Bob"})

    def events(self) -> list[tuple[str, str]]:
        rows = self.stores.analytics.query(
            "SELECT event, distinct_id FROM events FINAL WHERE project_id = {p:String} ORDER BY ALL",
            {"p": self.project_id},
        )
        return [(row["event"], row["distinct_id"]) for row in rows]

    def replays(self, now_ms: int) -> set[str]:
        return {row.replay_id for row in feed(self.stores, self.project_id, FeedQuery(), now_ms).results}


@pytest.fixture
def shop(stores: Stores, project: Project, requests: Requests) -> Shop:
    return Shop(stores, project.project_id)


def ada() -> Asked:
    return Asked("person", distinct_ids=["$device:d1"])


def removed(receipt: Receipt) -> dict[str, int]:
    return {f"{each.store}: {each.what}": each.count for each in receipt.removed}


def test_a_person_is_deleted_everywhere_whatever_id_they_are_named_by(
    stores: Stores, settings: Settings, shop: Shop, requests: Requests, clock: Clock
) -> None:
    clock.now += 2 * HOUR_MS
    sealing.seal_due(stores, settings, clock.now)
    shop.after.send([mutation(9_000)], seq=9, device_id="")
    with stores.control.write() as session:
        session.add(
            Bookmark(project_id=shop.project_id, replay_id=shop.after.replay_id, created_at_ms=1, created_by="A")
        )
    told = preview(stores, shop.project_id, ada())
    assert (told.people, told.replays, told.events, told.profiles) == (1, 2, 3, 1)
    assert told.message == "1 person with 3 events, 1 profile and 2 replays will be deleted for good."
    done = requests.finish(requests.ask(ada()))
    assert (done.state, done.done, done.total) == ("done", 5, 5)
    receipt = receipt_of(done)
    assert removed(receipt) == {
        "analytics: events": 3,
        "analytics: profiles": 1,
        "analytics: profile operations": 1,
        "analytics: identities": 2,
        "analytics: parts of replays": removed(receipt)["analytics: parts of replays"],
        "blobs: recordings": 2,
        "blobs: segments": 3,
        "control: replays": 2,
    }
    assert receipt.clean and receipt.left == [] and receipt.checked_at
    assert shop.events() == [("View", "bob")]
    assert person(stores.analytics, shop.project_id, "ada@x.test") is None
    assert distinct_ids_of(stores.analytics, shop.project_id, "ada@x.test") == ["ada@x.test"]
    assert shop.replays(clock.now) == {shop.other.replay_id}
    events = read_events(stores, open_recording(stores, row_of(stores, shop.other)), None, None, snapshot=True)
    assert len(b"".join(events).splitlines()) == 4, "who shared a segment with her has lost nothing"
    with stores.control.read() as session:
        assert session.scalar(select(Bookmark)) is None
        assert "x.test" not in done.subject
        assert '"d1"' not in done.subject
        stones = session.scalars(select(Tombstone).where(Tombstone.kind == "person")).all()
        assert len(stones) == 3  # her user id, her device, and the device's distinct_id
        assert not any("x.test" in each.id or each.id == "d1" for each in stones)
        actions = session.scalars(
            select(AuditEntry.action).where(AuditEntry.project_id == shop.project_id).order_by(AuditEntry.number)
        ).all()
    assert actions == ["deletion.requested", "deletion.started", "deletion.finished"]
    assert view(done).subject_text == "1 person"


def row_of(stores: Stores, visit: Visit) -> Replay:
    with stores.control.read() as session:
        return session.get_one(Replay, (visit.project_id, visit.replay_id))


def test_nobody_reads_it_from_the_moment_it_is_asked_for_and_everyone_again_once_it_is_called_off(
    stores: Stores, settings: Settings, shop: Shop, requests: Requests, clock: Clock
) -> None:
    events, replays = shop.events(), shop.replays(clock.now)
    request = requests.ask(Asked("person", distinct_ids=["ada@x.test"]))
    assert shop.events() == [("View", "bob")]
    assert shop.replays(clock.now) == {shop.other.replay_id}
    assert person(stores.analytics, shop.project_id, "ada@x.test") is None
    with pytest.raises(Gone):
        find_replay(stores.control, shop.project_id, shop.after.replay_id, clock.now)
    requests.work()
    assert requests.now(request).state == "waiting", "there are ten seconds to think it over"
    cancel(stores, settings, shop.project_id, "deletion", request.request_id, ALICE, clock.now)
    assert shop.events() == events
    assert shop.replays(clock.now) == replays
    assert person(stores.analytics, shop.project_id, "ada@x.test")
    clock.now += 60_000
    requests.work()
    gone = requests.now(request)
    assert (gone.state, decoded(gone.subject).distinct_ids) == ("cancelled", [])
    with pytest.raises(Conflict):
        cancel(stores, settings, shop.project_id, "deletion", request.request_id, ALICE, clock.now)
    with pytest.raises(NotFound):
        find(stores, "another", "deletion", request.request_id)


def test_it_does_not_come_back_however_late_and_a_returning_visitor_is_new(
    stores: Stores, settings: Settings, shop: Shop, requests: Requests, clock: Clock
) -> None:
    request = requests.finish(requests.ask(ada()))
    asked_at = request.created_at_ms
    journal = Journal.open(settings.journal_path, settings.journal_max_bytes)
    queue = JournalQueue.open(settings.journal_path)

    def event(name: str, at_ms: int, **who: str) -> EventRecord:
        return EventRecord(event=name, client_time_ms=at_ms, time_ms=at_ms, properties=b"{}", raw=b"{}", **who)  # type: ignore[arg-type]

    def item(kind: Kind, records: object) -> Item:
        return Item(
            shop.project_id,
            new_ingest_id(),
            kind,
            clock.now,
            msgspec.msgpack.encode(None),
            msgspec.msgpack.encode(records),
        )

    quiet, later = asked_at + 23 * HOUR_MS, asked_at + 25 * HOUR_MS
    clock.now = asked_at + 90 * 24 * HOUR_MS
    late = Visit(stores, shop.project_id, distinct_id="ada@x.test")
    tab = Visit(stores, shop.project_id, distinct_id="$device:d1")
    fresh = Visit(stores, shop.project_id, distinct_id="$device:d1")
    bob = Visit(stores, shop.project_id, distinct_id="bob")
    hours = (quiet - START) // 1
    asyncio.run(
        journal.append(
            [
                item(
                    Kind.EVENTS,
                    [
                        event("Late", START, distinct_id="ada@x.test"),
                        event("Open tab", quiet, distinct_id="$device:d1", device_id="d1"),
                        event("Back", later, distinct_id="$device:d1", device_id="d1"),
                        event("Bob's", START, distinct_id="bob", device_id="d1", user_id="bob"),
                    ],
                ),
                item(Kind.PROFILES, [ProfileOperation("ada@x.test", "$set", b'{"$name":"Ada"}', START)]),
                late.item(opening()),
                tab.item(opening(hours)),
                fresh.item(opening(later - START)),
                bob.item(opening(), device_id="d9"),
            ]
        )
    )
    delivery = Delivery(queue, stores, settings)
    while delivery.run_once():
        pass
    # The open tab goes on after the time in which its data is refused: its visit was refused whole.
    asyncio.run(journal.append([tab.item([click(later - START)], seq=5)]))
    while delivery.run_once():
        pass
    queue.close()
    journal.close()
    assert shop.events() == [("Back", "$device:d1"), ("Bob's", "bob"), ("View", "bob")]
    assert person(stores.analytics, shop.project_id, "ada@x.test") is None
    assert shop.replays(clock.now) >= {fresh.replay_id, bob.replay_id}
    assert not shop.replays(clock.now) & {late.replay_id, tab.replay_id}
    again = requests.now(request)
    erasing.check(stores, settings, again, clock.now)
    assert receipt_of(requests.now(request)).clean


def test_a_check_says_what_is_left(
    stores: Stores, settings: Settings, shop: Shop, requests: Requests, clock: Clock
) -> None:
    request = requests.finish(requests.ask(ada()))
    # Somebody puts a backup of a store back without the tombstones.
    track(stores, shop.project_id, "Restored", distinct_id="ada@x.test")
    set_profile(stores, shop.project_id, "ada@x.test", **{"$name": "Ada"})
    shop.after.send(opening(), device_id="")
    erasing.check(stores, settings, request, clock.now)
    receipt = receipt_of(requests.now(request))
    assert not receipt.clean
    assert {f"{each.store}: {each.what}": each.count for each in receipt.left} == {
        "analytics: events": 1,
        "analytics: profiles": 1,
        "analytics: profile operations": 1,
        "analytics: parts of replays": 1,
        "analytics: parts of deleted replays": 1,
        "blobs: segments": 1,
        "control: rows of replays": 1,
    }


def test_a_failed_deletion_is_made_good_by_the_next(
    stores: Stores, shop: Shop, requests: Requests, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object, **named: object) -> None:
        raise RuntimeError("about ada@x.test")

    request = requests.ask(ada())
    with monkeypatch.context() as patch:
        patch.setattr(removal, "remove_replays", broken)
        failed = requests.finish(request)
    assert (failed.state, failed.error) == ("failed", "It failed (RuntimeError): ask for it again.")
    assert shop.events() == [("View", "bob")], "what it hid stays hidden"
    both = [requests.ask(ada()), requests.ask(Asked("person", distinct_ids=["ada@x.test"]))]
    for each in both:
        done = requests.finish(each)
        assert (done.state, receipt_of(done).left) == ("done", [])
    assert "x.test" not in requests.now(request).subject
    assert (
        stores.analytics.query(
            "SELECT count() AS n FROM erasing WHERE project_id = {p:String}", {"p": shop.project_id}
        )[0]["n"]
        == 0
    )


class Killed(BaseException):
    """The process is killed here."""


STEPS = ["removal.remove_replays", "retrieval.remove_of", "erasing.check"]


@pytest.mark.parametrize("step", STEPS)
def test_a_deletion_that_is_killed_goes_on(
    stores: Stores, shop: Shop, requests: Requests, clock: Clock, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    place, _, name = step.partition(".")
    owner = {"erasing": erasing, "retrieval": retrieval, "removal": removal}[place]

    def killed(*arguments: object, **named: object) -> None:
        raise Killed

    request = requests.ask(ada())
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, killed)
        with pytest.raises(Killed):
            requests.finish(request)
    assert requests.now(request).state == "running"
    done = requests.finish(request)
    assert done.state == "done"
    assert receipt_of(done).clean
    assert shop.events() == [("View", "bob")]


def test_what_other_housekeeping_could_take_meanwhile_is_on_the_receipt(
    stores: Stores, settings: Settings, shop: Shop, requests: Requests, clock: Clock
) -> None:
    """While a deletion waits for what is being delivered, deleted replays are taken away all the time."""
    clock.now += 2 * HOUR_MS
    sealing.seal_due(stores, settings, clock.now)
    journal = Journal.open(settings.journal_path, settings.journal_max_bytes)
    queue = JournalQueue.open(settings.journal_path)
    asyncio.run(journal.append([Item(shop.project_id, new_ingest_id(), Kind.EVENTS, clock.now, b"\xc0", b"\x90")]))
    request = requests.ask(ada())
    clock.now += WAIT_MS
    requests.work()
    assert requests.now(request).state == "running"
    removal.remove_deleted(stores, settings, clock.now)
    flush = queue.begin_flush(1_000_000)
    assert flush
    queue.confirm(flush)
    queue.close()
    journal.close()
    found = removed(receipt_of(requests.finish(request)))
    assert (found["blobs: recordings"], found["control: replays"]) == (2, 2)


def test_dead_letters_of_a_deleted_person_go(
    stores: Stores, settings: Settings, shop: Shop, requests: Requests, clock: Clock
) -> None:
    journal = Journal.open(settings.journal_path, settings.journal_max_bytes)
    queue = JournalQueue.open(settings.journal_path)
    record = EventRecord("Odd", "ada@x.test", START, START, b"{}", b"{}")
    items = [
        Item(shop.project_id, new_ingest_id(), Kind.EVENTS, clock.now, b"\xc0", payload)
        for payload in (
            msgspec.msgpack.encode([record]),
            b"broken, of ada@x.test",
            msgspec.msgpack.encode([msgspec.structs.replace(record, distinct_id="bob")]),
        )
    ]
    asyncio.run(journal.append(items))
    flush = queue.begin_flush(1_000_000)
    assert flush
    for each, whose in zip(items, ("ada@x.test", "ada@x.test", "bob"), strict=True):
        queue.bury(flush, each.ingest_id, f"the store quotes {whose}")
    queue.confirm(flush)
    receipt = receipt_of(requests.finish(requests.ask(Asked("person", distinct_ids=["ada@x.test"]))))
    assert removed(receipt)["journal: dead letters"] == 2
    assert [letter.item.ingest_id for letter in queue.dead_letters()] == [items[2].ingest_id]
    assert queue.stats().dead_letters == 1
    queue.close()
    journal.close()
    for path in settings.data.glob("journal.sqlite*"):
        assert b"ada@x.test" not in path.read_bytes()


def test_replays_an_event_and_a_property_are_deleted(
    stores: Stores, shop: Shop, requests: Requests, clock: Clock
) -> None:
    track(stores, shop.project_id, "Secret", distinct_id="bob", properties={"plan": "pro", "card": "4111"})
    track(stores, shop.project_id, "View", distinct_id="bob", insert_id="x", properties={"card": "4111", "n": 1})
    set_profile(stores, shop.project_id, "bob", card="4111", city="Bonn")
    both = Asked("replays", replay_ids=[shop.before.replay_id, str(uuid4())])
    assert preview(stores, shop.project_id, both).replays == 1
    request = requests.ask(both)
    assert shop.replays(clock.now) == {shop.after.replay_id, shop.other.replay_id}
    assert receipt_of(requests.finish(request)).clean
    with pytest.raises(Gone):
        find_replay(stores.control, shop.project_id, shop.before.replay_id, clock.now)
    named = Asked("event", event="Secret")
    assert preview(stores, shop.project_id, named).events == 1
    request = requests.ask(named)
    assert "Secret" not in [name for name, _ in shop.events()]
    done = requests.finish(request)
    assert (removed(receipt_of(done)), receipt_of(done).clean) == ({"analytics: events": 1}, True)
    assert "Secret" not in done.subject
    for of in ("event", "profile"):
        done = requests.finish(requests.ask(Asked("property", property="card", of=of)))  # type: ignore[arg-type]
        assert removed(receipt_of(done)) == {f"analytics: {of}s with the property": 1}
        assert receipt_of(done).clean
    found = person(stores.analytics, shop.project_id, "bob")
    assert found
    assert found.properties == {"$name": "Bob", "city": "Bonn"}
    rows = stores.analytics.query(
        "SELECT raw, toString(properties) AS p FROM events WHERE project_id = {p:String} AND insert_id = 'x'",
        {"p": shop.project_id},
    )
    assert rows == [{"raw": '{"n":1,"distinct_id":"bob"}', "p": '{"n":1}'}]


@pytest.mark.parametrize("sealed", [False, True])
def test_a_stretch_of_a_replay_is_cut_out(
    stores: Stores, settings: Settings, shop: Shop, requests: Requests, clock: Clock, sealed: bool
) -> None:
    shop.after.send([mutation(3_000, "canary-stretch"), click(4_000), mutation(8_000)], seq=4, device_id="")
    if sealed:
        clock.now += 2 * HOUR_MS
        sealing.seal_due(stores, settings, clock.now)
    asked = Asked("stretch", replay_id=shop.after.replay_id, from_ms=START + 2_500, to_ms=START + 4_000)
    done = requests.finish(requests.ask(asked))
    assert (done.state, removed(receipt_of(done))) == ("done", {"blobs: rrweb events": 2})
    pieces = read_events(stores, open_recording(stores, row_of(stores, shop.after)), None, None, snapshot=True)
    times = [msgspec.json.decode(line)["timestamp"] - START for line in b"".join(pieces).splitlines()]
    assert times == [0, 1, 1, 2_000, 8_000]
    # A retry of ours brings nothing back, and nobody else's block is lost.
    shop.after.send([mutation(3_000, "canary-stretch"), click(4_000), mutation(8_000)], seq=4, device_id="")
    pieces = read_events(stores, open_recording(stores, row_of(stores, shop.after)), None, None, snapshot=True)
    assert len(b"".join(pieces).splitlines()) == 5
    assert len(list(stores.blobs.list(row_of(stores, shop.after).object.rpartition("/")[0]))) == 1
    assert read_events(stores, open_recording(stores, row_of(stores, shop.other)), None, None, snapshot=True)
    whole = Asked("stretch", replay_id=shop.after.replay_id, from_ms=1, to_ms=START * 2)
    failed = requests.finish(requests.ask(whole))
    assert (failed.state, failed.error) == ("failed", "Nothing of the replay would be left: delete the whole replay.")


def test_what_cannot_be_deleted_is_refused(stores: Stores, shop: Shop, requests: Requests) -> None:
    from playhead.governance.requests import read_asked

    for body in (
        b"{}",
        b"[",
        b'{"what":"everything"}',
        b'{"what":"person"}',
        b'{"what":"person","distinct_ids":[""]}',
        b'{"what":"person","distinct_ids":["a\\u0000"]}',
        msgspec.json.encode({"what": "person", "distinct_ids": ["a"] * 2_001}),
        msgspec.json.encode({"what": "person", "distinct_ids": ["a" * 1_001]}),
        b'{"what":"replays","replay_ids":["../x"]}',
        b'{"what":"stretch","replay_id":"x","from_ms":1,"to_ms":2}',
        msgspec.json.encode({"what": "stretch", "replay_id": str(uuid4()), "from_ms": 2, "to_ms": 1}),
        b'{"what":"event"}',
        b'{"what":"property","property":"a","of":"group"}',
    ):
        with pytest.raises(PlayheadError):
            read_asked(body)
    with pytest.raises(NotFound):
        requests.ask(Asked("replays", replay_ids=[str(uuid4())]))


def test_a_replay_that_is_deleted_by_its_button_leaves_a_receipt(
    stores: Stores, shop: Shop, requests: Requests, clock: Clock
) -> None:
    delete_replay(stores.control, shop.project_id, shop.other.replay_id, ALICE, clock.now, receipt=True)
    with pytest.raises(Gone):
        find_replay(stores.control, shop.project_id, shop.other.replay_id, clock.now)
    delete_replay(stores.control, shop.project_id, shop.other.replay_id, ALICE, clock.now, receipt=True)
    with stores.control.read() as session:
        (asked,) = session.scalars(select(DataRequest)).all()
    assert (asked.what, asked.state, asked.requested_by) == ("replays", "running", ALICE.name)
    done = requests.finish(asked)
    assert done.state == "done"
    receipt = receipt_of(done)
    assert receipt.clean
    assert removed(receipt)["control: replays"] == 1
    assert removed(receipt)["blobs: segments"] == 1
    assert shop.replays(clock.now) == {shop.before.replay_id, shop.after.replay_id}


def test_what_a_job_would_take_first_is_counted(
    stores: Stores, settings: Settings, shop: Shop, requests: Requests, clock: Clock
) -> None:
    """While something of before waits in the journal a deletion waits too, and the tombstone's own job does not."""
    with closing(Journal.open(settings.journal_path, 10_000_000)) as journal:
        asyncio.run(journal.append([shop.other.item([click(9_000)])]))
    delete_replay(stores.control, shop.project_id, shop.other.replay_id, ALICE, clock.now + 1, receipt=True)
    with stores.control.read() as session:
        (asked,) = session.scalars(select(DataRequest)).all()
    requests.work()
    while removal.remove_deleted(stores, settings, clock.now):
        pass
    with closing(JournalQueue.open(settings.journal_path)) as queue:
        assert Delivery(queue, stores, settings).run_once()
    assert removed(receipt_of(requests.finish(asked)))["control: replays"] == 1
