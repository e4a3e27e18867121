"""Tombstones: what was deleted must not come back. They live in control for good.

A replay's holds the replay's id, which says nothing of anybody. A person and an event's name are named by pseudonyms
under the installation's secret: who has the secret and an id can tell whether it was deleted, and nobody can
read from the tombstones who was.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from playhead.stores.control import Control
from playhead.stores.tables import Tombstone

IDS_AT_ONCE = 500
REPLAY, HIDDEN = "replay", "hidden"


class Pseudonyms:
    """Names for what a project's tombstones are about."""

    def __init__(self, secret: str, project_id: str) -> None:
        self.key = hmac.new(secret.encode(), b"tombstones:" + project_id.encode(), hashlib.sha256).digest()

    def of(self, text: str) -> str:
        """32 hexadecimal digits: the first half of an HMAC-SHA-256, which the analytics store can compute too."""
        return hmac.digest(self.key, text.encode(), hashlib.sha256).hex()[:32]


def is_deleted(control: Control, project_id: str, replay_id: str, session: Session | None = None) -> bool:
    """Whether the replay was deleted; within `session` where one is open."""
    if session is not None:
        return session.get(Tombstone, (project_id, REPLAY, replay_id)) is not None
    with control.read() as own:
        return own.get(Tombstone, (project_id, REPLAY, replay_id)) is not None


def bury(  # noqa: PLR0917
    control: Control,
    session: Session,
    project_id: str,
    kind: str,
    ids: Iterable[str],
    now_ms: int,
    until_ms: int = 0,
) -> None:
    """Writes tombstones. What was deleted before and is deleted again is refused for longer."""
    rows: list[dict[str, Any]] = [
        {
            "project_id": project_id,
            "kind": kind,
            "id": each,
            "created_at_ms": now_ms,
            "done_at_ms": 0,
            "until_ms": until_ms,
        }
        for each in sorted(set(ids))
    ]
    if not rows:
        return
    statement = control.insert(Tombstone)
    if until_ms:
        statement = statement.on_conflict_do_update(
            index_elements=["project_id", "kind", "id"], set_={"until_ms": until_ms, "created_at_ms": now_ms}
        )
    else:
        statement = statement.on_conflict_do_nothing()
    session.execute(statement, rows)


def unhide(session: Session, project_id: str, replay_ids: Iterable[str]) -> None:
    """Lets replays be seen again that a deletion would have taken."""
    for some in batched(sorted(set(replay_ids))):
        session.execute(
            delete(Tombstone).where(
                Tombstone.project_id == project_id, Tombstone.kind == HIDDEN, Tombstone.id.in_(some)
            )
        )


def standing(session: Session, project_id: str, kind: str, ids: Iterable[str]) -> dict[str, int]:
    """Those of the ids that a tombstone of the kind names, with until when what happened is refused."""
    found: dict[str, int] = {}
    for some in batched(sorted(set(ids))):
        rows = session.execute(
            select(Tombstone.id, Tombstone.until_ms).where(
                Tombstone.project_id == project_id, Tombstone.kind == kind, Tombstone.id.in_(some)
            )
        )
        found |= {row.id: row.until_ms for row in rows}
    return found


def any_of(session: Session, project_ids: Iterable[str], kinds: Sequence[str]) -> set[tuple[str, str]]:
    """Which projects have tombstones of which of these kinds."""
    return {
        (project_id, kind)
        for project_id in project_ids
        for kind in kinds
        if session.scalar(
            select(Tombstone.id).where(Tombstone.project_id == project_id, Tombstone.kind == kind).limit(1)
        )
        is not None
    }


def batched(values: Sequence[str], size: int = IDS_AT_ONCE) -> Iterator[Sequence[str]]:
    return (values[start : start + size] for start in range(0, len(values), size))
