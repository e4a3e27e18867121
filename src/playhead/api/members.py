"""The members of a project: listed, invited, their roles changed, removed."""

from __future__ import annotations

from typing import Annotated, cast

import msgspec
from fastapi import APIRouter, Depends, Path, Request, Response

from playhead.accounts.members import (
    InProject,
    add_member,
    by_email,
    change_role,
    checked_email,
    find_member,
    has_way_in,
    invitation,
    is_elsewhere,
    members_of,
    new_member,
    remove_member,
)
from playhead.api.addresses import base_url
from playhead.api.answers import asks, errors, json_answer, shape
from playhead.api.asked import Body
from playhead.api.auth import Access, Forbidden, access, missing, stores_of
from playhead.api.rights import RANK, Role
from playhead.api.sessions import Who
from playhead.clock import rfc3339
from playhead.errors import Conflict
from playhead.governance.audit import record
from playhead.jsontext import read_body
from playhead.texts import line

router = APIRouter(tags=["Members"])
MEMBERS = "/api/projects/{p}/members"
ONE = MEMBERS + "/{member_id}"

AccessOf = Annotated[Access, Depends(access)]
MemberId = Annotated[str, Path(max_length=100)]


class MemberRow(msgspec.Struct, frozen=True):
    """`unmasked`: sees the values of properties that are marked as sensitive. `totp`: the second factor is on."""

    member_id: str
    name: str
    email: str | None
    role: Role
    unmasked: bool
    totp: bool
    last_seen_at: str | None
    is_operator: bool


class MemberList(msgspec.Struct, frozen=True):
    results: list[MemberRow]
    next_cursor: str | None = None


class InvitedMember(MemberRow, frozen=True):
    """`invite_url` logs them in once, until `expires_at`; who has an account already is a member at once, and the
    address is the dashboard's own."""

    invite_url: str = ""
    expires_at: str | None = None


class Link(msgspec.Struct, frozen=True):
    invite_url: str
    expires_at: str


class Invitation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    email: str
    role: Role
    name: str = ""
    unmasked: bool = False


class RoleChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is not given stays as it is."""

    role: Role | None = None
    unmasked: bool | None = None


_invitation = msgspec.json.Decoder(Invitation)
_role_change = msgspec.json.Decoder(RoleChange)


def member_row(found: InProject) -> MemberRow:
    member = found.member
    return MemberRow(
        member.member_id,
        member.name,
        member.email,
        cast(Role, found.role),
        found.unmasked,
        bool(member.totp_secret),
        rfc3339(member.last_seen_at_ms) if member.last_seen_at_ms else None,
        bool(member.is_operator),
    )


@router.get(MEMBERS, responses=shape(MemberList) | errors(401, 403, 404))
def list_members(request: Request, found: AccessOf) -> Response:
    """Who has a role in the project, by e-mail; and who runs the server, an owner of every project."""
    with stores_of(request).control.read() as session:
        return json_answer(MemberList([member_row(each) for each in members_of(session, found.project.project_id)]))


@router.post(
    MEMBERS,
    status_code=201,
    responses=shape(InvitedMember, "The new member", 201) | errors(400, 401, 403, 404, 409, 413),
    openapi_extra=asks(Invitation),
)
def invite(request: Request, found: AccessOf, who: Who, body: Body) -> Response:
    """Invites somebody. Only an owner makes owners; only who sees sensitive properties lets others see them."""
    asked: Invitation = read_body(_invitation, body, "bad_body")
    email = checked_email(asked.email)
    name = line(asked.name or email.partition("@")[0], "name")
    _check_may_give(found, asked.role, asked.unmasked)
    project_id = found.project.project_id
    with stores_of(request).control.write() as session:
        known = by_email(session, email)
        member = known or new_member(session, email, name)
        added = add_member(session, project_id, member, asked.role, unmasked=asked.unmasked)
        # Never a link into an account that somebody may have already.
        path, expires_at_ms = ("/", 0) if known else invitation(session, member)
        detail = {"role": asked.role, "unmasked": asked.unmasked}
        record(session, project_id, who.actor, "member.invited", "member", member.member_id, detail)
    row = InvitedMember(
        **msgspec.structs.asdict(member_row(added)),
        invite_url=base_url(request) + path,
        expires_at=rfc3339(expires_at_ms) if expires_at_ms else None,
    )
    return json_answer(row, 201)


@router.patch(ONE, responses=shape(MemberRow) | errors(400, 401, 403, 404, 409, 413), openapi_extra=asks(RoleChange))
def change_member(request: Request, found: AccessOf, who: Who, member_id: MemberId, body: Body) -> Response:
    """Changes a member's role, or whether they see sensitive properties."""
    change: RoleChange = read_body(_role_change, body, "bad_body")
    project_id = found.project.project_id
    with stores_of(request).control.write() as session:
        before = find_member(session, project_id, member_id)
        _check_above(found, before)
        _check_may_give(found, change.role, change.unmasked)
        after = change_role(session, project_id, member_id, change.role, change.unmasked)
        detail = {"from": before.role, "role": after.role, "unmasked": after.unmasked}
        record(session, project_id, who.actor, "member.role_changed", "member", member_id, detail)
    return json_answer(member_row(after))


@router.delete(ONE, status_code=204, responses=errors(400, 401, 403, 404, 409))
def remove(request: Request, found: AccessOf, who: Who, member_id: MemberId) -> Response:
    """Takes a member's role in the project; their account stays."""
    project_id = found.project.project_id
    with stores_of(request).control.write() as session:
        before = find_member(session, project_id, member_id)
        _check_above(found, before)
        remove_member(session, project_id, member_id)
        record(session, project_id, who.actor, "member.removed", "member", member_id, {"role": before.role})
    return Response(status_code=204)


@router.post(ONE + "/link", responses=shape(Link) | errors(400, 401, 403, 404, 409))
def new_link(request: Request, found: AccessOf, who: Who, member_id: MemberId) -> Response:
    """A new one-time link for a member, good for seven days; the one before ends.

    A link is a way into the account, so there is none for who can log in by themselves (or has a role elsewhere),
    except by who runs the server.
    """
    project_id = found.project.project_id
    with stores_of(request).control.write() as session:
        member = find_member(session, project_id, member_id)
        _check_above(found, member)
        if not who.is_operator and (
            member.member.is_operator
            or has_way_in(session, member.member)
            or is_elsewhere(session, member.member, project_id)
        ):
            raise Conflict(
                "They can log in by themselves. Who runs the server can make a link: playhead login-url --email …",
                code="has_way_in",
            )
        path, expires_at_ms = invitation(session, member.member)
        record(session, project_id, who.actor, "member.link_made", "member", member_id)
    return json_answer(Link(base_url(request) + path, rfc3339(expires_at_ms)))


def _check_may_give(found: Access, role: Role | None, unmasked: bool | None) -> None:
    if role == "owner" and "own" not in found.rights:
        raise missing("own")
    if unmasked and not found.unmasked:
        raise Forbidden("Only who sees sensitive properties can let others see them.")


def _check_above(found: Access, member: InProject) -> None:
    """An owner's role is not changed by who is none."""
    if RANK[cast(Role, member.role)] == RANK["owner"] and "own" not in found.rights:
        raise missing("own")
