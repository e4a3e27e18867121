"""Names and notes that members write: checked before they are kept, so that every store takes them."""

from __future__ import annotations

from playhead.errors import PlayheadError

MAX_NAME = 200
MAX_DESCRIPTION = 2_000


def wrong(path: str, what: str) -> PlayheadError:
    return PlayheadError(f"`{path}` {what}.", code="bad_body")


def line(text: str, path: str, longest: int = MAX_NAME, shortest: int = 1) -> str:
    """One line, without space around it. Raises `PlayheadError` that names the path."""
    kept = text.strip()
    if not shortest <= len(kept) <= longest or any(ord(char) < 32 for char in kept):
        raise wrong(path, f"must be one line of {shortest} to {longest} characters")
    return kept


def note(text: str, path: str, longest: int = MAX_DESCRIPTION) -> str:
    """Any number of lines. Raises `PlayheadError` that names the path."""
    kept = text.strip()
    if len(kept) > longest or any(ord(char) < 32 and char not in "\n\t\r" for char in kept):
        raise wrong(path, f"must be a text of at most {longest} characters")
    return kept
