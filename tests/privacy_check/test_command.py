"""The command without a browser: one clear sentence for what is missing or wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_cli import failed, playhead

URL = "http://127.0.0.1:9/"


def test_wrong_use(tmp_path: Path) -> None:
    failed(playhead("privacy-check"), "Missing argument", status=2)
    failed(playhead("privacy-check", "shop.example"), "begins with http", status=2)
    failed(playhead("privacy-check", URL, "--mode", "none"), "--mode", status=2)
    failed(playhead("privacy-check", URL, "--steps", str(tmp_path / "no")), "does not exist", status=2)
    (tmp_path / "steps").write_text("dance\n")
    failed(playhead("privacy-check", URL, "--steps", str(tmp_path / "steps")), "line 1", "dance", status=2)


def test_no_browser(tmp_path: Path) -> None:
    failed(playhead("privacy-check", URL, "--chromium", str(tmp_path / "no")), "there is no browser at")
    result = playhead("privacy-check", URL, PATH=str(tmp_path), PLAYWRIGHT_BROWSERS_PATH=str(tmp_path))
    failed(result, "privacy-check needs Chromium", "apt-get install chromium", "--chromium PATH")


def test_no_playwright(tmp_path: Path) -> None:
    (tmp_path / "playwright").mkdir()
    (tmp_path / "playwright" / "__init__.py").write_text("raise ImportError('not installed')\n")
    result = playhead("privacy-check", URL, PYTHONPATH=str(tmp_path))
    failed(result, 'pip install "playhead[check]"')


@pytest.mark.parametrize("name", ["--html", "--json"])
def test_a_report_that_can_not_be_written_is_said_before_the_check(name: str, tmp_path: Path) -> None:
    failed(
        playhead("privacy-check", URL, name, str(tmp_path / "no" / "report")), "No such file or directory", "no/report"
    )
