"""Members and their roles in a project; invitations."""

from __future__ import annotations

import re
import secrets

import msgspec
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from playhead.accounts.sessions import new_login_code
from playhead.clock import now_ms
from playhead.errors import Conflict, NotFound, PlayheadError
from playhead.governance.audit import COMMAND, NO_PROJECT, record
from playhead.stores.control import Control
from playhead.stores.tables import LoginCode, Member, Membership, ProviderIdentity, SharedReplay
from playhead.texts import line

INVITE_MS = 7 * 86_400_000
MAX_EMAIL = 254
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f\ud800-\udfff]+@[^@\s\x00-\x1f\x7f\ud800-\udfff]+")


class InProject(msgspec.Struct, frozen=True):
    """A member as a project sees them. Who runs the server is an owner everywhere, with or without a role there."""

    member: Member
    role: str
    unmasked: bool


def email_of(text: str) -> str | None:
    """An e-mail address in the spelling that is kept, None when it is none."""
    kept = text.strip().lower()
    return kept if len(kept) <= MAX_EMAIL and _EMAIL.fullmatch(kept) else None


def checked_email(text: str) -> str:
    """Raises `PlayheadError`."""
    kept = email_of(text)
    if kept is None:
        raise PlayheadError("`email` must be an e-mail address.", code="bad_email")
    return kept


def new_member(session: Session, email: str, name: str, *, is_operator: bool = False) -> Member:
    row = Member(
        member_id=f"m{secrets.token_hex(6)}",
        name=name,
        email=email,
        created_at_ms=now_ms(),
        is_operator=int(is_operator),
        password_hash="",
        totp_secret="",
        totp_pending="",
        totp_step=0,
        last_seen_at_ms=0,
    )
    session.add(row)
    session.flush()
    return row


def by_email(session: Session, email: str) -> Member | None:
    return session.scalar(select(Member).where(Member.email == email))


def set_email(session: Session, member: Member, email: str) -> None:
    """Raises `Conflict` for an address that is somebody's."""
    other = by_email(session, email)
    if other is not None and other.member_id != member.member_id:
        raise Conflict("Another account has this e-mail address.", code="email_taken")
    member.email = email


def members_of(session: Session, project_id: str) -> list[InProject]:
    """By e-mail; who runs the server is among them."""
    roles = {
        row.member_id: row for row in session.scalars(select(Membership).where(Membership.project_id == project_id))
    }
    found = session.scalars(
        select(Member)
        .where((Member.member_id.in_(list(roles))) | (Member.is_operator == 1))
        .order_by(Member.email, Member.member_id)
    )
    return [_in_project(member, roles.get(member.member_id)) for member in found]


def find_member(session: Session, project_id: str, member_id: str) -> InProject:
    """Raises `NotFound` for one who has no role here."""
    member = session.get(Member, member_id)
    membership = session.get(Membership, (project_id, member_id))
    if member is None or (membership is None and not member.is_operator):
        raise NotFound("There is no such member in this project.", code="member_not_found")
    return _in_project(member, membership)


def add_member(session: Session, project_id: str, member: Member, role: str, *, unmasked: bool) -> InProject:
    """Raises `Conflict` for one who is a member already."""
    if member.is_operator or session.get(Membership, (project_id, member.member_id)) is not None:
        raise Conflict("They are a member of this project already: change their role.", code="already_member")
    row = Membership(
        project_id=project_id,
        member_id=member.member_id,
        role=role,
        unmasked=int(unmasked),
        created_at_ms=now_ms(),
    )
    session.add(row)
    return _in_project(member, row)


def change_role(
    session: Session, project_id: str, member_id: str, role: str | None, unmasked: bool | None
) -> InProject:
    """Raises `Conflict` when the project would be left without an owner."""
    found = find_member(session, project_id, member_id)
    row = _changeable(session, project_id, found)
    if role is not None and role != row.role:
        if row.role == "owner":
            _check_another_owner(session, project_id, member_id)
        row.role = role
        if role != "viewer":
            _forget_shared(session, project_id, member_id)
    if unmasked is not None:
        row.unmasked = int(unmasked)
    return _in_project(found.member, row)


def remove_member(session: Session, project_id: str, member_id: str) -> None:
    """Takes their role; the account stays. Raises `Conflict` when the project would be left without an owner."""
    found = find_member(session, project_id, member_id)
    row = _changeable(session, project_id, found)
    if row.role == "owner":
        _check_another_owner(session, project_id, member_id)
    session.delete(row)
    _forget_shared(session, project_id, member_id)


def invitation(session: Session, member: Member) -> tuple[str, int]:
    """The path of a new one-time link, and when it ends; earlier ones end now."""
    session.execute(delete(LoginCode).where(LoginCode.member_id == member.member_id))
    return new_login_code(session, member.member_id, INVITE_MS), now_ms() + INVITE_MS


def has_way_in(session: Session, member: Member) -> bool:
    """Whether they can log in by themselves: a link would let whoever holds it act in their name."""
    identity = select(ProviderIdentity.member_id).where(ProviderIdentity.member_id == member.member_id).limit(1)
    return bool(member.password_hash) or session.scalar(identity) is not None


def is_elsewhere(session: Session, member: Member, project_id: str) -> bool:
    """Whether they have a role in another project too."""
    others = select(Membership.project_id).where(
        Membership.member_id == member.member_id, Membership.project_id != project_id
    )
    return session.scalar(others.limit(1)) is not None


def needs_setup(control: Control) -> bool:
    """Whether nobody can log in by a password yet."""
    with control.read() as session:
        return session.scalar(select(Member.member_id).where(Member.password_hash != "").limit(1)) is None


def add_by_command(control: Control, email: str, name: str, *, project_id: str, role: str, is_operator: bool) -> str:
    """The path of a one-time link for somebody new. Raises `Conflict` for an address that is somebody's already."""
    kept = checked_email(email)
    with control.write() as session:
        if by_email(session, kept) is not None:
            raise Conflict(f"{kept} has an account already: `playhead login-url --email` makes a link.")
        shown = line(name or kept.partition("@")[0], "name")
        member = new_member(session, kept, shown, is_operator=is_operator)
        if project_id and not is_operator:
            add_member(session, project_id, member, role, unmasked=False)
        detail = {"role": "operator" if is_operator else role if project_id else ""}
        record(session, project_id or NO_PROJECT, COMMAND, "member.invited", "member", member.member_id, detail)
        path, _ = invitation(session, member)
    return path


def change_email_by_command(control: Control, email: str, new: str) -> None:
    """Raises `NotFound`, or `Conflict` for an address that is somebody's."""
    kept = checked_email(new)
    with control.write() as session:
        member = by_email(session, email.strip().lower())
        if member is None:
            raise NotFound(f"no member has the address {email}; `playhead member list` shows them")
        set_email(session, member, kept)
        record(session, NO_PROJECT, COMMAND, "member.changed", "member", member.member_id)


def all_members(control: Control) -> list[tuple[Member, dict[str, str]]]:
    """Everybody by e-mail, with their roles by project."""
    with control.read() as session:
        found = session.scalars(select(Member).order_by(Member.email, Member.member_id)).all()
        roles: dict[str, dict[str, str]] = {member.member_id: {} for member in found}
        for row in session.scalars(select(Membership).order_by(Membership.project_id)):
            roles.setdefault(row.member_id, {})[row.project_id] = row.role
    return [(member, roles[member.member_id]) for member in found]


def _in_project(member: Member, row: Membership | None) -> InProject:
    if member.is_operator or row is None:
        return InProject(member, "owner", True)
    return InProject(member, row.role, row.role == "owner" or bool(row.unmasked))


def _changeable(session: Session, project_id: str, found: InProject) -> Membership:
    if found.member.is_operator:
        _check_another_owner(session, project_id, found.member.member_id)
        raise Conflict("They run this server, so they are an owner of every project.", code="operator")
    return session.get_one(Membership, (project_id, found.member.member_id))


def _check_another_owner(session: Session, project_id: str, member_id: str) -> None:
    owners = session.scalar(
        select(func.count())
        .select_from(Membership)
        .where(Membership.project_id == project_id, Membership.role == "owner", Membership.member_id != member_id)
    )
    operators = session.scalar(
        select(func.count()).select_from(Member).where(Member.is_operator == 1, Member.member_id != member_id)
    )
    if not owners and not operators:
        raise Conflict("A project keeps at least one owner: make somebody else an owner first.", code="last_owner")


def _forget_shared(session: Session, project_id: str, member_id: str) -> None:
    session.execute(
        delete(SharedReplay).where(SharedReplay.project_id == project_id, SharedReplay.member_id == member_id)
    )
