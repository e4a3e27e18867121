"""What was taken away since a backup was made, taken away again from what it brings back.

Of the data: stretches of replays and properties, cut out before anybody can read them; the worker asks the stores once
more, when the journal is delivered. (Replays, people and names of events have tombstones: `restoring`.) Of access: who
may come in, by what, and for how long things are kept, as it stood last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import and_, delete, select, update

from playhead.backup.rows import ACCESS, DAYS, HEAD, PROJECT_TABLE, REQUEST_TABLE, Line
from playhead.clock import now_ms
from playhead.errors import NotFound, PlayheadError
from playhead.governance import audit, retention
from playhead.governance.deletion import delete_replay
from playhead.governance.erasing import erase_now
from playhead.governance.requests import Asked, create_deletion, decoded
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.control import Control
from playhead.stores.regions import settings_of
from playhead.stores.tables import DataRequest, Project, Table


def erase_again(stores: Stores, settings: Settings, lines: Iterable[Line]) -> int:
    """Stretches and properties that were deleted since; answers how many deletions that were."""
    found = 0
    for line in lines:
        if line.table == REQUEST_TABLE and not _is_known(stores.control, line.values):
            found += _erase(stores, settings, line.values)
    return found


def _is_known(control: Control, values: dict[str, Any]) -> bool:
    """Whether the backup is of after the deletion, which is done or goes on by itself: what was stored later stays."""
    with control.read() as session:
        project = session.get(Project, values["project_id"])
        if project is None or project.deleted_at_ms:
            return True
        request = session.get(DataRequest, (values["project_id"], values["request_id"]))
        return request is not None


def _erase(stores: Stores, settings: Settings, values: dict[str, Any]) -> bool:
    project_id, subject = values["project_id"], decoded(values["subject"])
    theirs = stores.of_project(project_id)
    asked = Asked(
        what=values["what"],
        replay_id=subject.replay_id,
        from_ms=subject.from_ms,
        to_ms=subject.to_ms,
        property=subject.property,
        of="profile" if subject.of == "profile" else "event",
    )
    try:
        request = create_deletion(
            theirs, project_id, asked, audit.COMMAND, values["created_at_ms"], values["request_id"]
        )
    except NotFound:
        return False  # the backup does not have the replay, or it was deleted as a whole
    try:
        erase_now(theirs, settings_of(settings, theirs.region), request, now_ms())
    except PlayheadError as error:
        if error.code != "nothing_left":
            raise
        # All that the backup has of the replay lies in the stretch.
        delete_replay(stores.control, project_id, subject.replay_id, audit.COMMAND, now_ms())
    return True


def close_again(control: Control, standing: Iterable[Line]) -> int:
    """Takes away what was revoked since, and lets what stands stand as it did last; answers how many rows that were."""
    listed: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {}
    changed = 0
    lines = defaultdict(list)
    for line in standing:
        lines[line.table].append(line.values)
    known = {name for head in lines[HEAD] for name in head["tables"]}
    with control.write() as session:
        for name, columns in ACCESS.items():
            if name not in known:
                continue  # the list was written by a Playhead that did not know the table
            table = Table.metadata.tables[name]
            keys = list(table.primary_key.columns)
            listed[name] = {tuple(values[key.name] for key in keys): values for values in lines[name]}
            for row in session.execute(select(table)).mappings().all():
                here = and_(*(key == row[key.name] for key in keys))
                now = listed[name].get(tuple(row[key.name] for key in keys))
                if now is None and name != PROJECT_TABLE:
                    session.execute(delete(table).where(here))
                    changed += 1
                elif differs := {each: now[each] for each in columns if now and each in now and now[each] != row[each]}:
                    session.execute(update(table).where(here).values(**differs))
                    changed += 1
    return changed


def keep_as_long(stores: Stores, standing: Iterable[Line]) -> None:
    """The days that projects keep things for, as they were last: what they would have deleted since goes now."""
    for line in standing:
        if line.table != PROJECT_TABLE:
            continue
        project_id = line.values["project_id"]
        with stores.control.read() as session:
            project = session.get(Project, project_id)
        if project is None or project.deleted_at_ms:
            continue
        days = {name: line.values.get(name, getattr(project, name)) for name in DAYS}
        if any(days[name] != getattr(project, name) for name in DAYS):
            kept = retention.Days(days["retention_days"], days["event_days"], days["bookmark_days"])
            retention.change(stores.of_project(project_id), project_id, kept, audit.COMMAND, now_ms())
