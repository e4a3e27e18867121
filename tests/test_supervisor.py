"""The running server: its processes come back when they die, and none stays when it goes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import httpx
import psutil
import pytest


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


class Server:
    def __init__(self, data: Path) -> None:
        self.data, self.port = data, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.project = json.loads(self.run("project", "create", "Test", "--json").stdout)
        self.log = data.parent / "server.log"
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command("serve", "--port", str(self.port)), stdout=log, stderr=log)
        self.until_ready()

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "playhead.cli", *arguments, "--data", str(self.data)]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=60, check=False)

    def until_ready(self) -> None:
        until(lambda: httpx.get(f"{self.url}/readyz?role=api", timeout=20).status_code == 200, 60, "ready")

    def children(self) -> dict[str, psutil.Process]:
        names = {"embedded_engine": "engine", "playhead.worker": "worker", "playhead.web": "web"}
        found = {}
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess):  # a zombie has no command line either
                line = " ".join(child.cmdline())
                found |= {name: child for part, name in names.items() if part in line}
        return found

    def track(self, name: str) -> None:
        event = {"event": name, "properties": {"token": self.project["token"], "distinct_id": "u", "$insert_id": name}}
        httpx.post(f"{self.url}/track/", data={"data": json.dumps([event])}, timeout=20).raise_for_status()

    def waiting(self) -> float:
        text = httpx.get(f"{self.url}/metrics", timeout=20).text
        return next(float(line.split()[1]) for line in text.splitlines() if line.startswith("playhead_journal_items "))

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(40)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server") / "data")
    yield server
    if server.process.poll() is None:
        server.stop()


def came_back(server: Server, name: str, killed: int) -> bool:
    found = server.children().get(name)
    return found is not None and found.pid != killed


def test_three_processes_and_each_comes_back_when_it_dies(server: Server) -> None:
    before = server.children()
    assert set(before) == {"engine", "worker", "web"}
    for name, process in before.items():
        process.kill()
        until(partial(came_back, server, name, process.pid), 20, f"{name} is back")
    server.until_ready()
    server.track("after")
    until(lambda: server.waiting() == 0, 20, "delivered")


def test_capture_goes_on_while_the_engine_is_down_and_the_backlog_drains(server: Server) -> None:
    # Stopped, not killed: the supervisor does not start another one.
    engine = server.children()["engine"]
    engine.suspend()
    try:
        server.track("while it was down")
        assert server.waiting() >= 1
        assert httpx.get(f"{server.url}/readyz").status_code == 200
    finally:
        engine.resume()
    until(lambda: server.waiting() == 0, 30, "the backlog drains")


def test_the_engine_is_nicer_than_the_rest_and_its_address_private(server: Server) -> None:
    assert server.children()["engine"].nice() > server.children()["web"].nice()
    for name in ("secret", "server.json", "analytics/engine.json"):
        assert (server.data / name).stat().st_mode & 0o077 == 0, name


def test_a_second_server_says_that_the_first_holds_the_directory(server: Server) -> None:
    result = server.run("serve", "--port", str(free_port()))
    assert result.returncode == 1
    assert server.url in result.stderr
    assert "already holds the data directory" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_taken_port_is_named(server: Server, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "playhead.cli", "serve", "--data", str(tmp_path), "--port", str(server.port)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 1
    assert str(server.port) in result.stderr
    assert "--port" in result.stderr


def test_other_commands_work_beside_the_server(server: Server, tmp_path: Path) -> None:
    doctor = server.run("doctor")
    assert doctor.returncode == 0, doctor
    assert server.url in doctor.stdout
    assert server.run("login-url").stdout.startswith(f"{server.url}/login?code=")
    created = json.loads(server.run("project", "create", "Beside", "--json").stdout)
    event = {"event": "x", "properties": {"token": created["token"], "distinct_id": "u"}}

    def taken() -> bool:
        return httpx.post(f"{server.url}/track/", data={"data": json.dumps([event])}).status_code == 200

    until(taken, 5, "the new token is known")
    events = [{"type": 4, "timestamp": 1_795_341_600_000 + n, "data": {"href": "x", "width": 1}} for n in range(3)]
    (tmp_path / "r.json").write_text(json.dumps(events))
    imported = server.run("import", "rrweb", str(tmp_path / "r.json"), "--project", created["project_id"])
    assert imported.returncode == 0, imported
    lines = [{"event": "Old", "properties": {"time": 1_500_000_000 + n, "distinct_id": "u"}} for n in range(3_000)]
    (tmp_path / "e.ndjson").write_text("\n".join(json.dumps(each) for each in lines))
    imported = server.run("import", "events", str(tmp_path / "e.ndjson"), "--project", created["project_id"])
    assert (imported.returncode, imported.stderr) == (0, "")
    until(lambda: server.waiting() == 0, 20, "delivered")
    key = {"Authorization": f"Bearer {created['api_key']}"}
    names = httpx.get(f"{server.url}/api/projects/{created['project_id']}/events/names", headers=key, timeout=20).json()
    assert {row["event"]: row["count"] for row in names["results"]}["Old"] == 3_000


def test_health_and_metrics(server: Server) -> None:
    assert httpx.get(f"{server.url}/healthz").json() == {"status": "ok"}
    assert httpx.get(f"{server.url}/readyz").json() == {"status": "ready"}
    metrics = httpx.get(f"{server.url}/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")
    for name in ("journal_items", "journal_lag_seconds", "journal_dead_letters", "delivery_up", "data_free_bytes"):
        assert f"\nplayhead_{name} " in metrics.text


def test_request_lines_of_32_kilobytes_are_taken(server: Server) -> None:
    assert httpx.get(f"{server.url}/healthz?x={'a' * 32_000}").status_code == 200


def test_what_was_accepted_before_the_end_is_delivered_after_it(server: Server) -> None:
    for n in range(20):
        server.track(f"last {n}")
    assert server.stop() == 0
    assert not (server.data / "server.json").exists()
    server.start()
    until(lambda: server.waiting() == 0, 20, "delivered")


def test_nothing_stays_when_the_supervisor_is_killed(server: Server) -> None:
    children = list(server.children().values())
    assert len(children) == 3
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    _, alive = psutil.wait_procs(children, timeout=5)
    assert alive == []
    server.start()
