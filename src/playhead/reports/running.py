"""Running a report's query: with the limits every report has, and in words for whoever asked."""

from __future__ import annotations

from typing import Any

from playhead.errors import PlayheadError
from playhead.reports.sql import Query
from playhead.stores.analytics import Analytics, AnalyticsDown, AnalyticsRefused

MAX_SECONDS = 30
# What ClickHouse says when a query took too long (159, 160) or too much memory (241).
OVER_TIME, OVER_MEMORY = frozenset((159, 160)), 241


def run(analytics: Analytics, query: Query, sql: str) -> list[dict[str, Any]]:
    """The rows. Raises `PlayheadError` 422 when the query is over its time or memory, `AnalyticsDown` as usual."""
    try:
        return analytics.query(sql, query.parameters, {"max_execution_time": MAX_SECONDS})
    except AnalyticsRefused as error:
        # The statement is ours, so it is our fault, and its text nobody's business.
        raise RuntimeError(f"the store refused a report's query: {error.message[:300]}") from error
    except AnalyticsDown as error:
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
