"""Uploads, imports and questions made to do harm: refused with what is wrong, and nothing of them anywhere."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import zstandard
from deleting import worked_off
from house import Asks, furnish, logged_in, member
from starlette.testclient import TestClient
from test_fuzz import ENDS, quick_passwords
from visits import START, Clock

from playhead import clock as the_clock
from playhead import rrweb_import
from playhead.accounts import NewProject, create_project
from playhead.accounts.oidc import unpacked
from playhead.api.app import create_api
from playhead.capture.app import create_capture
from playhead.capture.directory import Directory, control_loader, key_user
from playhead.delivery.flush import Delivery
from playhead.errors import PlayheadError
from playhead.exports_import import Importing
from playhead.governance import audit, retrieval
from playhead.governance.requests import Asked, create_deletion, create_retrieval
from playhead.governance.sensitive import Sensitive, masked_line
from playhead.journal import Journal, JournalQueue
from playhead.rrweb_import import import_files
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.analytics import Analytics
from playhead.stores.blobs import Blobs
from playhead.stores.control import Control

DEEP = b"[" * 100_000
DEEPER = b"[" * 1_200 + b"]" * 1_200
BOMB = gzip.compress(b"[" + b" " * 30_000_000 + b"]", 9)
REPLAY = "0199f1d2-3c4d-4e5f-8a9b-0c1d2e3f4a5b"

# In a path, written as they travel.
IDS = ["..%2f..%2f..%2fetc%2fpasswd", "a%00b", "%ff%fe", "x" * 5_000, "9" * 400, "%0d%0aSet-Cookie:%20a=b%e2%80%ae"]
# In a query string.
VALUES = ["a\0b", "9" * 400, "-1", "1e400", "²", "9999-12-31", "0001-01-01T00:00:00+23:59", "[" * 5_000]
BODIES = [b"[]", b"NaN", b'{"a":' + b"[" * 5_000, b'{"what":"\xff"}', b'{"a":' + b"9" * 5_000 + b"}", b"x" * 1_000_001]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(_env_file=None, data=tmp_path_factory.mktemp("hostile"))  # type: ignore[call-arg]


@pytest.fixture(scope="module")
def stores(engine: Analytics, settings: Settings) -> Iterator[Stores]:
    with closing(Control.open(settings.control)) as control:
        control.migrate()
        yield Stores(engine, Blobs.open(settings.blobs), control)


@pytest.fixture(scope="module")
def clock() -> Iterator[Clock]:
    standing = Clock(START + 60_000)
    the_clock.set_clock(lambda: standing.now)
    yield standing
    the_clock.set_clock(None)


@pytest.fixture(scope="module")
def made(stores: Stores, clock: Clock) -> NewProject:
    return create_project(stores.control, "Shop", 30)


@pytest.fixture(scope="module")
def other(stores: Stores, clock: Clock) -> NewProject:
    return create_project(stores.control, "Odd", 30)


@pytest.fixture(scope="module")
def journal(settings: Settings) -> Iterator[Journal]:
    with closing(Journal.open(settings.journal_path, settings.journal_max_bytes)) as opened:
        yield opened


@pytest.fixture(scope="module")
def server(
    settings: Settings, stores: Stores, journal: Journal, made: NewProject, other: NewProject
) -> Iterator[TestClient]:
    """Everything a server answers, as its web process puts it together."""
    engine = stores.control.engine
    with closing(Directory(control_loader(engine, settings.secret), key_user(engine))) as directory:
        app = create_capture(settings, {"": journal}, directory, create_api(settings, stores))
        with TestClient(app, base_url="http://127.0.0.1:8800", raise_server_exceptions=False) as client:
            client.follow_redirects = False
            yield client


class Everything:
    """Every operation of the API's document, as an owner asks, with one thing wrong at a time."""

    def __init__(self, server: TestClient, stores: Stores, made: NewProject) -> None:
        owner = member(stores, "owner", {made.project_id: "owner"}, operator=True)
        self._ids = furnish(stores, made) | {"member_id": "nobody", "session_id": "none", "secret": "s", "name": "n"}
        self._asks: Asks = logged_in(stores, owner)
        self._server = server
        self.failures: list[str] = []

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for path, methods in self._server.get("/api/openapi.json").json()["paths"].items():
            for method, operation in methods.items():
                if (method.upper(), path) not in ENDS:
                    yield method, path, operation

    def ask(self, method: str, path: str, what: object, **more: Any) -> None:
        self._server.cookies.clear()
        headers = self._asks.headers | {"content-type": "application/json"}
        answer = self._server.request(method, path, headers=headers, **more)
        said = answer.headers.get("content-type", "") == "application/json" and "error" in answer.json()
        if answer.status_code >= 500 or (answer.status_code >= 400 and not said):
            self.failures.append(f"{method} {path[:100]} {what!r:.100} {answer.status_code} {answer.text[:200]}")

    def path(self, path: str, **instead: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda name: (self._ids | instead).get(name[1], "none"), path)


@pytest.mark.usefixtures(quick_passwords.__name__)
def test_no_operation_fails_whatever_stands_in_its_path_query_or_body(
    server: TestClient, stores: Stores, made: NewProject
) -> None:
    house = Everything(server, stores, made)
    tried = 0
    for method, path, operation in house.operations():
        for parameter in operation.get("parameters", []):
            name = parameter["name"]
            if parameter["in"] == "path" and name != "p":
                for value in IDS:
                    house.ask(method, house.path(path, **{name: value}), name)
                    tried += 1
            elif parameter["in"] == "query":
                for value in VALUES:
                    house.ask(method, house.path(path), (name, value), params={name: value})
                    tried += 1
        for body in BODIES if "requestBody" in operation else []:
            house.ask(method, house.path(path), body, content=body)
            tried += 1
    assert not house.failures
    assert tried > 1_000


@pytest.mark.parametrize(
    "path",
    [
        "/..%2f..%2fetc%2fpasswd", "/%2e%2e/%2e%2e/etc/passwd", "/assets/..%2f..%2f..%2fpyproject.toml", "/assets/%00",
        "/%00", "/sdk/..%2fx.js", "/sdk/%00.js", "/assets/" + "x" * 300, "/assets//etc/passwd",
        "/share/..%2f..%2fetc", "/share/%00", "/share/" + "x" * 5_000, "/api/shares/%2e%2e%2f", "/login?code=%00",
    ],
)  # fmt: skip
@pytest.mark.parametrize("host", ["127.0.0.1:8800", "["])
def test_no_address_of_a_file_or_a_share_fails(server: TestClient, path: str, host: str) -> None:
    answer = server.get(path, headers={"host": host})
    assert answer.status_code < 500 or answer.text.startswith("The dashboard's files are not built")
    assert "root:" not in answer.text
    assert "[project]" not in answer.text


EVENT = b'{"event":"e","properties":{"token":"TOKEN",%b}}'
PROFILE = b'{"$token":"TOKEN","$distinct_id":"a",%b}'
# Refused wherever events and profiles come in: what is no JSON, no object, or not in time.
NOTHING: list[bytes] = [
    b"null", b"1e400", b'"x"', b"[null]", b"[[]]", b"\x00", DEEP, b"{", b"[}", b"\xff\xfe", b'{"a":NaN}', b"data=",
    b'{"a":"\xff"}', b"PK\x03\x04", b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>",
]  # fmt: skip


@pytest.mark.parametrize("way", ["/track/", "/engage/", "/groups/", "/import", f"/record/?replay_id={REPLAY}"])
def test_an_upload_of_another_kind_is_refused_and_stores_nothing(
    server: TestClient, made: NewProject, journal: Journal, way: str
) -> None:
    before = journal.stats().items

    def refused(body: bytes, statuses: tuple[int, ...], **headers: str) -> str:
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = server.post(way, content=body, headers=more, auth=(made.token, ""))
        assert answer.status_code in statuses, (body[:60], headers, answer.status_code, answer.text[:200])
        said = answer.json()
        assert said["error"]["message"] if "failed_records" not in said else said["failed_records"][0]["message"]
        return answer.text

    for body in NOTHING:
        refused(body, (400,))
        refused(gzip.compress(body), (400,), content_encoding="gzip")
        refused(base64.b64encode(body), (400,))
    for body in (b"\x1f\x8b", gzip.compress(b"[]")[:-3], gzip.compress(b"[]") + b"more", gzip.compress(BOMB)):
        refused(body, (400,), content_encoding="gzip")
    for coding in ("zstd", "deflate", "br", "gzip, gzip", "../gzip"):
        packed = {"zstd": zstandard.compress(b"[]"), "deflate": zlib.compress(b"[]")}.get(coding, b"[]")
        assert "Content-Encoding" in refused(packed, (400,), content_encoding=coding)
    if way.startswith("/record"):
        refused(gzip.compress(b" " * 101_000_000), (413,), content_encoding="gzip")
    else:
        refused(BOMB, (413,), content_encoding="gzip")
    refused(b"[]", (413,), content_length="9" * 5_000)
    refused(b"[]", (413,), content_length="99999999999")
    form = b'--x\r\nContent-Disposition: form-data; name="data"; filename="../../x"\r\n\r\n[]\r\n--x--'
    refused(form, (400,), content_type="multipart/form-data; boundary=x")
    assert journal.stats().items == before


WRONG_EVENTS: list[tuple[bytes, str]] = [
    (b'[{"event":["e"]}]', "must be a string"),
    (b'[{"event":"e","properties":[1]}]', "not a JSON object"),
    (b'[{"event":"e","properties":null}]', "not a JSON object"),
]


@pytest.mark.parametrize(("body", "why"), WRONG_EVENTS)
def test_an_event_that_is_none_is_named_and_the_others_are_taken(
    server: TestClient, made: NewProject, journal: Journal, body: bytes, why: str
) -> None:
    before = journal.stats().items
    wrong = body.replace(b"TOKEN", made.token.encode()).removeprefix(b"[").removesuffix(b"]")
    good = EVENT.replace(b"TOKEN", made.token.encode()) % b'"x":1'
    alone = server.post("/track/", content=wrong, params={"token": made.token, "verbose": "1"})
    assert alone.status_code == 400
    assert why in alone.json()["error"]["message"]
    both = server.post("/track/", content=b"[%b,%b]" % (wrong, good), params={"token": made.token, "verbose": "1"})
    assert (both.status_code, why in both.json()["error"]) == (200, True)
    assert journal.stats().items == before + 1


# Odd, and still events: they are taken, and whoever reads them again later must be able to.
ODD = [
    b'"time":-1e308', b'"time":"-1e308"', b'"time":1e308', b'"time":1e400', b'"time":' + b"9" * 390,
    b'"time":-' + b"9" * 5_000, b'"distinct_id":' + DEEPER, b'"$insert_id":{"a":{"a":{}}}', b'"x":1e400',
    b'"x":' + b"9" * 5_000, b'"x":"\\ud800"', b'"\\udfff":"\\ud83d"', b'"a\\u0000b":"\\u0000"', b'"x":1,"x":2',
    b'"x":' + DEEPER, b'"x":{"secret":1},"y":' + DEEPER, b'"$mp_replay_id":"../../../etc/passwd"', b'"distinct_id":"../../x\\u0000\\r\\n"',
    b'"ip":"1.2.3.4","x":1e400,"y":"\\udc00"', b'"$user_agent":"\\ud800"', b'"x":{"__proto__":{"a":1}}',
]  # fmt: skip


def test_an_odd_event_is_taken_exported_retrieved_and_rid_of_a_property(
    server: TestClient, other: NewProject, stores: Stores, settings: Settings, clock: Clock
) -> None:
    made = other
    odd = [EVENT % (b'"$user_id":"odd","secret":"canary",' + each) for each in ODD]
    for body in odd:
        body = body.replace(b"TOKEN", made.token.encode())
        answer = server.post("/track/", content=body, params={"verbose": "1"})
        assert answer.json() == {"status": 1, "error": None}, (body[:90], answer.text)
    operations = (b'"$set":{"x":' + DEEPER + b"}", b'"$set":{"x":1e400}', b'"$time":-1e308,"$set":{"a":1}')
    for body in operations:
        body = (PROFILE % body).replace(b"TOKEN", made.token.encode())
        assert server.post("/engage/", content=body).status_code == 200, body[:90]
    with closing(JournalQueue.open(settings.journal_path)) as queue:
        assert Delivery(queue, stores, settings).run_once()
        assert queue.dead_letters() == []

    headers = {"Authorization": f"Bearer {made.api_key}"}
    lines = server.get(f"/api/projects/{made.project_id}/export", headers=headers).content.splitlines()
    assert len(lines) == len(odd)
    assert all(line.count(b"canary") == 1 for line in lines)
    hidden = [masked_line(line, Sensitive(event=frozenset({"secret"}))) for line in lines]
    assert all(b"canary" not in line and b'"secret":"****"' in line for line in hidden)

    asked = create_retrieval(stores, made.project_id, ["odd"], "GDPR", "Data", audit.COMMAND, clock.now)
    done = worked_off(stores, settings, asked, clock)
    parts = retrieval.archive_parts(stores, settings, done, clock.now)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(retrieval.stream(stores.blobs, parts))))
    assert archive.read("events.ndjson").count(b"canary") == len(odd)
    assert all(re.fullmatch(r"[a-z]+(/[0-9a-f-]{36})?\.(html|json|ndjson)", name) for name in archive.namelist())

    deletion = create_deletion(
        stores, made.project_id, Asked("property", property="secret"), audit.COMMAND, clock.now
    )  # fmt: skip
    assert f'"count":{len(odd)}' in worked_off(stores, settings, deletion, clock).receipt
    left = server.get(f"/api/projects/{made.project_id}/export", headers=headers).content
    assert (left.count(b"\n"), left.count(b"canary")) == (len(odd), 0)


@pytest.mark.parametrize(
    "events",
    [
        b'[{"type":1e400,"timestamp":1}]', b'[{"type":2,"timestamp":NaN}]', b"{}", b"[1]", b'[{"type":2}]',
        b'[{"type":"2","timestamp":1}]', b'[{"type":2,"timestamp":1,"data":"\xff"}]', b'[{"type":2,"timestamp":[]}]',
        b'[{"type":2,"timestamp":1,"data":' + b"[" * 9_000 + b"]" * 9_000 + b"}]",
    ],
)  # fmt: skip
def test_a_batch_that_is_none_is_refused(server: TestClient, made: NewProject, journal: Journal, events: bytes) -> None:
    before = journal.stats().items
    answer = server.post(f"/record/?replay_id={REPLAY}", content=gzip.compress(events), auth=(made.token, ""))
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]
    assert journal.stats().items == before


@pytest.mark.parametrize(
    "query",
    [
        {"replay_id": "../../etc/passwd"}, {"replay_id": REPLAY + "\0"}, {"replay_id": "/" + REPLAY}, {"seq": "-1"},
        {"replay_id": REPLAY.replace("0", "０")}, {"seq": "9" * 5_000}, {"seq": "²"}, {"v": "9" * 500},
        {"v": "1", "epoch": "../../../../etc"}, {"v": "1", "epoch": "1795341600000-a1b2", "n": "1e9"},
        {"v": "1", "epoch": "1795341600000-a1b2", "n": "9" * 5_000},
    ],
)  # fmt: skip
def test_a_batch_by_another_name_is_refused(
    server: TestClient, made: NewProject, journal: Journal, query: dict[str, str]
) -> None:
    before = journal.stats().items
    answer = server.post("/record/", params={"replay_id": REPLAY} | query, content=b"[]", auth=(made.token, ""))
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]
    assert journal.stats().items == before


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"\x1f\x8b", gzip.compress(b"[]" * 50)[:-4], gzip.compress(b"[]") + b"more", b"PK\x03\x04", b"null",
        gzip.compress(bytes(range(256)) * 8, 0).replace(b"\x10\x11", b"\x11\x10"), b"[1]", b'{"events":[1]}', DEEP,
        b'{"events":' + DEEP, b'[{"type":2,"timestamp":1e400}]', b'[{"type":2,"timestamp":1,"data":"\xff"}]',
        b'{"events":"\xff"}', b'[{"type":2,"timestamp":"now"}]',
    ],
)  # fmt: skip
def test_a_file_that_holds_no_replay_is_refused(
    settings: Settings, journal: Journal, tmp_path: Path, content: bytes
) -> None:
    before = journal.stats().items
    file = tmp_path / "replay.json"
    file.write_bytes(content)
    with pytest.raises(PlayheadError, match=re.escape(str(file))):
        import_files([file], "p1", settings, journal)
    assert journal.stats().items == before


def test_a_file_without_an_end_and_a_bomb_of_one_are_refused(
    settings: Settings, journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = journal.stats().items
    monkeypatch.setattr(rrweb_import, "MAX_FILE_BYTES", 5_000_000)
    bomb = tmp_path / "bomb.json.gz"
    with gzip.open(bomb, "wb", 1) as file:
        file.write(bytes(5_000_001))
    for source in (Path("/dev/zero"), bomb):
        with pytest.raises(PlayheadError, match="5,000,000 bytes"):
            import_files([source], "p1", settings, journal)
    assert journal.stats().items == before


@pytest.mark.parametrize("broken", [lambda packed: packed[:300], lambda packed: packed[:40] + bytes(200)])
def test_a_broken_export_is_said_to_be(journal: Journal, tmp_path: Path, broken: Any) -> None:
    file = tmp_path / "export.ndjson.gz"
    lines = b"".join(b'{"event":"e","properties":{"time":1795341600,"n":%d}}\n' % n for n in range(500))
    file.write_bytes(broken(gzip.compress(lines)))
    with pytest.raises(PlayheadError, match="can't be read to its end"):
        importing(journal).file(file, "events")


def test_lines_of_an_export_that_are_none_are_named(journal: Journal, tmp_path: Path) -> None:
    before = journal.stats().items
    lines = [
        b"[1]", b"null", b"{", DEEP, b'{"event":"e","properties":{"time":1e400}}', b'{"event":"e"}', b"\xff",
        b'{"event":"e","properties":{"time":1,"x":' + b"[" * 9_000 + b"]" * 9_000 + b"}}", b"x" * 2_000_000, b'{"event":1,"properties":{}}',
    ]  # fmt: skip
    people = [b'{"$distinct_id":"a"}', b'{"$distinct_id":"a","$properties":[]}', b'{"results":[1]}', b'{"a":' + DEEP]
    people += [b'{"results":[{"$properties":{"a":1}}]}']
    file = tmp_path / "export.ndjson"
    for what, wrong in (("events", lines), ("people", people)):
        file.write_bytes(b"\n".join(wrong))
        found = importing(journal).file(file, what)  # type: ignore[arg-type]
        assert (found.taken, found.wrong) == (0, len(wrong)), found.shown
        assert all(line.reason for line in found.shown)
    assert journal.stats().items == before
    odd = b'{"$distinct_id":"a","$properties":{"$last_seen":"0001-01-01T00:00:00+23:59","x":' + DEEPER + b"}}"
    file.write_bytes(odd)
    assert importing(journal).file(file, "people").taken == 1


def importing(journal: Journal) -> Importing:
    return Importing("p1", journal, drain=lambda: None, max_line_bytes=1_000_000, max_backlog_bytes=10_000_000)


@pytest.mark.parametrize(
    "asked",
    [
        {"what": "person", "distinct_ids": {"a": 1}}, {"what": "person", "distinct_ids": ["a\0"]}, ["person"],
        {"what": "person", "distinct_ids": ["a" * 1_001]}, {"what": "person", "distinct_ids": ["a"] * 2_001},
        {"what": "replays", "replay_ids": ["../../etc/passwd"]}, {"what": "replays", "replay_ids": [REPLAY + "\0"]},
        {"what": "replays", "replay_ids": [["x"]]}, {"what": "stretch", "replay_id": "../x", "from_ms": 1, "to_ms": 2},
        {"what": "stretch", "replay_id": REPLAY, "from_ms": -1, "to_ms": 2},
        {"what": "stretch", "replay_id": REPLAY, "from_ms": 1, "to_ms": 1e300},
        {"what": "stretch", "replay_id": REPLAY, "from_ms": 10**400, "to_ms": 2}, {"what": "event", "event": "\0"},
        {"what": "property", "property": "a", "of": "group"}, {"what": "../../", "event": "a"},
    ],
)  # fmt: skip
def test_a_deletion_of_nonsense_is_refused(server: TestClient, stores: Stores, asked: object) -> None:
    made = create_project(stores.control, "Nobody's", 30)
    headers = {"Authorization": f"Bearer {made.api_key}", "content-type": "application/json"}
    for path in ("/deletions", "/deletions/preview"):
        path = f"/api/projects/{made.project_id}{path}"
        answer = server.post(path, content=json.dumps(asked), headers=headers)
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"]["message"]
    for path in ("data-deletions", "data-retrievals"):
        path = f"/api/app/{path}/v3.0/?token={made.token}"
        answer = server.post(path, content=json.dumps(asked), headers=headers)
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"]
    assert server.get(f"/api/projects/{made.project_id}/deletions", headers=headers).json()["results"] == []


@pytest.mark.parametrize(
    "kept", [b"[", b'{"x":' + b"[" * 5_000, b"\xff", b"null", b'{"state":[]}', b'{"state":"\\ud800"}', b"1e400"]
)
def test_a_cookie_that_is_no_flow_is_none(kept: bytes) -> None:
    assert unpacked(base64.urlsafe_b64encode(kept).decode()) is None
    assert unpacked(kept.decode("latin-1")) is None
