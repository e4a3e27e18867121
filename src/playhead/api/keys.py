"""A project's API keys: listed, made, revoked."""

from __future__ import annotations

from typing import Annotated, cast

import msgspec
from fastapi import APIRouter, Depends, Path, Request, Response

from playhead.accounts.keys import add_key, keys, new_key, revoke_key
from playhead.api.answers import asks, errors, json_answer, shape
from playhead.api.asked import Body
from playhead.api.auth import Access, access, stores_of
from playhead.api.rights import Scope
from playhead.api.sessions import Who
from playhead.clock import now_ms, rfc3339
from playhead.errors import PlayheadError
from playhead.governance.audit import record
from playhead.jsontext import read_body
from playhead.replays.feed import epoch_ms
from playhead.stores.tables import ApiKey
from playhead.texts import line

router = APIRouter(tags=["API keys"])
KEYS = "/api/projects/{p}/keys"
LATEST_MS = 4_102_444_800_000  # 2100

AccessOf = Annotated[Access, Depends(access)]


class KeyRow(msgspec.Struct, frozen=True):
    """`ingest` sends events to /import, `read` reads, `manage` does all that an admin does."""

    key_id: str
    name: str
    scopes: list[Scope]
    created_at: str
    created_by: str
    expires_at: str | None
    last_used_at: str | None


class KeyList(msgspec.Struct, frozen=True):
    results: list[KeyRow]
    next_cursor: str | None = None


class NewKey(KeyRow, frozen=True):
    """`api_key` is told here and never again."""

    api_key: str = ""


class KeyAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    name: str
    scopes: list[Scope]
    expires_at: str | None = None


_key_asked = msgspec.json.Decoder(KeyAsked)


def key_row(key: ApiKey) -> KeyRow:
    return KeyRow(
        key.key_id,
        key.name,
        cast(list[Scope], key.scopes.split()),
        rfc3339(key.created_at_ms),
        key.created_by,
        rfc3339(key.expires_at_ms) if key.expires_at_ms else None,
        rfc3339(key.last_used_at_ms) if key.last_used_at_ms else None,
    )


@router.get(KEYS, responses=shape(KeyList) | errors(401, 403, 404))
def list_keys(request: Request, found: AccessOf) -> Response:
    """The keys, oldest first; of each only what names it."""
    return json_answer(KeyList([key_row(each) for each in keys(stores_of(request).control, found.project.project_id)]))


@router.post(
    KEYS,
    status_code=201,
    responses=shape(NewKey, "The new key", 201) | errors(400, 401, 403, 404, 409, 413),
    openapi_extra=asks(KeyAsked),
)
def make_key(request: Request, found: AccessOf, who: Who, body: Body) -> Response:
    """Makes a key. It sees sensitive properties if who makes it does."""
    asked: KeyAsked = read_body(_key_asked, body, "bad_body")
    name = line(asked.name, "name")
    if not asked.scopes:
        raise PlayheadError("`scopes` must name at least one of ingest, read, manage.", code="bad_body")
    expires_at_ms = 0 if asked.expires_at is None else epoch_ms(asked.expires_at)
    if expires_at_ms and not now_ms() < expires_at_ms < LATEST_MS:
        raise PlayheadError("`expires_at` must be a time to come, before 2100.", code="bad_body")
    project_id = found.project.project_id
    key, secret = new_key(project_id, name, asked.scopes, who.name, expires_at_ms, unmasked=found.unmasked)
    with stores_of(request).control.write() as session:
        add_key(session, key)
        detail = {"scopes": key.scopes, "expires_at_ms": expires_at_ms}
        record(session, project_id, who.actor, "key.created", "key", key.key_id, detail)
    return json_answer(NewKey(**msgspec.structs.asdict(key_row(key)), api_key=secret), 201)


@router.delete(KEYS + "/{key_id}", status_code=204, responses=errors(400, 401, 403, 404))
def remove_key(request: Request, found: AccessOf, who: Who, key_id: Annotated[str, Path(max_length=100)]) -> Response:
    """Revokes a key: it opens nothing from now on."""
    project_id = found.project.project_id
    with stores_of(request).control.write() as session:
        key = revoke_key(session, project_id, key_id)
        record(session, project_id, who.actor, "key.revoked", "key", key.key_id)
    return Response(status_code=204)
