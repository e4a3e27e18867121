"""The audit log: who did what when. Entries are appended and chained, so that a gap or a change shows."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Literal

import msgspec
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from playhead.clock import now_ms
from playhead.stores.control import Control
from playhead.stores.tables import AuditEntry

ActorKind = Literal["member", "key", "link", "command", "system"]
NO_PROJECT = ""
# Whoever goes on watching a replay is noted again after this time.
WATCHED_AGAIN_MS = 30 * 60_000
NOTED_KEPT = 10_000


class Actor(msgspec.Struct, frozen=True):
    """Who does something: a member, a program's key, whoever opens a share link, a command, or Playhead itself."""

    kind: ActorKind
    id: str = ""
    name: str = ""


COMMAND = Actor("command", name="command line")
SYSTEM = Actor("system", name="Playhead")


def record(  # noqa: PLR0917  object_kind and object_id are read as one
    session: Session,
    project_id: str,
    actor: Actor,
    action: str,
    object_kind: str = "",
    object_id: str = "",
    detail: Mapping[str, object] | None = None,
) -> None:
    """Appends an entry within the caller's write transaction: what is done and that it was done are stored together.

    `action` is `noun.verb` (`replay.watched`). Neither `object_id` nor `detail` may hold what a visitor typed or is
    known by: a person is named by the id of the request that is about them.
    """
    lock_chain(session, project_id)
    newest = session.scalar(select(func.max(AuditEntry.number)).where(AuditEntry.project_id == project_id)) or 0
    before = session.get(AuditEntry, (project_id, newest)) if newest else None
    entry = AuditEntry(
        project_id=project_id,
        number=newest + 1,
        at_ms=now_ms(),
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        action=action,
        object_kind=object_kind,
        object_id=object_id,
        detail=msgspec.json.encode(detail or {}, order="sorted").decode(),
        hash="",
    )
    entry.hash = entry_hash(entry, before.hash if before else "")
    session.add(entry)
    session.flush()


def lock_chain(session: Session, project_id: str) -> None:
    """Nobody else appends to this project's chain until the transaction ends: two entries never follow the same one.

    A write transaction of SQLite is alone already.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(
            text("SELECT pg_advisory_xact_lock(7239512, hashtext(:project_id))"), {"project_id": project_id}
        )


_noted: OrderedDict[tuple[str, ...], int] = OrderedDict()
_noted_lock = Lock()


def watched(control: Control, project_id: str, actor: Actor, replay_id: str, at_ms: int) -> None:
    """Records that someone watches a replay: once per actor, replay and half an hour, however often they read of it."""
    key = (control.url, project_id, actor.kind, actor.id, replay_id)
    with _noted_lock:
        last = _noted.get(key)
    if last is not None and 0 <= at_ms - last < WATCHED_AGAIN_MS:
        return
    with control.write() as session:
        lock_chain(session, project_id)
        last = session.scalar(
            select(func.max(AuditEntry.at_ms)).where(
                AuditEntry.project_id == project_id,
                AuditEntry.actor_kind == actor.kind,
                AuditEntry.actor_id == actor.id,
                AuditEntry.at_ms > at_ms - WATCHED_AGAIN_MS,
                AuditEntry.action == "replay.watched",
                AuditEntry.object_id == replay_id,
            )
        )
        if last is None:
            record(session, project_id, actor, "replay.watched", "replay", replay_id)
    with _noted_lock:
        _noted[key] = at_ms if last is None else last
        _noted.move_to_end(key)
        while len(_noted) > NOTED_KEPT:
            _noted.popitem(last=False)


def entry_hash(entry: AuditEntry, before: str) -> str:
    """SHA-256 over the entry's fields as a JSON array and the hash of the entry before it, in hexadecimal."""
    fields = [
        before,
        entry.project_id,
        entry.number,
        entry.at_ms,
        entry.actor_kind,
        entry.actor_id,
        entry.actor_name,
        entry.action,
        entry.object_kind,
        entry.object_id,
        entry.detail,
    ]
    return hashlib.sha256(msgspec.json.encode(fields)).hexdigest()
