"""Projects, the members who log in, their sessions, and the keys of programs. Secrets are kept as hashes only."""

from __future__ import annotations

from sqlalchemy import Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from playhead.stores.tables.base import Table


class Project(Table):
    """One site or app: a public token, its own data.

    After the token was rotated the `previous_token` is taken until `previous_until_ms`. `event_days` is how long events
    are kept, `bookmark_days` how long bookmarked replays are (0: events for good, bookmarks no longer than others).
    `region` says in whose stores its data are: `stores.regions`; it never changes.
    """

    __tablename__ = "projects"
    project_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    token: Mapped[str] = mapped_column(unique=True)
    created_at_ms: Mapped[int]
    retention_days: Mapped[int]
    timezone: Mapped[str] = mapped_column(default="UTC")
    previous_token: Mapped[str] = mapped_column(default="", server_default="")
    previous_until_ms: Mapped[int] = mapped_column(default=0, server_default="0")
    event_days: Mapped[int] = mapped_column(default=0, server_default="0")
    bookmark_days: Mapped[int] = mapped_column(default=0, server_default="0")
    deleted_at_ms: Mapped[int] = mapped_column(default=0, server_default="0")
    region: Mapped[str] = mapped_column(default="", server_default="")


class Member(Table):
    """Who logs in to Playhead. `is_operator` runs this server: sees all projects as an owner and makes new ones.

    `password_hash` is argon2id's own text, "" while there is none. `totp_secret` is base32, sealed where a master key
    is set (accounts/second_factor.py), "" while the second factor is off; `totp_pending` is one that waits to be
    confirmed by its first code; `totp_step` is the last time step that was spent, so that no code works twice.
    """

    __tablename__ = "members"
    member_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str | None] = mapped_column(unique=True)
    created_at_ms: Mapped[int]
    is_operator: Mapped[int] = mapped_column(default=0, server_default="0")
    password_hash: Mapped[str] = mapped_column(Text, default="", server_default="")
    totp_secret: Mapped[str] = mapped_column(default="", server_default="")
    totp_pending: Mapped[str] = mapped_column(default="", server_default="")
    totp_step: Mapped[int] = mapped_column(default=0, server_default="0")
    last_seen_at_ms: Mapped[int] = mapped_column(default=0, server_default="0")


class Membership(Table):
    """A member's role in a project, `owner`, `admin`, `analyst` or `viewer`; `unmasked`: sees sensitive properties."""

    __tablename__ = "memberships"
    project_id: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[str] = mapped_column(primary_key=True, index=True)
    role: Mapped[str]
    unmasked: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at_ms: Mapped[int]


class ProviderIdentity(Table):
    """Whom an OIDC provider knows a member as."""

    __tablename__ = "provider_identities"
    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[str] = mapped_column(index=True)


class RecoveryCode(Table):
    """A code that stands in once for the second factor, kept as its SHA-256."""

    __tablename__ = "recovery_codes"
    member_id: Mapped[str] = mapped_column(primary_key=True)
    code_hash: Mapped[str] = mapped_column(primary_key=True)


class LoginCode(Table):
    """A one-time log-in link, kept as its SHA-256."""

    __tablename__ = "login_codes"
    code_hash: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[str]
    expires_at_ms: Mapped[int]


class LoginSession(Table):
    """A member's browser session, kept as the SHA-256 of its cookie. `session_id` is its name in lists."""

    __tablename__ = "login_sessions"
    session_hash: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(unique=True)
    member_id: Mapped[str] = mapped_column(index=True)
    csrf_token: Mapped[str]
    created_at_ms: Mapped[int]
    expires_at_ms: Mapped[int]
    last_used_at_ms: Mapped[int] = mapped_column(default=0, server_default="0")
    method: Mapped[str] = mapped_column(default="", server_default="")
    user_agent: Mapped[str] = mapped_column(default="", server_default="")
    address: Mapped[str] = mapped_column(default="", server_default="")


class LoginAttempts(Table):
    """How often a log-in failed for an address or an account since `since_ms`; `key` is a hash."""

    __tablename__ = "login_attempts"
    key: Mapped[str] = mapped_column(primary_key=True)
    since_ms: Mapped[int] = mapped_column(index=True)
    failures: Mapped[int]


class ApiKey(Table):
    """A program's key, kept as its SHA-256; `project_id` is the one project it opens, `scopes` a list in words.

    `expires_at_ms` 0: never. `unmasked`: whoever made it could see sensitive properties. A revoked key's row goes.
    """

    __tablename__ = "api_keys"
    project_id: Mapped[str] = mapped_column(primary_key=True)
    key_hash: Mapped[str] = mapped_column(primary_key=True, index=True)
    created_at_ms: Mapped[int]
    key_id: Mapped[str] = mapped_column(default="", server_default="")
    name: Mapped[str] = mapped_column(default="", server_default="")
    scopes: Mapped[str] = mapped_column(default="ingest read manage", server_default="ingest read manage")
    created_by: Mapped[str] = mapped_column(default="", server_default="")
    expires_at_ms: Mapped[int] = mapped_column(default=0, server_default="0")
    last_used_at_ms: Mapped[int] = mapped_column(default=0, server_default="0")
    unmasked: Mapped[int] = mapped_column(default=1, server_default="1")

    __table_args__ = (Index("api_keys_by_id", "project_id", "key_id"),)
