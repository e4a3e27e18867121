"""The events behind a point of a report, and who did them: what View Replays, View Users and View Events begin with."""

from __future__ import annotations

import msgspec

from playhead.reports.running import run
from playhead.reports.sql import Query
from playhead.stores.analytics import Analytics

MAX_MOMENTS = 50_000


class Moment(msgspec.Struct, frozen=True):
    """An event behind the point. `client_ms` is the device's own clock, `at_ms` the corrected one."""

    person: str
    at_ms: int
    client_ms: int
    replay_id: str


def read_moments(analytics: Analytics, query: Query, columns: str) -> list[Moment]:
    """The newest moments. `columns` is the rest of a SELECT that names `person, at_ms, client_ms, replay_id`."""
    rows = run(analytics, query, f"SELECT DISTINCT {columns} ORDER BY at_ms DESC LIMIT {MAX_MOMENTS}")
    return [Moment(row["person"], row["at_ms"], row["client_ms"], row["replay_id"]) for row in rows]
