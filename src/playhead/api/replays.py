"""Replays: the feed, one in full, its events, its frames, watching, deleting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
import zstandard
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from isal import isal_zlib
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, StreamingResponse

from playhead.api.addresses import base_url
from playhead.api.answers import accepts, errors, json_answer, lines, shape
from playhead.api.auth import Access, Caller, access, access_to, asking, caller, shared_with, stores_of
from playhead.api.auth import project as project_of
from playhead.api.hiding import SensitiveOf, shown
from playhead.api.static import dashboard
from playhead.clock import now_ms
from playhead.errors import NotFound, Unauthorized
from playhead.governance.audit import watched
from playhead.governance.deletion import delete_replay
from playhead.replays.access import check_replay, find_replay, is_closed, replay_uuid
from playhead.replays.detail import Index, detail, frame_index
from playhead.replays.feed import Feed, FeedQuery, FeedRow, Order, Sort, epoch_ms, feed
from playhead.replays.live import watch
from playhead.replays.reading import open_watchable, read_events, stored_frame
from playhead.stores.blobs import BlobNotFound
from playhead.stores.control import Control
from playhead.stores.tables import Project, Replay, SharedReplay

router = APIRouter(tags=["Replays"])
PREFIX = "/api/projects/{p}/replays"
ONE = PREFIX + "/{replay_id}"
NDJSON = "application/x-ndjson"

ProjectOf = Annotated[Project, Depends(project_of)]
AccessOf = Annotated[Access, Depends(access)]
Who = Annotated[Caller, Depends(asking)]
Text = Annotated[str, Query(max_length=500)]


def the_replay(
    request: Request,
    found: AccessOf,
    who: Who,
    replay_id: Annotated[str, Path(description="Replay id, a UUID.")],
) -> Replay:
    """The replay of the path. Raises 400, 404 (also for one that a viewer was not given) or 410."""
    wanted = replay_uuid(replay_id)
    with stores_of(request).control.read() as session:
        if not shared_with(session, found, who, wanted):
            raise NotFound("There is no such replay in this project.", code="replay_not_found")
        return check_replay(session, found.project.project_id, wanted, now_ms())


ReplayOf = Annotated[Replay, Depends(the_replay)]


def watched_replay(request: Request, replay: ReplayOf, who: Who) -> Replay:
    """The replay of the path, for a caller who gets to see what was recorded: that goes into the audit log."""
    if not is_closed(replay):
        watched(stores_of(request).control, replay.project_id, who.actor, replay.replay_id, now_ms())
    return replay


WatchedOf = Annotated[Replay, Depends(watched_replay)]


@router.get(PREFIX, responses=shape(Feed) | errors(400, 401, 404, 503))
def replay_feed(  # noqa: PLR0917  FastAPI calls it by name
    request: Request,
    found: AccessOf,
    who: Who,
    sensitive: SensitiveOf,
    q: Annotated[str, Query(max_length=500, description="Name, e-mail, user id, or a date.")] = "",
    from_: Annotated[str, Query(alias="from", max_length=40, description="Began at or after.")] = "",
    to: Annotated[str, Query(max_length=40, description="Began at or before.")] = "",
    distinct_id: Text = "",
    sort: Sort = "recency",
    order: Order = "desc",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Text = "",
    event: Text = "",
    url: Text = "",
    has_error: bool | None = None,
    has_rage_click: bool | None = None,
    min_duration_ms: Annotated[int | None, Query(ge=0, le=10**12)] = None,
    browser: Text = "",
    os: Text = "",
    device: Text = "",
    live: bool | None = None,
    bookmarked: bool | None = None,
) -> Response:
    """The feed of replays; a viewer's has those that were shared with them."""
    project, stores = found.project, stores_of(request)
    query = FeedQuery(
        q=q,
        from_ms=epoch_ms(from_) if from_ else None,
        to_ms=end_ms(to) if to else None,
        distinct_id=distinct_id,
        sort=sort,
        order=order,
        limit=limit,
        cursor=cursor,
        event=event,
        url=url,
        has_error=has_error,
        has_rage_click=has_rage_click,
        min_duration_ms=min_duration_ms,
        browser=browser,
        os=os,
        device=device,
        live=live,
        bookmarked=bookmarked,
        only=shared_replays(stores.control, found, who),
        searched=sensitive.searched,
    )
    return shown(feed(stores, project.project_id, query, now_ms(), project.timezone), sensitive)


def shared_replays(control: Control, found: Access, who: Caller) -> list[str] | None:
    """The replays that were shared with the caller; None for who sees all."""
    if not found.only_shared or who.member is None:
        return None
    with control.read() as session:
        return list(
            session.scalars(
                select(SharedReplay.replay_id).where(
                    SharedReplay.project_id == found.project.project_id,
                    SharedReplay.member_id == who.member.member_id,
                )
            )
        )


def end_ms(text: str) -> int:
    """A day as an end is that day's last millisecond."""
    return epoch_ms(text) + (86_400_000 - 1 if len(text) == 10 else 0)


@router.get(
    ONE, responses=shape(FeedRow, "The row, and its pages, markers, activity and gaps") | errors(400, 401, 404, 410)
)
def one_replay(request: Request, project: ProjectOf, replay: ReplayOf, sensitive: SensitiveOf) -> Response:
    """One replay in full."""
    found = detail(stores_of(request), replay, now_ms())
    if found is None:
        raise NotFound("The replay's first batch is still being stored.", code="replay_not_found")
    row, more = found
    whole: dict[str, Any] = msgspec.to_builtins(row) | msgspec.to_builtins(more)
    whole["watch_url"] = f"{base_url(request)}/projects/{replay.project_id}/replays/{replay.replay_id}"
    return shown(whole, sensitive)


@router.get(
    ONE + "/events",
    responses=lines("rrweb events in order, each once") | errors(400, 401, 404, 409, 410),
)
def replay_events(
    request: Request,
    replay: WatchedOf,
    from_: Annotated[float | None, Query(alias="from", ge=0, le=10**14, description="Epoch ms.")] = None,
    to: Annotated[float | None, Query(ge=0, le=10**14, description="Epoch ms.")] = None,
    snapshot: bool = True,
) -> Response:
    """rrweb events by time: from the last full snapshot at or before `from`; without `snapshot` strictly (from, to]."""
    return events_answer(request, replay, from_, to, snapshot=snapshot)


def events_answer(
    request: Request, replay: Replay, from_: float | None, to: float | None, *, snapshot: bool
) -> Response:
    stores = stores_of(request)
    try:
        pieces = read_events(stores, open_watchable(stores, replay), from_, to, snapshot=snapshot)
    except BlobNotFound:
        # Sealed between the two reads: what replaced it stands.
        replay = find_replay(stores.control, replay.project_id, replay.replay_id, now_ms())
        pieces = read_events(stores, open_watchable(stores, replay), from_, to, snapshot=snapshot)
    coding: Literal["zstd", "gzip", ""] = (
        "zstd" if accepts(request, "zstd") else "gzip" if accepts(request, "gzip") else ""
    )
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
    if coding:
        headers["Content-Encoding"] = coding
    return StreamingResponse(_compressed(pieces, coding), media_type=NDJSON, headers=headers)


def _compressed(pieces: Iterator[bytes], coding: str) -> Iterator[bytes]:
    if not coding:
        yield from pieces
        return
    stream: Any = (
        zstandard.ZstdCompressor(level=3).compressobj() if coding == "zstd" else isal_zlib.compressobj(1, wbits=31)
    )
    for some in pieces:
        if made := stream.compress(some):
            yield made
    yield stream.flush()


@router.get(ONE + "/index", responses=shape(Index) | errors(400, 401, 404, 409, 410))
def replay_index(request: Request, replay: WatchedOf) -> Response:
    """The frame index: what the player reads first."""
    return json_answer(frame_index(stores_of(request), replay, now_ms()))


@router.get(
    ONE + "/frames/{generation}/{n}",
    responses=lines("NDJSON of rrweb events, zstd or gzip") | errors(400, 401, 404, 409, 410),
)
def replay_frame(
    request: Request,
    replay: WatchedOf,
    generation: Annotated[int, Path(ge=0, le=2**31)],
    n: Annotated[int, Path(ge=0, le=2**31)],
) -> Response:
    """One stored frame, as it is where the client takes zstd."""
    return frame_answer(request, replay, generation, n, "private, max-age=31536000, immutable")


def frame_answer(request: Request, replay: Replay, generation: int, n: int, cache: str) -> Response:
    data = stored_frame(stores_of(request), replay, generation, n)
    headers = {"Cache-Control": cache, "Vary": "Accept-Encoding"}
    if accepts(request, "zstd"):
        headers["Content-Encoding"] = "zstd"
    else:
        data = zstandard.ZstdDecompressor(max_window_size=2**23).decompressobj().decompress(data)
        if accepts(request, "gzip"):
            data = isal_zlib.compress(data, 1, 31)
            headers["Content-Encoding"] = "gzip"
    return Response(data, media_type=NDJSON, headers=headers)


@router.post(ONE + "/watching", status_code=204, responses=errors(400, 401, 403, 404, 410))
def replay_watching(request: Request, replay: ReplayOf) -> Response:
    """Someone has it open: the SDK flushes every second for the next 15 s."""
    watch(stores_of(request).control, replay.project_id, replay.replay_id, now_ms())
    return Response(status_code=204)


@router.delete(ONE, status_code=204, responses=errors(400, 401, 403, 404, 410))
def replay_delete(request: Request, replay: ReplayOf, who: Who) -> Response:
    """Deletes it: every read answers 410 from now on, the bytes go from the stores within seconds."""
    delete_replay(stores_of(request).control, replay.project_id, replay.replay_id, who.actor, now_ms(), receipt=True)
    return Response(status_code=204)


@router.get("/replay/{replay_id}", include_in_schema=False)
async def replay_redirect(request: Request, replay_id: str) -> Response:
    """To the dashboard's page of the replay, whose project the SDK does not know. Who is not logged in gets the page
    that lets them in, at this address."""
    wanted = replay_uuid(replay_id)
    try:
        project_id = await run_in_threadpool(_project_of, request, wanted)
    except Unauthorized:
        return await dashboard(request)
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/projects/{project_id}/replays/{wanted}{query}", 302)


def _project_of(request: Request, replay_id: str) -> str:
    """The project in which the caller may watch this replay. Raises Unauthorized, or NotFound."""
    who = caller(request)
    with stores_of(request).control.read() as session:
        for project_id in session.scalars(select(Replay.project_id).where(Replay.replay_id == replay_id)).all():
            found = access_to(session, who, session.get_one(Project, project_id))
            if found is not None and "watch" in found.rights and shared_with(session, found, who, replay_id):
                return project_id
    raise NotFound("There is no such replay.", code="replay_not_found")
