"""Jobs that apply a project's rules to what is stored already: their rows, and what no job can reach.

The worker runs them (`replays.backwards`); a row is all that a job is, so one that was cut off goes on where it stood.
"""

from __future__ import annotations

import secrets
from typing import Literal

from sqlalchemy import select

from playhead.errors import Conflict, NotFound
from playhead.governance.audit import Actor, record
from playhead.stores.control import Control
from playhead.stores.tables import PrivacyJob

State = Literal["waiting", "running", "done", "cancelled", "failed"]
OPEN = ("waiting", "running")

NOT_REACHED = (
    "Profiles of people and groups that were stored before: patterns apply to what comes in from now on.",
    "Ids of people and devices that were stored before: they stay, so that people can still be found and deleted.",
    "Downloads, exports and screenshots that someone has made.",
    "Backups of the stores.",
    "Replays that a member's browser still holds in its cache: they are used as long as that member has them open.",
    "Copies in other tools, such as a data warehouse that events were exported to.",
)


def create_job(control: Control, project_id: str, by: Actor, now_ms: int) -> PrivacyJob:
    """Raises `Conflict` while another job of the project is not done."""
    job = PrivacyJob(
        project_id=project_id,
        job_id=f"j{secrets.token_hex(5)}",
        state="waiting",
        total=0,
        done=0,
        changed=0,
        failed=0,
        created_at_ms=now_ms,
        started_at_ms=0,
        finished_at_ms=0,
        cursor="",
        error="",
    )
    with control.write() as session:
        standing = session.scalar(
            select(PrivacyJob.job_id).where(PrivacyJob.project_id == project_id, PrivacyJob.state.in_(OPEN)).limit(1)
        )
        if standing is not None:
            raise Conflict(
                f"The job {standing} is not done yet: wait for it, or cancel it, so that all rules are applied once.",
                code="job_running",
            )
        session.add(job)
        record(session, project_id, by, "rules.applied", "job", job.job_id)
    return job


def jobs(control: Control, project_id: str) -> list[PrivacyJob]:
    """The project's jobs, newest first."""
    with control.read() as session:
        return list(
            session.scalars(
                select(PrivacyJob)
                .where(PrivacyJob.project_id == project_id)
                .order_by(PrivacyJob.created_at_ms.desc(), PrivacyJob.job_id)
                .limit(200)
            )
        )


def find_job(control: Control, project_id: str, job_id: str) -> PrivacyJob:
    """Raises `NotFound`."""
    with control.read() as session:
        job = session.get(PrivacyJob, (project_id, job_id))
    if job is None:
        raise NotFound("There is no such job in this project.", code="job_not_found")
    return job


def cancel_job(control: Control, project_id: str, job_id: str, by: Actor, now_ms: int) -> None:
    """What it has done stays done. Raises `NotFound`, or `Conflict` when it is over."""
    with control.write() as session:
        job = session.get(PrivacyJob, (project_id, job_id))
        if job is None:
            raise NotFound("There is no such job in this project.", code="job_not_found")
        if job.state not in OPEN:
            raise Conflict(f"The job is over: it is {job.state}.", code="job_over")
        job.state, job.finished_at_ms = "cancelled", now_ms
        record(session, project_id, by, "rules.cancelled", "job", job_id)
