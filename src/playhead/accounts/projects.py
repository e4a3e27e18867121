"""Projects, and the first member, who runs this server."""

from __future__ import annotations

import secrets
from zoneinfo import available_timezones

import msgspec
from sqlalchemy import delete, select

from playhead.accounts.hashing import hashed
from playhead.accounts.keys import ALL_SCOPES
from playhead.accounts.sessions import new_login_code
from playhead.clock import now_ms
from playhead.errors import NotFound, PlayheadError
from playhead.governance.audit import COMMAND, NO_PROJECT, Actor, record
from playhead.governance.keys import drop_project
from playhead.ids import new_project_id, new_secret
from playhead.stores.control import Control
from playhead.stores.tables import ApiKey, Member, Membership, Project, SharedReplay, ShareLink
from playhead.texts import line

OWNER_ID = "owner"
MAX_OVERLAP_HOURS = 24 * 90

DEMO_PROJECT = "Demo shop"
DEMO_TOKEN = "demo-token"  # noqa: S105  public by design: `playhead demo` listens on loopback only
DEMO_KEY = "demo-key"


class NewProject(msgspec.Struct, frozen=True):
    """A project as it is told once: the key is kept as its hash only. Without one it is empty."""

    project_id: str
    token: str
    api_key: str


def create_project(
    control: Control,
    name: str,
    retention_days: int,
    actor: Actor = COMMAND,
    *,
    timezone: str = "UTC",
    region: str = "",
    with_key: bool = True,
) -> NewProject:
    """A new project with a token, and an API key of its own if somebody is there to keep it.

    Raises `PlayheadError` for a name or a time zone that is none. The caller knows that there is such a region.
    """
    name = name.strip()
    if not name or len(name) > 200:
        raise PlayheadError("a project needs a name of 1 to 200 characters", code="bad_name")
    _check_timezone(timezone)
    new = NewProject(new_project_id(), secrets.token_hex(16), new_secret("ph") if with_key else "")
    return _add(control, name, new, retention_days, actor, timezone, region)


def ensure_demo(control: Control, retention_days: int) -> NewProject:
    """The demo's project with its fixed token and key, made when it is not there."""
    with control.read() as session:
        project_id = session.scalar(select(Project.project_id).where(Project.token == DEMO_TOKEN))
    if project_id:
        return NewProject(project_id, DEMO_TOKEN, DEMO_KEY)
    return _add(control, DEMO_PROJECT, NewProject(new_project_id(), DEMO_TOKEN, DEMO_KEY), retention_days, COMMAND)


def _check_timezone(timezone: str) -> None:
    if timezone not in available_timezones():
        raise PlayheadError("`timezone` must be an IANA name, such as Europe/Berlin.", code="bad_timezone")


def _add(  # noqa: PLR0917
    control: Control,
    name: str,
    project: NewProject,
    retention_days: int,
    actor: Actor,
    timezone: str = "UTC",
    region: str = "",
) -> NewProject:
    created_at_ms = now_ms()
    with control.write() as session:
        session.add(
            Project(
                project_id=project.project_id,
                name=name,
                token=project.token,
                created_at_ms=created_at_ms,
                retention_days=retention_days,
                timezone=timezone,
                region=region,
            )
        )
        if project.api_key:
            session.add(
                ApiKey(
                    project_id=project.project_id,
                    key_hash=hashed(project.api_key),
                    created_at_ms=created_at_ms,
                    key_id=secrets.token_hex(6),
                    name="First key",
                    scopes=ALL_SCOPES,
                    unmasked=1,
                )
            )
        detail = {"region": region} if region else None
        record(session, project.project_id, actor, "project.created", "project", project.project_id, detail)
    return project


def change_project(control: Control, project_id: str, name: str | None, timezone: str | None, actor: Actor) -> Project:
    """What is None stays. Raises `PlayheadError` for a name or a time zone that is none."""
    if name is not None:
        name = line(name, "name")
    if timezone is not None:
        _check_timezone(timezone)
    with control.write() as session:
        project = session.get_one(Project, project_id)
        if timezone is not None and timezone != project.timezone:
            project.timezone = timezone
            record(session, project_id, actor, "project.timezone_changed", "project", project_id, {"to": timezone})
        if name is not None and name != project.name:
            detail = {"from": project.name, "to": name}
            project.name = name
            record(session, project_id, actor, "project.renamed", "project", project_id, detail)
    return project


def rotate_token(control: Control, project_id: str, overlap_hours: int, actor: Actor) -> Project:
    """A new token; the one of now is taken for so long, the one before it no longer."""
    with control.write() as session:
        project = session.get_one(Project, project_id)
        project.previous_token = project.token if overlap_hours else ""
        project.previous_until_ms = now_ms() + overlap_hours * 3_600_000 if overlap_hours else 0
        project.token = secrets.token_hex(16)
        detail = {"overlap_hours": overlap_hours}
        record(session, project_id, actor, "project.token_rotated", "project", project_id, detail)
    return project


def delete_project(control: Control, project_id: str, actor: Actor) -> None:
    """From now on nothing of it can be read, and nothing is taken for it; the worker takes its bytes away."""
    with control.write() as session:
        project = session.get_one(Project, project_id)
        project.deleted_at_ms = now_ms()
        project.token, project.previous_token, project.previous_until_ms = f"deleted-{project_id}", "", 0
        drop_project(session, project_id)
        for table in (ApiKey, Membership, ShareLink, SharedReplay):
            session.execute(delete(table).where(table.project_id == project_id))
        detail = {"name": project.name}
        record(session, NO_PROJECT, actor, "project.deleted", "project", project_id, detail)


def projects(control: Control) -> list[Project]:
    """Every project, oldest first."""
    with control.read() as session:
        return list(session.scalars(select(Project).where(Project.deleted_at_ms == 0).order_by(Project.created_at_ms)))


def find_project(control: Control, project_id: str) -> Project:
    """The project of that id. Raises PlayheadError naming how to find the right one."""
    with control.read() as session:
        project = session.get(Project, project_id)
    if project is None or project.deleted_at_ms:
        raise PlayheadError(
            f"there is no project {project_id}; `playhead project list` shows the projects", code="unknown_project"
        )
    return project


def login_path_of(control: Control, email: str) -> str:
    """The path of a new one-time link for the member of this address. Raises `NotFound`."""
    with control.write() as session:
        member = session.scalar(select(Member).where(Member.email == email.strip().lower()))
        if member is None:
            raise NotFound(f"no member has the address {email}; `playhead member list` shows them")
        record(session, NO_PROJECT, COMMAND, "member.link_made", "member", member.member_id)
        return new_login_code(session, member.member_id)


def login_path(control: Control) -> str:
    """The path of a new one-time link that logs the first member in; good for a day, and once."""
    with control.write() as session:
        session.execute(
            control.insert(Member)
            .values(member_id=OWNER_ID, name="Owner", email=None, created_at_ms=now_ms(), is_operator=1)
            .on_conflict_do_nothing()
        )
        return new_login_code(session, OWNER_ID)
