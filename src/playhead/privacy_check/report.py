"""The result for people at a terminal and for programs. The page for everyone else is in `html`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from playhead import __version__
from playhead.privacy_check.pictures import Box, box_of
from playhead.privacy_check.places import Finding, Observation, Sdk, Status, Verdict

MAX_ROWS = 40


class Result(msgspec.Struct, frozen=True):
    """One check, whole. `strict` counts what analytics events hold as wrong too."""

    seen: Observation
    verdict: Verdict
    pictures: dict[Box, str]
    at: datetime

    @property
    def wrong(self) -> list[Finding]:
        return self.verdict.wrong

    @property
    def allowed(self) -> list[Finding]:
        return [one for one in self.verdict.findings if one.status is Status.CLEAR and not one.wrong]

    def page(self, finding: Finding) -> str:
        return bare(self.seen.moments[finding.place.moment].address)

    @property
    def pages(self) -> list[str]:
        return list(dict.fromkeys(bare(moment.address) for moment in self.seen.moments))


def bare(address: str) -> str:
    """Where an address points, without what it carries."""
    return address.partition("#")[0].partition("?")[0]


def path(address: str) -> str:
    return "/" + address.partition("://")[2].partition("/")[2]


def recorder_name(sdk: Sdk) -> str:
    name = {
        "playhead": "Playhead's SDK",
        "mixpanel-browser": "mixpanel-browser",
        "unknown": "a recorder we don't know",
    }[sdk.library]
    version = f" {sdk.version}" if sdk.version else ""
    return f"{name}{version}, {'put in by this check' if sdk.injected else 'as the site loads it'}"


def counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def headline(result: Result) -> str:
    mode, wrong = result.seen.mode, len(result.wrong)
    if not wrong:
        return f"Nothing is in clear that {mode} mode masks"
    return f"{counted(wrong, 'place')} {'is' if wrong == 1 else 'are'} in clear that {mode} mode masks"


def as_json(result: Result) -> bytes:
    """The report for programs."""
    seen, verdict = result.seen, result.verdict

    def row(finding: Finding) -> dict[str, Any]:
        place = finding.place
        return {
            "status": "in clear" if finding.status is Status.CLEAR else finding.status.value,
            "wrong": finding.wrong,
            "page": result.page(finding),
            "when": seen.moments[place.moment].label,
            "selector": place.selector,
            "what": place.what,
            "attribute": place.name or None,
            "value": place.value,
            "typed": bool(place.canary),
            "sent": finding.sent or None,
            "why": finding.why,
            "matched_by": finding.how,
            "evidence": [{"channel": one.channel, "where": one.where, "text": one.text} for one in finding.evidence],
            "picture": result.pictures.get(box) if (box := box_of(finding)) else None,
        }

    report = {
        "playhead": __version__,
        "checked_at": result.at.isoformat().replace("+00:00", "Z"),
        "url": seen.url,
        "mode": seen.mode,
        "recorder": {"library": seen.sdk.library, "version": seen.sdk.version, "injected": seen.sdk.injected},
        "passed": not result.wrong,
        "counts": {
            "in clear, must be masked": len(result.wrong),
            "in clear, allowed": len(result.allowed),
            **{status.value: verdict.count(status) for status in (Status.MASKED, Status.BLOCKED, Status.ABSENT)},
        },
        "examined": {
            "pages": result.pages,
            "readings": [{"label": one.label, "address": one.address} for one in seen.moments],
            "requests": verdict.requests,
            "bytes": verdict.bytes_sent,
            "rrweb_events": verdict.rrweb_events,
            "kept_in_browser": verdict.kept,
        },
        "analytics_events": verdict.analytics,
        "clear_by_design": verdict.by_design,
        "not_examined": not_examined(result),
        "notes": list(seen.notes),
        "places": [row(finding) for finding in verdict.findings],
    }
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def not_examined(result: Result) -> list[str]:
    undecided = result.verdict.undecided
    short = (
        [f"{counted(undecided, 'text')} too short to be told apart, of nodes the recorder gave no id"]
        if undecided
        else []
    )
    return [*result.seen.not_examined, *short]


def summary(result: Result, console: Console) -> None:
    """What a terminal shows: the verdict, what is in clear, the counts, and what was not looked at."""
    seen, verdict = result.seen, result.verdict
    mark = "[bold red]✖[/]" if result.wrong else "[bold green]✔[/]"
    console.print(f"{mark} [bold]{headline(result)}[/]")
    console.print(f"[dim]  {escape(seen.url)} · {recorder_name(seen.sdk)} · {seen.mode} mode[/]")
    console.print()
    if result.wrong:
        table = Table("where", "in clear", box=None, header_style="dim", pad_edge=True, show_edge=False)
        table.columns[0].ratio, table.columns[1].ratio = 3, 4
        for column in table.columns:
            column.overflow = "fold"
        table.expand = True
        for finding in result.wrong[:MAX_ROWS]:
            evidence = finding.evidence[0].where if finding.evidence else ""
            page = f" on {path(result.page(finding))}" if len(result.pages) > 1 else ""
            table.add_row(
                f"{escape(finding.place.selector)}\n[dim]{escape(finding.place.what + page)}[/]",
                f"[red]{escape(_short(finding.place.value))}[/]\n[dim]{escape(evidence)}[/]",
            )
        console.print(table)
        if len(result.wrong) > MAX_ROWS:
            console.print(f"  [dim]and {len(result.wrong) - MAX_ROWS} more: write a report with --html or --json[/]")
        console.print()
    counts = [
        (len(result.wrong), "in clear, must be masked", "red"),
        (len(result.allowed), "in clear, allowed", "yellow"),
        (verdict.count(Status.MASKED), "masked", "green"),
        (verdict.count(Status.BLOCKED), "blocked", "green"),
        (verdict.count(Status.ABSENT), "not sent", "green"),
    ]
    for number, label, colour in counts:
        console.print(f"  [{colour if number else 'dim'}]{number:>6,}[/]  {label}")
    console.print()
    console.print(
        f"[dim]  Looked at {counted(len(verdict.findings), 'place')} on {counted(len(result.pages), 'page')}, through "
        f"{counted(verdict.requests, 'request')} with {counted(verdict.rrweb_events, 'rrweb event')}.[/]"
    )
    for line in not_examined(result):
        console.print(f"[dim]  Not looked at: {escape(line)}[/]")
    for line in seen.notes:
        console.print(f"[yellow]  Note: {escape(line)}[/]")


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 60 else flat[:59] + "…"
