"""Events as they were sent: their names, and the export."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.responses import StreamingResponse

from playhead.api.answers import errors, json_answer, lines, shape
from playhead.api.asked import FromDay, OnlyEvents, ToDay, moment, names_asked
from playhead.api.auth import project as project_of
from playhead.api.auth import stores_of
from playhead.stores.analytics import Analytics
from playhead.stores.tables import Project

router = APIRouter(tags=["Events"])
PREFIX = "/api/projects/{p}"
MAX_DAYS = 3_660

ProjectOf = Annotated[Project, Depends(project_of)]


class EventName(msgspec.Struct, frozen=True):
    event: str
    count: int


class EventNames(msgspec.Struct, frozen=True):
    results: list[EventName]
    next_cursor: str | None = None


NAMES_SQL = """
SELECT event, count() AS count FROM events FINAL
WHERE project_id = {project_id:String} GROUP BY event ORDER BY count DESC, event LIMIT 1000
"""


@router.get(PREFIX + "/events/names", responses=shape(EventNames) | errors(401, 404))
def event_names(request: Request, project: ProjectOf) -> Response:
    """The names of events, most frequent first."""
    rows = stores_of(request).analytics.query(NAMES_SQL, {"project_id": project.project_id})
    return json_answer(EventNames([EventName(row["event"], row["count"]) for row in rows]))


class PropertyName(msgspec.Struct, frozen=True):
    property: str
    count: int


class PropertyNames(msgspec.Struct, frozen=True):
    results: list[PropertyName]
    next_cursor: str | None = None


PROPERTIES_SQL = """
SELECT arrayJoin(JSONExtractKeys(raw)) AS property, count() AS count FROM events FINAL
WHERE project_id = {project_id:String} AND ({event:String} = '' OR event = {event:String})
GROUP BY property ORDER BY count DESC, property LIMIT 1000
"""


@router.get(PREFIX + "/events/properties", responses=shape(PropertyNames) | errors(400, 401, 404))
def event_properties(
    request: Request, project: ProjectOf, event: Annotated[str, Query(max_length=1000)] = ""
) -> Response:
    """The properties that events (of this name) carry, most frequent first."""
    rows = stores_of(request).analytics.query(PROPERTIES_SQL, {"project_id": project.project_id, "event": event})
    return json_answer(PropertyNames([PropertyName(row["property"], row["count"]) for row in rows]))


class PropertyValue(msgspec.Struct, frozen=True):
    value: Any
    count: int


class PropertyValues(msgspec.Struct, frozen=True):
    results: list[PropertyValue]
    next_cursor: str | None = None


VALUES_SQL = """
SELECT JSONExtractRaw(raw, {property:String}) AS value, count() AS count FROM events FINAL
WHERE project_id = {project_id:String} AND ({event:String} = '' OR event = {event:String}) AND value != ''
GROUP BY value ORDER BY count DESC, value LIMIT 200
"""


@router.get(PREFIX + "/events/values", responses=shape(PropertyValues) | errors(400, 401, 404))
def event_values(
    request: Request,
    project: ProjectOf,
    property_: Annotated[str, Query(alias="property", max_length=1000)],
    event: Annotated[str, Query(max_length=1000)] = "",
) -> Response:
    """The values that a property has, most frequent first."""
    parameters = {"project_id": project.project_id, "event": event, "property": property_}
    rows = stores_of(request).analytics.query(VALUES_SQL, parameters)
    return json_answer(
        PropertyValues([PropertyValue(msgspec.Raw(row["value"].encode()), row["count"]) for row in rows])
    )


# Properties are the sender's own text; line ends in JSON stand only between tokens.
EXPORT_SQL = """
SELECT concat('{{"event":', toJSONString(event), ',"properties":', replaceRegexpAll(raw, '[\\\\r\\\\n]', ' '), '}}')
FROM events FINAL
WHERE project_id = {{project_id:String}} AND time >= fromUnixTimestamp64Milli({{start:Int64}})
  AND time < fromUnixTimestamp64Milli({{end:Int64}}) {only}
ORDER BY time, event, distinct_id, insert_id
"""


@router.get(
    PREFIX + "/export",
    responses=lines("Raw events, each once") | errors(400, 401, 404),
)
def export(
    request: Request,
    project: ProjectOf,
    from_: FromDay = "",
    to: ToDay = "",
    event: OnlyEvents = None,
) -> Response:
    """Every event of the range, one a line; days are the project's."""
    zone = ZoneInfo(project.timezone)
    start, end = moment(from_, zone, last=False), moment(to, zone, last=True)
    names = names_asked(event or [])
    analytics = stores_of(request).analytics
    windows = list(_windows(analytics, project.project_id, start, end))
    return StreamingResponse(
        _export(analytics, project.project_id, windows, names),
        media_type="application/x-ndjson",
        headers={"Cache-Control": "no-store"},
    )


def _export(analytics: Analytics, project_id: str, windows: list[tuple[int, int]], names: list[str]) -> Iterator[bytes]:
    sql = EXPORT_SQL.format(only="AND event IN {names:Array(String)}" if names else "")
    for start, end in windows:
        parameters: dict[str, Any] = {"project_id": project_id, "start": start, "end": end}
        if names:
            parameters["names"] = names
        yield analytics.query_bytes(sql, parameters, "TSVRaw")


BOUNDS_SQL = """
SELECT toUnixTimestamp64Milli(min(time)) AS first_ms, toUnixTimestamp64Milli(max(time)) AS last_ms, count() AS count
FROM events WHERE project_id = {project_id:String}
"""


def _windows(analytics: Analytics, project_id: str, start: int | None, end: int | None) -> Iterator[tuple[int, int]]:
    """The range in days of 24 hours, as far as there are events: one query each, so that memory stays bounded."""
    row = analytics.query(BOUNDS_SQL, {"project_id": project_id})[0]
    if not row["count"]:
        return
    low = row["first_ms"] if start is None else max(start, row["first_ms"])
    high = row["last_ms"] + 1 if end is None else min(end, row["last_ms"] + 1)
    step = max(86_400_000, (high - low) // MAX_DAYS)
    while low < high:
        yield low, min(low + step, high)
        low += step
