"""Requests to delete or to retrieve data: their rows, how they are asked for, shown and called off.

The worker does what they ask (`governance.erasing`, `governance.retrieval`); a row is all that a job is, so one that
was cut off goes on where it stood. While a request is open its `subject` holds ids in clear; once it is over there are
only pseudonyms in it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from playhead.clock import rfc3339
from playhead.errors import Conflict, NotFound, PlayheadError
from playhead.governance import audit, subjects
from playhead.governance.audit import Actor
from playhead.governance.tombstones import HIDDEN, Pseudonyms, bury, unhide
from playhead.jsontext import read_body
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.tables import DataRequest

Kind = Literal["deletion", "retrieval"]
What = Literal["person", "replays", "stretch", "event", "property"]
State = Literal["waiting", "running", "done", "failed", "cancelled"]
Compliance = Literal["GDPR", "CCPA"]
Disclosure = Literal["Data", "Categories", "Sources"]

# A request can be called off for so long; then the worker begins.
WAIT_MS = 10_000
# The steps of a deletion, as its row counts them (governance/erasing.py).
STEPS = 5
MAX_IDS = 2_000
MAX_ID_LENGTH = 1_000
MAX_NAME_LENGTH = 1_000
SHOWN_IDS = 3


class Asked(msgspec.Struct, frozen=True, omit_defaults=True):
    """A deletion as it is asked for; which fields count depends on `what`."""

    what: What
    distinct_ids: list[str] = []
    replay_ids: list[str] = []
    replay_id: str = ""
    from_ms: float = 0
    to_ms: float = 0
    event: str = ""
    property: str = ""
    of: Literal["event", "profile"] = "event"
    compliance_type: Compliance = "GDPR"


class Subject(msgspec.Struct, omit_defaults=True):
    """What a request is about.

    `ids` are all that the asked ones resolve to, set when it begins; `people` are the pseudonyms of them, which are all
    that stays. What happened until `until_ms` is refused; by the engine's clock its rows were deleted at `erased_ms`.
    """

    distinct_ids: list[str] = []
    ids: list[str] = []
    people: list[str] = []
    asked: int = 0
    replay_ids: list[str] = []
    replay_id: str = ""
    from_ms: int = 0
    to_ms: int = 0
    event: str = ""
    property: str = ""
    of: str = ""
    until_ms: int = 0
    erased_ms: int = 0


class Counted(msgspec.Struct, frozen=True):
    """How many of what are in a store."""

    store: str
    what: str
    count: int


class Receipt(msgspec.Struct):
    """What was removed where, and what a look into every store afterwards found."""

    removed: list[Counted] = []
    checked_at: str | None = None
    clean: bool = False
    left: list[Counted] = []


class RequestView(msgspec.Struct, frozen=True):
    """A request as docs/api.md shows it."""

    request_id: str
    kind: str
    what: str
    state: str
    subject_text: str
    compliance_type: str
    requested_by: str
    created_at: str
    started_at: str | None
    finished_at: str | None
    total: int
    done: int
    receipt: Receipt | None
    error: str
    download_url: str | None = None
    expires_at: str | None = None


class DeletionPreview(msgspec.Struct, frozen=True):
    """What a deletion would take, before it is asked for."""

    people: int
    replays: int
    events: int
    profiles: int
    message: str


_asked = msgspec.json.Decoder(Asked)


def read_asked(body: bytes) -> Asked:
    """Raises `PlayheadError` saying what is wrong with the body."""
    asked: Asked = read_body(_asked, body, "bad_request")
    match asked.what:
        case "person":
            check_ids(asked.distinct_ids)
        case "replays":
            return msgspec.structs.replace(asked, replay_ids=_uuids(asked.replay_ids))
        case "stretch":
            if not 0 <= asked.from_ms < asked.to_ms <= 10**14:
                raise PlayheadError("`from_ms` and `to_ms` are epoch milliseconds, the first one smaller.")
            return msgspec.structs.replace(asked, replay_id=_uuids([asked.replay_id])[0])
        case "event":
            _check_name(asked.event, "event")
        case "property":
            _check_name(asked.property, "property")
    return asked


def check_ids(distinct_ids: Sequence[str]) -> None:
    """Raises `PlayheadError` unless these are 1 to 2,000 distinct_ids."""
    if not 1 <= len(distinct_ids) <= MAX_IDS:
        raise PlayheadError(f"`distinct_ids` is a list of 1 to {MAX_IDS} ids.", code="bad_distinct_ids")
    if any(not each.strip() or len(each) > MAX_ID_LENGTH or "\x00" in each for each in distinct_ids):
        raise PlayheadError(f"A distinct_id is a text of 1 to {MAX_ID_LENGTH} characters.", code="bad_distinct_ids")


def _check_name(name: str, field: str) -> None:
    if not name or len(name) > MAX_NAME_LENGTH or "\x00" in name:
        raise PlayheadError(f"`{field}` is a name of 1 to {MAX_NAME_LENGTH} characters.")


def _uuids(replay_ids: Sequence[str]) -> list[str]:
    if not 1 <= len(replay_ids) <= MAX_IDS:
        raise PlayheadError(f"`replay_ids` is a list of 1 to {MAX_IDS} replay ids.", code="bad_replay_id")
    try:
        return list(dict.fromkeys(str(UUID(each)) for each in replay_ids))
    except ValueError:
        raise PlayheadError("A replay id is a UUID.", code="bad_replay_id") from None


def preview(stores: Stores, project_id: str, asked: Asked) -> DeletionPreview:
    """What the deletion would take. Raises `NotFound` for replays of which none is there."""
    with subjects.listed(stores.analytics, project_id) as named:
        replays = _replays_asked(stores, project_id, asked)
        if asked.what == "person":
            named.add("asked", asked.distinct_ids)
            named.add("found", subjects.everyone(stores.analytics, project_id, named.request_id))
            replays = subjects.replays_of(stores.analytics, project_id, named.request_id, "found")
            found = subjects.counts(stores.analytics, project_id, named.request_id, "found")
            people = subjects.people_seen(stores.analytics, project_id, asked.distinct_ids)
            return DeletionPreview(
                people, len(replays), found.events, found.profiles, _told(people, found, len(replays))
            )
    match asked.what:
        case "replays":
            return DeletionPreview(0, len(replays), 0, 0, f"{_many(len(replays), 'replay')} will be deleted for good.")
        case "stretch":
            seconds = (asked.to_ms - asked.from_ms) / 1_000
            message = (
                f"{seconds:,.0f} s of the replay will be deleted for good. What follows plays from the page as it was "
                "before, until the recorder looked at the whole page again."
            )
            return DeletionPreview(0, 1, 0, 0, message)
        case "event":
            events = subjects.events_named(stores.analytics, project_id, asked.event)
            return DeletionPreview(0, 0, events, 0, f"{_many(events, 'event')} of this name will be deleted for good.")
        case _:
            events, profiles = subjects.rows_with_property(stores.analytics, project_id, asked.property, asked.of)
            of = _many(events, "event") if asked.of == "event" else _many(profiles, "profile")
            return DeletionPreview(0, 0, events, profiles, f"The property will be taken out of {of} for good.")


def _told(people: int, found: subjects.Counts, replays: int) -> str:
    if not people and not found.events and not replays:
        return "Nobody was seen by these ids. Deleting them refuses what arrives late."
    return (
        f"{_many(people, 'person', 'people')} with {_many(found.events, 'event')}, "
        f"{_many(found.profiles, 'profile')} and {_many(replays, 'replay')} will be deleted for good."
    )


def _many(count: int, one: str, several: str = "") -> str:
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def create_deletion(  # noqa: PLR0917
    stores: Stores, project_id: str, asked: Asked, actor: Actor, now_ms: int, request_id: str = ""
) -> DataRequest:
    """Asks for a deletion: from here on nobody reads what it is about, and after `WAIT_MS` the worker begins.

    With a `request_id` it is one that was asked for before, in stores that a backup has taken the place of. Raises
    `NotFound` for replays that are not there.
    """
    request = _row(project_id, "deletion", asked.what, asked.compliance_type, "", actor, now_ms)
    request.request_id = request_id or request.request_id
    replays = _replays_asked(stores, project_id, asked)
    subject = Subject(
        distinct_ids=list(dict.fromkeys(asked.distinct_ids)) if asked.what == "person" else [],
        replay_ids=replays,
        replay_id=asked.replay_id if asked.what == "stretch" else "",
        from_ms=int(asked.from_ms),
        to_ms=int(asked.to_ms),
        event=asked.event if asked.what == "event" else "",
        property=asked.property if asked.what == "property" else "",
        of=asked.of if asked.what == "property" else "",
    )
    named = subjects.Listed(stores.analytics, project_id, request.request_id)
    if asked.what == "person":
        named.add("asked", subject.distinct_ids)
        named.add("person", subjects.everyone(stores.analytics, project_id, request.request_id))
        replays = subjects.replays_of(stores.analytics, project_id, request.request_id, "person")
        subject.asked = len(subject.distinct_ids)
    elif asked.what == "event":
        named.add("event", [asked.event])
    subject.replay_ids = replays
    request.subject = encoded(subject)
    with stores.control.write() as session:
        if asked.what in {"person", "replays"}:
            bury(stores.control, session, project_id, HIDDEN, replays, now_ms)
        session.add(request)
        detail = {"what": asked.what}
        audit.record(session, project_id, actor, "deletion.requested", "request", request.request_id, detail)
    return request


def begun(session: Session, project_id: str, replay_id: str, actor: Actor, now_ms: int) -> None:
    """The request of a replay that is deleted already, within the caller's transaction: nobody can call it off, and the
    worker takes its bytes, checks, and writes the receipt."""
    request = _row(project_id, "deletion", "replays", "GDPR", "", actor, now_ms)
    request.subject = encoded(Subject(replay_ids=[replay_id]))
    request.state, request.started_at_ms, request.total = "running", now_ms, STEPS
    session.add(request)


def create_retrieval(  # noqa: PLR0917
    stores: Stores,
    project_id: str,
    distinct_ids: Sequence[str],
    compliance_type: Compliance,
    disclosure_type: Disclosure,
    actor: Actor,
    now_ms: int,
) -> DataRequest:
    """Asks for what there is of these people. Raises `PlayheadError` for ids that are none."""
    check_ids(distinct_ids)
    request = _row(project_id, "retrieval", "person", compliance_type, disclosure_type, actor, now_ms)
    ids = list(dict.fromkeys(distinct_ids))
    request.subject = encoded(Subject(distinct_ids=ids, asked=len(ids)))
    with stores.control.write() as session:
        session.add(request)
        audit.record(session, project_id, actor, "retrieval.requested", "request", request.request_id)
    return request


def _row(  # noqa: PLR0917
    project_id: str, kind: Kind, what: What, compliance_type: str, disclosure_type: str, actor: Actor, now_ms: int
) -> DataRequest:
    return DataRequest(
        project_id=project_id,
        request_id=f"{kind[0]}{secrets.token_hex(8)}",
        kind=kind,
        what=what,
        state="waiting",
        subject="{}",
        compliance_type=compliance_type,
        disclosure_type=disclosure_type,
        requested_by=actor.name or actor.kind,
        created_at_ms=now_ms,
        started_at_ms=0,
        finished_at_ms=0,
        total=0,
        done=0,
        receipt="",
        object="",
        error="",
    )


def _replays_asked(stores: Stores, project_id: str, asked: Asked) -> list[str]:
    wanted = asked.replay_ids if asked.what == "replays" else [asked.replay_id] if asked.what == "stretch" else []
    if not wanted:
        return []
    found = subjects.replays_there(stores.control, project_id, wanted)
    if not found:
        raise NotFound("There is no such replay in this project.", code="replay_not_found")
    return found


def requests(control_session: Session, project_id: str, kind: Kind, limit: int, start: int) -> list[DataRequest]:
    """The project's requests of a kind, newest first."""
    return list(
        control_session.scalars(
            select(DataRequest)
            .where(DataRequest.project_id == project_id, DataRequest.kind == kind)
            .order_by(DataRequest.created_at_ms.desc(), DataRequest.request_id)
            .limit(limit)
            .offset(start)
        )
    )


def find(stores: Stores, project_id: str, kind: Kind, request_id: str) -> DataRequest:
    """Raises `NotFound`."""
    with stores.control.read() as session:
        request = session.get(DataRequest, (project_id, request_id))
    if request is None or request.kind != kind:
        raise NotFound("There is no such request in this project.", code="request_not_found")
    return request


def cancel(  # noqa: PLR0917
    stores: Stores, settings: Settings, project_id: str, kind: Kind, request_id: str, actor: Actor, now_ms: int
) -> None:
    """Calls a request off: what it hid can be read again. Raises `NotFound`, or `Conflict` once it has begun."""
    request = find(stores, project_id, kind, request_id)
    with stores.control.write() as session:
        taken = session.execute(
            update(DataRequest)
            .where(
                DataRequest.project_id == project_id,
                DataRequest.request_id == request_id,
                DataRequest.state == "waiting",
            )
            .values(state="cancelled", finished_at_ms=now_ms, subject=encoded(forgotten(request, settings)))
            .returning(DataRequest.request_id)
        ).all()
        if not taken:
            raise Conflict(f"The {kind} has begun, or is over: it can't be called off any more.", code="request_begun")
        # What another request still waits for stays hidden.
        others = {
            each
            for other in session.scalars(
                select(DataRequest.subject).where(
                    DataRequest.project_id == project_id,
                    DataRequest.kind == "deletion",
                    DataRequest.state.in_(("waiting", "running")),
                )
            )
            for each in decoded(other).replay_ids
        }
        unhide(session, project_id, set(decoded(request.subject).replay_ids) - others)
        audit.record(session, project_id, actor, f"{kind}.cancelled", "request", request_id)
    if kind == "deletion":
        subjects.Listed(stores.analytics, project_id, request_id).drop()


def forgotten(request: DataRequest, settings: Settings) -> Subject:
    """The request's subject without anybody's id in clear."""
    subject = decoded(request.subject)
    pseudonyms = Pseudonyms(settings.secret, request.project_id)
    subject.people = sorted({pseudonyms.of(each) for each in [*subject.distinct_ids, *subject.ids]} | {*subject.people})
    subject.distinct_ids, subject.ids = [], []
    if subject.event:
        subject.people, subject.event = [pseudonyms.of(subject.event)], ""
    return subject


def encoded(subject: Subject) -> str:
    return msgspec.json.encode(subject).decode()


def decoded(text: str) -> Subject:
    return msgspec.json.decode(text, type=Subject)


def receipt_of(request: DataRequest) -> Receipt:
    return msgspec.json.decode(request.receipt, type=Receipt) if request.receipt else Receipt()


def view(request: DataRequest, download_url: str | None = None, expires_at_ms: int = 0) -> RequestView:
    """The request as the API shows it."""
    over = request.state == "done" and request.kind == "deletion"
    return RequestView(
        request_id=request.request_id,
        kind=request.kind,
        what=request.what,
        state=request.state,
        subject_text=subject_text(request),
        compliance_type=request.compliance_type,
        requested_by=request.requested_by,
        created_at=rfc3339(request.created_at_ms),
        started_at=rfc3339(request.started_at_ms) if request.started_at_ms else None,
        finished_at=rfc3339(request.finished_at_ms) if request.finished_at_ms else None,
        total=request.total,
        done=request.done,
        receipt=receipt_of(request) if over else None,
        error=request.error,
        download_url=download_url,
        expires_at=rfc3339(expires_at_ms) if expires_at_ms else None,
    )


def subject_text(request: DataRequest) -> str:
    """What a request is about, in a few words."""
    subject = decoded(request.subject)
    match request.what:
        case "person":
            if not subject.distinct_ids:
                return _many(subject.asked, "person", "people")
            more = len(subject.distinct_ids) - SHOWN_IDS
            return ", ".join(subject.distinct_ids[:SHOWN_IDS]) + (f" and {more:,} more" if more > 0 else "")
        case "replays":
            return _many(len(subject.replay_ids), "replay")
        case "stretch":
            return f"{(subject.to_ms - subject.from_ms) / 1_000:,.0f} s of replay {subject.replay_id}"
        case "event":
            return f"event “{subject.event}”" if subject.event else "an event's name"
        case _:
            return f"{subject.of} property “{subject.property}”"


@contextmanager
def changed(stores: Stores, request: DataRequest) -> Iterator[tuple[Session, DataRequest]]:
    """The request's row, to be changed with whatever else is one with it; `request` is what it becomes."""
    with stores.control.write() as session:
        row = session.get_one(DataRequest, (request.project_id, request.request_id))
        yield session, row
        session.flush()
        for column in DataRequest.__table__.columns:
            setattr(request, column.name, getattr(row, column.name))
