"""The audit log: searched, exported, verified; and each member's own part of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
from playhead.governance.audit import NO_PROJECT, Actor, record
from playhead.governance.auditlog import AuditQuery, Head, Verified, activity, export, names_of, search, verify
from playhead.governance.sentences import members_in, sentence
from playhead.stores.control import Control
from playhead.stores.tables import AuditEntry, Project

router = APIRouter(tags=["Audit"])
PREFIX = "/api/projects/{p}/audit"
SERVER = "/api/audit"

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


def entry_shapes(control: Control, entries: Sequence[AuditEntry]) -> list[EntryShape]:
    members = names_of(control, {member for each in entries for member in members_in(each)})
    return [entry_shape(each, members) for each in entries]


def entry_shape(entry: AuditEntry, members: Mapping[str, str]) -> EntryShape:
    return EntryShape(
        entry.number,
        rfc3339(entry.at_ms),
        Actor(entry.actor_kind, entry.actor_id, entry.actor_name),  # type: ignore[arg-type]
        entry.action,
        entry.object_kind,
        entry.object_id,
        msgspec.Raw(entry.detail.encode()),
        sentence(entry, members),
    )


class Asked(msgspec.Struct, frozen=True):
    """The filters of a log as they were asked for."""

    q: str
    actor: str
    action: str
    from_: str
    to: str

    def query(self, zone: ZoneInfo, before: int | None = None) -> AuditQuery:
        # PostgreSQL takes no NUL, and none is in any entry.
        q, actor, action = (text.replace("\0", "") for text in (self.q, self.actor, self.action))
        start, end = moment(self.from_, zone, last=False), moment(self.to, zone, last=True)
        return AuditQuery(q, actor, action, start, end, before)


def filters(
    q: Annotated[str, Query(max_length=200, description="Part of a name, an action, an id or a detail.")] = "",
    actor: Annotated[str, Query(max_length=200, description="Id, kind or part of a name.")] = "",
    action: Annotated[str, Query(max_length=200, description="`replay.watched`, or a noun: `replay`.")] = "",
    from_: FromDay = "",
    to: ToDay = "",
) -> Asked:
    return Asked(q, actor, action, from_, to)


def known_head(
    number: Annotated[int | None, Query(ge=1, le=2**53, description="Of an entry that is known.")] = None,
    hash_: Annotated[str, Query(alias="hash", max_length=64, description="That entry's hash.")] = "",
) -> Head | None:
    if (number is None) == bool(hash_):
        raise PlayheadError("`number` and `hash` go together: those of one entry that you kept.", code="bad_request")
    return Head(number, hash_) if number is not None else None


Filters = Annotated[Asked, Depends(filters)]
Known = Annotated[Head | None, Depends(known_head)]
Who = Annotated[Caller, Depends(asking)]
EXPORTED = lines("Entries, oldest first, each with its hash")


@router.get(PREFIX, responses=shape(EntryList) | errors(400, 401, 403, 404))
def audit_log(request: Request, project: ProjectOf, asked: Filters, limit: Limit = 50, cursor: Cursor = "") -> Response:
    """The project's audit log, newest first."""
    query = asked.query(ZoneInfo(project.timezone), _number(cursor))
    return _page(stores_of(request).control, project.project_id, query, limit)


@router.get(PREFIX + "/export", responses=EXPORTED | errors(400, 401, 403, 404))
def audit_export(request: Request, project: ProjectOf, asked: Filters, who: Who) -> Response:
    """The same entries as NDJSON, with their hashes: whoever keeps them can show later what the log said."""
    query = asked.query(ZoneInfo(project.timezone))
    return _export(stores_of(request).control, project.project_id, query, who)


@router.get(PREFIX + "/verify", responses=shape(Verified) | errors(400, 401, 403, 404))
def audit_verify(request: Request, project: ProjectOf, known: Known) -> Response:
    """Reads the whole chain and says whether an entry was changed or taken out, and which.

    With `number` and `hash` of an entry that was kept elsewhere, that one must still be in it: what was cut off at the
    end, or written anew from some point on, shows too.
    """
    return json_answer(verify(stores_of(request).control, project.project_id, known))


@router.get(SERVER, responses=shape(EntryList) | errors(400, 401, 403))
def server_log(request: Request, asked: Filters, limit: Limit = 50, cursor: Cursor = "") -> Response:
    """What belongs to no project (log-ins, accounts, backups, deleted projects), for whoever runs this server."""
    return _page(stores_of(request).control, NO_PROJECT, asked.query(ZoneInfo("UTC"), _number(cursor)), limit)


@router.get(SERVER + "/export", responses=EXPORTED | errors(400, 401, 403))
def server_export(request: Request, asked: Filters, who: Who) -> Response:
    """The same as NDJSON."""
    return _export(stores_of(request).control, NO_PROJECT, asked.query(ZoneInfo("UTC")), who)


@router.get(SERVER + "/verify", responses=shape(Verified) | errors(400, 401, 403))
def server_verify(request: Request, known: Known) -> Response:
    """Reads its whole chain."""
    return json_answer(verify(stores_of(request).control, NO_PROJECT, known))


@router.get("/api/account/activity", responses=shape(EntryList) | errors(400, 401, 403))
def account_activity(request: Request, who: Who, limit: Limit = 50, cursor: Cursor = "") -> Response:
    """What the caller did, and what was done with their account, newest first."""
    assert who.member is not None
    control, start = stores_of(request).control, offset(cursor)
    found, total = activity(control, who.member.member_id, limit, start)
    shown = [
        msgspec.structs.replace(row, project_id=each.project_id)
        for each, row in zip(found, entry_shapes(control, found), strict=True)
    ]
    return json_answer(EntryList(shown, next_cursor(limit, start, total)))


def _page(control: Control, project_id: str, query: AuditQuery, limit: int) -> Response:
    found = search(control, project_id, query, limit + 1)
    page = found[:limit]
    more = str(page[-1].number) if len(found) > limit else None
    return json_answer(EntryList(entry_shapes(control, page), more))


def _export(control: Control, project_id: str, query: AuditQuery, who: Caller) -> Response:
    with control.write() as session:
        record(session, project_id, who.actor, "audit.exported", "project" if project_id else "", project_id)
    pieces: Iterator[bytes] = (
        b"".join(
            msgspec.json.encode(msgspec.structs.replace(row, hash=each.hash)) + b"\n"
            for each, row in zip(some, entry_shapes(control, some), strict=True)
        )
        for some in export(control, project_id, query)
    )
    name = f"audit-{project_id or 'server'}.ndjson"
    return StreamingResponse(
        pieces,
        media_type="application/x-ndjson",
        headers={"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}"'},
    )


def _number(cursor: str) -> int | None:
    if not cursor:
        return None
    if not (cursor.isascii() and cursor.isdigit()) or int(cursor) > 2**53:
        raise PlayheadError("`cursor` is not one this list gave.", code="bad_cursor")
    return int(cursor)
