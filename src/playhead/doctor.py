"""`playhead doctor`: every store, the journal, the disk and the clock, each with what to mend."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from functools import partial

import msgspec

from playhead import clock
from playhead.accounts.second_factor import check_secrets
from playhead.errors import PlayheadError
from playhead.governance.keys import check_keys
from playhead.health import of_region, read_worker_report
from playhead.journal import Journal, JournalQueue, check_key
from playhead.processes import data_directory, is_held, running_server
from playhead.settings import Settings
from playhead.stores import Stores, open_stores
from playhead.stores.analytics import engine_for
from playhead.stores.regions import every_settings, settings_of

LOW_DISK_BYTES = 2_000_000_000
BEHIND_MS = 60_000
CLOCK_FLOOR_MS = 1_760_000_000_000


class Finding(msgspec.Struct, frozen=True):
    name: str
    ok: bool
    message: str


def examine(settings: Settings) -> list[Finding]:
    """Every check, the failed ones with the reason and the remedy."""
    checks: list[tuple[str, Callable[[], str]]] = [
        ("data", lambda: f"{data_directory(settings)} can be written"),
        ("server", lambda: _server(settings)),
        ("disk", lambda: _disk(settings)),
        ("clock", _clock),
    ]
    findings = [_find(name, check) for name, check in checks]
    if not findings[0].ok:
        return findings
    try:
        stores = open_stores(settings)
    except PlayheadError as error:
        return [*findings, Finding("stores", False, error.message)]
    try:
        findings += [_find("control", lambda: _control(stores)), _find("keys", lambda: _keys(stores, settings))]
        for each in stores.every():
            own = settings_of(settings, each.region)
            findings += [
                _find(of_region("journal", each.region), partial(_journal, own)),
                _find(of_region("blobs", each.region), partial(_blobs, each)),
                _find(of_region("analytics", each.region), partial(_analytics, each)),
            ]
    finally:
        stores.close()
    return findings


def _find(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, check())
    except PlayheadError as error:
        return Finding(name, False, error.message)
    except OSError as error:
        return Finding(name, False, str(error))


def _server(settings: Settings) -> str:
    if not is_held(settings):
        return "not running on this data directory; `playhead serve` starts it"
    running = running_server(settings)
    report = read_worker_report(settings)
    if report is not None and report.error:
        raise PlayheadError(f"running, but delivery fails: {report.error}")
    return f"running at {running.url} (process {running.pid})" if running else "starting"


def _disk(settings: Settings) -> str:
    usage = shutil.disk_usage(settings.data)
    free = f"{usage.free / 1e9:.1f} GB free of {usage.total / 1e9:.1f} GB"
    if usage.free < LOW_DISK_BYTES:
        raise PlayheadError(f"{free}: make room, or lower PLAYHEAD_RETENTION_DAYS")
    return free


def _clock() -> str:
    before, at = time.monotonic(), clock.now_ms()
    if at < CLOCK_FLOOR_MS:
        raise PlayheadError(f"{clock.rfc3339(at)} lies in the past: set the clock (NTP), events are placed by it")
    time.sleep(0.05)
    drift_ms = (clock.now_ms() - at) - (time.monotonic() - before) * 1000
    if abs(drift_ms) > 1000:
        raise PlayheadError("the clock jumps: run NTP (chrony, systemd-timesyncd), events are placed by it")
    return f"{clock.rfc3339(at)}"


def _journal(settings: Settings) -> str:
    journal = Journal.open(settings.journal_path, settings.journal_max_bytes)
    queue = JournalQueue.open(settings.journal_path)
    try:
        journal.check_writable()
        stats = queue.stats()
    finally:
        queue.close()
        journal.close()
    lag_ms = 0 if stats.oldest_received_at_ms is None else clock.now_ms() - stats.oldest_received_at_ms
    text = f"{stats.items} items ({stats.bytes / 1e6:.1f} MB) waiting, {stats.dead_letters} dead letters"
    if lag_ms > BEHIND_MS and is_held(settings):
        raise PlayheadError(f"{text}, the oldest for {lag_ms // 1000} s: see which store below does not work")
    return text


def _control(stores: Stores) -> str:
    stores.control.migrate()
    stores.control.ping()
    return f"{stores.control.url} answers, its schema is current"


def _keys(stores: Stores, settings: Settings) -> str:
    check_keys(stores.control, stores.keyring)
    check_secrets(stores.control, stores.keyring)
    for each in every_settings(settings):
        check_key(each.journal_path, stores.keyring)
    current = stores.keyring.current
    return f"what is stored is encrypted, under {current.name}" if current else "what is stored is not encrypted"


def _blobs(stores: Stores) -> str:
    stores.blobs.ping()
    return f"{stores.blobs.url} takes an object and gives it back"


def _analytics(stores: Stores) -> str:
    with engine_for(stores.analytics):
        stores.analytics.migrate()
        stores.analytics.check_schema()
        version = stores.analytics.query("SELECT version() AS version")[0]["version"]
    return f"{stores.analytics.url} answers (ClickHouse {version}), its schema is current"
