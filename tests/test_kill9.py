"""Nothing acknowledged is lost: the server is killed at random moments under load, and all it said yes to is there."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

START_MS = int(time.time() * 1000) - 600_000


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: object, seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if condition():  # type: ignore[operator]
                return
        except (httpx.HTTPError, KeyError):
            pass
        threading.Event().wait(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


class Server:
    def __init__(self, data: Path) -> None:
        self.data, self.port = data, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        created = subprocess.run(
            self.create(),
            env=self.env(),
            check=True,
            capture_output=True,
            text=True,
        )
        self.project = json.loads(created.stdout)

    def create(self) -> list[str]:
        return [sys.executable, "-m", "playhead.cli", "project", "create", "Load", "--json"]

    def env(self) -> dict[str, str]:
        return {**os.environ, "PLAYHEAD_DATA": str(self.data), "PLAYHEAD_SEAL_IDLE_SECONDS": "3600"}

    def start(self) -> None:
        log = (self.data.parent / "server.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "playhead.cli", "serve", "--port", str(self.port), "--data", str(self.data)],
            env=self.env(),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        until(lambda: httpx.get(f"{self.url}/readyz?role=api").status_code == 200, 60, "the server is ready")

    def kill(self) -> None:
        assert self.process
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def get(self, path: str) -> httpx.Response:
        return httpx.get(
            f"{self.url}/api/projects/{self.project['project_id']}{path}",
            headers={"Authorization": f"Bearer {self.project['api_key']}"},
            timeout=60,
        )


@dataclass
class Sender(threading.Thread):
    """One visitor: sends numbered batches and events one after another, each until it is acknowledged."""

    server: Server
    stop: threading.Event
    replay_id: str = field(default_factory=lambda: str(uuid4()))
    rrweb: list[dict[str, object]] = field(default_factory=list)
    tracked: list[str] = field(default_factory=list)
    clicks: int = 0

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        chance = random.Random(self.replay_id)
        epoch = f"{START_MS}-{chance.randrange(1 << 16):04x}"
        number = 0
        with httpx.Client(timeout=5) as client:
            while not self.stop.is_set():
                batch: list[dict[str, object]] = []
                for _ in range(chance.randint(1, 6)):
                    at = START_MS + 20 * (len(self.rrweb) + len(batch))
                    batch.append(
                        {
                            "type": 3,
                            "timestamp": at,
                            "data": {
                                "source": 2,
                                "type": 2,
                                "id": 5,
                                "x": chance.randint(0, 900),
                                "y": chance.randint(0, 900),
                            },
                        }
                    )
                if not self.rrweb:
                    node = {"type": 0, "id": 1, "childNodes": []}
                    batch.insert(
                        0,
                        {
                            "type": 2,
                            "timestamp": START_MS,
                            "data": {"node": node, "initialOffset": {"left": 0, "top": 0}},
                        },
                    )
                query = {
                    "v": 1,
                    "token": self.server.project["token"],
                    "replay_id": self.replay_id,
                    "epoch": epoch,
                    "mp_lib": "playhead",
                    "seq": len(self.rrweb),
                    "n": len(batch),
                    "format": "gzip",
                    "distinct_id": f"u-{self.replay_id}",
                }
                name = uuid4().hex
                event = {
                    "event": "Tick",
                    "properties": {
                        "token": self.server.project["token"],
                        "distinct_id": f"u-{self.replay_id}",
                        "$insert_id": name,
                        "time": (START_MS + number) / 1000,
                        "$mp_replay_id": self.replay_id,
                    },
                }
                number += 1
                if self.send(client, "/record/", query, gzip.compress(json.dumps(batch).encode())):
                    self.rrweb += batch
                    self.clicks += sum(1 for one in batch if one["type"] == 3)
                if self.send(
                    client, "/track/", {"v": 1, "token": self.server.project["token"]}, json.dumps([event]).encode()
                ):
                    self.tracked.append(name)

    def send(self, client: httpx.Client, path: str, query: dict[str, object], body: bytes) -> bool:
        while True:
            try:
                query["sent_at"] = int(time.time() * 1000)
                answer = client.post(
                    self.server.url + path, params=query, content=body, headers={"Content-Type": "text/plain"}
                )
                if answer.status_code == 200:
                    return True
                assert answer.status_code in (429, 503), answer.text
            except httpx.TransportError:
                pass
            threading.Event().wait(0.02)


@contextmanager
def load(server: Server, visitors: int) -> Iterator[list[Sender]]:
    stop = threading.Event()
    senders = [Sender(server, stop) for _ in range(visitors)]
    for sender in senders:
        sender.start()
    yield senders
    stop.set()
    for sender in senders:
        sender.join(60)
        assert not sender.is_alive()


def kills(data: Path, times: int) -> None:
    chance = random.Random(times)
    server = Server(data)
    server.start()
    try:
        with load(server, 6) as senders:
            for _ in range(times):
                threading.Event().wait(chance.uniform(0.3, 2.5))
                server.kill()
                server.start()
        for sender in senders:
            check(server, sender)
        exported = [json.loads(line) for line in server.get("/export").text.splitlines()]
        names = sorted(event["properties"]["$insert_id"] for event in exported)
        assert names == sorted(name for sender in senders for name in sender.tracked)
    finally:
        if server.process:
            server.process.terminate()
            server.process.wait(30)


def check(server: Server, sender: Sender) -> None:
    def row() -> dict[str, object]:
        answer: dict[str, object] = server.get(f"/replays/{sender.replay_id}").json()
        return answer

    until(lambda: row()["event_count"] == len(sender.rrweb), 60, f"{sender.replay_id} is whole")
    stored = [json.loads(line) for line in server.get(f"/replays/{sender.replay_id}/events").text.splitlines()]
    assert stored == sender.rrweb
    found = row()
    assert found["click_count"] == sender.clicks
    assert found["duration_ms"] == sender.rrweb[-1]["timestamp"] - sender.rrweb[0]["timestamp"]  # type: ignore[operator]


def test_nothing_acknowledged_is_lost_when_the_server_is_killed(tmp_path: Path) -> None:
    kills(tmp_path / "data", 5)


@pytest.mark.torture
@pytest.mark.timeout(3600)
def test_nothing_acknowledged_is_lost_in_fifty_kills(tmp_path: Path) -> None:
    kills(tmp_path / "data", 50)
