"""The audit log: searched, exported, verified; and each member's own part of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from msgspec import UNSET, UnsetType
from starlette.responses import StreamingResponse

from playhead.api.answers import errors, json_answer, lines, shape
from playhead.api.asked import Cursor, FromDay, Limit, ToDay, moment, next_cursor, offset
from playhead.api.auth import Caller, asking, stores_of
from playhead.api.auth import project as project_of
from playhead.clock import rfc3339
from playhead.errors import PlayheadError
from playhead.governance.audit import Actor, record
from playhead.governance.auditlog import AuditQuery, Head, Verified, activity, export, search, verify
from playhead.governance.sentences import sentence
from playhead.stores.tables import AuditEntry, Project

router = APIRouter(tags=["Audit"])
PREFIX = "/api/projects/{p}/audit"

ProjectOf = Annotated[Project, Depends(project_of)]


class EntryShape(msgspec.Struct, frozen=True):
    """Who did what when; `text` says it as a sentence. `detail` depends on the action.

    The export has the `hash`, which is over the entry and the hash of the one before. Activity has the `project_id`,
    which is empty for what belongs to no project, such as a log-in.
    """

    number: int
    at: str
    actor: Actor
    action: str
    object_kind: str
    object_id: str
    detail: msgspec.Raw
    text: str
    hash: str | UnsetType = UNSET
    project_id: str | UnsetType = UNSET


class EntryList(msgspec.Struct, frozen=True):
    results: list[EntryShape]
    next_cursor: str | None


def entry_shape(entry: AuditEntry, **more: str) -> EntryShape:
    return EntryShape(
        entry.number,
        rfc3339(entry.at_ms),
        Actor(entry.actor_kind, entry.actor_id, entry.actor_name),  # type: ignore[arg-type]
        entry.action,
        entry.object_kind,
        entry.object_id,
        msgspec.Raw(entry.detail.encode()),
        sentence(entry),
        **more,
    )


def query_of(  # noqa: PLR0917  FastAPI calls it by name
    project: ProjectOf,
    q: Annotated[str, Query(max_length=200, description="Part of a name, an action, an id or a detail.")] = "",
    actor: Annotated[str, Query(max_length=200, description="Id, kind or part of a name.")] = "",
    action: Annotated[str, Query(max_length=200, description="`replay.watched`, or a noun: `replay`.")] = "",
    from_: FromDay = "",
    to: ToDay = "",
) -> AuditQuery:
    zone = ZoneInfo(project.timezone)
    return AuditQuery(
        q.replace("\0", ""),
        actor.replace("\0", ""),
        action.replace("\0", ""),
        moment(from_, zone, last=False),
        moment(to, zone, last=True),
    )


Asked = Annotated[AuditQuery, Depends(query_of)]


@router.get(PREFIX, responses=shape(EntryList) | errors(400, 401, 403, 404))
def audit_log(request: Request, project: ProjectOf, asked: Asked, limit: Limit = 50, cursor: Cursor = "") -> Response:
    """The project's audit log, newest first."""
    if cursor:
        asked = msgspec.structs.replace(asked, before=_number(cursor))
    found = search(stores_of(request).control, project.project_id, asked, limit + 1)
    page = found[:limit]
    more = str(page[-1].number) if len(found) > limit else None
    return json_answer(EntryList([entry_shape(each) for each in page], more))


@router.get(
    PREFIX + "/export", responses=lines("Entries, oldest first, each with its hash") | errors(400, 401, 403, 404)
)
def audit_export(
    request: Request, project: ProjectOf, asked: Asked, who: Annotated[Caller, Depends(asking)]
) -> Response:
    """The same entries as NDJSON, with their hashes: whoever keeps them can show later what the log said."""
    control = stores_of(request).control
    with control.write() as session:
        record(session, project.project_id, who.actor, "audit.exported", "project", project.project_id)
    pieces: Iterator[bytes] = (
        b"".join(msgspec.json.encode(entry_shape(each, hash=each.hash)) + b"\n" for each in some)
        for some in export(control, project.project_id, asked)
    )
    return StreamingResponse(
        pieces,
        media_type="application/x-ndjson",
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="audit-{project.project_id}.ndjson"',
        },
    )


@router.get(PREFIX + "/verify", responses=shape(Verified) | errors(400, 401, 403, 404))
def audit_verify(
    request: Request,
    project: ProjectOf,
    number: Annotated[int | None, Query(ge=1, le=2**53, description="Of an entry that is known.")] = None,
    hash_: Annotated[str, Query(alias="hash", max_length=64, description="That entry's hash.")] = "",
) -> Response:
    """Reads the whole chain and says whether an entry was changed or taken out, and which.

    With `number` and `hash` of an entry that was kept elsewhere, that one must still be in it: what was cut off at the
    end, or written anew from some point on, shows too.
    """
    if (number is None) == bool(hash_):
        raise PlayheadError("`number` and `hash` go together: those of one entry that you kept.", code="bad_request")
    known = Head(number, hash_) if number is not None else None
    return json_answer(verify(stores_of(request).control, project.project_id, known))


@router.get("/api/account/activity", responses=shape(EntryList) | errors(400, 401, 403))
def account_activity(
    request: Request, who: Annotated[Caller, Depends(asking)], limit: Limit = 50, cursor: Cursor = ""
) -> Response:
    """What the caller did, and what was done with their account, newest first."""
    assert who.member is not None
    start = offset(cursor)
    found, total = activity(stores_of(request).control, who.member.member_id, limit, start)
    shown = [entry_shape(each, project_id=each.project_id) for each in found]
    return json_answer(EntryList(shown, next_cursor(limit, start, total)))


def _number(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit()) or int(cursor) > 2**53:
        raise PlayheadError("`cursor` is not one this list gave.", code="bad_cursor")
    return int(cursor)
