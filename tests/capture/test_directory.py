"""The cached view of the real control store."""

from __future__ import annotations

from pathlib import Path

import pytest

from playhead.capture.directory import Directory, Snapshot, control_loader
from playhead.clock import now_ms
from playhead.stores.control import Control
from playhead.stores.tables import Project, Signal, Tombstone

pytestmark = pytest.mark.anyio


async def test_tokens_tombstones_and_signals_are_read_from_control(tmp_path: Path) -> None:
    control = Control.open(f"sqlite:///{tmp_path}/control.sqlite")
    control.migrate()
    now = now_ms()
    with control.write() as session:
        session.add(Project(project_id="p1", name="a", token="t1", created_at_ms=now, retention_days=30))
        session.add(Tombstone(project_id="p1", kind="replay", id="R1", created_at_ms=now))
        session.add(Tombstone(project_id="p1", kind="person", id="u1", created_at_ms=now))
        session.add(Tombstone(project_id="p1", kind="replay", id="r0", created_at_ms=now - 90 * 86_400_000))
        session.add(Signal(project_id="p1", replay_id="r2", kind="watching", expires_at_ms=now + 60_000))
        session.add(Signal(project_id="p1", replay_id="r3", kind="watching", expires_at_ms=now - 1))
    directory = Directory(control_loader(control.engine))
    known = await directory.current()
    assert {token: entry.project_id for token, entry in known.projects.items()} == {"t1": "p1"}
    assert known.deleted_replays == {("p1", "r1")}
    assert known.watched_replays == {("p1", "r2")}
    directory.close()
    control.close()


async def test_many_requests_share_one_load(tmp_path: Path) -> None:
    loads = 0

    def load() -> Snapshot:
        nonlocal loads
        loads += 1
        return Snapshot({})

    directory = Directory(load)
    for _ in range(50):
        await directory.current()
    assert loads == 1
    directory.close()
