"""Rows into the analytics store; a refused insert is halved until the bad row stands alone."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from uuid import UUID

from playhead.delivery.rows import Row
from playhead.stores.analytics import Analytics, AnalyticsDown, AnalyticsRefused

# Codes of ClickHouse's that blame the statement, the schema or a right, not the rows: no row is buried for them.
NOT_THE_ROWS = frozenset({10, 16, 20, 36, 46, 47, 48, 50, 62, 192, 193, 194, 195, 497})


def insert_rows(analytics: Analytics, table: str, columns: Sequence[str], rows: Sequence[Row]) -> dict[UUID, str]:
    """Writes the rows; answers the items the store refused a row of, with the reason. Raises when the store is down.

    The other rows of such an item are written: the reason names the row that is not.
    """
    refused: dict[UUID, str] = {}
    waiting = [rows] if rows else []
    while waiting:
        some = waiting.pop()
        try:
            analytics.insert(table, columns, [row.values for row in some])
        except (AnalyticsRefused, ValueError, TypeError, OverflowError, struct.error) as error:
            if isinstance(error, AnalyticsRefused) and error.engine_code in NOT_THE_ROWS:
                raise AnalyticsDown(f"the analytics store takes no rows of {table}: {error}") from error
            if len(some) == 1:
                row = some[0]
                refused.setdefault(row.ingest_id, f"{table}: entry {row.index}: {error}")
            else:
                middle = len(some) // 2
                waiting += [some[middle:], some[:middle]]
    return refused
