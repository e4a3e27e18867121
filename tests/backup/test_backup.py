"""A backup restored into an empty place answers every question as the original did."""

from __future__ import annotations

import asyncio
import gzip
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient
from visits import Clock, Visit, click, opening, track

from backup.places import a_little_history, done, empty_place
from playhead.accounts import NewProject, create_project, projects
from playhead.accounts.projects import delete_project
from playhead.api.app import create_api
from playhead.backup import making
from playhead.backup.making import back_up, housekeeping_rests, one_at_a_time, sweep, write_notes
from playhead.backup.repository import TOMBSTONES, Damaged, Repository
from playhead.backup.restoring import restore
from playhead.delivery.flush import Delivery
from playhead.errors import PlayheadError
from playhead.governance import audit
from playhead.governance.deletion import delete_replay
from playhead.governance.requests import Asked, create_deletion
from playhead.journal import Journal, JournalQueue
from playhead.leases import BACKUP, housekeeping, is_taken, take_lease
from playhead.processes import with_secret
from playhead.replays.sealing import seal_due
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.analytics import Analytics
from playhead.stores.control import Control
from playhead.stores.encryption import Keyring, MasterKey, new_key
from playhead.stores.tables import AuditEntry, DataRequest, Segment


def answers(settings: Settings, stores: Stores, project: NewProject, replays: list[str]) -> dict[str, object]:
    """What every read of the API says."""
    found: dict[str, object] = {}
    paths = [
        "/replays", "/replays?event=Bought", "/people?q=ann", "/people/ann1", "/people/ann1/events",
        "/people/ann1/replays", "/events/names", "/events/properties?event=Bought",
        "/events/values?event=Bought&property=price", "/export?from=2026-11-01&to=2026-11-30", "/reports", "/boards",
        "/lexicon/events", "/privacy/rules",
    ]  # fmt: skip
    for replay_id in replays:
        paths += [f"/replays/{replay_id}{tail}" for tail in ("", "/events", "/index", "/frames/1/0")]
    with TestClient(create_api(settings, stores), base_url="http://127.0.0.1:8800") as client:
        client.headers["Authorization"] = f"Bearer {project.api_key}"
        for path in paths:
            answer = client.get(f"/api/projects/{project.project_id}{path}")
            found[path] = (answer.status_code, answer.content if "frames" in path else answer.text)
        report = {
            "from": "2026-11-20",
            "to": "2026-11-24",
            "unit": "day",
            "metrics": [{"event": "Bought", "measure": "unique"}],
        }
        answer = client.post(f"/api/projects/{project.project_id}/reports/insights", json=report)
        found["insights"] = answer.json()["series"]
        answer = client.post(
            f"/api/projects/{project.project_id}/reports/insights/replays", json=report | {"point": {"metric": 0}}
        )
        found["behind"] = answer.json()["results"]
    return found


def test_everything_answers_as_before_from_a_restored_backup(
    stores: Stores, settings: Settings, shop: NewProject, clock: Clock, repository: Repository, own_engine: Analytics,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    replays = a_little_history(stores, shop, settings, clock)
    before = answers(settings, stores, shop, replays)
    assert {status for status, _ in (before[path] for path in before if path.startswith("/"))} <= {200, 404}  # type: ignore[misc, has-type]

    made = back_up(settings, stores, repository)
    assert made.new_bytes == repository.verify(repository.manifest(made.backup_id)) or made.new_bytes > 0
    with empty_place(own_engine, tmp_path_factory.mktemp("empty")) as (place, there):
        done = restore(place, there, repository)
        assert (done.backup_id, done.objects, done.deleted) == (made.backup_id, made.objects, 0)
        assert answers(place, there, shop, replays) == before
        # It goes on: what is hot is sealed, what is new is taken.
        assert seal_due(there, place, clock.now + 7_200_000) == 2
        with there.control.read() as session:
            assert [each.action for each in session.scalars(select(AuditEntry).where(AuditEntry.project_id == ""))] == [
                "backup.restored"
            ]
    with stores.control.read() as session:
        assert "backup.made" in session.scalars(select(AuditEntry.action)).all()


def test_a_second_backup_stores_only_what_is_new(
    stores: Stores, settings: Settings, shop: NewProject, clock: Clock, repository: Repository
) -> None:
    replays = a_little_history(stores, shop, settings, clock)
    first = back_up(settings, stores, repository)
    before = {path for path, _ in repository.blobs.sizes("pieces")}
    Visit(stores, shop.project_id).send([*opening(), click(400)])
    again = Repository(repository.blobs)
    clock.now += 1_000
    second = back_up(settings, stores, again)

    assert len(replays) == 3
    assert second.objects == first.objects + 1
    assert second.new_bytes < first.new_bytes
    old, new = again.manifest(first.backup_id), again.manifest(second.backup_id)
    assert [file for file in new.blobs if file in old.blobs] == old.blobs
    assert before < {path for path, _ in repository.blobs.sizes("pieces")}

    assert again.keep(again.ids()[-1:]) == 1
    assert again.ids() == [second.backup_id]
    assert again.verify(again.manifest(second.backup_id)) > 0


def test_what_was_deleted_after_the_backup_does_not_come_back(
    stores: Stores, settings: Settings, shop: NewProject, clock: Clock, repository: Repository, own_engine: Analytics,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    first, second, third = a_little_history(stores, shop, settings, clock)
    other = create_project(stores.control, "Other", 30)
    back_up(settings, stores, repository)
    delete_replay(stores.control, shop.project_id, first, audit.COMMAND, clock.now)
    delete_project(stores.control, other.project_id, audit.COMMAND)
    write_notes(stores.control, repository)
    # The last one is known to the control store that still stands, and to no backup.
    delete_replay(stores.control, shop.project_id, third, audit.COMMAND, clock.now)
    clock.now += 120_000
    with empty_place(own_engine, tmp_path_factory.mktemp("empty")) as (place, there):
        assert restore(place, there, repository, tombstones=settings.control).deleted == 3
        assert [each.name for each in projects(there.control)] == ["Shop"]
        found = answers(place, there, shop, [first, second, third])
        assert [found[f"/replays/{each}"][0] for each in (first, second, third)] == [410, 200, 410]  # type: ignore[index]
        standing = list(there.blobs.list(""))
        assert not [path for path in standing if first in path or third in path]
        rows = there.analytics.query(
            "SELECT DISTINCT toString(replay_id) AS id FROM replay_parts WHERE project_id = {p:String}",
            {"p": shop.project_id},
        )
        assert {row["id"] for row in rows} == {second}


def test_a_person_deleted_after_the_backup_is_deleted_again(
    stores: Stores, settings: Settings, shop: NewProject, clock: Clock, repository: Repository, own_engine: Analytics,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    settings = with_secret(settings)
    first, second, _ = a_little_history(stores, shop, settings, clock)
    back_up(settings, stores, repository)
    deletion = create_deletion(
        stores, shop.project_id, Asked(what="person", distinct_ids=["ann0"]), audit.COMMAND, clock.now
    )
    done(stores, settings, deletion, clock)
    write_notes(stores.control, repository)
    with empty_place(own_engine, tmp_path_factory.mktemp("empty")) as (place, there):
        restore(place, there, repository)
        found = answers(place, there, shop, [first, second])
        assert [found[f"/replays/{each}"][0] for each in (first, second)] == [410, 200]  # type: ignore[index]
        assert "ann0" not in str([value for path, value in found.items() if "ann1" not in path])
        with there.control.read() as session:
            again = session.scalars(select(DataRequest)).one()
        receipt = done(there, with_secret(place), again, clock)
        assert receipt.clean
        assert {(each.store, each.what) for each in receipt.removed} >= {("analytics", "events")}


def test_a_dropped_key_is_dropped_from_every_backup(
    stores: Stores, settings: Settings, shop: NewProject, clock: Clock, repository: Repository, own_engine: Analytics,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    keyring = Keyring(MasterKey(new_key()))
    locked = replace(stores, keyring=keyring)
    first, second, _ = a_little_history(locked, shop, settings, clock)
    before = answers(settings, locked, shop, [second])
    back_up(settings, locked, repository)
    delete_replay(stores.control, shop.project_id, first, audit.COMMAND, clock.now)
    write_notes(stores.control, repository)
    # Whatever becomes of the tombstone: the backup's bytes open for nobody any more.
    repository.put_note(TOMBSTONES, [])
    with empty_place(own_engine, tmp_path_factory.mktemp("empty")) as (place, opened):
        there = replace(opened, keyring=keyring)
        restore(place, there, repository)
        assert answers(place, there, shop, [second])[f"/replays/{second}/events"] == before[f"/replays/{second}/events"]
        assert answers(place, there, shop, [first])[f"/replays/{first}/events"][0] == 410  # type: ignore[index]


def test_what_waits_in_the_journal_is_delivered_after_the_restore(
    stores: Stores, settings: Settings, shop: NewProject, clock: Clock, repository: Repository, own_engine: Analytics,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    visit = Visit(stores, shop.project_id)
    with closing(Journal.open(settings.journal_path, 10_000_000)) as journal:
        asyncio.run(journal.append([visit.item([*opening(), click(300)])]))
        with closing(JournalQueue.open(settings.journal_path)) as queue:
            # Begun and not confirmed: the same flush goes on in the restored place.
            assert queue.begin_flush(1_000_000)
            back_up(settings, stores, repository)
    with empty_place(own_engine, tmp_path_factory.mktemp("empty")) as (place, there):
        restore(place, there, repository)
        with closing(JournalQueue.open(place.journal_path)) as queue:
            assert Delivery(queue, there, place).run_once()
        found = answers(place, there, shop, [visit.replay_id])
        assert found[f"/replays/{visit.replay_id}/events"][0] == 200  # type: ignore[index]


def test_an_object_that_came_between_the_copies_is_taken_by_the_cleanup(
    stores: Stores, settings: Settings, shop: NewProject, clock: Clock, repository: Repository, own_engine: Analytics,
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    read_control = making._copy_control
    late = Visit(stores, shop.project_id)

    def and_then_deliver(control: object, target: Path) -> object:
        found = read_control(control, target)  # type: ignore[arg-type]
        late.send(opening())
        return found

    monkeypatch.setattr(making, "_copy_control", and_then_deliver)
    back_up(settings, stores, repository)
    with empty_place(own_engine, tmp_path_factory.mktemp("empty")) as (place, there):
        restore(place, there, repository)
        with there.control.read() as session:
            assert list(session.scalars(select(Segment.object))) == list(there.blobs.list("segments"))


def test_nothing_is_restored_over_anything(
    stores: Stores, settings: Settings, shop: NewProject, clock: Clock, repository: Repository, own_engine: Analytics,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    back_up(settings, stores, repository)
    with empty_place(own_engine, tmp_path_factory.mktemp("empty")) as (place, there):
        there.blobs.put("segments/x/y/z", b"something")
        with pytest.raises(PlayheadError, match="empty stores"):
            restore(place, there, repository)
    with pytest.raises(PlayheadError, match="holds rows"):
        restore(settings, stores, repository)


def test_a_piece_with_other_bytes_is_found(
    stores: Stores, settings: Settings, shop: NewProject, clock: Clock, repository: Repository, own_engine: Analytics,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    made = back_up(settings, stores, repository)
    manifest = repository.manifest(made.backup_id)
    path = f"pieces/{manifest.control.pieces[0][:2]}/{manifest.control.pieces[0]}"
    content = repository.blobs.get(path)
    repository.blobs.put(path, gzip.compress(content))
    with pytest.raises(Damaged, match="control"):
        repository.verify(manifest)
    with (
        empty_place(own_engine, tmp_path_factory.mktemp("empty")) as (place, there),
        pytest.raises(Damaged, match="control"),
    ):
        restore(place, there, repository)
    repository.blobs.delete(path)
    with pytest.raises(Damaged, match="not in the backup"):
        repository.verify(manifest)


def test_a_server_writes_its_own_backups_each_on_the_base_of_the_one_before(
    stores: Stores, settings: Settings, shop: NewProject, clock: Clock, repository: Repository, own_engine: Analytics,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    # The embedded engine knows the statement as a server does; where it writes is in its own directory.
    with empty_place(own_engine, tmp_path_factory.mktemp("first")) as (place, there):
        there.analytics.migrate()
        place.analytics_backup = "File('{name}')"
        project = create_project(there.control, "Shop", 30)
        track(there, project.project_id, "Bought")
        back_up(place, there, repository)
        track(there, project.project_id, "Bought", at=5)
        clock.now += 1_000
        made = back_up(place, there, repository)
        before = answers(place, there, project, [])
    manifest = repository.manifest(made.backup_id)
    assert manifest.analytics.tables == []
    with empty_place(own_engine, tmp_path_factory.mktemp("second")) as (place, there):
        restore(place, there, repository)
        assert answers(place, there, project, []) == before

    settings.analytics_backup = "Disk('backups', 'always the same')"
    elsewhere = Repository.open(str(tmp_path_factory.mktemp("elsewhere")))
    with pytest.raises(PlayheadError, match="for every backup its own"):
        back_up(settings, stores, elsewhere)


def test_housekeeping_rests_while_a_backup_copies(stores: Stores) -> None:
    with housekeeping_rests(stores):
        assert not take_lease(stores.control, housekeeping(""), "worker", 60)
        assert is_taken(stores.control, BACKUP)
    assert take_lease(stores.control, housekeeping(""), "worker", 60)
    assert not is_taken(stores.control, BACKUP)


def test_what_a_killed_backup_left_is_swept_away(stores: Stores, settings: Settings) -> None:
    directory = stores.analytics.embedded_directory
    assert directory
    stores.analytics.command("ALTER TABLE schema_migrations FREEZE WITH NAME 'playhead_1_killed'")
    room = settings.data / f"{making.ROOM}killed"
    room.mkdir()
    (room / "control.ndjson").write_text("{}")
    with one_at_a_time(stores.control):
        assert sweep(settings, stores) == 0
    assert sweep(settings, stores) == 2
    assert not room.exists()
    assert not list((directory / "clickhouse" / "shadow").glob("playhead_*"))


def test_one_backup_is_made_at_a_time(stores: Stores) -> None:
    with (
        one_at_a_time(stores.control),
        pytest.raises(PlayheadError, match="another backup"),
        one_at_a_time(stores.control),
    ):
        pass
    with one_at_a_time(stores.control):
        pass


def test_a_backup_is_not_kept_with_what_it_is_of(stores: Stores, settings: Settings) -> None:
    for where in (settings.blobs, str(settings.data / "backups")):
        with pytest.raises(PlayheadError, match="can't be kept"):
            back_up(settings, stores, Repository.open(where))


def test_another_installation_does_not_replace_the_keys_and_tombstones(
    stores: Stores, settings: Settings, shop: NewProject, repository: Repository, tmp_path: Path
) -> None:
    """As after the loss of the control store: a scheduled backup must not take the keys of the backups before away."""
    write_notes(stores.control, repository)
    with closing(Control.open(f"sqlite:///{tmp_path / 'new.sqlite'}")) as fresh:
        fresh.migrate()
        for backing_up in (
            lambda: write_notes(fresh, repository),
            lambda: back_up(settings, replace(stores, control=fresh), repository),
        ):
            with pytest.raises(PlayheadError, match=f"another installation.*{shop.project_id}"):
                backing_up()


def test_an_unknown_backup_is_named(repository: Repository, stores: Stores, settings: Settings) -> None:
    with pytest.raises(PlayheadError, match="no backup in"):
        restore(settings, stores, repository)
    with pytest.raises(PlayheadError, match="no backup nope"):
        repository.manifest("nope")
