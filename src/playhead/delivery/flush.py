"""One flush: a list of small steps from the journal to every store. Each may be run again at any time."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

import msgspec
import structlog

from playhead import clock
from playhead.delivery import rows, tombstones
from playhead.delivery.decode import Decoded, decode
from playhead.delivery.insert import insert_rows
from playhead.delivery.segments import write_segments
from playhead.governance.projects import deleted_projects
from playhead.journal import Flush, JournalQueue
from playhead.people.profiles import refold
from playhead.settings import Settings
from playhead.stores import Stores

log = structlog.get_logger(__name__)


class Delivered(msgspec.Struct, frozen=True):
    """What a flush held."""

    items: int
    bytes: int
    buried: int


class Delivery:
    """Moves what the journal holds into the stores, flush by flush, the open ones first. One per journal."""

    def __init__(self, queue: JournalQueue, stores: Stores, settings: Settings) -> None:
        self._queue = queue
        self._stores = stores
        self._settings = settings

    def run_once(self) -> Delivered | None:
        """One flush; None when nothing waits. Raises `Unavailable` when a store is down: the flush stays open."""
        flush = next(iter(self._queue.open_flushes()), None) or self._queue.begin_flush(self._settings.flush_bytes)
        return None if flush is None else self.run(flush)

    def run(self, flush: Flush) -> Delivered:
        """The steps. The journal lets go of the items only after every store has confirmed."""
        gone = deleted_projects(self._stores)
        items = [item for item in self._queue.items(flush) if item.project_id not in gone]
        decoded = decode(items)
        refused = dict(decoded.unreadable)
        control = self._stores.control
        deleted = tombstones.load(control, decoded, self._settings.secret)
        kept = tombstones.without_deleted(decoded, deleted)
        tombstones.bury_replays(control, decoded, deleted, clock.now_ms())
        refused |= self._write_recordings(flush, kept)
        refused |= self._write_events(kept)
        refused |= self._write_profiles(kept)
        refused |= self._write_groups(kept)
        self._bury(flush, refused)
        self._queue.confirm(flush)
        size = sum(len(item.payload) + len(item.meta) for item in items)
        return Delivered(len(items), size, len(refused))

    def _write_recordings(self, flush: Flush, decoded: Decoded) -> dict[UUID, str]:
        if not decoded.recordings:
            return {}
        parts = write_segments(self._stores, flush, decoded.recordings, clock.now_ms(), self._settings.retention_days)
        return insert_rows(self._stores.analytics, "replay_parts", rows.PART_COLUMNS, parts)

    def _write_events(self, decoded: Decoded) -> dict[UUID, str]:
        analytics = self._stores.analytics
        events = [row for each in decoded.events for row in rows.event_rows(each)]
        identities = [row for each in decoded.events for row in rows.identity_rows(each)]
        refused = insert_rows(analytics, "identities", rows.IDENTITY_COLUMNS, identities)
        return refused | insert_rows(analytics, "events", rows.EVENT_COLUMNS, events)

    def _write_profiles(self, decoded: Decoded) -> dict[UUID, str]:
        analytics = self._stores.analytics
        operations = [row for each in decoded.profiles for row in rows.operation_rows(each)]
        refused = insert_rows(analytics, "profile_operations", rows.OPERATION_COLUMNS, operations)
        touched: dict[str, set[str]] = defaultdict(set)
        for each in decoded.profiles:
            touched[each.item.project_id].update(operation.distinct_id for _, operation in each.kept)
        for project_id, distinct_ids in touched.items():
            refold(analytics, project_id, distinct_ids)
        return refused

    def _write_groups(self, decoded: Decoded) -> dict[UUID, str]:
        operations = [row for each in decoded.groups for row in rows.group_rows(each)]
        return insert_rows(self._stores.analytics, "group_operations", rows.GROUP_COLUMNS, operations)

    def _bury(self, flush: Flush, refused: dict[UUID, str]) -> None:
        for ingest_id, reason in refused.items():
            # The reason can quote what a visitor sent; it stays beside the item.
            log.warning("item_buried", ingest_id=str(ingest_id))
            self._queue.bury(flush, ingest_id, reason)
