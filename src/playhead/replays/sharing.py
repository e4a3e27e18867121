"""Sharing a replay: by a secret link with whoever has it, or with a member who sees only what is shared."""

from __future__ import annotations

import secrets

import msgspec
from sqlalchemy import delete, func, select, update

from playhead.accounts.hashing import hashed
from playhead.errors import NotFound, PlayheadError
from playhead.governance.audit import Actor, record
from playhead.replays.access import check_replay
from playhead.stores.control import Control
from playhead.stores.tables import Member, Membership, Project, Replay, SharedReplay, ShareLink

HOUR_MS = 3_600_000
MAX_HOURS = 24 * 366
MAX_LINKS = 100


class Watcher(msgspec.Struct, frozen=True):
    """A member of the project. `shared`: this replay was shared with them; who is no viewer sees it anyway."""

    member_id: str
    name: str
    email: str | None
    role: str
    shared: bool


class Opened(msgspec.Struct, frozen=True):
    """What a link leads to."""

    replay: Replay
    link: ShareLink

    @property
    def actor(self) -> Actor:
        return Actor("link", self.link.link_id, f"a link of {self.link.created_by}")


def make_link(  # noqa: PLR0917
    control: Control, project_id: str, replay_id: str, hours: int, by: Actor, now_ms: int
) -> tuple[ShareLink, str]:
    """The link and its secret, which is told this once. Raises `PlayheadError` when there are too many."""
    secret = secrets.token_urlsafe(32)
    row = ShareLink(
        link_hash=hashed(secret),
        project_id=project_id,
        replay_id=replay_id,
        link_id=f"l{secrets.token_hex(5)}",
        created_at_ms=now_ms,
        created_by=by.name,
        expires_at_ms=now_ms + hours * HOUR_MS,
        opened=0,
    )
    of_replay = (ShareLink.project_id == project_id, ShareLink.replay_id == replay_id)
    with control.write() as session:
        check_replay(session, project_id, replay_id, now_ms)
        session.execute(delete(ShareLink).where(*of_replay, ShareLink.expires_at_ms <= now_ms))
        if (session.scalar(select(func.count()).where(*of_replay)) or 0) >= MAX_LINKS:
            raise PlayheadError(f"A replay has at most {MAX_LINKS} links: revoke some.", code="too_many")
        session.add(row)
        detail = {"by": "link", "link": row.link_id, "hours": hours}
        record(session, project_id, by, "replay.shared", "replay", replay_id, detail)
    return row, secret


def standing_links(control: Control, project_id: str, replay_id: str, now_ms: int) -> list[ShareLink]:
    """Those that have not expired, newest first."""
    with control.read() as session:
        return list(
            session.scalars(
                select(ShareLink)
                .where(
                    ShareLink.project_id == project_id,
                    ShareLink.replay_id == replay_id,
                    ShareLink.expires_at_ms > now_ms,
                )
                .order_by(ShareLink.created_at_ms.desc(), ShareLink.link_id)
            )
        )


def revoke_link(control: Control, project_id: str, replay_id: str, link_id: str, by: Actor) -> None:
    """From here on it leads nowhere. Raises `NotFound`."""
    with control.write() as session:
        gone = session.execute(
            delete(ShareLink)
            .where(ShareLink.project_id == project_id, ShareLink.replay_id == replay_id, ShareLink.link_id == link_id)
            .returning(ShareLink.link_id)
        ).all()
        if not gone:
            raise NotFound("There is no such link of this replay.", code="link_not_found")
        detail = {"by": "link", "link": link_id}
        record(session, project_id, by, "replay.share_revoked", "replay", replay_id, detail)


def follow_link(control: Control, secret: str, now_ms: int, *, count: bool = False) -> Opened:
    """Raises `NotFound`, the same whether the link never was, expired, was revoked, or its replay is gone."""
    with control.read() as session:
        link = session.get(ShareLink, hashed(secret))
        try:
            if link is None or link.expires_at_ms <= now_ms:
                raise no_link()
            project = session.get(Project, link.project_id)
            if project is None or project.deleted_at_ms:
                raise no_link()
            replay = check_replay(session, link.project_id, link.replay_id, now_ms)
        except PlayheadError:
            raise no_link() from None
    if count:
        with control.write() as session:
            session.execute(
                update(ShareLink).where(ShareLink.link_hash == link.link_hash).values(opened=ShareLink.opened + 1)
            )
    return Opened(replay, link)


def no_link() -> NotFound:
    return NotFound("This link leads nowhere: it has expired, or was taken back.", code="link_not_found")


def watchers(control: Control, project_id: str, replay_id: str) -> list[Watcher]:
    """The project's members, by name, and with whom of them the replay was shared."""
    with control.read() as session:
        rows = session.execute(
            select(Member, Membership.role, SharedReplay.created_at_ms)
            .join(Membership, Membership.member_id == Member.member_id)
            .outerjoin(
                SharedReplay,
                (SharedReplay.member_id == Member.member_id)
                & (SharedReplay.project_id == project_id)
                & (SharedReplay.replay_id == replay_id),
            )
            .where(Membership.project_id == project_id)
            .order_by(func.lower(Member.name), Member.member_id)
        ).all()
    return [
        Watcher(member.member_id, member.name, member.email, role, shared_at is not None)
        for member, role, shared_at in rows
    ]


def share_with(  # noqa: PLR0917
    control: Control, project_id: str, replay_id: str, member_id: str, by: Actor, now_ms: int
) -> None:
    """Lets a member of the project watch it. Raises `NotFound` for anyone else."""
    with control.write() as session:
        check_replay(session, project_id, replay_id, now_ms)
        if session.get(Membership, (project_id, member_id)) is None:
            raise NotFound("There is no such member in this project.", code="member_not_found")
        new = session.execute(
            control.insert(SharedReplay)
            .values(
                project_id=project_id,
                replay_id=replay_id,
                member_id=member_id,
                created_at_ms=now_ms,
                created_by=by.name,
            )
            .on_conflict_do_nothing()
            .returning(SharedReplay.member_id)
        ).all()
        if new:
            detail = {"by": "member", "member": member_id}
            record(session, project_id, by, "replay.shared", "replay", replay_id, detail)


def share_no_more(control: Control, project_id: str, replay_id: str, member_id: str, by: Actor) -> None:
    """Takes that back. Raises `NotFound` when it was not shared with them."""
    with control.write() as session:
        gone = session.execute(
            delete(SharedReplay)
            .where(
                SharedReplay.project_id == project_id,
                SharedReplay.replay_id == replay_id,
                SharedReplay.member_id == member_id,
            )
            .returning(SharedReplay.member_id)
        ).all()
        if not gone:
            raise NotFound("This replay is not shared with such a member.", code="member_not_found")
        detail = {"by": "member", "member": member_id}
        record(session, project_id, by, "replay.share_revoked", "replay", replay_id, detail)
