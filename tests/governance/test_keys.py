"""Recordings and the journal at rest under a master key: nothing in clear on the disk, every read as before."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard
from sqlalchemy import select
from visits import START, Clock, Visit, click, mutation, opening

from playhead.governance.audit import COMMAND
from playhead.governance.deletion import delete_replay
from playhead.governance.keys import check_keys, rotate
from playhead.journal import Journal, JournalQueue, check_key, rewrap
from playhead.recordings.segments import read_footer, summary_of
from playhead.replays.access import find_replay
from playhead.replays.reading import forget_index, load_index, open_recording, read_events, stored_frame
from playhead.replays.removal import clean_up, remove_deleted, remove_expired
from playhead.replays.sealing import IDLE_LEVEL, seal_due, seal_replay
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.encryption import KeyGone, KeyMissing, Keyring, MasterKey, new_key
from playhead.stores.tables import EncryptionKey, Project, Replay

CANARY = "canary-7f3a"


@pytest.fixture
def master() -> MasterKey:
    return MasterKey(new_key())


@pytest.fixture
def locked(stores: Stores, clock: Clock, master: MasterKey) -> Iterator[Stores]:
    """The stores of a server that has a master key."""
    clock.now = START + 60_000
    return replace(stores, keyring=Keyring(master))


def events_of(stores: Stores, project: Project, replay_id: str) -> bytes:
    with stores.control.read() as session:
        row = session.get_one(Replay, (project.project_id, replay_id))
    return b"".join(read_events(stores, open_recording(stores, row), None, None, snapshot=True))


def row_of(stores: Stores, visit: Visit) -> Replay:
    with stores.control.read() as session:
        return session.get_one(Replay, (visit.project_id, visit.replay_id))


def on_disk(settings: Settings) -> bytes:
    """Every stored object, and what can be unpacked of it."""
    found = []
    for path in (settings.data / "blobs").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found.append(content)
            for magic, unpack in ((b"\x1f\x8b", gzip.decompress), (b"\x28\xb5\x2f\xfd", _unzstd)):
                at = content.find(magic)
                while at >= 0:
                    with suppress(Exception):
                        found.append(unpack(content[at:]))
                    at = content.find(magic, at + 1)
    return b"\n".join(found)


def _unzstd(content: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj(read_across_frames=True).decompress(content)


def a_visit(stores: Stores, project: Project, distinct_id: str = CANARY) -> Visit:
    visit = Visit(stores, project.project_id, distinct_id=f"$device:{distinct_id}")
    visit.send([*opening(url=f"https://shop.test/{CANARY}"), mutation(400, CANARY), click(500)])
    return visit


def test_a_replay_reads_as_before_hot_compacted_and_sealed(
    stores: Stores, locked: Stores, project: Project, settings: Settings, clock: Clock
) -> None:
    plain, secret = a_visit(stores, project), Visit(locked, project.project_id, distinct_id=f"$device:{CANARY}")
    assert CANARY.encode() in on_disk(settings)
    for path in list(stores.blobs.list("segments")):
        stores.blobs.delete(path)
    secret.send([*opening(url=f"https://shop.test/{CANARY}"), mutation(400, CANARY), click(500)])
    assert CANARY.encode() not in on_disk(settings)
    hot = events_of(locked, project, secret.replay_id)
    assert CANARY.encode() in hot

    assert seal_replay(locked, row_of(locked, secret), clock.now)
    assert events_of(locked, project, secret.replay_id) == hot
    assert CANARY.encode() not in on_disk(settings)
    # What comes late is merged with the frames that stand, which are kept as they are.
    secret.send([mutation(5_000, "late")], seq=5)
    assert seal_replay(locked, row_of(locked, secret), clock.now)
    secret.send([mutation(6_000, "later")], seq=6)
    assert seal_replay(locked, row_of(locked, secret), clock.now, level=IDLE_LEVEL)
    row = row_of(locked, secret)
    assert events_of(locked, project, secret.replay_id).startswith(hot)
    frame = stored_frame(locked, row, row.generation, 0)
    assert frame[:4] == b"\x28\xb5\x2f\xfd"
    assert hot.splitlines()[0] in _unzstd(frame)
    stored = locked.blobs.get(row.object)
    assert stored[-1] == 2
    with pytest.raises(KeyGone):
        forget_index(locked.blobs, row.object)
        row.wrapped_key = None
        load_index(locked, row)
    assert plain.replay_id != secret.replay_id


def test_a_segment_tells_whoever_has_no_key_only_which_replays_are_in_it(
    locked: Stores, project: Project, master: MasterKey
) -> None:
    from playhead.governance.keys import opener_of

    visit = a_visit(locked, project)
    (path,) = locked.blobs.list(f"segments/{project.project_id}")
    stored = locked.blobs.get(path)
    (entry,) = read_footer(stored)
    assert (entry.replay_id, entry.summary.distinct_id, entry.summary.pages) == (visit.replay_id, "", [])
    assert summary_of(entry, opener_of(locked, row_of(locked, visit))).device_id == CANARY


def test_a_flush_that_is_run_again_writes_the_same_bytes(locked: Stores, project: Project) -> None:
    from uuid import uuid4

    from visits import deliver

    visit, flush_id = Visit(locked, project.project_id), uuid4()
    item = visit.item(opening())
    deliver(locked, [item], flush_id)
    (path,) = locked.blobs.list(f"segments/{project.project_id}")
    first = locked.blobs.get(path)
    deliver(locked, [item], flush_id)
    assert locked.blobs.get(path) == first


def test_what_was_stored_before_there_was_a_key_stays_readable_and_its_next_generation_is_encrypted(
    stores: Stores, locked: Stores, project: Project, settings: Settings, clock: Clock
) -> None:
    visit = a_visit(stores, project)
    assert seal_replay(stores, row_of(stores, visit), clock.now)
    before = events_of(locked, project, visit.replay_id)
    visit.stores = locked
    visit.send([mutation(5_000, "late")], seq=4)
    assert events_of(locked, project, visit.replay_id).startswith(before)
    assert seal_replay(locked, row_of(locked, visit), clock.now)
    assert events_of(locked, project, visit.replay_id).startswith(before)
    clock.now += 700_000
    clean_up(locked, clock.now)
    assert CANARY.encode() not in on_disk(settings)


@pytest.mark.parametrize("how", ["deleted", "expired"])
def test_dropping_the_key_makes_every_copy_unreadable_and_the_rest_goes_on(
    how: str, locked: Stores, project: Project, settings: Settings, clock: Clock
) -> None:
    visit, other = a_visit(locked, project), a_visit(locked, project)
    assert seal_replay(locked, row_of(locked, visit), clock.now)
    row = row_of(locked, visit)
    copy = locked.blobs.get(row.object)
    if how == "deleted":
        delete_replay(locked.control, project.project_id, visit.replay_id, COMMAND, clock.now)
    else:
        with locked.control.write() as session:
            session.get_one(Replay, (project.project_id, visit.replay_id)).expires_at_ms = clock.now - 1
        remove_expired(locked, clock.now)
    assert row_of(locked, visit).wrapped_key is None
    remove_deleted(locked, settings, clock.now)
    assert not locked.blobs.exists(row.object)
    # A copy that someone kept opens for nobody.
    row.wrapped_key = None
    row.object = "recordings/00/kept"
    locked.blobs.put(row.object, copy)
    with pytest.raises(KeyGone):
        load_index(locked, row)
    assert CANARY.encode() in events_of(locked, project, other.replay_id)


def test_rotation_wraps_keys_anew_and_touches_no_recording(
    locked: Stores, project: Project, settings: Settings, clock: Clock, master: MasterKey
) -> None:
    visits = [a_visit(locked, project) for _ in range(3)]
    assert seal_due(locked, settings, clock.now + 3_600_000) == 3
    before = {visit.replay_id: events_of(locked, project, visit.replay_id) for visit in visits}
    objects = {path: locked.blobs.get(path) for path in locked.blobs.list("")}
    wraps = [row_of(locked, visit).wrapped_key for visit in visits]

    fresh = MasterKey(new_key())
    turning = replace(locked, keyring=Keyring(fresh, (master,)))
    assert rotate(turning) == {project.project_id: 3}
    assert not set(wraps) & {row_of(locked, visit).wrapped_key for visit in visits}
    with locked.control.read() as session:
        assert list(session.scalars(select(EncryptionKey.master))) == [fresh.name]
    assert {path: locked.blobs.get(path) for path in locked.blobs.list("")} == objects

    after = replace(locked, keyring=Keyring(fresh))
    for visit in visits:
        forget_index(after.blobs, row_of(after, visit).object)
    assert {visit.replay_id: events_of(after, project, visit.replay_id) for visit in visits} == before
    check_keys(after.control, after.keyring)
    with pytest.raises(KeyMissing):
        check_keys(locked.control, locked.keyring)


def test_the_journal_holds_nothing_in_clear_and_gives_it_back(
    locked: Stores, project: Project, tmp_path: Path, master: MasterKey
) -> None:
    path = tmp_path / "journal.sqlite"
    item = Visit(locked, project.project_id, distinct_id=CANARY).item([*opening(), mutation(400, CANARY)])
    item = type(item)(
        **{name: getattr(item, name) for name in item.__struct_fields__} | {"payload": gzip.decompress(item.payload)}
    )
    with closing(Journal.open(path, 10_000_000, locked.keyring)) as journal:
        asyncio.run(journal.append([item]))
        assert all(CANARY.encode() not in file.read_bytes() for file in tmp_path.glob("journal.sqlite*"))
    fresh = MasterKey(new_key())
    assert rewrap(path, Keyring(fresh, (master,)))
    with closing(JournalQueue.open(path, Keyring(fresh))) as queue:
        flush = queue.begin_flush(1_000_000)
        assert flush is not None
        assert queue.items(flush) == [item]
        queue.bury(flush, item.ingest_id, "for the test")
        assert queue.dead_letters()[0].item == item
    check_key(path, Keyring(fresh))
    with pytest.raises(KeyMissing):
        check_key(path, Keyring())
    with closing(JournalQueue.open(path, Keyring(master))) as queue, pytest.raises(KeyMissing):
        queue.dead_letters()
    with pytest.raises(KeyMissing):
        Journal.open(path, 10_000_000, Keyring(master))


def test_without_a_master_key_everything_is_stored_as_it_was(stores: Stores, project: Project, clock: Clock) -> None:
    clock.now = START + 60_000
    visit = a_visit(stores, project)
    assert seal_replay(stores, row_of(stores, visit), clock.now)
    row = find_replay(stores.control, project.project_id, visit.replay_id, clock.now)
    assert row.wrapped_key is None
    assert stores.blobs.get(row.object)[-1] == 1
    with stores.control.read() as session:
        assert session.scalars(select(EncryptionKey)).all() == []
