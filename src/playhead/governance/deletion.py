"""Deleting: a tombstone first, which everything checks; then the bytes (`replays.sealing` and its jobs)."""

from __future__ import annotations

from playhead.governance.audit import Actor, record
from playhead.governance.keys import drop_keys
from playhead.governance.requests import begun
from playhead.stores.control import Control
from playhead.stores.tables import Tombstone


def delete_replay(
    control: Control, project_id: str, replay_id: str, by: Actor, now_ms: int, *, receipt: bool = False
) -> None:
    """From here on every read answers 410 and nothing of it is stored any more. Doing it again changes nothing.

    With a `receipt` a request is made of it, which the worker goes on with and then says what was removed where.
    """
    with control.write() as session:
        written = session.execute(
            control.insert(Tombstone)
            .values(project_id=project_id, kind="replay", id=replay_id, created_at_ms=now_ms, done_at_ms=0)
            .on_conflict_do_nothing()
            .returning(Tombstone.id)
        ).all()
        if written:
            record(session, project_id, by, "replay.deleted", "replay", replay_id)
            if receipt:
                begun(session, project_id, replay_id, by, now_ms)
        drop_keys(session, project_id, [replay_id])
