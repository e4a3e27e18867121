"""The reports: for programs, for a terminal, and the page."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from io import StringIO

from rich.console import Console

from playhead.privacy_check.html import as_html
from playhead.privacy_check.judge import judge
from playhead.privacy_check.places import Place
from playhead.privacy_check.report import Result, as_json, summary

from .pages import element, place, seen, snapshot, text, track, upload

EVIL = '<img src="https://evil.example/x" onerror=alert(1)>'
PICTURE = "data:image/webp;base64,UklGRg=="


def result(*places: Place, title: str = "*****") -> Result:
    heading = element(3, "h1", {"title": title}, text(4, "******* ** ***"))
    observation = seen(places, upload(snapshot(heading)), track(plan="pro"))
    return Result(
        observation, judge(observation), {(0, 1, 2, 30, 40): PICTURE}, datetime(2026, 11, 24, 9, 5, tzinfo=UTC)
    )


def bad() -> Result:
    leak = place("attribute", EVIL, 3, name="title", tag="h1", selector='h1[data-x="<b>"]', rect=(1, 2, 30, 40))
    return result(leak, place("text", "Invoice of Ada", 4, tag="h1", selector="h1"), title=EVIL)


def test_json() -> None:
    report = json.loads(as_json(bad()))
    assert report["passed"] is False
    assert report["counts"] == {
        "in clear, must be masked": 1, "in clear, allowed": 0, "masked": 1, "blocked": 0, "absent": 0,
    }  # fmt: skip
    first = report["places"][0]
    assert (first["status"], first["selector"], first["what"]) == ("in clear", 'h1[data-x="<b>"]', "attribute title")
    assert (first["value"], first["page"], first["picture"]) == (EVIL, "https://shop.example/checkout", PICTURE)
    assert report["analytics_events"] == {"Checkout": ["plan"]}
    assert json.loads(as_json(result()))["passed"] is True


def test_the_page_runs_and_loads_nothing_of_the_site() -> None:
    page = as_html(bad())
    assert "1 place is in clear that text mode masks" in page
    assert "default-src 'none'" in page
    assert EVIL not in page
    outside = re.sub(r"<style>.*?</style>|<script>.*?</script>", "", page, flags=re.S)
    assert re.findall(r'\b(?:src|href)="([^"]*)"', outside) == ["https://shop.example/checkout", PICTURE]
    assert "Nothing is in clear that text mode masks" in as_html(result())


def test_a_terminal_shows_what_is_in_clear_first() -> None:
    out = StringIO()
    summary(bad(), Console(file=out, width=100))
    lines = out.getvalue().splitlines()
    assert lines[0] == "✖ 1 place is in clear that text mode masks"
    assert any('h1[data-x="<b>"]' in line for line in lines[:6])
    assert any(line.split() == ["1", "masked"] for line in lines)
