"""Finding a replay: the one place that says it is unknown, deleted or expired."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from playhead.errors import Conflict, Gone, NotFound, PlayheadError
from playhead.governance.tombstones import HIDDEN, REPLAY
from playhead.stores.control import Control
from playhead.stores.tables import Project, Replay, Tombstone

# `Replay.indexed_generation` of a replay whose expired bytes are gone; the row stays to say so.
REMOVED = -1


def replay_uuid(text: str) -> str:
    """The replay id in the spelling that is stored. Raises 400 when it is no UUID."""
    try:
        return str(UUID(text))
    except ValueError:
        raise PlayheadError("A replay id is a UUID.", code="bad_replay_id") from None


def find_replay(control: Control, project_id: str, replay_id: str, now_ms: int) -> Replay:
    """The replay's row. Raises NotFound, or Gone with `replay_deleted` or `replay_expired`."""
    with control.read() as session:
        return check_replay(session, project_id, replay_id, now_ms)


def check_replay(session: Session, project_id: str, replay_id: str, now_ms: int) -> Replay:
    if session.scalar(
        select(Tombstone.kind)
        .where(Tombstone.project_id == project_id, Tombstone.kind.in_((REPLAY, HIDDEN)), Tombstone.id == replay_id)
        .limit(1)
    ):
        raise Gone("This replay was deleted.", code="replay_deleted")
    replay = session.get(Replay, (project_id, replay_id))
    if replay is None:
        raise NotFound("There is no such replay in this project.", code="replay_not_found")
    if replay.expires_at_ms <= now_ms:
        raise Gone("This replay has passed its retention time and expired.", code="replay_expired")
    return replay


def check_watchable(replay: Replay) -> None:
    """Raises `Conflict` while any of the replay must yet be masked by the project's rules, or could not be."""
    if is_closed(replay):
        raise not_watchable(replay)


def is_closed(replay: Replay) -> bool:
    return replay.unmasked_blocks > 0 or bool(replay.masking_error)


def not_watchable(replay: Replay) -> Conflict:
    if replay.masking_error:
        return Conflict(
            f"The project's rules could not be applied to this replay, so it can't be watched: {replay.masking_error}",
            code="replay_masking_failed",
        )
    return Conflict(
        "This replay can be watched once the project's rules have been applied to it, some seconds after it is quiet.",
        code="replay_masking",
    )


def gone_replays(control: Control, project_id: str, now_ms: int) -> list[str]:
    """Replays that must not be seen although rows or bytes of them may still stand: few, for jobs remove them."""
    expired = select(Replay.replay_id).where(
        Replay.project_id == project_id,
        Replay.expires_at_ms <= now_ms,
        or_(Replay.indexed_generation > REMOVED, Replay.hot_blocks > 0),
    )
    deleted = select(Tombstone.id).where(
        Tombstone.project_id == project_id, Tombstone.kind.in_((REPLAY, HIDDEN)), Tombstone.done_at_ms == 0
    )
    with control.read() as session:
        return [*session.scalars(expired), *session.scalars(deleted)]


def kept_since(control: Control, project_id: str, now_ms: int) -> tuple[int, int]:
    """Since when there are replays of a project: when its first was ever accepted (now, when none was), and the
    beginning of the time that it keeps replays for."""
    with control.read() as session:
        first = session.scalar(select(func.min(Replay.accepted_at_ms)).where(Replay.project_id == project_id))
        days = session.scalar(select(Project.retention_days).where(Project.project_id == project_id))
    return now_ms if first is None else first, now_ms - (days or 0) * 86_400_000


def rows_of(control: Control, project_id: str, replay_ids: list[str]) -> dict[str, Replay]:
    """The replays' rows, those that there are."""
    with control.read() as session:
        found = session.scalars(select(Replay).where(Replay.project_id == project_id, Replay.replay_id.in_(replay_ids)))
        return {replay.replay_id: replay for replay in found}
