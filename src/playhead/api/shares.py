"""Sharing a replay: its links and the members it was shared with; and what whoever has a link sees of it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response

from playhead.api.addresses import base_url, replay_origin
from playhead.api.answers import asks, errors, json_answer, lines, shape
from playhead.api.asked import Body
from playhead.api.auth import Caller, asking, stores_of
from playhead.api.replays import ONE, ReplayOf, events_answer, frame_answer
from playhead.capture.limits import RateLimiter
from playhead.clock import now_ms, rfc3339
from playhead.errors import PlayheadError
from playhead.governance.audit import watched
from playhead.jsontext import read_body
from playhead.replays.access import is_closed
from playhead.replays.detail import (
    Activity,
    Index,
    Library,
    Page,
    Privacy,
    TimelineMarker,
    Viewport,
    detail,
    frame_index,
)
from playhead.replays.feed import Status
from playhead.replays.sharing import (
    MAX_HOURS,
    Opened,
    Watcher,
    follow_link,
    make_link,
    no_link,
    revoke_link,
    share_no_more,
    share_with,
    standing_links,
    watchers,
)

router = APIRouter(tags=["Sharing"])
LINKS = ONE + "/links"
MEMBERS = ONE + "/members"
SHARED = "/api/shared/{secret}"

Who = Annotated[Caller, Depends(asking)]
MemberId = Annotated[str, Path(max_length=100)]


class NewLink(msgspec.Struct, frozen=True):
    """For how many hours it works: 1 to 8,784, a week when nothing is said."""

    expires_hours: int = 168


class MadeLink(msgspec.Struct, frozen=True):
    """`url` is told this once: only its hash is kept."""

    link_id: str
    url: str
    expires_at: str


class LinkShape(msgspec.Struct, frozen=True):
    """`opened`: how often somebody followed it."""

    link_id: str
    created_at: str
    created_by: str
    expires_at: str
    opened: int


class LinkList(msgspec.Struct, frozen=True):
    results: list[LinkShape]
    next_cursor: str | None = None


class WatcherList(msgspec.Struct, frozen=True):
    results: list[Watcher]
    next_cursor: str | None = None


class SharedReplay(msgspec.Struct, frozen=True):
    """A replay as whoever has the link sees it: what happened, not whose visit it was."""

    replay_id: str
    started_at: str
    ended_at: str
    duration_ms: int
    active_ms: int
    start_url: str | None
    page_count: int
    event_count: int
    click_count: int
    rage_click_count: int
    error_count: int
    browser: str | None
    os: str | None
    device: str | None
    size_bytes: int
    live: bool
    expires_at: str
    status: Status
    sparkline: list[int]
    first_ms: int
    last_ms: int
    pages: list[Page]
    markers: list[TimelineMarker]
    activity: Activity
    viewport: Viewport | None
    mask: str | None
    library: Library | None
    gaps: list[tuple[int, int]]
    privacy: Privacy
    replay_origin: str
    link_expires_at: str


_new_link = msgspec.json.Decoder(NewLink)


@router.post(
    LINKS,
    status_code=201,
    responses=shape(MadeLink, "The new link", 201) | errors(400, 401, 403, 404, 410, 413),
    openapi_extra=asks(NewLink),
)
def new_link(request: Request, replay: ReplayOf, who: Who, body: Body) -> Response:
    """Makes a secret link by which anyone can watch this replay, and no other, until it expires or is revoked."""
    new = read_body(_new_link, body or b"{}", "bad_body")
    if not 1 <= new.expires_hours <= MAX_HOURS:
        raise PlayheadError(f"`expires_hours` must be a whole number from 1 to {MAX_HOURS}.", code="bad_body")
    row, secret = make_link(
        stores_of(request).control, replay.project_id, replay.replay_id, new.expires_hours, who.actor, now_ms()
    )
    return json_answer(MadeLink(row.link_id, f"{base_url(request)}/shared/{secret}", rfc3339(row.expires_at_ms)), 201)


@router.get(LINKS, responses=shape(LinkList) | errors(400, 401, 403, 404, 410))
def list_links(request: Request, replay: ReplayOf) -> Response:
    """The links that work, newest first."""
    found = standing_links(stores_of(request).control, replay.project_id, replay.replay_id, now_ms())
    return json_answer(
        LinkList(
            [
                LinkShape(
                    each.link_id,
                    rfc3339(each.created_at_ms),
                    each.created_by,
                    rfc3339(each.expires_at_ms),
                    each.opened,
                )
                for each in found
            ]
        )
    )


@router.delete(LINKS + "/{link_id}", status_code=204, responses=errors(400, 401, 403, 404, 410))
def no_more_link(
    request: Request, replay: ReplayOf, who: Who, link_id: Annotated[str, Path(max_length=100)]
) -> Response:
    """Takes a link back: it leads nowhere from now on."""
    revoke_link(stores_of(request).control, replay.project_id, replay.replay_id, link_id, who.actor)
    return Response(status_code=204)


@router.get(MEMBERS, responses=shape(WatcherList) | errors(400, 401, 403, 404, 410))
def list_watchers(request: Request, replay: ReplayOf) -> Response:
    """The project's members, and with whom of them this replay was shared."""
    return json_answer(WatcherList(watchers(stores_of(request).control, replay.project_id, replay.replay_id)))


@router.put(MEMBERS + "/{member_id}", status_code=204, responses=errors(400, 401, 403, 404, 410))
def share(request: Request, replay: ReplayOf, who: Who, member_id: MemberId) -> Response:
    """Lets a member watch it who otherwise sees only what is shared with them."""
    control = stores_of(request).control
    share_with(control, replay.project_id, replay.replay_id, member_id, who.actor, now_ms())
    return Response(status_code=204)


@router.delete(MEMBERS + "/{member_id}", status_code=204, responses=errors(400, 401, 403, 404, 410))
def unshare(request: Request, replay: ReplayOf, who: Who, member_id: MemberId) -> Response:
    """Takes that back."""
    share_no_more(stores_of(request).control, replay.project_id, replay.replay_id, member_id, who.actor)
    return Response(status_code=204)


Secret = Annotated[str, Path(max_length=200, description="The end of the link.")]


def _opened(request: Request, secret: str, *, count: bool = False) -> Opened:
    """Links may be followed as often as their project may send; those that lead nowhere as often all together."""
    limiter = request.app.state.shared_limiter
    assert isinstance(limiter, RateLimiter)
    try:
        found = follow_link(stores_of(request).control, secret, now_ms(), count=count)
    except PlayheadError:
        limiter.take("")
        raise
    limiter.take(found.replay.project_id)
    request.state.region = stores_of(request).of_project(found.replay.project_id).region
    return found


def _watched(request: Request, secret: str) -> Opened:
    """The same for what was recorded: that goes into the audit log."""
    found = _opened(request, secret)
    if not is_closed(found.replay):
        watched(stores_of(request).control, found.replay.project_id, found.actor, found.replay.replay_id, now_ms())
    return found


@router.get(SHARED, responses=shape(SharedReplay) | errors(400, 404, 429))
def shared_replay(request: Request, secret: Secret) -> Response:
    """The replay that a link leads to, without whose visit it was. 404 for every link that does not work."""
    opened = _opened(request, secret, count=True)
    found = detail(stores_of(request), opened.replay, now_ms())
    if found is None:
        raise no_link()
    whole: dict[str, Any] = msgspec.to_builtins(found[0]) | msgspec.to_builtins(found[1])
    whole |= {"replay_origin": replay_origin(request), "link_expires_at": rfc3339(opened.link.expires_at_ms)}
    return json_answer({name: whole[name] for name in SharedReplay.__struct_fields__})


@router.get(SHARED + "/index", responses=shape(Index) | errors(400, 404, 409, 429))
def shared_index(request: Request, secret: Secret) -> Response:
    """Its frame index."""
    return json_answer(frame_index(stores_of(request), _watched(request, secret).replay, now_ms()))


@router.get(SHARED + "/events", responses=lines("rrweb events in order, each once") | errors(400, 404, 409, 429))
def shared_events(
    request: Request,
    secret: Secret,
    from_: Annotated[float | None, Query(alias="from", ge=0, le=10**14, description="Epoch ms.")] = None,
    to: Annotated[float | None, Query(ge=0, le=10**14, description="Epoch ms.")] = None,
    snapshot: bool = True,
) -> Response:
    """Its rrweb events by time, as of any replay."""
    return events_answer(request, _watched(request, secret).replay, from_, to, snapshot=snapshot)


@router.get(
    SHARED + "/frames/{generation}/{n}",
    responses=lines("NDJSON of rrweb events, zstd or gzip") | errors(400, 404, 409, 429),
)
def shared_frame(
    request: Request,
    secret: Secret,
    generation: Annotated[int, Path(ge=0, le=2**31)],
    n: Annotated[int, Path(ge=0, le=2**31)],
) -> Response:
    """One stored frame; a browser keeps none of it, so that a link that was taken back shows nothing any more."""
    return frame_answer(request, _watched(request, secret).replay, generation, n, "no-store")
