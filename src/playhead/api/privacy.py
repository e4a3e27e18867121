"""Privacy rules: making, deleting, trying them on a real replay, and applying them to what is stored."""

from __future__ import annotations

from typing import Annotated, Any, cast, get_args

import msgspec
from fastapi import APIRouter, Body, Depends, Path, Query, Request, Response
from starlette.responses import StreamingResponse

from playhead.api.answers import errors, json_answer, lines, shape
from playhead.api.auth import Caller, asking, stores_of
from playhead.api.replays import NDJSON, ONE, ProjectOf, ReplayOf, WatchedOf
from playhead.clock import now_ms, rfc3339
from playhead.errors import PlayheadError
from playhead.governance.jobs import NOT_REACHED, State, cancel_job, create_job, find_job, jobs
from playhead.governance.rules import Kind, create_rule, delete_rule, selectors_of, standing_rules
from playhead.replays.preview import Preview, PreviewRule, compile_preview, preview, preview_events
from playhead.stores.tables import PrivacyJob, PrivacyRule

router = APIRouter(tags=["Privacy"])
PREFIX = "/api/projects/{p}/privacy"
JOB = PREFIX + "/jobs/{job_id}"

RuleBody = Annotated[dict[str, Any], Body(examples=[{"kind": "mask", "expression": ".name"}])]
PreviewBody = Annotated[dict[str, Any], Body(examples=[{"rules": [{"kind": "block", "expression": "img"}]}])]
Who = Annotated[Caller, Depends(asking)]
JobId = Annotated[str, Path(max_length=100)]


class RuleShape(msgspec.Struct, frozen=True):
    """A rule: a RE2 pattern over every string, or a CSS selector of elements to mask or block."""

    rule_id: str
    kind: Kind
    expression: str
    note: str
    created_at: str
    created_by: str


class RuleList(msgspec.Struct, frozen=True):
    """`version` names the selector rules, as SDKs are told; it is empty without any."""

    results: list[RuleShape]
    version: str
    next_cursor: str | None = None


class JobShape(msgspec.Struct, frozen=True):
    """A run of all rules over the stored replays. `not_reached` lists what it can't mask."""

    job_id: str
    state: State
    total: int
    done: int
    changed: int
    failed: int
    created_at: str
    started_at: str | None
    finished_at: str | None
    error: str | None
    not_reached: list[str]


class JobList(msgspec.Struct, frozen=True):
    results: list[JobShape]
    next_cursor: str | None = None


def rule_shape(rule: PrivacyRule) -> RuleShape:
    return RuleShape(
        rule.rule_id,
        cast(Kind, rule.kind),
        rule.expression,
        rule.note,
        rfc3339(rule.created_at_ms),
        rule.created_by,
    )


def job_shape(job: PrivacyJob) -> JobShape:
    left = [
        f"{job.failed} replays that the rules could not be applied to: nobody can watch them, but their bytes stay "
        "until they expire or are deleted."
    ]
    return JobShape(
        job.job_id,
        cast(State, job.state),
        job.total,
        job.done,
        job.changed,
        job.failed,
        rfc3339(job.created_at_ms),
        rfc3339(job.started_at_ms) if job.started_at_ms else None,
        rfc3339(job.finished_at_ms) if job.finished_at_ms else None,
        job.error or None,
        [*NOT_REACHED, *(left if job.failed else [])],
    )


@router.get(PREFIX + "/rules", responses=shape(RuleList) | errors(401, 404))
def list_rules(request: Request, project: ProjectOf) -> Response:
    """The rules in force."""
    rules = standing_rules(stores_of(request).control, project.project_id)
    return json_answer(RuleList([rule_shape(rule) for rule in rules], selectors_of(rules).version))


@router.post(
    PREFIX + "/rules",
    status_code=201,
    responses=shape(RuleShape, "The new rule, in force within 2 s", 201) | errors(400, 401, 403, 404),
)
def new_rule(request: Request, project: ProjectOf, who: Who, body: RuleBody) -> Response:
    """Makes a rule. 400 says what is wrong with the pattern or the selector."""
    kind, expression, note = body.get("kind"), body.get("expression"), body.get("note")
    if kind not in get_args(Kind) or not isinstance(expression, str) or not isinstance(note or "", str):
        raise PlayheadError(
            'Send {"kind": "pattern" | "mask" | "block", "expression": "…", "note": "…"}.', code="bad_rule"
        )
    if any(ord(char) < 32 or 0xD800 <= ord(char) < 0xE000 for char in f"{expression}{note or ''}"):
        raise PlayheadError("An expression and a note are one line of text.", code="bad_rule")
    rule = create_rule(
        stores_of(request).control,
        project.project_id,
        cast(Kind, kind),
        expression,
        note or "",
        who.actor,
        now_ms(),
    )
    return json_answer(rule_shape(rule), 201)


@router.delete(PREFIX + "/rules/{rule_id}", status_code=204, responses=errors(400, 401, 403, 404))
def remove_rule(
    request: Request,
    project: ProjectOf,
    who: Who,
    rule_id: Annotated[str, Path(max_length=100)],
) -> Response:
    """Takes a rule back: what comes in from now on is recorded without it. What it masked stays masked."""
    delete_rule(stores_of(request).control, project.project_id, rule_id, who.actor, now_ms())
    return Response(status_code=204)


@router.get(PREFIX + "/jobs", responses=shape(JobList) | errors(401, 404))
def list_jobs(request: Request, project: ProjectOf) -> Response:
    """The jobs, newest first."""
    return json_answer(JobList([job_shape(job) for job in jobs(stores_of(request).control, project.project_id)]))


@router.post(
    PREFIX + "/jobs",
    status_code=202,
    responses=shape(JobShape, "The job, which waits for the worker", 202) | errors(401, 403, 404, 409),
)
def new_job(request: Request, project: ProjectOf, who: Who) -> Response:
    """Applies all present rules to all stored replays."""
    return json_answer(job_shape(create_job(stores_of(request).control, project.project_id, who.actor, now_ms())), 202)


@router.get(JOB, responses=shape(JobShape) | errors(400, 401, 404))
def one_job(request: Request, project: ProjectOf, job_id: JobId) -> Response:
    """How far a job is."""
    return json_answer(job_shape(find_job(stores_of(request).control, project.project_id, job_id)))


@router.delete(JOB, status_code=204, responses=errors(400, 401, 403, 404, 409))
def stop_job(request: Request, project: ProjectOf, who: Who, job_id: JobId) -> Response:
    """Cancels a job; the replays it has done stay masked."""
    cancel_job(stores_of(request).control, project.project_id, job_id, who.actor, now_ms())
    return Response(status_code=204)


@router.post(
    ONE + "/preview", responses=shape(Preview, "What would change") | errors(400, 401, 403, 404, 409, 410, 413)
)
def replay_preview(request: Request, replay: ReplayOf, body: PreviewBody) -> Response:
    """What rules would do to this replay. Nothing is stored."""
    address = f"/api/projects/{replay.project_id}/replays/{replay.replay_id}/preview/events"
    return json_answer(preview(stores_of(request), replay, compile_preview(_rules(body)), address))


@router.post(
    ONE + "/preview/events",
    responses=lines("rrweb events with the rules applied") | errors(400, 401, 403, 404, 409, 410, 413),
)
def replay_preview_events(
    request: Request,
    replay: WatchedOf,
    body: PreviewBody,
    from_: Annotated[float | None, Query(alias="from", ge=0, le=10**14, description="Epoch ms.")] = None,
    to: Annotated[float | None, Query(ge=0, le=10**14, description="Epoch ms.")] = None,
) -> Response:
    """The replay as it would play under the rules."""
    pieces = preview_events(stores_of(request), replay, compile_preview(_rules(body)), from_, to)
    return StreamingResponse(pieces, media_type=NDJSON, headers={"Cache-Control": "no-store"})


def _rules(body: dict[str, Any]) -> list[PreviewRule]:
    try:
        return msgspec.convert(body.get("rules"), list[PreviewRule])
    except msgspec.ValidationError as error:
        raise PlayheadError(
            f'Send {{"rules": [{{"kind": "pattern" | "mask" | "block", "expression": "…"}}]}}: {error}.',
            code="bad_rules",
        ) from None
