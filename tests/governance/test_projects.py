"""A deleted project: nothing of it is left in any store, and nothing of it is taken any more."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from visits import Clock, Visit, click, opening, set_profile, track

from playhead.accounts import NewProject, create_project
from playhead.accounts.projects import delete_project
from playhead.governance.audit import COMMAND
from playhead.governance.projects import AGAIN_MS, TABLES_SQL, deleted_projects, remove_projects
from playhead.replays.access import find_replay
from playhead.replays.sealing import never, seal_replay
from playhead.stores import Stores
from playhead.stores.tables import AuditEntry, Project, Table


@pytest.fixture
def made(stores: Stores, clock: Clock) -> NewProject:
    return create_project(stores.control, "Shop", 30)


def fill(stores: Stores, project_id: str, now_ms: int) -> None:
    sealed, hot = Visit(stores, project_id), Visit(stores, project_id)
    sealed.send([*opening(), click(2_000)])
    hot.send(opening())
    seal_replay(stores, find_replay(stores.control, project_id, sealed.replay_id, now_ms), now_ms)
    track(stores, project_id, "View", at=1_000, distinct_id="ada")
    set_profile(stores, project_id, "ada", plan="pro")


def left(stores: Stores, project_id: str) -> list[str]:
    """Everything that stands of a project, by where."""
    found = [path for path in stores.blobs.list("") if project_id in path]
    for row in stores.analytics.query(TABLES_SQL):
        sql = f"SELECT count() AS count FROM {row['table']} WHERE project_id = {{p:String}}"
        if stores.analytics.query(sql, {"p": project_id})[0]["count"]:
            found.append(row["table"])
    with stores.control.read() as session:
        found += [
            table.name
            for table in Table.metadata.sorted_tables
            if "project_id" in table.c
            and session.execute(select(table).where(table.c.project_id == project_id)).first()
        ]
    return found


def test_it_goes_from_every_store_and_no_other_projects_with_it(stores: Stores, made: NewProject, clock: Clock) -> None:
    other = create_project(stores.control, "Other", 30)
    for each in (made, other):
        fill(stores, each.project_id, clock.now)
    before = left(stores, other.project_id)
    assert {"events", "replay_parts", "profiles", "replays", "api_keys"} <= set(left(stores, made.project_id))
    delete_project(stores.control, made.project_id, COMMAND)
    assert deleted_projects(stores) == {made.project_id}
    assert remove_projects(stores, clock.now, never) == 1
    assert set(left(stores, made.project_id)) == {"projects", "audit"}
    assert left(stores, other.project_id) == before


def test_what_a_flush_wrote_meanwhile_goes_too(stores: Stores, made: NewProject, clock: Clock) -> None:
    fill(stores, made.project_id, clock.now)
    delete_project(stores.control, made.project_id, COMMAND)
    remove_projects(stores, clock.now, never)
    Visit(stores, made.project_id).send(opening())
    clock.now += AGAIN_MS
    remove_projects(stores, clock.now, never)
    assert set(left(stores, made.project_id)) == {"projects", "audit"}
    remove_projects(stores, clock.now, never)
    assert remove_projects(stores, clock.now, never) == 0
    with stores.control.read() as session:
        assert session.get_one(Project, made.project_id).name == ""
        assert session.scalars(select(AuditEntry.action).where(AuditEntry.project_id == made.project_id)).all() == [
            "project.created"
        ]
