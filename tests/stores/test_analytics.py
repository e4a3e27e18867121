"""The unmodified clickhouse-connect against the embedded engine: bound parameters, inserts, errors, migrations."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path
from uuid import uuid4

import pytest

from playhead.errors import PlayheadError
from playhead.stores import embedded_engine
from playhead.stores.analytics import (
    Analytics,
    AnalyticsDown,
    AnalyticsRefused,
    engine_for,
    migrations,
    start_engine,
    wait_for_engine,
)

COLUMNS = (
    "project_id", "event", "distinct_id", "client_time", "insert_id", "time", "received_at", "ingest_id", "item_index",
    "device_id", "user_id", "replay_id", "clock_flag", "properties", "raw",
)  # fmt: skip
NOW = 1_795_341_600_123


def event_row(project_id: str, insert_id: str, properties: str = "{}") -> list[object]:
    return [project_id, "e", "u", NOW, insert_id, NOW, NOW, uuid4(), 0, "", "", "", "", properties, properties]


NASTY = ["", "a\\b", "it's", 'a"b', "tab\tnew\nline\rreturn", "é漢🙂", "{x:String}", "--", "%s", "\\N", "nul\0byte"]


@pytest.mark.parametrize("text", NASTY)
def test_parameters_are_bound_whatever_they_hold(engine: Analytics, text: str) -> None:
    row = engine.query("SELECT {one:String} AS one, {some:Array(String)} AS some", {"one": text, "some": [text, "x"]})
    assert row == [{"one": text, "some": [text, "x"]}]


def test_values_come_back_as_they_went_in(engine: Analytics) -> None:
    project_id = f"p{uuid4().hex[:9]}"
    properties = {"plan": "pro", "n": 3, "ok": True, "tags": ["a", "b"], "a%2Eb": 1, "a": {"b": 2}, "f": 0.5}
    engine.insert("events", COLUMNS, [event_row(project_id, "1", json.dumps(properties))])
    where = {"p": project_id}
    row = engine.query(
        "SELECT properties, time, ingest_id, raw FROM events FINAL WHERE project_id = {p:String}", where
    )[0]
    assert row["properties"]["plan"] == "pro"
    assert row["properties"]["tags"] == ["a", "b"]
    assert json.loads(row["raw"]) == properties
    assert row["time"].timestamp() == NOW / 1000
    assert row["time"].utcoffset().total_seconds() == 0
    plan = "SELECT properties.plan.:String AS plan, properties.n.:Int64 AS n FROM events WHERE project_id = {p:String}"
    assert engine.query(plan, where) == [{"plan": "pro", "n": 3}]


def test_equal_rows_count_once_with_final(engine: Analytics) -> None:
    project_id = f"p{uuid4().hex[:9]}"
    for _ in range(2):
        engine.insert("events", COLUMNS, [event_row(project_id, str(n)) for n in range(50)])
    sql = "SELECT count() AS n FROM events FINAL WHERE project_id = {p:String}"
    assert engine.query(sql, {"p": project_id}) == [{"n": 50}]


def test_what_the_store_refuses_is_told_from_a_store_that_is_down(engine: Analytics, tmp_path: Path) -> None:
    with pytest.raises(AnalyticsRefused, match="SYNTAX_ERROR"):
        engine.query("SELEKT 1")
    with pytest.raises(AnalyticsRefused, match="INCORRECT_DATA") as refused:
        engine.insert("events", COLUMNS, [event_row("p", "1", "{no json")])
    assert refused.value.engine_code == 117
    with pytest.raises(AnalyticsDown, match="not running"):
        Analytics.open(f"chdb://{tmp_path}/nothing").ping()
    with pytest.raises(AnalyticsDown):
        Analytics.open("clickhouse://127.0.0.1:1/x").ping()


def test_a_query_that_needs_too_much_memory_is_ended_and_the_engine_lives(engine: Analytics) -> None:
    with pytest.raises(AnalyticsDown, match=r"memory limit|MEMORY_LIMIT"):
        engine.query(
            "SELECT length(groupArray(repeat('x', 1000))) FROM numbers(10000000)",
            settings={"max_memory_usage": 50_000_000},
        )
    assert engine.query("SELECT getSetting('max_memory_usage') > 50000000 AS back") == [{"back": True}]


@pytest.mark.alone
def test_queries_run_side_by_side(engine: Analytics) -> None:
    answers: list[int] = []

    def ask(n: int) -> None:
        answers.extend(engine.query("SELECT {n:UInt32} AS n, sleep(0.2)", {"n": n})[0]["n"] for _ in range(2))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(6)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == sorted([*range(6), *range(6)])
    assert time.monotonic() - begun < 2.0


def test_every_migration_is_applied_once(engine: Analytics) -> None:
    engine.check_schema()
    assert engine.migrate() == []
    numbers = [number for number, _, _ in migrations()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_migration_broken_off_goes_on_where_it_stopped(tmp_path: Path) -> None:
    analytics = Analytics.open(f"chdb://{tmp_path}/engine")
    with engine_for(analytics):
        analytics.migrate()
        analytics.command("DROP TABLE profiles")
        analytics.command(
            "DELETE FROM schema_migrations WHERE number = 1 AND statement ="
            " (SELECT max(statement) FROM schema_migrations WHERE number = 1) SETTINGS mutations_sync = 2"
        )
        analytics.command("DROP TABLE replay_parts")
        with pytest.raises(AnalyticsDown, match="not up to date"):
            analytics.check_schema()
        assert analytics.migrate() == [1]
        assert analytics.query("SELECT count() AS n FROM replay_parts") == [{"n": 0}]


def test_the_engine_lets_nobody_in_without_its_secret(engine: Analytics) -> None:
    directory = engine.embedded_directory
    assert directory is not None
    file = embedded_engine.address_file(directory)
    assert file.stat().st_mode & 0o777 == 0o600
    address = embedded_engine.read_address(directory)
    assert address is not None
    stranger = Analytics.open(f"clickhouse://playhead:guess@127.0.0.1:{address.port}/playhead")
    with pytest.raises(AnalyticsDown, match="AUTHENTICATION_FAILED"):
        stranger.ping()


def test_a_server_is_a_url_with_a_database_that_is_made_when_it_is_not_there(engine: Analytics) -> None:
    """The embedded engine stands in for the server: the way there is the same but for where the address comes from."""
    directory = engine.embedded_directory
    assert directory is not None
    address = embedded_engine.read_address(directory)
    assert address is not None
    database = f"db_{uuid4().hex}"
    server = Analytics.open(f"clickhouse://playhead:{address.secret}@127.0.0.1:{address.port}/{database}")
    assert address.secret not in server.url
    assert server.migrate() == [number for number, _, _ in migrations()]
    server.insert("events", COLUMNS, [event_row("p", "1")])
    assert server.query("SELECT count() AS n, currentDatabase() AS d FROM events") == [{"n": 1, "d": database}]
    server.command(f"DROP DATABASE {database}")
    server.close()


def test_a_killed_engine_keeps_what_it_confirmed_and_is_found_again(tmp_path: Path) -> None:
    directory = tmp_path / "engine"
    analytics = Analytics.open(f"chdb://{directory}")
    child, pipe = start_engine(directory)
    wait_for_engine(analytics, child)
    analytics.migrate()
    analytics.insert("events", COLUMNS, [event_row("p", str(n)) for n in range(20)])
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    os.close(pipe)
    with pytest.raises(AnalyticsDown):
        analytics.ping()
    with engine_for(analytics):
        assert analytics.query("SELECT count() AS n FROM events") == [{"n": 20}]


def test_one_process_holds_a_directory_and_ends_with_its_parents_pipe(tmp_path: Path) -> None:
    analytics = Analytics.open(f"chdb://{tmp_path}")
    first, pipe = start_engine(tmp_path)
    wait_for_engine(analytics, first)
    assert embedded_engine.is_running(tmp_path)
    second, other_pipe = start_engine(tmp_path)
    assert second.wait(20) == 1
    analytics.ping()
    os.close(other_pipe)
    os.close(pipe)
    first.wait(5)
    assert not embedded_engine.is_running(tmp_path)


@pytest.mark.parametrize("url", ["", "mysql://x", "/some/where"])
def test_a_url_of_another_kind_is_named(url: str) -> None:
    with pytest.raises(PlayheadError, match="chdb:///directory or clickhouse://"):
        Analytics.open(url)
