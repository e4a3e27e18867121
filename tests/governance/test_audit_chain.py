"""The chain of the audit log when many append at once, on either control store."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from playhead.governance import audit
from playhead.governance.auditlog import AuditQuery, search, verify
from playhead.stores.control import Control

WRITERS, ENTRIES = 4, 25


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
