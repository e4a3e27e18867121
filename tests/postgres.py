"""A PostgreSQL server of the tests' own, on a socket in a directory of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

import pytest
from sqlalchemy import create_engine, make_url, text


@contextmanager
def server() -> Iterator[str]:
    """The address of its database `postgres`. Skips the test where PostgreSQL's programs are not installed."""
    if shutil.which("initdb") is None or shutil.which("postgres") is None:
        pytest.skip("needs the programs of PostgreSQL")
    # It refuses to run as root.
    user = "nobody" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    if user:
        shutil.chown(folder, user)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    subprocess.run(
        ["initdb", "-D", folder / "data", "-A", "trust", "-U", "playhead", "--no-sync"],
        check=True,
        capture_output=True,
        user=user,
    )
    settings = {"listen_addresses": "", "unix_socket_directories": folder, "port": port, "fsync": "off"}
    process = subprocess.Popen(
        ["postgres", "-D", folder / "data", *(f"-c{name}={value}" for name, value in settings.items())],
        stderr=subprocess.PIPE,
        user=user,
        text=True,
    )
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if "ready to accept connections" in line:
                break
        else:
            pytest.fail("PostgreSQL did not start")
        yield f"postgresql+psycopg://playhead@/postgres?host={folder}&port={port}"
    finally:
        # It does not wait for connections then.
        process.send_signal(signal.SIGINT)
        process.wait(20)
        shutil.rmtree(folder)


def new_database(address: str) -> str:
    """The address of an empty database on the same server."""
    name = f"test_{token_hex(6)}"
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return make_url(address).set(database=name).render_as_string(hide_password=False)
