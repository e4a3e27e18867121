"""Bookmarks: replays that someone wants kept in sight, and kept longer where their project says so."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from sqlalchemy import delete, func, select

from playhead.clock import rfc3339
from playhead.errors import PlayheadError
from playhead.governance.audit import Actor, record
from playhead.governance.retention import set_expiry
from playhead.replays.access import check_replay
from playhead.stores.control import Control
from playhead.stores.tables import Bookmark
from playhead.texts import note as checked_note

MAX_BOOKMARKS = 10_000
IDS_AT_ONCE = 500


class BookmarkNote(msgspec.Struct, frozen=True):
    """Why a replay has its bookmark, and whose it is."""

    note: str
    created_at: str
    created_by: str


def bookmarked(control: Control, project_id: str, replay_ids: Collection[str] | None = None) -> set[str]:
    """Which of these replays have a bookmark; without any, all of the project that do."""
    found: set[str] = set()
    with control.read() as session:
        if replay_ids is None:
            return set(session.scalars(select(Bookmark.replay_id).where(Bookmark.project_id == project_id)))
        ordered = sorted(replay_ids)
        for start in range(0, len(ordered), IDS_AT_ONCE):
            some = ordered[start : start + IDS_AT_ONCE]
            found |= set(
                session.scalars(
                    select(Bookmark.replay_id).where(Bookmark.project_id == project_id, Bookmark.replay_id.in_(some))
                )
            )
    return found


def find_bookmark(control: Control, project_id: str, replay_id: str) -> BookmarkNote | None:
    with control.read() as session:
        row = session.get(Bookmark, (project_id, replay_id))
    return None if row is None else BookmarkNote(row.note, rfc3339(row.created_at_ms), row.created_by)


def set_bookmark(  # noqa: PLR0917
    control: Control, project_id: str, replay_id: str, note: str | None, by: Actor, now_ms: int
) -> BookmarkNote:
    """Makes a bookmark, or says another note of the one there is. Raises 404 and 410 as `check_replay` does."""
    text = None if note is None else checked_note(note, "note")
    with control.write() as session:
        check_replay(session, project_id, replay_id, now_ms)
        row = session.get(Bookmark, (project_id, replay_id))
        if row is None:
            count = session.scalar(select(func.count()).where(Bookmark.project_id == project_id)) or 0
            if count >= MAX_BOOKMARKS:
                raise PlayheadError(f"A project has at most {MAX_BOOKMARKS} bookmarks: take some off.", code="too_many")
            row = Bookmark(
                project_id=project_id, replay_id=replay_id, created_at_ms=now_ms, created_by=by.name, note=""
            )
            session.add(row)
            session.flush()
            set_expiry(session, project_id, replay_id)
            record(session, project_id, by, "replay.bookmarked", "replay", replay_id)
        if text is not None:
            row.note = text
    return BookmarkNote(row.note, rfc3339(row.created_at_ms), row.created_by)


def remove_bookmark(control: Control, project_id: str, replay_id: str, by: Actor, now_ms: int) -> None:
    """Takes it off, if there is one: the replay expires as if it had never been there, which may be now."""
    with control.write() as session:
        check_replay(session, project_id, replay_id, now_ms)
        there = session.execute(
            delete(Bookmark)
            .where(Bookmark.project_id == project_id, Bookmark.replay_id == replay_id)
            .returning(Bookmark.replay_id)
        ).all()
        if there:
            set_expiry(session, project_id, replay_id)
            record(session, project_id, by, "replay.bookmark_removed", "replay", replay_id)
