"""The worker process: delivery, and beside it the housekeeping of replays (sealing, retention, deletion)."""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TypeVar

import msgspec
import structlog

from playhead.backup.making import sweep
from playhead.clock import now_ms
from playhead.delivery.flush import Delivered, Delivery
from playhead.errors import PlayheadError, Unavailable
from playhead.governance.retention import bound_events
from playhead.health import WorkerReport
from playhead.journal import JournalQueue
from playhead.leases import BACKUP, housekeeping, is_taken, release_lease, renewed, take_lease
from playhead.processes import configure_logs, die_with_parent, on_stop, write_private
from playhead.replays.sealing import run_jobs
from playhead.settings import Settings
from playhead.stores import Stores, open_stores
from playhead.stores.regions import settings_of

log = structlog.get_logger(__name__)

FIRST_RETRY_SECONDS = 0.25
LAST_RETRY_SECONDS = 5.0
# At the start the embedded engine is seconds away, and people wait.
FIRST_CONTACT_SECONDS = 0.5
HOUSEKEEPING_SECONDS = 2.0
LEASE_SECONDS = 60
REPORT_SECONDS = 1.0

T = TypeVar("T")


class Worker:
    """Works on one region's stores until `stop`; one that is down is tried again, ever more slowly, while capture goes
    on."""

    def __init__(self, settings: Settings, stores: Stores, queue: JournalQueue, report: Report | None = None) -> None:
        self._settings = settings
        self._stores = stores
        self._delivery = Delivery(queue, stores, settings)
        self._stopped = threading.Event()
        self._report = report or Report(settings.data / "worker.json")

    def stop(self) -> None:
        self._stopped.set()

    def run(self) -> None:
        """Delivers until told to stop, and then what still waits, for a few seconds at most."""
        if not self._until_it_works(self._migrate, FIRST_CONTACT_SECONDS):
            return
        housekeeping = threading.Thread(target=self._keep_house, name="housekeeping", daemon=True)
        housekeeping.start()
        while not self._stopped.is_set():
            delivered = self._until_it_works(self._flush)
            full = delivered is not None and delivered.bytes >= self._settings.flush_bytes // 2
            if not full:
                self._stopped.wait(self._settings.flush_seconds)
        self._drain(seconds=5)
        housekeeping.join(timeout=10)

    def _migrate(self) -> bool:
        self._stores.analytics.migrate()
        return True

    def _flush(self) -> Delivered | None:
        delivered = self._delivery.run_once()
        self._report.delivered(self._stores.region, delivered)
        return delivered

    def _until_it_works(self, step: Callable[[], T], longest_s: float = LAST_RETRY_SECONDS) -> T | None:
        delay = FIRST_RETRY_SECONDS
        while not self._stopped.is_set():
            try:
                return step()
            except Unavailable as error:
                self._report.failed(self._stores.region, error.message)
                log.warning("store_down", region=self._stores.region, error=error.message[:300], retry_in_s=delay)
            except Exception as error:  # whatever went wrong, the items are in the journal and stay there
                self._report.failed(self._stores.region, f"{type(error).__name__}: {error}"[:300])
                log.exception("delivery_failed", retry_in_s=delay)
            self._stopped.wait(delay)
            delay = min(longest_s, delay * 2)
        return None

    def _drain(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        try:
            while time.monotonic() < deadline and self._flush() is not None:
                pass
        except PlayheadError as error:
            log.warning("not_drained", error=error.message[:300])

    def _keep_house(self) -> None:
        holder = f"{os.getpid()}-{secrets.token_hex(4)}"
        lease = housekeeping(self._stores.region)
        while not self._stopped.is_set():
            try:
                if self._rests():
                    release_lease(self._stores.control, lease, holder)
                elif take_lease(self._stores.control, lease, holder, LEASE_SECONDS):
                    # A retrieval, for one, can take longer than the lease.
                    with renewed(self._stores.control, lease, holder, LEASE_SECONDS):
                        sweep(self._settings, self._stores)
                        run_jobs(self._stores, self._settings, self._rests)
            except Unavailable as error:
                log.warning("housekeeping_waits", error=error.message[:300])
            except Exception:  # one job's failure must not end the others, nor delivery
                log.exception("housekeeping_failed")
            self._stopped.wait(HOUSEKEEPING_SECONDS)
        with suppress(Unavailable):
            release_lease(self._stores.control, lease, holder)

    def _rests(self) -> bool:
        """Nothing is sealed or taken away while a backup copies what stands."""
        return self._stopped.is_set() or is_taken(self._stores.control, BACKUP)


class Report:
    """Keeps `worker.json` up to date, at most once a second while nothing fails; for all regions together."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._now = WorkerReport(0, os.getpid())
        self._errors: dict[str, str] = {}
        self._written_at = 0.0
        self._lock = threading.Lock()

    def delivered(self, region: str, delivered: Delivered | None) -> None:
        with self._lock:
            now = self._now
            if delivered is not None:
                self._now = msgspec.structs.replace(
                    now,
                    flushes=now.flushes + 1,
                    items=now.items + delivered.items,
                    bytes=now.bytes + delivered.bytes,
                    buried=now.buried + delivered.buried,
                )
            recovered = self._errors.pop(region, "")
            if recovered or time.monotonic() - self._written_at >= REPORT_SECONDS:
                self._write()

    def failed(self, region: str, error: str) -> None:
        with self._lock:
            self._errors[region] = f"{region}: {error}" if region else error
            self._now = msgspec.structs.replace(self._now, failures=self._now.failures + 1)
            self._write()

    def _write(self) -> None:
        self._written_at = time.monotonic()
        self._now = msgspec.structs.replace(self._now, at_ms=now_ms(), error="; ".join(self._errors.values()))
        write_private(self._path, msgspec.json.encode(self._now))


def main() -> None:
    die_with_parent()
    configure_logs("worker")
    settings = Settings()
    with ExitStack() as stack:
        stores = open_stores(settings)
        stack.callback(stores.close)
        bound_events(stores)
        report = Report(settings.data / "worker.json")
        workers = []
        for theirs in stores.every():
            own = settings_of(settings, theirs.region)
            queue = JournalQueue.open(own.journal_path, theirs.keyring)
            stack.callback(queue.close)
            workers.append(Worker(own, theirs, queue, report))

        def stop() -> None:
            for worker in workers:
                worker.stop()

        on_stop(stop)
        threads = [threading.Thread(target=worker.run) for worker in workers[1:]]
        for thread in threads:
            thread.start()
        workers[0].run()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main()
