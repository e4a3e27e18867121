"""The tables of the control store. Every row of a project's begins with `project_id`; times are epoch milliseconds."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import BigInteger, Index, LargeBinary, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Table(DeclarativeBase):
    type_annotation_map: ClassVar[dict[Any, Any]] = {int: BigInteger, str: String, bytes: LargeBinary}


class Project(Table):
    """One site or app: a public token, its own data."""

    __tablename__ = "projects"
    project_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    token: Mapped[str] = mapped_column(unique=True)
    created_at_ms: Mapped[int]
    retention_days: Mapped[int]
    timezone: Mapped[str] = mapped_column(default="UTC")


class Member(Table):
    """Who logs in to Playhead."""

    __tablename__ = "members"
    member_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str | None]
    created_at_ms: Mapped[int]


class ApiKey(Table):
    """A program's key, kept as its SHA-256; `project_id` is the one project it opens."""

    __tablename__ = "api_keys"
    project_id: Mapped[str] = mapped_column(primary_key=True)
    key_hash: Mapped[str] = mapped_column(primary_key=True, index=True)
    created_at_ms: Mapped[int]


class LoginCode(Table):
    """A one-time log-in link, kept as its SHA-256."""

    __tablename__ = "login_codes"
    code_hash: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[str]
    expires_at_ms: Mapped[int]


class LoginSession(Table):
    """A member's browser session, kept as the SHA-256 of its cookie."""

    __tablename__ = "login_sessions"
    session_hash: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[str]
    csrf_token: Mapped[str]
    created_at_ms: Mapped[int]
    expires_at_ms: Mapped[int]


class Replay(Table):
    """One row per replay: what must be exact and change by compare-and-set.

    `accepted_at_ms` is when its first batch was accepted and fixes `expires_at_ms`. `generation` counts sealed
    recordings (0: none yet) and `object` is the current one's path. `indexed_generation` is the generation whose row
    the analytics store is known to hold. `last_block_at_ms` is when delivery last wrote a block of it.
    `unmasked_blocks` of the hot blocks were not recorded under the project's selector rules: while there are any,
    nobody may watch it; `masking_error` says why they could not be masked.
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
    """What was deleted and must not come back: kind `replay` or `person`, for good."""

    __tablename__ = "tombstones"
    project_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    created_at_ms: Mapped[int] = mapped_column(index=True)
    done_at_ms: Mapped[int] = mapped_column(default=0)


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


class PrivacyRule(Table):
    """What must not be stored in clear: kind `pattern` (RE2), `mask` or `block` (CSS selectors).

    A deleted rule's row stays: it was in force for what was recorded until `deleted_at_ms` (0: it still is).
    """

    __tablename__ = "privacy_rules"
    project_id: Mapped[str] = mapped_column(primary_key=True)
    rule_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    expression: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    created_at_ms: Mapped[int]
    created_by: Mapped[str]
    deleted_at_ms: Mapped[int] = mapped_column(default=0)


class PrivacyJob(Table):
    """A run of the project's rules over what is stored; the row is its progress. `cursor` is the last replay it did."""

    __tablename__ = "privacy_jobs"
    project_id: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(index=True)
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    created_at_ms: Mapped[int]
    started_at_ms: Mapped[int] = mapped_column(default=0)
    finished_at_ms: Mapped[int] = mapped_column(default=0)
    cursor: Mapped[str] = mapped_column(default="")
    error: Mapped[str] = mapped_column(Text, default="")


class LexiconEntry(Table):
    """What is said of an event or a property: kind `event`, `event_property` or `profile_property`."""

    __tablename__ = "lexicon"
    project_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    description: Mapped[str] = mapped_column(Text)
    hidden: Mapped[int]
    updated_at_ms: Mapped[int]
    updated_by: Mapped[str]


class SavedReport(Table):
    """A screen's state under a name: `search` is its query string. Kind `replays` is a playlist."""

    __tablename__ = "saved_reports"
    project_id: Mapped[str] = mapped_column(primary_key=True)
    report_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    description: Mapped[str] = mapped_column(Text)
    search: Mapped[str] = mapped_column(Text)
    created_at_ms: Mapped[int]
    updated_at_ms: Mapped[int]
    created_by: Mapped[str]


class Board(Table):
    """A page of cards: `cards` is their JSON text, in order."""

    __tablename__ = "boards"
    project_id: Mapped[str] = mapped_column(primary_key=True)
    board_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(Text)
    cards: Mapped[str] = mapped_column(Text)
    created_at_ms: Mapped[int]
    updated_at_ms: Mapped[int]
    created_by: Mapped[str]
