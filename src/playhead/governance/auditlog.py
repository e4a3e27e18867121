"""Reading the audit log: searching it, exporting it, and showing that nothing in it was changed or taken out."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec
from sqlalchemy import ColumnElement, and_, func, or_, select

from playhead.governance.audit import entry_hash
from playhead.governance.sentences import actions_saying
from playhead.stores.control import Control
from playhead.stores.tables import AuditEntry, Member

ENTRIES_AT_ONCE = 1_000


class AuditQuery(msgspec.Struct, frozen=True):
    """What is asked of a project's log: times in [from, to), `before` the number to go on at.

    `q` is a part of who did it, of what the sentence says was done, of the member it was done with, an id or a detail.

    `actor` is an id, a kind, or a part of a name; `action` is a whole action or its noun (`replay`).
    """

    q: str = ""
    actor: str = ""
    action: str = ""
    from_ms: int | None = None
    to_ms: int | None = None
    before: int | None = None


class Head(msgspec.Struct, frozen=True):
    """The newest entry: whoever keeps its number and hash can later show that nothing up to it was changed."""

    number: int
    hash: str


class Verified(msgspec.Struct, frozen=True):
    """What reading the whole chain found. `first_bad` is the number of the first entry that is changed or missing."""

    ok: bool
    entries: int
    first_bad: int | None
    message: str
    head: Head | None


def search(control: Control, project_id: str, query: AuditQuery, limit: int) -> list[AuditEntry]:
    """Newest first."""
    with control.read() as session:
        return list(
            session.scalars(
                select(AuditEntry)
                .where(*_conditions(project_id, query))
                .order_by(AuditEntry.number.desc())
                .limit(limit)
            )
        )


def export(control: Control, project_id: str, query: AuditQuery) -> Iterator[list[AuditEntry]]:
    """Oldest first, a thousand at a time; each is read when it is asked for."""
    conditions, last = _conditions(project_id, query), 0
    while True:
        with control.read() as session:
            found = list(
                session.scalars(
                    select(AuditEntry)
                    .where(*conditions, AuditEntry.number > last)
                    .order_by(AuditEntry.number)
                    .limit(ENTRIES_AT_ONCE)
                )
            )
        if not found:
            return
        yield found
        last = found[-1].number


def activity(control: Control, member_id: str, limit: int, offset: int) -> tuple[list[AuditEntry], int]:
    """What a member did and what was done with their account, in any project, newest first; and how much there is."""
    theirs = or_(
        and_(AuditEntry.actor_kind == "member", AuditEntry.actor_id == member_id),
        and_(AuditEntry.object_kind == "member", AuditEntry.object_id == member_id),
    )
    with control.read() as session:
        total = session.scalar(select(func.count()).select_from(AuditEntry).where(theirs)) or 0
        found = session.scalars(
            select(AuditEntry)
            .where(theirs)
            .order_by(AuditEntry.at_ms.desc(), AuditEntry.project_id, AuditEntry.number.desc())
            .limit(limit)
            .offset(offset)
        )
        return list(found), total


def names_of(control: Control, member_ids: Collection[str]) -> dict[str, str]:
    """The members' names, of those that are still there."""
    if not member_ids:
        return {}
    with control.read() as session:
        rows = session.scalars(select(Member).where(Member.member_id.in_(sorted(member_ids))))
        return {row.member_id: row.name or row.email or row.member_id for row in rows}


def verify(control: Control, project_id: str, known: Head | None = None) -> Verified:
    """Reads the whole chain. With `known`, a head that someone kept, it must still be in it."""
    before = Head(0, "")
    for entries in export(control, project_id, AuditQuery()):
        for entry in entries:
            if entry.number != before.number + 1:
                return _bad(before.number + 1, before, "is missing")
            if entry.hash != entry_hash(entry, before.hash):
                return _bad(entry.number, before, "is not as it was written, or the one before it is not")
            if known is not None and entry.number == known.number and entry.hash != known.hash:
                return _bad(entry.number, before, "is another than the one that is known: the log was written anew")
            before = Head(entry.number, entry.hash)
    if known is not None and before.number < known.number:
        return _bad(before.number + 1, before, "is missing: the log ends before the entry that is known")
    message = f"All {before.number} entries are there, in order and unchanged."
    return Verified(True, before.number, None, message, before if before.number else None)


def _bad(number: int, before: Head, what: str) -> Verified:
    message = f"Entry {number} {what}. {before.number} entries before it are unchanged."
    return Verified(False, before.number, number, message, before if before.number else None)


def _conditions(project_id: str, query: AuditQuery) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [AuditEntry.project_id == project_id]
    if query.q.strip():
        text = query.q.strip()
        columns = (AuditEntry.actor_name, AuditEntry.action, AuditEntry.object_id, AuditEntry.detail)
        named = or_(*(column.icontains(text, autoescape=True) for column in (Member.name, Member.email)))
        wanted.append(
            or_(
                *(column.icontains(text, autoescape=True) for column in columns),
                AuditEntry.action.in_(actions_saying(text)),
                and_(
                    AuditEntry.object_kind == "member", AuditEntry.object_id.in_(select(Member.member_id).where(named))
                ),
            )
        )
    if query.actor:
        wanted.append(
            or_(
                AuditEntry.actor_id == query.actor,
                AuditEntry.actor_kind == query.actor,
                AuditEntry.actor_name.icontains(query.actor, autoescape=True),
            )
        )
    if query.action:
        wanted.append(
            AuditEntry.action == query.action
            if "." in query.action
            else AuditEntry.action.startswith(f"{query.action}.", autoescape=True)
        )
    if query.from_ms is not None:
        wanted.append(AuditEntry.at_ms >= query.from_ms)
    if query.to_ms is not None:
        wanted.append(AuditEntry.at_ms < query.to_ms)
    if query.before is not None:
        wanted.append(AuditEntry.number < query.before)
    return wanted
