"""`playhead serve`: starts the other processes, again when they die, and takes them along when it goes.

supervisor     holds the data directory and the listening socket; does nothing else
├─ engine      chDB behind ClickHouse's HTTP interface (with an embedded analytics store only; a region's own, too)
├─ worker      delivery, sealing, retention, deletion
└─ web × N     capture and the API, all accepting from the one socket
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn
from urllib.parse import unquote, urlsplit

import structlog

from playhead.errors import PlayheadError
from playhead.processes import (
    ALLOCATOR,
    LISTEN_FD,
    LOCK_FD,
    PARENT_PIPE,
    configure_logs,
    on_stop,
    settings_environment,
)
from playhead.settings import Settings
from playhead.stores.regions import every_settings

log = structlog.get_logger(__name__)

FIRST_RESTART_SECONDS = 0.2
LAST_RESTART_SECONDS = 15.0
# A process that lived this long starts again at once the next time.
SETTLED_SECONDS = 30.0
STOP_SECONDS = 12.0
WATCH_SECONDS = 0.1
BACKLOG = 2048


class Child:
    """One supervised process; one that runs `once` is not started again."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: dict[str, str],
        descriptors: Sequence[int],
        *,
        once: bool = False,
    ) -> None:
        self.name = name
        self._command = command
        self._environment = environment
        self._descriptors = tuple(descriptors)
        self._once = once
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._delay = FIRST_RESTART_SECONDS
        self._start_at = 0.0

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603  our own interpreter, modules of ours
            self._command, env=self._environment, pass_fds=self._descriptors, stdin=subprocess.DEVNULL
        )
        self._started_at = time.monotonic()

    def watch(self) -> None:
        """Starts the process again when it died; one that keeps dying, ever more slowly."""
        now = time.monotonic()
        if self._process is None:
            if now >= self._start_at:
                self.start()
            return
        status = self._process.poll()
        if status is None or self._once:
            return
        settled = now - self._started_at > SETTLED_SECONDS
        self._delay = FIRST_RESTART_SECONDS if settled else min(LAST_RESTART_SECONDS, self._delay * 2)
        self._start_at = now + self._delay
        self._process = None
        log.warning("process_died", name=self.name, status=status, restart_in_s=round(self._delay, 1))

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait(self, deadline: float) -> None:
        """Until it has ended; at the deadline it is killed."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("process_killed", name=self.name)
            self._process.kill()
            self._process.wait()


class Supervisor:
    """Runs a server until told to stop."""

    def __init__(self, settings: Settings, listening: socket.socket, lock: int) -> None:
        self._stopped = threading.Event()
        # Read by the children: it closes when this process is gone, however it went.
        self._pipe, self._held = os.pipe()
        environment = (
            os.environ
            | settings_environment(settings)
            | ALLOCATOR
            | {PARENT_PIPE: str(self._pipe), "PYTHONUNBUFFERED": "1"}
        )
        web = environment | {LISTEN_FD: str(listening.fileno())}
        # In the order they start; they stop the other way round.
        self.children: list[Child] = []
        kept = [self._pipe, lock]
        for each in every_settings(settings):
            directory = embedded_directory(each)
            if directory is not None:
                command = engine_command(directory, self._pipe)
                self.children.append(Child(f"engine {each.region}".strip(), command, environment, kept))
        self.children.append(Child("worker", [sys.executable, "-m", "playhead.worker"], environment, kept))
        for number in range(settings.web_processes):
            command = [sys.executable, "-m", "playhead.web"]
            self.children.append(Child(f"web-{number}", command, web, [*kept, listening.fileno()]))
        if settings.demo:
            self.children.append(Child("sample", [sys.executable, "-m", "playhead.demo"], environment, kept, once=True))

    def stop(self) -> None:
        self._stopped.set()

    def run(self) -> None:
        """Blocks. Must be called on the main thread: the parent-death signal follows the thread that starts a child."""
        for child in self.children:
            child.start()
        while not self._stopped.wait(WATCH_SECONDS):
            for child in self.children:
                child.watch()
        # Web first, so that the worker can deliver the last of what was accepted; the engine when nobody asks any more.
        for group in self._stopping_order():
            deadline = time.monotonic() + STOP_SECONDS
            for child in group:
                child.stop()
            for child in group:
                child.wait(deadline)

    def _stopping_order(self) -> list[list[Child]]:
        kinds = ("sample", "web", "worker", "engine")
        return [[child for child in self.children if child.name.startswith(kind)] for kind in kinds]


def engine_command(directory: Path, pipe: int) -> list[str]:
    # By path: as a module it would import the stores package with all its libraries, for nothing but memory.
    script = Path(__file__).parent / "stores" / "embedded_engine.py"
    return [sys.executable, "-P", str(script), str(directory), "--parent-pipe", str(pipe)]


def embedded_directory(settings: Settings) -> Path | None:
    """The directory of the embedded analytics engine, or None with a server."""
    parts = urlsplit(settings.analytics)
    return Path(unquote(parts.path)) if parts.scheme == "chdb" else None


def listen(host: str, port: int) -> socket.socket:
    """The listening socket all web processes accept from. Raises PlayheadError when the address can't be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError as error:
        raise PlayheadError(f"the address {host} is not known: {error}", code="bad_address") from None
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise PlayheadError(
            f"can't listen on {host}:{port}: {error.strerror or error}. Choose another port with --port.",
            code="port_taken",
        ) from None
    return listening


def base_url(settings: Settings, port: int | None = None) -> str:
    """Where people open the server."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    return f"http://{host}:{port or settings.port}"


def become(settings: Settings, listening: socket.socket, lock: int) -> NoReturn:
    """Turns this process into the supervisor, so that what was imported to prepare the stores is not kept.

    The process stays the same, and with it the descriptors it holds: the socket, and the data directory's lock.
    """
    for descriptor in (listening.fileno(), lock):
        os.set_inheritable(descriptor, True)
    given = {LISTEN_FD: str(listening.fileno()), LOCK_FD: str(lock)}
    os.execve(  # noqa: S606  our own interpreter, a module of ours
        sys.executable,
        [sys.executable, "-m", "playhead.supervisor"],
        os.environ | settings_environment(settings) | given,
    )


def main() -> None:
    configure_logs("supervisor")
    settings = Settings()
    listening = socket.socket(fileno=int(os.environ.pop(LISTEN_FD)))
    supervisor = Supervisor(settings, listening, int(os.environ.pop(LOCK_FD)))
    on_stop(supervisor.stop)
    try:
        supervisor.run()
    finally:
        (settings.data / "server.json").unlink(missing_ok=True)


if __name__ == "__main__":
    main()
