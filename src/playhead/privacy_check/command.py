"""`playhead privacy-check`, whole: drive, judge, report."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from playhead.privacy_check.checkup import Options, observe
from playhead.privacy_check.chromium import open_chromium
from playhead.privacy_check.html import as_html
from playhead.privacy_check.judge import judge
from playhead.privacy_check.pictures import cut
from playhead.privacy_check.report import Result, as_json, summary


def check(
    options: Options, *, chromium: Path | None, html: Path | None, json: Path | None, out: Console, err: Console
) -> bool:
    """Checks a site, writes the reports asked for. True when nothing is wrong. Raises PlayheadError."""
    for path in (html, json):
        if path:
            path.touch()
    with open_chromium(chromium) as browser, err.status("starting Chromium", spinner="dots") as status:
        seen = observe(browser, options, lambda what: status.update(what.replace("[", "\\[")))
        verdict = judge(seen)
        status.update("writing the report")
        pictures = cut(browser, seen, verdict.findings) if html or json else {}
    result = Result(seen, verdict, pictures, datetime.now(UTC))
    if html:
        html.write_text(as_html(result), encoding="utf-8")
    if json:
        json.write_bytes(as_json(result))
    summary(result, out)
    for path, what in ((html, "HTML report"), (json, "JSON report")):
        if path:
            out.print(f"  {what}: {path}", markup=False)
    return not result.wrong
