"""Memory of the whole server (supervisor, web, worker, engine), at rest and at full load: proportional set size.

The peer here is the goal itself: no other product of the kind runs on one machine without a dozen containers.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from pathlib import Path

import httpx
import psutil

from bench.bench_record import load, prepare
from bench.table import Row

NAME = "memory"
SECONDS = float(os.environ.get("PLAYHEAD_BENCH_SECONDS", "60"))
REST_SECONDS = 10


def run() -> Iterable[Row]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as directory:
        bodies = Path(directory) / "bodies.json"
        prepare(bodies, 13)
        data = str(Path(directory) / "data")
        env = {**os.environ, "PLAYHEAD_RATE_LIMIT_PER_SECOND": "1000000"}
        subprocess.run(
            [sys.executable, "-m", "playhead.cli", "project", "create", "Bench", "--data", data], env=env, check=True
        )
        set_token(data, env)
        server = subprocess.Popen(
            [sys.executable, "-m", "playhead.cli", "serve", "--port", str(port), "--data", data],
            env=env,
            stdout=subprocess.DEVNULL,
        )
        try:
            until_ready(port)
            threading.Event().wait(REST_SECONDS)
            rest = memory(server.pid)
            peak = Peak(server.pid)
            peak.start()
            sent = load(port, "/record/", bodies, SECONDS)
            peak.stop.set()
            peak.join()
        finally:
            server.terminate()
            server.wait()
    yield Row("at rest", f"{rest / 1e6:.0f} MB", "", rest / 1e6, "<= 600")
    yield Row(
        f"at full load, {sent['rate']:.0f} batches/s", f"{peak.most / 1e6:.0f} MB", "", peak.most / 1e6, "<= 1000"
    )


def set_token(data: str, env: dict[str, str]) -> None:
    """The load generator knows one token: give it to the project."""
    import sqlite3

    from bench.bench_record import TOKEN

    with sqlite3.connect(Path(data) / "control.sqlite") as control:
        control.execute("UPDATE projects SET token = ?", (TOKEN,))


def until_ready(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz?role=api").status_code == 200:
                return
        except httpx.TransportError:
            pass
        threading.Event().wait(0.1)
    raise SystemExit("the server did not become ready")


def memory(pid: int) -> int:
    """Bytes of a process and everything below it, shared pages counted once."""
    process = psutil.Process(pid)
    total = 0
    for one in (process, *process.children(recursive=True)):
        try:
            total += one.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
    return total


class Peak(threading.Thread):
    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.most, self.stop = pid, 0, threading.Event()

    def run(self) -> None:
        while not self.stop.wait(0.5):
            self.most = max(self.most, memory(self.pid))
