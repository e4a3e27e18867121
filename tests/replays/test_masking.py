"""Replays that were not recorded under the project's selector rules: not watchable until masked, and clean afterwards."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Sequence
from typing import Any

import pytest
import zstandard
from visits import START, Clock, Event, Visit, meta

from playhead import clock as the_clock
from playhead.errors import Conflict
from playhead.governance.audit import COMMAND
from playhead.governance.rules import create_rule, delete_rule, selectors_of, standing_rules
from playhead.replays import removal, sealing
from playhead.replays.access import find_replay
from playhead.replays.detail import detail, frame_index
from playhead.replays.feed import FeedQuery, feed
from playhead.replays.parts import hot_parts
from playhead.replays.reading import open_watchable, read_events, stored_frame
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.tables import Project, Replay

CANARY = "Canary7"


@pytest.fixture(autouse=True)
def _standing(clock: Clock) -> None:
    clock.now = START + 60_000


def element(number: int, name: str, *children: Event, **attributes: Any) -> Event:
    return {
        "type": 2,
        "tagName": name,
        "id": number,
        "attributes": {key.rstrip("_"): value for key, value in attributes.items()},
        "childNodes": list(children),
    }


def text(number: int, content: str = CANARY) -> Event:
    return {"type": 3, "textContent": content, "id": number}


def page(at: int) -> list[Event]:
    secret = element(10, "section", element(11, "p", text(12), title=CANARY), class_="secret")
    body = element(3, "body", secret, element(20, "p", text(21, "open")))
    root = {"type": 0, "childNodes": [element(2, "html", body)], "id": 1}
    return [meta(at), {"type": 2, "timestamp": START + at, "data": {"node": root}}]


def change(at: int, content: str = CANARY, number: int = 12) -> Event:
    return {"type": 3, "timestamp": START + at, "data": {"source": 0, "texts": [{"id": number, "value": content}]}}


@pytest.fixture
def version(stores: Stores, project: Project) -> str:
    """A rule of the project; its version."""
    create_rule(stores.control, project.project_id, "mask", ".secret", "", COMMAND, START)
    return selectors_of(standing_rules(stores.control, project.project_id)).version


@pytest.fixture
def foreign(stores: Stores, project: Project, version: str) -> Visit:
    """A replay as `mixpanel-browser` sends it."""
    visit = Visit(stores, project.project_id)
    send(visit, [*page(0), change(2_000)], version)
    send(visit, [change(3_000), change(4_000, "open too", 21)], version, seq=1)
    return visit


def send(visit: Visit, events: Sequence[Event], owed: str, seq: int = 0) -> None:
    visit.send(events, epoch="", seq=seq, library="web", library_version="2.83.0", mask="", owed=owed)


def row_of(stores: Stores, visit: Visit) -> Replay:
    return find_replay(stores.control, visit.project_id, visit.replay_id, the_clock.now_ms())


def read(stores: Stores, visit: Visit) -> list[Event]:
    recording = open_watchable(stores, row_of(stores, visit))
    return [
        json.loads(line)
        for piece in read_events(stores, recording, None, None, snapshot=True)
        for line in piece.splitlines()
    ]


def status(stores: Stores, visit: Visit) -> str:
    return feed(stores, visit.project_id, FeedQuery(), the_clock.now_ms()).results[0].status


def stored(stores: Stores) -> bytes:
    """Everything in the blob store, unpacked."""
    found = b""
    for path in stores.blobs.list(""):
        data = stores.blobs.get(path)
        found += data
        for place in re.finditer(b"\x1f\x8b\x08", data):
            try:
                found += gzip.decompress(data[place.start() :].split(b'{"blocks"')[0])
            except (OSError, EOFError):
                continue
        if path.startswith("recordings/"):
            found += (
                zstandard.ZstdDecompressor(max_window_size=2**23).stream_reader(data, read_across_frames=True).read()
            )
    return found


def seal(stores: Stores, settings: Settings, clock: Clock, quiet_ms: int = sealing.MASK_QUIET_MS) -> int:
    clock.now += quiet_ms
    return sealing.seal_due(stores, settings, clock.now)


def test_it_can_not_be_watched_until_it_is_masked(
    stores: Stores, settings: Settings, foreign: Visit, clock: Clock
) -> None:
    row = row_of(stores, foreign)
    for asked in (
        lambda: read(stores, foreign),
        lambda: frame_index(stores, row, clock.now),
        lambda: stored_frame(stores, row, 1, 0),
    ):
        with pytest.raises(Conflict) as refused:
            asked()
        assert (refused.value.status, refused.value.code) == (409, "replay_masking")
    assert status(stores, foreign) == "masking"
    assert seal(stores, settings, clock) == 1
    assert status(stores, foreign) == "ready"
    events = read(stores, foreign)
    assert [event["timestamp"] - START for event in events] == [0, 0, 2_000, 3_000, 4_000]
    assert CANARY not in json.dumps(events)
    assert "open" in json.dumps(events)
    assert events[2]["data"]["texts"] == [{"id": 12, "value": "*******"}]
    assert frame_index(stores, row_of(stores, foreign), clock.now).status == "ready"
    assert hot_parts(stores.analytics, foreign.project_id, foreign.replay_id) == []


def test_what_was_in_clear_is_gone_from_the_store(
    stores: Stores, settings: Settings, foreign: Visit, clock: Clock
) -> None:
    assert CANARY.encode() in stored(stores)
    seal(stores, settings, clock)
    clock.now += removal.SEGMENT_YOUNG_MS
    removal.clean_up(stores, clock.now)
    assert list(stores.blobs.list("segments")) == []
    assert CANARY.encode() not in stored(stores)
    assert b"open too" in stored(stores)


def test_a_late_batch_hides_it_again_until_that_is_masked_too(
    stores: Stores, settings: Settings, foreign: Visit, clock: Clock, version: str
) -> None:
    send(foreign, [change(9_000)], version, seq=5)
    seal(stores, settings, clock)
    added = {"parentId": 10, "nextId": None, "node": element(30, "p", title=CANARY)}
    late = {"type": 3, "timestamp": START + 5_000, "data": {"source": 0, "adds": [added]}}
    send(foreign, [late, change(6_000)], version, seq=4)
    assert status(stores, foreign) == "masking"
    with pytest.raises(Conflict):
        stored_frame(stores, row_of(stores, foreign), 1, 0)
    assert seal(stores, settings, clock) == 1
    events = read(stores, foreign)
    assert [event["timestamp"] - START for event in events] == [0, 0, 2_000, 3_000, 4_000, 5_000, 6_000, 9_000]
    assert CANARY not in json.dumps(events)
    clock.now += removal.SEGMENT_YOUNG_MS
    removal.clean_up(stores, clock.now)
    assert len(list(stores.blobs.list("recordings"))) == 1, "the generation before went at once"
    assert CANARY.encode() not in stored(stores)


def test_a_batch_that_was_sent_twice_stays_one(
    stores: Stores, settings: Settings, foreign: Visit, clock: Clock, version: str
) -> None:
    seal(stores, settings, clock)
    send(foreign, [change(3_000), change(4_000, "open too", 21)], version, seq=1)
    seal(stores, settings, clock)
    assert [event["timestamp"] - START for event in read(stores, foreign)] == [0, 0, 2_000, 3_000, 4_000]


def test_our_sdk_under_the_present_rules_is_watched_at_once(
    stores: Stores, project: Project, version: str, clock: Clock
) -> None:
    rules = [rule.rule_id for rule in standing_rules(stores.control, project.project_id)]
    visit = Visit(stores, project.project_id)
    visit.send(page(0), rules=version, rule_ids=rules, masked=7, blocked=1)
    visit.send([change(1_000, "****")], seq=2, rules=version, rule_ids=rules, masked=2, blocked=0, patterns=3)
    assert status(stores, visit) == "ready"
    assert len(read(stores, visit)) == 3
    found = detail(stores, row_of(stores, visit), clock.now)
    assert found
    privacy = found[1].privacy
    assert (privacy.mode, privacy.library, privacy.version) == ("text", "playhead", "0.1.0")
    assert (privacy.rules, privacy.masked, privacy.blocked, privacy.patterns_matched) == (rules, 9, 1, 3)
    sealing.seal_replay(stores, row_of(stores, visit), clock.now)
    again = detail(stores, row_of(stores, visit), clock.now)
    assert again
    assert again[1].privacy == privacy


def test_the_panel_tells_what_the_server_masked(
    stores: Stores, settings: Settings, foreign: Visit, clock: Clock
) -> None:
    before = detail(stores, row_of(stores, foreign), clock.now)
    assert before
    assert (before[1].privacy.rules, before[1].privacy.masked, before[1].privacy.mode) == ([], None, None)
    seal(stores, settings, clock)
    after = detail(stores, row_of(stores, foreign), clock.now)
    assert after
    rules = [rule.rule_id for rule in standing_rules(stores.control, foreign.project_id)]
    assert (after[1].privacy.rules, after[1].privacy.masked, after[1].privacy.blocked) == (rules, 3, 0)


def test_a_rule_that_was_deleted_since_still_masks_what_came_under_it(
    stores: Stores, settings: Settings, foreign: Visit, clock: Clock
) -> None:
    (rule,) = standing_rules(stores.control, foreign.project_id)
    clock.now += 1_000
    delete_rule(stores.control, foreign.project_id, rule.rule_id, COMMAND, clock.now)
    seal(stores, settings, clock)
    assert CANARY not in json.dumps(read(stores, foreign))


def test_a_page_that_can_not_be_rebuilt_stays_hidden_and_says_why(
    stores: Stores, settings: Settings, project: Project, version: str, clock: Clock
) -> None:
    visit = Visit(stores, project.project_id)
    send(
        visit,
        [meta(0), {"type": 2, "timestamp": START, "data": {"node": {"id": "x", "type": 0, "childNodes": [7]}}}],
        version,
    )
    assert seal(stores, settings, clock) == 0
    with pytest.raises(Conflict, match="unknown form") as refused:
        read(stores, visit)
    assert refused.value.code == "replay_masking_failed"
    assert status(stores, visit) == "masking"
    assert seal(stores, settings, clock) == 0, "and it holds up nobody"


def test_cut_off_after_the_switch_it_is_masked_all_the_same(
    stores: Stores, foreign: Visit, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The analytics store goes down between the two stores: rows of blocks in clear stand, and are not read."""

    def down(*_: object) -> None:
        raise Conflict("the store is down")

    with monkeypatch.context() as broken:
        broken.setattr(sealing, "write_parts", down)
        with pytest.raises(Conflict, match="down"):
            sealing.seal_replay(stores, row_of(stores, foreign), clock.now)
    assert CANARY not in json.dumps(read(stores, foreign))
    assert sealing.reconcile(stores) == 1
    assert CANARY not in json.dumps(read(stores, foreign))
    assert status(stores, foreign) == "ready"
