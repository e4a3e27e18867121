"""The leak corpus of the browser tests, visited by our recorder and by its peers: how many private places each sends in clear.

Each is told to mask all it can: `mixpanel-browser` does by default, plain rrweb is given `maskAllInputs` and a text selector
of `*`. Counted is what is in the uploads of the recording, over all places but those that our docs say stay clear (class
names, ids, CSS rules, paths).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from playwright.sync_api import sync_playwright

from bench.table import Row
from tests.browser.conftest import CHROMIUM, FLAGS, ROOT, bundled
from tests.browser.leaks.recorders import MIXPANEL, playhead, rrweb
from tests.browser.leaks.site import Tap
from tests.browser.leaks.visit import Recorder, visit

NAME = "leaks"
STATIC = ROOT / "src" / "playhead" / "static" / "sdk"
RRWEB = rrweb("@rrweb/record 2.1.6", maskAllInputs=True, maskTextSelector="*")


def run() -> Iterable[Row]:
    files = {f"/sdk/{file.name}": file.read_bytes() for file in STATIC.glob("*.js")}
    files["/sdk.js"] = files["/sdk/sdk.js"]
    with tempfile.TemporaryDirectory() as directory:
        for name in ("mixpanel", "rrweb"):
            files[f"/{name}.js"] = bundled(name, Path(directory)).encode()
    ours, of = leaks(playhead("text"), files)
    for peer in (MIXPANEL, RRWEB):
        theirs, _ = leaks(peer, files)
        yield Row(
            f"private places sent in clear, all masked: {peer.name}",
            f"{ours} of {of}",
            f"{theirs} of {of}",
            ours,
            "<= 0",
        )


def leaks(recorder: Recorder, files: dict[str, bytes]) -> tuple[int, int]:
    """How many of how many."""
    with sync_playwright() as playwright, Tap(files=files) as tap:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        done = visit(browser, tap, recorder)
        browser.close()
    private = {place for place in done.corpus.places if place.expected != "open"}
    return len(private & done.recorded), len(private)
