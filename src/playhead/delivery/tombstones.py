"""What was deleted does not come back with a late batch or a retry: tombstones, checked at every flush."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from playhead.delivery.decode import Decoded, Events, Profiles
from playhead.governance.tombstones import REPLAY, Pseudonyms, any_of, bury, standing
from playhead.items import EventRecord, ProfileOperation
from playhead.people.identity import DEVICE_PREFIX
from playhead.stores.control import Control

PERSON, EVENT = "person", "event"

Named = tuple[str, str]


class Tombstones(msgspec.Struct, frozen=True):
    """The tombstones that matter to a flush: deleted replays, and until when what people did and events of a name are
    refused. Keys are (project, what it is called in clear)."""

    replays: frozenset[Named] = frozenset()
    people: Mapping[Named, int] = {}
    events: Mapping[Named, int] = {}

    def covers_person(self, project_id: str, ids: Iterable[str], happened_at_ms: int) -> bool:
        """Whether one of the ids is refused for what happened then. What a person does later is a new person's."""
        return any(happened_at_ms <= self.people.get((project_id, each), -1) for each in ids if each)

    def covers_event(self, project_id: str, record: EventRecord) -> bool:
        return self.covers_person(
            project_id, owner_ids(record.distinct_id, record.device_id, record.user_id), record.time_ms
        ) or record.time_ms <= self.events.get((project_id, record.event), -1)

    def covers_operation(self, project_id: str, operation: ProfileOperation) -> bool:
        return self.covers_person(
            project_id, owner_ids(operation.distinct_id, operation.device_id, operation.user_id), operation.time_ms
        )

    def __bool__(self) -> bool:
        return bool(self.replays or self.people or self.events)


class Names(msgspec.Struct):
    """What a flush holds of one project that a tombstone can name."""

    replays: set[str]
    people: set[str]
    events: set[str]


def load(control: Control, decoded: Decoded, secret: str) -> Tombstones:
    """Reads the tombstones of every replay, person and event that occurs."""
    named = _names(decoded)
    replays: set[Named] = set()
    found: dict[str, dict[Named, int]] = {PERSON: {}, EVENT: {}}
    with control.read() as session:
        some = any_of(session, named, (REPLAY, PERSON, EVENT))
        for project_id, names in named.items():
            if (project_id, REPLAY) in some:
                replays |= {(project_id, each) for each in standing(session, project_id, REPLAY, names.replays)}
            pseudonyms = Pseudonyms(secret, project_id)
            for kind, clear in ((PERSON, names.people), (EVENT, names.events)):
                if (project_id, kind) not in some:
                    continue
                by_pseudonym = {pseudonyms.of(each): each for each in clear}
                for pseudonym, until_ms in standing(session, project_id, kind, by_pseudonym).items():
                    found[kind][project_id, by_pseudonym[pseudonym]] = until_ms
    return Tombstones(frozenset(replays), found[PERSON], found[EVENT])


def _names(decoded: Decoded) -> dict[str, Names]:
    named: dict[str, Names] = {}

    def of(project_id: str) -> Names:
        return named.setdefault(project_id, Names(set(), set(), set()))

    for recording in decoded.recordings:
        summary, names = recording.summary, of(recording.item.project_id)
        names.replays.add(summary.replay_id)
        names.people |= person_ids(summary.distinct_id, summary.device_id, summary.user_id)
    for events in decoded.events:
        names = of(events.item.project_id)
        for record in events.records:
            names.people |= owner_ids(record.distinct_id, record.device_id, record.user_id)
            names.events.add(record.event)
    for profiles in decoded.profiles:
        names = of(profiles.item.project_id)
        for operation in profiles.operations:
            names.people |= owner_ids(operation.distinct_id, operation.device_id, operation.user_id)
    return named


def without_deleted(decoded: Decoded, tombstones: Tombstones) -> Decoded:
    """The flush without what belongs to deleted replays, people and events."""
    if not tombstones:
        return decoded
    # What stays keeps its index, by which the store knows it when it is delivered or sent again.
    events = [
        Events(
            each.item,
            each.records,
            frozenset(
                index
                for index, record in enumerate(each.records)
                if tombstones.covers_event(each.item.project_id, record)
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
                if tombstones.covers_operation(each.item.project_id, operation)
            ),
        )
        for each in decoded.profiles
    ]
    deleted = tombstones.replays | _of_deleted_people(decoded, tombstones)
    recordings = [each for each in decoded.recordings if (each.item.project_id, each.summary.replay_id) not in deleted]
    return msgspec.structs.replace(decoded, events=events, profiles=profiles, recordings=recordings)


def bury_replays(control: Control, decoded: Decoded, tombstones: Tombstones, now_ms: int) -> None:
    """A replay that holds an id of a deleted person goes whole: what came of it before, and what will come."""
    found = _of_deleted_people(decoded, tombstones) - tombstones.replays
    if found:
        with control.write() as session:
            for project_id, replay_id in found:
                bury(control, session, project_id, REPLAY, [replay_id], now_ms)


def _of_deleted_people(decoded: Decoded, tombstones: Tombstones) -> frozenset[Named]:
    if not tombstones.people:
        return frozenset()
    return frozenset(
        (each.item.project_id, each.summary.replay_id)
        for each in decoded.recordings
        if tombstones.covers_person(
            each.item.project_id,
            person_ids(each.summary.distinct_id, each.summary.device_id, each.summary.user_id),
            each.summary.first_ms + each.summary.clock_offset_ms,
        )
    )


def person_ids(distinct_id: str, device_id: str, user_id: str) -> set[str]:
    """Every id by which somebody is in a recording: it is deleted with each of them."""
    found = {distinct_id, user_id}
    if device_id:
        found |= {device_id, DEVICE_PREFIX + device_id}
    return found - {""}


def owner_ids(distinct_id: str, device_id: str, user_id: str) -> set[str]:
    """Whose an event or a profile operation is. A device counts where nothing else says it: two people can share one,
    and the events of the other stay."""
    named = {distinct_id, user_id} - {""}
    return named or person_ids("", device_id, "")
