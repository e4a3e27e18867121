"""The analytics store: ClickHouse SQL over its HTTP interface, whether a server or the embedded engine answers."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect import common
from clickhouse_connect.driver import options
from clickhouse_connect.driver.exceptions import ClickHouseError, DataError, NotSupportedError, ProgrammingError
from clickhouse_connect.driver.httputil import get_pool_manager
from urllib3.exceptions import HTTPError

from playhead.clock import now_ms
from playhead.errors import PlayheadError, Unavailable
from playhead.stores import embedded_engine

# Codes of ClickHouse's that say "not now", not "never": the same statement can succeed later.
TRANSIENT_CODES = frozenset(
    {3, 76, 77, 81, 159, 164, 198, 202, 203, 209, 210, 225, 236, 241, 242, 243, 252, 285, 319, 394, 425, 439, 516, 999}
    | {60, 1000, 1001, 1002}
)
ENGINE_START_SECONDS = 60.0
MIGRATIONS_TABLE = (
    "CREATE TABLE IF NOT EXISTS schema_migrations "
    "(number UInt32, name String, applied_at DateTime64(3, 'UTC'), statement UInt32) "
    "ENGINE = ReplacingMergeTree ORDER BY (number, statement) "
    "SETTINGS fsync_after_insert = 1, fsync_part_directory = 1"
)
# A text in JSON stays the text it is: the engine would make a date of one that looks like one, and write it otherwise.
INSERT_SETTINGS = {"input_format_try_infer_dates": 0, "input_format_try_infer_datetimes": 0}
# Rows that a deletion waits for: no query sees them from the moment it was asked for (0003_erasing.sql).
_NO_PERSON = r"(project_id, distinct_id) NOT IN (SELECT project_id, id FROM erasing WHERE kind = \'person\')"
_NO_EVENT = r"(project_id, event) NOT IN (SELECT project_id, id FROM erasing WHERE kind = \'event\')"
HIDDEN = {"events": f"{_NO_PERSON} AND {_NO_EVENT}", "profiles": _NO_PERSON}
_ENGINE = re.compile(r"\{engine:([^}]*)\}")


class AnalyticsDown(Unavailable):
    """The analytics store can't be reached or can't work now."""

    code = "analytics_down"

    def __init__(self, message: str, engine_code: int | None = None) -> None:
        super().__init__(message)
        self.engine_code = engine_code


class AnalyticsRefused(PlayheadError):
    """The analytics store refuses this statement or these rows for good."""

    status = 400
    code = "analytics_refused"

    def __init__(self, message: str, engine_code: int | None = None) -> None:
        super().__init__(message)
        self.engine_code = engine_code


class Analytics:
    """One analytics store. Every method may be called from any thread; `open` never talks to the store."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.url = f"{parts.scheme}://{parts.path}" if parts.scheme == "chdb" else _without_password(url)
        self._parts = parts
        self._client: Any = None
        self._address: embedded_engine.Address | None = None
        self._types: dict[tuple[str, tuple[str, ...]], list[Any]] = {}
        self._lock = threading.Lock()
        # Of a project, the conditions that rows must meet to be there at all, by table: see `bound`.
        self._bounds: Callable[[str], Mapping[str, str]] = lambda project_id: HIDDEN

    @classmethod
    def open(cls, url: str) -> Analytics:
        """`chdb:///directory` or `clickhouse://user:password@host:8123/database` (`clickhouses://` for TLS)."""
        scheme = urlsplit(url).scheme
        if scheme not in {"chdb", "clickhouse", "clickhouses"}:
            raise PlayheadError(
                f"the analytics URL begins with {scheme or 'nothing'}://; use chdb:///directory or "
                "clickhouse://user:password@host:8123/database",
                code="bad_settings",
            )
        return cls(url)

    @property
    def embedded_directory(self) -> Path | None:
        """The directory of the embedded engine, or None with a server."""
        return Path(unquote(self._parts.path)) if self._parts.scheme == "chdb" else None

    def bound(self, bounds: Callable[[str], Mapping[str, str]]) -> None:
        """From now on queries with the parameter `project_id` see of a table only rows that meet the condition which
        `bounds` answers for that project, `HIDDEN` while it has deletions that are not done. Conditions are our own SQL
        without quotes; commands see all rows. Queries of no project see nothing that is hidden in any."""
        self._bounds = bounds

    def _hiding(self, params: Mapping[str, Any] | None) -> dict[str, Any]:
        project_id = (params or {}).get("project_id")
        conditions = self._bounds(project_id) if project_id else HIDDEN
        if not conditions:
            return {}
        filters = ", ".join(f"'{table}': '{condition}'" for table, condition in conditions.items())
        return {"additional_table_filters": f"{{{filters}}}"}

    def query(
        self,
        sql: str,
        params: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        *,
        hidden: bool = False,
    ) -> list[dict[str, Any]]:
        """The rows of a SELECT. The store binds the parameters (`{name:Type}` in the SQL). Times are aware, in UTC.

        Only with `hidden` also rows that a deletion waits for, and expired ones: for what works on the store, not what
        answers people.
        """
        settings = ({} if hidden else self._hiding(params)) | dict(settings or {})
        with self._talking() as client:
            result = client.query(sql, parameters=dict(params or {}), settings=settings, tz_mode="aware")
            return list(result.named_results())

    def query_bytes(self, sql: str, params: Mapping[str, Any] | None = None, fmt: str = "JSONEachRow") -> bytes:
        """The rows of a SELECT as the store's own text of a format."""
        hiding = self._hiding(params)
        with self._talking() as client:
            answer: bytes = client.raw_query(sql, parameters=dict(params or {}), settings=hiding, fmt=fmt)
            return answer

    def command(self, sql: str, params: Mapping[str, Any] | None = None) -> Any:
        """A statement with no rows to read (or one value)."""
        with self._talking() as client:
            return client.command(sql, parameters=dict(params or {}))

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Rows in the order of `columns`; DateTime64(3) columns take epoch milliseconds, JSON columns JSON text."""
        if not rows:
            return
        with self._talking() as client:
            key = (table, tuple(columns))
            types = self._types.get(key)
            if types is None:
                context = client.create_insert_context(table, column_names=list(columns))
                types = self._types[key] = list(context.column_types)
            client.insert(table, rows, column_names=list(columns), column_types=types, settings=INSERT_SETTINGS)

    def ping(self) -> None:
        """Raises AnalyticsDown unless the store answers a query."""
        self.command("SELECT 1")

    def check_schema(self) -> None:
        """Raises AnalyticsDown unless the store answers and every migration has been applied."""
        rows = self.query("SELECT uniqExact(number, statement) AS applied FROM schema_migrations")
        missing = sum(len(statements) for _, _, statements in migrations()) - int(rows[0]["applied"])
        if missing > 0:
            raise AnalyticsDown("the analytics store's schema is not up to date yet; the worker brings it there")

    def migrated(self) -> set[tuple[int, int]]:
        """The number and the statement's place of every migration that has been applied."""
        rows = self.query("SELECT number, statement FROM schema_migrations FINAL")
        return {(row["number"], row["statement"]) for row in rows}

    def migrate(self) -> list[int]:
        """Applies the numbered migrations that have not been yet; answers their numbers."""
        self.command(MIGRATIONS_TABLE)
        done = self.migrated()
        applied = []
        for number, name, statements in migrations():
            for index, statement in enumerate(statements):
                if (number, index) in done:
                    continue
                self.command(statement)
                columns = ["number", "name", "applied_at", "statement"]
                self.insert("schema_migrations", columns, [[number, name, now_ms(), index]])
                if number not in applied:
                    applied.append(number)
        return applied

    def close(self) -> None:
        with self._lock:
            self._forget()

    @contextlib.contextmanager
    def _talking(self) -> Iterator[Any]:
        try:
            yield self._connected()
        except ClickHouseError as error:
            code = getattr(error, "code", None)
            clients_own = isinstance(error, DataError | ProgrammingError | NotSupportedError)
            if code is None and not clients_own:
                self._forget()
                raise AnalyticsDown(self._silent(error)) from error
            if code in TRANSIENT_CODES:
                self._forget()
                raise AnalyticsDown(_short(error), code) from error
            raise AnalyticsRefused(_short(error), code) from error
        except (HTTPError, OSError) as error:
            self._forget()
            raise AnalyticsDown(self._silent(error)) from error

    def _silent(self, error: Exception) -> str:
        why = re.search(r"\[Errno -?\d+\] ([^'\"()\[\]]+)", str(error))
        return f"the analytics store {self.url} does not answer" + (f": {why.group(1).strip()}" if why else "")

    def _connected(self) -> Any:
        with self._lock:
            if self._parts.scheme == "chdb":
                address = embedded_engine.read_address(Path(unquote(self._parts.path)))
                if address is None:
                    raise AnalyticsDown(f"the analytics engine of {self.url} is not running")
                if address != self._address:
                    self._forget()
                    self._address = address
            if self._client is None:
                self._client = self._connect()
            return self._client

    def _connect(self) -> Any:
        pool = get_pool_manager(maxsize=16, num_pools=2)
        common_arguments: dict[str, Any] = {
            "pool_mgr": pool,
            "autogenerate_session_id": False,
            "connect_timeout": 5,
            "send_receive_timeout": 150,
            "query_retries": 0,
            "show_clickhouse_errors": True,
        }
        if self._address:
            return clickhouse_connect.get_client(
                host="127.0.0.1",
                port=self._address.port,
                username=embedded_engine.USER,
                password=self._address.secret,
                database=embedded_engine.DATABASE,
                compress=False,
                **common_arguments,
            )
        secure = self._parts.scheme == "clickhouses"
        database = unquote(self._parts.path.strip("/")) or "default"
        arguments = common_arguments | {
            "host": self._parts.hostname or "localhost",
            "port": self._parts.port or (8443 if secure else 8123),
            "username": unquote(self._parts.username or "default"),
            "password": unquote(self._parts.password or ""),
            "secure": secure,
        }
        if database != "default":
            first = clickhouse_connect.get_client(**arguments)
            first.command("CREATE DATABASE IF NOT EXISTS {name:Identifier}", parameters={"name": database})
            first.close()
        return clickhouse_connect.get_client(database=database, **arguments)

    def _forget(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                client.close()


def migrations() -> list[tuple[int, str, list[str]]]:
    """The numbered migrations: number, file name, statements."""
    found = []
    for file in resources.files("playhead.stores").joinpath("analytics_migrations").iterdir():
        if file.name.endswith(".sql"):
            text = _ENGINE.sub(r"\1", file.read_text("utf-8"))
            bare = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
            statements = [part.strip() for part in re.split(r";\s*\n|;\s*$", bare) if part.strip()]
            found.append((int(file.name.split("_")[0]), file.name, statements))
    return sorted(found)


@contextlib.contextmanager
def engine_for(analytics: Analytics) -> Iterator[None]:
    """Sees to it that the embedded engine runs while the block does: the server's, or one of our own for that long."""
    directory = analytics.embedded_directory
    if directory is None or embedded_engine.is_running(directory):
        yield
        return
    child, pipe = start_engine(directory)
    try:
        wait_for_engine(analytics, child)
        yield
    finally:
        analytics.close()
        os.close(pipe)
        child.terminate()
        child.wait(10)


def start_engine(directory: Path) -> tuple[subprocess.Popen[bytes], int]:
    """Starts the engine's process; it ends when the returned end of a pipe closes."""
    reading, writing = os.pipe()
    try:
        child = subprocess.Popen(  # noqa: S603  our own interpreter, a module of ours
            # By path: as a module it would import this package with all its libraries, for nothing but memory.
            [sys.executable, "-P", embedded_engine.__file__, str(directory), "--parent-pipe", str(reading)],
            pass_fds=(reading,),
            stdin=subprocess.DEVNULL,
            env=os.environ | {"CHDB_DISABLE_TELEMETRY": "1"},
        )
    finally:
        os.close(reading)
    return child, writing


def wait_for_engine(analytics: Analytics, child: subprocess.Popen[bytes] | None = None) -> None:
    """Waits until the engine answers. Raises AnalyticsDown when it does not, or when `child` ended."""
    deadline = time.monotonic() + ENGINE_START_SECONDS
    while True:
        try:
            analytics.ping()
        except AnalyticsDown:
            if (child is not None and child.poll() is not None) or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    host = f"{parts.hostname or 'localhost'}:{parts.port}" if parts.port else parts.hostname or "localhost"
    return f"{parts.scheme}://{host}{parts.path}"


def _short(error: Exception) -> str:
    text = str(error)
    found = re.search(r"server response: (.*?)(?: \(for url|$)", text, re.DOTALL)
    return (found.group(1) if found else text).strip()[:2_000]


common.set_setting("autogenerate_session_id", False)
# It would import these for every insert only to see that the rows are no data frames: 80 MB in each process.
for _absent in ("np", "pd", "pd_time_test", "arrow", "pl"):
    setattr(options, _absent, None)
# What fails is raised, and logged where it is dealt with.
logging.getLogger("clickhouse_connect").setLevel(logging.CRITICAL)
