"""Reports: insights, funnels, and the replays behind any point of them."""

from __future__ import annotations

from time import perf_counter
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from playhead.api.answers import errors, json_answer, shape
from playhead.api.auth import project as project_of
from playhead.api.auth import stores_of
from playhead.clock import now_ms
from playhead.errors import TooLarge
from playhead.reports.bodies import Funnel, Insights, read_funnel, read_insights
from playhead.reports.funnel import FunnelReport, funnel, funnel_moments
from playhead.reports.insights import InsightsReport, insights, insights_moments
from playhead.reports.moments import read_moments
from playhead.reports.watching import Watchable, watchable
from playhead.stores.tables import Project

router = APIRouter(tags=["Reports"])
PREFIX = "/api/projects/{p}/reports"
MAX_BODY_BYTES = 1_000_000

ProjectOf = Annotated[Project, Depends(project_of)]
Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(alias="cursor", ge=0, le=10_000_000)]


def _asks(kind: Any) -> dict[str, Any]:
    """The body's schema for the OpenAPI document; the report reads it itself, to say what is wrong in its own words."""
    schema = shape(kind)[200]["content"]["application/json"]["schema"]
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


async def body_of(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise TooLarge(f"A report's body is at most {MAX_BODY_BYTES} bytes.", code="body_too_large")
    return body


Body = Annotated[bytes, Depends(body_of)]
_ERRORS = errors(400, 401, 403, 404, 413, 422, 503)


@router.post(PREFIX + "/insights", responses=shape(InsightsReport) | _ERRORS, openapi_extra=_asks(Insights))
def insights_report(request: Request, project: ProjectOf, body: Body) -> Response:
    """How often, by how many, and what the numbers were; over time and by segment."""
    began = perf_counter()
    report = insights(stores_of(request).analytics, project.project_id, read_insights(body), project.timezone)
    return json_answer(msgspec.structs.replace(report, took_ms=_since(began)))


@router.post(PREFIX + "/insights/replays", responses=shape(Watchable) | _ERRORS, openapi_extra=_asks(Insights))
def insights_replays(
    request: Request, project: ProjectOf, body: Body, limit: Limit = 50, offset: Offset = 0
) -> Response:
    """View Replays: those behind a `point` of the same report, newest first, each with `at_ms`."""
    stores = stores_of(request)
    moments = read_moments(
        stores.analytics, insights_moments(project.project_id, read_insights(body), project.timezone)
    )
    return json_answer(watchable(stores, project.project_id, moments, now_ms(), limit, offset))


@router.post(PREFIX + "/funnel", responses=shape(FunnelReport) | _ERRORS, openapi_extra=_asks(Funnel))
def funnel_report(request: Request, project: ProjectOf, body: Body) -> Response:
    """How many go from step to step, and how long it takes them."""
    began = perf_counter()
    report = funnel(stores_of(request).analytics, project.project_id, read_funnel(body), project.timezone)
    return json_answer(msgspec.structs.replace(report, took_ms=_since(began)))


@router.post(PREFIX + "/funnel/replays", responses=shape(Watchable) | _ERRORS, openapi_extra=_asks(Funnel))
def funnel_replays(request: Request, project: ProjectOf, body: Body, limit: Limit = 50, offset: Offset = 0) -> Response:
    """View Replays: those of people who did the `point`'s step, or stopped before it."""
    stores = stores_of(request)
    moments = read_moments(stores.analytics, funnel_moments(project.project_id, read_funnel(body), project.timezone))
    return json_answer(watchable(stores, project.project_id, moments, now_ms(), limit, offset))


def _since(began: float) -> int:
    return round((perf_counter() - began) * 1_000)
