"""The places as pages of a site: the page a visitor comes from, the page with the corpus, the frames in it, the page after."""

from __future__ import annotations

from collections.abc import Mapping

from . import gestures, later, places
from .canaries import Canaries, Expected, Place


class Corpus(Canaries):
    """All places. `recorder` is the markup that loads what records the page."""

    def __init__(self, recorder: str, series: int) -> None:
        super().__init__(series)
        self.acts: list[tuple[Place, gestures.Act]] = []
        put = self._put
        head = put("in the head", places.HEAD, "clear") + put("in the head", places.HEAD_NEVER, "masked")
        head += put("open", places.OPEN_HEAD, "open")
        text = put("text", places.TEXT, "clear") + put("attribute", places.ATTRIBUTES, "clear")
        text += put("attribute of few words", places.WRONG_WORDS, "clear") + put("style", places.STYLES, "clear")
        text += put("field", places.FIELDS, "masked") + put("URL", places.URLS, "masked")
        text += put("left out", places.LEFT_OUT, "masked") + put("looks like a secret", places.SECRETS, "masked")
        text += put("mask class", places.MASKED_BY_CLASS, "masked") + put("blocked", places.BLOCKED, "masked")
        text += put("open", places.OPEN, "open")
        nested = put("shadow root", places.NESTED_SHADOW, "clear")
        nested += put("shadow root", places.NESTED_SHADOW_NEVER, "masked")
        shadow = put("shadow root", places.SHADOW, "clear") + put("shadow root", places.SHADOW_NEVER, "masked")
        frame = put("frame", places.FRAME, "clear") + put("frame", places.FRAME_NEVER, "masked")
        srcdoc = put("frame", places.SRCDOC, "clear") + put("frame", places.SRCDOC_NEVER, "masked")
        scripted: tuple[tuple[str, Mapping[str, str], Expected], ...] = (
            ("changed later", later.CHANGES, "clear"),
            ("logged", later.LOGS, "clear"),
            ("field, changed later", later.FIELDS_LATER, "masked"),
            ("URL, changed later", later.URLS_LATER, "masked"),
            ("elsewhere", later.ELSEWHERE, "masked"),
            ("address", later.ADDRESS_LATER, "masked"),
            ("open", later.OPEN_LATER, "open"),
        )
        for kind, scripts, expected in scripted:
            for name, script in scripts.items():
                self.add(name, kind, script, expected)
        self.later = [place for place in self.places if place.kind in LATER or place.name in later.OPEN_LATER]
        done = self._gestures("done by a person", gestures.NEVER, "masked")
        done += self._gestures("done by a person", gestures.CLEAR, "clear")
        before = {name: self.add(name, "address", "CANARY", "masked").canary for name in ADDRESS}
        self.leaving = [self.add(name, "on leaving", script, expected) for name, (script, expected) in LEAVING.items()]
        root = "<template shadowrootmode=open>"
        self.pages = {
            "/before": f"<!doctype html><body><a href='/page?user={before['query of the page']}#{before['hash of the page']}'>go</a>",
            "/page": (
                f"<!doctype html><html lang=en><head><meta charset=utf-8>{head}{recorder}</head><body>{text}"
                f"<section>{root}{shadow}<section>{root}{nested}</template></section></template></section>"
                f'<iframe src=/frame></iframe><iframe srcdoc="{srcdoc}"></iframe><iframe name=sink></iframe>'
                f"{''.join(f'<div id={place.id}></div>' for place in self.later)}{done}</body></html>"
            ),
            "/frame": f"<!doctype html><body>{frame}</body>",
            "/field": "<!doctype html><body><input></body>",
            "/after": f"<!doctype html><html lang=en><head><title>a</title>{recorder}</head><body>after</body></html>",
        }
        self.before = f"/before?from={before['referrer']}"

    def _put(self, kind: str, snippets: Mapping[str, str], expected: Expected) -> str:
        made = [self.add(name, kind, html, expected) for name, html in snippets.items()]
        return "\n".join(place.how if kind in PLAIN or kind == "open" else f"<div>{place.how}</div>" for place in made)

    def _gestures(self, kind: str, known: Mapping[str, gestures.Gesture], expected: Expected) -> str:
        made = []
        for name, (html, act, *shape) in known.items():
            place = self.add(name, kind, html, expected, *shape)
            self.acts.append((place, act))
            made.append(f"<div id={place.id}>{place.how}</div>")
        return "\n".join(made)


PLAIN = {"in the head", "shadow root", "frame"}
LATER = {"changed later", "logged", "field, changed later", "URL, changed later", "elsewhere", "address"}
ADDRESS = ("query of the page", "hash of the page", "referrer")
LEAVING: dict[str, tuple[str, Expected]] = {
    "text set in beforeunload": ("addEventListener('beforeunload', () => document.body.append('CANARY'))", "clear"),
    "title set in pagehide": ("addEventListener('pagehide', () => { document.title = 'CANARY' })", "clear"),
    "logged in beforeunload": ("addEventListener('beforeunload', () => console.log('CANARY'))", "clear"),
    "field filled in beforeunload": (
        "addEventListener('beforeunload', () => { document.querySelector('input').value = 'CANARY' })",
        "masked",
    ),
    "beacon on leaving": ("addEventListener('pagehide', () => navigator.sendBeacon('/empty?user=CANARY'))", "masked"),
}
