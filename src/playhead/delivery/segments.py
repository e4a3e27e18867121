"""The recordings of a flush: one segment per project, its row, and the rows of the replays whose blocks it holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from playhead.delivery.decode import Recording
from playhead.delivery.rows import Row, part_row
from playhead.governance.keys import ciphers_within
from playhead.journal import Flush
from playhead.recordings.segments import Block, build_segment
from playhead.stores import Stores
from playhead.stores.encryption import Cipher
from playhead.stores.tables import Project, Replay, Segment

DAY_MS = 86_400_000
IDS_AT_ONCE = 500


class Accepted(msgspec.Struct, frozen=True):
    """When a replay's first batch was accepted, and when the replay expires: fixed by that batch for good."""

    accepted_at_ms: int
    expires_at_ms: int


def segment_path(project_id: str, flush: Flush) -> str:
    """Named by the flush, so that a flush that is run again writes the same object."""
    day = datetime.fromtimestamp(flush.begun_at_ms / 1000, UTC).strftime("%Y-%m-%d")
    return f"segments/{project_id}/{day}/{flush.flush_id}"


def write_segments(
    stores: Stores, flush: Flush, recordings: Sequence[Recording], now_ms: int, retention_days: int
) -> list[Row]:
    """Writes the segments and the control rows; answers the rows for `replay_parts`.

    The object is durable before the row that names it. Blocks of replays that have expired are left out.
    """
    rows: list[Row] = []
    by_project: dict[str, list[Recording]] = defaultdict(list)
    for recording in recordings:
        by_project[recording.item.project_id].append(recording)
    for project_id, theirs in by_project.items():
        path = segment_path(project_id, flush)
        kept = _without_expired(stores, project_id, theirs, now_ms)
        if not kept:
            continue
        data, entries = build_segment(
            [Block(each.item.ingest_id, each.item.received_at_ms, each.summary, each.item.payload) for each in kept],
            _ciphers(stores, project_id, kept, now_ms, retention_days),
        )
        stores.blobs.put(path, data)
        accepted = _write_control(stores, project_id, path, kept, now_ms, retention_days)
        for each, entry in zip(kept, entries, strict=True):
            accepted_at_ms = accepted[each.summary.replay_id].accepted_at_ms
            rows.append(part_row(each.item, each.summary, accepted_at_ms, path, entry.offset, entry.length))
    return rows


def _without_expired(stores: Stores, project_id: str, recordings: list[Recording], now_ms: int) -> list[Recording]:
    """A late batch never extends a replay's life, nor does it bring an expired one back."""
    with stores.control.read() as session:
        known = _accepted(session, project_id, {each.summary.replay_id for each in recordings})
    return [
        each for each in recordings if (row := known.get(each.summary.replay_id)) is None or row.expires_at_ms > now_ms
    ]


def _ciphers(
    stores: Stores, project_id: str, recordings: Sequence[Recording], now_ms: int, retention_days: int
) -> dict[str, Cipher]:
    """The replays' keys, made where there are none: a key is stored before anything is encrypted with it.

    That makes a new replay's row a moment before its first block is there.
    """
    if stores.keyring.current is None:
        return {}
    accepted = _first_accepted(recordings)
    with stores.control.write() as session:
        _insert_replays(session, stores, project_id, accepted, now_ms, retention_days)
        return ciphers_within(session, stores.keyring, project_id, accepted.keys())


def _first_accepted(recordings: Sequence[Recording]) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in recordings:
        received_at_ms = each.item.received_at_ms
        found[each.summary.replay_id] = min(found.get(each.summary.replay_id, received_at_ms), received_at_ms)
    return found


def _insert_replays(  # noqa: PLR0917
    session: Session, stores: Stores, project_id: str, accepted: dict[str, int], now_ms: int, retention_days: int
) -> None:
    """Rows for those that have none."""
    # With the row locked a change of it comes either before these replays, or after and finds them.
    days = session.scalar(
        select(Project.retention_days).where(Project.project_id == project_id).with_for_update(read=True)
    )
    retention_ms = (days or retention_days) * DAY_MS
    new = [
        {
            "project_id": project_id,
            "replay_id": replay_id,
            "accepted_at_ms": accepted_at_ms,
            "expires_at_ms": accepted_at_ms + retention_ms,
            "last_block_at_ms": now_ms,
        }
        for replay_id, accepted_at_ms in accepted.items()
    ]
    session.execute(stores.control.insert(Replay).on_conflict_do_nothing(), new)


def _write_control(  # noqa: PLR0917
    stores: Stores, project_id: str, path: str, recordings: Sequence[Recording], now_ms: int, retention_days: int
) -> dict[str, Accepted]:
    """The segment's row and the replays' in one transaction, so that a flush run again counts no block twice."""
    control = stores.control
    first_ms = _first_accepted(recordings)
    blocks: dict[str, int] = defaultdict(int)
    unmasked: dict[str, int] = defaultdict(int)
    for each in recordings:
        replay_id = each.summary.replay_id
        blocks[replay_id] += 1
        unmasked[replay_id] += bool(each.summary.owed)
    with control.write() as session:
        written = session.execute(
            control.insert(Segment)
            .values(project_id=project_id, object=path, created_at_ms=now_ms)
            .on_conflict_do_nothing()
            .returning(Segment.object)
        ).all()
        if written:
            _insert_replays(session, stores, project_id, first_ms, now_ms, retention_days)
            # On the connection: the statement is built once for all of them.
            session.connection().execute(
                update(Replay)
                .where(Replay.project_id == bindparam("of_project"), Replay.replay_id == bindparam("of_replay"))
                .values(
                    hot_blocks=Replay.hot_blocks + bindparam("new_blocks"),
                    unmasked_blocks=Replay.unmasked_blocks + bindparam("new_unmasked"),
                    last_block_at_ms=now_ms,
                ),
                [
                    {
                        "of_project": project_id,
                        "of_replay": replay_id,
                        "new_blocks": count,
                        "new_unmasked": unmasked[replay_id],
                    }
                    for replay_id, count in blocks.items()
                ],
            )
        known = _accepted(session, project_id, first_ms.keys())
    # A replay whose row went between two runs of a flush was deleted; its rows are covered by its tombstone.
    return {
        replay_id: known.get(replay_id) or Accepted(accepted_at_ms, accepted_at_ms)
        for replay_id, accepted_at_ms in first_ms.items()
    }


def _accepted(session: Session, project_id: str, replay_ids: Iterable[str]) -> dict[str, Accepted]:
    found: dict[str, Accepted] = {}
    ordered = sorted(replay_ids)
    for start in range(0, len(ordered), IDS_AT_ONCE):
        rows = session.execute(
            select(Replay.replay_id, Replay.accepted_at_ms, Replay.expires_at_ms).where(
                Replay.project_id == project_id, Replay.replay_id.in_(ordered[start : start + IDS_AT_ONCE])
            )
        )
        found |= {replay_id: Accepted(accepted, expires) for replay_id, accepted, expires in rows}
    return found
