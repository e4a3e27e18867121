"""The chain of the audit log when many append at once, on either control store."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from playhead.governance import audit
from playhead.governance.auditlog import AuditQuery, search, verify
from playhead.stores.control import Control

WRITERS, ENTRIES = 4, 25


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """The address of a server of this test's own, on a socket in a directory of its own."""
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
    server = subprocess.Popen(
        ["postgres", "-D", folder / "data", *(f"-c{name}={value}" for name, value in settings.items())],
        stderr=subprocess.PIPE,
        user=user,
        text=True,
    )
    try:
        assert server.stderr is not None
        for line in server.stderr:
            if "ready to accept connections" in line:
                break
        else:
            pytest.fail("PostgreSQL did not start")
        yield f"postgresql+psycopg://playhead@/postgres?host={folder}&port={port}"
    finally:
        # It does not wait for connections then.
        server.send_signal(signal.SIGINT)
        server.wait(20)
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/control.sqlite"
    return str(request.getfixturevalue("postgres"))


def test_the_chain_is_whole_when_several_append_at_once(url: str) -> None:
    controls = [Control.open(url) for _ in range(WRITERS)]
    controls[0].migrate()
    started = threading.Barrier(WRITERS)
    failed: list[BaseException] = []

    def append(writer: int) -> None:
        actor = audit.Actor("member", f"m{writer}", "Somebody")
        try:
            started.wait()
            for number in range(ENTRIES):
                with controls[writer].write() as session:
                    audit.record(session, "p", actor, "backup.made", "", "", {"number": number})
                audit.watched(controls[writer], "p", audit.Actor("member", "same", "Same"), "r", 10**12 + number)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=append, args=(writer,)) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    found = verify(controls[0], "p")
    assert (found.ok, found.first_bad) == (True, None)
    assert len(search(controls[0], "p", AuditQuery(action="backup"), 1_000)) == WRITERS * ENTRIES
    assert len(search(controls[0], "p", AuditQuery(q="SAME"), 1_000)) == 1
    for control in controls:
        control.close()
