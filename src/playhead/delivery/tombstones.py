"""What was deleted does not come back with a late batch or a retry: tombstones, checked at every flush."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec
from sqlalchemy import select

from playhead.delivery.decode import Decoded, Events, Profiles
from playhead.people.identity import DEVICE_PREFIX
from playhead.stores.control import Control
from playhead.stores.tables import Tombstone

IDS_AT_ONCE = 500


class Tombstones(msgspec.Struct, frozen=True):
    """The tombstones that matter to a flush: deleted replays, and people with when they were deleted, per project."""

    replays: frozenset[tuple[str, str]]
    people: Mapping[tuple[str, str], int]

    def covers_person(self, project_id: str, ids: Iterable[str], happened_at_ms: int) -> bool:
        """Whether one of the ids was deleted after this happened. What a person does later is theirs anew."""
        return any(happened_at_ms <= self.people.get((project_id, each), -1) for each in ids if each)


def load(control: Control, decoded: Decoded) -> Tombstones:
    """Reads the tombstones of every replay and person that occurs."""
    replays: dict[str, set[str]] = {}
    people: dict[str, set[str]] = {}
    for recording in decoded.recordings:
        summary = recording.summary
        project_id = recording.item.project_id
        replays.setdefault(project_id, set()).add(summary.replay_id)
        people.setdefault(project_id, set()).update(person_ids(summary.distinct_id, summary.device_id, summary.user_id))
    for events in decoded.events:
        known = people.setdefault(events.item.project_id, set())
        for record in events.records:
            known.update(person_ids(record.distinct_id, record.device_id, record.user_id))
    for profiles in decoded.profiles:
        known = people.setdefault(profiles.item.project_id, set())
        for operation in profiles.operations:
            known.update(person_ids(operation.distinct_id, operation.device_id, operation.user_id))
    return Tombstones(
        frozenset(key for key, _ in _read(control, "replay", replays)), dict(_read(control, "person", people))
    )


def without_deleted(decoded: Decoded, tombstones: Tombstones) -> Decoded:
    """The flush without what belongs to deleted replays and people."""
    if not tombstones.replays and not tombstones.people:
        return decoded
    covers = tombstones.covers_person
    # What stays keeps its index, by which the store knows it when it is delivered or sent again.
    events = [
        Events(
            each.item,
            each.records,
            frozenset(
                index
                for index, record in enumerate(each.records)
                if covers(
                    each.item.project_id,
                    person_ids(record.distinct_id, record.device_id, record.user_id),
                    record.time_ms,
                )
            ),
        )
        for each in decoded.events
    ]
    profiles = [
        Profiles(
            each.item,
            each.operations,
            frozenset(
                index
                for index, operation in enumerate(each.operations)
                if covers(
                    each.item.project_id,
                    person_ids(operation.distinct_id, operation.device_id, operation.user_id),
                    operation.time_ms,
                )
            ),
        )
        for each in decoded.profiles
    ]
    recordings = [
        each
        for each in decoded.recordings
        if (each.item.project_id, each.summary.replay_id) not in tombstones.replays
        and not covers(
            each.item.project_id,
            person_ids(each.summary.distinct_id, each.summary.device_id, each.summary.user_id),
            each.summary.first_ms + each.summary.clock_offset_ms,
        )
    ]
    return msgspec.structs.replace(decoded, events=events, profiles=profiles, recordings=recordings)


def person_ids(distinct_id: str, device_id: str, user_id: str) -> set[str]:
    """Every id a tombstone of this person can carry."""
    found = {distinct_id, user_id}
    if device_id:
        found |= {device_id, DEVICE_PREFIX + device_id}
    return found - {""}


def _read(control: Control, kind: str, ids: Mapping[str, Collection[str]]) -> list[tuple[tuple[str, str], int]]:
    found: list[tuple[tuple[str, str], int]] = []
    with control.read() as session:
        for project_id, wanted in ids.items():
            ordered = sorted(wanted)
            for start in range(0, len(ordered), IDS_AT_ONCE):
                rows = session.execute(
                    select(Tombstone.id, Tombstone.created_at_ms).where(
                        Tombstone.project_id == project_id,
                        Tombstone.kind == kind,
                        Tombstone.id.in_(ordered[start : start + IDS_AT_ONCE]),
                    )
                )
                found.extend(((project_id, each), created_at_ms) for each, created_at_ms in rows)
    return found
