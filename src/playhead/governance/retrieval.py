"""The worker's part of a retrieval: everything there is of some people, as one ZIP.

The archive is written as a stream into objects of some megabytes each, `retrievals/{project}/{request_id}/{n}`: neither
writing nor downloading it takes more memory than one of them. A run that was cut off begins anew. The objects go when
the retrieval expires, and when one of its people is deleted.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from playhead.errors import Conflict, Gone, NotFound
from playhead.governance import audit, bundle, subjects
from playhead.governance.audit import SYSTEM
from playhead.governance.requests import Subject, changed, decoded, encoded, forgotten
from playhead.people.listing import profiles_of
from playhead.replays.access import find_replay
from playhead.replays.feed import FeedRow, feed_rows
from playhead.replays.reading import open_watchable, read_events
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.blobs import Blobs
from playhead.stores.tables import DataRequest

PART_BYTES = 8_000_000
EVENTS_AT_ONCE = 20_000
DAY_MS = 86_400_000
# CCPA asks for what was collected in the twelve months before.
CCPA_DAYS = 365

EVENTS_SQL = f"""
SELECT concat('{{"event":', toJSONString(event), ',"properties":', replaceRegexpAll(raw, '[\\\\r\\\\n]', ' '), '}}')
FROM events FINAL WHERE project_id = {{project_id:String}} AND {subjects.OWNED}
  AND time >= fromUnixTimestamp64Milli({{from_ms:Int64}})
ORDER BY time, event, distinct_id, insert_id
LIMIT {{limit:UInt32}} OFFSET {{offset:UInt64}}
"""  # noqa: S608  constants of this package
KINDS_SQL = f"""
SELECT toString(event) AS event, count() AS count,
       arraySort(groupUniqArrayArray(JSONExtractKeys({subjects.READABLE}))) AS properties
FROM events FINAL WHERE project_id = {{project_id:String}} AND {subjects.OWNED}
  AND time >= fromUnixTimestamp64Milli({{from_ms:Int64}})
GROUP BY event ORDER BY event
"""  # noqa: S608
SOURCES_SQL = f"""
SELECT JSONExtractString({subjects.READABLE}, 'mp_lib') AS library,
       domain(JSONExtractString({subjects.READABLE}, '$current_url')) AS site, count() AS count
FROM events FINAL WHERE project_id = {{project_id:String}} AND {subjects.OWNED}
  AND time >= fromUnixTimestamp64Milli({{from_ms:Int64}})
GROUP BY library, site ORDER BY count DESC, library, site
"""  # noqa: S608


class Parts(io.RawIOBase):
    """A file that is written once from front to end, kept as numbered objects."""

    def __init__(self, blobs: Blobs, folder: str) -> None:
        super().__init__()
        self._blobs = blobs
        self._folder = folder
        self._buffer = bytearray()
        self._count = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._buffer += data
        while len(self._buffer) >= PART_BYTES:
            self._put(PART_BYTES)
        return len(data)

    def finish(self) -> None:
        if self._buffer:
            self._put(len(self._buffer))

    def _put(self, length: int) -> None:
        self._blobs.put(f"{self._folder}/{self._count:06d}", bytes(self._buffer[:length]))
        del self._buffer[:length]
        self._count += 1


def folder_of(request: DataRequest) -> str:
    return f"retrievals/{request.project_id}/{request.request_id}"


def go_on(stores: Stores, settings: Settings, request: DataRequest, now_ms: int, stopped: Callable[[], bool]) -> None:
    """Makes the archive."""
    if request.state == "waiting":
        with changed(stores, request) as (_, row):
            if row.state == "waiting":
                row.state, row.started_at_ms = "running", now_ms
        if request.state != "running":
            return
    remove_files(stores, request)
    named = subjects.Listed(stores.analytics, request.project_id, request.request_id)
    named.drop()
    named.add("asked", decoded(request.subject).distinct_ids)
    ids = subjects.everyone(stores.analytics, request.project_id, request.request_id)
    named.add("found", ids)
    with changed(stores, request) as (_, row):
        subject = decoded(row.subject)
        subject.ids = ids
        row.subject, row.object = encoded(subject), folder_of(request)
    parts = Parts(stores.blobs, folder_of(request))
    with zipfile.ZipFile(parts, "w", zipfile.ZIP_DEFLATED) as archive:
        if not _Archive(stores, request, ids, archive, now_ms, stopped).write():
            return
    parts.finish()
    named.drop()
    with changed(stores, request) as (session, row):
        row.state, row.finished_at_ms, row.done = "done", now_ms, row.total
        audit.record(session, request.project_id, SYSTEM, "retrieval.finished", "request", request.request_id)


class _Archive:
    """What is written into one archive, in order: events, profiles, replays, and at the end what there is of each."""

    def __init__(  # noqa: PLR0917
        self,
        stores: Stores,
        request: DataRequest,
        ids: list[str],
        archive: zipfile.ZipFile,
        now_ms: int,
        stopped: Callable[[], bool],
    ) -> None:
        self._stores = stores
        self._request = request
        self._ids = ids
        self._archive = archive
        self._now_ms = now_ms
        self._stopped = stopped
        self._from_ms = now_ms - CCPA_DAYS * DAY_MS if request.compliance_type == "CCPA" else 0
        self._parameters: dict[str, Any] = {
            "project_id": request.project_id,
            "request_id": request.request_id,
            "kind": "found",
            "from_ms": self._from_ms,
        }

    def write(self) -> bool:
        """False when it was told to stop."""
        match self._request.disclosure_type:
            case "Categories":
                self._write_kinds("categories.json", KINDS_SQL)
                return True
            case "Sources":
                self._write_kinds("sources.json", SOURCES_SQL)
                return True
            case _:
                return self._write_data()

    def _write_kinds(self, name: str, sql: str) -> None:
        rows = self._stores.analytics.query(sql, self._parameters)
        self._put(name, [bundle.pretty(rows)])
        asked = decoded(self._request.subject).distinct_ids
        self._put("index.html", [bundle.kinds_page(asked, rows, self._now_ms)])

    def _write_data(self) -> bool:
        project_id = self._request.project_id
        found = subjects.replays_of(self._stores.analytics, project_id, self._request.request_id, "found")
        with changed(self._stores, self._request) as (_, row):
            row.total, row.done = len(found) + 1, 0
        counted = bundle.Counted()
        self._put("events.ndjson", self._events(counted))
        people = [
            each
            for some in subjects.by_length(self._ids)
            for each in profiles_of(self._stores.analytics, project_id, some).values()
        ]
        asked = decoded(self._request.subject).distinct_ids
        self._put("profile.json", [bundle.pretty({"distinct_ids": asked, "ids": self._ids, "profiles": people})])
        rows: list[FeedRow] = []
        withheld = 0
        for number, replay_id in enumerate(found):
            if self._stopped():
                return False
            written = self._replay(replay_id)
            rows += [written] if written else []
            withheld += written is None
            with changed(self._stores, self._request) as (_, request):
                request.done = number + 1
        self._put("index.html", [bundle.index_page(asked, self._ids, people, counted, rows, withheld, self._now_ms)])
        return True

    def _events(self, counted: bundle.Counted) -> Iterator[bytes]:
        offset = 0
        while True:
            page = self._parameters | {"limit": EVENTS_AT_ONCE, "offset": offset}
            text = self._stores.analytics.query_bytes(EVENTS_SQL, page, "TSVRaw")
            if not text:
                return
            lines = text.count(b"\n")
            counted.take(text)
            yield text
            if lines < EVENTS_AT_ONCE:
                return
            offset += lines

    def _replay(self, replay_id: str) -> FeedRow | None:
        """Writes one replay; None for one that can't be watched: deleted, expired, or not masked as it must be."""
        stores, project_id = self._stores, self._request.project_id
        try:
            replay = find_replay(stores.control, project_id, replay_id, self._now_ms)
            recording = open_watchable(stores, replay)
        except (Conflict, Gone, NotFound):
            return None
        rows = feed_rows(stores, project_id, [replay_id], self._now_ms)
        if not rows or replay.accepted_at_ms < self._from_ms:
            return None
        row = rows[0]

        def pieces() -> Iterator[bytes]:
            return read_events(stores, recording, None, None, snapshot=True)

        self._put(f"replays/{replay_id}.json", bundle.json_array(pieces()))
        if page := bundle.replay_page(row, pieces()):
            self._put(f"replays/{replay_id}.html", page)
        return row

    def _put(self, name: str, pieces: Any) -> None:
        at = datetime.fromtimestamp(self._now_ms / 1_000, UTC)
        info = zipfile.ZipInfo(name, at.timetuple()[:6])
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        with self._archive.open(info, "w", force_zip64=True) as file:
            for piece in pieces:
                file.write(piece)


def expires_at_ms(request: DataRequest, settings: Settings) -> int:
    """When the archive goes; 0 while there is none."""
    done = request.kind == "retrieval" and request.state == "done" and request.object
    return request.finished_at_ms + settings.retrieval_days * DAY_MS if done else 0


def archive_parts(stores: Stores, settings: Settings, request: DataRequest, now_ms: int) -> list[tuple[str, int]]:
    """The archive's objects in order, with their sizes. Raises `Conflict` while there is none, `Gone` afterwards."""
    if request.state in {"waiting", "running"}:
        raise Conflict("The retrieval is not done yet.", code="retrieval_not_done")
    if not 0 < now_ms < expires_at_ms(request, settings):
        raise Gone("The retrieval has expired, failed or was deleted: ask for it again.", code="retrieval_gone")
    return [(path, stores.blobs.size(path)) for path in sorted(stores.blobs.list(folder_of(request)))]


def remove_files(stores: Stores, request: DataRequest) -> int:
    """Deletes what there is of the archive; answers how many objects that were."""
    paths = list(stores.blobs.list(folder_of(request)))
    for path in paths:
        stores.blobs.delete(path)
    return len(paths)


def forget(stores: Stores, settings: Settings, request: DataRequest, error: str = "") -> int:
    """Takes the archive and the ids of a retrieval away; its row stays, to say that it was."""
    count = remove_files(stores, request)
    with changed(stores, request) as (_, row):
        row.subject, row.object = encoded(forgotten(request, settings)), ""
        if error:
            row.state, row.error = "failed", error
    return count


def remove_expired(stores: Stores, settings: Settings, now_ms: int) -> None:
    """Archives whose time is up, and what is left of those that failed or were called off."""
    with stores.control.read() as session:
        over = list(
            session.scalars(
                select(DataRequest).where(
                    stores.hold(DataRequest.project_id),
                    DataRequest.kind == "retrieval",
                    DataRequest.object != "",
                    DataRequest.state.in_(("done", "failed", "cancelled")),
                )
            )
        )
    for request in over:
        if expires_at_ms(request, settings) <= now_ms:
            forget(stores, settings, request)


def remove_of(stores: Stores, settings: Settings, deletion: DataRequest, subject: Subject) -> int:
    """Retrievals of whom a deletion is about: open or done, they go. Answers how many there were."""
    ids = {*subject.ids, *subject.distinct_ids}
    with stores.control.read() as session:
        theirs = list(
            session.scalars(
                select(DataRequest).where(
                    DataRequest.project_id == deletion.project_id, DataRequest.kind == "retrieval"
                )
            )
        )
    found = 0
    for request in theirs:
        asked = decoded(request.subject)
        if ids & {*asked.ids, *asked.distinct_ids}:
            open_still = request.state in {"waiting", "running"}
            forget(stores, settings, request, "One of these people was deleted meanwhile." if open_still else "")
            subjects.Listed(stores.analytics, deletion.project_id, request.request_id).drop()
            found += 1
    return found


def stream(blobs: Blobs, parts: list[tuple[str, int]]) -> Iterator[bytes]:
    for path, _ in parts:
        yield blobs.get(path)
