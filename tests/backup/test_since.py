"""A restored backup brings back nothing that was taken away since it was made: no data, no right, no secret."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient
from visits import START, Clock, Visit, click, mutation, opening, set_profile, track

from backup.places import a_little_history, done, empty_place
from playhead.accounts import NewProject
from playhead.accounts.keys import new_key, revoke_key
from playhead.accounts.members import add_member, change_role, new_member, remove_member
from playhead.accounts.projects import rotate_token
from playhead.accounts.sessions import Browser, begin_session, find_session
from playhead.api.app import create_api
from playhead.backup import rows
from playhead.backup.making import back_up, write_notes
from playhead.backup.repository import STANDING, TOMBSTONES, Repository
from playhead.backup.restoring import restore
from playhead.governance import audit, retention
from playhead.governance.requests import Asked, create_deletion, receipt_of
from playhead.processes import with_secret
from playhead.replays.access import find_replay
from playhead.replays.reading import open_recording, read_events
from playhead.replays.sealing import seal_replay
from playhead.replays.sharing import follow_link, make_link, revoke_link, share_no_more, share_with
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.analytics import Analytics
from playhead.stores.tables import (
    ApiKey,
    DataRequest,
    LoginSession,
    Member,
    Membership,
    Project,
    RecoveryCode,
    SharedReplay,
    ShareLink,
)

CANARY = "canary-4417"


@pytest.fixture
def place(own_engine: Analytics, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, Stores]]:
    with empty_place(own_engine, tmp_path_factory.mktemp("empty")) as made:
        yield made


def asks(settings: Settings, stores: Stores, project: NewProject, path: str, key: str = "") -> tuple[int, str]:
    with TestClient(create_api(settings, stores), base_url="http://127.0.0.1:8800") as client:
        headers = {"Authorization": f"Bearer {key or project.api_key}"}
        answer = client.get(f"/api/projects/{project.project_id}{path}", headers=headers)
        return answer.status_code, answer.text


def text_of(stores: Stores, project_id: str, replay_id: str, now_ms: int) -> str:
    replay = find_replay(stores.control, project_id, replay_id, now_ms)
    return b"".join(read_events(stores, open_recording(stores, replay), None, None, snapshot=True)).decode()


class Team:
    """Members, keys and links as they were when the backup was made."""

    def __init__(self, stores: Stores, project: NewProject, replay_id: str, now_ms: int) -> None:
        self.stores, self.project_id, self.replay_id = stores, project.project_id, replay_id
        with stores.control.write() as session:
            members = [new_member(session, f"{name}@team.test", name) for name in ("ann", "bob", "eve", "olga")]
            for member, role in zip(members, ("analyst", "admin", "viewer", "owner"), strict=True):
                add_member(session, self.project_id, member, role, unmasked=role == "admin")
                session.add(RecoveryCode(member_id=member.member_id, code_hash=f"{member.name}-1"))
                member.password_hash = "before"
            self.ann, self.bob, self.eve, self.olga = [member.member_id for member in members]
            key, self.key = new_key(self.project_id, "stolen", ["read"], "olga", 0, unmasked=True)
            self.key_id = key.key_id
            session.add(key)
            self.session = begin_session(session, members[0], "password", Browser())
        self.link, self.secret = make_link(stores.control, self.project_id, replay_id, 48, audit.COMMAND, now_ms)
        self.kept, self.kept_secret = make_link(stores.control, self.project_id, replay_id, 48, audit.COMMAND, now_ms)
        share_with(stores.control, self.project_id, replay_id, self.eve, audit.COMMAND, now_ms)

    def take_away(self) -> None:
        control = self.stores.control
        share_no_more(control, self.project_id, self.replay_id, self.eve, audit.COMMAND)
        revoke_link(control, self.project_id, self.replay_id, self.link.link_id, audit.COMMAND)
        rotate_token(control, self.project_id, 0, audit.COMMAND)
        with control.write() as session:
            remove_member(session, self.project_id, self.ann)
            change_role(session, self.project_id, self.bob, "viewer", False)
            revoke_key(session, self.project_id, self.key_id)
            session.get_one(Member, self.olga).password_hash = "after"
            session.delete(session.get_one(RecoveryCode, (self.olga, "olga-1")))


@pytest.mark.parametrize("known_to", ["the backups", "the old control store"])
def test_what_was_revoked_stays_revoked(
    stores: Stores, settings: Settings, shop: NewProject, clock: Clock, repository: Repository,
    place: tuple[Settings, Stores], known_to: str,
) -> None:  # fmt: skip
    replay_id = a_little_history(stores, shop, settings, clock)[1]
    team = Team(stores, shop, replay_id, clock.now)
    back_up(settings, stores, repository)
    token = shop.token
    team.take_away()
    if known_to == "the backups":
        write_notes(stores.control, repository)
    there_settings, there = place
    found = restore(there_settings, there, repository, tombstones="" if known_to == "the backups" else settings.control)
    assert found.revoked == 8
    with there.control.read() as session:
        roles = {row.member_id: (row.role, row.unmasked) for row in session.scalars(select(Membership))}
        assert roles == {team.bob: ("viewer", 0), team.eve: ("viewer", 0), team.olga: ("owner", 0)}
        assert session.get_one(Member, team.olga).password_hash == "after"
        assert {row.code_hash for row in session.scalars(select(RecoveryCode))} == {"ann-1", "bob-1", "eve-1"}
        assert not session.scalars(select(SharedReplay)).all()
        assert [row.link_id for row in session.scalars(select(ShareLink))] == [team.kept.link_id]
        assert team.key_id not in {row.key_id for row in session.scalars(select(ApiKey))}
        assert session.scalars(select(Project.token)).one() != token
        assert not session.scalars(select(LoginSession)).all()
    assert find_session(there.control, team.session.cookie, clock.now) is None
    assert asks(there_settings, there, shop, "/replays", team.key)[0] == 401
    assert asks(there_settings, there, shop, "/replays")[0] == 200
    with pytest.raises(Exception, match="leads nowhere"):
        follow_link(there.control, team.secret, clock.now)
    assert follow_link(there.control, team.kept_secret, clock.now)


def test_a_list_of_before_that_knows_nothing_of_rights_takes_none(
    stores: Stores, settings: Settings, shop: NewProject, clock: Clock, repository: Repository,
    place: tuple[Settings, Stores],
) -> None:  # fmt: skip
    team = Team(stores, shop, a_little_history(stores, shop, settings, clock)[1], clock.now)
    back_up(settings, stores, repository)
    # As a Playhead writes it that knows no shared replays, and as one does that knows nothing at all.
    some = [line for line in rows.lines(repository.note(STANDING)) if line.table != "shared_replays"]
    some[0].values["tables"].remove("shared_replays")
    repository.put_note(STANDING, some)
    there_settings, there = place
    assert restore(there_settings, there, repository).revoked == 0
    with there.control.read() as session:
        assert session.scalars(select(SharedReplay.member_id)).all() == [team.eve]


def test_a_stretch_that_was_cut_out_is_cut_out_before_anybody_reads_it(
    stores: Stores, settings: Settings, shop: NewProject, clock: Clock, repository: Repository,
    place: tuple[Settings, Stores],
) -> None:  # fmt: skip
    settings = with_secret(settings)
    visit, short = Visit(stores, shop.project_id), Visit(stores, shop.project_id)
    visit.send([*opening(), click(500), mutation(5_000, CANARY), mutation(9_000, "after")])
    short.send([mutation(5_000, CANARY)])
    clock.now = START + 3_600_000
    seal_replay(stores, find_replay(stores.control, shop.project_id, visit.replay_id, clock.now), clock.now)
    back_up(settings, stores, repository)
    short.send([*opening(20_000), click(21_000)], seq=1)
    asked = [
        create_deletion(
            stores, shop.project_id,
            Asked("stretch", replay_id=each.replay_id, from_ms=START + 4_000, to_ms=START + 6_000),
            audit.COMMAND, clock.now,
        )
        for each in (visit, short)
    ]  # fmt: skip
    for request in asked:
        done(stores, settings, request, clock)
    write_notes(stores.control, repository)

    there_settings, there = place
    assert restore(there_settings, there, repository).deleted == 2
    text = text_of(there, shop.project_id, visit.replay_id, clock.now)
    assert CANARY not in text
    assert "after" in text
    # All that the backup had of the other lay in the stretch.
    assert asks(there_settings, there, shop, f"/replays/{short.replay_id}")[0] == 410
    assert not [path for path in there.blobs.list("") if CANARY.encode() in there.blobs.get(path)]
    with there.control.read() as session:
        again = session.get_one(DataRequest, (shop.project_id, asked[0].request_id))
    receipt = done(there, with_secret(there_settings), again, clock)
    assert receipt.clean
    assert [(each.what, each.count) for each in receipt.removed] == [("rrweb events", 1)]


def test_a_property_and_an_event_that_were_deleted_are_deleted_again(
    stores: Stores, settings: Settings, shop: NewProject, clock: Clock, repository: Repository,
    place: tuple[Settings, Stores],
) -> None:  # fmt: skip
    settings = with_secret(settings)
    for name in ("Bought", "Secret"):
        track(stores, shop.project_id, name, distinct_id="ann", user_id="ann", properties={"plan": CANARY, "n": 1})
    set_profile(stores, shop.project_id, "ann", **{"$name": "Ann", "card": CANARY})
    back_up(settings, stores, repository)
    for asked in (
        Asked("event", event="Secret"), Asked("property", property="plan"),
        Asked("property", property="card", of="profile"),
    ):  # fmt: skip
        done(stores, settings, create_deletion(stores, shop.project_id, asked, audit.COMMAND, clock.now), clock)
    write_notes(stores.control, repository)
    there_settings, there = place
    assert restore(there_settings, there, repository).deleted == 3
    for path in ("/export?from=2026-11-01&to=2026-11-30", "/people/ann", "/people/ann/events"):
        status, text = asks(there_settings, there, shop, path)
        assert status == 200
        assert CANARY not in text, path
        assert "Secret" not in text, path
    with there.control.read() as session:
        standing = session.scalars(select(DataRequest)).all()
    receipts = [done(there, with_secret(there_settings), each, clock) for each in standing]
    assert all(receipt.clean for receipt in receipts)
    assert len(receipts) == 3


def test_what_was_stored_after_a_deletion_comes_back(
    stores: Stores, settings: Settings, shop: NewProject, clock: Clock, repository: Repository,
    place: tuple[Settings, Stores],
) -> None:  # fmt: skip
    settings = with_secret(settings)
    track(stores, shop.project_id, "Bought", at=1, properties={"plan": "old"})
    asked = create_deletion(stores, shop.project_id, Asked("property", property="plan"), audit.COMMAND, clock.now)
    done(stores, settings, asked, clock)
    track(stores, shop.project_id, "Bought", at=2, properties={"plan": "new"})
    back_up(settings, stores, repository)
    assert [line.table for line in rows.lines(repository.note(TOMBSTONES))] == ["projects", "data_requests"]
    there_settings, there = place
    assert restore(there_settings, there, repository).deleted == 0
    text = asks(there_settings, there, shop, "/export?from=2026-11-01&to=2026-11-30")[1]
    assert "new" in text
    with there.control.read() as session:
        assert receipt_of(session.get_one(DataRequest, (shop.project_id, asked.request_id))).clean


def test_days_that_were_lowered_since_are_as_low_again(
    stores: Stores, settings: Settings, shop: NewProject, clock: Clock, repository: Repository,
    place: tuple[Settings, Stores],
) -> None:  # fmt: skip
    first = a_little_history(stores, shop, settings, clock)[0]
    clock.now += 3 * 86_400_000
    back_up(settings, stores, repository)
    retention.change(stores, shop.project_id, retention.Days(2, 2, 0), audit.COMMAND, clock.now)
    write_notes(stores.control, repository)
    there_settings, there = place
    restore(there_settings, there, repository)
    assert retention.days_of(there.control, shop.project_id) == retention.Days(2, 2, 0)
    assert asks(there_settings, there, shop, f"/replays/{first}")[0] == 410
    assert asks(there_settings, there, shop, "/export?from=2026-11-01&to=2026-11-30")[1] == ""
