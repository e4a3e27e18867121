"""Reports of every kind, and the replays, people and events behind any point of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from playhead.api.answers import errors, json_answer, shape
from playhead.api.auth import project as project_of
from playhead.api.auth import stores_of
from playhead.api.hiding import SensitiveOf, shown
from playhead.api.queries import ReportBody
from playhead.clock import now_ms
from playhead.reports.behind import EventsBehind, PeopleBehind, events_behind, people_behind
from playhead.reports.bodies import Funnel, Insights, read_funnel, read_insights
from playhead.reports.flows import Flows, FlowsReport, flows, flows_moments, read_flows
from playhead.reports.funnel import FunnelReport, funnel, funnel_moments
from playhead.reports.insights import InsightsReport, insights, insights_moments
from playhead.reports.moments import Moments, read_moments
from playhead.reports.retention import Retention, RetentionReport, read_retention, retention, retention_moments
from playhead.reports.watching import Watchable, watchable
from playhead.stores.analytics import Analytics
from playhead.stores.tables import Project

router = APIRouter(tags=["Reports"])
PREFIX = "/api/projects/{p}/reports"

ProjectOf = Annotated[Project, Depends(project_of)]
Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(alias="cursor", ge=0, le=10_000_000)]

BodyT = TypeVar("BodyT", bound=msgspec.Struct)


@dataclass(frozen=True)
class Kind(Generic[BodyT]):
    """A kind of report: what is asked, how it is read and answered, and what is behind a point of the answer."""

    name: str
    about: str
    body: type[BodyT]
    answer: type[msgspec.Struct]
    read: Callable[[bytes], BodyT]
    report: Callable[[Analytics, str, BodyT, str], msgspec.Struct]
    moments: Callable[[str, BodyT, str], Moments]


KINDS: tuple[Kind[Any], ...] = (
    Kind(
        "insights",
        "How often, by how many, and what the numbers were; over time and by segment.",
        Insights,
        InsightsReport,
        read_insights,
        insights,
        insights_moments,
    ),
    Kind(
        "funnel",
        "How many go from step to step, and how long it takes them.",
        Funnel,
        FunnelReport,
        read_funnel,
        funnel,
        funnel_moments,
    ),
    Kind(
        "retention",
        "How many of those who did something for the first time came back, period by period.",
        Retention,
        RetentionReport,
        read_retention,
        retention,
        retention_moments,
    ),
    Kind(
        "flows",
        "Which ways people take from an event, or to it, step by step.",
        Flows,
        FlowsReport,
        read_flows,
        flows,
        flows_moments,
    ),
)


_ERRORS = errors(400, 401, 403, 404, 409, 413, 422, 503)


def _add(kind: Kind[Any]) -> None:
    """The routes of a kind of report."""

    def report(request: Request, project: ProjectOf, body: ReportBody) -> Response:
        began = perf_counter()
        found = kind.report(stores_of(request).analytics, project.project_id, kind.read(body), project.timezone)
        return json_answer(msgspec.structs.replace(found, took_ms=round((perf_counter() - began) * 1_000)))

    def replays(  # noqa: PLR0917
        request: Request,
        project: ProjectOf,
        body: ReportBody,
        sensitive: SensitiveOf,
        limit: Limit = 50,
        offset: Offset = 0,
    ) -> Response:
        stores = stores_of(request)
        moments = read_moments(stores.analytics, kind.moments(project.project_id, kind.read(body), project.timezone))
        return shown(watchable(stores, project.project_id, moments, now_ms(), limit, offset), sensitive)

    def people(  # noqa: PLR0917
        request: Request,
        project: ProjectOf,
        body: ReportBody,
        sensitive: SensitiveOf,
        limit: Limit = 50,
        offset: Offset = 0,
    ) -> Response:
        moments = kind.moments(project.project_id, kind.read(body), project.timezone)
        found = people_behind(stores_of(request).analytics, project.project_id, moments, limit, offset)
        return shown(found, sensitive)

    def events(  # noqa: PLR0917
        request: Request,
        project: ProjectOf,
        body: ReportBody,
        sensitive: SensitiveOf,
        limit: Limit = 50,
        offset: Offset = 0,
    ) -> Response:
        moments = kind.moments(project.project_id, kind.read(body), project.timezone)
        found = events_behind(stores_of(request), project.project_id, moments, now_ms(), limit, offset)
        return shown(found, sensitive)

    # The report reads its body itself, to say what is wrong in its own words; the document is told its schema.
    schema = shape(kind.body)[200]["content"]["application/json"]["schema"]
    asks = {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
    for path, answers, answer, about in (
        ("", report, kind.answer, kind.about),
        (
            "/replays",
            replays,
            Watchable,
            "View Replays: those behind a `point` of it, newest first, each with `at_ms`.",
        ),
        ("/people", people, PeopleBehind, "View Users: who is behind a `point` of it, with the latest event first."),
        (
            "/events",
            events,
            EventsBehind,
            "View Events: those behind a `point` of it, newest first, as they were sent.",
        ),
    ):
        router.add_api_route(
            f"{PREFIX}/{kind.name}{path}",
            answers,
            methods=["POST"],
            name=f"{kind.name}_{answers.__name__}",
            description=about,
            responses=shape(answer) | _ERRORS,
            openapi_extra=asks,
        )


for each in KINDS:
    _add(each)
