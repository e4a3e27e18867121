"""Both SDKs' requests, as they come over the wire, and what each answer promises."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import random
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playhead.accounts import hashed
from playhead.capture.app import create_capture
from playhead.capture.directory import Directory, ProjectEntry, Snapshot
from playhead.capture.limits import RateLimiter
from playhead.clock import now_ms, set_clock
from playhead.journal import Journal, JournalQueue

from .conftest import ORIGIN, PROJECT, REPLAY, TOKEN, Server, is_uuid7, page

pytestmark = pytest.mark.anyio

NOW = 1_795_341_600_000
ROUTES = ["track", "engage", "groups", "record", "import", "flags", "settings"]


@pytest.fixture(autouse=True)
def _clock() -> Any:
    set_clock(lambda: NOW)
    yield
    set_clock(None)


def event(name: str = "View Item", **properties: Any) -> dict[str, Any]:
    return {
        "event": name,
        "properties": {
            "token": TOKEN,
            "time": NOW / 1000,
            "distinct_id": "$device:d1",
            "$device_id": "d1",
            "$insert_id": f"{random.getrandbits(64):x}",
            "mp_lib": "web",
            **properties,
        },
    }


def form(payload: Any) -> bytes:
    """What `mixpanel-browser` posts with a custom api_host: base64 of CESU-8, percent-escaped."""
    text = json.dumps(payload, ensure_ascii=False)
    units = text.encode("utf-16-le", "surrogatepass")
    cesu8 = b"".join(
        chr(units[i] | units[i + 1] << 8).encode("utf-8", "surrogatepass") for i in range(0, len(units), 2)
    )
    return b"data=" + quote(base64.b64encode(cesu8)).encode()


FORM = {"content-type": "application/x-www-form-urlencoded"}


# --- CORS ---


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("path", ["/{}/", "/{}", "//{}/"])
async def test_a_preflight_allows_what_it_asks_for(server: Server, route: str, path: str) -> None:
    answer = await server.ask(
        "OPTIONS",
        "http://playhead.test" + path.format(route) + "?seq=1",
        headers={
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type,x-own",
        },
    )
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-expose-headers"] == "Retry-After"
    assert "POST" in answer.headers["access-control-allow-methods"]
    allowed = answer.headers["access-control-allow-headers"]
    assert all(name in allowed for name in ("authorization", "content-type", "traceparent", "x-own"))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/track/", 400),
        ("POST", "/record/", 401),
        ("GET", "/record/", 405),
        ("POST", "/import", 401),
        ("GET", "/flags/", 401),
        ("GET", "/settings/", 401),
        ("GET", "/nothing/here", 404),
    ],
)
async def test_every_refusal_is_json_with_cors_headers(server: Server, method: str, path: str, status: int) -> None:
    answer = await server.ask(method, path)
    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-allow-credentials"] == "true"
    error = answer.json()["error"]
    assert error["code"]
    assert error["message"]


# --- track ---


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (form, FORM),
        (form, {"content-type": "text/plain;charset=UTF-8"}),
        (lambda e: b"data=" + quote(json.dumps(e)).encode(), FORM),
        (lambda e: b"verbose=1&data=" + quote(json.dumps(e, ensure_ascii=False)).encode(), FORM),
        (lambda e: base64.b64encode(json.dumps(e).encode()), {"content-type": "text/plain"}),
        (lambda e: json.dumps(e, ensure_ascii=False).encode(), {"content-type": "application/json"}),
        (lambda e: gzip.compress(json.dumps(e).encode()), {"content-encoding": "gzip"}),
    ],
    ids=["form", "beacon", "form json", "form json first field", "base64", "json", "gzip"],
)
@pytest.mark.parametrize("many", [True, False])
async def test_events_are_taken_in_every_dress(server: Server, body: Any, headers: Any, many: bool) -> None:
    sent = event(label="Ü 😀 ∑")
    payload = [sent, event("Checkout")] if many else sent
    answer = await server.ask("POST", "/track/?verbose=1&ip=1&_=1795341600000", content=body(payload), headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"status": 1, "error": None}
    stored = server.events()
    assert [e.event for e in stored] == (["View Item", "Checkout"] if many else ["View Item"])
    first = stored[0]
    assert (first.distinct_id, first.device_id, first.client_time_ms, first.time_ms) == ("$device:d1", "d1", NOW, NOW)
    assert first.insert_id == sent["properties"]["$insert_id"]
    assert json.loads(first.properties)["label"] == "Ü 😀 ∑"
    assert json.loads(first.raw) == sent["properties"]
    (item,) = server.journalled()
    assert item.project_id == PROJECT
    assert is_uuid7(item.ingest_id)


async def test_without_verbose_the_answer_is_one_character(server: Server) -> None:
    answer = await server.ask("POST", "/track/?ip=1", content=form(event()), headers=FORM)
    assert (answer.status_code, answer.text) == (200, "1")


async def test_an_event_can_be_sent_by_get_image_and_script(server: Server) -> None:
    data = quote(base64.b64encode(json.dumps(event()).encode()))
    image = await server.ask("GET", f"/track/?img=1&data={data}")
    script = await server.ask("GET", f"/track?callback=mp.cb&data={data}")
    assert image.headers["content-type"] == "image/gif"
    assert script.text == "mp.cb(1);"
    assert len(server.events()) == 2


async def test_our_sdk_is_answered_in_json_and_its_clock_is_corrected(server: Server) -> None:
    ahead = 86_400_000
    answer = await server.track([event(time=(NOW + ahead - 1_000) / 1000)], sent_at=str(NOW + ahead))
    assert answer.json() == {"status": 1, "error": None}
    (stored,) = server.events()
    assert stored.time_ms == NOW - 1_000
    assert stored.client_time_ms == NOW + ahead - 1_000
    assert stored.clock_flag == "offset"


async def test_events_of_a_fast_clock_keep_their_order_and_others_their_time(server: Server) -> None:
    hour = 3_600_000
    await server.track(
        [
            event("a", time=(NOW + hour - 2_000) / 1000),
            event("b", time=(NOW + hour) / 1000),
            event("c", **{"$device_id": "d2"}),
        ]
    )
    assert [(e.event, e.time_ms - NOW, e.clock_flag) for e in server.events()] == [
        ("a", -2_000, "future"),
        ("b", 0, "future"),
        ("c", 0, ""),
    ]


async def test_an_ancient_event_is_kept_and_flagged(server: Server) -> None:
    await server.track([event(time=1_000_000_000)])
    (stored,) = server.events()
    assert (stored.time_ms, stored.clock_flag) == (1_000_000_000_000, "ancient")


async def test_an_event_without_a_time_happened_when_it_arrived(server: Server) -> None:
    sent = event()
    del sent["properties"]["time"]
    await server.track([sent])
    assert server.events()[0].time_ms == NOW


async def test_the_good_events_of_a_request_are_taken_and_the_bad_ones_named(server: Server) -> None:
    answer = await server.track([event("good"), {"event": 5, "properties": {}}, {"event": "x", "properties": []}])
    assert answer.status_code == 200
    assert "event 1" in answer.json()["error"]
    assert [e.event for e in server.events()] == ["good"]


@pytest.mark.parametrize(
    "body", [b"", b"data=", b"{", b"[1]", b"%%%", b'{"event": "x"', b"\xff\xfe", b"data=%00%01", b"[]]"]
)
async def test_nonsense_is_refused_with_what_is_wrong(server: Server, body: bytes) -> None:
    answer = await server.ask("POST", f"/track/?token={TOKEN}", content=body, headers=FORM)
    assert answer.status_code == 400
    assert len(answer.json()["error"]["message"]) > 10
    assert server.journalled() == []


async def test_an_empty_list_is_fine(server: Server) -> None:
    assert (await server.track([])).status_code == 200


async def test_unknown_and_missing_tokens_are_told_apart(server: Server) -> None:
    unknown = await server.ask("POST", "/track/", content=form(event(token="wrong")), headers=FORM)
    missing = await server.ask("POST", "/track/", content=form({"event": "x", "properties": {}}), headers=FORM)
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (401, "unknown_token")
    assert (missing.status_code, missing.json()["error"]["code"]) == (401, "missing_token")
    assert "www-authenticate" not in missing.headers
    assert server.journalled() == []


async def test_a_request_for_two_projects_is_split(server: Server) -> None:
    await server.ask("POST", "/track/", content=form([event("a"), event("b", token="other-token")]), headers=FORM)
    assert {i.project_id for i in server.journalled()} == {PROJECT, "pother"}


async def test_more_events_than_the_limit_are_refused_and_none_stored(server: Server) -> None:
    server.start(max_events_per_request=3)
    answer = await server.track([event() for _ in range(4)])
    assert answer.status_code == 413
    assert "limit of 3" in answer.json()["error"]["message"]
    assert server.journalled() == []


async def test_what_the_store_would_refuse_is_normalised_and_the_original_kept(server: Server) -> None:
    deep = "[" * 1_200 + "]" * 1_200
    odd = '"a.b": 1, "a": {"b": 2}, "twice": 1, "twice": 2, "lone": "x\\ud800y"'
    properties = f'{{"token": "{TOKEN}", "time": 1795341600, {odd}, "deep": {deep}}}'
    answer = await server.track(f'[{{"event": "odd", "properties": {properties}}}]'.encode())
    assert answer.status_code == 200, answer.text
    (stored,) = server.events()
    assert stored.raw.decode() == properties
    flat = json.loads(stored.properties)
    assert (flat["a%2Eb"], flat["a.b"], flat["twice"], flat["lone"]) == (1, 2, 2, "x\ufffdy")


async def test_json_nested_beyond_reason_is_refused(server: Server) -> None:
    answer = await server.track(b'{"event":"x","properties":{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}}")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "too_deep"


async def test_the_browser_is_filled_in_from_the_user_agent(server: Server) -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
    await server.ask(
        "POST", "/track/", content=form([event(), event(**{"$os": "iOS"})]), headers={**FORM, "user-agent": agent}
    )
    first, second = (json.loads(e.properties) for e in server.events())
    assert (first["$browser"], first["$os"]) == ("Chrome", "Linux")
    assert second["$os"] == "iOS"


async def test_ignored_events_are_dropped_silently(server: Server) -> None:
    answer = await server.track([event(**{"$ignore": True})])
    assert answer.json()["status"] == 1
    assert server.events() == []


# --- engage, groups ---


async def test_each_verb_is_an_operation(server: Server) -> None:
    answer = await server.ask(
        "POST",
        "/engage/?verbose=1",
        content=form(
            [
                {"$set": {"$os": "Linux"}, "$token": TOKEN, "$distinct_id": "u1", "$device_id": "d", "$user_id": "u1"},
                {"$add": {"n": 1}, "$append": {"l": 2}, "$token": TOKEN, "$distinct_id": "u1"},
                {"$unset": ["x"], "$token": TOKEN, "$distinct_id": "u1"},
                {"$delete": "u1", "$token": TOKEN, "$distinct_id": "u1"},
            ]
        ),
        headers=FORM,
    )
    assert answer.json() == {"status": 1, "error": None}
    operations = server.profiles()
    assert [(o.verb, json.loads(o.value)) for o in operations] == [
        ("$set", {"$os": "Linux"}),
        ("$add", {"n": 1}),
        ("$append", {"l": 2}),
        ("$unset", ["x"]),
        ("$delete", "u1"),
    ]
    assert (operations[0].distinct_id, operations[0].device_id, operations[0].time_ms) == ("u1", "d", NOW)


async def test_a_request_id_names_the_operations(server: Server) -> None:
    await server.ask(
        "POST",
        f"/engage/?v=1&token={TOKEN}&request_id=9c1d",
        content=b'[{"$add": {"n": 1}, "$distinct_id": "u1"}]',
    )
    assert server.profiles()[0].request_id == "9c1d"


async def test_group_operations_are_taken(server: Server) -> None:
    group = {"$set": {"plan": "pro"}, "$group_key": "company", "$group_id": 7, "$token": TOKEN}
    answer = await server.ask("POST", "/groups/?verbose=1", content=form([group]), headers=FORM)
    assert answer.json() == {"status": 1, "error": None}
    (operation,) = server.groups()
    assert (operation.group_key, operation.group_id, operation.verb) == ("company", "7", "$set")


@pytest.mark.parametrize(
    "entry",
    [
        {"$set": {"a": 1}},
        {"$distinct_id": "u"},
        {"$distinct_id": "u", "$set": 5},
        {"$distinct_id": "u", "$unset": {}},
        5,
    ],
)
async def test_an_operation_that_is_none_is_refused(server: Server, entry: Any) -> None:
    answer = await server.ask("POST", f"/engage/?token={TOKEN}&v=1", content=json.dumps([entry]).encode())
    assert answer.status_code == 400, answer.text
    assert "entry 0" in answer.json()["error"]["message"]
    assert server.journalled() == []


# --- record ---


async def test_a_batch_of_the_real_client_is_journalled_as_it_came(server: Server) -> None:
    body = gzip.compress(json.dumps(page()).encode())
    answer = await server.record(body, **{"$device_id": "d1", "$user_id": "null", "seq": "3", "$lib_version": "2.83.0"})
    assert (answer.status_code, answer.json()) == (
        200,
        {"code": 200, "status": "OK", "recording": "ok", "live": False},
    )
    (item,) = server.journalled()
    assert item.payload == body
    assert item.project_id == PROJECT
    (summary,) = server.summaries()
    assert (summary.replay_id, summary.epoch, summary.seq, summary.events) == (REPLAY, "", 3, 2)
    assert (summary.distinct_id, summary.device_id, summary.user_id) == ("u1", "d1", "")
    assert (summary.library, summary.library_version) == ("web", "2.83.0")
    assert summary.full_snapshots == [NOW + 1]
    assert summary.pages == [(NOW, "https://shop.example/")]


def ours(**changes: str) -> dict[str, str]:
    return {
        "v": "1",
        "token": TOKEN,
        "replay_id": REPLAY,
        "epoch": f"{NOW}-ab12",
        "seq": "40",
        "n": "2",
        "format": "gzip",
        "mp_lib": "playhead",
        "sent_at": str(NOW),
        "mask": "text",
        "visit": REPLAY,
        "distinct_id": "u1",
        **changes,
    }


async def test_a_batch_of_our_sdk_needs_no_header(server: Server) -> None:
    body = gzip.compress(json.dumps(page()).encode())
    answer = await server.ask("POST", "/record/", params=ours(), content=body, headers={"content-type": "text/plain"})
    assert answer.status_code == 200, answer.text
    (summary,) = server.summaries()
    assert (summary.epoch, summary.seq, summary.mask, summary.visit) == (f"{NOW}-ab12", 40, "text", REPLAY)
    assert summary.pages == []  # pages are told by ph:page


async def test_a_batch_of_a_browser_that_cannot_compress_is_packed_here(server: Server) -> None:
    text = json.dumps(page()).encode()
    answer = await server.ask("POST", "/record/", params=ours(format="body"), content=text)
    assert answer.status_code == 200
    assert gzip.decompress(server.journalled()[0].payload) == text


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"replay_id": "abc"}, "bad_replay_id"),
        ({"replay_id": ""}, "bad_replay_id"),
        ({"seq": "-1"}, "bad_seq"),
        ({"epoch": "yesterday"}, "bad_epoch"),
        ({"n": "3"}, "bad_n"),
        ({"v": "9"}, "unknown_version"),
    ],
)
async def test_a_wrong_parameter_is_named(server: Server, changes: dict[str, str], code: str) -> None:
    body = gzip.compress(json.dumps(page()).encode())
    answer = await server.ask("POST", "/record/", params=ours(**changes), content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert answer.json()["code"] == 400
    assert server.journalled() == []


# Without the time of day, so that a test has the same name whenever it is collected.
GZ = partial(gzip.compress, mtime=0)


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (b"[]", "not_gzip", "not gzip"),
        (GZ(b"[1,2]")[:-4], "not_gzip", "too early"),
        (GZ(b"[]") + b"tail", "not_gzip", "not gzip"),
        (GZ(b"[{"), "not_rrweb", "truncated"),
        (GZ(b"{}"), "not_rrweb", "Expected `array`"),
        (GZ(b"[5]"), "not_rrweb", "$[0]"),
        (GZ(b'[{"type":3,"timestamp":1},{"type":3}]'), "not_rrweb", "$[1]"),
        (GZ(b'[{"type":3,"timestamp":"now"}]'), "not_rrweb", "$[0].timestamp"),
        (GZ(b'[{"type":3,"timestamp":1,"data":{"x":"\xff"}}]'), "not_utf8", "byte 38"),
        (GZ(b'[{"type":3,"timestamp":1,"data":' + b"[" * 99_999), "too_deep", "4000 levels"),
        (b"", "empty_body", "empty"),
    ],
)
async def test_a_body_that_is_no_batch_is_refused_with_what_is_wrong_and_where(
    server: Server, body: bytes, code: str, words: str
) -> None:
    answer = await server.record(body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, code)
    assert words in error["message"]
    assert server.journalled() == []


async def test_an_unknown_token_records_nothing(server: Server) -> None:
    answer = await server.ask("POST", "/record/", params=ours(token="wrong"), content=b"x")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unknown_token")


async def test_a_body_over_the_limit_is_refused_with_the_limit(server: Server) -> None:
    server.start(max_body_bytes=1_000)
    answer = await server.record(random.randbytes(2_000))
    assert answer.status_code == 413
    assert "1000 bytes" in answer.json()["error"]["message"]
    assert answer.headers["access-control-allow-origin"] == ORIGIN


async def test_a_body_without_a_length_is_cut_off_at_the_limit(server: Server) -> None:
    server.start(max_body_bytes=1_000)
    read = 0

    async def endless() -> Any:
        nonlocal read
        while True:
            read += 1
            yield b"x" * 400

    answer = await server.ask("POST", "/record/", params=ours(), content=endless())
    assert answer.status_code == 413
    assert read < 10


async def test_a_gzip_bomb_is_refused(server: Server) -> None:
    server.start(max_unpacked_bytes=100_000)
    answer = await server.record(gzip.compress(b"[" + b" " * 50_000_000 + b"]"))
    assert answer.status_code == 413
    assert "100000 bytes" in answer.json()["error"]["message"]
    assert server.journalled() == []


async def test_a_batch_of_two_gzip_members_is_journalled_as_one(server: Server) -> None:
    text = json.dumps(page()).encode()
    answer = await server.record(gzip.compress(text[:20]) + gzip.compress(text[20:]))
    assert answer.status_code == 200
    assert gzip.decompress(server.journalled()[0].payload) == text


async def test_a_deleted_replay_takes_nothing(server: Server) -> None:
    server.control = Snapshot({TOKEN: ProjectEntry(PROJECT)}, frozenset([(PROJECT, REPLAY)]))
    answer = await server.record(page(), replay_id=REPLAY.upper())
    assert (answer.status_code, answer.json()["recording"]) == (200, "deleted")
    assert server.journalled() == []


async def test_a_project_that_records_no_more_says_stop(server: Server) -> None:
    server.control = Snapshot({TOKEN: ProjectEntry(PROJECT, recording="stop")})
    assert (await server.record(page())).json()["recording"] == "stop"
    assert server.journalled() == []


async def test_a_watched_replay_is_told_so(server: Server) -> None:
    server.control = Snapshot({TOKEN: ProjectEntry(PROJECT)}, watched_replays=frozenset([(PROJECT, REPLAY)]))
    assert (await server.record(page())).json()["live"] is True
    assert len(server.journalled()) == 1


async def test_a_batch_of_the_future_is_kept_and_flagged(server: Server) -> None:
    await server.record(page(NOW + 86_400_000))
    (summary,) = server.summaries()
    assert summary.first_ms == NOW + 86_400_000
    assert summary.clock_offset_ms == -86_400_001
    assert summary.clock_flag == "future"


async def test_a_batch_of_last_night_is_no_clock_error(server: Server) -> None:
    await server.ask(
        "POST", "/record/", params=ours(), content=gzip.compress(json.dumps(page(NOW - 40_000_000)).encode())
    )
    (summary,) = server.summaries()
    assert (summary.clock_offset_ms, summary.clock_flag) == (0, "")


async def test_a_page_as_deep_as_browsers_parse_is_taken(server: Server) -> None:
    nested = '[{"type":2,"timestamp":1,"data":{"node":' + '{"childNodes":[' * 600 + "]}" * 600 + "}}]"
    assert (await server.record(gzip.compress(nested.encode()))).status_code == 200


# --- limits ---


async def test_a_project_over_its_rate_waits_and_others_do_not(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    # All in one moment, however long a busy machine takes for them.
    monkeypatch.setattr(RateLimiter.__init__, "__defaults__", (lambda: 0.0,))
    server.start(rate_limit_per_second=1)
    answers = [await server.track([event()]) for _ in range(11)]
    assert [a.status_code for a in answers] == [200] * 10 + [429]
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert answers[-1].headers["access-control-expose-headers"] == "Retry-After"
    other = await server.ask("POST", "/track/", content=form(event(token="other-token")), headers=FORM)
    assert other.status_code == 200


async def test_each_region_has_its_journal_and_one_that_is_not_set_up_takes_nothing(server: Server) -> None:
    server.control = Snapshot(
        {
            TOKEN: ProjectEntry(PROJECT),
            "eu-token": ProjectEntry("peu", region="eu"),
            "us-token": ProjectEntry("pus", region="us"),
        }
    )
    path = server.settings.data / "journal-eu.sqlite"
    journal, queue = Journal.open(path, 1_000_000), JournalQueue.open(path)
    server.app = create_capture(server.settings, {"": server.journal, "eu": journal}, server.directory)
    answer = await server.ask("POST", "/track/", content=form([event(), event(token="eu-token")]), headers=FORM)
    assert answer.status_code == 200, answer.text
    assert [item.project_id for item in server.journalled()] == [PROJECT]
    assert [item.project_id for item in queue.waiting()] == ["peu"]

    refused = await server.ask("POST", "/track/", content=form([event(token="us-token")]), headers=FORM)
    assert refused.status_code == 503
    assert refused.headers["access-control-allow-origin"] == ORIGIN
    assert refused.json()["error"]["code"] == "region_missing"
    journal.close()
    queue.close()


async def test_a_full_journal_answers_503_and_keeps_what_it_has(server: Server) -> None:
    server.journal.close()
    server.journal = type(server.journal).open(server.settings.journal_path, 3_000)
    server.start()
    assert (await server.track([event()])).status_code == 200
    answer = await server.track([event(text="x" * 3_000)])
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["code"] == 503
    assert len(server.events()) == 1


async def test_a_journal_that_lags_answers_429(server: Server) -> None:
    await server.track([event()])
    set_clock(lambda: NOW + 3_601_000)
    answer = await server.record(page())
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "journal_lag")
    assert int(answer.headers["retry-after"]) > 0


async def test_when_control_goes_down_the_known_tokens_stay(server: Server) -> None:
    assert (await server.track([event()])).status_code == 200

    def down() -> Snapshot:
        raise OSError("control is down")

    server.directory._load = down
    server.directory._loaded_at -= 100
    server.directory._started_at -= 100
    assert (await server.track([event()])).status_code == 200


async def test_before_control_was_ever_read_the_answer_is_503(server: Server) -> None:
    def down() -> Snapshot:
        raise OSError("control is down")

    server.directory._load = down
    answer = await server.track([event()])
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


# --- import, flags, settings ---


def imported(**properties: Any) -> dict[str, Any]:
    base = {"time": NOW // 1000 - 86_400 * 900, "distinct_id": "u1", "$insert_id": "a-1"}
    return {"event": "Old", "properties": {**base, **properties}}


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("lines", [True, False])
async def test_import_takes_arrays_and_lines(server: Server, packed: bool, lines: bool) -> None:
    events = [imported(), imported(**{"$insert_id": "a-2"})]
    text = ("\n".join(map(json.dumps, events)) if lines else json.dumps(events)).encode()
    answer = await server.ask(
        "POST",
        "/import?strict=1&project_id=1",
        content=gzip.compress(text) if packed else text,
        headers={"content-encoding": "gzip"} if packed else {},
        auth=(TOKEN, ""),
    )
    assert answer.json() == {"code": 200, "status": "OK", "num_records_imported": 2}
    assert [e.insert_id for e in server.events()] == ["a-1", "a-2"]


@pytest.mark.parametrize("way", ["bearer", "basic"])
async def test_a_key_that_may_ingest_imports(server: Server, way: str) -> None:
    noted: list[set[str]] = []
    server.control = Snapshot({}, keys={hashed("ph_key"): ProjectEntry(PROJECT)})
    server.directory = Directory(lambda: server.control, noted.append)
    server.app = create_capture(server.settings, {"": server.journal}, server.directory)
    given: dict[str, Any] = (
        {"headers": {"authorization": "Bearer ph_key"}} if way == "bearer" else {"auth": ("ph_key", "")}
    )
    answer = await server.ask("POST", "/import", content=json.dumps([imported()]).encode(), **given)
    assert answer.json()["num_records_imported"] == 1
    assert server.events()[0].event
    other = await server.ask("POST", "/import", content=b"[]", headers={"authorization": "Bearer ph_other"})
    assert other.status_code == 401
    assert (await server.ask("POST", "/track/", content=b"[]", auth=("ph_key", ""))).status_code == 401
    server.directory._read()
    assert noted == [{hashed("ph_key")}]


async def test_import_names_each_record_that_failed_and_takes_the_others(server: Server) -> None:
    bad: list[Any] = [
        imported(**{"$insert_id": "not ok!"}),
        imported(time=NOW / 1000 + 7_200),
        imported(distinct_id="undefined"),
        imported(nested={"a": {"b": {"c": {"d": 1}}}}),
        imported(**{f"p{n}": 1 for n in range(300)}),
        {"event": "x"},
        5,
    ]
    answer = await server.ask("POST", "/import", content=json.dumps([imported(), *bad]).encode(), auth=(TOKEN, ""))
    assert answer.status_code == 400
    failure = answer.json()
    assert failure["num_records_imported"] == 1
    assert failure["status"] == "Bad Request"
    assert [f["index"] for f in failure["failed_records"]] == [1, 2, 3, 4, 5, 6, 7]
    assert failure["failed_records"][0] == {
        "index": 1,
        "$insert_id": "not ok!",
        "field": "properties.$insert_id",
        "message": "'properties.$insert_id' must be 1 to 36 letters, digits or '-'",
    }
    assert len(server.events()) == 1


async def test_flags_and_settings_are_answered(server: Server) -> None:
    flags = await server.ask("GET", "/flags/?context=%7B%7D", auth=(TOKEN, ""))
    assert flags.json()["flags"] == {}
    first = await server.ask("POST", "/flags/abc/first-time-events", content=b"{}", auth=(TOKEN, ""))
    assert first.status_code == 200
    answer = await server.ask("GET", f"/settings/?token={TOKEN}&v=1")
    assert answer.json() == {
        "sdk_config": {"config": {}},
        "recording": "ok",
        "rules": {"version": "", "mask": [], "block": []},
    }
    assert now_ms() == NOW


# --- anything at all ---

fragments = st.sampled_from(
    [
        *(b"[", b"]", b"{", b"}", b":", b",", b"null", b"1e999", b"data=", b"%7B", b"W10=", b"\\ud83d", b"\xed"),
        *(b'"event"', b'"properties"', b'"$set"', b'"$time":-1', b'"$distinct_id":"u"'),
        *(b"\x1f\x8b", gzip.compress(b"[]"), b'{"type":3,"timestamp":5,"data":{"source":2,"type":2}}'),
        b'{"event":"x","properties":{"time":1e300,"distinct_id":[],"token":"a-token"}}',
    ]
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    route=st.sampled_from(["track/", "engage", "groups/", "import", f"record/?replay_id={REPLAY}&"]),
    body=st.lists(fragments, max_size=9).map(b"".join) | st.binary(max_size=60),
    query=st.sampled_from(["", "v=1", "format=gzip", "verbose=1&sent_at=1e15", "sent_at=nan&seq=9", "img=1&ip=x"]),
)
def test_no_request_makes_the_server_fail(server: Server, route: str, body: bytes, query: str) -> None:
    url = f"/{route}{'' if '?' in route else '?'}token={TOKEN}&{query}"
    answer = asyncio.run(server.ask("POST", url, content=body))
    assert answer.status_code in (200, 400, 401, 413), answer.text
    assert answer.headers["access-control-allow-origin"] == ORIGIN
