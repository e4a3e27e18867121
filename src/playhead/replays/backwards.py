"""Runs the jobs that apply rules to stored replays: a slice of time in each round of housekeeping.

A job goes through its project's replays in the order of their ids. Each replay that anything changes in gets a new
generation, the one before is deleted; then the job's row says how far it came. Cut off between the two, the replay is
looked at again and is found to be done.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec
import structlog
from sqlalchemy import ColumnElement, func, select, update

from playhead.errors import PlayheadError, Unavailable
from playhead.governance.events import mask_stored_events, purge
from playhead.governance.jobs import OPEN
from playhead.governance.rules import pseudonym_key, standing_rules
from playhead.governance.tombstones import is_deleted
from playhead.replays.access import REMOVED
from playhead.replays.reading import open_recording
from playhead.replays.rewriting import Applied, all_of, rewritten, rules_owed
from playhead.replays.sealing import never, write_masked
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.tables import PrivacyJob, Replay

log = structlog.get_logger(__name__)

# Until then every capture process knows the rules, and what was accepted before is delivered.
START_AFTER_MS = 5_000
SLICE_SECONDS = 5.0
TRIES = 3
# What the cursor begins with once all replays are done.
EVENTS = "~events:"

# Rows that a newer generation hides still name pages and errors as they read before.
PURGE_SQL = "OPTIMIZE TABLE replay_parts FINAL"


def run_privacy_jobs(stores: Stores, settings: Settings, now_ms: int, stopped: Callable[[], bool] = never) -> int:
    """Goes on with the oldest job for a while; answers how many replays it looked at."""
    with stores.control.read() as session:
        job = session.scalar(
            select(PrivacyJob)
            .where(
                stores.hold(PrivacyJob.project_id),
                PrivacyJob.state.in_(OPEN),
                PrivacyJob.created_at_ms <= now_ms - START_AFTER_MS,
            )
            .order_by(PrivacyJob.created_at_ms)
            .limit(1)
        )
    if job is None:
        return 0
    try:
        rules = all_of(standing_rules(stores.control, job.project_id), pseudonym_key(settings.secret, job.project_id))
    except PlayheadError as error:
        _set(stores, job, state="failed", error=error.message, finished_at_ms=now_ms)
        return 0
    if job.state == "waiting":
        with stores.control.read() as session:
            total = session.scalar(select(func.count()).select_from(Replay).where(*_standing(job, now_ms))) or 0
        if not _set(stores, job, state="running", total=total, started_at_ms=now_ms):
            return 0
        job.total = total
    return _go_on(stores, job, rules, now_ms, stopped)


def _go_on(stores: Stores, job: PrivacyJob, rules: Applied, now_ms: int, stopped: Callable[[], bool]) -> int:
    deadline = time.monotonic() + SLICE_SECONDS
    looked_at = 0
    while not stopped() and time.monotonic() < deadline:
        replay = _next(stores, job, now_ms)
        if replay is None:
            if _events(stores, job, rules, lambda: stopped() or time.monotonic() >= deadline):
                _set(stores, job, state="done", total=max(job.total, job.done), finished_at_ms=now_ms)
            break
        looked_at += 1
        try:
            job.changed += apply_backwards(stores, replay, rules, now_ms)
            _close(stores, replay, "")
        except Unavailable:
            raise
        except PlayheadError as error:
            log.warning("rules_not_applied", replay_id=replay.replay_id, error=error.message)
            job.failed += 1
            job.error = f"{replay.replay_id}: {error.message}"[:1_000]
            _close(stores, replay, error.message)
        job.done += 1
        job.cursor = replay.replay_id
        if not _set(
            stores, job, done=job.done, changed=job.changed, failed=job.failed, cursor=job.cursor, error=job.error
        ):
            break
    return looked_at


def _next(stores: Stores, job: PrivacyJob, now_ms: int) -> Replay | None:
    if job.cursor.startswith(EVENTS):
        return None
    with stores.control.read() as session:
        return session.scalar(
            select(Replay)
            .where(*_standing(job, now_ms), Replay.replay_id > job.cursor)
            .order_by(Replay.replay_id)
            .limit(1)
        )


def _events(stores: Stores, job: PrivacyJob, rules: Applied, stopped: Callable[[], bool]) -> bool:
    """Patterns over the stored events, once the replays are done; False when there is more to do."""
    if rules.patterns is None:
        return True
    from_ms = int(job.cursor.removeprefix(EVENTS)) if job.cursor.startswith(EVENTS) else 0
    for done_ms in mask_stored_events(stores.analytics, job.project_id, rules.patterns, from_ms, stopped):
        job.cursor = f"{EVENTS}{done_ms}"
        if not _set(stores, job, cursor=job.cursor) or stopped():
            return False
    purge(stores.analytics, job.project_id, rules.patterns)
    stores.analytics.command(PURGE_SQL)
    return True


def apply_backwards(stores: Stores, replay: Replay, rules: Applied, now_ms: int) -> bool:
    """Whether anything of the replay changed. Raises `PlayheadError` when the rules can't be applied to it."""
    for _ in range(TRIES):
        with stores.control.read() as session:
            current = session.get(Replay, (replay.project_id, replay.replay_id))
        if current is None or is_deleted(stores.control, replay.project_id, replay.replay_id):
            return False
        recording = open_recording(stores, current, to_write=True)
        if not recording.hot and recording.index is None:
            return False
        applied = rules
        if any(part.owed for part in recording.hot):
            # Also those that were deleted since it came in.
            owed = rules_owed(stores, recording)
            applied = msgspec.structs.replace(
                rules, selectors=owed.selectors, rule_ids=list(dict.fromkeys([*rules.rule_ids, *owed.rule_ids]))
            )
        done = rewritten(stores, recording, applied)
        if not done.changed and not any(part.owed for part in recording.hot):
            return False
        if write_masked(stores, recording, done, applied, now_ms):
            return True
    raise PlayheadError("The replay was sealed by someone else each time.", code="not_applied")


def _close(stores: Stores, replay: Replay, reason: str) -> None:
    """What a rule can't be applied to is not watched, until a job succeeds (an empty reason)."""
    with stores.control.write() as session:
        session.execute(
            update(Replay)
            .where(Replay.project_id == replay.project_id, Replay.replay_id == replay.replay_id)
            .values(masking_error=reason[:1_000])
        )


def _standing(job: PrivacyJob, now_ms: int) -> tuple[ColumnElement[bool], ...]:
    return (
        Replay.project_id == job.project_id,
        Replay.expires_at_ms > now_ms,
        Replay.indexed_generation > REMOVED,
    )


def _set(stores: Stores, job: PrivacyJob, **values: int | str) -> bool:
    """False when the job was cancelled meanwhile."""
    with stores.control.write() as session:
        changed = session.execute(
            update(PrivacyJob)
            .where(
                PrivacyJob.project_id == job.project_id,
                PrivacyJob.job_id == job.job_id,
                PrivacyJob.state.in_(OPEN),
            )
            .values(**values)
            .returning(PrivacyJob.job_id)
        ).all()
    return bool(changed)
