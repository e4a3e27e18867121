"""What members keep: reports and playlists under a name, and boards with cards of them.

A saved report is the state of its screen, which is the query string of its address: whatever a screen can show can be
saved. A playlist is a saved filter of the feed, so it keeps itself up to date.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from playhead.errors import NotFound, PlayheadError
from playhead.governance.audit import Actor, record
from playhead.stores.control import Control
from playhead.stores.tables import Board, SavedReport
from playhead.texts import line, note, wrong

Kind = Literal["insights", "funnel", "retention", "flows", "replays"]
MAX_REPORTS = 1_000
MAX_BOARDS = 200
MAX_CARDS = 100
MAX_SEARCH = 20_000
MAX_CARD_TEXT = 5_000


class NewReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`search` is the screen's query string, without `?`."""

    kind: Kind
    name: str
    search: str
    description: str = ""


class ReportChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is given is changed."""

    name: str | UnsetType = UNSET
    search: str | UnsetType = UNSET
    description: str | UnsetType = UNSET


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A saved report, a note, or a report with a note, `width` columns of three wide. Without an id it is a new one."""

    card_id: str = ""
    report_id: str | None = None
    text: str | None = None
    width: Literal[1, 2, 3] = 1


class NewBoard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    name: str
    description: str = ""
    cards: list[Card] = []


class BoardChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is given is replaced, `cards` as a whole."""

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    cards: list[Card] | UnsetType = UNSET


_cards = msgspec.json.Decoder(list[Card])


def cards_of(board: Board) -> list[Card]:
    return _cards.decode(board.cards)


def saved_reports(
    control: Control, project_id: str, kind: Kind | None, limit: int, offset: int
) -> tuple[list[SavedReport], int]:
    """A page of them, changed last first, and how many there are."""
    where = [SavedReport.project_id == project_id, *([SavedReport.kind == kind] if kind else [])]
    with control.read() as session:
        total = session.scalar(select(func.count()).select_from(SavedReport).where(*where)) or 0
        rows = session.scalars(
            select(SavedReport)
            .where(*where)
            .order_by(SavedReport.updated_at_ms.desc(), SavedReport.report_id)
            .limit(limit)
            .offset(offset)
        )
        return list(rows), total


def find_report(control: Control, project_id: str, report_id: str) -> SavedReport:
    """Raises `NotFound`."""
    with control.read() as session:
        return _report(session, project_id, report_id)


def save_report(control: Control, project_id: str, new: NewReport, by: str, now_ms: int) -> SavedReport:
    """Raises `PlayheadError` for a field that is wrong, or when there are too many."""
    row = SavedReport(
        project_id=project_id,
        report_id=f"s{secrets.token_hex(6)}",
        kind=new.kind,
        name=line(new.name, "name"),
        description=note(new.description, "description"),
        search=_search(new.search),
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
        created_by=by,
    )
    with control.write() as session:
        _check_count(session, SavedReport, project_id, MAX_REPORTS, "saved reports")
        session.add(row)
    return row


def change_report(control: Control, project_id: str, report_id: str, change: ReportChange, now_ms: int) -> SavedReport:
    """Raises `NotFound`, or `PlayheadError` for a field that is wrong."""
    with control.write() as session:
        row = _report(session, project_id, report_id)
        if change.name is not UNSET:
            row.name = line(change.name, "name")
        if change.description is not UNSET:
            row.description = note(change.description, "description")
        if change.search is not UNSET:
            row.search = _search(change.search)
        row.updated_at_ms = now_ms
    return row


def delete_report(control: Control, project_id: str, report_id: str, by: Actor, now_ms: int) -> None:
    """Its cards are taken off the project's boards. Raises `NotFound`."""
    with control.write() as session:
        row = _report(session, project_id, report_id)
        session.delete(row)
        record(session, project_id, by, "report.deleted", "report", report_id, {"kind": row.kind})
        for board in session.scalars(select(Board).where(Board.project_id == project_id)):
            cards = cards_of(board)
            kept = [card for card in cards if card.report_id != report_id]
            if len(kept) < len(cards):
                board.cards = msgspec.json.encode(kept).decode()
                board.updated_at_ms = now_ms


def boards(control: Control, project_id: str, limit: int, offset: int) -> tuple[list[Board], int]:
    """A page of them, by name, and how many there are."""
    with control.read() as session:
        where = Board.project_id == project_id
        total = session.scalar(select(func.count()).select_from(Board).where(where)) or 0
        rows = session.scalars(
            select(Board).where(where).order_by(func.lower(Board.name), Board.board_id).limit(limit).offset(offset)
        )
        return list(rows), total


def find_board(control: Control, project_id: str, board_id: str) -> Board:
    """Raises `NotFound`."""
    with control.read() as session:
        return _board(session, project_id, board_id)


def create_board(control: Control, project_id: str, new: NewBoard, by: str, now_ms: int) -> Board:
    """Raises `PlayheadError` for a field that is wrong, or when there are too many."""
    with control.write() as session:
        _check_count(session, Board, project_id, MAX_BOARDS, "boards")
        row = Board(
            project_id=project_id,
            board_id=f"b{secrets.token_hex(6)}",
            name=line(new.name, "name"),
            description=note(new.description, "description"),
            cards=_checked(session, project_id, new.cards),
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
            created_by=by,
        )
        session.add(row)
    return row


def change_board(control: Control, project_id: str, board_id: str, change: BoardChange, now_ms: int) -> Board:
    """Raises `NotFound`, or `PlayheadError` for a field that is wrong."""
    with control.write() as session:
        row = _board(session, project_id, board_id)
        if change.name is not UNSET:
            row.name = line(change.name, "name")
        if change.description is not UNSET:
            row.description = note(change.description, "description")
        if change.cards is not UNSET:
            row.cards = _checked(session, project_id, change.cards)
        row.updated_at_ms = now_ms
    return row


def delete_board(control: Control, project_id: str, board_id: str, by: Actor) -> None:
    """The reports on it stay. Raises `NotFound`."""
    with control.write() as session:
        session.delete(_board(session, project_id, board_id))
        record(session, project_id, by, "board.deleted", "board", board_id)


def _checked(session: Session, project_id: str, cards: Sequence[Card]) -> str:
    """The cards as they are kept: each with an id of its own, and a report that is there."""
    if len(cards) > MAX_CARDS:
        raise wrong("cards", f"must be at most {MAX_CARDS}")
    known = set(session.scalars(select(SavedReport.report_id).where(SavedReport.project_id == project_id)))
    ids: set[str] = set()
    kept: list[Card] = []
    for number, card in enumerate(cards):
        at = f"cards[{number}]"
        if card.report_id is not None and card.report_id not in known:
            raise wrong(f"{at}.report_id", "names no saved report of this project")
        text = None if card.text is None else note(card.text, f"{at}.text", MAX_CARD_TEXT)
        if card.report_id is None and text is None:
            raise wrong(at, "must have a report or a text")
        card_id = line(card.card_id, f"{at}.card_id", 50) if card.card_id else f"c{secrets.token_hex(6)}"
        if card_id in ids:
            raise wrong(f"{at}.card_id", "is another card's too")
        ids.add(card_id)
        kept.append(Card(card_id, card.report_id, text, card.width))
    return msgspec.json.encode(kept).decode()


def _search(search: str) -> str:
    kept = search.removeprefix("?")
    if len(kept) > MAX_SEARCH or any(ord(char) < 32 for char in kept):
        raise wrong("search", f"must be a query string of at most {MAX_SEARCH} characters")
    return kept


def _check_count(session: Session, table: type[SavedReport | Board], project_id: str, most: int, what: str) -> None:
    count = session.scalar(select(func.count()).select_from(table).where(table.project_id == project_id)) or 0
    if count >= most:
        raise PlayheadError(f"A project has at most {most} {what}: delete some.", code="too_many")


def _report(session: Session, project_id: str, report_id: str) -> SavedReport:
    row = session.get(SavedReport, (project_id, report_id)) if report_id.isalnum() else None
    if row is None:
        raise NotFound("There is no such saved report in this project.", code="report_not_found")
    return row


def _board(session: Session, project_id: str, board_id: str) -> Board:
    row = session.get(Board, (project_id, board_id)) if board_id.isalnum() else None
    if row is None:
        raise NotFound("There is no such board in this project.", code="board_not_found")
    return row
