"""What the processes of one server share: settings handed down, the parent's end, the data directory's lock, logs."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import logging
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import msgspec
import structlog

from playhead.errors import PlayheadError
from playhead.settings import Settings

# How long the processes of a killed server are waited for.
DYING_SECONDS = 20.0
LOOKING_SECONDS = 0.3
PARENT_PIPE = "PLAYHEAD_PARENT_PIPE"
LISTEN_FD = "PLAYHEAD_LISTEN_FD"
LOCK_FD = "PLAYHEAD_LOCK_FD"
_PR_SET_PDEATHSIG = 1
# Large buffers come and go with every batch: given back to the system at once they cost page faults each time.
ALLOCATOR = {
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TRIM_THRESHOLD_": "67108864",
    "MALLOC_ARENA_MAX": "2",
}


class Held(PlayheadError):
    """Another process has what this one needs."""

    status = 409
    code = "data_held"


class Running(msgspec.Struct, frozen=True):
    """A running server, as it wrote itself into `server.json`."""

    pid: int
    url: str


def settings_environment(settings: Settings) -> dict[str, str]:
    """The settings as a child's environment, so that it reads exactly what its parent has."""
    return {f"PLAYHEAD_{name.upper()}": str(value) for name, value in settings.model_dump().items()}


def data_directory(settings: Settings) -> Path:
    """The data directory, made when it is not there (for its owner only). Raises PlayheadError."""
    data = settings.data.resolve()
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = data / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise PlayheadError(
            f"the data directory {data} can't be written: {error.strerror or error}. Choose another with --data.",
            code="data_unwritable",
        ) from None
    return data


@contextlib.contextmanager
def hold_data(settings: Settings) -> Iterator[int]:
    """Holds the data directory for one server, by the descriptor it yields. Raises Held, saying who has it.

    The server's processes inherit the descriptor, so that the directory is free only when the last of them is gone: one
    that was killed is waited for here, and never are there two that deliver from one journal.
    """
    data = data_directory(settings)
    begun = time.monotonic()
    while (lock := _lock(data)) is None:
        # A command that looks whether a server runs has the lock for a moment, too.
        if time.monotonic() - begun > (LOOKING_SECONDS if _holder_lives(data) else DYING_SECONDS):
            running = running_server(settings)
            who = f"the server at {running.url} (process {running.pid})" if running else "another process"
            raise Held(f"{who} already holds the data directory {data}; stop it or choose another with --data")
        time.sleep(0.05)
    lock.truncate(0)
    lock.write(str(os.getpid()).encode())
    lock.flush()
    try:
        yield lock.fileno()
    finally:
        (settings.data / "server.json").unlink(missing_ok=True)
        lock.close()


def _holder_lives(data: Path) -> bool:
    """Whether the process that took the lock is there, and not only children of it that are about to end."""
    try:
        os.kill(int((data / "server.lock").read_text() or 0) or os.getpid(), 0)
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True


def is_held(settings: Settings) -> bool:
    """Whether a server runs on the data directory."""
    if not (settings.data / "server.lock").exists():
        return False
    lock = _lock(settings.data)
    if lock is None:
        return True
    lock.close()
    return False


def _lock(data: Path) -> IO[bytes] | None:
    lock = (data / "server.lock").open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    return lock


def announce(settings: Settings, url: str) -> None:
    """Writes where the server is to be found, for commands beside it."""
    write_private(settings.data / "server.json", msgspec.json.encode(Running(os.getpid(), url)))


def running_server(settings: Settings) -> Running | None:
    """The server on the data directory as it announced itself."""
    try:
        return msgspec.json.decode((settings.data / "server.json").read_bytes(), type=Running)
    except (OSError, msgspec.MsgspecError):
        return None


def with_secret(settings: Settings) -> Settings:
    """The settings with the secret that signs sessions: the one set, else one made once and kept in the directory."""
    if settings.secret:
        return settings
    path = data_directory(settings) / "secret"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(48).encode())
    return settings.model_copy(update={"secret": path.read_text().strip()})


def write_private(path: Path, content: bytes) -> None:
    """Writes a file that only its owner can read, whole or not at all."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    temporary.replace(path)


def die_with_parent() -> None:
    """Ends this process when the supervisor is gone, however it went: parent-death signal, and a pipe that closes."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    pipe = os.environ.pop(PARENT_PIPE, "")
    if not pipe:
        return

    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(int(pipe), 1):
                pass
        os._exit(0)

    threading.Thread(target=wait, name="parent", daemon=True).start()


def on_stop(stop: Callable[[], None]) -> None:
    """Calls `stop` on SIGTERM and SIGINT."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop())


def configure_logs(process: str) -> None:
    """Structured lines on stderr: readable on a terminal, JSON elsewhere. What visitors send is never logged."""
    terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s", stream=sys.stderr)
