"""The report as one page, for people who decide: nothing is loaded from elsewhere, and it reads without scripts too."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

from playhead import __version__
from playhead.privacy_check.pictures import box_of
from playhead.privacy_check.places import Finding, Status
from playhead.privacy_check.report import Result, counted, headline, not_examined, path, recorder_name

HERE = Path(__file__).parent
LABELS = {
    "wrong": "in clear",
    "allowed": "clear, allowed",
    "masked": "masked",
    "blocked": "blocked",
    "absent": "not sent",
}
# Properties that come from the SDK and not from the site.
BY_SDK = re.compile(r"\$|mp_lib$|time$|token$|distinct_id$|current_(domain|page_title|url_\w+)$")
MARK = (
    '<svg width="22" height="22" viewBox="0 0 22 22" aria-hidden="true">'
    '<rect width="22" height="22" rx="6" fill="#3557e0"/><path d="M8 6.2v9.6l7.6-4.8z" fill="#fff"/></svg>'
)
SEAL = (
    '<svg width="26" height="26" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.4" '
    'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="{}"/></svg>'
)
TICK, WARNING = SEAL.format("M5 12.5l4.6 4.5L19 7.5"), SEAL.format("M12 6v7.5M12 17.6v.1")


def as_html(result: Result) -> str:
    """The whole page."""
    counts = _counts(result)
    first = "wrong" if counts["wrong"] else ""
    # Nothing but what is written here runs or loads; pictures are part of the page.
    policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="robots" content="noindex">
<title>{escape(headline(result))} · {escape(_host(result.seen.url))}</title>
<style>
{(HERE / "report.css").read_text()}</style>
</head>
<body class="{"failed" if result.wrong else "passed"}" data-first="{first}">
<header class="top"><div>{MARK}<b>Playhead privacy check</b>
<time datetime="{result.at.isoformat()}">{result.at:%-d %B %Y, %H:%M} UTC</time></div></header>
<main>
{_verdict(result)}
{_tiles(counts)}
<section aria-label="Places">{_tools(result)}
<ol class="places">
{"".join(_place(result, finding) for finding in result.verdict.findings)}
<li class="empty" id="empty" {"hidden" if result.verdict.findings else ""}>No place fits.</li>
</ol></section>
{_facts(result)}
</main>
<footer><div>Made by <code>playhead privacy-check</code> {__version__}. This page shows text of the checked site
as it stands there: share it with those who may read that site.</div></footer>
<script>
{(HERE / "report.js").read_text()}</script>
</body>
</html>
"""


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]


def _group(finding: Finding) -> str:
    if finding.status is Status.CLEAR:
        return "wrong" if finding.wrong else "allowed"
    return finding.status.value


def _counts(result: Result) -> dict[str, int]:
    groups = [_group(finding) for finding in result.verdict.findings]
    return {name: groups.count(name) for name in LABELS}


def _verdict(result: Result) -> str:
    seen, verdict = result.seen, result.verdict
    typed = sum(1 for finding in verdict.findings if finding.place.canary)
    kept = (
        "Uploads went on to the recorder's server, as asked for."
        if seen.forwarded
        else "In this check nothing of it left this machine."
    )
    if result.wrong:
        said = (
            "In this mode the places below should reach the recorder only as stars, or not at all. They were found "
            f"readable in what it sent or holds ready to send. {kept}"
        )
    else:
        said = (
            "Every place that this mode masks was looked for in everything the recorder sent and keeps in the browser, "
            "and none can be read there. What is in clear is listed with the reason why it may be."
        )
    return f"""<section class="verdict"><div class="seal">{WARNING if result.wrong else TICK}</div><div>
<h1>{escape(headline(result))}</h1>
<p class="site"><a href="{escape(seen.url)}" rel="noreferrer">{escape(seen.url)}</a><br>
{escape(recorder_name(seen.sdk))} ·
{counted(len(verdict.findings), "place")} on {counted(len(result.pages), "page")} ·
{counted(typed, "place")} with a canary that the check typed</p></div>
<p class="plain"><strong>What this means.</strong> {said}</p></section>"""


def _tiles(counts: dict[str, int]) -> str:
    bar = "".join(f'<i class="c-{name}" style="flex:{number}"></i>' for name, number in counts.items() if number)
    tiles = "".join(
        f'<button class="tile c-{name}" data-status="{name}" aria-pressed="false" {"" if number else "disabled"}>'
        f"<b>{number:,}</b><span>{LABELS[name]}</span></button>"
        for name, number in counts.items()
    )
    tiles = f'<div class="tiles" role="group" aria-label="Show only">{tiles}</div>'
    return f'<div class="bar" aria-hidden="true">{bar}</div>{tiles}'


def _tools(result: Result) -> str:
    pages = "".join(f'<option value="{escape(page)}">{escape(path(page))}</option>' for page in result.pages)
    return (
        '<div class="tools" hidden><input id="words" type="search" placeholder="Find text, selector, attribute…" '
        f'aria-label="Find"><select id="page" aria-label="Page"><option value="">All pages</option>{pages}</select>'
        '<output id="shown"></output></div>'
    )


def _place(result: Result, finding: Finding) -> str:
    place, group = finding.place, _group(finding)
    box = box_of(finding)
    picture = result.pictures.get(box) if box else None
    shot = f'<img src="{picture}" alt="" loading="lazy">' if picture else '<div class="blank">not visible</div>'
    page = result.page(finding)
    on = f' <span class="page">{escape(path(page))}</span>' if len(result.pages) > 1 else ""
    where = "".join(
        f"<li>{escape(one.where)}<br><code>{_marked(one.text, place.value)}</code></li>" for one in finding.evidence
    )
    found = (
        "where it was found" if len(finding.evidence) == 1 else f"where it was found ({len(finding.evidence)} shown)"
    )
    details = f"<details><summary>{found}</summary><ul>{where}</ul></details>" if where else ""
    return f"""<li class="place c-{group}" data-status="{group}" data-page="{escape(page)}">
<div class="shot">{shot}</div>
<div><span class="name">{escape(_upper(place.what))}{on}</span>
<code class="selector">{escape(place.selector)}</code></div>
<dl class="pair"><div><dt>{"typed" if place.canary else "on the page"}</dt><dd>{escape(_short(place.value))}</dd></div>
<div><dt>sent</dt><dd>{_sent(finding)}</dd></div></dl>
<div class="side"><span class="badge">{LABELS[group]}</span><p>{escape(finding.why)}</p></div>
{details}</li>
"""


def _sent(finding: Finding) -> str:
    match finding.status:
        case Status.CLEAR:
            return _marked((finding.sent or finding.place.value).strip(), finding.place.value)
        case Status.BLOCKED:
            return '<span class="nothing">an empty box of the same size</span>'
        case Status.ABSENT:
            return '<span class="nothing">nothing</span>'
        case Status.MASKED:
            return escape(finding.sent) or '<span class="nothing">stars</span>'


def _marked(text: str, value: str) -> str:
    """The text with what can be read of `value` marked."""
    parts = [value.strip(), *sorted(re.findall(r"[^\W_]{2,}", value), key=len, reverse=True)]
    for part in parts:
        at = text.casefold().find(part.casefold()) if part else -1
        if at >= 0:
            end = at + len(part)
            return f"{escape(text[:at])}<mark>{escape(text[at:end])}</mark>{escape(text[end:])}"
    return escape(text)


def _facts(result: Result) -> str:
    seen, verdict = result.seen, result.verdict
    readings = "".join(f"<li>{escape(one.label)} <span>{escape(path(one.address))}</span></li>" for one in seen.moments)
    design = "".join(f"<li>{escape(why)}: {number:,}</li>" for why, number in verdict.by_design.items())
    not_seen = "".join(f"<li>{escape(line)}</li>" for line in (*seen.notes, *not_examined(result)))
    exact = sum(1 for finding in verdict.findings if finding.how == "node")
    events = _events(verdict.analytics)
    return f"""<section class="facts"><div><h2>What was not examined</h2><ul>{not_seen}
<li>what a steps file did not open: other pages, dialogs, states after logging in</li>
<li>other trackers on the site, and what the site sends to its own server</li></ul></div>
<div><h2>Analytics events</h2>{events}</div>
<div><h2>What stays clear by design</h2>
<p>These are names and numbers that a replay is laid out by. They are not counted above.</p>
<ul class="after">{design}<li>class and id names, and the rules of style sheets</li>
<li>the path of addresses; values of their parameters are places of their own</li></ul></div>
<div><h2>What was examined</h2><ol>{readings}</ol></div>
<div><h2>How it was judged</h2>
<p>{counted(verdict.requests, "request")} of the recorder with {verdict.bytes_sent / 1024:,.0f} KB and
{counted(verdict.kept, "entry", "entries")} it keeps in the browser (databases, storage, cookies) were unpacked:
{counted(verdict.rrweb_events, "rrweb event")}.</p>
<p>{counted(exact, "place")} were matched by the recorder's own number of the node, which is exact for any text, however
short; the others by looking for their value, which is done only for values that can't be there by accident. Canaries
were looked for in everything, also percent-encoded and in base64.</p></div></section>"""


def _events(analytics: dict[str, list[str]]) -> str:
    """The events sent, with the properties that the site's code gave them; those of the SDK once for all."""
    if not analytics:
        return "<p>None were sent in this check.</p>"
    added: dict[str, None] = {}
    rows = []
    for event, names in analytics.items():
        own = [name for name in names if event.startswith("profile ") or not BY_SDK.match(name)]
        added |= dict.fromkeys(name for name in names if name not in own)
        rows.append(f"<li><b>{escape(event)}</b> <span>{escape(', '.join(own))}</span></li>")
    return (
        "<p>Masking is for replays. These events were sent, or wait to be, with what the site's own code put in:</p>"
        f'<ul class="after">{"".join(rows)}</ul>'
        f'<p class="after">The SDK adds to events: {escape(", ".join(added))}.</p>'
    )


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 280 else flat[:279] + "…"
