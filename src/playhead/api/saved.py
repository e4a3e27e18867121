"""Saved reports, playlists and boards."""

from __future__ import annotations

from typing import Annotated, cast

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response

from playhead.api.answers import asks, errors, json_answer, shape
from playhead.api.asked import Body, Cursor, Limit, next_cursor, offset
from playhead.api.auth import Caller, asking, stores_of
from playhead.api.auth import project as project_of
from playhead.clock import now_ms, rfc3339
from playhead.jsontext import read_body
from playhead.saved import (
    BoardChange,
    Card,
    Kind,
    NewBoard,
    NewReport,
    ReportChange,
    boards,
    cards_of,
    change_board,
    change_report,
    create_board,
    delete_board,
    delete_report,
    find_board,
    find_report,
    save_report,
    saved_reports,
)
from playhead.stores.tables import Board, Project, SavedReport

router = APIRouter(tags=["Saved reports and boards"])
REPORTS = "/api/projects/{p}/saved-reports"
REPORT = REPORTS + "/{report_id}"
BOARDS = "/api/projects/{p}/boards"
BOARD = BOARDS + "/{board_id}"

ProjectOf = Annotated[Project, Depends(project_of)]
Who = Annotated[Caller, Depends(asking)]
ReportId = Annotated[str, Path(max_length=100)]
BoardId = Annotated[str, Path(max_length=100)]


class SavedShape(msgspec.Struct, frozen=True):
    """A screen's state under a name: `search` is its query string."""

    report_id: str
    kind: Kind
    name: str
    description: str
    search: str
    created_at: str
    updated_at: str
    created_by: str


class SavedList(msgspec.Struct, frozen=True):
    results: list[SavedShape]
    next_cursor: str | None
    total: int


class BoardShape(msgspec.Struct, frozen=True):
    board_id: str
    name: str
    description: str
    cards: list[Card]
    created_at: str
    updated_at: str
    created_by: str


class BoardList(msgspec.Struct, frozen=True):
    results: list[BoardShape]
    next_cursor: str | None
    total: int


_new_report = msgspec.json.Decoder(NewReport)
_report_change = msgspec.json.Decoder(ReportChange)
_new_board = msgspec.json.Decoder(NewBoard)
_board_change = msgspec.json.Decoder(BoardChange)
WRONG_BODY = "bad_body"


def saved_shape(row: SavedReport) -> SavedShape:
    return SavedShape(
        row.report_id,
        cast(Kind, row.kind),
        row.name,
        row.description,
        row.search,
        rfc3339(row.created_at_ms),
        rfc3339(row.updated_at_ms),
        row.created_by,
    )


def board_shape(row: Board) -> BoardShape:
    return BoardShape(
        row.board_id,
        row.name,
        row.description,
        cards_of(row),
        rfc3339(row.created_at_ms),
        rfc3339(row.updated_at_ms),
        row.created_by,
    )


@router.get(REPORTS, responses=shape(SavedList) | errors(400, 401, 404))
def list_reports(
    request: Request,
    project: ProjectOf,
    kind: Annotated[Kind | None, Query(description="Only this kind; `replays` are playlists.")] = None,
    limit: Limit = 200,
    cursor: Cursor = "",
) -> Response:
    """Saved reports and playlists, changed last first."""
    start = offset(cursor)
    rows, total = saved_reports(stores_of(request).control, project.project_id, kind, limit, start)
    return json_answer(SavedList([saved_shape(row) for row in rows], next_cursor(limit, start, total), total))


@router.post(
    REPORTS,
    status_code=201,
    responses=shape(SavedShape, "The new saved report", 201) | errors(400, 401, 403, 404, 413),
    openapi_extra=asks(NewReport),
)
def new_report(request: Request, project: ProjectOf, who: Who, body: Body) -> Response:
    """Saves the state of a screen under a name."""
    new = read_body(_new_report, body, WRONG_BODY)
    row = save_report(stores_of(request).control, project.project_id, new, who.name, now_ms())
    return json_answer(saved_shape(row), 201)


@router.get(REPORT, responses=shape(SavedShape) | errors(400, 401, 404))
def one_report(request: Request, project: ProjectOf, report_id: ReportId) -> Response:
    """A saved report."""
    return json_answer(saved_shape(find_report(stores_of(request).control, project.project_id, report_id)))


@router.patch(REPORT, responses=shape(SavedShape) | errors(400, 401, 403, 404, 413), openapi_extra=asks(ReportChange))
def edit_report(request: Request, project: ProjectOf, report_id: ReportId, body: Body) -> Response:
    """Changes what is given."""
    change = read_body(_report_change, body, WRONG_BODY)
    return json_answer(
        saved_shape(change_report(stores_of(request).control, project.project_id, report_id, change, now_ms()))
    )


@router.delete(REPORT, status_code=204, responses=errors(400, 401, 403, 404))
def remove_report(request: Request, project: ProjectOf, who: Who, report_id: ReportId) -> Response:
    """Deletes it; its cards are taken off the boards."""
    delete_report(stores_of(request).control, project.project_id, report_id, who.actor, now_ms())
    return Response(status_code=204)


@router.get(BOARDS, responses=shape(BoardList) | errors(400, 401, 404))
def list_boards(request: Request, project: ProjectOf, limit: Limit = 200, cursor: Cursor = "") -> Response:
    """Boards, by name."""
    start = offset(cursor)
    rows, total = boards(stores_of(request).control, project.project_id, limit, start)
    return json_answer(BoardList([board_shape(row) for row in rows], next_cursor(limit, start, total), total))


@router.post(
    BOARDS,
    status_code=201,
    responses=shape(BoardShape, "The new board", 201) | errors(400, 401, 403, 404, 413),
    openapi_extra=asks(NewBoard),
)
def new_board(request: Request, project: ProjectOf, who: Who, body: Body) -> Response:
    """Makes a board."""
    new = read_body(_new_board, body, WRONG_BODY)
    row = create_board(stores_of(request).control, project.project_id, new, who.name, now_ms())
    return json_answer(board_shape(row), 201)


@router.get(BOARD, responses=shape(BoardShape) | errors(400, 401, 404))
def one_board(request: Request, project: ProjectOf, board_id: BoardId) -> Response:
    """A board."""
    return json_answer(board_shape(find_board(stores_of(request).control, project.project_id, board_id)))


@router.patch(BOARD, responses=shape(BoardShape) | errors(400, 401, 403, 404, 413), openapi_extra=asks(BoardChange))
def edit_board(request: Request, project: ProjectOf, board_id: BoardId, body: Body) -> Response:
    """Replaces what is given: `cards` as a whole, in their order."""
    change = read_body(_board_change, body, WRONG_BODY)
    return json_answer(
        board_shape(change_board(stores_of(request).control, project.project_id, board_id, change, now_ms()))
    )


@router.delete(BOARD, status_code=204, responses=errors(400, 401, 403, 404))
def remove_board(request: Request, project: ProjectOf, who: Who, board_id: BoardId) -> Response:
    """Deletes a board; the reports on it stay."""
    delete_board(stores_of(request).control, project.project_id, board_id, who.actor)
    return Response(status_code=204)
