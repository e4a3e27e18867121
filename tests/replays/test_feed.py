"""What the feed shows is right at once: while blocks are hot, after retries, and whoever it turns out to be."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import insert
from visits import START, Clock, Visit, click, deliver, meta, mutation, opening, set_profile, snapshot, track

from playhead.errors import PlayheadError
from playhead.replays.access import gone_replays
from playhead.replays.feed import Feed, FeedQuery, _feed_sql, feed
from playhead.stores import Stores
from playhead.stores.tables import Project, Replay, Tombstone


@pytest.fixture(autouse=True)
def _standing(clock: Clock) -> None:
    clock.now = START + 60_000


def ask(stores: Stores, project: Project, **query: object) -> Feed:
    from playhead import clock

    return feed(stores, project.project_id, FeedQuery(**query), clock.now_ms())  # type: ignore[arg-type]


def test_a_replay_is_in_the_feed_with_its_numbers(stores: Stores, project: Project) -> None:
    visit = Visit(stores, project.project_id)
    visit.send([*opening(), click(2_000), click(2_500)])
    visit.send([*opening(10_000, "https://shop.test/item"), click(30_000)], seq=5)
    (row,) = ask(stores, project).results
    assert row.replay_id == visit.replay_id
    assert (row.started_at, row.duration_ms) == ("2026-11-22T10:00:00.000Z", 30_000)
    assert (row.page_count, row.event_count, row.click_count) == (2, 9, 3)
    assert row.start_url == "https://shop.test/"
    assert (row.browser, row.os, row.device) == ("Chrome", "Linux", "Desktop")
    assert row.status == "ready"
    assert len(row.sparkline) == 32
    assert sum(row.sparkline) == 3
    # Active: the click's second and up to five seconds around; inactive: 3 s to 30 s.
    assert row.active_ms == 3_000


def test_numbers_stay_right_when_a_flush_is_run_again_and_a_batch_is_sent_again(
    stores: Stores, project: Project
) -> None:
    visit = Visit(stores, project.project_id)
    item = visit.item([*opening(), click(2_000)])
    flush = uuid4()
    deliver(stores, [item], flush)
    deliver(stores, [item], flush)
    visit.send([*opening(), click(2_000)])
    visit.send([*opening(), click(2_000), click(3_000)])
    answer = ask(stores, project)
    assert answer.total == 1
    assert answer.results[0].click_count == 2


def test_it_pages_through_in_order_without_a_gap_or_a_repeat(stores: Stores, project: Project) -> None:
    visits = [Visit(stores, project.project_id, distinct_id=f"$device:d{n}") for n in range(5)]
    for n, visit in enumerate(visits):
        visit.send(opening(n * 1_000))
    seen: list[str] = []
    cursor = ""
    while True:
        answer = ask(stores, project, limit=2, cursor=cursor)
        assert answer.total == 5
        seen += [row.replay_id for row in answer.results]
        if not answer.next_cursor:
            break
        cursor = answer.next_cursor
    assert seen == [visit.replay_id for visit in reversed(visits)]
    with pytest.raises(PlayheadError):
        ask(stores, project, cursor="nonsense")
    with pytest.raises(PlayheadError):
        ask(stores, project, cursor=ask(stores, project, limit=2).next_cursor, sort="duration")


def test_whose_replay_is_the_latest_analytics_event_resolved_through_identity(stores: Stores, project: Project) -> None:
    project_id = project.project_id
    visit = Visit(stores, project_id, distinct_id="$device:d1")
    visit.send(opening())
    assert ask(stores, project).results[0].person.distinct_id == "$device:d1"
    track(stores, project_id, "Login", at=5_000, distinct_id="ada", device_id="d1", user_id="ada")
    set_profile(stores, project_id, "ada", **{"$name": "Ada L.", "$email": "ada@example.com"})
    row = ask(stores, project).results[0]
    assert (row.distinct_id, row.person.distinct_id, row.person.name) == ("$device:d1", "ada", "Ada L.")
    track(stores, project_id, "Login", at=8_000, distinct_id="grace", replay_id=visit.replay_id)
    track(stores, project_id, "View", at=7_000, distinct_id="someone", replay_id=visit.replay_id)
    assert ask(stores, project).results[0].person.distinct_id == "grace"


def test_search_finds_by_name_email_user_id_and_date(stores: Stores, project: Project) -> None:
    project_id = project.project_id
    visit = Visit(stores, project_id, distinct_id="$device:d1")
    visit.send(opening())
    Visit(stores, project_id, distinct_id="$device:other").send(opening(-3 * 86_400_000))
    track(stores, project_id, "Login", at=5_000, distinct_id="user-77", device_id="d1", user_id="user-77")
    set_profile(stores, project_id, "user-77", **{"$name": "Ada Lovelace", "$email": "ada@example.com"})
    for q in ("lovel", "ADA@example", "user-77", "$device:d1", "2026-11-22", "today", "22 Nov 2026"):
        assert [row.replay_id for row in ask(stores, project, q=q).results] == [visit.replay_id], q
    assert ask(stores, project, q="nobody").total == 0
    assert [row.replay_id for row in ask(stores, project, distinct_id="user-77").results] == [visit.replay_id]
    assert [row.replay_id for row in ask(stores, project, distinct_id="$device:d1").results] == [visit.replay_id]


def test_filters_narrow(stores: Stores, project: Project) -> None:
    project_id = project.project_id
    raging = Visit(stores, project_id)
    raging.send([*opening(0, "https://shop.test/cart"), *(click(1_000 + n * 100) for n in range(4))])
    calm = Visit(stores, project_id, distinct_id="$device:d2")
    calm.send([*opening(1_000), mutation(20_000)], browser="Firefox", device="Phone", errors=1)
    track(stores, project_id, "Checkout", replay_id=calm.replay_id, distinct_id="$device:d2")

    def found(**query: object) -> list[str]:
        return [row.replay_id for row in ask(stores, project, **query).results]

    assert found(has_rage_click=True) == [raging.replay_id]
    assert found(has_error=True) == found(has_rage_click=False) == [calm.replay_id]
    assert found(browser="firefox") == found(device="Phone") == found(event="Checkout") == [calm.replay_id]
    assert found(url="/cart") == [raging.replay_id]
    assert found(min_duration_ms=10_000) == [calm.replay_id]
    assert found(sort="duration") == [calm.replay_id, raging.replay_id]
    assert found(sort="activity") == [raging.replay_id, calm.replay_id]
    assert found(sort="recency", order="asc") == [raging.replay_id, calm.replay_id]
    assert found(from_ms=START + 500) == [calm.replay_id]
    assert found(os="Windows") == []


def test_a_replay_is_live_while_its_batches_come_and_says_why_it_can_not_be_played(
    stores: Stores, project: Project, clock: Clock
) -> None:
    visit = Visit(stores, project.project_id)
    visit.send([click(59_000)])
    (row,) = ask(stores, project, live=True).results
    assert (row.live, row.status) == (True, "arriving")
    clock.now += 31_000
    assert ask(stores, project, live=True).total == 0
    (row,) = ask(stores, project, live=False).results
    assert (row.live, row.status) == (False, "no_full_snapshot")
    # Yesterday's batch that comes in now does not make it live.
    visit.send([meta(-86_400_000), snapshot(-86_400_000)], epoch="")
    clock.now += 1_000_000
    assert ask(stores, project).results[0].live is False


def test_a_clock_that_is_wrong_is_corrected_in_when_not_in_places(stores: Stores, project: Project) -> None:
    visit = Visit(stores, project.project_id)
    visit.send(opening(-3_600_000), clock_offset_ms=3_600_000)
    assert ask(stores, project).results[0].started_at == "2026-11-22T10:00:00.000Z"


def test_expired_and_deleted_replays_are_gone_at_the_second(stores: Stores, project: Project, clock: Clock) -> None:
    kept, deleted = Visit(stores, project.project_id), Visit(stores, project.project_id)
    kept.send(opening())
    deleted.send(opening())
    with stores.control.write() as session:
        session.add(Tombstone(project_id=project.project_id, kind="replay", id=deleted.replay_id, created_at_ms=1))
        expires = session.get(Replay, (project.project_id, kept.replay_id))
        assert expires
        at = expires.expires_at_ms
    clock.now = at - 1
    assert [row.replay_id for row in ask(stores, project).results] == [kept.replay_id]
    clock.now = at
    assert ask(stores, project).total == 0


def test_projects_never_see_each_other(stores: Stores, project: Project) -> None:
    Visit(stores, project.project_id).send(opening())
    assert ask(stores, Project(project_id="another")).total == 0


def test_so_many_replays_that_are_gone_that_no_one_parameter_holds_them(
    stores: Stores, project: Project, clock: Clock
) -> None:
    """As at the moment in which a project shortens its retention."""
    clock.now = START + 60_000
    standing, over = Visit(stores, project.project_id), Visit(stores, project.project_id)
    for visit in (standing, over):
        visit.send(opening())
    with stores.control.write() as session:
        session.execute(
            insert(Replay),
            [
                {
                    "project_id": project.project_id,
                    "replay_id": str(uuid4()),
                    "accepted_at_ms": 1,
                    "expires_at_ms": 2,
                    "hot_blocks": 1,
                    "last_block_at_ms": 1,
                }
                for _ in range(26_000)
            ],
        )
        session.get_one(Replay, (project.project_id, over.replay_id)).expires_at_ms = 2
    gone = gone_replays(stores.control, project.project_id, clock.now)
    assert len(gone) == 26_001
    _, parameters = _feed_sql(FeedQuery(), gone, [], clock.now, "UTC")
    assert max(len(str(value)) for value in parameters.values()) < 131_072
    found = feed(stores, project.project_id, FeedQuery(), clock.now)
    assert [row.replay_id for row in found.results] == [standing.replay_id]
    assert feed(stores, project.project_id, FeedQuery(only=gone), clock.now).total == 0
    only = FeedQuery(only=[*gone, standing.replay_id])
    assert feed(stores, project.project_id, only, clock.now).total == 1
