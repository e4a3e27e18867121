"""Reports on ten million events: ours, the same questions by hand in SQL on the same engine, DuckDB, and PostgreSQL.

The hand-written SQL knows the answer's shape and the data: it asks nothing that the report need not know, and takes
`windowFunnel` for the funnels, which counts but does not say how long each step took, as our report does. The peers have a typed
column for each property (we have one JSON column), PostgreSQL its indexes besides, and both as many threads as our engine. Every
answer is compared before a time counts. `PLAYHEAD_BENCH_EVENTS` sets the number of events.
"""

from __future__ import annotations

import math
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from bench.history import FIRST_MS, History, cache, history
from bench.peers import Answer, DuckDB, Peer, Postgres, Question
from bench.table import Row
from playhead.clock import now_ms
from playhead.delivery.flush import Delivery
from playhead.errors import PlayheadError
from playhead.exports_import import Importing
from playhead.journal import Journal, JournalQueue
from playhead.people.identity import DEVICE_USERS_SQL
from playhead.reports.bodies import read_funnel, read_insights
from playhead.reports.funnel import funnel
from playhead.reports.insights import insights
from playhead.settings import Settings
from playhead.stores import open_stores
from playhead.stores.analytics import Analytics, engine_for

NAME = "reports"
SIZE = int(os.environ.get("PLAYHEAD_BENCH_EVENTS") or 10_000_000)
RUNS = int(os.environ.get("PLAYHEAD_BENCH_RUNS") or 3)
PROJECT = "bench"
FROM, TO = "2026-10-05", "2026-11-03"
START_MS, END_MS = FIRST_MS + 4 * 86_400_000, FIRST_MS + 34 * 86_400_000
WINDOW_DAYS = 7
THREE = ("Page View", "View Item", "Add to Cart")
SIX = ("Page View", "View Item", "Add to Cart", "Checkout", "Pay", "Order Placed")

QUESTIONS = {
    "daily uniques, 30 days": Question("uniques", event="Page View"),
    "breakdown by a property": Question("breakdown", event="Page View", property="$browser"),
    "funnel of 3 steps": Question("funnel", steps=THREE),
    "funnel of 6 steps": Question("funnel", steps=SIX),
    "filter by a profile": Question("profile", event="View Item", property="tier", value="tier 2"),
}


def run() -> Iterable[Row]:
    data = history(SIZE)
    with ExitStack() as stack:
        ours = Ours(data)
        stack.enter_context(ours.running())
        ours.load()
        peers: list[Peer] = [DuckDB(data, engine_threads(), START_MS, END_MS, WINDOW_DAYS)]
        if Postgres.installed():
            peers.append(Postgres(data, engine_threads(), START_MS, END_MS, WINDOW_DAYS))
        for peer in peers:
            stack.enter_context(peer.running())
            peer.load()
        for what, question in QUESTIONS.items():
            times = measured(
                {"report": lambda q=question: ours.report(q), "by hand": lambda q=question: ours.by_hand(q)}
                | {peer.name: lambda p=peer, q=question: p.ask(q) for peer in peers}
            )
            mine = times["report"]
            for name, seconds in times.items():
                if name != "report":
                    goal = "<= 1.2" if name == "by hand" else "<= 1"
                    yield Row(what, ms(mine), f"{ms(seconds)} {name}", mine / seconds, goal)
        if not Postgres.installed():
            yield Row("PostgreSQL is not installed here", "", "", 0)
        yield from sizes(ours, peers)
    yield from cold_starts(ours, peers)
    yield from ingestion(data)


def measured(asked: dict[str, Callable[[], Answer]]) -> dict[str, float]:
    """Median seconds of each, in turns, after a round that warms up; every answer must be the same."""
    times: dict[str, list[float]] = {name: [] for name in asked}
    answers: dict[str, Answer] = {}
    for round_ in range(RUNS + 1):
        for name, ask in asked.items():
            if math.inf in times[name]:
                continue
            began = time.perf_counter()
            try:
                answers[name] = ask()
            except PlayheadError:  # stopped at its limit of time or memory
                times[name] = [math.inf]
                continue
            took = time.perf_counter() - began
            if round_:
                times[name].append(took)
    first = next(iter(answers.values()))
    for name, answer in answers.items():
        assert answer == first, f"{name} answers {str(answer)[:500]}, not {str(first)[:500]}"
    return {name: statistics.median(taken) for name, taken in times.items()}


def cold_starts(ours: Ours, peers: list[Peer]) -> Iterable[Row]:
    """From nothing running to the first answer: the pages of the files may still be in the system's memory."""
    question = QUESTIONS["daily uniques, 30 days"]

    def cold(of: Any, ask: Callable[[], Answer]) -> float:
        taken = []
        for _ in range(3):
            began = time.perf_counter()
            with of.running():
                ask()
                taken.append(time.perf_counter() - began)
        return statistics.median(taken)

    mine = cold(ours, lambda: ours.report(question))
    for peer in peers:
        theirs = cold(peer, lambda p=peer: p.ask(question))
        yield Row("cold start to the first answer", ms(mine), f"{ms(theirs)} {peer.name}", mine / theirs)


def sizes(ours: Ours, peers: list[Peer]) -> Iterable[Row]:
    """Ours holds each event twice: as it can be queried, and as it was sent."""
    mine = ours.bytes_on_disk() / ours.data.size
    for peer in peers:
        theirs = peer.bytes_on_disk() / ours.data.size
        yield Row("an event on disk", f"{mine:.0f} bytes", f"{theirs:.0f} bytes {peer.name}", mine / theirs)


def ingestion(data: History) -> Iterable[Row]:
    """A million events of the history through the product's own import: checked, journalled, delivered."""
    count = min(1_000_000, data.size)
    with tempfile.TemporaryDirectory(dir=cache()) as folder:
        settings = Settings(_env_file=None, data=Path(folder))  # type: ignore[call-arg]
        file = settings.data / "export.ndjson"
        _write_export(data, file, count)
        stores = open_stores(settings)
        stores.control.migrate()
        journal = Journal.open(settings.journal_path, settings.journal_max_bytes)
        queue = JournalQueue.open(settings.journal_path)
        delivering = 0.0

        def deliver() -> bool:
            nonlocal delivering
            began = time.perf_counter()
            delivered = delivery.run_once() is not None
            delivering += time.perf_counter() - began
            return delivered

        with engine_for(stores.analytics):
            stores.analytics.migrate()
            delivery = Delivery(queue, stores, settings)
            began = time.perf_counter()
            Importing(
                PROJECT,
                journal,
                drain=deliver,  # type: ignore[arg-type]
                max_line_bytes=settings.max_events_bytes,
                max_backlog_bytes=settings.journal_max_bytes,
            ).file(file, "events")
            while deliver():
                pass
            took = time.perf_counter() - began
            assert stores.analytics.query("SELECT count() AS n FROM events FINAL")[0]["n"] == count
        journal.close()
        queue.close()
        stores.close()
    lines = f"{count / took:,.0f} events/s"
    yield Row(f"import of {count:,} events, one process", lines, "", count / took)
    yield Row("delivery alone, of the same", f"{count / delivering:,.0f} events/s", "", count / delivering)


def _write_export(data: History, file: Path, count: int) -> None:
    import pyarrow.parquet as pq

    encode = msgspec.json.Encoder().encode
    left = count
    with file.open("wb") as out:
        for path in data.events:
            for row in pq.read_table(path).to_pylist()[:left]:
                event, time_ms, insert_id = row.pop("event"), row.pop("time_ms"), row.pop("insert_id")
                out.write(
                    encode({"event": event, "properties": row | {"time": time_ms, "$insert_id": insert_id}}) + b"\n"
                )
                left -= 1


class Ours:
    """The product's own tables in an embedded engine of the bench's own."""

    def __init__(self, data: History) -> None:
        self.data = data
        self.folder = cache() / f"engine-{data.folder.name}"
        self.analytics = Analytics.open(f"chdb://{self.folder}")

    def running(self) -> Any:
        return engine_for(self.analytics)

    def load(self) -> None:
        """The history into the tables, as delivery would have left them; once."""
        loaded = self.folder / "loaded"
        if loaded.exists():
            self.analytics.migrate()
            return
        self.analytics.migrate()
        for table in ("events", "identities", "profiles"):
            self.analytics.command(f"TRUNCATE TABLE {table}")
        for path in self.data.events:
            self.analytics.command(EVENTS_SQL, {"path": str(path)})
        for name, sql in (("identities", IDENTITIES_SQL), ("people", PROFILES_SQL)):
            self.analytics.command(sql, {"path": str(self.data.folder / f"{name}.parquet"), "now": now_ms()})
        while self.analytics.query("SELECT count() AS busy FROM system.merges")[0]["busy"]:
            time.sleep(0.2)
        loaded.touch()

    def bytes_on_disk(self) -> int:
        rows = self.analytics.query(
            "SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND table = 'events'"
        )
        return int(rows[0]["bytes"])

    def report(self, question: Question) -> Answer:
        body: dict[str, Any] = {"from": FROM, "to": TO}
        match question.kind:
            case "funnel":
                body |= {"steps": [{"event": step} for step in question.steps]}
                body |= {"window": {"value": WINDOW_DAYS, "unit": "day"}}
                found = funnel(self.analytics, PROJECT, read_funnel(msgspec.json.encode(body)), "UTC")
                return [step.count for step in found.segments[0].steps]
            case "uniques":
                body["metrics"] = [{"event": question.event, "measure": "unique"}]
            case "breakdown":
                body["metrics"] = [{"event": question.event}]
                body["breakdown"] = {"property": question.property}
            case "profile":
                wanted = {"property": question.property, "of": "profile", "op": "eq", "value": question.value}
                body["metrics"] = [{"event": question.event, "filters": [wanted]}]
        series = insights(self.analytics, PROJECT, read_insights(msgspec.json.encode(body)), "UTC").series
        return sorted([each.segment or "", [int(point.value or 0) for point in each.points]] for each in series)

    def by_hand(self, question: Question) -> Answer:
        parameters: dict[str, Any] = {"project": PROJECT, "project_id": PROJECT, "start": START_MS, "end": END_MS}
        parameters |= {"event": question.event, "property": question.property, "value": question.value}
        if question.kind == "funnel":
            steps = [f"event = {{step{n}:String}}" for n in range(len(question.steps))]
            steps[0] += " AND time < fromUnixTimestamp64Milli({end:Int64})"
            counts = ", ".join(f"countIf(level >= {n})" for n in range(1, len(steps) + 1))
            parameters |= {f"step{n}": step for n, step in enumerate(question.steps)}
            parameters |= {"names": list(question.steps), "window": WINDOW_DAYS * 86_400_000}
            sql = FUNNEL_BY_HAND.replace("COUNTS", counts).replace("STEPS", ", ".join(steps))
            (row,) = self.analytics.query(sql, parameters)
            return list(row["reached"])
        sql = {"uniques": UNIQUES_BY_HAND, "breakdown": BREAKDOWN_BY_HAND, "profile": PROFILE_BY_HAND}[question.kind]
        return daily(self.analytics.query(sql, parameters))


def daily(rows: Iterable[dict[str, Any]]) -> Answer:
    """Rows of (segment, day, value) as an answer: thirty values for each segment."""
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row["segment"], [0] * 30)[row["day"]] = int(row["value"])
    return sorted([segment, values] for segment, values in found.items())


def engine_threads() -> int:
    return max(1, (os.cpu_count() or 2) - 1)


def ms(seconds: float) -> str:
    return "stopped" if seconds == math.inf else f"{seconds * 1_000:,.0f} ms"


_PROPERTIES = (
    "formatRow('JSONEachRow', `$browser`, `$os`, `$device`, `$current_url`, `$referrer`, `$city`, `$region`, "
    "mp_country_code, utm_source, utm_campaign, plan, category, item_id, search_term, `$browser_version`, "
    "`$screen_width`, `$screen_height`, quantity, price, logged_in)"
)
EVENTS_SQL = f"""
INSERT INTO events (project_id, event, distinct_id, client_time, insert_id, time, received_at, ingest_id, item_index,
                    device_id, user_id, replay_id, clock_flag, properties, raw)
SELECT '{PROJECT}', event, distinct_id, fromUnixTimestamp64Milli(time_ms) AS at, insert_id, at, at + 1,
       reinterpretAsUUID(sipHash128(insert_id)), 0,
       if(startsWith(distinct_id, '$device:'), substring(distinct_id, 9), ''),
       if(startsWith(distinct_id, '$device:'), '', distinct_id), '', '', text::JSON(max_dynamic_paths = 256),
       concat(substring(text, 1, length(text) - 1), ',"token":"bench-token","distinct_id":', toJSONString(distinct_id),
              ',"time":', toString(time_ms), ',"$insert_id":"', insert_id, '"}}')
FROM (SELECT *, trimRight({_PROPERTIES}, '\\n') AS text FROM file({{path:String}}, Parquet))
"""
IDENTITIES_SQL = f"""
INSERT INTO identities (project_id, device_id, user_id, received_at, ingest_id)
SELECT '{PROJECT}', device_id, user_id, fromUnixTimestamp64Milli({{now:Int64}}), generateUUIDv7()
FROM file({{path:String}}, Parquet)
"""
PROFILES_SQL = f"""
INSERT INTO profiles (project_id, distinct_id, version, is_deleted, name, email, avatar, first_seen, last_seen, properties)
SELECT '{PROJECT}', distinct_id, 1, 0, name, email, '', fromUnixTimestamp64Milli({FIRST_MS}),
       fromUnixTimestamp64Milli({{now:Int64}}),
       formatRow('JSONEachRow', name AS `$name`, email AS `$email`, company, tier, seats)
FROM file({{path:String}}, Parquet)
"""
_IN_RANGE = """
    project_id = {project:String} AND time >= fromUnixTimestamp64Milli({start:Int64})
    AND time < fromUnixTimestamp64Milli({end:Int64})
"""
_LINKED = f"LEFT JOIN ({DEVICE_USERS_SQL}) AS linked ON linked.device_id = substring(events.distinct_id, 9)"
_PERSON = "if(linked.user_id != '', linked.user_id, events.distinct_id)"
_DAY = "intDiv(toUnixTimestamp64Milli(time) - {start:Int64}, 86400000)"
UNIQUES_BY_HAND = f"""
SELECT '' AS segment, {_DAY} AS day, uniqExact({_PERSON}) AS value
FROM events FINAL {_LINKED} WHERE {_IN_RANGE} AND event = {{event:String}} GROUP BY day
"""
BREAKDOWN_BY_HAND = f"""
SELECT properties.`$browser`::String AS segment, {_DAY} AS day, count() AS value
FROM events FINAL WHERE {_IN_RANGE} AND event = {{event:String}} GROUP BY segment, day
"""
PROFILE_BY_HAND = f"""
SELECT '' AS segment, {_DAY} AS day, count() AS value
FROM events FINAL {_LINKED} WHERE {_IN_RANGE} AND event = {{event:String}} AND {_PERSON} IN (
    SELECT distinct_id FROM profiles FINAL WHERE project_id = {{project:String}} AND is_deleted = 0
    AND JSONExtractString(properties, {{property:String}}) = {{value:String}}
) GROUP BY day
"""
FUNNEL_BY_HAND = f"""
SELECT [COUNTS] AS reached FROM (
    SELECT {_PERSON} AS person,
           windowFunnel({{window:UInt64}})(toUInt64(toUnixTimestamp64Milli(time)), STEPS) AS level
    FROM events FINAL {_LINKED}
    WHERE project_id = {{project:String}} AND event IN {{names:Array(String)}}
      AND time >= fromUnixTimestamp64Milli({{start:Int64}})
      AND time < fromUnixTimestamp64Milli({{end:Int64}} + {{window:Int64}})
    GROUP BY person
)
"""
