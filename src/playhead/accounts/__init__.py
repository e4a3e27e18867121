"""Projects, members and their roles, sessions, keys, and the ways to log in.

Called by the API and the command line. Knows nothing of requests and answers.
"""

from playhead.accounts.hashing import hashed
from playhead.accounts.projects import (
    DEMO_KEY,
    DEMO_PROJECT,
    DEMO_TOKEN,
    OWNER_ID,
    NewProject,
    create_project,
    ensure_demo,
    find_project,
    login_path,
    login_path_of,
    projects,
)

__all__ = [
    "DEMO_KEY",
    "DEMO_PROJECT",
    "DEMO_TOKEN",
    "OWNER_ID",
    "NewProject",
    "create_project",
    "ensure_demo",
    "find_project",
    "hashed",
    "login_path",
    "login_path_of",
    "projects",
]
