"""The look into every store after a deletion: what of the deleted is left, found by pseudonyms alone.

The analytics store computes the pseudonym of every id that it holds, so that a deletion can be checked long after its
ids are forgotten. What came in later and happened after the time in which a deleted person's data is refused is a new
person's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import select

from playhead.clock import now_ms
from playhead.delivery.decode import decode
from playhead.delivery.tombstones import Tombstones, load, person_ids, without_deleted
from playhead.governance import subjects
from playhead.governance.requests import Counted, Subject, decoded
from playhead.governance.tombstones import Pseudonyms, batched
from playhead.items import Item
from playhead.journal import JournalQueue
from playhead.people.identity import DEVICE_PREFIX
from playhead.replays.removal import segments_of
from playhead.replays.sealing import recording_prefix
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.analytics import Analytics
from playhead.stores.tables import Bookmark, DataRequest, Replay, SharedReplay, ShareLink, Signal

IN_FLIGHT_MS = 60_000

# HMAC-SHA-256 in SQL (RFC 2104): `inner` and `outer` are the key, padded and masked, in hexadecimal.
_PSEUDONYM = (
    "lower(hex(substring("
    "SHA256(concat(unhex({{outer:String}}), SHA256(concat(unhex({{inner:String}}), {id})))), 1, 16)))"
)
_GIVEN = "(SELECT id FROM erasing WHERE request_id = {request_id:String} AND kind = 'pseudonym')"


def _deleted(table: str, column: str) -> str:
    """Values of a column whose pseudonym was given."""
    pseudonym = _PSEUDONYM.format(id="value")
    return f"""(SELECT value FROM (SELECT DISTINCT {column} AS value FROM {table}
        WHERE project_id = {{project_id:String}} AND {column} != '') WHERE {pseudonym} IN {_GIVEN})"""  # noqa: S608


_BEFORE = "<= fromUnixTimestamp64Milli({until_ms:Int64})"
PEOPLE_SQL = {
    "events": f"""SELECT count() AS count FROM events WHERE project_id = {{project_id:String}} AND time {_BEFORE}
        AND (distinct_id IN {_deleted("events", "distinct_id")} OR user_id IN {_deleted("events", "user_id")})""",  # noqa: S608
    "profiles": f"""SELECT count() AS count FROM profiles WHERE project_id = {{project_id:String}}
        AND first_seen {_BEFORE} AND distinct_id IN {_deleted("profiles", "distinct_id")}""",  # noqa: S608
    "profile operations": f"""SELECT count() AS count FROM profile_operations
        WHERE project_id = {{project_id:String}} AND time {_BEFORE}
        AND distinct_id IN {_deleted("profile_operations", "distinct_id")}""",  # noqa: S608
    "identities": f"""SELECT count() AS count FROM identities WHERE project_id = {{project_id:String}}
        AND received_at {_BEFORE} AND (user_id IN {_deleted("identities", "user_id")}
        OR (device_id IN {_deleted("identities", "device_id")}
            AND received_at <= fromUnixTimestamp64Milli({{asked_ms:Int64}})))""",  # noqa: S608
    "parts of replays": f"""SELECT count() AS count FROM replay_parts WHERE project_id = {{project_id:String}}
        AND first_ms + clock_offset_ms <= {{until_ms:Int64}}
        AND arrayExists(id -> {_PSEUDONYM.format(id="id")} IN {_GIVEN},
            arrayConcat(distinct_ids, device_ids, user_ids))""",  # noqa: S608
}  # fmt: skip
EVENTS_SQL = f"""
SELECT count() AS count FROM events WHERE project_id = {{project_id:String}} AND time {_BEFORE}
  AND event IN {_deleted("events", "event")}
"""  # noqa: S608
PARTS_SQL = """
SELECT count() AS count FROM replay_parts
WHERE project_id = {project_id:String} AND replay_id IN (
    SELECT toUUID(id) FROM erasing WHERE request_id = {request_id:String} AND kind = 'found')
"""
KNOWN_SQL = {
    "person": f"""
SELECT DISTINCT value FROM (
    SELECT arrayJoin([distinct_id, user_id, device_id, concat('{DEVICE_PREFIX}', device_id)]) AS value
    FROM events WHERE project_id = {{project_id:String}}
    UNION DISTINCT SELECT distinct_id AS value FROM profiles WHERE project_id = {{project_id:String}}
    UNION DISTINCT SELECT distinct_id AS value FROM profile_operations WHERE project_id = {{project_id:String}}
    UNION DISTINCT SELECT arrayJoin(arrayConcat(distinct_ids, device_ids, user_ids)) AS value
    FROM replay_parts WHERE project_id = {{project_id:String}}
) WHERE value != '' AND {_PSEUDONYM.format(id="value")} IN {_GIVEN} ORDER BY value
""",  # noqa: S608
    "event": f"""
SELECT DISTINCT event AS value FROM events
WHERE project_id = {{project_id:String}} AND {_PSEUDONYM.format(id="event")} IN {_GIVEN} ORDER BY value
""",  # noqa: S608
}  # fmt: skip
NOW_SQL = "SELECT toUnixTimestamp64Milli(now64(3)) AS now_ms"
# An engine at work always has some that it has just replaced.
STALE_SQL = """
SELECT count() AS count FROM system.parts
WHERE database = currentDatabase() AND NOT active AND remove_time <= fromUnixTimestamp64Milli({erased_ms:Int64})
"""


def what_is_left(stores: Stores, settings: Settings, request: DataRequest) -> list[Counted]:
    """What of a deletion's subject any store still holds; empty when it is gone."""
    project_id, what, subject = request.project_id, request.what, decoded(request.subject)
    left = _in_analytics(stores, settings, request, subject)
    left += _in_blobs(stores, project_id, subject.replay_ids if what in {"person", "replays"} else [])
    left += _in_control(stores, settings, project_id, what, subject)
    left += _in_journal(stores, settings, project_id, subject)
    return [each for each in left if each.count]


def _in_analytics(stores: Stores, settings: Settings, request: DataRequest, subject: Subject) -> list[Counted]:
    analytics, project_id, what = stores.analytics, request.project_id, request.what
    if what == "property":
        events, profiles = subjects.rows_with_property(analytics, project_id, subject.property, subject.of)
        return [Counted("analytics", "events", events), Counted("analytics", "profiles", profiles)]
    # Afterwards a device that two people share can be the other's.
    parameters: dict[str, Any] = {
        "project_id": project_id,
        "until_ms": subject.until_ms,
        "asked_ms": request.created_at_ms,
    }
    parameters |= _masks(Pseudonyms(settings.secret, project_id).key)
    found = []
    with subjects.listed(analytics, project_id) as named:
        parameters["request_id"] = named.request_id
        named.add("pseudonym", subject.people)
        named.add("found", subject.replay_ids)
        questions = PEOPLE_SQL if what == "person" else {"events": EVENTS_SQL} if what == "event" else {}
        for name, sql in questions.items():
            found.append(Counted("analytics", name, analytics.query(sql, parameters, hidden=True)[0]["count"]))
        if what in {"person", "replays"}:
            parts = analytics.query(PARTS_SQL, parameters, hidden=True)[0]["count"]
            found.append(Counted("analytics", "parts of deleted replays", parts))
    return found


def _masks(key: bytes) -> dict[str, str]:
    padded = key.ljust(hashlib.sha256().block_size, b"\0")
    return {
        "inner": bytes(byte ^ 0x36 for byte in padded).hex(),
        "outer": bytes(byte ^ 0x5C for byte in padded).hex(),
    }


def _in_blobs(stores: Stores, project_id: str, replay_ids: Sequence[str]) -> list[Counted]:
    wanted = set(replay_ids)
    if not wanted:
        return []
    prefixes = {recording_prefix(project_id, each) for each in wanted}
    recordings = [
        path for prefix in sorted(prefixes) for path in stores.blobs.list(prefix) if wanted & set(path.split("/"))
    ]
    segments = [path for path, inside in segments_of(stores, project_id) if inside & wanted]
    return [Counted("blobs", "recordings", len(recordings)), Counted("blobs", "segments", len(segments))]


def _in_control(stores: Stores, settings: Settings, project_id: str, what: str, subject: Subject) -> list[Counted]:
    count, requests = 0, 0
    with stores.control.read() as session:
        if what in {"person", "replays"}:
            for some in batched(subject.replay_ids):
                for table in (Replay, Bookmark, ShareLink, SharedReplay, Signal):
                    count += len(
                        session.scalars(
                            select(table.replay_id).where(table.project_id == project_id, table.replay_id.in_(some))
                        ).all()
                    )
        if what == "person":
            pseudonyms = Pseudonyms(settings.secret, project_id)
            people = set(subject.people)
            for other in session.scalars(
                select(DataRequest).where(DataRequest.project_id == project_id, DataRequest.what == "person")
            ):
                if other.kind == "deletion" and other.state in {"waiting", "running"}:
                    continue
                theirs = decoded(other.subject)
                named = {pseudonyms.of(each) for each in [*theirs.distinct_ids, *theirs.ids]}
                requests += bool(named & people and other.created_at_ms <= subject.until_ms)
    return [Counted("control", "rows of replays", count), Counted("control", "requests", requests)]


def _in_journal(stores: Stores, settings: Settings, project_id: str, subject: Subject) -> list[Counted]:
    queue = JournalQueue.open(settings.journal_path, stores.keyring)
    try:
        covered = Covered(stores, settings, project_id, subject)
        # What delivery is about to refuse is in the journal for a moment.
        before_ms = now_ms() - IN_FLIGHT_MS
        waiting = sum(
            covered.holds(item)
            for item in queue.waiting()
            if item.project_id == project_id and item.received_at_ms < before_ms
        )
        dead = sum(
            covered.holds(letter.item) for letter in queue.every_dead_letter() if letter.item.project_id == project_id
        )
    finally:
        queue.close()
    return [Counted("journal", "items", waiting), Counted("journal", "dead letters", dead)]


class Covered:
    """Says of a journalled item whether any of it belongs to what a deletion is about."""

    def __init__(self, stores: Stores, settings: Settings, project_id: str, subject: Subject) -> None:
        self._stores = stores
        self._settings = settings
        self._people = frozenset(subject.people)
        self._replays = frozenset(subject.replay_ids)
        self._pseudonyms = Pseudonyms(settings.secret, project_id)
        self._clear = [each.encode() for each in subject.ids]

    def holds(self, item: Item) -> bool:
        """What can't be decoded is searched for the ids as they are written, while they are known."""
        decoded_item = decode([item])
        if decoded_item.unreadable:
            return any(each in item.payload or each in item.meta for each in self._clear)
        for recording in decoded_item.recordings:
            summary = recording.summary
            if summary.replay_id in self._replays:
                return True
            if self._any(person_ids(summary.distinct_id, summary.device_id, summary.user_id)):
                return self._refuses(item)
        for events in decoded_item.events:
            for record in events.records:
                if self._any(person_ids(record.distinct_id, record.device_id, record.user_id)) or self._any(
                    {record.event}
                ):
                    return self._refuses(item)
        for profiles in decoded_item.profiles:
            for operation in profiles.operations:
                if self._any(person_ids(operation.distinct_id, operation.device_id, operation.user_id)):
                    return self._refuses(item)
        return False

    def _any(self, ids: set[str]) -> bool:
        return any(self._pseudonyms.of(each) in self._people for each in ids)

    def _refuses(self, item: Item) -> bool:
        """Whether delivery would leave anything of the item out."""
        whole = decode([item])
        tombstones: Tombstones = load(self._stores.control, whole, self._settings.secret)
        kept = without_deleted(whole, tombstones)
        return (
            len(kept.recordings) < len(whole.recordings)
            or any(each.dropped for each in kept.events)
            or any(each.dropped for each in kept.profiles)
        )


def known_by(
    analytics: Analytics, secret: str, project_id: str, kind: Literal["person", "event"], pseudonyms: Sequence[str]
) -> list[str]:
    """The ids (or names of events) that the analytics store holds and that these pseudonyms stand for."""
    with subjects.listed(analytics, project_id) as named:
        named.add("pseudonym", pseudonyms)
        parameters = {"project_id": project_id, "request_id": named.request_id}
        parameters |= _masks(Pseudonyms(secret, project_id).key)
        return [row["value"] for row in analytics.query(KNOWN_SQL[kind], parameters, hidden=True)]


def engine_now_ms(stores: Stores) -> int:
    """What time it is by the analytics store's own clock."""
    return int(stores.analytics.query(NOW_SQL, hidden=True)[0]["now_ms"])


def stale_parts(stores: Stores, erased_ms: int) -> int:
    """Parts that were merged or mutated away by then and stand on the disk yet: what was deleted is in them."""
    return int(stores.analytics.query(STALE_SQL, {"erased_ms": erased_ms}, hidden=True)[0]["count"])
