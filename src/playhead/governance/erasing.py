"""The worker's part of a deletion: tombstones, then every store, then a look whether anything is left.

One deletion, in rounds of housekeeping; each step can be cut off and done again:

    waiting   nobody reads what it is about; it can be called off
    begin     everyone the ids resolve to → tombstones (from here on delivery refuses what comes) → `running`
    settle    what was accepted before the tombstones stood leaves the journal
    erase     replays, rows of the analytics store, retrievals' files, dead letters
    leave     the engine's old parts, SQLite's free pages and logs go from the disk
    forget    no id is left in the request's row
    check     every store is read again → the receipt → `done`
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from playhead.clock import rfc3339
from playhead.errors import PlayheadError, Unavailable
from playhead.governance import audit, checking, retrieval, subjects, unsaying
from playhead.governance.audit import SYSTEM
from playhead.governance.keys import drop_keys
from playhead.governance.requests import (
    STEPS,
    WAIT_MS,
    Counted,
    changed,
    decoded,
    encoded,
    forgotten,
    receipt_of,
)
from playhead.governance.tombstones import REPLAY, Pseudonyms, bury, unhide
from playhead.journal import JournalQueue
from playhead.replays import cutting, removal
from playhead.replays.sealing import AT_ONCE, never
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.tables import DataRequest

log = structlog.get_logger(__name__)

HOUR_MS = 3_600_000
# Journals of other nodes can't be looked into: a flush of theirs that had read no tombstones is over by then.
OTHERS_MS = 60_000

_WHERE = """ WHERE project_id = {project_id:String} AND """
_SETTINGS = " SETTINGS mutations_sync = 1, allow_nondeterministic_mutations = 1"
_THE = subjects.NAMED
ERASE_SQL = {
    "events": f"ALTER TABLE events DELETE{_WHERE}{subjects.OWNED}{_SETTINGS}",
    "profiles": f"ALTER TABLE profiles DELETE{_WHERE}distinct_id IN {_THE}{_SETTINGS}",
    "operations": f"ALTER TABLE profile_operations DELETE{_WHERE}{subjects.OWNED}{_SETTINGS}",
    "identities": f"ALTER TABLE identities DELETE{_WHERE}(user_id IN {_THE} OR device_id IN {_THE}){_SETTINGS}",
}
ERASE_EVENT_SQL = f"ALTER TABLE events DELETE{_WHERE}event IN {_THE}{_SETTINGS}"
TOLD = {"events": "events", "profiles": "profiles", "operations": "profile operations", "identities": "identities"}


def run_requests(stores: Stores, settings: Settings, now_ms: int, stopped: Callable[[], bool] = never) -> int:
    """Takes every open request as far as it goes now; answers how many it looked at."""
    with stores.control.read() as session:
        due = list(
            session.scalars(
                select(DataRequest)
                .where(
                    stores.hold(DataRequest.project_id),
                    (DataRequest.state == "running")
                    | ((DataRequest.state == "waiting") & (DataRequest.created_at_ms <= now_ms - WAIT_MS)),
                )
                .order_by(DataRequest.created_at_ms)
                .limit(AT_ONCE)
            )
        )
    for request in due:
        if stopped():
            break
        try:
            if request.kind == "deletion":
                Deletion(stores, settings, request, now_ms, stopped).go_on()
            else:
                retrieval.go_on(stores, settings, request, now_ms, stopped)
        except Unavailable:
            raise
        except Exception as error:  # one request's failure must not keep others from being done
            log.error("request_failed", request_id=request.request_id, error=type(error).__name__)
            _fail(stores, request, error, now_ms)
    retrieval.remove_expired(stores, settings, now_ms)
    return len(due)


def _fail(stores: Stores, request: DataRequest, error: Exception, now_ms: int) -> None:
    """What it hid stays hidden, and its tombstones stand: it can be asked for again."""
    # What the analytics store says can quote rows.
    known = isinstance(error, PlayheadError) and error.code != "analytics_refused"
    text = str(error) if known else f"It failed ({type(error).__name__}): ask for it again."
    with changed(stores, request) as (session, row):
        row.state, row.error, row.finished_at_ms = "failed", text[:500], now_ms
        audit.record(session, request.project_id, SYSTEM, f"{request.kind}.failed", "request", request.request_id)


class Deletion:
    """One deletion, as its row says."""

    def __init__(
        self, stores: Stores, settings: Settings, request: DataRequest, now_ms: int, stopped: Callable[[], bool]
    ) -> None:
        self._stores = stores
        self._settings = settings
        self._request = request
        self._now_ms = now_ms
        self._stopped = stopped
        self._subject = decoded(request.subject)
        self._named = subjects.Listed(stores.analytics, request.project_id, request.request_id)
        self._role: subjects.Role = "event" if request.what == "event" else "person"

    def go_on(self) -> None:
        if self._request.state == "waiting" and not self._begin():
            return
        if self._request.done < 1:
            if self._request.what in {"person", "replays"}:
                # At once, and counted here: another job takes what has a tombstone, and tells nobody how much it was.
                self._erase_replays()
            if not self._settled():
                return
            self._step(1)
        if self._request.done < 2:
            self._erase()
            if self._stopped():
                return
            self._step(2)
        if self._request.done < 3:
            if not self._has_left():
                return
            self._step(3)
        if self._request.done < 4:
            with changed(self._stores, self._request) as (_, row):
                row.subject, row.done = encoded(forgotten(self._request, self._settings)), 4
        self._finish()

    def _step(self, done: int) -> None:
        with changed(self._stores, self._request) as (_, row):
            row.done = done

    def _begin(self) -> bool:
        request, subject, control = self._request, self._subject, self._stores.control
        if request.what == "person":
            # Since it was asked for, more can have become known of them.
            self._named.add("asked", subject.distinct_ids)
            subject.ids = subjects.everyone(self._stores.analytics, request.project_id, request.request_id)
            self._named.add("person", subject.ids)
            subject.replay_ids = self._replays()
        if request.what == "event":
            self._named.add("event", [subject.event])
        quiet_ms = self._settings.deletion_quiet_hours * HOUR_MS if request.what == "person" else 0
        subject.until_ms = request.created_at_ms + quiet_ms
        pseudonyms = Pseudonyms(self._settings.secret, request.project_id)
        with changed(self._stores, request) as (session, row):
            begins = row.state == "waiting"
            if begins and request.what in {"person", "event"}:
                ids = [pseudonyms.of(each) for each in ([subject.event] if request.what == "event" else subject.ids)]
                bury(control, session, request.project_id, request.what, ids, self._now_ms, subject.until_ms)
            if begins:
                self._bury_replays(session)
                row.subject, row.state, row.started_at_ms, row.total = encoded(subject), "running", self._now_ms, STEPS
                audit.record(session, request.project_id, SYSTEM, "deletion.started", "request", request.request_id)
        if not begins:
            # Called off in this moment: nothing of it may stay hidden.
            self._named.drop()
        return begins

    def _bury_replays(self, session: Session) -> None:
        if self._request.what in {"person", "replays"}:
            project_id, replay_ids = self._request.project_id, self._subject.replay_ids
            bury(self._stores.control, session, project_id, REPLAY, replay_ids, self._now_ms)
            unhide(session, project_id, replay_ids)
            drop_keys(session, project_id, replay_ids)

    def _replays(self) -> list[str]:
        found = subjects.replays_of(
            self._stores.analytics, self._request.project_id, self._request.request_id, "person"
        )
        return sorted({*self._subject.replay_ids, *found})

    def _settled(self) -> bool:
        """Whether every flush that had not seen the tombstones is over."""
        if self._stores.control.engine.dialect.name != "sqlite":
            return self._now_ms - self._request.started_at_ms >= OTHERS_MS
        queue = JournalQueue.open(self._settings.journal_path, self._stores.keyring)
        try:
            return not queue.holds_of_before(self._request.started_at_ms)
        finally:
            queue.close()

    def _erase(self) -> None:
        request, subject, analytics = self._request, self._subject, self._stores.analytics
        match request.what:
            case "person":
                subject.replay_ids = self._replays()
                with changed(self._stores, request) as (session, row):
                    self._bury_replays(session)
                    row.subject = encoded(subject)
                self._erase_replays()
                self._erase_people()
                self._took("exports", "retrievals", retrieval.remove_of(self._stores, self._settings, request, subject))
                self._forget_failed()
            case "replays":
                self._erase_replays()
            case "event":
                parameters = self._parameters()
                found = analytics.query(subjects.EVENTS_NAMED_SQL, parameters, hidden=True)[0]["count"]
                self._took("analytics", "events", found)
                analytics.command(ERASE_EVENT_SQL, parameters)
            case "property":
                for what, count in unsaying.take_out(
                    self._stores, self._named, request.project_id, subject.property, subject.of
                ):
                    self._took("analytics", what, count)
            case _:
                took = cutting.cut(
                    self._stores, request.project_id, subject.replay_id, subject.from_ms, subject.to_ms, self._now_ms
                )
                self._took("blobs", "rrweb events", took)
        if not self._stopped():
            self._took("journal", "dead letters", self._dig_up())

    def _erase_replays(self) -> None:
        replay_ids, removed = self._subject.replay_ids, removal.Removed()
        for start in range(0, len(replay_ids), AT_ONCE):
            if self._stopped():
                return
            some = removal.remove_replays(
                self._stores, self._request.project_id, replay_ids[start : start + AT_ONCE], self._now_ms
            )
            removed.recordings += some.recordings
            removed.segments += some.segments
            removed.parts += some.parts
            removed.rows += some.rows
        self._took("blobs", "recordings", removed.recordings)
        self._took("blobs", "segments", removed.segments)
        self._took("analytics", "parts of replays", removed.parts)
        self._took("control", "replays", removed.rows)

    def _erase_people(self) -> None:
        if self._stopped():
            return
        parameters = self._parameters()
        found = subjects.counts(self._stores.analytics, self._request.project_id, self._request.request_id, self._role)
        for name, statement in ERASE_SQL.items():
            self._took("analytics", TOLD[name], getattr(found, name))
            self._stores.analytics.command(statement, parameters)

    def _forget_failed(self) -> None:
        """Deletions of the same people that failed still hold their ids, and hide what is no more."""
        ids = {*self._subject.ids, *self._subject.distinct_ids}
        with self._stores.control.read() as session:
            failed = list(
                session.scalars(
                    select(DataRequest).where(
                        DataRequest.project_id == self._request.project_id,
                        DataRequest.kind == "deletion",
                        DataRequest.state == "failed",
                    )
                )
            )
        for other in failed:
            theirs = decoded(other.subject)
            if ids & {*theirs.ids, *theirs.distinct_ids}:
                subjects.Listed(self._stores.analytics, other.project_id, other.request_id).drop()
                with changed(self._stores, other) as (_, row):
                    row.subject = encoded(forgotten(other, self._settings))

    def _parameters(self) -> dict[str, str]:
        return {
            "project_id": self._request.project_id,
            "request_id": self._request.request_id,
            "kind": self._role,
        }

    def _took(self, store: str, what: str, count: int) -> None:
        """Notes what goes; of a step that is done again after a kill the greater number counts."""
        if not count:
            return
        receipt = receipt_of(self._request)
        before = next((each.count for each in receipt.removed if (each.store, each.what) == (store, what)), 0)
        others = [each for each in receipt.removed if (each.store, each.what) != (store, what)]
        receipt.removed = [*others, Counted(store, what, max(before, count))]
        with changed(self._stores, self._request) as (_, row):
            row.receipt = msgspec.json.encode(receipt).decode()

    def _dig_up(self) -> int:
        """Dead letters that hold anything of it go whole: nobody will ever deliver them."""
        request = self._request
        if request.what == "property":
            return 0
        subject = msgspec.structs.replace(self._subject, people=forgotten(request, self._settings).people)
        covered = checking.Covered(self._stores, self._settings, request.project_id, subject)
        queue = JournalQueue.open(self._settings.journal_path, self._stores.keyring)
        try:
            return queue.dig_up(
                request.project_id,
                [
                    letter.item.ingest_id
                    for letter in queue.every_dead_letter()
                    if letter.item.project_id == request.project_id and covered.holds(letter.item)
                ],
            )
        finally:
            queue.close()

    def _has_left(self) -> bool:
        """Whether what was deleted is off the disk, too."""
        if not self._subject.erased_ms:
            self._named.drop()
            self._subject.erased_ms = checking.engine_now_ms(self._stores)
            with changed(self._stores, self._request) as (_, row):
                row.subject = encoded(self._subject)
        if checking.stale_parts(self._stores, self._subject.erased_ms):
            return False
        queue = JournalQueue.open(self._settings.journal_path, self._stores.keyring)
        try:
            return queue.forget()
        finally:
            queue.close()

    def _finish(self) -> None:
        request = self._request
        self._stores.control.forget()
        check(self._stores, self._settings, request, self._now_ms)
        with changed(self._stores, request) as (session, row):
            row.state, row.done, row.finished_at_ms = "done", STEPS, self._now_ms
            detail = {"what": request.what}
            audit.record(
                session, request.project_id, SYSTEM, "deletion.finished", "request", request.request_id, detail
            )


def erase_now(stores: Stores, settings: Settings, request: DataRequest, now_ms: int) -> None:
    """Takes what the request is about off the stores at once. The worker does it again when what waits in the journal
    is delivered: for a restore, after which nobody may read it in between."""
    Deletion(stores, settings, request, now_ms, never)._erase()


def check(stores: Stores, settings: Settings, request: DataRequest, now_ms: int) -> None:
    """Reads every store again, and writes into the request's receipt what is left of what was deleted."""
    left = checking.what_is_left(stores, settings, request)
    receipt = receipt_of(request)
    receipt.left, receipt.clean, receipt.checked_at = left, not left, rfc3339(now_ms)
    with changed(stores, request) as (_, row):
        row.receipt = msgspec.json.encode(receipt).decode()
