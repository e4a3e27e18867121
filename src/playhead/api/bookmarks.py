"""Bookmarks of replays."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from playhead.api.answers import asks, errors, json_answer, shape
from playhead.api.asked import Body
from playhead.api.auth import Caller, asking, stores_of
from playhead.api.replays import ONE, ReplayOf
from playhead.clock import now_ms
from playhead.jsontext import read_body
from playhead.replays.bookmarks import BookmarkNote, remove_bookmark, set_bookmark

router = APIRouter(tags=["Replays"])
BOOKMARK = ONE + "/bookmark"

Who = Annotated[Caller, Depends(asking)]


class NewBookmark(msgspec.Struct, frozen=True):
    """Without a `note`, the one there is stays."""

    note: str | None = None


_new_bookmark = msgspec.json.Decoder(NewBookmark)


@router.put(
    BOOKMARK, responses=shape(BookmarkNote) | errors(400, 401, 403, 404, 410, 413), openapi_extra=asks(NewBookmark)
)
def bookmark(request: Request, replay: ReplayOf, who: Who, body: Body) -> Response:
    """Bookmarks the replay, or says another note. It is kept longer then, where the project says so."""
    new = read_body(_new_bookmark, body or b"{}", "bad_body")
    control = stores_of(request).control
    return json_answer(set_bookmark(control, replay.project_id, replay.replay_id, new.note, who.actor, now_ms()))


@router.delete(BOOKMARK, status_code=204, responses=errors(400, 401, 403, 404, 410))
def no_bookmark(request: Request, replay: ReplayOf, who: Who) -> Response:
    """Takes the bookmark off: the replay expires as if it had never been there, which may be at once."""
    remove_bookmark(stores_of(request).control, replay.project_id, replay.replay_id, who.actor, now_ms())
    return Response(status_code=204)
