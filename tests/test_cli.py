"""The command line: exit codes, one clear line for what a user can cause, and work beside no server."""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from playhead import __version__

NOW = 1_795_341_600_000


def playhead(*arguments: str, data: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PLAYHEAD_")}
    if data is not None:
        clean["PLAYHEAD_DATA"] = str(data)
    return subprocess.run(
        [sys.executable, "-m", "playhead.cli", *arguments],
        env=clean | {"COLUMNS": "1000"} | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd="/",
    )


def rrweb(count: int = 4) -> list[dict[str, Any]]:
    node = {"type": 0, "id": 1, "childNodes": []}
    first = [
        {"type": 4, "timestamp": NOW, "data": {"href": "https://shop.example/", "width": 1280, "height": 800}},
        {"type": 2, "timestamp": NOW + 1, "data": {"node": node, "initialOffset": {"left": 0, "top": 0}}},
    ]
    clicks = [
        {"type": 3, "timestamp": NOW + 100 * n, "data": {"source": 2, "type": 2, "id": 1, "x": 500 * n, "y": 1}}
        for n in range(1, count + 1)
    ]
    return first + clicks


def failed(result: subprocess.CompletedProcess[str], *words: str, status: int = 1) -> None:
    assert result.returncode == status, result
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in result.stderr
    if status == 1:
        assert len(result.stderr.strip().splitlines()) == 1, result.stderr


def test_the_version() -> None:
    result = playhead("--version")
    assert (result.returncode, result.stdout.strip()) == (0, f"playhead {__version__}")


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["serve", "--port", "70000"], ["project", "create"], ["import", "rrweb", "x.json"]]
)
def test_wrong_use_ends_with_2(arguments: list[str], tmp_path: Path) -> None:
    failed(playhead(*arguments, data=tmp_path), status=2)


def test_projects_are_created_and_listed(tmp_path: Path) -> None:
    created = json.loads(playhead("project", "create", "My shop", "--json", data=tmp_path).stdout)
    assert set(created) == {"project_id", "token", "api_key"}
    listed = json.loads(playhead("project", "list", "--json", data=tmp_path).stdout)
    assert [(row["project_id"], row["name"], row["token"]) for row in listed] == [
        (created["project_id"], "My shop", created["token"])
    ]
    shown = playhead("project", "create", "Another", data=tmp_path).stdout
    assert "/sdk.js" in shown
    assert "data-token" in shown
    assert created["api_key"] not in (tmp_path / "control.sqlite").read_bytes().decode("latin-1")


def test_a_log_in_link_is_printed_alone(tmp_path: Path) -> None:
    result = playhead("login-url", data=tmp_path, PLAYHEAD_PUBLIC_URL="https://replays.example/")
    assert result.stdout.startswith("https://replays.example/login?code=")
    assert len(result.stdout.splitlines()) == 1


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"PLAYHEAD_RETENTION_DAYS": "many"}, ("PLAYHEAD_RETENTION_DAYS",)),
        ({"PLAYHEAD_CONTROL_URL": "mysql://x"}, ("sqlite:///file", "postgresql")),
        ({"PLAYHEAD_DATA": "/proc/nowhere"}, ("/proc/nowhere", "--data")),
    ],
)
def test_a_wrong_setting_is_named(environment: dict[str, str], words: tuple[str, ...], tmp_path: Path) -> None:
    failed(playhead("project", "list", data=tmp_path, **environment), *words)


def test_a_broken_control_store_is_named(tmp_path: Path) -> None:
    (tmp_path / "control.sqlite").write_bytes(b"no database at all" * 100)
    failed(playhead("project", "list", data=tmp_path), "control", "not a database")


def test_the_demo_listens_on_loopback_only(tmp_path: Path) -> None:
    failed(playhead("demo", "--host", "0.0.0.0", data=tmp_path), "--i-know", "loopback")


def test_doctor_says_what_works_and_what_to_mend(tmp_path: Path) -> None:
    result = playhead("doctor", data=tmp_path)
    assert result.returncode == 0, result
    for name in ("data", "server", "disk", "clock", "journal", "control", "blobs", "analytics"):
        assert any(line.startswith("ok") and f" {name} " in line for line in result.stdout.splitlines()), name
    broken = playhead("doctor", data=tmp_path, PLAYHEAD_ANALYTICS_URL="clickhouse://127.0.0.1:1/x")
    assert broken.returncode == 1
    assert any(line.startswith("bad") and "analytics" in line for line in broken.stdout.splitlines())
    assert "Traceback" not in broken.stderr


def query(data: Path, sql: str) -> list[dict[str, Any]]:
    from playhead.stores.analytics import Analytics, engine_for

    analytics = Analytics.open(f"chdb://{data}/analytics")
    with engine_for(analytics):
        return analytics.query(sql)


def test_rrweb_files_become_replays_without_a_server_and_once(tmp_path: Path) -> None:
    project = json.loads(playhead("project", "create", "Shop", "--json", data=tmp_path).stdout)["project_id"]
    array, lines, packed = tmp_path / "a.json", tmp_path / "b.ndjson", tmp_path / "c.json.gz"
    array.write_text(json.dumps(rrweb(3)))
    lines.write_text("\n".join(json.dumps(event) for event in rrweb(4)))
    packed.write_bytes(gzip.compress(json.dumps(rrweb(5)).encode()))
    for _ in range(2):
        result = playhead("import", "rrweb", str(array), str(lines), str(packed), "--project", project, data=tmp_path)
        assert result.returncode == 0, result
        assert len(result.stdout.splitlines()) == 3
    rows = query(
        tmp_path,
        "SELECT replay_id, uniqExact(digest) AS batches, max(events) AS events, max(clicks) AS clicks"
        " FROM replay_parts FINAL GROUP BY replay_id ORDER BY events",
    )
    assert [(row["batches"], row["events"], row["clicks"]) for row in rows] == [(1, 5, 3), (1, 6, 4), (1, 7, 5)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"not json", ("bad.json", "not JSON")),
        (b"[]", ("bad.json", "no rrweb events")),
        (b'[{"type": 2}]', ("bad.json", "timestamp")),
        (b"\x1f\x8bbroken", ("bad.json", "gzip")),
        (None, ("bad.json", "No such file")),
    ],
)
def test_a_file_that_is_no_recording_is_named_and_nothing_is_taken(
    content: bytes | None, words: tuple[str, ...], tmp_path: Path
) -> None:
    project = json.loads(playhead("project", "create", "Shop", "--json", data=tmp_path).stdout)["project_id"]
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(rrweb()))
    if content is not None:
        bad.write_bytes(content)
    failed(playhead("import", "rrweb", str(good), str(bad), "--project", project, data=tmp_path), *words)
    from playhead.journal import JournalQueue

    queue = JournalQueue.open(tmp_path / "journal.sqlite")
    assert queue.stats().items == 0
    queue.close()


def test_an_unknown_project_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(rrweb()))
    failed(
        playhead("import", "rrweb", str(tmp_path / "a.json"), "--project", "pnone", data=tmp_path),
        "pnone",
        "playhead project list",
    )


def test_a_backup_is_restored_into_an_empty_directory_with_its_key(tmp_path: Path) -> None:
    old, new = base64.b64encode(bytes(range(32))).decode(), base64.b64encode(bytes(32)).decode()
    first, second, backups = tmp_path / "first", tmp_path / "second", tmp_path / "backups"
    file = tmp_path / "visit.json"
    file.write_text(json.dumps(rrweb()))
    key = {"PLAYHEAD_MASTER_KEY": old}
    project = json.loads(playhead("project", "create", "Shop", "--json", data=first).stdout)["project_id"]
    assert playhead("import", "rrweb", str(file), "--project", project, data=first, **key).returncode == 0

    made = playhead("backup", str(backups), "--verify", "--keep", "3", data=first, **key)
    assert made.returncode == 0, made.stderr
    assert "read and checked" in made.stdout
    failed(playhead("restore", str(backups), data=first, **key), "into empty stores", "holds rows")
    restored = playhead("restore", str(backups), data=second, **key)
    assert restored.returncode == 0, restored.stderr
    assert json.loads(playhead("project", "list", "--json", data=second).stdout)[0]["project_id"] == project

    failed(playhead("keys", "rotate", data=second), "no master key is set")
    failed(playhead("keys", "rotate", data=second, PLAYHEAD_MASTER_KEY=new), "PLAYHEAD_MASTER_KEYS_BEFORE")
    turned = playhead("keys", "rotate", data=second, PLAYHEAD_MASTER_KEY=new, PLAYHEAD_MASTER_KEYS_BEFORE=old)
    assert turned.stdout.startswith("1 projects' keys are new, 1 replays' keys"), turned
    # The old key opens nothing any more.
    failed(playhead("serve", "--port", "0", data=second, **key), "which is not set")


def test_members_are_added_and_let_in(tmp_path: Path) -> None:
    project = json.loads(playhead("project", "create", "Shop", "--json", data=tmp_path).stdout)["project_id"]
    added = playhead("member", "add", "Ada@team.test", "--project", project, "--role", "admin", data=tmp_path)
    assert added.returncode == 0 and "/login?code=" in added.stdout, added
    failed(playhead("member", "add", "ada@team.test", data=tmp_path), "has an account already")
    failed(playhead("member", "add", "nonsense", data=tmp_path), "e-mail address")
    (ada,) = json.loads(playhead("member", "list", "--json", data=tmp_path).stdout)
    assert (ada["email"], ada["roles"], ada["is_operator"]) == ("ada@team.test", {project: "admin"}, False)
    assert "/login?code=" in playhead("login-url", "--email", "ada@team.test", data=tmp_path).stdout
    failed(playhead("login-url", "--email", "eve@team.test", data=tmp_path), "no member has")
    assert playhead("member", "email", "ada@team.test", "countess@team.test", data=tmp_path).returncode == 0
    failed(playhead("member", "email", "ada@team.test", "x@team.test", data=tmp_path), "no member has")


def test_a_person_is_deleted_beside_no_server_and_stays_deleted(tmp_path: Path) -> None:
    project = json.loads(playhead("project", "create", "Shop", "--json", data=tmp_path).stdout)["project_id"]
    export = tmp_path / "export.ndjson"
    who = {"distinct_id": "kanari@x.test", "$insert_id": "i1", "time": NOW // 1_000}
    export.write_text(json.dumps({"event": "View", "properties": who}) + "\n")
    taken = playhead("import", "events", str(export), "--project", project, data=tmp_path)
    assert taken.returncode == 0, taken
    arguments = ("delete-person", "kanari@x.test", "--project", project)
    assert playhead(*arguments, data=tmp_path).returncode == 1, "nobody said yes"
    done = playhead(*arguments, "--yes", data=tmp_path)
    assert done.returncode == 0, done
    assert "1 person with 1 event, 0 profiles and 0 replays will be deleted for good." in done.stdout
    assert "1 events (analytics)" in done.stdout
    assert "Every store was read again: nothing is left." in done.stdout
    playhead("import", "events", str(export), "--project", project, data=tmp_path)
    again = playhead(*arguments, "--yes", data=tmp_path)
    assert "Nobody was seen by these ids." in again.stdout
    failed(playhead("delete-person", "x", "--project", "none", data=tmp_path), "there is no project none")
    failed(playhead("delete-person", " ", "--project", project, data=tmp_path), "distinct_id")
