"""Journalled items → what is written: decoded by kind, what can't be read set aside with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never
from uuid import UUID

import msgspec

from playhead.items import BatchSummary, EventRecord, GroupOperation, Item, Kind, ProfileOperation

_events = msgspec.msgpack.Decoder(list[EventRecord])
_profiles = msgspec.msgpack.Decoder(list[ProfileOperation])
_groups = msgspec.msgpack.Decoder(list[GroupOperation])
_summary = msgspec.msgpack.Decoder(BatchSummary)


class Events(msgspec.Struct, frozen=True):
    """`dropped` are the indexes of records that are not to be stored; those of the others stay what they are."""

    item: Item
    records: list[EventRecord]
    dropped: frozenset[int] = frozenset()

    @property
    def kept(self) -> list[tuple[int, EventRecord]]:
        return [(index, each) for index, each in enumerate(self.records) if index not in self.dropped]


class Profiles(msgspec.Struct, frozen=True):
    """As `Events`."""

    item: Item
    operations: list[ProfileOperation]
    dropped: frozenset[int] = frozenset()

    @property
    def kept(self) -> list[tuple[int, ProfileOperation]]:
        return [(index, each) for index, each in enumerate(self.operations) if index not in self.dropped]


class Groups(msgspec.Struct, frozen=True):
    item: Item
    operations: list[GroupOperation]


class Recording(msgspec.Struct, frozen=True):
    item: Item
    summary: BatchSummary


class Decoded(msgspec.Struct, frozen=True):
    """The items of a flush by kind, in the order they were accepted. `unreadable` maps ingest ids to reasons."""

    events: list[Events]
    profiles: list[Profiles]
    groups: list[Groups]
    recordings: list[Recording]
    unreadable: dict[UUID, str]


def decode(items: Sequence[Item]) -> Decoded:
    decoded = Decoded([], [], [], [], {})
    for item in items:
        try:
            match item.kind:
                case Kind.EVENTS:
                    decoded.events.append(Events(item, _events.decode(item.payload)))
                case Kind.PROFILES:
                    decoded.profiles.append(Profiles(item, _profiles.decode(item.payload)))
                case Kind.GROUPS:
                    decoded.groups.append(Groups(item, _groups.decode(item.payload)))
                case Kind.RECORDING:
                    summary = _summary.decode(item.meta)
                    UUID(summary.replay_id)
                    decoded.recordings.append(Recording(item, summary))
                case _:
                    assert_never(item.kind)
        except (msgspec.MsgspecError, ValueError) as error:
            decoded.unreadable[item.ingest_id] = f"not a journalled {item.kind} item: {error}"
    return decoded
