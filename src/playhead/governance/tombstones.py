"""Tombstones: what was deleted must not come back. They live in control for good."""

from __future__ import annotations

from sqlalchemy.orm import Session

from playhead.stores.control import Control
from playhead.stores.tables import Tombstone


def is_deleted(control: Control, project_id: str, replay_id: str, session: Session | None = None) -> bool:
    """Whether the replay was deleted; within `session` where one is open."""
    if session is not None:
        return session.get(Tombstone, (project_id, "replay", replay_id)) is not None
    with control.read() as own:
        return own.get(Tombstone, (project_id, "replay", replay_id)) is not None
