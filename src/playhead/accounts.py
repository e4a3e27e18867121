"""Projects, their keys, and the owner's one-time log-in links: what the command line makes in control."""

from __future__ import annotations

import hashlib
import secrets

import msgspec
from sqlalchemy import select

from playhead.clock import now_ms
from playhead.errors import PlayheadError
from playhead.ids import new_project_id, new_secret
from playhead.stores.control import Control
from playhead.stores.tables import ApiKey, LoginCode, Member, Project

OWNER_ID = "owner"
LOGIN_CODE_MS = 24 * 3_600_000

DEMO_PROJECT = "Demo shop"
DEMO_TOKEN = "demo-token"  # noqa: S105  public by design: `playhead demo` listens on loopback only
DEMO_KEY = "demo-key"


class NewProject(msgspec.Struct, frozen=True):
    """A project as it is told once: the key is kept as its hash only."""

    project_id: str
    token: str
    api_key: str


def hashed(secret: str) -> str:
    """The form in which a key, a code or a cookie is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()


def create_project(control: Control, name: str, retention_days: int) -> NewProject:
    """A new project with a token and an API key of its own. Raises PlayheadError for a name that is empty."""
    name = name.strip()
    if not name or len(name) > 200:
        raise PlayheadError("a project needs a name of 1 to 200 characters", code="bad_name")
    return _add(control, name, NewProject(new_project_id(), secrets.token_hex(16), new_secret("ph")), retention_days)


def ensure_demo(control: Control, retention_days: int) -> NewProject:
    """The demo's project with its fixed token and key, made when it is not there."""
    with control.read() as session:
        project_id = session.scalar(select(Project.project_id).where(Project.token == DEMO_TOKEN))
    if project_id:
        return NewProject(project_id, DEMO_TOKEN, DEMO_KEY)
    return _add(control, DEMO_PROJECT, NewProject(new_project_id(), DEMO_TOKEN, DEMO_KEY), retention_days)


def _add(control: Control, name: str, project: NewProject, retention_days: int) -> NewProject:
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
            )
        )
    return project


def projects(control: Control) -> list[Project]:
    """Every project, oldest first."""
    with control.read() as session:
        return list(session.scalars(select(Project).order_by(Project.created_at_ms)))


def find_project(control: Control, project_id: str) -> Project:
    """The project of that id. Raises PlayheadError naming how to find the right one."""
    with control.read() as session:
        project = session.get(Project, project_id)
    if project is None:
        raise PlayheadError(
            f"there is no project {project_id}; `playhead project list` shows the projects", code="unknown_project"
        )
    return project


def login_path(control: Control) -> str:
    """The path of a new one-time link that logs the owner in; good for a day, and once."""
    code = secrets.token_urlsafe(24)
    now = now_ms()
    with control.write() as session:
        session.execute(
            control.insert(Member)
            .values(member_id=OWNER_ID, name="Owner", email=None, created_at_ms=now, is_operator=1)
            .on_conflict_do_nothing()
        )
        session.add(LoginCode(code_hash=hashed(code), member_id=OWNER_ID, expires_at_ms=now + LOGIN_CODE_MS))
    return f"/login?code={code}"
