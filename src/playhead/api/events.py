"""Events as they were sent: the export."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response
from starlette.responses import StreamingResponse

from playhead.api.answers import errors, lines
from playhead.api.asked import FromDay, OnlyEvents, ToDay, moment, names_asked
from playhead.api.auth import Caller, asking, stores_of
from playhead.api.auth import project as project_of
from playhead.api.hiding import SensitiveOf
from playhead.governance.audit import record
from playhead.governance.sensitive import Sensitive, masked_line
from playhead.stores.analytics import Analytics
from playhead.stores.tables import Project

router = APIRouter(tags=["Events"])
PREFIX = "/api/projects/{p}"
MAX_DAYS, DAY_MS = 3_660, 86_400_000

ProjectOf = Annotated[Project, Depends(project_of)]


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
def export(  # noqa: PLR0917  FastAPI calls it by name
    request: Request,
    project: ProjectOf,
    who: Annotated[Caller, Depends(asking)],
    sensitive: SensitiveOf,
    from_: FromDay = "",
    to: ToDay = "",
    event: OnlyEvents = None,
) -> Response:
    """Every event of the range, one a line; days are the project's."""
    zone = ZoneInfo(project.timezone)
    start, end = moment(from_, zone, last=False), moment(to, zone, last=True)
    names = names_asked(event or [])
    stores = stores_of(request)
    with stores.control.write() as session:
        asked = {"from": from_, "to": to, "only_events": len(names)}
        record(session, project.project_id, who.actor, "events.exported", "project", project.project_id, asked)
    analytics = stores.analytics
    windows = list(_windows(analytics, project.project_id, start, end))
    return StreamingResponse(
        _export(analytics, project.project_id, windows, names, sensitive),
        media_type="application/x-ndjson",
        headers={"Cache-Control": "no-store"},
    )


def _export(
    analytics: Analytics, project_id: str, windows: list[tuple[int, int]], names: list[str], sensitive: Sensitive
) -> Iterator[bytes]:
    sql = EXPORT_SQL.format(only="AND event IN {names:Array(String)}" if names else "")
    for start, end in windows:
        parameters: dict[str, Any] = {"project_id": project_id, "start": start, "end": end}
        if names:
            parameters["names"] = names
        some = analytics.query_bytes(sql, parameters, "TSVRaw")
        if sensitive.event:
            some = b"".join(masked_line(line, sensitive) + b"\n" for line in some.split(b"\n") if line)
        yield some


BOUNDS_SQL = """
SELECT toUnixTimestamp64Milli(min(time)) AS first_ms, toUnixTimestamp64Milli(max(time)) AS last_ms, count() AS count
FROM events WHERE project_id = {project_id:String}
"""
# An event can say that it is of 1970: of all the days since then only those with events are asked for.
WINDOWS_SQL = """
SELECT DISTINCT intDiv(toUnixTimestamp64Milli(time) - {low:Int64}, {step:Int64}) AS number
FROM events WHERE project_id = {project_id:String} AND time >= fromUnixTimestamp64Milli({low:Int64})
  AND time < fromUnixTimestamp64Milli({high:Int64})
ORDER BY number
"""


def _windows(analytics: Analytics, project_id: str, start: int | None, end: int | None) -> Iterator[tuple[int, int]]:
    """The range in days of 24 hours, those with events: one query each, so that memory stays bounded."""
    row = analytics.query(BOUNDS_SQL, {"project_id": project_id})[0]
    if not row["count"]:
        return
    low = row["first_ms"] if start is None else max(start, row["first_ms"])
    high = row["last_ms"] + 1 if end is None else min(end, row["last_ms"] + 1)
    if low >= high:
        return
    step = max(DAY_MS, (high - low) // MAX_DAYS)
    for each in analytics.query(WINDOWS_SQL, {"project_id": project_id, "low": low, "high": high, "step": step}):
        begins = low + each["number"] * step
        yield begins, min(begins + step, high)
