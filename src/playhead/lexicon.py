"""The Lexicon: what a project's members say of its events and properties, which of them they hide from choosing, and
which are sensitive."""

from __future__ import annotations

from typing import Literal

import msgspec
from sqlalchemy import func, select

from playhead.errors import PlayheadError
from playhead.governance.audit import Actor, record
from playhead.governance.sensitive import Sensitive
from playhead.stores.control import Control
from playhead.stores.tables import LexiconEntry
from playhead.texts import note, wrong

Kind = Literal["event", "event_property", "profile_property"]
MAX_ENTRIES = 10_000
# As capture cuts the names of events and properties.
MAX_NAME = 255


class Entry(msgspec.Struct, frozen=True):
    description: str = ""
    hidden: bool = False
    sensitive: bool = False


NOTHING = Entry()


def entries(control: Control, project_id: str, kind: Kind) -> dict[str, Entry]:
    """What is said of this kind, by name."""
    with control.read() as session:
        rows = session.scalars(
            select(LexiconEntry).where(LexiconEntry.project_id == project_id, LexiconEntry.kind == kind)
        )
        return {row.name: Entry(row.description, bool(row.hidden), bool(row.sensitive)) for row in rows}


def sensitive_properties(control: Control, project_id: str) -> Sensitive:
    """The properties that are marked as sensitive."""
    with control.read() as session:
        rows = session.execute(
            select(LexiconEntry.kind, LexiconEntry.name).where(
                LexiconEntry.project_id == project_id, LexiconEntry.sensitive == 1
            )
        ).all()
    return Sensitive(
        frozenset(name for kind, name in rows if kind == "event_property"),
        frozenset(name for kind, name in rows if kind == "profile_property"),
    )


def describe(  # noqa: PLR0917
    control: Control,
    project_id: str,
    kind: Kind,
    name: str,
    description: str | None,
    hidden: bool | None,
    sensitive: bool | None,
    by: Actor,
    now_ms: int,
) -> Entry:
    """Says it anew; None leaves what was said. Raises `PlayheadError` for a text that is none, or too many entries."""
    if not 1 <= len(name) <= MAX_NAME or "\0" in name:
        raise wrong("name", f"must be of 1 to {MAX_NAME} characters")
    text = None if description is None else note(description, "description")
    with control.write() as session:
        row = session.get(LexiconEntry, (project_id, kind, name))
        known = NOTHING if row is None else Entry(row.description, bool(row.hidden), bool(row.sensitive))
        said = Entry(
            known.description if text is None else text,
            known.hidden if hidden is None else hidden,
            known.sensitive if sensitive is None else sensitive,
        )
        if said != known:
            marks = ("hidden", "sensitive")
            changed = {mark: getattr(said, mark) for mark in marks if getattr(said, mark) != getattr(known, mark)}
            described = {"described": True} if said.description != known.description else {}
            detail: dict[str, object] = {"kind": kind, **changed, **described}
            record(session, project_id, by, "lexicon.changed", "lexicon", name, detail)
        if said == NOTHING:
            if row is not None:
                session.delete(row)
            return said
        count = session.scalar(select(func.count()).where(LexiconEntry.project_id == project_id)) or 0
        if row is None and count >= MAX_ENTRIES:
            raise PlayheadError(f"A project's Lexicon has at most {MAX_ENTRIES} entries.", code="too_many_entries")
        session.merge(
            LexiconEntry(
                project_id=project_id,
                kind=kind,
                name=name,
                description=said.description,
                hidden=int(said.hidden),
                sensitive=int(said.sensitive),
                updated_at_ms=now_ms,
                updated_by=by.name,
            )
        )
    return said
