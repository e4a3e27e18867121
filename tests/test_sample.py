"""The sample's requests are what an SDK would send now, and the same whenever they are made again."""

from __future__ import annotations

import json
from collections import defaultdict

import pytest

from playhead import demo, sample, saved
from playhead.sample import SampleRequest
from playhead.sample_history import history
from playhead.stores import Stores
from playhead.stores.tables import Project

NOW_MS = 1_800_000_000_000
DAY_MS = 86_400_000
URL = "http://127.0.0.1:9999"


@pytest.fixture(scope="module")
def requests() -> list[SampleRequest]:
    return list(sample.requests("a-token", NOW_MS, URL))


def test_the_same_arguments_give_the_same_requests(requests: list[SampleRequest]) -> None:
    assert list(sample.requests("a-token", NOW_MS, URL)) == requests


def test_another_time_or_seed_gives_other_replays(requests: list[SampleRequest]) -> None:
    def replays(made: list[SampleRequest]) -> set[str]:
        return {request.query["replay_id"] for request in made if request.path == "/record/"}

    for other in (
        list(sample.requests("a-token", NOW_MS + 1, URL)),
        list(sample.requests("a-token", NOW_MS, URL, seed="2")),
    ):
        assert len(replays(other)) == len(replays(requests))
        assert not replays(other) & replays(requests)


def test_some_forty_visits_lie_in_the_last_two_weeks_the_newest_minutes_ago(requests: list[SampleRequest]) -> None:
    times = defaultdict(list)
    for request in requests:
        if request.path == "/record/":
            times[request.query["replay_id"]] += [event["timestamp"] for event in json.loads(request.body)]
    assert 36 <= len(times) <= 44
    assert min(map(min, times.values())) > NOW_MS - 14 * DAY_MS
    assert NOW_MS - 600_000 < max(map(max, times.values())) < NOW_MS
    lengths = [max(found) - min(found) for found in times.values()]
    assert all(15_000 < length < 300_000 for length in lengths)
    assert len({(min(found) // DAY_MS) for found in times.values()}) >= 10


def test_every_rrweb_event_of_a_page_is_there_once_and_in_order(requests: list[SampleRequest]) -> None:
    reached: dict[tuple[str, str], int] = defaultdict(int)
    for request in requests:
        if request.path == "/record/":
            page = (request.query["replay_id"], request.query["epoch"])
            events = json.loads(request.body)
            assert int(request.query["seq"]) == reached[page]
            assert int(request.query["n"]) == len(events)
            if not reached[page]:
                assert [event["type"] for event in events[:2]] == [4, 2]
                assert abs(int(request.query["epoch"][:13]) - events[0]["timestamp"]) < 60_000
            reached[page] += len(events)


def test_events_name_replays_that_are_there(requests: list[SampleRequest]) -> None:
    replays = {request.query["replay_id"] for request in requests if request.path == "/record/"}
    insert_ids = []
    for request in requests:
        if request.path == "/track/":
            for event in json.loads(request.body):
                properties = event["properties"]
                assert properties["token"] == request.query["token"] == "a-token"
                assert properties["$mp_replay_id"] in replays
                assert NOW_MS - 14 * DAY_MS < properties["time"] * 1000 < NOW_MS
                insert_ids.append(properties["$insert_id"])
    # What a page sends while it is left is sent again by the next: the store knows it by its insert_id.
    assert len(set(insert_ids)) > 300


def test_the_shop_stands_where_the_server_is_and_everyone_is_an_example(requests: list[SampleRequest]) -> None:
    text = b"".join(request.body for request in requests)
    assert URL.encode() + b"/shop/" in text
    assert b"shop.invalid" not in text
    assert b"localhost" not in text
    # What was typed into the shop's fields was masked before it left the browser.
    assert b"4242 4242" not in text
    assert b"12 Sample Street" not in text
    names = {
        operation["$set"]["$name"]: operation["$set"]["$email"]
        for request in requests
        if request.path == "/engage/"
        for operation in json.loads(request.body)
        if "$name" in operation.get("$set", {})
    }
    assert len(names) >= 15
    assert all(email.endswith("@example.com") for email in names.values())


def test_it_has_what_there_is_to_find(requests: list[SampleRequest]) -> None:
    seen: dict[str, int] = defaultdict(int)
    agents = {request.user_agent for request in requests}
    for request in requests:
        if request.path == "/track/":
            for event in json.loads(request.body):
                seen[event["event"]] += 1
        elif request.path == "/record/":
            for event in json.loads(request.body):
                if event["type"] == 5:
                    seen[event["data"]["tag"]] += 1
    assert seen["View Item"] > seen["Add to Cart"] > seen["Checkout"] > seen["Purchase"] >= 8
    assert seen["ph:error"] >= 20
    assert all(
        any(word in agent for agent in agents) for word in ("Edg/", "Firefox", "iPhone", "iPad", "Android", "Macintosh")
    )


def test_load_hands_every_request_over(requests: list[SampleRequest]) -> None:
    posted: list[SampleRequest] = []
    assert sample.load(posted.append, "a-token", NOW_MS, URL) == len(posted)
    assert posted == requests


def test_its_history_is_sixty_days_of_visitors_of_whom_some_come_back() -> None:
    made = list(history("a-token", NOW_MS, URL))
    assert list(history("a-token", NOW_MS, URL)) == made
    assert list(history("a-token", NOW_MS, URL, seed="2")) != made
    events = [event for request in made for event in json.loads(request.body)]
    assert 2_000 < len(events) < 6_000
    assert len({event["properties"]["$insert_id"] for event in events}) == len(events)
    counts: dict[str, int] = defaultdict(int)
    weeks: dict[str, set[int]] = defaultdict(set)
    for event in events:
        properties = event["properties"]
        ago_ms = NOW_MS - properties["time"] * 1000
        assert 0 < ago_ms < 64 * DAY_MS
        weeks[properties["$device_id"]].add(int(ago_ms // (7 * DAY_MS)))
        counts[event["event"]] += 1
        assert properties["distinct_id"].startswith(("$device:", "visitor-"))
    assert len(weeks) > 250
    assert sum(len(theirs) > 1 for theirs in weeks.values()) > 80
    assert counts["View Item"] > counts["Add to Cart"] > counts["Checkout"] > counts["Purchase"] > 80
    assert counts["Sign Up"] == len(
        {event["properties"]["$user_id"] for event in events if "$user_id" in event["properties"]}
    )


def test_the_demo_keeps_a_report_of_each_kind_on_a_board(stores: Stores, project: Project) -> None:
    for _ in range(2):
        demo.keep(stores.control, project.token, NOW_MS)
    reports, total = saved.saved_reports(stores.control, project.project_id, None, 50, 0)
    assert {report.kind for report in reports} == {"insights", "funnel", "flows", "retention", "replays"}
    ((board,), boards) = saved.boards(stores.control, project.project_id, 50, 0)
    assert (board.name, boards) == ("Shop overview", 1)
    note, *cards = saved.cards_of(board)
    assert note.text
    assert [card.report_id for card in cards] == [report.report_id for report in reports]
    assert total == len(cards)
    assert "has_rage_click=true" in {report.search for report in reports}
