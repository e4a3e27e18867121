"""`/record/` with a durable acknowledgement and delivery keeping up, beside the same server only reading the body.

Everything runs on this machine's cores: the web process, the worker with the embedded engine, and the load generator,
a process of its own that only copies prepared bytes into sockets. `PLAYHEAD_BENCH_SECONDS` is how long each load lasts.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from bench.table import Row

NAME = "record"
SECONDS = float(os.environ.get("PLAYHEAD_BENCH_SECONDS", "60"))
CONNECTIONS = 256
REPLAYS = 5_000
TOKEN = "bench-token"
PROJECT = "pbench0001"
# Seconds of a dashboard's recording in one batch: about 5, 12 and 30 KB of gzip.
SIZES = {"5 KB": 5, "12 KB": 13, "30 KB": 34}
GOALS = {"5 KB": 0.25, "12 KB": 0.25, "30 KB": 0.15}


def run() -> Iterable[Row]:
    for size, batch_seconds in SIZES.items():
        with tempfile.TemporaryDirectory(dir=os.environ.get("PLAYHEAD_BENCH_DIR")) as directory:
            bodies = Path(directory) / "bodies.json"
            prepare(bodies, batch_seconds)
            with server(Path(directory)) as port:
                load(port, "/bench/read", bodies, 2)
                peer = load(port, "/bench/read", bodies, min(SECONDS, 10))
                load(port, "/record/", bodies, 2)
                backlog_before = backlog(port)
                ours = load(port, "/record/", bodies, SECONDS)
                left = max(0, backlog(port) - backlog_before)
                paced = load(port, "/record/", bodies, SECONDS, rate=0.7 * ours["rate"])
        # What was acknowledged but not yet delivered when the load ended is not counted as sustained.
        sustained = max(0.0, ours["rate"] - left / SECONDS)
        yield Row(
            f"/record/ {size} ({ours['mean_bytes']:.0f} bytes), durable and delivered, sustained",
            f"{sustained:.0f}/s ({left} left, {ours['failed']} failed)",
            f"{peer['rate']:.0f}/s reading the body",
            sustained / peer["rate"],
            f">= {GOALS[size]}",
        )
        yield Row(
            f"/record/ {size}, acknowledgement at 70 % of that, p99",
            f"{paced['p99_ms']:.1f} ms (p50 {paced['p50_ms']:.1f})",
            f"{peer['p99_ms']:.1f} ms reading at full load",
            paced["p99_ms"],
            "<= 50",
        )


def prepare(path: Path, batch_seconds: float) -> None:
    """Writes bodies of one size: hex of gzip, one per line."""
    import gzip

    from bench.corpus import batches, encode, events

    stream = events("dash", max(200, int(batch_seconds * 16)))
    packed = [gzip.compress(encode(batch), 6) for batch in list(batches(stream, batch_seconds))[1:-1]]
    path.write_text("\n".join(body.hex() for body in packed))


@contextmanager
def server(directory: Path) -> Iterator[int]:
    """The web process and the worker; yields the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    started = [_spawn("work", str(directory)), _spawn("web", str(directory), str(port))]
    try:
        for process in started:
            assert process.stdout is not None
            while process.stdout.readline() != "ready\n":
                if process.poll() is not None:
                    sys.exit("a process of the benchmark ended early")
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        for process in reversed(started):
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def load(port: int, path: str, bodies: Path, seconds: float, rate: float = 0) -> dict[str, float]:
    process = _spawn("load", str(port), path, str(bodies), str(seconds), str(rate))
    output, _ = process.communicate()
    result: dict[str, float] = json.loads(output)
    return result


def backlog(port: int) -> int:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET /bench/backlog HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n")
        answer = b""
        while part := connection.recv(4096):
            answer += part
    return int(answer.rpartition(b"\r\n\r\n")[2])


def _spawn(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bench.bench_record", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent,
        # As the supervisor sets it for its children.
        env=os.environ
        | {
            "MALLOC_MMAP_THRESHOLD_": "67108864",
            "MALLOC_TRIM_THRESHOLD_": "134217728",
            "MALLOC_TOP_PAD_": "16777216",
        },
    )


# --- the processes ---


def _settings(directory: str) -> Any:
    from playhead.settings import Settings

    return Settings(data=Path(directory), rate_limit_per_second=1_000_000, secret="bench")


def web(directory: str, port: str) -> None:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from playhead.capture.app import create_capture
    from playhead.capture.directory import Directory, ProjectEntry, Snapshot
    from playhead.journal import Journal

    settings = _settings(directory)
    journal = Journal.open(settings.journal_path, settings.journal_max_bytes)

    async def count(request: Request) -> Response:
        await asyncio.sleep(1.1)  # so that the counters are read anew
        return Response(str(journal.stats().items))

    async def read(request: Request) -> Response:
        await request.body()
        return Response(b"ok")

    other = Starlette(routes=[Route("/bench/read", read, methods=["POST"]), Route("/bench/backlog", count)])
    known = Snapshot({TOKEN: ProjectEntry(PROJECT)})
    app = create_capture(settings, {"": journal}, Directory(lambda: known), other)
    print("ready", flush=True)
    uvicorn.run(
        app,
        port=int(port),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="error",
        lifespan="off",
        timeout_keep_alive=75,
    )
    journal.close()


def work(directory: str) -> None:
    from playhead.delivery.flush import Delivery
    from playhead.journal import JournalQueue
    from playhead.stores import open_stores
    from playhead.stores.analytics import engine_for
    from playhead.stores.tables import Project

    settings = _settings(directory)
    queue = JournalQueue.open(settings.journal_path)
    stores = open_stores(settings)
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    with engine_for(stores.analytics):
        stores.control.migrate()
        stores.analytics.migrate()
        with stores.control.write() as session:
            session.add(Project(project_id=PROJECT, name="Bench", token=TOKEN, created_at_ms=0, retention_days=30))
        delivery = Delivery(queue, stores, settings)
        print("ready", flush=True)
        while not stopping:
            began = time.monotonic()
            delivered = delivery.run_once()
            if delivered is None or delivered.bytes < settings.flush_bytes * 0.5:
                time.sleep(max(0.0, settings.flush_seconds - (time.monotonic() - began)))
    stores.close()
    queue.close()


def generate(port: str, path: str, bodies: str, seconds: str, rate: str) -> None:
    """Sends prepared bodies over keep-alive connections: as fast as answers come, or at a fixed rate."""
    chance = random.Random(1)
    packed = [bytes.fromhex(line) for line in Path(bodies).read_text().splitlines()]
    counts = [_events_in(body) for body in packed]
    replays = [str(UUID(int=chance.getrandbits(128), version=4)) for _ in range(REPLAYS)]
    now = int(time.time() * 1000)
    head = (
        f"?v=1&token={TOKEN}&mp_lib=playhead&%24lib_version=0.1.0&sent_at={now}&format=gzip&distinct_id=user-1"
        f"&%24device_id=device-1&visit={replays[0]}&mask=text&epoch={now}-ab12"
    )
    tail = (
        " HTTP/1.1\r\nhost: 127.0.0.1\r\norigin: https://shop.example\r\ncontent-type: text/plain\r\n"
        "user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"
        " Safari/537.36\r\naccept: */*\r\naccept-encoding: gzip, deflate\r\n"
    )
    heads = [
        [
            (
                f"POST {path}{head}&replay_id={replay}&seq={i * 100}&n={counts[i]}"
                f"{tail}content-length: {len(body)}\r\n\r\n"
            ).encode()
            for i, body in enumerate(packed)
        ]
        for replay in replays[:: max(1, len(packed))]
    ]
    requests = [(h, packed[i]) for some in heads for i, h in enumerate(some)]
    chance.shuffle(requests)
    sockets = [socket.create_connection(("127.0.0.1", int(port))) for _ in range(CONNECTIONS)]
    poll = select.epoll()
    by_number = {s.fileno(): s for s in sockets}
    for s in sockets:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        poll.register(s.fileno(), select.EPOLLIN)
    began = time.perf_counter()
    end = began + float(seconds)
    interval = 1 / float(rate) if float(rate) else 0.0
    due = began
    # Each in its turn, so that none is idle for so long that the server closes it.
    idle = deque(by_number)
    since: dict[int, float] = {}
    answers: dict[int, bytes] = {}
    latencies: list[float] = []
    failed = sent = sent_bytes = 0
    while True:
        now_s = time.perf_counter()
        while idle and now_s < end and (not interval or due <= now_s):
            number = idle.popleft()
            header, body = requests[sent % len(requests)]
            sent += 1
            sent_bytes += len(body)
            # In a paced run a request that had to wait for a connection waited since it was due.
            since[number] = due if interval else now_s
            due += interval
            by_number[number].sendall(header + body)
        if not since and now_s >= end:
            break
        timeout = 1.0 if not interval or now_s >= end else max(0.0, min(1.0, due - now_s)) if idle else 1.0
        for number, _ in poll.poll(timeout):
            part = by_number[number].recv(4096)
            if not part:
                sys.exit("the server closed a connection")
            answer = answers.pop(number, b"") + part
            if not _is_whole(answer):
                answers[number] = answer
                continue
            if not answer.startswith(b"HTTP/1.1 200"):
                failed += 1
            latencies.append(time.perf_counter() - since.pop(number))
            idle.append(number)
    took = time.perf_counter() - began
    latencies.sort()
    print(
        json.dumps(
            {
                "rate": (sent - failed) / took,
                "failed": failed,
                "mean_bytes": sent_bytes / max(1, sent),
                "p50_ms": 1000 * latencies[len(latencies) // 2],
                "p99_ms": 1000 * latencies[int(len(latencies) * 0.99)],
                "sent": sent,
            }
        )
    )


def _is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    return bool(end) and len(body) >= int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])


def _events_in(body: bytes) -> int:
    import gzip

    return len(json.loads(gzip.decompress(body)))


if __name__ == "__main__":
    {"web": web, "work": work, "load": generate}[sys.argv[1]](*sys.argv[2:])
