"""Running a report's query: with the limits every report has, in words for whoever asked, and to be stopped by them.

Every query of a report carries the name it was asked under as its `log_comment`, by which the store is asked how far it
is, and told to stop it: the embedded engine and a server alike.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import msgspec

from playhead.errors import Conflict, PlayheadError
from playhead.reports.sql import Query
from playhead.stores.analytics import Analytics, AnalyticsDown, AnalyticsRefused

MAX_SECONDS = 30
# Where the engine would look for what follows from `a < b AND b < c`: two fifths of a small funnel's time, for nothing.
_UNPROFITABLE = {"optimize_and_compare_chain": 0}
# What ClickHouse says when a query took too long (159, 160), too much memory (241), or was stopped (394).
OVER_TIME, OVER_MEMORY, CANCELLED = frozenset((159, 160)), 241, 394

# What the queries of the request at hand are named; empty: nobody will ask for them.
_name: ContextVar[str] = ContextVar("query_name", default="")

_PROGRESS_SQL = """
SELECT count() AS running, max(elapsed) AS seconds, sum(read_rows) AS rows, sum(total_rows_approx) AS of_rows
FROM system.processes WHERE Settings['log_comment'] = {name:String} AND is_initial_query
"""

_CANCEL_SQL = """
KILL QUERY WHERE query_id IN (
    SELECT query_id FROM system.processes WHERE Settings['log_comment'] = {name:String} AND is_initial_query
) ASYNC
"""


class Progress(msgspec.Struct, frozen=True):
    """How far the query is that runs now. `total_rows` is an estimate, None before there is one."""

    elapsed_ms: int
    read_rows: int
    total_rows: int | None


def name_queries(project_id: str, query_id: str) -> None:
    """Names the queries that this request will run. A project's ids are its own."""
    _name.set(_named(project_id, query_id))


def _named(project_id: str, query_id: str) -> str:
    return f"playhead report {project_id} {query_id}"


def progress(analytics: Analytics, project_id: str, query_id: str) -> Progress | None:
    """None: no query of that name is running."""
    (row,) = analytics.query(_PROGRESS_SQL, {"name": _named(project_id, query_id)})
    if not row["running"]:
        return None
    return Progress(round(row["seconds"] * 1_000), row["rows"], row["of_rows"] or None)


def cancel(analytics: Analytics, project_id: str, query_id: str) -> bool:
    """Stops the query, whose request then answers 409; False when none is running."""
    if progress(analytics, project_id, query_id) is None:
        return False
    analytics.query(_CANCEL_SQL, {"name": _named(project_id, query_id)})
    return True


def run(analytics: Analytics, query: Query, sql: str) -> list[dict[str, Any]]:
    """The rows. Raises `PlayheadError` 422 over its time or memory, 409 if stopped; `AnalyticsDown` as usual."""
    try:
        settings = {"max_execution_time": MAX_SECONDS, "log_comment": _name.get(), **_UNPROFITABLE}
        return analytics.query(sql, query.parameters, settings)
    except AnalyticsRefused as error:
        # The statement is ours, so it is our fault, and its text nobody's business.
        raise RuntimeError(f"the store refused a report's query: {error.message[:300]}") from error
    except AnalyticsDown as error:
        if error.engine_code == CANCELLED:
            raise Conflict("The report was stopped before it was done.", code="cancelled") from error
        if error.engine_code in OVER_TIME:
            what = f"took longer than {MAX_SECONDS} seconds"
        elif error.engine_code == OVER_MEMORY:
            what = "needed more memory than a query may have"
        else:
            raise
        raise PlayheadError(
            f"The report {what}. Ask for fewer days, a longer unit, or no breakdown.",
            code="report_too_large",
            status=422,
        ) from error
