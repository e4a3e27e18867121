"""A job applies rules to what is stored: new generations, the old ones deleted, and it goes on wherever it was cut off."""

from __future__ import annotations

import json
from typing import Any

import pytest
from visits import EPOCH, START, Clock, Visit, meta
from visits import page as shown

from playhead.errors import Conflict, PlayheadError
from playhead.governance.audit import COMMAND
from playhead.governance.jobs import cancel_job, create_job, find_job, jobs
from playhead.governance.rules import create_rule
from playhead.replays import backwards, removal, sealing
from playhead.replays.access import check_watchable, find_replay
from playhead.replays.detail import detail
from playhead.replays.feed import FeedQuery, feed
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.tables import PrivacyJob, Project

from .test_masking import CANARY, change, page, read, row_of, stored

MAIL = "canary@leak.test"
EMAIL = r"[\w.+-]+@[\w-]+\.[\w.]+"


@pytest.fixture(autouse=True)
def _standing(clock: Clock) -> None:
    clock.now = START + 60_000


@pytest.fixture
def visits(stores: Stores, project: Project, settings: Settings, clock: Clock) -> list[Visit]:
    """Three replays: sealed, compacted with hot blocks beside, hot only. One has nothing that matches."""
    found = [Visit(stores, project.project_id, f"00000000-0000-4000-8000-00000000000{n}") for n in range(1, 4)]
    found[0].send(
        [*page(0), shown(1_000, f"https://shop.test/?mail={MAIL}"), change(2_000, MAIL)],
        distinct_id="user-1",
    )
    found[1].send([*page(0), change(2_000, MAIL)])
    sealing.seal_replay(stores, row_of(stores, found[0]), clock.now)
    sealing.seal_replay(stores, row_of(stores, found[1]), clock.now)
    found[1].send([change(3_000, MAIL)], seq=3)
    found[2].send([meta(0), {"type": 2, "timestamp": START, "data": {"node": {"type": 0, "childNodes": [], "id": 1}}}])
    return found


@pytest.fixture
def rules(stores: Stores, project: Project) -> None:
    create_rule(stores.control, project.project_id, "pattern", EMAIL, "", COMMAND, START)
    create_rule(stores.control, project.project_id, "mask", ".secret", "", COMMAND, START)


def run(stores: Stores, settings: Settings, clock: Clock, **more: Any) -> int:
    clock.now += backwards.START_AFTER_MS
    return backwards.run_privacy_jobs(stores, settings, clock.now, **more)


@pytest.mark.usefixtures("rules")
def test_everything_stored_is_masked_and_the_old_is_gone(
    stores: Stores, settings: Settings, visits: list[Visit], project: Project, clock: Clock
) -> None:
    assert MAIL.encode() in stored(stores)
    job = create_job(stores.control, project.project_id, COMMAND, clock.now)
    assert backwards.run_privacy_jobs(stores, settings, clock.now) == 0, "capture may not know the rules yet"
    assert run(stores, settings, clock) == 3
    job = find_job(stores.control, project.project_id, job.job_id)
    assert (job.state, job.total, job.done, job.changed, job.failed) == ("done", 3, 3, 2, 0)
    for visit in visits:
        text = json.dumps(read(stores, visit))
        assert MAIL not in text
        assert CANARY not in text
    assert [event["timestamp"] - START for event in read(stores, visits[1])] == [0, 0, 2_000, 3_000]
    sealing.seal_replay(stores, row_of(stores, visits[2]), clock.now)
    clock.now += removal.SEGMENT_YOUNG_MS
    removal.clean_up(stores, clock.now)
    assert MAIL.encode() not in stored(stores)
    assert CANARY.encode() not in stored(stores)
    rows = stores.analytics.query_bytes(
        "SELECT * FROM replay_parts WHERE project_id = {p:String}", {"p": project.project_id}
    )
    assert MAIL.encode() not in rows, "nor do superseded rows name it"
    row = next(
        r
        for r in feed(stores, project.project_id, FeedQuery(), clock.now).results
        if r.replay_id == visits[0].replay_id
    )
    assert row.distinct_id == "user-1", "by which the person can still be found and deleted"
    assert (row.event_count, row.start_url) == (4, "https://shop.test/?mail=" + "*" * 16)


@pytest.mark.usefixtures("rules", "visits")
def test_again_it_changes_nothing(stores: Stores, settings: Settings, project: Project, clock: Clock) -> None:
    for changed in (2, 0):
        create_job(stores.control, project.project_id, COMMAND, clock.now)
        run(stores, settings, clock)
        assert jobs(stores.control, project.project_id)[0].changed == changed
        clock.now += 1


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize("cut", ["before the switch", "after the switch"])
def test_cut_off_in_the_middle_it_goes_on(
    stores: Stores, settings: Settings, visits: list[Visit], project: Project, clock: Clock, cut: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """What `kill -9` leaves behind at the two places that matter; another worker takes the job up."""
    job = create_job(stores.control, project.project_id, COMMAND, clock.now)

    class Killed(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(sealing, "_switch" if cut == "before the switch" else "write_parts", killed)
        with pytest.raises(Killed):
            run(stores, settings, clock)
    assert find_job(stores.control, project.project_id, job.job_id).state == "running"
    sealing.reconcile(stores)
    run(stores, settings, clock)
    job = find_job(stores.control, project.project_id, job.job_id)
    assert (job.state, job.done, job.failed) == ("done", 3, 0)
    for visit in visits:
        assert MAIL not in json.dumps(read(stores, visit))


@pytest.mark.usefixtures("rules", "visits")
def test_it_can_be_cancelled_until_it_is_done(
    stores: Stores, settings: Settings, project: Project, clock: Clock
) -> None:
    job = create_job(stores.control, project.project_id, COMMAND, clock.now)
    with pytest.raises(Conflict):
        create_job(stores.control, project.project_id, COMMAND, clock.now)
    cancel_job(stores.control, project.project_id, job.job_id, COMMAND, clock.now)
    assert run(stores, settings, clock) == 0
    assert find_job(stores.control, project.project_id, job.job_id).state == "cancelled"
    again = create_job(stores.control, project.project_id, COMMAND, clock.now)
    run(stores, settings, clock)
    with pytest.raises(Conflict, match="done"):
        cancel_job(stores.control, project.project_id, again.job_id, COMMAND, clock.now)


@pytest.mark.usefixtures("rules", "visits")
def test_it_stops_where_the_worker_is_told_to(
    stores: Stores, settings: Settings, project: Project, clock: Clock
) -> None:
    job = create_job(stores.control, project.project_id, COMMAND, clock.now)
    asked = 0

    def stopped() -> bool:
        nonlocal asked
        asked += 1
        return asked > 1

    assert run(stores, settings, clock, stopped=stopped) == 1
    found = find_job(stores.control, project.project_id, job.job_id)
    assert (found.state, found.total, found.done) == ("running", 3, 1)


@pytest.mark.usefixtures("rules")
def test_a_replay_it_can_not_mask_is_counted_and_named(
    stores: Stores, settings: Settings, project: Project, visits: list[Visit], clock: Clock
) -> None:
    broken = Visit(stores, project.project_id, "00000000-0000-4000-8000-000000000009")
    broken.send([{"type": 2, "timestamp": START, "data": {"node": {"id": 1}}}], epoch=EPOCH)
    job = create_job(stores.control, project.project_id, COMMAND, clock.now)
    run(stores, settings, clock)
    found: PrivacyJob = find_job(stores.control, project.project_id, job.job_id)
    assert (found.state, found.done, found.failed) == ("done", 4, 1)
    assert found.error.startswith(broken.replay_id)
    row = find_replay(stores.control, project.project_id, broken.replay_id, clock.now)
    with pytest.raises(PlayheadError) as closed:
        check_watchable(row)
    assert closed.value.code == "replay_masking_failed"
    found_detail = detail(stores, row, clock.now)
    assert found_detail is not None
    assert (found_detail[0].status, found_detail[1].pages, found_detail[1].markers) == ("masking", [], [])


def test_a_project_without_rules_changes_nothing(
    stores: Stores, settings: Settings, visits: list[Visit], project: Project, clock: Clock
) -> None:
    create_job(stores.control, project.project_id, COMMAND, clock.now)
    run(stores, settings, clock)
    assert jobs(stores.control, project.project_id)[0].changed == 0
    with pytest.raises(PlayheadError):
        find_job(stores.control, project.project_id, "none")


@pytest.mark.usefixtures("rules")
def test_stored_events_are_masked_and_the_old_rows_gone(
    stores: Stores, settings: Settings, project: Project, clock: Clock
) -> None:
    from playhead.delivery.decode import Events
    from playhead.delivery.insert import insert_rows
    from playhead.delivery.rows import EVENT_COLUMNS, event_rows
    from playhead.ids import new_ingest_id
    from playhead.items import EventRecord, Item, Kind

    def record(name: str, value: str, **more: str) -> EventRecord:
        raw = json.dumps({"distinct_id": MAIL, "a.b": value, "n": 1.5, "list": [value]}).encode()
        flat = json.dumps({"a%2Eb": value, "n": 1.5, "list": [value], "deep.er": value}).encode()
        return EventRecord(name, MAIL, START, START, flat, raw, **more)

    records = [
        record("Buy", f"to {MAIL}", insert_id="a1"),
        record(f"Mail {MAIL}", "x"),
        record("Buy", "clean", insert_id="a2"),
    ]
    item = Item(project.project_id, new_ingest_id(), Kind.EVENTS, clock.now, b"", b"")
    assert insert_rows(stores.analytics, "events", EVENT_COLUMNS, event_rows(Events(item, records))) == {}
    for _ in range(2):
        create_job(stores.control, project.project_id, COMMAND, clock.now)
        run(stores, settings, clock)
        assert jobs(stores.control, project.project_id)[0].state == "done"
        clock.now += 1
    rows = stores.analytics.query(
        "SELECT event, distinct_id, toString(properties) AS properties, raw, insert_id FROM events "
        "WHERE project_id = {p:String} ORDER BY event, insert_id",
        {"p": project.project_id},
    )
    assert [(row["event"], row["distinct_id"]) for row in rows] == [
        ("Buy", MAIL),
        ("Buy", MAIL),
        ("Mail " + "*" * 16, MAIL),
    ]
    first = json.loads(rows[0]["properties"])
    assert (first["a%2Eb"], first["n"], first["list"], first["deep"]) == (
        "to " + "*" * 16,
        1.5,
        ["to " + "*" * 16],
        {"er": "to " + "*" * 16},
    )
    assert json.loads(rows[0]["raw"]) == {
        "distinct_id": MAIL,
        "a.b": "to " + "*" * 16,
        "n": 1.5,
        "list": ["to " + "*" * 16],
    }
    assert json.loads(rows[1]["raw"])["a.b"] == "clean"
