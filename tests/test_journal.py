"""The journal keeps what it acknowledged, once each, whatever happens to the processes around it."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from uuid import UUID

import pytest

from playhead import journal as module
from playhead.errors import PlayheadError, Unavailable
from playhead.ids import new_ingest_id
from playhead.items import Item, Kind
from playhead.journal import Journal, JournalQueue

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


def item(payload: bytes = b"payload", received_at_ms: int = 1) -> Item:
    return Item("p1", new_ingest_id(), Kind.EVENTS, received_at_ms, b"meta", payload)


async def test_appended_items_come_out_in_order_and_unchanged(path: Path) -> None:
    journal, queue = Journal.open(path, 1_000_000), JournalQueue.open(path)
    items = [item(bytes([n]) * n) for n in range(5)]
    await journal.append(items[:2])
    await journal.append(items[2:])
    flush = queue.begin_flush(1_000_000)
    assert flush is not None
    assert queue.items(flush) == items
    journal.close()
    queue.close()


async def test_many_appends_at_once_share_a_transaction_and_all_resolve(path: Path) -> None:
    journal, queue = Journal.open(path, 1_000_000), JournalQueue.open(path)
    items = [item() for _ in range(200)]
    await asyncio.gather(*(journal.append([one]) for one in items))
    flush = queue.begin_flush(1_000_000)
    assert flush is not None
    assert queue.items(flush) == items
    assert journal.stats().items == queue.stats().items == 200
    journal.close()
    queue.close()


async def test_flushes_share_no_items_and_hold_at_least_one(path: Path) -> None:
    journal, queue = Journal.open(path, 1_000_000), JournalQueue.open(path)
    items = [item(b"x" * 100) for _ in range(5)]
    await journal.append(items)
    flushes = [queue.begin_flush(250), queue.begin_flush(1), queue.begin_flush(1_000_000)]
    assert queue.begin_flush(1_000_000) is None
    assert [queue.items(flush) for flush in flushes if flush] == [items[:2], items[2:3], items[3:]]
    journal.close()
    queue.close()


async def test_flushes_may_be_confirmed_in_any_order_and_twice(path: Path) -> None:
    journal, queue = Journal.open(path, 1_000_000), JournalQueue.open(path)
    items = [item() for _ in range(3)]
    await journal.append(items)
    first, second = queue.begin_flush(1), queue.begin_flush(1)
    assert first is not None
    assert second is not None
    queue.confirm(second)
    queue.confirm(second)
    third = queue.begin_flush(1_000)
    assert third is not None
    assert queue.items(third) == items[2:]
    assert queue.items(first) == items[:1]
    queue.confirm(first)
    queue.confirm(third)
    later = item()
    await journal.append([later])
    fourth = queue.begin_flush(1_000)
    assert fourth is not None
    assert queue.items(fourth) == [later]
    assert queue.stats().items == 1
    journal.close()
    queue.close()


async def test_a_restarted_worker_finds_its_open_flushes_as_they_were(path: Path) -> None:
    journal, queue = Journal.open(path, 1_000_000), JournalQueue.open(path)
    await journal.append([item() for _ in range(4)])
    begun = [queue.begin_flush(1), queue.begin_flush(1)]
    before = [queue.items(flush) for flush in begun if flush]
    queue.close()
    again = JournalQueue.open(path)
    assert again.open_flushes() == begun
    assert [again.items(flush) for flush in again.open_flushes()] == before
    journal.close()
    again.close()


async def test_a_buried_item_leaves_the_flush_with_its_reason(path: Path) -> None:
    journal, queue = Journal.open(path, 1_000_000), JournalQueue.open(path)
    good, bad = item(b"good"), item(b"bad")
    await journal.append([good, bad])
    flush = queue.begin_flush(1_000)
    assert flush is not None
    queue.bury(flush, bad.ingest_id, "the store refuses it")
    assert queue.items(flush) == [good]
    (letter,) = queue.dead_letters()
    assert (letter.item, letter.reason) == (bad, "the store refuses it")
    assert (queue.stats().items, queue.stats().dead_letters) == (1, 1)
    queue.confirm(flush)
    assert queue.stats() == module.JournalStats(0, 0, None, 1)
    journal.close()
    queue.close()


async def test_over_the_byte_limit_appends_are_refused_with_a_time_to_wait(path: Path) -> None:
    journal, queue = Journal.open(path, 1_000), JournalQueue.open(path)
    await journal.append([item(b"x" * 900)])
    with pytest.raises(Unavailable) as refused:
        await journal.append([item(b"x" * 200)])
    assert refused.value.retry_after_s
    with pytest.raises(Unavailable):
        await asyncio.gather(*(journal.append([item(b"x" * 40)]) for _ in range(3)))
    assert queue.stats().bytes <= 1_000
    journal.close()
    queue.close()


async def test_stats_say_what_waits_and_since_when(path: Path) -> None:
    journal = Journal.open(path, 1_000_000)
    assert journal.stats() == module.JournalStats(0, 0, None, 0)
    await journal.append([item(b"12345", received_at_ms=77), item(b"", received_at_ms=99)])
    assert journal.stats() == module.JournalStats(2, 13, 77, 0)
    journal.close()


async def test_an_append_after_closing_is_refused(path: Path) -> None:
    journal = Journal.open(path, 1_000_000)
    journal.close()
    journal.close()
    with pytest.raises(Unavailable):
        await journal.append([item()])


async def test_closing_writes_what_is_waiting(path: Path) -> None:
    journal = Journal.open(path, 1_000_000)
    waiting = [asyncio.ensure_future(journal.append([item()])) for _ in range(10)]
    await asyncio.sleep(0)
    await asyncio.to_thread(journal.close)
    await asyncio.gather(*waiting)
    queue = JournalQueue.open(path)
    assert queue.stats().items == 10
    queue.close()


async def test_appends_wait_for_another_process_that_writes(path: Path) -> None:
    journal = Journal.open(path, 1_000_000)
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.ensure_future(journal.append([item()]))
    done, _ = await asyncio.wait([waiting], timeout=0.05)
    assert not done
    other.execute("COMMIT")
    await waiting
    other.close()
    journal.close()


async def test_the_node_id_stays(path: Path) -> None:
    journal, queue = Journal.open(path, 1_000), JournalQueue.open(path)
    assert journal.node_id == queue.node_id
    journal.close()
    queue.close()
    again = JournalQueue.open(path)
    assert again.node_id == journal.node_id
    again.close()


async def test_a_journal_of_a_newer_version_is_refused(path: Path) -> None:
    Journal.open(path, 1_000).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(PlayheadError, match="version 99"):
        Journal.open(path, 1_000)


async def test_a_path_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").write_bytes(b"not a database" * 1_000)
    with pytest.raises(Unavailable, match="can't be opened"):
        Journal.open(tmp_path / "journal.sqlite", 1_000)


async def test_processes_opening_a_new_journal_at_once_agree(path: Path) -> None:
    opened: list[JournalQueue] = []
    threads = [threading.Thread(target=lambda: opened.append(JournalQueue.open(path))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 6
    assert len({queue.node_id for queue in opened}) == 1
    for queue in opened:
        queue.close()


FULL_DISK = """
import asyncio, resource, sys
from pathlib import Path
from playhead.errors import Unavailable
from playhead.ids import new_ingest_id
from playhead.items import Item, Kind
from playhead.journal import Journal, JournalQueue

def item(size):
    return Item("p1", new_ingest_id(), Kind.EVENTS, 1, b"", b"x" * size)

async def main(path):
    journal = Journal.open(path, 1 << 40)
    await journal.append([item(100)])
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))  # from here on the disk is full
    try:
        await journal.append([item(1_000_000)])
    except Unavailable as refused:
        print("refused", refused.retry_after_s)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await journal.append([item(200)])
    journal.close()
    queue = JournalQueue.open(path)
    print([len(i.payload) for i in queue.items(queue.begin_flush(1 << 40))], queue.stats().items)

asyncio.run(main(Path(sys.argv[1])))
"""


def test_a_full_disk_refuses_what_waits_keeps_the_rest_and_heals(path: Path) -> None:
    process = subprocess.run([sys.executable, "-c", FULL_DISK, path], capture_output=True, text=True, check=True)
    assert process.stdout.splitlines() == ["refused 5", "[100, 200] 2"]


APPENDER = """
import asyncio, random, sys
from pathlib import Path
from playhead.ids import new_ingest_id
from playhead.items import Item, Kind
from playhead.journal import Journal

async def client(journal):
    while True:
        item = Item("p1", new_ingest_id(), Kind.EVENTS, 1, b"", random.randbytes(random.randrange(60_000)))
        await journal.append([item])
        sys.stdout.write(item.ingest_id.hex + "\\n")
        sys.stdout.flush()

async def main(path):
    journal = Journal.open(path, 1 << 40)
    await asyncio.gather(*(client(journal) for _ in range(16)))

asyncio.run(main(Path(sys.argv[1])))
"""


@pytest.mark.parametrize("round_number", range(5))
def test_a_killed_process_loses_nothing_it_acknowledged(path: Path, round_number: int) -> None:
    chance = random.Random(round_number)
    acknowledged: list[UUID] = []
    delivered: list[UUID] = []
    for _ in range(2):  # killed twice, on the same file
        process = subprocess.Popen([sys.executable, "-c", APPENDER, path], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for _ in range(chance.randrange(1, 400)):
            acknowledged.append(UUID(process.stdout.readline().strip()))
        os.kill(process.pid, signal.SIGKILL)
        acknowledged += [UUID(line.strip()) for line in process.stdout if line.endswith("\n")]
        process.wait()
    queue = JournalQueue.open(path)
    size = 0
    while flush := queue.begin_flush(chance.randrange(1, 1_000_000)):
        items = queue.items(flush)
        size += sum(len(one.payload) for one in items)
        delivered += [one.ingest_id for one in items]
    assert len(delivered) == len(set(delivered))
    assert set(acknowledged) <= set(delivered)
    stats = queue.stats()
    assert (stats.items, stats.bytes) == (len(delivered), size)
    queue.close()
