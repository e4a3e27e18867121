"""Projects, and the first member, who runs this server."""

from __future__ import annotations

import secrets

import msgspec
from sqlalchemy import select

from playhead.accounts.hashing import hashed
from playhead.accounts.keys import ALL_SCOPES
from playhead.accounts.sessions import new_login_code
from playhead.clock import now_ms
from playhead.errors import PlayheadError
from playhead.governance.audit import COMMAND, Actor, record
from playhead.ids import new_project_id, new_secret
from playhead.stores.control import Control
from playhead.stores.tables import ApiKey, Member, Project

OWNER_ID = "owner"

DEMO_PROJECT = "Demo shop"
DEMO_TOKEN = "demo-token"  # noqa: S105  public by design: `playhead demo` listens on loopback only
DEMO_KEY = "demo-key"


class NewProject(msgspec.Struct, frozen=True):
    """A project as it is told once: the key is kept as its hash only."""

    project_id: str
    token: str
    api_key: str


def create_project(control: Control, name: str, retention_days: int, actor: Actor = COMMAND) -> NewProject:
    """A new project with a token and an API key of its own. Raises PlayheadError for a name that is empty."""
    name = name.strip()
    if not name or len(name) > 200:
        raise PlayheadError("a project needs a name of 1 to 200 characters", code="bad_name")
    new = NewProject(new_project_id(), secrets.token_hex(16), new_secret("ph"))
    return _add(control, name, new, retention_days, actor)


def ensure_demo(control: Control, retention_days: int) -> NewProject:
    """The demo's project with its fixed token and key, made when it is not there."""
    with control.read() as session:
        project_id = session.scalar(select(Project.project_id).where(Project.token == DEMO_TOKEN))
    if project_id:
        return NewProject(project_id, DEMO_TOKEN, DEMO_KEY)
    return _add(control, DEMO_PROJECT, NewProject(new_project_id(), DEMO_TOKEN, DEMO_KEY), retention_days, COMMAND)


def _add(control: Control, name: str, project: NewProject, retention_days: int, actor: Actor) -> NewProject:
    created_at_ms = now_ms()
    with control.write() as session:
        session.add(
            Project(
                project_id=project.project_id,
                name=name,
                token=project.token,
                created_at_ms=created_at_ms,
                retention_days=retention_days,
                timezone="UTC",
            )
        )
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
        record(session, project.project_id, actor, "project.created", "project", project.project_id)
    return project


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


def login_path(control: Control) -> str:
    """The path of a new one-time link that logs the first member in; good for a day, and once."""
    with control.write() as session:
        session.execute(
            control.insert(Member)
            .values(member_id=OWNER_ID, name="Owner", email=None, created_at_ms=now_ms(), is_operator=1)
            .on_conflict_do_nothing()
        )
        return new_login_code(session, OWNER_ID)
