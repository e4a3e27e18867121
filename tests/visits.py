"""Visits as an SDK tells them, delivered to the stores by delivery's own steps, without HTTP or a journal."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import msgspec

from playhead import clock
from playhead.capture.summary import look_through, read_events
from playhead.delivery import rows
from playhead.delivery.decode import Events, Recording
from playhead.delivery.insert import insert_rows
from playhead.delivery.segments import write_segments
from playhead.ids import new_ingest_id
from playhead.items import BatchSummary, EventRecord, Item, Kind, ProfileOperation
from playhead.journal import Flush
from playhead.stores import Stores

Event = dict[str, Any]
START = 1_795_341_600_000
EPOCH = "1795341600000-a1b2"


class Clock:
    """Epoch milliseconds that stand still; `clock.now += 1000` moves them."""

    def __init__(self, now: int) -> None:
        self.now = now


def meta(at: int, url: str = "https://shop.test/") -> Event:
    return {"type": 4, "timestamp": START + at, "data": {"href": url, "width": 1280, "height": 800}}


def snapshot(at: int) -> Event:
    return {"type": 2, "timestamp": START + at, "data": {"node": {"type": 0, "childNodes": [], "id": 1}}}


def page(at: int, url: str = "https://shop.test/") -> Event:
    return {
        "type": 5,
        "timestamp": START + at,
        "data": {"tag": "ph:page", "payload": {"href": url, "kind": "load"}},
    }


def click(at: int, x: int = 10, y: int = 10) -> Event:
    return {"type": 3, "timestamp": START + at, "data": {"source": 2, "type": 2, "id": 5, "x": x, "y": y}}


def mutation(at: int, text: str = "on") -> Event:
    return {"type": 3, "timestamp": START + at, "data": {"source": 0, "texts": [{"id": 3, "value": text}]}}


def opening(at: int = 0, url: str = "https://shop.test/") -> list[Event]:
    return [meta(at, url), snapshot(at + 1), page(at + 1, url)]


class Visit:
    """One replay of one visitor. `send` delivers a batch as our SDK's (with an epoch) or another's (without)."""

    def __init__(self, stores: Stores, project_id: str, replay_id: str = "", distinct_id: str = "$device:d1") -> None:
        self.stores = stores
        self.project_id = project_id
        self.replay_id = replay_id or str(uuid4())
        self.distinct_id = distinct_id

    def item(self, events: Sequence[Event], *, epoch: str = EPOCH, seq: int = 0, **more: Any) -> Item:
        text = msgspec.json.encode(list(events))
        payload = gzip.compress(text, mtime=0)
        seen = look_through(read_events(text, 50_000)[0], pages_are_told=bool(epoch))
        summary = BatchSummary(
            **(
                {name: getattr(seen, name) for name in type(seen).__struct_fields__}
                | {
                    "replay_id": self.replay_id,
                    "epoch": epoch,
                    "seq": seq,
                    "raw_bytes": len(text),
                    "digest": hashlib.blake2b(payload, digest_size=16).hexdigest(),
                    "distinct_id": self.distinct_id,
                    "device_id": self.distinct_id.removeprefix("$device:"),
                    "browser": "Chrome",
                    "os": "Linux",
                    "device": "Desktop",
                    "library": "playhead",
                    "library_version": "0.1.0",
                    "mask": "text",
                }
                | more
            )
        )
        return Item(
            self.project_id,
            new_ingest_id(),
            Kind.RECORDING,
            clock.now_ms(),
            msgspec.msgpack.encode(summary),
            payload,
        )

    def send(self, events: Sequence[Event], *, epoch: str = EPOCH, seq: int = 0, **more: Any) -> Item:
        item = self.item(events, epoch=epoch, seq=seq, **more)
        deliver(self.stores, [item])
        return item


def deliver(stores: Stores, items: Sequence[Item], flush_id: UUID | None = None) -> None:
    """One flush of recordings; the same `flush_id` and items again is a flush that is run again."""
    flush = Flush(flush_id or uuid4(), 0, 0, clock.now_ms())
    recordings = [Recording(item, msgspec.msgpack.decode(item.meta, type=BatchSummary)) for item in items]
    parts = write_segments(stores, flush, recordings, clock.now_ms(), 30)
    assert insert_rows(stores.analytics, "replay_parts", rows.PART_COLUMNS, parts) == {}


def track(
    stores: Stores,
    project_id: str,
    event: str,
    *,
    at: int = 0,
    distinct_id: str = "$device:d1",
    replay_id: str = "",
    device_id: str = "",
    user_id: str = "",
    insert_id: str = "",
    properties: dict[str, Any] | None = None,
) -> None:
    text = msgspec.json.encode(properties or {})
    record = EventRecord(
        event=event,
        distinct_id=distinct_id,
        client_time_ms=START + at,
        time_ms=START + at,
        properties=text,
        raw=msgspec.json.encode({**(properties or {}), "distinct_id": distinct_id}),
        insert_id=insert_id,
        device_id=device_id,
        user_id=user_id,
        replay_id=replay_id,
    )
    item = Item(project_id, new_ingest_id(), Kind.EVENTS, clock.now_ms(), b"", b"")
    events = Events(item, [record])
    insert_rows(stores.analytics, "identities", rows.IDENTITY_COLUMNS, rows.identity_rows(events))
    assert insert_rows(stores.analytics, "events", rows.EVENT_COLUMNS, rows.event_rows(events)) == {}


def set_profile(stores: Stores, project_id: str, distinct_id: str, **properties: Any) -> None:
    from playhead.delivery.decode import Profiles
    from playhead.people.profiles import refold

    operation = ProfileOperation(distinct_id, "$set", msgspec.json.encode(properties), START)
    item = Item(project_id, new_ingest_id(), Kind.PROFILES, clock.now_ms(), b"", b"")
    insert_rows(
        stores.analytics, "profile_operations", rows.OPERATION_COLUMNS, rows.operation_rows(Profiles(item, [operation]))
    )
    refold(stores.analytics, project_id, [distinct_id])
