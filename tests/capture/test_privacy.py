"""Pattern rules where data comes in: what matches is in no file of the journal, whatever it came in."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from playhead.capture.directory import Directory, ProjectEntry, Snapshot, control_loader
from playhead.governance.audit import COMMAND
from playhead.governance.rules import compile_rules, create_rule, delete_rule, selectors_of
from playhead.items import Kind
from playhead.rrweb_import import import_files
from playhead.stores import Stores
from playhead.stores.tables import PrivacyRule, Project

from .conftest import PROJECT, REPLAY, TOKEN, Server, page

pytestmark = pytest.mark.anyio
EMAIL = r"[\w.+-]+@[\w-]+\.[\w.]+"
CANARY = "canary@leak.test"


def rule(kind: str, expression: str, rule_id: str = "r1", deleted_at_ms: int = 0) -> PrivacyRule:
    return PrivacyRule(
        project_id=PROJECT,
        rule_id=rule_id,
        kind=kind,
        expression=expression,
        note="",
        created_at_ms=1,
        created_by="",
        deleted_at_ms=deleted_at_ms,
    )


def under(server: Server, *rules: PrivacyRule) -> None:
    server.control = Snapshot({TOKEN: ProjectEntry(PROJECT, rules=compile_rules(rules, b"key"))})
    server.start()


def on_disk(server: Server) -> bytes:
    """Everything in the journal's files, recordings unpacked."""
    files = b"".join(path.read_bytes() for path in sorted(server.directory_path.glob("journal*")))
    return files + b"".join(
        gzip.decompress(item.payload) for item in server.journalled() if item.kind is Kind.RECORDING
    )


def visit() -> list[dict[str, Any]]:
    line = {"plugin": "rrweb/console@1", "payload": {"level": "error", "payload": [json.dumps(f"no {CANARY}")]}}
    return [
        *page(href=f"https://shop.example/?mail={CANARY}"),
        {"type": 3, "timestamp": 1_795_341_600_002, "data": {"source": 0, "texts": [{"id": 3, "value": CANARY}]}},
        {"type": 3, "timestamp": 1_795_341_600_003, "data": {"source": 5, "id": 4, "text": CANARY, "isChecked": False}},
        {"type": 5, "timestamp": 1_795_341_600_004, "data": {"tag": "ph:error", "payload": {"message": CANARY}}},
        {"type": 6, "timestamp": 1_795_341_600_005, "data": line},
    ]


async def test_nothing_that_matches_is_journalled_of_a_recording(server: Server) -> None:
    under(server, rule("pattern", EMAIL))
    answer = await server.record(visit(), distinct_id=CANARY, **{"$user_id": CANARY, "$lib_version": CANARY})
    assert answer.status_code == 200
    (summary,) = server.summaries()
    assert CANARY.encode() not in on_disk(server)
    assert summary.patterns == 5
    assert summary.rule_ids == ["r1"]
    assert summary.pages == [(1_795_341_600_000, "https://shop.example/?mail=****************")]
    assert [marker.label for marker in summary.markers if marker.kind == "error"] == ["*" * 16, "no " + "*" * 16]
    assert summary.distinct_id == summary.user_id
    assert summary.distinct_id.startswith("masked-")


async def test_without_a_match_the_bytes_are_kept_as_they_came(server: Server) -> None:
    under(server, rule("pattern", EMAIL))
    body = gzip.compress(json.dumps(page()).encode())
    await server.record(body)
    assert server.journalled()[0].payload == body


async def test_nothing_that_matches_is_journalled_of_events_and_people(server: Server) -> None:
    under(server, rule("pattern", EMAIL))
    properties = {"token": TOKEN, "distinct_id": CANARY, "time": 1_795_341_600, "$mp_replay_id": REPLAY}
    text = json.dumps([{"event": f"Mail {CANARY}", "properties": {**properties, "deep": {"a": [f"x {CANARY}"]}}}])
    await server.track(text.encode())
    # A name given twice: the last counts, and the first must not stay in the text that is kept.
    await server.track(
        b'[{"event":"E","properties":{"token":"%s","distinct_id":"u","a":"%s","a":"ok"}}]'
        % (TOKEN.encode(), CANARY.encode())
    )
    for route, names in (("engage", {"$distinct_id": CANARY}), ("groups", {"$group_key": "c", "$group_id": CANARY})):
        operation = {"$token": TOKEN, **names, "$set": {"$email": CANARY, "other": f"to {CANARY}"}}
        answer = await server.ask(
            "POST", f"/{route}/?v=1", content=json.dumps([operation]), headers={"content-type": "text/plain"}
        )
        assert answer.status_code == 200
    imported = {
        "event": "I",
        "properties": {"time": 1_795_341_600, "distinct_id": CANARY, "$insert_id": "a1", "m": CANARY},
    }
    answer = await server.ask("POST", "/import", content=json.dumps([imported]), auth=(TOKEN, ""))
    assert answer.json()["num_records_imported"] == 1
    assert b"canary" not in on_disk(server)
    first, second, third = server.events()
    assert first.event == "Mail " + "*" * 16
    assert first.replay_id == REPLAY
    assert first.client_time_ms == 1_795_341_600_000
    assert json.loads(first.properties)["deep.a"] == ["x " + "*" * 16]
    assert json.loads(first.raw)["token"] == TOKEN
    assert json.loads(second.properties)["a"] == "ok"
    (person,), (group,) = server.profiles(), server.groups()
    assert person.distinct_id == first.distinct_id == third.distinct_id == json.loads(first.raw)["distinct_id"]
    assert group.group_id == person.distinct_id, "the same id has the same pseudonym everywhere"
    assert json.loads(person.value)["other"] == "to " + "*" * 16


async def test_a_rule_that_can_not_be_applied_refuses_everything(server: Server) -> None:
    under(server, rule("pattern", "("))
    for answer in (
        await server.record(page()),
        await server.track([{"event": "E", "properties": {"token": TOKEN, "distinct_id": "u"}}]),
        await server.ask("POST", "/import", content="[]", auth=(TOKEN, "")),
    ):
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "rules_broken"
        assert "retry-after" in answer.headers
    assert server.journalled() == []


async def test_a_catastrophic_pattern_does_not_hang_ingestion(server: Server) -> None:
    under(server, rule("pattern", r"(a+)+$"), rule("pattern", r"(.*)*z", "r2"), rule("pattern", r"a.*z|a", "r3"))
    text = {"type": 3, "timestamp": 1, "data": {"source": 0, "texts": [{"id": 3, "value": "a" * 200_000 + "b"}]}}
    began = time.perf_counter()
    assert (await server.record([*page(), text])).status_code == 200
    assert time.perf_counter() - began < 15


async def test_deep_pages_are_masked_too(server: Server) -> None:
    under(server, rule("pattern", EMAIL))
    deep = b'{"a":' * 1_500 + json.dumps(CANARY).encode() + b"}" * 1_500
    body = b'[{"type":2,"timestamp":1,"data":{"node":' + deep + b"}}]"
    assert (await server.record(gzip.compress(body))).status_code == 200
    assert CANARY.encode() not in on_disk(server)


async def test_sdks_hear_of_selectors_and_foreign_batches_owe_masking(server: Server) -> None:
    rules = [rule("mask", ".name"), rule("block", "img", "r2")]
    version = selectors_of(rules).version
    told = {"version": version, "mask": [".name"], "block": ["img"]}
    under(server, *rules)
    assert (await server.record(page())).json()["rules"] == told
    assert (await server.ask("GET", f"/settings/?token={TOKEN}&v=1")).json()["rules"] == told
    ours = {"v": "1", "epoch": "1795341600000-a1b2", "n": "2", "masked": "7", "blocked": "2"}
    await server.record(page(), **ours, rules=version)
    await server.record(page(), **ours, rules="0ld")
    await server.record(page(), **{**ours, "masked": "many"}, rules="abc123")
    foreign, present, wrong, old = server.summaries()
    assert (foreign.owed, foreign.rules, foreign.rule_ids, foreign.masked) == (version, "", [], -1)
    assert (present.owed, present.rules, present.rule_ids) == ("", version, ["r1", "r2"])
    assert (present.masked, present.blocked) == (7, 2)
    assert (wrong.owed, wrong.rules) == (version, "")
    assert (old.owed, old.rules, old.masked) == (version, "abc123", -1)


async def test_sdks_hear_that_there_are_no_selectors_any_more(server: Server) -> None:
    under(server, rule("mask", ".name", deleted_at_ms=5))
    assert (await server.record(page())).json()["rules"] == {"version": "", "mask": [], "block": []}
    assert server.summaries()[0].owed == ""
    under(server, rule("pattern", EMAIL))
    assert "rules" not in (await server.record(page())).json()


@pytest.mark.alone
async def test_a_rule_is_in_force_within_two_seconds(stores: Stores, project: Project) -> None:
    directory = Directory(control_loader(stores.control.engine, "secret"))

    async def known() -> bool:
        return (await directory.current()).projects[project.token].rules.patterns is not None

    assert not await known()
    made = create_rule(stores.control, project.project_id, "pattern", EMAIL, "", COMMAND, 1)
    began = time.monotonic()
    while not await known():
        assert time.monotonic() - began < 2
        await asyncio.sleep(0.02)
    delete_rule(stores.control, project.project_id, made.rule_id, COMMAND, 2)
    began = time.monotonic()
    while await known():
        assert time.monotonic() - began < 2
        await asyncio.sleep(0.02)
    directory.close()


async def test_rules_are_compiled_once(stores: Stores, project: Project) -> None:
    load = control_loader(stores.control.engine)
    create_rule(stores.control, project.project_id, "pattern", EMAIL, "", COMMAND, 1)
    first = load().projects[project.token].rules
    assert load().projects[project.token].rules is first
    create_rule(stores.control, project.project_id, "mask", ".a", "", COMMAND, 2)
    assert load().projects[project.token].rules is not first


def test_summaries_without_the_new_fields_are_read() -> None:
    from playhead.items import BatchSummary

    old = {"replay_id": REPLAY, "epoch": "", "seq": 0, "first_ms": 0, "last_ms": 0, "events": 1, "full_snapshots": [],
           "raw_bytes": 2, "digest": ""}  # fmt: skip
    summary = msgspec.msgpack.decode(msgspec.msgpack.encode(old), type=BatchSummary)
    assert (summary.owed, summary.masked, summary.patterns) == ("", -1, 0)


def test_imported_recordings_come_under_the_rules(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "visit.json"
    file.write_text(json.dumps(visit()))
    rules = compile_rules([rule("pattern", EMAIL), rule("mask", ".name", "r2")], b"key")
    import_files([file], PROJECT, server.settings, server.journal, rules)
    assert CANARY.encode() not in on_disk(server)
    assert server.summaries()[0].owed == rules.selectors.version
