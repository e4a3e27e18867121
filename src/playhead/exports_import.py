"""Mixpanel's exports → events and profiles: line by line through the journal, so memory and backlog stay small.

What is taken is named by its own ids (`$insert_id`, or the line's text), so a run that was broken off
is simply run again.
"""

from __future__ import annotations

import asyncio
import io
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any, Literal

import msgspec
from isal import igzip

from playhead.capture.body import IsalError, utf8
from playhead.capture.importer import read_exported
from playhead.capture.normalise import JsonObject, read_object
from playhead.capture.people import profile_operations
from playhead.capture.privacy import applied, mask_operations
from playhead.clock import now_ms
from playhead.errors import PlayheadError, Unavailable
from playhead.governance.patterns import Patterns
from playhead.governance.rules import NO_RULES, ProjectRules
from playhead.ids import new_ingest_id
from playhead.items import EventRecord, Item, Kind, ProfileOperation
from playhead.journal import Journal
from playhead.jsontext import deep_json, without_lone_surrogates

What = Literal["events", "people"]

STDIN = Path("-")
ITEM_RECORDS = 1_000
ITEM_BYTES = 2_000_000
# What may wait in the journal because of an import: a small part of what it takes, for visitors send at the same time.
BACKLOG_BYTES = 64_000_000
BACKLOG_SHARE = 4
WAIT_SECONDS = 0.2
# How long a journal that can't be written (a full disk) is waited for.
PATIENCE_SECONDS = 60.0
MAX_SHOWN = 10
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"

encode_records = msgspec.msgpack.Encoder().encode
_NO_META = encode_records(None)


class Progress(msgspec.Struct, frozen=True):
    """How far an import is: bytes of the file as it lies on the disk, `total_bytes` None for a pipe."""

    file: str
    read_bytes: int
    total_bytes: int | None
    taken: int
    wrong: int


class WrongLine(msgspec.Struct, frozen=True):
    number: int
    reason: str


class Imported(msgspec.Struct):
    """`taken` counts events (or people), `wrong` the lines that were not; the first of them are in `shown`."""

    file: str
    taken: int = 0
    wrong: int = 0
    shown: list[WrongLine] = []


class Importing:
    """An import into one project.

    `drain` is called while too much waits in the journal: it delivers, or waits for whoever does. Both take what the
    journal refuses for a while as a reason to wait, never as one to leave a line out.
    """

    def __init__(
        self,
        project_id: str,
        journal: Journal,
        *,
        drain: Callable[[], None],
        max_line_bytes: int,
        max_backlog_bytes: int,
        rules: ProjectRules = NO_RULES,
        say: Callable[[Progress], None] = lambda progress: None,
    ) -> None:
        self._project_id = project_id
        self._journal = journal
        self._drain = drain
        self._max_line_bytes = max_line_bytes
        self._max_backlog_bytes = min(BACKLOG_BYTES, max_backlog_bytes // BACKLOG_SHARE)
        self._patterns = applied(rules)
        self._say = say

    def file(self, path: Path, what: What) -> Imported:
        """Raises `PlayheadError` for a file that can't be read to its end; what was read till then is taken."""
        name = "stdin" if path == STDIN else str(path)
        found = Imported(name)
        with _opened(path) as source:
            broken = self._lines(source, found, what)
        if broken is not None:
            reason = getattr(broken, "strerror", None) or broken
            raise PlayheadError(
                f"{name}: can't be read to its end: {reason}; the {found.taken:,} before that are taken",
                code="unreadable",
            )
        return found

    def _lines(self, source: _Source, found: Imported, what: What) -> Exception | None:
        """Takes every line; answers why the file could not be read to its end."""
        batch: list[Any] = []
        size = 0
        broken: Exception | None = None
        lines = _lines_of(source.text, self._max_line_bytes)
        while True:
            try:
                number, line = next(lines)
            except StopIteration:
                break
            except (OSError, EOFError, IsalError) as error:
                broken = error
                break
            try:
                read = self._read(line, what)
            except PlayheadError as error:
                found.wrong += 1
                if len(found.shown) < MAX_SHOWN:
                    found.shown.append(WrongLine(number, error.message))
                continue
            batch += read
            size += len(line or b"")
            if len(batch) >= ITEM_RECORDS or size >= ITEM_BYTES:
                self._take(batch, source, found, what)
                batch, size = [], 0
        self._take(batch, source, found, what)
        return broken

    def _read(self, line: bytes | None, what: What) -> Sequence[Any]:
        if line is None:
            raise PlayheadError(f"the line is longer than {self._max_line_bytes:,} bytes")
        return _events(line, self._patterns) if what == "events" else _people(line, self._patterns)

    def _take(self, batch: Sequence[Any], source: _Source, found: Imported, what: What) -> None:
        self._append(batch, what)
        found.taken += len(batch)
        self._say(Progress(found.file, source.read_bytes, source.total_bytes, found.taken, found.wrong))

    def _append(self, batch: Sequence[Any], what: What) -> None:
        if not batch:
            return
        kind = Kind.EVENTS if what == "events" else Kind.PROFILES
        item = Item(self._project_id, new_ingest_id(), kind, now_ms(), _NO_META, encode_records(batch))
        while self._journal.stats().bytes > self._max_backlog_bytes:
            self._drain()
        refused_since = 0.0
        while True:
            try:
                asyncio.run(self._journal.append([item]))
            except Unavailable as error:
                refused_since = refused_since or time.monotonic()
                if error.code != "journal_full" and time.monotonic() - refused_since > PATIENCE_SECONDS:
                    raise
                self._drain()
            else:
                return


def _events(line: bytes, patterns: Patterns | None) -> list[EventRecord]:
    return [read_exported(_object_text(line), now_ms(), patterns)]


def _people(line: bytes, patterns: Patterns | None) -> list[ProfileOperation]:
    """The people of a line: one, or a page of them as the API answers (`{"results": […]}`)."""
    text = without_lone_surrogates(_object_text(line))
    made: list[ProfileOperation] = []
    with deep_json():
        read = read_object(text)
        page = read.get("results")
        for person in page if isinstance(page, list) else [read]:
            made += _person(person, patterns)
    return made


def _person(person: Any, patterns: Patterns | None) -> list[ProfileOperation]:
    properties = person.get("$properties") if isinstance(person, dict) else None
    if not isinstance(properties, dict):
        raise PlayheadError('not a person: {"$distinct_id": …, "$properties": {…}} was expected')
    members: JsonObject = {
        "$distinct_id": person.get("$distinct_id"),
        "$set": {name: value for name, value in properties.items() if name != "$last_seen"},
        "$time": _last_seen(properties.get("$last_seen")),
    }
    if patterns is not None:
        ((_, members, _),) = mask_operations([("", members, 0)], patterns)
    # The same person of the same export is the same operation.
    name = blake2b(msgspec.json.encode(members, order="deterministic"), digest_size=16).hexdigest()
    operations, rejected = profile_operations(members, 0, now_ms(), None, name)
    if rejected:
        raise PlayheadError(rejected[0].message.partition(": ")[2])
    return operations


def _last_seen(value: Any) -> int | None:
    """Epoch milliseconds of `$last_seen`, which is UTC without saying so."""
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1_000)


def _object_text(line: bytes) -> bytes:
    if line[:1] == b"[":
        raise PlayheadError("a JSON array; an export has one object a line (`jq -c '.[]'` makes it so)")
    if line[:1] != b"{":
        raise PlayheadError("not a JSON object")
    return utf8(line)


def _lines_of(text: IO[bytes], limit: int) -> Iterator[tuple[int, bytes | None]]:
    """The lines that are not empty, with their numbers; None for one that is longer than `limit`."""
    number = 0
    while line := text.readline(limit + 1):
        number += 1
        whole = len(line) <= limit
        while not line.endswith(b"\n") and (more := text.readline(limit + 1)):
            whole, line = False, more
        if number == 1:
            line = line.removeprefix(_BOM)
        if not whole:
            yield number, None
        elif stripped := line.strip():
            yield number, stripped


class _Source:
    """An open file: its text, unpacked, and how much of it as it lies on the disk was read."""

    def __init__(self, raw: IO[bytes], total_bytes: int | None) -> None:
        counted = _Counted(raw)
        buffered = io.BufferedReader(counted, 1 << 20)
        packed = buffered.peek(2)[:2] == _GZIP
        self.text: IO[bytes] = igzip.IGzipFile(fileobj=buffered) if packed else buffered  # type: ignore[assignment, no-untyped-call]
        self.total_bytes = total_bytes
        self._counted = counted

    @property
    def read_bytes(self) -> int:
        return self._counted.count


class _Counted(io.RawIOBase):
    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        read: int = self._raw.readinto(buffer)  # type: ignore[attr-defined]
        self.count += read or 0
        return read


@contextmanager
def _opened(path: Path) -> Iterator[_Source]:
    if path == STDIN:
        yield _Source(sys.stdin.buffer, None)
        return
    with path.open("rb", buffering=0) as raw:
        total = path.stat().st_size if path.is_file() else None
        yield _Source(raw, total)
