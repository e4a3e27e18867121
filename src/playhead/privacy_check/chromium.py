"""Finds Playwright and a Chromium, and says in one sentence what is missing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playhead.errors import PlayheadError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)


@contextmanager
def open_chromium(path: Path | None) -> Iterator[Browser]:
    """A headless Chromium: the one named, else the machine's, else Playwright's own. Raises PlayheadError for none."""
    try:
        from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415
    except ImportError:
        raise PlayheadError(
            'privacy-check needs Playwright for Python: install it with pip install "playhead[check]"',
            code="no_playwright",
        ) from None
    with sync_playwright() as playwright:
        executable = find(playwright, path)
        # Chromium refuses its sandbox to root.
        flags = [*FLAGS, "--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [*FLAGS]
        try:
            browser = playwright.chromium.launch(executable_path=executable, args=flags)
        except Error as error:
            line = error.message.strip().splitlines()[0]
            raise PlayheadError(f"{executable} could not be started: {line}", code="no_chromium") from None
        try:
            yield browser
        finally:
            browser.close()


def find(playwright: Playwright, path: Path | None) -> Path:
    """The browser to use. Raises PlayheadError saying how to install one."""
    if path is not None:
        if path.is_file():
            return path
        raise PlayheadError(
            f"there is no browser at {path}: name Chromium or Chrome with --chromium", code="no_chromium"
        )
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    own = Path(playwright.chromium.executable_path)
    if own.is_file():
        return own
    raise PlayheadError(
        "privacy-check needs Chromium, and none was found: install it (on Debian and Ubuntu: apt-get install chromium; "
        "elsewhere: playwright install chromium), or name one with --chromium PATH",
        code="no_chromium",
    )
