"""Other databases asked the same questions on the same data: DuckDB in a process of its own, PostgreSQL on a socket of its own.

They run as nice as our engine does. `python -m bench.peers FILE THREADS` is the DuckDB process: SQL in, rows out, one a line.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bench.history import INTEGERS, PROPERTIES, TEXTS, History, cache

NICE = 5
DAY_MS = 86_400_000

# Of a funnel: how many reached each step. Else: each segment with its thirty daily values.
Answer = list[Any]


@dataclass(frozen=True)
class Question:
    kind: str
    event: str = ""
    property: str = ""
    value: str = ""
    steps: tuple[str, ...] = ()


class Peer(Protocol):
    name: str

    def running(self) -> AbstractContextManager[None]: ...
    def load(self) -> None: ...
    def ask(self, question: Question) -> Answer: ...
    def bytes_on_disk(self) -> int: ...


class Sql:
    """The questions in the SQL that both know. `quotient` is how they write a division of integers."""

    quotient = "/"

    def __init__(self, data: History, threads: int, start_ms: int, end_ms: int, window_days: int) -> None:
        self.data = data
        self.threads = threads
        self.start_ms, self.end_ms = start_ms, end_ms
        self.window_ms = window_days * DAY_MS

    def rows(self, sql: str) -> list[list[Any]]:
        raise NotImplementedError

    def ask(self, question: Question) -> Answer:
        if question.kind == "funnel":
            return list(self.rows(self._funnel(question.steps))[0])
        found: dict[str, list[int]] = {}
        for segment, day, value in self.rows(self._daily(question)):
            found.setdefault(segment, [0] * 30)[day] = value
        return sorted([segment, values] for segment, values in found.items())

    def _daily(self, question: Question) -> str:
        day = f"(time_ms - {self.start_ms}) {self.quotient} {DAY_MS}"
        linked, person, segment, value, more = "", "distinct_id", "''", "count(*)", ""
        if question.kind in {"uniques", "profile"}:
            linked, person = "LEFT JOIN identities USING (distinct_id)", "coalesce(user_id, distinct_id)"
        if question.kind == "uniques":
            value = f"count(DISTINCT {person})"
        elif question.kind == "breakdown":
            segment = f'"{question.property}"'
        else:
            more = (
                f"""AND {person} IN (SELECT distinct_id FROM people WHERE "{question.property}" = '{question.value}')"""
            )
        return (
            f"SELECT {segment} AS segment, {day} AS day, {value} AS value FROM events {linked} WHERE event = '{question.event}'"
            f" AND time_ms >= {self.start_ms} AND time_ms < {self.end_ms} {more} GROUP BY 1, 2"
        )

    def _funnel(self, steps: tuple[str, ...]) -> str:
        """For each event, when the latest attempt began that had reached each step by then."""
        case = " ".join(f"WHEN '{step}' THEN {number}" for number, step in enumerate(steps, 1))
        names = ", ".join(f"'{step}'" for step in steps)
        begun = f"CASE WHEN step = 1 AND time_ms < {self.end_ms} THEN time_ms END"
        sql = f"""SELECT coalesce(user_id, distinct_id) AS person, time_ms, CASE event {case} END AS step
                  FROM events LEFT JOIN identities USING (distinct_id) WHERE event IN ({names})
                  AND time_ms >= {self.start_ms} AND time_ms < {self.end_ms + self.window_ms}"""
        for number in range(1, len(steps) + 1):
            sql = f"SELECT *, max({begun}) OVER (PARTITION BY person ORDER BY time_ms) AS begun{number} FROM ({sql}) AS s{number}"
            begun = (
                f"CASE WHEN step = {number + 1} AND begun{number} >= time_ms - {self.window_ms} THEN begun{number} END"
            )
        numbers = range(1, len(steps) + 1)
        reached = ", ".join(f"max(begun{number}) AS reached{number}" for number in numbers)
        counts = ", ".join(f"count(reached{number})" for number in numbers)
        return f"SELECT {counts} FROM (SELECT {reached} FROM ({sql}) AS events_ GROUP BY person) AS people_"


class DuckDB(Sql):
    name = "DuckDB"
    quotient = "//"

    @property
    def file(self) -> Path:
        return cache() / f"duckdb-{self.data.folder.name}.db"

    @contextmanager
    def running(self) -> Iterator[None]:
        command = [sys.executable, "-m", "bench.peers", str(self.file), str(self.threads)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            yield
        finally:
            self._process.communicate()

    def load(self) -> None:
        if self.rows("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'loaded'") == [[1]]:
            return
        for name in ("events-*", "people"):
            table = name.removesuffix("-*")
            self.rows(f"CREATE OR REPLACE TABLE {table} AS FROM read_parquet('{self.data.folder}/{name}.parquet')")
        self.rows(
            "CREATE OR REPLACE TABLE identities AS SELECT concat('$device:', device_id) AS distinct_id, user_id"
            f" FROM read_parquet('{self.data.folder}/identities.parquet')"
        )
        self.rows("CREATE TABLE loaded (yes INT)")
        self.rows("CHECKPOINT")

    def bytes_on_disk(self) -> int:
        return self.file.stat().st_size

    def rows(self, sql: str) -> list[list[Any]]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(sql) + "\n")
        self._process.stdin.flush()
        rows: list[list[Any]] = json.loads(self._process.stdout.readline())
        return rows


class Postgres(Sql):
    """A server of its own under the cache, without TCP. As root it runs as the package's user `postgres`."""

    name = "PostgreSQL"

    @staticmethod
    def _binaries() -> Path | None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
        return found[-1].parent if found else None

    @classmethod
    def installed(cls) -> bool:
        return cls._binaries() is not None

    @property
    def folder(self) -> Path:
        return cache() / f"postgres-{self.data.folder.name}"

    def _run(self, program: str, *arguments: str) -> None:
        binaries = self._binaries()
        assert binaries is not None
        as_user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        log = (self.folder / "commands.log").open("ab")
        command = [*as_user, "nice", "-n", str(NICE), str(binaries / program), *arguments]
        subprocess.run(command, cwd=self.folder, check=True, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    @contextmanager
    def running(self) -> Iterator[None]:
        import psycopg

        data = self.folder / "data"
        if not data.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            if os.getuid() == 0:
                shutil.chown(self.folder, "postgres")
            self._run("initdb", "-D", str(data), "-A", "trust", "-U", "bench", "-E", "UTF8", "--locale=C")
        settings = {
            "listen_addresses": "", "unix_socket_directories": str(self.folder), "shared_buffers": "2GB",
            "work_mem": "256MB", "maintenance_work_mem": "1GB", "effective_cache_size": "4GB", "random_page_cost": "1.1",
            "max_parallel_workers_per_gather": str(self.threads - 1), "wal_level": "minimal", "max_wal_senders": "0",
            "max_wal_size": "8GB",
        }  # fmt: skip
        options = " ".join(f"-c {name}={value or chr(39) * 2}" for name, value in settings.items())
        self._run("pg_ctl", "-D", str(data), "-w", "-l", str(self.folder / "server.log"), "-o", options, "start")
        try:
            self._db = psycopg.connect(host=str(self.folder), user="bench", dbname="postgres", autocommit=True)
            yield
        finally:
            self._db.close()
            self._run("pg_ctl", "-D", str(data), "-w", "-m", "fast", "stop")

    def load(self) -> None:
        import duckdb

        if self.rows("SELECT count(*) FROM pg_tables WHERE tablename = 'loaded'") == [[1]]:
            return
        kinds = dict.fromkeys(INTEGERS, "bigint") | {"price": "double precision", "logged_in": "boolean"}
        columns = ", ".join(f'"{name}" {"text" if name in TEXTS else kinds[name]}' for name in PROPERTIES)
        tables = {
            "events": f"event text, distinct_id text, time_ms bigint, insert_id text, {columns}",
            "identities": "distinct_id text PRIMARY KEY, user_id text",
            "people": "distinct_id text PRIMARY KEY, name text, email text, company text, tier text, seats bigint",
        }
        sources = [("events", path, "*") for path in self.data.events]
        sources += [
            ("identities", self.data.folder / "identities.parquet", "concat('$device:', device_id), user_id"),
            ("people", self.data.folder / "people.parquet", "*"),
        ]
        text = self.folder / "rows.csv"
        with self._db.transaction():
            for name, shape in tables.items():
                self._db.execute(f"DROP TABLE IF EXISTS {name}")
                self._db.execute(f"CREATE TABLE {name} ({shape})")
            for name, path, wanted in sources:
                duckdb.sql(f"COPY (SELECT {wanted} FROM read_parquet('{path}')) TO '{text}' (FORMAT csv, HEADER false)")
                self._db.execute(f"COPY {name} FROM '{text}' (FORMAT csv)")
                text.unlink()
            self._db.execute('CREATE INDEX ON events (event, time_ms) INCLUDE (distinct_id, "$browser")')
            self._db.execute("CREATE INDEX ON people (tier) INCLUDE (distinct_id)")
            self._db.execute("CREATE TABLE loaded (yes int)")
        self._db.execute("VACUUM ANALYZE")

    def bytes_on_disk(self) -> int:
        return int(self.rows("SELECT pg_total_relation_size('events')")[0][0])

    def rows(self, sql: str) -> list[list[Any]]:
        return [list(row) for row in self._db.execute(sql).fetchall()]


def main() -> None:
    import duckdb

    file, threads = sys.argv[1:]
    os.nice(NICE)
    db = duckdb.connect(file, config={"threads": int(threads)})
    for line in sys.stdin:
        print(json.dumps(db.execute(json.loads(line)).fetchall()), flush=True)


if __name__ == "__main__":
    main()
