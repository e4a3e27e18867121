"""How long a project keeps its data: replays from their first batch, events from when they came in.

A replay carries the moment it expires at. Events carry none: their project's days bound every query of them, so they
are gone from all answers at the moment they expire; a job of the worker's then takes them off the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
import structlog
from sqlalchemy import ColumnElement, and_, bindparam, case, exists, func, not_, or_, select, update
from sqlalchemy.orm import Session

from playhead import clock
from playhead.clock import rfc3339
from playhead.errors import NotFound
from playhead.governance.audit import Actor, record
from playhead.governance.tombstones import HIDDEN, REPLAY
from playhead.stores import Stores
from playhead.stores import analytics as rows
from playhead.stores.control import Control
from playhead.stores.tables import Bookmark, DataRequest, Project, Replay, Tombstone

log = structlog.get_logger(__name__)

DAY_MS = 86_400_000
MIN_DAYS, MAX_DAYS = 1, 3_650


class Days(msgspec.Struct, frozen=True):
    """For how many days a project keeps what. 0: events for good, bookmarked replays no longer than others."""

    replay_days: int
    event_days: int
    bookmark_days: int


class Stored(msgspec.Struct, frozen=True):
    count: int
    oldest_at: str | None


class Lost(msgspec.Struct, frozen=True):
    """What a change of the days would delete."""

    replays: int
    events: int


def days_of(control: Control, project_id: str) -> Days:
    with control.read() as session:
        return _days(session, project_id)


def _days(session: Session, project_id: str) -> Days:
    found = session.execute(
        select(Project.retention_days, Project.event_days, Project.bookmark_days).where(
            Project.project_id == project_id
        )
    ).first()
    if found is None:
        raise NotFound("There is no such project.", code="project_not_found")
    return Days(*found)


def stored_replays(control: Control, project_id: str, now_ms: int) -> Stored:
    with control.read() as session:
        count, oldest = session.execute(
            select(func.count(), func.min(Replay.accepted_at_ms)).where(*_standing(project_id, now_ms))
        ).one()
    return Stored(count, rfc3339(oldest) if count else None)


EVENTS_SQL = """
SELECT count() AS count, toUnixTimestamp64Milli(min(received_at)) AS oldest_ms
FROM events FINAL WHERE project_id = {project_id:String}
"""

OLDER_EVENTS_SQL = """
SELECT count() AS count FROM events FINAL
WHERE project_id = {project_id:String} AND received_at < fromUnixTimestamp64Milli({before_ms:Int64})
"""


def stored_events(stores: Stores, project_id: str) -> Stored:
    (row,) = stores.analytics.query(EVENTS_SQL, {"project_id": project_id})
    return Stored(row["count"], rfc3339(row["oldest_ms"]) if row["count"] else None)


def lost(stores: Stores, project_id: str, days: Days, now_ms: int) -> Lost:
    """What keeping things for so many days would delete at once."""
    with stores.control.read() as session:
        replays = _older_replays(session, project_id, days, now_ms)
    return Lost(replays, _older_events(stores, project_id, days, now_ms))


def _older_replays(session: Session, project_id: str, days: Days, now_ms: int) -> int:
    older = select(func.count()).select_from(Replay).where(*_standing(project_id, now_ms), _expiry(days) <= now_ms)
    return session.scalar(older) or 0


def _older_events(stores: Stores, project_id: str, days: Days, now_ms: int) -> int:
    if not days.event_days:
        return 0
    parameters = {"project_id": project_id, "before_ms": now_ms - days.event_days * DAY_MS}
    return int(stores.analytics.query(OLDER_EVENTS_SQL, parameters)[0]["count"])


def change(stores: Stores, project_id: str, days: Days, by: Actor, now_ms: int) -> Lost:
    """Keeps things for so many days from now on, what is stored included. What has expired does not come back.

    Answers what that deleted: unreadable now, off the disk within the hour.
    """
    events = _older_events(stores, project_id, days, now_ms)
    with stores.control.write() as session:
        # First, so that delivery, which reads the days under a lock, is either done or sees the new ones.
        before = _days(session, project_id)
        session.execute(
            update(Project)
            .where(Project.project_id == project_id)
            .values(retention_days=days.replay_days, event_days=days.event_days, bookmark_days=days.bookmark_days)
        )
        gone = Lost(_older_replays(session, project_id, days, now_ms), events)
        # Those that a deletion waits for as well, for it may be cancelled.
        session.execute(
            update(Replay)
            .where(Replay.project_id == project_id, Replay.expires_at_ms > now_ms)
            .values(expires_at_ms=_expiry(days))
            .execution_options(synchronize_session=False)
        )
        detail = {
            "from": _told(before),
            "to": _told(days),
            "replays_deleted": gone.replays,
            "events_deleted": gone.events,
        }
        record(session, project_id, by, "retention.changed", "project", project_id, detail)
    return gone


def _told(days: Days) -> dict[str, int | None]:
    return {name: value or None for name, value in msgspec.structs.asdict(days).items()}


def set_expiry(session: Session, project_id: str, replay_id: str) -> None:
    """To be called when a replay's bookmark came or went."""
    session.execute(
        update(Replay)
        .where(Replay.project_id == project_id, Replay.replay_id == replay_id)
        .values(expires_at_ms=_expiry(_days(session, project_id)))
        .execution_options(synchronize_session=False)
    )


def _standing(project_id: str, now_ms: int) -> tuple[ColumnElement[bool], ...]:
    """The replays that are neither expired nor deleted."""
    deleted = exists().where(
        Tombstone.project_id == project_id, Tombstone.kind.in_((REPLAY, HIDDEN)), Tombstone.id == Replay.replay_id
    )
    return Replay.project_id == project_id, Replay.expires_at_ms > now_ms, not_(deleted)


def _expiry(days: Days) -> ColumnElement[int]:
    """When a replay expires: counted from its first batch, and later with a bookmark where the project says so."""
    marked = exists().where(and_(Bookmark.project_id == Replay.project_id, Bookmark.replay_id == Replay.replay_id))
    kept = max(days.replay_days, days.bookmark_days)
    return Replay.accepted_at_ms + case((marked, kept * DAY_MS), else_=days.replay_days * DAY_MS)


def bound_events(stores: Stores) -> None:
    """Sees to it that whoever reads events through these stores never gets one that has expired, or that a deletion
    waits for. Asked before each query, control knows of a deletion from the moment that it is acknowledged."""
    for each in stores.every():
        each.analytics.bound(_bounds(stores.control))


# What a request's subject holds of whom it is about, until they are forgotten (`requests.Subject`).
HELD = ("distinct_ids", "ids", "event")
_BOUNDS = select(
    Project.event_days,
    exists().where(
        DataRequest.project_id == bindparam("project_id"),
        DataRequest.kind == "deletion",
        DataRequest.what.in_(("person", "event")),
        # One that failed hides on until the same is deleted by another, which takes its ids away.
        DataRequest.state.in_(("waiting", "running"))
        | ((DataRequest.state == "failed") & or_(*(DataRequest.subject.contains(f'"{each}"') for each in HELD))),
    ),
).where(Project.project_id == bindparam("project_id"))


def _bounds(control: Control) -> Callable[[str], Mapping[str, str]]:
    def of(project_id: str) -> Mapping[str, str]:
        with control.read() as session:
            days, deleting = session.execute(_BOUNDS, {"project_id": project_id}).first() or (0, True)
        conditions = dict(rows.HIDDEN) if deleting else {}
        if days:
            kept = f"received_at > fromUnixTimestamp64Milli({clock.now_ms() - days * DAY_MS})"
            conditions["events"] = f"{conditions['events']} AND {kept}" if deleting else kept
        return conditions

    return of


EXPIRED_SQL = """
received_at <= fromUnixTimestamp64Milli(transform(toString(project_id), {projects:Array(String)},
    {before_ms:Array(Int64)}, toInt64(0)))
"""
EXPIRED_PROJECTS_SQL = f"SELECT DISTINCT project_id FROM events WHERE {EXPIRED_SQL}"  # noqa: S608
# One pass over the table for all projects. Nothing personal is in the predicate, which the store writes to a file.
DELETE_EXPIRED_SQL = f"ALTER TABLE events DELETE WHERE {EXPIRED_SQL} SETTINGS mutations_sync = 1"


def remove_expired_events(stores: Stores, now_ms: int) -> list[str]:
    """Takes expired events off the disk; answers of which projects there were any."""
    with stores.control.read() as session:
        kept = session.execute(
            select(Project.project_id, Project.event_days).where(
                stores.hold(Project.project_id), Project.event_days > 0
            )
        ).all()
    if not kept:
        return []
    parameters = {
        "projects": [project_id for project_id, _ in kept],
        "before_ms": [now_ms - days * DAY_MS for _, days in kept],
    }
    found = sorted(row["project_id"] for row in stores.analytics.query(EXPIRED_PROJECTS_SQL, parameters, hidden=True))
    if found:
        stores.analytics.command(DELETE_EXPIRED_SQL, parameters)
        log.info("events_expired", projects=len(found))
    return found
