"""rrweb files → replays, by the same way as everything else: through the journal."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import msgspec

from playhead.capture.body import GZIP_MAGIC, gunzip
from playhead.capture.record import Batch, summarise
from playhead.capture.requests import Request
from playhead.capture.useragent import read_user_agent
from playhead.clock import now_ms
from playhead.errors import PlayheadError, TooLarge
from playhead.governance.rules import NO_RULES, ProjectRules
from playhead.ids import new_ingest_id
from playhead.items import Item, Kind
from playhead.journal import Journal
from playhead.jsontext import deep_json
from playhead.settings import Settings

# Names the replays of imported files: the same file imported again is the same replay.
NAMESPACE = UUID("8a0b5f0e-8f5e-4c3e-9a57-0d4cf6a2b1c3")
BATCH_BYTES = 2_000_000
APPEND_BYTES = 16_000_000
# A file is held in memory whole, and a gzip bomb costs no more than this.
MAX_FILE_BYTES = 500_000_000

_array = msgspec.json.Decoder(list[msgspec.Raw])


class _Stamped(msgspec.Struct):
    timestamp: float


_stamped = msgspec.json.Decoder(_Stamped)


class Imported(msgspec.Struct, frozen=True):
    file: str
    replay_id: str
    events: int


def read_file(path: Path) -> bytes:
    """The file's JSON text, unpacked. Raises PlayheadError for what can't be read."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise PlayheadError(f"{path}: {error.strerror or error}", code="unreadable") from None
    if len(content) > MAX_FILE_BYTES:
        raise TooLarge(f"{path}: larger than {MAX_FILE_BYTES:,} bytes", code="file_too_large")
    if not content.startswith(GZIP_MAGIC):
        return content
    try:
        return gunzip(content, MAX_FILE_BYTES)[0]
    except TooLarge:
        raise TooLarge(f"{path}: unpacks to more than {MAX_FILE_BYTES:,} bytes", code="unpacked_too_large") from None
    except PlayheadError as error:
        raise PlayheadError(f"{path}: not a whole gzip file: {error.message}", code="not_gzip") from None


def read_rrweb(text: bytes) -> list[msgspec.Raw]:
    """The rrweb events of an array, of `{"events": […]}`, or of NDJSON. Raises PlayheadError naming the first fault."""
    start = text[:64].lstrip()[:1]
    try:
        if start == b"[":
            events = _array.decode(text)
        else:
            lines = [line for line in text.splitlines() if line.strip()]
            events = [msgspec.Raw(line) for line in lines]
            if len(events) == 1:
                whole = msgspec.json.decode(events[0])
                if isinstance(whole, dict) and isinstance(whole.get("events"), list):
                    events = [msgspec.Raw(msgspec.json.encode(each)) for each in whole["events"]]
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise PlayheadError(f"not JSON: {error}", code="not_json") from None
    if not events:
        raise PlayheadError("holds no rrweb events", code="no_events")
    return events


def cut(events: Sequence[msgspec.Raw], limit_events: int) -> Iterator[list[msgspec.Raw]]:
    """Batches of about `BATCH_BYTES`, in time order, cut only where the time changes.

    Batches of unnumbered events are merged as multisets, so equal events of one millisecond must lie in one batch.
    """
    try:
        timed = sorted(((_stamped.decode(event).timestamp, index) for index, event in enumerate(events)))
    except msgspec.MsgspecError as error:
        raise PlayheadError(f"not rrweb events: {error}", code="not_rrweb") from None
    batch: list[msgspec.Raw] = []
    size = 0
    last: float | None = None
    for at, index in timed:
        event = events[index]
        if batch and at != last and (size + len(event) > BATCH_BYTES or len(batch) >= limit_events // 2):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += len(event)
        last = at
    yield batch


def import_files(
    paths: Sequence[Path], project_id: str, settings: Settings, journal: Journal, rules: ProjectRules = NO_RULES
) -> list[Imported]:
    """Every file as one replay, under the project's privacy rules.

    All files are read before anything is taken, so that a bad one changes nothing.
    """
    prepared: list[tuple[Imported, list[Item]]] = []
    for path in paths:
        try:
            prepared.append(_prepare(path, project_id, settings, rules))
        except PlayheadError as error:
            message = error.message if error.message.startswith(str(path)) else f"{path}: {error.message}"
            raise PlayheadError(message, code=error.code) from None
    for _, items in prepared:
        _append(journal, items)
    return [imported for imported, _ in prepared]


def _prepare(path: Path, project_id: str, settings: Settings, rules: ProjectRules) -> tuple[Imported, list[Item]]:
    text = read_file(path)
    with deep_json():
        events = read_rrweb(text)
        batches = list(cut(events, settings.max_rrweb_events))
    replay_id = str(uuid5(uuid5(NAMESPACE, project_id), hashlib.blake2b(text).hexdigest()))
    received_at_ms = now_ms()
    items: list[Item] = []
    for body in map(_array_text, batches):
        scope: dict[str, Any] = {"method": "POST", "headers": [], "query_string": b"mp_lib=import"}
        request = Request(scope, _no_body, received_at_ms)
        batch = Batch(replay_id, "", 0, None, False, None)
        summarised = summarise(body, batch, request, read_user_agent(""), settings, rules)
        if summarised is None:
            continue
        summary, payload = summarised
        meta = msgspec.msgpack.encode(summary)
        items.append(Item(project_id, new_ingest_id(), Kind.RECORDING, received_at_ms, meta, payload))
    return Imported(path.name, replay_id, len(events)), items


def _append(journal: Journal, items: Sequence[Item]) -> None:
    some: list[Item] = []
    size = 0
    for item in items:
        some.append(item)
        size += len(item.payload)
        if size > APPEND_BYTES:
            asyncio.run(journal.append(some))
            some, size = [], 0
    if some:
        asyncio.run(journal.append(some))


def _array_text(events: Sequence[msgspec.Raw]) -> bytes:
    return b"[" + b",".join(bytes(event) for event in events) + b"]"


async def _no_body() -> dict[str, Any]:
    return {"type": "http.disconnect"}
