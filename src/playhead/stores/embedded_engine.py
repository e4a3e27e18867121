"""ClickHouse's HTTP interface over chDB: the embedded analytics engine, run as a child process of its own.

    clickhouse-connect ──HTTP, loopback, basic auth──► handler thread ──► a pooled chDB connection ──► the directory

    <dir>/clickhouse    chDB's files
    <dir>/engine.lock   held by the one process that has the directory open
    <dir>/engine.json   address and secret of that process, mode 0600

Run by the supervisor (or, beside no server, for the time of one command) as a script: it imports nothing of the rest.
It speaks what clickhouse-connect sends: the query in the `query` parameter, the body or a multipart form, `param_*`
bindings, settings in the query string, native data after an INSERT, and answers errors as ClickHouse does.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import ctypes
import email.parser
import email.policy
import fcntl
import gzip
import hmac
import importlib
import json
import os
import queue
import re
import secrets
import signal
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

DATABASE = "playhead"
USER = "playhead"
CONNECTIONS = 8
DYING_SECONDS = 5.0

# What the client sends in the query string that is no setting of the engine.
TRANSPORT_PARAMETERS = frozenset(
    {
        "database", "query", "query_id", "session_id", "session_timeout", "session_check", "wait_end_of_query",
        "client_protocol_version", "buffer_size", "compress", "decompress", "default_format", "user", "password",
        "quota_key", "role", "enable_http_compression", "send_progress_in_http_headers",
        "http_headers_progress_interval_ms", "cancel_http_readonly_queries_on_client_close",
    }
)  # fmt: skip
_INSERT_HEAD = re.compile(rb"\s*(INSERT\s+INTO\s+.+?)\s+FORMAT\s+(\w+)[ \t]*\r?\n", re.IGNORECASE | re.DOTALL)
_INSERT_QUERY = re.compile(r"\s*(INSERT\s+INTO\s+.+?)\s+FORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE | re.DOTALL)
_FORMAT = re.compile(r"\bFORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
_ERROR_CODE = re.compile(r"Code: (\d+)")
_SETTING_NAME = re.compile(r"[a-z][a-z0-9_]*$")


class Address(msgspec.Struct, frozen=True):
    """Where a running engine listens, as kept in `engine.json`."""

    port: int
    secret: str
    pid: int


def address_file(directory: Path) -> Path:
    return directory / "engine.json"


def read_address(directory: Path) -> Address | None:
    """The address an engine of this directory announced last; it may be gone since."""
    try:
        return msgspec.json.decode(address_file(directory).read_bytes(), type=Address)
    except (OSError, msgspec.MsgspecError):
        return None


def is_running(directory: Path) -> bool:
    """Whether some process holds the directory open."""
    try:
        with (directory / "engine.lock").open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return True
            return False
    except FileNotFoundError:
        return False


class EngineError(Exception):
    """An error of the engine in ClickHouse's own words, with its code."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        found = _ERROR_CODE.search(message)
        self.code = int(found.group(1)) if found else 1001


class Result(msgspec.Struct, frozen=True):
    body: bytes
    format: str
    rows_read: int = 0
    rows_written: int = 0


class Engine:
    """chDB on one directory, with a bounded pool of connections: one query at a time on each, many side by side."""

    def __init__(self, directory: Path, connections: int = CONNECTIONS) -> None:
        # Takes a second and 200 MB, which only the engine's process should pay.
        chdb: Any = importlib.import_module("chdb._chdb")

        store = directory / "clickhouse"
        store.mkdir(parents=True, exist_ok=True)
        self._connect: Callable[[], Any] = lambda: chdb.connect(f"{store}?config-file={_write_config(directory)}")
        self._free: queue.LifoQueue[Any] = queue.LifoQueue()
        self._defaults = engine_settings()
        first = self._open()
        first.query(f"CREATE DATABASE IF NOT EXISTS {DATABASE} ENGINE = Atomic")
        self._free.put(first)
        for _ in range(connections - 1):
            self._free.put(None)

    def _open(self) -> Any:
        connection = self._connect()
        connection.query("SET " + ", ".join(f"{name} = {_quote(value)}" for name, value in self._defaults.items()))
        return connection

    @contextlib.contextmanager
    def _connection(self, database: str) -> Iterator[Any]:
        connection = self._free.get()
        try:
            if connection is None:
                connection = self._open()
            connection.query(f"USE {_identifier(database)}")
            yield connection
        except RuntimeError as error:
            raise EngineError(str(error)) from None
        finally:
            self._free.put(connection)

    def run(
        self, sql: str, data: bytes | None, params: Mapping[str, str], settings: Mapping[str, str], database: str
    ) -> Result:
        """One statement; `data` is what follows an INSERT … FORMAT."""
        with self._connection(database) as connection:
            changed = {name: value for name, value in settings.items() if _SETTING_NAME.match(name)}
            try:
                for name, value in changed.items():
                    connection.query(f"SET {name} = {_quote(value)}")
                if data is not None:
                    return _insert(connection, sql, data, params)
                return _query(connection, sql, params)
            finally:
                for name in changed:
                    default = self._defaults.get(name)
                    value = "DEFAULT" if default is None else _quote(default)
                    with contextlib.suppress(RuntimeError):
                        connection.query(f"SET {name} = {value}")


def _query(connection: Any, sql: str, params: Mapping[str, str]) -> Result:
    found = _FORMAT.search(sql)
    output = found.group(1) if found else "TabSeparated"
    answer = connection.query(sql, output, params=dict(params))
    if answer.has_error():
        raise EngineError(answer.error_message())
    # A view of the engine's memory must not outlive the answer, so it is copied once.
    return Result(bytes(answer.bytes() or b""), output, rows_read=answer.rows_read())


def _insert(connection: Any, sql: str, data: bytes, params: Mapping[str, str]) -> Result:
    head = _INSERT_QUERY.match(sql)
    if head is None:
        raise EngineError("Code: 62. DB::Exception: an INSERT with data must end with FORMAT. (SYNTAX_ERROR)")
    if not data:
        return Result(b"", "Null")
    memory = os.memfd_create("insert")
    try:
        with os.fdopen(os.dup(memory), "wb") as file:
            file.write(data)
        answer = connection.query(
            f"{head.group(1)} FROM INFILE '/proc/self/fd/{memory}' COMPRESSION 'none' FORMAT {head.group(2)}",
            "TabSeparated",
            params=dict(params),
        )
        if answer.has_error():
            raise EngineError(answer.error_message())
        return Result(b"", "Null", rows_written=answer.rows_written())
    finally:
        os.close(memory)


def memory_limit_bytes() -> int:
    """What all queries together may take: a quarter of the machine's memory, from 512 MB to 4 GB."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(512_000_000, min(4_000_000_000, total // 4))


def engine_settings() -> dict[str, str]:
    """Every connection's settings: all cores but one, a memory limit, and spilling to disk before it is reached."""
    threads = max(1, (os.cpu_count() or 2) - 1)
    query = memory_limit_bytes() * 3 // 4
    return {
        "max_threads": str(threads),
        "max_insert_threads": "1",
        "max_memory_usage": str(query),
        "max_bytes_before_external_group_by": str(query // 2),
        "max_bytes_before_external_sort": str(query // 2),
        "max_bytes_ratio_before_external_group_by": "0",
        "max_bytes_ratio_before_external_sort": "0",
        "join_algorithm": "parallel_hash,hash,grace_hash",
        "max_execution_time": "120",
        "allow_introspection_functions": "0",
        "date_time_input_format": "best_effort",
    }


def _write_config(directory: Path) -> Path:
    """Server-level settings, which chDB reads from a file only."""
    path = directory / "engine.xml"
    temporary = directory / "tmp"
    temporary.mkdir(exist_ok=True)
    text = f"""<clickhouse>
    <logger><level>none</level></logger>
    <max_server_memory_usage>{memory_limit_bytes()}</max_server_memory_usage>
    <mark_cache_size>67108864</mark_cache_size>
    <index_mark_cache_size>16777216</index_mark_cache_size>
    <uncompressed_cache_size>0</uncompressed_cache_size>
    <compiled_expression_cache_size>16777216</compiled_expression_cache_size>
    <background_pool_size>2</background_pool_size>
    <background_merges_mutations_concurrency_ratio>2</background_merges_mutations_concurrency_ratio>
    <background_schedule_pool_size>8</background_schedule_pool_size>
    <background_common_pool_size>2</background_common_pool_size>
    <background_move_pool_size>1</background_move_pool_size>
    <background_fetches_pool_size>1</background_fetches_pool_size>
    <tmp_path>{temporary}/</tmp_path>
    <backups><allowed_path>{directory / "backups"}/</allowed_path></backups>
    <merge_tree>
        <cleanup_delay_period>1</cleanup_delay_period>
        <cleanup_delay_period_random_add>0</cleanup_delay_period_random_add>
        <max_cleanup_delay_period>2</max_cleanup_delay_period>
        <merge_tree_clear_old_parts_interval_seconds>1</merge_tree_clear_old_parts_interval_seconds>
        <number_of_free_entries_in_pool_to_execute_mutation>1</number_of_free_entries_in_pool_to_execute_mutation>
        <number_of_free_entries_in_pool_to_lower_max_size_of_merge>1</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
        <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>1</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
    </merge_tree>
</clickhouse>
"""
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
    return path


def _quote(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _identifier(name: str) -> str:
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


class Request(msgspec.Struct, frozen=True):
    """One HTTP request as the engine needs it."""

    sql: str
    data: bytes | None
    params: dict[str, str]
    settings: dict[str, str]
    database: str


def read_request(query_string: str, content_type: str, body: bytes) -> Request:
    """Takes a request of ClickHouse's HTTP interface apart.

    The statement is the `query` parameter followed by the body; of an INSERT, what comes after `FORMAT name` is data.
    """
    fields = dict(parse_qsl(query_string, keep_blank_values=True))
    if content_type.startswith("multipart/form-data"):
        fields |= _form_fields(content_type, body)
        body = b""
    elif content_type.startswith("application/x-www-form-urlencoded"):
        fields |= dict(parse_qsl(body.decode(), keep_blank_values=True))
        body = b""
    sql = fields.get("query", "")
    data: bytes | None = None
    if sql:
        if _INSERT_QUERY.match(sql):
            data = body
        elif body:
            sql = f"{sql}\n{body.decode()}"
    elif head := _INSERT_HEAD.match(body[:100_000]):
        sql, data = head.group(0).decode().strip(), body[head.end() :]
    else:
        sql = body.decode()
    return Request(
        sql=sql,
        data=data,
        params={name.removeprefix("param_"): value for name, value in fields.items() if name.startswith("param_")},
        settings={
            name: value
            for name, value in fields.items()
            if not name.startswith("param_") and name not in TRANSPORT_PARAMETERS
        },
        database=fields.get("database") or DATABASE,
    )


def _form_fields(content_type: str, body: bytes) -> dict[str, str]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    fields: dict[str, str] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if name and isinstance(payload, bytes):
            fields[str(name)] = payload.decode()
    return fields


class EngineServer(ThreadingHTTPServer):
    """The engine's HTTP server on loopback."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, engine: Engine, secret: str, port: int) -> None:
        self.engine = engine
        self.secret = secret
        try:
            super().__init__(("127.0.0.1", port), Handler)
        except OSError:
            super().__init__(("127.0.0.1", 0), Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: EngineServer

    def do_GET(self) -> None:
        if urlsplit(self.path).path == "/ping":
            self._answer(200, b"Ok.\n", {})
            return
        self._statement(b"")

    def do_POST(self) -> None:
        self._statement(self._read_body())

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not logged: parameters hold what visitors typed."""

    def _statement(self, body: bytes) -> None:
        if not self._allowed():
            self._refuse(EngineError("Code: 516. DB::Exception: wrong secret. (AUTHENTICATION_FAILED)"), 401)
            return
        try:
            request = read_request(urlsplit(self.path).query, self.headers.get("Content-Type", ""), body)
            result = self.server.engine.run(
                request.sql, request.data, request.params, request.settings, request.database
            )
        except EngineError as error:
            self._refuse(error, 500)
            return
        except (UnicodeDecodeError, ValueError) as error:
            self._refuse(EngineError(f"Code: 27. DB::Exception: {error}. (CANNOT_PARSE_INPUT_ASSERTION_FAILED)"), 400)
            return
        summary = {"read_rows": str(result.rows_read), "written_rows": str(result.rows_written)}
        headers = {
            "X-ClickHouse-Format": result.format,
            "X-ClickHouse-Timezone": "UTC",
            "X-ClickHouse-Summary": json.dumps(summary),
        }
        self._answer(200, result.body, headers)

    def _allowed(self) -> bool:
        given = self.headers.get("Authorization", "")
        wanted = "Basic " + base64.b64encode(f"{USER}:{self.server.secret}".encode()).decode()
        return hmac.compare_digest(given, wanted)

    def _read_body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            body = b"".join(parts)
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        match self.headers.get("Content-Encoding", ""):
            case "gzip":
                return gzip.decompress(body)
            case "deflate":
                return zlib.decompress(body)
            case "zstd":
                zstandard: Any = importlib.import_module("zstandard")
                return bytes(zstandard.ZstdDecompressor().decompressobj().decompress(body))
            case "lz4":
                lz4: Any = importlib.import_module("lz4.frame")
                return bytes(lz4.decompress(body))
            case _:
                return body

    def _refuse(self, error: EngineError, status: int) -> None:
        self._answer(status, f"{error}\n".encode(), {"X-ClickHouse-Exception-Code": str(error.code)})

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def die_with_parent(pipe: int | None) -> None:
    """Ends this process when its parent is gone, however the parent went (Linux: PR_SET_PDEATHSIG; and a pipe)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if pipe is None:
        return

    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(pipe, 1):
                pass
        os._exit(0)

    threading.Thread(target=wait, name="parent", daemon=True).start()


def serve(directory: Path, ready: Any = None) -> None:
    """Holds the directory and serves it until ended."""
    directory.mkdir(parents=True, exist_ok=True)
    lock = (directory / "engine.lock").open("wb")
    if not _taken(lock):
        sys.exit(f"another process has the analytics store {directory} open")
    before = read_address(directory)
    engine = Engine(directory)
    server = EngineServer(engine, before.secret if before else secrets.token_urlsafe(32), before.port if before else 0)
    _announce(directory, Address(server.server_address[1], server.secret, os.getpid()))
    if ready:
        ready()
    server.serve_forever(poll_interval=0.5)


def _taken(lock: IO[bytes]) -> bool:
    """Takes the lock; a holder that was killed may need a moment to be gone."""
    deadline = time.monotonic() + DYING_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        else:
            return True


def _announce(directory: Path, address: Address) -> None:
    temporary = directory / f"engine.json.{address.pid}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(address))
    temporary.replace(address_file(directory))


def _close_on_signal(number: int, frame: object) -> None:
    # Inserts are synced before they are answered, so there is nothing to save; chDB's own shutdown can take seconds.
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(prog="playhead engine")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--parent-pipe", type=int)
    arguments = parser.parse_args()
    die_with_parent(arguments.parent_pipe)
    signal.signal(signal.SIGTERM, _close_on_signal)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        os.nice(5)
    serve(arguments.directory)


if __name__ == "__main__":
    main()
