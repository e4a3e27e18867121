"""Rules, requests and their receipts, what is kept longer or shared, and the audit log."""

from __future__ import annotations

from sqlalchemy import Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from playhead.stores.tables.base import Table


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


class DataRequest(Table):
    """A deletion or a retrieval: what was asked, how far it is, and the receipt. The row is all that the job is.

    `kind`: `deletion` or `retrieval`; `what`: `person`, `replays`, `stretch`, `event`, `property`. `subject` is
    JSON of what to delete or to fetch; once a deletion is done no id of a person is left in it. `receipt` is JSON of
    what went where.
    """

    __tablename__ = "data_requests"
    project_id: Mapped[str] = mapped_column(primary_key=True)
    request_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    what: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    subject: Mapped[str] = mapped_column(Text)
    compliance_type: Mapped[str]
    disclosure_type: Mapped[str]
    requested_by: Mapped[str]
    created_at_ms: Mapped[int]
    started_at_ms: Mapped[int] = mapped_column(default=0, server_default="0")
    finished_at_ms: Mapped[int] = mapped_column(default=0, server_default="0")
    total: Mapped[int] = mapped_column(default=0, server_default="0")
    done: Mapped[int] = mapped_column(default=0, server_default="0")
    receipt: Mapped[str] = mapped_column(Text, default="", server_default="")
    object: Mapped[str] = mapped_column(Text, default="", server_default="")
    error: Mapped[str] = mapped_column(Text, default="", server_default="")


class Bookmark(Table):
    """A replay that someone wants kept in sight, and kept longer where the project says so."""

    __tablename__ = "bookmarks"
    project_id: Mapped[str] = mapped_column(primary_key=True)
    replay_id: Mapped[str] = mapped_column(primary_key=True)
    created_at_ms: Mapped[int]
    created_by: Mapped[str]
    note: Mapped[str] = mapped_column(Text, default="", server_default="")


class ShareLink(Table):
    """A link by which anyone watches one replay until it expires, kept as its SHA-256; `link_id` names it in lists."""

    __tablename__ = "share_links"
    link_hash: Mapped[str] = mapped_column(primary_key=True)
    project_id: Mapped[str]
    replay_id: Mapped[str]
    link_id: Mapped[str]
    created_at_ms: Mapped[int]
    created_by: Mapped[str]
    expires_at_ms: Mapped[int]
    opened: Mapped[int] = mapped_column(default=0, server_default="0")

    __table_args__ = (Index("share_links_by_replay", "project_id", "replay_id"),)


class SharedReplay(Table):
    """A replay that was shared with a member who sees no others (role `viewer`)."""

    __tablename__ = "shared_replays"
    project_id: Mapped[str] = mapped_column(primary_key=True)
    replay_id: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[str] = mapped_column(primary_key=True)
    created_at_ms: Mapped[int]
    created_by: Mapped[str]


class AuditEntry(Table):
    """Who did what when. Appended, never changed; `hash` is over the entry and the `hash` of the one before.

    `project_id` is "" for what belongs to no project (log-ins, members). `actor_kind`: `member`, `key`, `link`,
    `command`, `system`. `detail` is JSON without anything that a visitor typed or is known by.
    """

    __tablename__ = "audit"
    project_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at_ms: Mapped[int]
    actor_kind: Mapped[str]
    actor_id: Mapped[str]
    actor_name: Mapped[str]
    action: Mapped[str]
    object_kind: Mapped[str]
    object_id: Mapped[str]
    detail: Mapped[str] = mapped_column(Text)
    hash: Mapped[str]

    __table_args__ = (
        Index("audit_by_time", "project_id", "at_ms"),
        Index("audit_by_actor", "actor_id", "at_ms"),
        Index("audit_by_object", "object_id", "at_ms"),
    )


class EncryptionKey(Table):
    """A project's data key, wrapped by the master key that `master` names; replays' own keys are wrapped by it."""

    __tablename__ = "encryption_keys"
    project_id: Mapped[str] = mapped_column(primary_key=True)
    key_id: Mapped[str] = mapped_column(primary_key=True)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    master: Mapped[str]
    created_at_ms: Mapped[int]
