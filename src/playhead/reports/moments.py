"""The events behind a point of a report, and who did them: what View Replays, View Users and View Events begin with."""

from __future__ import annotations

import msgspec

from playhead.reports.running import run
from playhead.reports.sql import Query
from playhead.stores.analytics import Analytics

MAX_MOMENTS = 50_000

# What a SELECT of moments names, in this order: `Moment`'s fields. The last four are the key of the events' table.
COLUMNS = "person, at_ms, replay_id, client_ms, event, distinct_id, insert_id"

# What tells an event from all others as one text, which is passed along faster than the columns while a report looks
# through what each person did. A report that only counts passes an empty one.
KEY = "toJSONString(tuple(replay_id, client_ms, event, distinct_id, insert_id))"
NO_KEY = "''"


class Moment(msgspec.Struct, frozen=True):
    """An event behind the point. `client_ms` is the device's own clock, `at_ms` the corrected one."""

    person: str
    at_ms: int
    replay_id: str
    client_ms: int
    event: str
    distinct_id: str
    insert_id: str


class Moments(msgspec.Struct, frozen=True):
    """All events behind a point, yet to be asked for: a SELECT of `COLUMNS`.

    `repeats`: it may name an event several times, once for each segment it is in.
    """

    query: Query
    sql: str
    repeats: bool = True

    @property
    def once(self) -> str:
        """The SELECT that names each event once."""
        return f"SELECT DISTINCT {COLUMNS} FROM ({self.sql})" if self.repeats else self.sql  # noqa: S608


def unpacked(columns: str, rows: str) -> str:
    """A SELECT of `COLUMNS`, from one whose `columns` name `person`, `at_ms` and `key`."""
    fields = "JSONExtract(key, 'Tuple(String, Int64, String, String, String)') AS fields"
    named = ", ".join(f"fields.{number} AS {name}" for number, name in enumerate(COLUMNS.split(", ")[2:], 1))
    return f"SELECT person, at_ms, {named} FROM (SELECT {columns}, {fields} FROM {rows})"  # noqa: S608


def read_moments(analytics: Analytics, moments: Moments) -> list[Moment]:
    """The newest of them, as many as there can be replays of."""
    return read_page(analytics, moments, MAX_MOMENTS, 0)


def read_page(analytics: Analytics, moments: Moments, limit: int, offset: int) -> list[Moment]:
    """Newest first, each once, always in the same order."""
    sql = f"""
        SELECT * FROM ({moments.once})
        ORDER BY at_ms DESC, event, distinct_id, client_ms, insert_id LIMIT {limit} OFFSET {offset}
    """  # noqa: S608  a SELECT of ours and whole numbers
    return [Moment(**row) for row in run(analytics, moments.query, sql)]
