"""Mixpanel's exports brought along: everything once, what is wrong named, and nothing lost when there is no room."""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console
from starlette.testclient import TestClient
from test_cli import failed, playhead, query

from playhead.accounts import create_project
from playhead.api.app import create_api
from playhead.delivery.flush import Delivery
from playhead.errors import PlayheadError, Unavailable
from playhead.exports_import import Imported, Importing, Progress
from playhead.governance.patterns import Patterns
from playhead.governance.rules import ProjectRules
from playhead.items import EventRecord, Kind
from playhead.journal import Journal, JournalQueue
from playhead.progress import shown
from playhead.settings import Settings
from playhead.stores import Stores

NOW_S = 1_795_341_600


def line(n: int, event: str = "Buy", **properties: Any) -> dict[str, Any]:
    """A line as Mixpanel exports it."""
    base = {
        "time": NOW_S - 86_400 * 400 + n,
        "distinct_id": f"u{n % 3}",
        "$insert_id": f"hpuDqcvpltpCjBsebtxwadtEBDnFAdycabFb{n}",
        "$import": True,
        "$mp_api_endpoint": "api.mixpanel.com",
        "$mp_api_timestamp_ms": 1_602_625_497_492,
        "mp_processing_time_ms": 1_602_625_711_874,
    }
    return {"event": event, "properties": {**base, **properties}}


def ndjson(*lines: Any) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in lines)


class Bench:
    """An import into a journal of the test's own; `events` is what lies in it."""

    def __init__(self, path: Path, max_bytes: int = 1 << 40) -> None:
        self.path = path
        self.journal = Journal.open(path / "journal.sqlite", max_bytes)
        self.queue = JournalQueue.open(path / "journal.sqlite")

    def take(self, content: bytes, what: Any = "events", **options: Any) -> Imported:
        file = self.path / "export.ndjson"
        file.write_bytes(content)
        defaults: dict[str, Any] = {"drain": lambda: None, "max_line_bytes": 10_000, "max_backlog_bytes": 1 << 40}
        return Importing("p1", self.journal, **defaults | options).file(file, what)

    def events(self) -> list[EventRecord]:
        self.queue.begin_flush(1 << 40)
        items = [item for flush in self.queue.open_flushes() for item in self.queue.items(flush)]
        return [
            record
            for item in items
            if item.kind is Kind.EVENTS
            for record in msgspec.msgpack.decode(item.payload, type=list[EventRecord])
        ]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.queue.close()
    bench.journal.close()


def test_history_is_taken_as_another_system_took_it(bench: Bench) -> None:
    found = bench.take(
        ndjson(
            line(0),
            line(
                1, time=(NOW_S - 1_000) * 1_000 + 7, **{"$insert_id": "an id with spaces, that is far longer than 36"}
            ),
            line(2, distinct_id="undefined", deep={"a": {"b": {"c": {"d": 1}}}}, **{f"p{n}": n for n in range(300)}),
            {"event": "$merge", "properties": {"time": NOW_S, "$distinct_ids": ["a", "b"]}},
            {"event": "Old", "properties": {"time": NOW_S, "$device_id": "d1"}},
        )
    )
    assert (found.taken, found.wrong) == (5, 0)
    first, second, third, merge, device = bench.events()
    assert (first.client_time_ms, first.time_ms, first.clock_flag) == ((NOW_S - 86_400 * 400) * 1_000,) * 2 + (
        "ancient",
    )
    assert first.insert_id == "hpuDqcvpltpCjBsebtxwadtEBDnFAdycabFb0"
    assert json.loads(first.raw) == line(0)["properties"]
    assert second.client_time_ms == (NOW_S - 1_000) * 1_000 + 7
    assert second.insert_id == "an id with spaces, that is far longer than 36"
    assert (third.distinct_id, json.loads(third.properties)["p299"]) == ("undefined", 299)
    assert (merge.distinct_id, len(merge.insert_id)) == ("", 32)
    assert (device.distinct_id, device.device_id) == ("$device:d1", "d1")


def test_a_line_without_an_insert_id_is_named_by_its_text(bench: Bench) -> None:
    one, other = line(1), line(1, price=2)
    del one["properties"]["$insert_id"], other["properties"]["$insert_id"]
    bench.take(ndjson(one, other))
    bench.take(ndjson(one))
    ids = [event.insert_id for event in bench.events()]
    assert ids[0] == ids[2] != ids[1]


def test_wrong_lines_are_named_and_the_others_taken(bench: Bench) -> None:
    content = b"\xef\xbb\xbf" + ndjson(line(0)) + b"\n  \n" + b"not json\n" + b"[1]\n" + b'{"event": 5}\n'
    content += ndjson(
        line(1, time="yesterday"), line(2, time=NOW_S * 10), {"properties": {}}, line(3, filler="x" * 20_000)
    )
    content += b'{"event": "\xff"}\n' + b"{" * 5_000 + b"\n" + b"[" * 9_000 + b"\n" + json.dumps(line(4)).encode()
    found = bench.take(content)
    assert (found.taken, found.wrong, len(bench.events())) == (2, 10, 2)
    told = {each.number: each.reason for each in found.shown}
    assert set(told) == {4, 5, 6, 7, 8, 9, 10, 11, 12, 13}
    assert "not a JSON object" in told[4]
    assert "jq" in told[5]
    assert "`event`, its name" in told[6]
    assert "seconds or milliseconds" in told[7]
    assert "one hour from now" in told[8]
    assert "longer than 10,000 bytes" in told[10]
    assert "UTF-8" in told[11]


@pytest.mark.parametrize("cut", [0, 20])
def test_gzip_is_unpacked_and_one_cut_off_is_taken_as_far_as_it_goes(bench: Bench, cut: int) -> None:
    packed = gzip.compress(ndjson(*(line(n) for n in range(5_000)))) + gzip.compress(ndjson(line(5_000)))
    if not cut:
        assert bench.take(packed).taken == 5_001
        return
    with pytest.raises(PlayheadError, match="can't be read to its end"):
        bench.take(packed[: len(packed) // 2])
    assert 0 < len(bench.events()) < 5_000


def test_progress_is_told_in_bytes_of_the_file(bench: Bench) -> None:
    told: list[Progress] = []
    packed = gzip.compress(ndjson(*(line(n) for n in range(2_500))))
    bench.take(packed, say=told.append)
    assert [each.taken for each in told] == [1_000, 2_000, 2_500]
    assert told[-1].read_bytes == told[-1].total_bytes == len(packed)


def test_it_waits_for_room_and_leaves_nothing_out(tmp_path: Path) -> None:
    """The journal takes 1 MB in all, and an import may fill a quarter of it."""
    bench = Bench(tmp_path, max_bytes=1_000_000)
    most: list[int] = []
    names: list[str] = []

    def drain() -> None:
        most.append(bench.queue.stats().bytes)
        names.extend(event.insert_id for event in bench.events())
        for flush in bench.queue.open_flushes():
            bench.queue.confirm(flush)

    found = bench.take(ndjson(*(line(n) for n in range(20_000))), drain=drain, max_backlog_bytes=1_000_000)
    drain()
    assert found.taken == len(set(names)) == len(names) == 20_000
    assert len(most) > 3
    assert max(most) <= 1_000_000


def test_a_full_disk_is_waited_for(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    append, refused = bench.journal.append, 0

    async def full(items: Any) -> None:
        nonlocal refused
        refused += 1
        if refused <= 3:
            raise Unavailable("The journal can't be written: disk full", code="journal_failed")
        await append(items)

    monkeypatch.setattr(bench.journal, "append", full)
    assert bench.take(ndjson(line(0), line(1))).taken == 2
    assert len(bench.events()) == 2


def test_the_projects_patterns_mask_what_comes(bench: Bench) -> None:
    rules = ProjectRules(patterns=Patterns([("r1", r"\d{4} \d{4}")], b"key"))
    bench.take(ndjson(line(0, card="card 1234 5678", time=NOW_S)), rules=rules)
    (event,) = bench.events()
    assert b"1234" not in event.raw + event.properties
    assert json.loads(event.raw)["card"] == "card **** ****"
    with pytest.raises(Unavailable, match="rule"):
        bench.take(ndjson(line(1)), rules=ProjectRules(broken="no such expression"))


def report(client: TestClient, project_id: str, key: str) -> Any:
    client.headers["Authorization"] = f"Bearer {key}"
    base = f"/api/projects/{project_id}"
    days = {"from": "2025-10-01", "to": "2025-11-30", "unit": "month"}
    body = {**days, "metrics": [{"event": "Buy", "measure": "unique"}], "breakdown": {"property": "size"}}
    steps = {"from": "2025-10-01", "to": "2025-11-30", "steps": [{"event": "Look"}, {"event": "Buy"}]}
    answers = [
        client.post(f"{base}/reports/insights", json=body).json(),
        client.post(f"{base}/reports/funnel", json=steps).json(),
    ]
    for answer in answers:
        del answer["took_ms"]
    return [*answers, client.get(f"{base}/events/names").json(), client.get(f"{base}/export").text]


def test_an_export_imported_into_another_project_gives_the_same_reports(stores: Stores, settings: Settings) -> None:
    first, second = (create_project(stores.control, name, 30) for name in ("One", "Two"))
    rows = [line(n, ("Look", "Buy")[n % 2], size=["S", 1, 2.5, True, None, ["a", "b"]][n % 6]) for n in range(300)]
    rows += [line(n + 400, "Look", distinct_id=f"$device:d{n}", **{"$device_id": f"d{n}"}) for n in range(5)]
    rows += [line(410 + n, "Buy", **{"$device_id": f"d{n}", "$user_id": "u0", "distinct_id": "u0"}) for n in range(3)]
    queue = JournalQueue.open(settings.journal_path)
    journal = Journal.open(settings.journal_path, settings.journal_max_bytes)
    delivery = Delivery(queue, stores, settings)

    def take(project_id: str, content: bytes) -> None:
        file = settings.data / "export.ndjson.gz"
        file.write_bytes(gzip.compress(content))
        Importing(
            project_id,
            journal,
            drain=lambda: None,
            max_line_bytes=1 << 20,
            max_backlog_bytes=settings.journal_max_bytes,
        ).file(file, "events")
        while delivery.run_once():
            pass

    with TestClient(create_api(settings, stores), base_url="http://127.0.0.1:8800") as client:
        take(first.project_id, ndjson(*rows))
        told = report(client, first.project_id, first.api_key)
        exported = told[-1]
        assert len(exported.splitlines()) == len(rows)
        for _ in range(2):
            take(second.project_id, exported.encode())
            assert report(client, second.project_id, second.api_key) == told
    queue.close()
    journal.close()


def test_the_command_beside_no_server(tmp_path: Path) -> None:
    project = json.loads(playhead("project", "create", "Shop", "--json", data=tmp_path).stdout)["project_id"]
    events, people = tmp_path / "events.ndjson.gz", tmp_path / "people.ndjson"
    events.write_bytes(gzip.compress(ndjson(*(line(n) for n in range(30)))))
    people.write_bytes(
        ndjson(
            {"$distinct_id": "u1", "$properties": {"$email": "u1@example.com", "$last_seen": "2025-10-01T10:00:00"}},
            {"results": [{"$distinct_id": "u2", "$properties": {"plan": "pro"}}], "page": 0, "status": "ok"},
        )
    )
    for _ in range(2):
        done = playhead("import", "events", str(events), "--project", project, data=tmp_path)
        assert (done.returncode, done.stdout, done.stderr) == (0, f"{events}: 30 events\n", "")
        assert playhead("import", "people", str(people), "--project", project, data=tmp_path).returncode == 0
    assert query(tmp_path, "SELECT count() AS n FROM events FINAL")[0]["n"] == 30
    rows = query(
        tmp_path, "SELECT distinct_id, email, toString(last_seen) AS seen FROM profiles FINAL ORDER BY distinct_id"
    )
    assert [row["distinct_id"] for row in rows] == ["u1", "u2"]
    assert (rows[0]["email"], rows[0]["seen"]) == ("u1@example.com", "2025-10-01 10:00:00.000")
    assert query(tmp_path, "SELECT count() AS n FROM profile_operations FINAL")[0]["n"] == 2

    events.write_bytes(ndjson(line(50)) + b"nonsense\n" * 12)
    wrong = playhead("import", "events", str(events), "--project", project, data=tmp_path)
    failed(wrong, "12 lines are wrong")
    assert wrong.stdout.splitlines()[:2] == [f"{events}: 1 events", "  line 2: not a JSON object"]
    assert len(wrong.stdout.splitlines()) == 11
    failed(
        playhead("import", "events", str(tmp_path / "no"), "--project", project, data=tmp_path), "no", "No such file"
    )
    failed(playhead("import", "events", str(tmp_path), "--project", project, data=tmp_path), "directory")


def test_the_command_reads_a_pipe(tmp_path: Path) -> None:
    project = json.loads(playhead("project", "create", "Shop", "--json", data=tmp_path).stdout)["project_id"]
    done = subprocess.run(
        [sys.executable, "-m", "playhead.cli", "import", "events", "-", "--project", project, "--data", str(tmp_path)],
        input=gzip.compress(ndjson(line(0), line(1))),
        capture_output=True,
        check=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("PLAYHEAD_")},
        timeout=120,
    )
    assert done.stdout == b"stdin: 2 events\n"


def test_an_import_broken_off_is_run_again(tmp_path: Path) -> None:
    project = json.loads(playhead("project", "create", "Shop", "--json", data=tmp_path).stdout)["project_id"]
    lines = [ndjson(line(n)) for n in range(20_000)]
    arguments = ("import", "events", "-", "--project", project, "--data", str(tmp_path))
    broken = subprocess.Popen(
        [sys.executable, "-m", "playhead.cli", *arguments],
        env={name: value for name, value in os.environ.items() if not name.startswith("PLAYHEAD_")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    # Of a pipe that stays open there is more to come, however fast it reads.
    assert broken.stdin
    broken.stdin.write(b"".join(lines[:10_000]))
    broken.stdin.flush()
    queue = JournalQueue.open(tmp_path / "journal.sqlite")
    while not queue.stats().items and broken.poll() is None:
        time.sleep(0.01)
    broken.send_signal(signal.SIGINT)
    _, said = broken.communicate(timeout=60)
    assert (broken.returncode, said) == (130, b"")
    assert 0 < queue.stats().items < 20
    queue.close()
    events = tmp_path / "events.ndjson"
    events.write_bytes(b"".join(lines))
    again = playhead("import", "events", str(events), "--project", project, data=tmp_path)
    assert again.stdout.splitlines()[-1] == f"{events}: 20,000 events"
    assert query(tmp_path, "SELECT count() AS n FROM events FINAL")[0]["n"] == 20_000


def test_a_terminal_gets_a_bar_and_anything_else_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("playhead.progress.time.monotonic", lambda: now)
    told = {}
    for terminal in (True, False):
        console = Console(file=io.StringIO(), force_terminal=terminal, width=120)
        now = 0.0
        with shown(console, "events") as say:
            for second in range(1, 12):
                now = float(second)
                say(Progress("a[b].ndjson", 1_000_000 * second, 20_000_000, 50_000 * second, 0))
        told[terminal] = console.file.getvalue()  # type: ignore[attr-defined]
    assert "a[b].ndjson" in told[True]
    assert "550,000 events" in told[True]
    assert told[False].splitlines() == [
        "a[b].ndjson: 250,000 events, 25% of the file, 50,000/s",
        "a[b].ndjson: 500,000 events, 50% of the file, 50,000/s",
    ]
