"""A backup of a server that is under load, restored beside it: what was acknowledged before it began is all there."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from test_kill9 import Server, load, until


def playhead(server: Server, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "playhead.cli", *arguments],
        env=server.env(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_nothing_acknowledged_before_a_backup_is_missing_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYHEAD_MASTER_KEY", base64.b64encode(bytes(range(32))).decode())
    monkeypatch.setenv("PLAYHEAD_COMPACT_BLOCKS", "3")  # recordings are sealed all the time
    server = Server(tmp_path / "data")
    server.start()
    try:
        with load(server, 3) as senders:
            until(lambda: all(len(sender.tracked) >= 5 for sender in senders), 60, "everyone sends")
            playhead(server, "backup", str(tmp_path / "backups"))
            before = [(sender.replay_id, list(sender.rrweb), list(sender.tracked)) for sender in senders]
            playhead(server, "backup", str(tmp_path / "backups"), "--verify")
            assert all(len(sender.tracked) > len(names) for sender, (_, _, names) in zip(senders, before, strict=True))
    finally:
        server.kill()
    project, server.data = server.project, tmp_path / "restored"
    playhead(server, "restore", str(tmp_path / "backups"), "--data", str(server.data))
    server.start()
    try:
        metrics = f"{server.url}/metrics"
        until(lambda: "playhead_journal_items 0.0" in httpx.get(metrics).text, 60, "the journal is delivered")
        names = [
            json.loads(line)["properties"]["$insert_id"]
            for line in server.get("/export?from=2020-01-01&to=2099-01-01").text.splitlines()
        ]
        assert len(names) == len(set(names))
        for replay_id, sent, tracked in before:
            assert set(tracked) <= set(names)
            found = server.get(f"/replays/{replay_id}/events?snapshot=false")
            assert found.status_code == 200, found.text
            stored = [json.loads(line) for line in found.text.splitlines()]
            assert stored[: len(sent)] == sent
            assert server.get(f"/replays/{replay_id}").json()["click_count"] >= sum(each["type"] == 3 for each in sent)
    finally:
        server.kill()
    assert server.project == project
