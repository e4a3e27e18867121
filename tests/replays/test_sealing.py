"""A replay's hot blocks become its recording, and nothing of it changes by that, wherever it is cut off."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from visits import EPOCH, START, Clock, Visit, click, deliver, mutation, opening

from playhead import clock as the_clock
from playhead.errors import Gone, PlayheadError
from playhead.governance.audit import COMMAND
from playhead.governance.deletion import delete_replay
from playhead.replays import removal, sealing
from playhead.replays.access import find_replay
from playhead.replays.detail import detail, frame_index
from playhead.replays.feed import FeedQuery, FeedRow, feed
from playhead.replays.parts import hot_parts
from playhead.replays.reading import open_recording, read_events, stored_frame
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.tables import Project, Replay, Segment, Tombstone

IDLE_MS = 1_800_000


@pytest.fixture(autouse=True)
def _standing(clock: Clock) -> None:
    clock.now = START + 60_000


def row_of(stores: Stores, visit: Visit) -> Replay:
    return find_replay(stores.control, visit.project_id, visit.replay_id, the_clock.now_ms())


def read(stores: Stores, visit: Visit) -> list[tuple[int, str]]:
    pieces = read_events(stores, open_recording(stores, row_of(stores, visit)), None, None, snapshot=True)
    events = [json.loads(line) for piece in pieces for line in piece.splitlines()]
    return [(event["timestamp"] - START, str(event["data"])) for event in events]


def shown(stores: Stores, visit: Visit) -> FeedRow:
    rows = feed(stores, visit.project_id, FeedQuery(), the_clock.now_ms()).results
    return next(row for row in rows if row.replay_id == visit.replay_id)


def objects(stores: Stores, prefix: str) -> list[str]:
    return sorted(stores.blobs.list(prefix))


@pytest.fixture
def visit(stores: Stores, project: Project) -> Visit:
    visit = Visit(stores, project.project_id)
    visit.send([*opening(), click(2_000)])
    visit.send([mutation(3_000), click(4_000)], seq=4)
    return visit


def test_a_quiet_replay_is_sealed_and_shows_what_it_showed(
    stores: Stores, settings: Settings, visit: Visit, clock: Clock
) -> None:
    before, events = shown(stores, visit), read(stores, visit)
    assert sealing.seal_due(stores, settings, clock.now) == 0
    clock.now += IDLE_MS
    assert sealing.seal_due(stores, settings, clock.now) == 1
    after = shown(stores, visit)
    assert read(stores, visit) == events
    for name in ("started_at", "ended_at", "active_ms", "page_count", "event_count", "click_count", "sparkline"):
        assert getattr(after, name) == getattr(before, name), name
    assert hot_parts(stores.analytics, visit.project_id, visit.replay_id) == []
    row = row_of(stores, visit)
    assert (row.generation, row.indexed_generation, row.hot_blocks) == (1, 1, 0)
    index = frame_index(stores, row, clock.now)
    assert (index.generation, len(index.frames), index.hot) == (1, 1, [])
    assert stored_frame(stores, row, 1, 0)[:4] == b"\x28\xb5\x2f\xfd"
    assert sealing.seal_due(stores, settings, clock.now + 1) == 0


def test_counts_are_exact_once_sealed(stores: Stores, settings: Settings, project: Project, clock: Clock) -> None:
    """The same events, cut differently by a retry: while hot they count twice, sealed once."""
    visit = Visit(stores, project.project_id)
    whole = [*opening(), *(click(1_000 + n * 200) for n in range(4))]
    visit.send(whole[:5])
    visit.send(whole[4:], seq=4)
    visit.send(whole[3:], seq=3)
    clock.now += IDLE_MS
    sealing.seal_due(stores, settings, clock.now)
    row = shown(stores, visit)
    assert (row.event_count, row.click_count, row.rage_click_count) == (7, 4, 1)


def test_a_late_batch_makes_a_new_generation_in_the_right_order(
    stores: Stores, settings: Settings, visit: Visit, clock: Clock
) -> None:
    visit.send([mutation(9_000)], seq=8)
    clock.now += IDLE_MS
    sealing.seal_due(stores, settings, clock.now)
    visit.send([mutation(5_000), mutation(6_000)], seq=6)
    expected = [0, 1, 1, 2_000, 3_000, 4_000, 5_000, 6_000, 9_000]
    assert [at for at, _ in read(stores, visit)] == expected, "hot, before it is sealed"
    clock.now += IDLE_MS
    assert sealing.seal_due(stores, settings, clock.now) == 1
    assert [at for at, _ in read(stores, visit)] == expected
    assert row_of(stores, visit).generation == 2
    found = detail(stores, row_of(stores, visit), clock.now)
    assert found
    assert found[1].gaps == []


def test_a_long_replay_is_compacted_and_then_sealed_for_good(
    stores: Stores, settings: Settings, visit: Visit, clock: Clock
) -> None:
    clock.now += 300_000
    visit.send([mutation(5_000)], seq=6)
    assert sealing.seal_due(stores, settings, clock.now) == 1
    assert open_recording(stores, row_of(stores, visit)).index.frames[0].level == sealing.BUSY_LEVEL  # type: ignore[union-attr]
    clock.now += IDLE_MS
    assert sealing.seal_due(stores, settings, clock.now) == 1
    assert open_recording(stores, row_of(stores, visit)).index.frames[0].level == sealing.IDLE_LEVEL  # type: ignore[union-attr]
    assert [at for at, _ in read(stores, visit)] == [0, 1, 1, 2_000, 3_000, 4_000, 5_000]
    assert sealing.seal_due(stores, settings, clock.now + 1_000_000) == 0


def test_many_blocks_are_compacted(stores: Stores, settings: Settings, visit: Visit, clock: Clock) -> None:
    settings.compact_blocks = 2
    assert sealing.seal_due(stores, settings, clock.now) == 1


class Cut(Exception):
    """The process is killed here."""


@pytest.mark.parametrize("step", ["put", "_switch", "write_parts", "_indexed"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_sealing_may_be_cut_off_anywhere(
    stores: Stores,
    settings: Settings,
    visit: Visit,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    when: str,
) -> None:
    events, before = read(stores, visit), shown(stores, visit)
    clock.now += IDLE_MS
    owner = stores.blobs if step == "put" else sealing
    real = getattr(owner, step)

    def cut(*arguments: object, **named: object) -> object:
        if when == "after":
            real(*arguments, **named)
        raise Cut

    monkeypatch.setattr(owner, step, cut)
    with pytest.raises(Cut):
        sealing.seal_due(stores, settings, clock.now)
    monkeypatch.undo()
    the_clock.set_clock(lambda: clock.now)
    assert read(stores, visit) == events
    clock.now += 700_000
    sealing.run_jobs(stores, settings, sealing.never)
    clock.now += 700_000
    sealing.run_jobs(stores, settings, sealing.never)
    row = row_of(stores, visit)
    assert (row.generation, row.indexed_generation, row.hot_blocks) == (1, 1, 0)
    assert read(stores, visit) == events
    assert shown(stores, visit).click_count == before.click_count
    assert objects(stores, "recordings") == [row.object], "nothing is left over"
    assert objects(stores, "segments") == []


def test_two_workers_make_one_generation(
    stores: Stores, settings: Settings, visit: Visit, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = row_of(stores, visit)
    real = sealing._switch

    def other_first(*arguments: object) -> bool:
        monkeypatch.setattr(sealing, "_switch", real)
        assert sealing.seal_replay(stores, slow, clock.now)
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(sealing, "_switch", other_first)
    assert sealing.seal_replay(stores, slow, clock.now) is False
    assert row_of(stores, visit).generation == 1
    assert shown(stores, visit).event_count == 6


def test_a_segment_goes_only_when_all_its_blocks_are_sealed(
    stores: Stores, settings: Settings, project: Project, clock: Clock
) -> None:
    quiet, going_on = Visit(stores, project.project_id), Visit(stores, project.project_id)
    deliver(stores, [quiet.item(opening()), going_on.item(opening())])
    with stores.control.read() as session:
        replay = session.get(Replay, (project.project_id, quiet.replay_id))
    assert replay
    sealing.seal_replay(stores, replay, clock.now)
    assert removal.clean_up(stores, clock.now + 60_000) == 0
    assert len(objects(stores, "segments")) == 1
    sealing.seal_replay(stores, row_of(stores, going_on), clock.now)
    assert removal.clean_up(stores, clock.now + 60_000) == 1
    assert objects(stores, "segments") == []
    with stores.control.read() as session:
        assert session.query(Segment).count() == 0
    assert read(stores, quiet)


def test_superseded_recordings_go_after_a_while(stores: Stores, settings: Settings, visit: Visit, clock: Clock) -> None:
    clock.now += IDLE_MS
    sealing.seal_due(stores, settings, clock.now)
    visit.send([mutation(5_000)], seq=6)
    clock.now += IDLE_MS
    sealing.seal_due(stores, settings, clock.now)
    assert len(objects(stores, "recordings")) == 2
    removal.clean_up(stores, clock.now + 60_000)
    assert len(objects(stores, "recordings")) == 2, "a reader may still be at it"
    removal.clean_up(stores, clock.now + 700_000)
    assert objects(stores, "recordings") == [row_of(stores, visit).object]


def test_expired_replays_are_taken_away_and_still_say_so(
    stores: Stores, settings: Settings, visit: Visit, clock: Clock
) -> None:
    clock.now += IDLE_MS
    sealing.seal_due(stores, settings, clock.now)
    visit.send([mutation(5_000)], seq=6)
    clock.now = row_of(stores, visit).expires_at_ms
    sealing.run_jobs(stores, settings, sealing.never)
    clock.now += 60_000
    sealing.run_jobs(stores, settings, sealing.never)
    assert objects(stores, "") == []
    rows = stores.analytics.query(
        "SELECT count() AS n FROM replay_parts WHERE project_id = {p:String}", {"p": visit.project_id}
    )
    assert rows[0]["n"] == 0
    with pytest.raises(Gone) as gone:
        row_of(stores, visit)
    assert gone.value.code == "replay_expired"
    visit.send([mutation(6_000)], seq=7)
    assert objects(stores, "") == [], "a late batch brings nothing back"


@pytest.fixture(params=[False, True], ids=["hot", "sealed"])
def sealed_or_not(
    request: pytest.FixtureRequest, stores: Stores, settings: Settings, visit: Visit, clock: Clock
) -> Iterator[Visit]:
    if request.param:
        clock.now += IDLE_MS
        sealing.seal_due(stores, settings, clock.now)
    yield visit


def test_deleted_replays_are_gone_from_every_store_at_the_next_run(
    stores: Stores, settings: Settings, project: Project, sealed_or_not: Visit, clock: Clock
) -> None:
    visit = sealed_or_not
    neighbour = Visit(stores, project.project_id)
    deliver(stores, [visit.item([mutation(7_000)], seq=6), neighbour.item(opening())])
    events = read(stores, neighbour)
    delete_replay(stores.control, visit.project_id, visit.replay_id, COMMAND, clock.now)
    sealing.run_jobs(stores, settings, sealing.never)
    left = [path for path in objects(stores, "") if path != row_of(stores, neighbour).object]
    assert left == [], "the neighbour in the same segment was sealed first"
    assert read(stores, neighbour) == events
    rows = stores.analytics.query(
        "SELECT count() AS n FROM replay_parts WHERE project_id = {p:String} AND replay_id = {r:UUID}",
        {"p": visit.project_id, "r": visit.replay_id},
    )
    assert rows[0]["n"] == 0
    with pytest.raises(Gone):
        row_of(stores, visit)
    clock.now += 61_000
    sealing.run_jobs(stores, settings, sealing.never)
    with stores.control.read() as session:
        tombstone = session.get(Tombstone, (visit.project_id, "replay", visit.replay_id))
        assert tombstone
        assert tombstone.done_at_ms > 0


def test_a_damaged_block_holds_up_nobody_else(
    stores: Stores, settings: Settings, project: Project, visit: Visit, clock: Clock
) -> None:
    broken = Visit(stores, project.project_id)
    item = broken.item(opening())
    deliver(stores, [type(item)(*(getattr(item, name) for name in item.__struct_fields__[:-1]), b"\x1f\x8bnot gzip")])
    clock.now += IDLE_MS
    assert sealing.seal_due(stores, settings, clock.now) == 1
    with pytest.raises(PlayheadError):
        read(stores, broken)


def test_a_retry_of_what_is_sealed_changes_nothing(
    stores: Stores, settings: Settings, visit: Visit, clock: Clock
) -> None:
    events = read(stores, visit)
    clock.now += IDLE_MS
    sealing.seal_due(stores, settings, clock.now)
    visit.send([*opening(), click(2_000)], epoch=EPOCH)
    assert read(stores, visit) == events
    assert frame_index(stores, row_of(stores, visit), clock.now).hot == []
    clock.now += IDLE_MS
    sealing.seal_due(stores, settings, clock.now)
    assert read(stores, visit) == events
    assert shown(stores, visit).event_count == 6
