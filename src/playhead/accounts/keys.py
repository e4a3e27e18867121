"""API keys: what programs open one project with."""

from __future__ import annotations

import secrets
from collections.abc import Collection

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from playhead.accounts.hashing import hashed
from playhead.clock import now_ms
from playhead.errors import Conflict, NotFound
from playhead.ids import new_secret
from playhead.stores.control import Control
from playhead.stores.tables import ApiKey

MAX_KEYS = 100
# `last_used_at_ms` is this exact: a row is not written with every request.
USED_EVERY_MS = 60_000
ALL_SCOPES = "ingest read manage"


def find_key(control: Control, secret: str, now_ms: int) -> ApiKey | None:
    """The key's row, None for one that is unknown, revoked or expired. Notes that it was used."""
    with control.read() as session:
        key = session.scalar(select(ApiKey).where(ApiKey.key_hash == hashed(secret)))
    if key is None or is_expired(key, now_ms):
        return None
    if now_ms - key.last_used_at_ms >= USED_EVERY_MS:
        with control.write() as session:
            session.execute(
                update(ApiKey)
                .where(ApiKey.project_id == key.project_id, ApiKey.key_hash == key.key_hash)
                .values(last_used_at_ms=now_ms)
            )
    return key


def is_expired(key: ApiKey, now_ms: int) -> bool:
    return 0 < key.expires_at_ms <= now_ms


def new_key(
    project_id: str, name: str, scopes: Collection[str], created_by: str, expires_at_ms: int, *, unmasked: bool
) -> tuple[ApiKey, str]:
    """A row to be added, and the secret that is told once."""
    secret = new_secret("ph")
    return (
        ApiKey(
            project_id=project_id,
            key_hash=hashed(secret),
            created_at_ms=now_ms(),
            key_id=secrets.token_hex(6),
            name=name,
            scopes=" ".join(each for each in ALL_SCOPES.split() if each in scopes),
            created_by=created_by,
            expires_at_ms=expires_at_ms,
            last_used_at_ms=0,
            unmasked=int(unmasked),
        ),
        secret,
    )


def keys(control: Control, project_id: str) -> list[ApiKey]:
    """The project's keys, oldest first; expired ones too."""
    with control.read() as session:
        return list(
            session.scalars(
                select(ApiKey).where(ApiKey.project_id == project_id).order_by(ApiKey.created_at_ms, ApiKey.key_id)
            )
        )


def add_key(session: Session, key: ApiKey) -> None:
    """Raises `Conflict` when the project has as many as it may."""
    if len(session.scalars(select(ApiKey.key_id).where(ApiKey.project_id == key.project_id)).all()) >= MAX_KEYS:
        raise Conflict(
            f"A project has at most {MAX_KEYS} API keys: revoke those that nobody uses.", code="too_many_keys"
        )
    session.add(key)


def revoke_key(session: Session, project_id: str, key_id: str) -> ApiKey:
    """Raises `NotFound`."""
    key = session.scalar(select(ApiKey).where(ApiKey.project_id == project_id, ApiKey.key_id == key_id))
    if key is None:
        raise NotFound("There is no such API key in this project.", code="key_not_found")
    session.execute(delete(ApiKey).where(ApiKey.project_id == project_id, ApiKey.key_hash == key.key_hash))
    return key
