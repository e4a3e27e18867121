"""What people make of their data: the Lexicon, saved reports, boards."""

from __future__ import annotations

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from playhead.stores.tables.base import Table


class LexiconEntry(Table):
    """What is said of an event or a property: kind `event`, `event_property` or `profile_property`.

    The values of a `sensitive` property are shown only to members with the right to see them.
    """

    __tablename__ = "lexicon"
    project_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    description: Mapped[str] = mapped_column(Text)
    hidden: Mapped[int]
    sensitive: Mapped[int] = mapped_column(default=0, server_default="0")
    updated_at_ms: Mapped[int]
    updated_by: Mapped[str]


class SavedReport(Table):
    """A screen's state under a name: `search` is its query string. Kind `replays` is a playlist."""

    __tablename__ = "saved_reports"
    project_id: Mapped[str] = mapped_column(primary_key=True)
    report_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    description: Mapped[str] = mapped_column(Text)
    search: Mapped[str] = mapped_column(Text)
    created_at_ms: Mapped[int]
    updated_at_ms: Mapped[int]
    created_by: Mapped[str]


class Board(Table):
    """A page of cards: `cards` is their JSON text, in order."""

    __tablename__ = "boards"
    project_id: Mapped[str] = mapped_column(primary_key=True)
    board_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(Text)
    cards: Mapped[str] = mapped_column(Text)
    created_at_ms: Mapped[int]
    updated_at_ms: Mapped[int]
    created_by: Mapped[str]
