"""Takes away the bytes of projects that were deleted: objects, rows of the analytics store, rows of control.

What stays is the project's id, so that nothing of it is taken again, and its audit log.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import structlog
from sqlalchemy import CursorResult, delete, select

from playhead.stores import Stores
from playhead.stores.tables import AuditEntry, Project, Table

log = structlog.get_logger(__name__)

# A flush that had read the list of projects before the deletion may still write: they are looked at once more.
AGAIN_MS = 60_000
FOLDERS = (
    "segments/{project_id}",
    "retrievals/{project_id}",
    *(f"recordings/{n:02x}/{{project_id}}" for n in range(256)),
)
KEPT = {Project.__tablename__, AuditEntry.__tablename__}

TABLES_SQL = """
SELECT table FROM system.columns
WHERE database = currentDatabase() AND name = 'project_id'
  AND table IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree')
ORDER BY table
"""
ANY_SQL = "SELECT 1 FROM {table:Identifier} WHERE project_id = {deleted:String} LIMIT 1"
DELETE_SQL = "ALTER TABLE {table:Identifier} DELETE WHERE project_id = {deleted:String} SETTINGS mutations_sync = 1"


def remove_projects(stores: Stores, now_ms: int, stopped: Callable[[], bool]) -> int:
    """Answers how many projects it looked at. A name that is empty says that nothing is left."""
    with stores.control.read() as session:
        waiting = session.execute(
            select(Project.project_id, Project.deleted_at_ms).where(
                stores.hold(Project.project_id), Project.deleted_at_ms > 0, Project.name != ""
            )
        ).all()
    for project_id, deleted_at_ms in waiting:
        if stopped():
            break
        removed = _objects(stores, project_id) + _rows(stores, project_id) + _control_rows(stores, project_id)
        if removed:
            log.info("project_removed", project_id=project_id, removed=removed)
        elif now_ms - deleted_at_ms >= AGAIN_MS:
            with stores.control.write() as session:
                session.get_one(Project, project_id).name = ""
    return len(waiting)


def deleted_projects(stores: Stores) -> frozenset[str]:
    """What delivery drops the items of."""
    with stores.control.read() as session:
        return frozenset(session.scalars(select(Project.project_id).where(Project.deleted_at_ms > 0)))


def _objects(stores: Stores, project_id: str) -> int:
    removed = 0
    for folder in FOLDERS:
        for path in list(stores.blobs.list(folder.format(project_id=project_id))):
            stores.blobs.delete(path)
            removed += 1
    return removed


def _rows(stores: Stores, project_id: str) -> int:
    removed = 0
    for row in stores.analytics.query(TABLES_SQL):
        parameters = {"table": row["table"], "deleted": project_id}
        if stores.analytics.query(ANY_SQL, parameters, hidden=True):
            stores.analytics.command(DELETE_SQL, parameters)
            removed += 1
    return removed


def _control_rows(stores: Stores, project_id: str) -> int:
    removed = 0
    with stores.control.write() as session:
        for table in Table.metadata.sorted_tables:
            if "project_id" in table.c and table.name not in KEPT:
                found = session.execute(delete(table).where(table.c.project_id == project_id))
                removed += cast("CursorResult[object]", found).rowcount
    return removed
