"""The pages of a retrieval's archive: a readable index, and each replay as a page that plays without a network."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from html import escape
from importlib import resources
from typing import Any

import msgspec

from playhead.clock import rfc3339
from playhead.jsontext import members
from playhead.people.listing import Person
from playhead.replays.feed import FeedRow

SHOWN_VALUES = 300

STYLE = """
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:0 auto;padding:2rem 1.25rem;
color:#1f2328;background:#fff}
h1{font-size:1.5rem;margin:0 0 .25rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}
p{margin:.25rem 0}.quiet{color:#656d76}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.35rem .75rem .35rem 0;
border-bottom:1px solid #d8dee4;vertical-align:top;overflow-wrap:anywhere}th{font-weight:600}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
@media (prefers-color-scheme:dark){body{background:#16181d;color:#e6e8eb}.quiet{color:#9aa1ab}
td,th{border-color:#333840}a{color:#79b8ff}}
"""
PLAYER_STYLE = """
body{margin:0;font:14px/1.4 system-ui,sans-serif;background:#16181d;color:#e6e8eb;display:flex;flex-direction:column;
height:100vh}
header{padding:.6rem 1rem;overflow-wrap:anywhere}header small{color:#9aa1ab}
#stage{flex:1;position:relative;overflow:hidden;background:#0b0d11}
#stage .replayer-wrapper{position:absolute;transform-origin:0 0}
#stage iframe{border:0;background:#fff}
footer{display:flex;gap:.75rem;align-items:center;padding:.6rem 1rem}
footer input{flex:1}button,select{font:inherit;padding:.3rem .8rem}
#time{font-variant-numeric:tabular-nums}
"""
PLAYER_SCRIPT = """
(() => {
  const events = JSON.parse(document.getElementById('events').textContent);
  const stage = document.getElementById('stage'), button = document.getElementById('play');
  const bar = document.getElementById('bar'), time = document.getElementById('time');
  const speed = document.getElementById('speed');
  const clock = ms => { const s = Math.max(0, Math.round(ms / 1000));
    return Math.floor(s / 60) + ':' + String(s % 60).padStart(2, '0'); };
  if (events.length < 2) { stage.textContent = 'There is nothing to play in this replay.'; return; }
  const player = new rrwebReplay.Replayer(events, { root: stage, mouseTail: true, skipInactive: false });
  const total = player.getMetaData().totalTime;
  bar.max = total;
  let playing = false;
  const fit = () => {
    const frame = player.iframe, width = Number(frame.width) || 1024, height = Number(frame.height) || 768;
    const scale = Math.min(stage.clientWidth / width, stage.clientHeight / height, 1);
    player.wrapper.style.transform = 'scale(' + scale + ')';
    player.wrapper.style.left = Math.max(0, (stage.clientWidth - width * scale) / 2) + 'px';
  };
  const show = at => { bar.value = at; time.textContent = clock(at) + ' / ' + clock(total); };
  const set = on => { playing = on; button.textContent = on ? 'Pause' : 'Play'; };
  player.on('resize', fit);
  player.on('finish', () => { set(false); show(total); });
  window.addEventListener('resize', fit);
  button.addEventListener('click', () => {
    if (playing) { player.pause(); set(false); return; }
    player.play(Number(bar.value) >= total ? 0 : Number(bar.value)); set(true);
  });
  bar.addEventListener('input', () => {
    const at = Number(bar.value);
    if (playing) player.play(at); else player.pause(at);
    show(at);
  });
  speed.addEventListener('change', () => player.setConfig({ speed: Number(speed.value) }));
  const tick = () => { if (playing) show(Math.min(total, player.getCurrentTime())); requestAnimationFrame(tick); };
  tick(); player.pause(0); show(0); fit();
})();
"""


class Counted(msgspec.Struct):
    """What the events of an archive are, counted while they are written."""

    events: Counter[str] = msgspec.field(default_factory=Counter)

    def take(self, lines: bytes) -> None:
        self.events.update(msgspec.json.decode(members(line)["event"], type=str) for line in lines.split(b"\n") if line)


def pretty(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def json_array(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """NDJSON as one JSON array."""
    yield b"["
    first = True
    for piece in pieces:
        for line in piece.splitlines():
            yield line if first else b",\n" + line
            first = False
    yield b"]\n"


@lru_cache(maxsize=1)
def _replayer() -> tuple[str, str] | None:
    """The replayer's script and style, as built with the dashboard; None in a checkout where nothing is built."""
    folder = resources.files("playhead").joinpath("static", "offline")
    script, style = folder.joinpath("replay.js"), folder.joinpath("replay.css")
    if not script.is_file() or not style.is_file():
        return None
    return script.read_text("utf-8").replace("</script", "<\\/script"), style.read_text("utf-8")


def _hash(script: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() + "'"


def replay_page(row: FeedRow, pieces: Iterable[bytes]) -> Iterator[bytes] | None:
    """A page that plays the replay, with everything in it; None where the replayer is not built.

    The replayed page is hostile input: only our own two scripts may run, the page stands in a sandboxed frame, and
    nothing is sent anywhere but for the pictures and fonts of the recorded site.
    """
    replayer = _replayer()
    if replayer is None:
        return None
    return _replay_page(row, pieces, *replayer)


def _replay_page(row: FeedRow, pieces: Iterable[bytes], script: str, style: str) -> Iterator[bytes]:
    policy = (
        f"default-src 'none'; script-src {_hash(script)} {_hash(PLAYER_SCRIPT)}; "
        "style-src 'unsafe-inline' https: http: data:; img-src https: http: data: blob:; "
        "font-src https: http: data:; media-src https: http: data: blob:; base-uri 'none'; "
        "form-action 'none'"
    )
    title = escape(f"Replay of {row.started_at}")
    yield (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n'
        '<meta name="referrer" content="no-referrer"><meta name="viewport" content="width=device-width">\n'
        f"<style>{style}{PLAYER_STYLE}</style></head><body>\n"
        f"<header><strong>{title}</strong><br><small>{escape(row.start_url or '')}</small></header>\n"
        '<div id="stage"></div><footer><button id="play">Play</button>'
        '<input id="bar" type="range" min="0" value="0" aria-label="Position"><span id="time"></span>'
        '<select id="speed" aria-label="Speed"><option value="0.5">0.5×</option><option value="1" selected>1×</option>'
        '<option value="2">2×</option><option value="4">4×</option><option value="8">8×</option></select></footer>\n'
        '<script type="application/json" id="events">'
    ).encode()
    for piece in json_array(pieces):
        # Nothing in the data can end the element that holds it.
        yield piece.replace(b"<", b"\\u003c")
    yield f"</script>\n<script>{script}</script>\n<script>{PLAYER_SCRIPT}</script>\n</body></html>\n".encode()


def index_page(  # noqa: PLR0917
    asked: Sequence[str],
    ids: Sequence[str],
    people: Sequence[Person],
    counted: Counted,
    replays: Sequence[FeedRow],
    withheld: int,
    now_ms: int,
) -> bytes:
    """What is in the archive, to be read by people."""
    events = [(name, f"{count:,}") for name, count in sorted(counted.events.items())]
    plays = _replayer() is not None
    body = _opening("What is stored about you", asked, now_ms)
    body += "<h2>Ids</h2><p>" + ", ".join(escape(each) for each in ids) + "</p>"
    body += '<h2>Profile</h2><p class="quiet">In full in <a href="profile.json">profile.json</a>.</p>'
    for person in people:
        pairs = [(name, _text(value)) for name, value in sorted(person.properties.items())]
        body += f"<h3>{escape(person.name or person.distinct_id)}</h3>" + _table(("Property", "Value"), pairs)
    body += "" if people else "<p>There is no profile.</p>"
    body += '<h2>Events</h2><p class="quiet">In full in <a href="events.ndjson">events.ndjson</a>, one a line.</p>'
    body += _table(("Event", "How many"), events, numbers=1) if events else "<p>There are no events.</p>"
    body += "<h2>Replays</h2>"
    if replays:
        cells = [
            (
                _links(row.replay_id, row.started_at, plays=plays),
                escape(row.start_url or ""),
                f"{row.duration_ms / 1_000:,.0f} s",
            )
            for row in replays
        ]
        body += _rows(("Began", "First page", "Length"), cells, numbers=1)
    else:
        body += "<p>There are no replays.</p>"
    if withheld:
        body += f'<p class="quiet">{withheld:,} more can not be given: expired, deleted, or not masked yet.</p>'
    return _page("What is stored about you", body)


def kinds_page(asked: Sequence[str], rows: Sequence[dict[str, Any]], now_ms: int) -> bytes:
    """The index of an archive that says only what kinds of data there are, or where they come from."""
    columns = list(rows[0]) if rows else []
    cells = [[_text(row[name]) for name in columns] for row in rows]
    body = _opening("What kinds of data are stored about you", asked, now_ms)
    body += _table(columns, cells) if rows else "<p>Nothing is stored.</p>"
    return _page("What kinds of data are stored about you", body)


def _opening(title: str, asked: Sequence[str], now_ms: int) -> str:
    names = ", ".join(escape(each) for each in asked)
    return f'<h1>{title}</h1><p class="quiet">{names} · as of {rfc3339(now_ms)}</p>'


def _links(replay_id: str, text: str, *, plays: bool) -> str:
    data = f'<a href="replays/{replay_id}.json">data</a>'
    return f'<a href="replays/{replay_id}.html">{escape(text)}</a> · {data}' if plays else f"{escape(text)} · {data}"


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= SHOWN_VALUES else text[:SHOWN_VALUES] + " …"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: int = 0) -> str:
    return _rows(heads, ([escape(cell) for cell in row] for row in rows), numbers)


def _rows(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: int = 0) -> str:
    def cell(tag: str, place: int, text: str) -> str:
        kind = ' class="n"' if place >= len(heads) - numbers else ""
        return f"<{tag}{kind}>{text}</{tag}>"

    head = "".join(cell("th", place, escape(text)) for place, text in enumerate(heads))
    body = "".join(
        "<tr>" + "".join(cell("td", place, text) for place, text in enumerate(row)) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _page(title: str, body: str) -> bytes:
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>\n'
        f"<body>\n{body}\n</body></html>\n"
    ).encode()
