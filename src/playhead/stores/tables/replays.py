"""Replays and segments, what was deleted, and who works on them now."""

from __future__ import annotations

from sqlalchemy import Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from playhead.stores.tables.base import Table


class Replay(Table):
    """One row per replay: what must be exact and change by compare-and-set.

    `accepted_at_ms` is when its first batch was accepted and fixes `expires_at_ms`. `generation` counts sealed
    recordings (0: none yet) and `object` is the current one's path. `indexed_generation` is the generation whose row
    the analytics store is known to hold. `last_block_at_ms` is when delivery last wrote a block of it.
    `unmasked_blocks` of the hot blocks were not recorded under the project's selector rules: while there are any,
    nobody may watch it; `masking_error` says why they could not be masked. `wrapped_key` is the replay's own key,
    wrapped by its project's; None where nothing is encrypted.
    """

    __tablename__ = "replays"
    project_id: Mapped[str] = mapped_column(primary_key=True)
    replay_id: Mapped[str] = mapped_column(primary_key=True)
    accepted_at_ms: Mapped[int]
    expires_at_ms: Mapped[int]
    generation: Mapped[int] = mapped_column(default=0)
    indexed_generation: Mapped[int] = mapped_column(default=0)
    object: Mapped[str] = mapped_column(Text, default="")
    hot_blocks: Mapped[int] = mapped_column(default=0)
    last_block_at_ms: Mapped[int]
    last_seal_at_ms: Mapped[int] = mapped_column(default=0)
    unmasked_blocks: Mapped[int] = mapped_column(default=0, server_default="0")
    masking_error: Mapped[str] = mapped_column(Text, default="", server_default="")
    wrapped_key: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = (
        Index("replays_to_seal", "hot_blocks", "last_block_at_ms"),
        Index("replays_to_expire", "expires_at_ms"),
        Index("replays_to_mask", "unmasked_blocks"),
    )


class Segment(Table):
    """A hot segment that stands in the blob store: what the clean-up walks. Its footer is the truth of its blocks."""

    __tablename__ = "segments"
    project_id: Mapped[str] = mapped_column(primary_key=True)
    object: Mapped[str] = mapped_column(Text, primary_key=True)
    created_at_ms: Mapped[int] = mapped_column(index=True)


class Tombstone(Table):
    """What was deleted and must not come back, for good: kind `replay`, `person` or `event`.

    A replay is named by its id, everything else by its pseudonym (`governance.tombstones`): what happened until
    `until_ms` is refused. Kind `hidden` is a replay that a deletion waits for: nobody may read it until that is called
    off.
    """

    __tablename__ = "tombstones"
    project_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    created_at_ms: Mapped[int] = mapped_column(index=True)
    done_at_ms: Mapped[int] = mapped_column(default=0)
    until_ms: Mapped[int] = mapped_column(default=0, server_default="0")


class Signal(Table):
    """A word to a browser that capture passes on: kind `watching`, for one replay, until it expires."""

    __tablename__ = "signals"
    project_id: Mapped[str] = mapped_column(primary_key=True)
    replay_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    expires_at_ms: Mapped[int]


class Lease(Table):
    """Which worker does a job that only one may do at a time."""

    __tablename__ = "leases"
    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    expires_at_ms: Mapped[int]
