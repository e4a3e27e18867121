"""The control store: its schema, its transactions, its errors."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text, update

from playhead.errors import PlayheadError
from playhead.stores.control import Control, ControlDown
from playhead.stores.tables import Replay, Table


@pytest.fixture
def control(tmp_path: Path) -> Control:
    control = Control.open(f"sqlite:///{tmp_path}/control.sqlite")
    control.migrate()
    return control


def test_the_migrations_make_exactly_the_tables(control: Control) -> None:
    with control.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []
    assert control.schema_is_current()
    control.migrate()


def test_sqlite_is_set_to_keep_what_it_confirms_and_wipe_what_it_deletes(control: Control) -> None:
    with control.engine.connect() as connection:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}


def test_a_block_that_fails_writes_nothing(control: Control) -> None:
    row = Replay(project_id="p", replay_id="r", accepted_at_ms=1, expires_at_ms=2, last_block_at_ms=1)
    with pytest.raises(ZeroDivisionError), control.write() as session:
        session.add(row)
        session.flush()
        raise ZeroDivisionError
    with control.read() as session:
        assert session.get(Replay, ("p", "r")) is None


def test_writers_wait_for_each_other(control: Control) -> None:
    with control.write() as session:
        session.add(Replay(project_id="p", replay_id="r", accepted_at_ms=1, expires_at_ms=2, last_block_at_ms=1))

    def add() -> None:
        for _ in range(25):
            with control.write() as session:
                blocks = session.get_one(Replay, ("p", "r")).hot_blocks
                session.execute(update(Replay).values(hot_blocks=blocks + 1))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with control.read() as session:
        assert session.get_one(Replay, ("p", "r")).hot_blocks == 100


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "control.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises((ControlDown, PlayheadError), match="control"):
        Control.open(f"sqlite:///{tmp_path}/control.sqlite").ping()


def test_a_locked_store_is_down_not_broken(control: Control, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    holder = sqlite3.connect(tmp_path / "control.sqlite", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with control.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 50")
    with pytest.raises(ControlDown), control.write():
        pass
    holder.execute("ROLLBACK")


@pytest.mark.parametrize("url", ["", "mysql://x/y", "nonsense"])
def test_a_url_of_another_kind_is_named(url: str) -> None:
    with pytest.raises(PlayheadError, match="sqlite:///file or postgresql"):
        Control.open(url)
