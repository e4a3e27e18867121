"""The tables of the control store. Every row of a project's begins with `project_id`; times are epoch milliseconds."""

from __future__ import annotations

from playhead.stores.tables.accounts import (
    ApiKey,
    LoginAttempts,
    LoginCode,
    LoginSession,
    Member,
    Membership,
    Project,
    ProviderIdentity,
    RecoveryCode,
)
from playhead.stores.tables.base import Table
from playhead.stores.tables.governance import (
    AuditEntry,
    Bookmark,
    DataRequest,
    EncryptionKey,
    PrivacyJob,
    PrivacyRule,
    SharedReplay,
    ShareLink,
)
from playhead.stores.tables.replays import Lease, Replay, Segment, Signal, Tombstone
from playhead.stores.tables.saved import Board, LexiconEntry, SavedReport

__all__ = [
    "ApiKey",
    "AuditEntry",
    "Board",
    "Bookmark",
    "DataRequest",
    "EncryptionKey",
    "Lease",
    "LexiconEntry",
    "LoginAttempts",
    "LoginCode",
    "LoginSession",
    "Member",
    "Membership",
    "PrivacyJob",
    "PrivacyRule",
    "Project",
    "ProviderIdentity",
    "RecoveryCode",
    "Replay",
    "SavedReport",
    "Segment",
    "ShareLink",
    "SharedReplay",
    "Signal",
    "Table",
    "Tombstone",
]
