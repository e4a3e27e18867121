"""Live replays: which are, and telling the browser that someone watches."""

from __future__ import annotations

from playhead.stores.control import Control
from playhead.stores.tables import Signal

# A replay is live while its last batch came in within LIVE_MS and told of something within LIVE_EVENTS_MS (a batch that
# comes in next morning tells of yesterday).
LIVE_MS = 30_000
LIVE_EVENTS_MS = 120_000
WATCHING_MS = 15_000


def is_live(received_at_ms: int, last_at_ms: int, now_ms: int) -> bool:
    """`last_at_ms`: the last rrweb event, by the corrected clock."""
    return received_at_ms > now_ms - LIVE_MS and last_at_ms > now_ms - LIVE_EVENTS_MS


def watch(control: Control, project_id: str, replay_id: str, now_ms: int) -> None:
    """Someone has it open: capture tells the SDK, which then flushes every second."""
    expires = now_ms + WATCHING_MS
    statement = control.insert(Signal).values(
        project_id=project_id, replay_id=replay_id, kind="watching", expires_at_ms=expires
    )
    with control.write() as session:
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["project_id", "replay_id", "kind"], set_={"expires_at_ms": expires}
            )
        )
