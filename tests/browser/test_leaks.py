"""What is masked never leaves the browser: the leak corpus, visited in both modes, looked for everywhere it could end up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from .conftest import ROOT, Api, Server, eventually, recording, serve
from .leaks import disk
from .leaks.canaries import Place
from .leaks.corpus import Corpus
from .leaks.recorders import playhead, rrweb
from .leaks.site import Tap
from .leaks.visit import Visit, visit

# Analytics events carry the page's address and the one it was come from, as docs/sdk.md says: for these places the recording
# alone counts.
IN_ANALYTICS = {"address"}


# What no recorder of the page's elements sees, or not every time: scripts and what they keep, requests, the console, closed
# trees, the password that rrweb masks whatever it is told, the last moment of a page.
NOT_IN_THE_PAGE = set(
    """
    JSON-LD|inline script|module script|import map|state of an app|text template|script added|script in a frame|template
    attribute in a template|template added|closed shadow root|closed shadow root attached|data frame|text of a canvas
    value of a form-associated element|caption of a video|title of what is playing|object URL
    cookie|local storage|session storage|database|window name|clipboard|message to the window|custom event|performance mark
    state object of the history|question of the browser|dropped file|referrer
    query that is pushed|query that is replaced|hash that is set|hash route that is pushed
    query of a fetch|body of a fetch|header of a fetch|answer of a fetch|failed fetch|query of an XHR|body of an XHR
    query of a beacon|beacon on leaving|query of a web socket|query of an event source|query of a worker|query of a module
    query of an image by script|query of a font by script|query of an iframe|changed query of an iframe
    console.log|console.info|console.warn|console.error|console.debug|object in the console|group in the console
    table in the console|URL in the console|e-mail in the console|token in the console|card number in the console
    long number in the console|uncaught error|e-mail in an uncaught error|unhandled rejection|unhandled rejection of a text
    typed into a shown password|title set in pagehide|field filled in beforeunload|logged in beforeunload
    """.strip()
    .replace("\n", "|")
    .replace("    ", "")
    .split("|")
)


@pytest.fixture(scope="module")
def sealing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that seals a replay at once, so that every form a recording has is on its disk."""
    with serve(tmp_path_factory.mktemp("leaks"), PLAYHEAD_SEAL_IDLE_SECONDS="1") as server:
        yield server


def found(corpus: Corpus, parts: Iterable[bytes]) -> set[Place]:
    return {place for part in parts for place in corpus.find(part)}


def look_everywhere(server: Server, browser: Browser, mode: str) -> tuple[Visit, dict[str, set[Place]]]:
    """Where a visit's places were found: in all that carries recordings, and in all else."""
    before = {file for file in (server.data / "blobs" / "recordings").rglob("*") if file.is_file()}
    with disk.nothing_delivered(server.data), Tap(upstream=server.url) as tap:
        done = visit(browser, tap, playhead(mode))
        waiting, events = disk.journal(server.data)

    def sealed() -> set[object]:
        return {file for file in (server.data / "blobs" / "recordings").rglob("*") if file.is_file()} - before

    eventually(sealed, 60)
    corpus = done.corpus
    return done, {
        "uploads": done.recorded,
        "IndexedDB": done.database,
        "journal": found(corpus, waiting),
        "segments and recordings": found(corpus, disk.blobs(server.data)),
        "other requests": done.analytics,
        "other storage of the browser": done.storage,
        "journal of events": found(corpus, events),
        "tables": found(corpus, disk.tables(server.data)),
        "files": found(corpus, disk.files(server.data)),
    }


RECORDINGS = ("uploads", "IndexedDB", "journal", "segments and recordings")


@pytest.mark.parametrize("mode", ["text", "input"])
def test_what_a_mode_masks_is_found_nowhere(mode: str, sealing: Server, chromium: Browser) -> None:
    done, where = look_everywhere(sealing, chromium, mode)
    assert done.failed == []

    def may_be(place: Place, channel: str) -> bool:
        if place.expected == "open" or (place.expected == "clear" and mode == "input"):
            return True
        return place.kind in IN_ANALYTICS and channel not in RECORDINGS

    wrong: dict[str, list[str]] = {}
    for channel, places in where.items():
        for place in done.corpus.places:
            if place in places and not may_be(place, channel):
                wrong.setdefault(f"in clear: {place.kind}: {place.name}", []).append(channel)
            # It was looked for in the right places: what stays clear is found in each. On leaving, nobody asks the database.
            unasked = (channel, place.kind) == ("IndexedDB", "on leaving")
            if channel in RECORDINGS and place not in places and may_be(place, channel) and not unasked:
                wrong.setdefault(f"not found: {place.kind}: {place.name}", []).append(channel)
    addresses = {place for place in done.corpus.places if place.kind in IN_ANALYTICS}
    for place in addresses - (where["other requests"] & where["tables"]):
        wrong[f"not found: {place.name}"] = ["events"]
    assert wrong == {}, "\n".join(f"{what} ({', '.join(channels)})" for what, channels in sorted(wrong.items()))


# What each open place is called in the docs.
SAID = {
    "CSS custom property": "rules of style sheets",
    "rule of a linked sheet": "rules of style sheets",
    "class name": "class names, ids",
    "id": "class names, ids",
    "path of a link": "path kept",
    "path of an image": "path kept",
    "campaign of a link": "`utm_*`",
    "value that the page's CSS selects on": "the page's own CSS selects on",
    "class added": "class names, ids",
    "id changed": "class names, ids",
    "inserted rule": "rules of style sheets",
    "text of a style element, changed": "rules of style sheets",
    "adopted sheet": "rules of style sheets",
    "property of a rule, changed": "rules of style sheets",
}


def test_the_docs_name_all_that_stays_clear() -> None:
    places = Corpus("", 0).places
    assert {place.name for place in places if place.expected == "open"} == set(SAID)
    docs = " ".join((ROOT / "docs" / "sdk.md").read_text().partition("## What leaves the page")[2].split())
    for words in {*SAID.values(), "`$current_url`", "`$referrer`"}:
        assert words in docs.partition("## Other options")[0], words


def test_neither_length_nor_keystrokes_of_a_field_show(server: Server, api: Api, page: Page) -> None:
    page.goto(server.shop("login.html"))
    replay_id = recording(page)
    page.locator("[name=email]").press_sequentially("ab")
    page.locator("[name=password]").press_sequentially("a much longer secret")
    page.evaluate("playhead.track('End of the test')")

    def typed() -> list[tuple[int, str]]:
        events = api.rrweb(replay_id)
        assert "End of the test" in str([e for e in events if e["type"] == 5])
        return [(e["data"]["id"], e["data"]["text"]) for e in events if e["type"] == 3 and e["data"]["source"] == 5]

    (email, one), (password, other) = eventually(typed)
    assert email != password
    assert one == other


def test_a_recorder_that_masks_nothing_is_caught(chromium: Browser, bundle: Callable[[str], str]) -> None:
    """The control: the runner sees what there is to see."""
    with Tap(files={"/rrweb.js": bundle("rrweb").encode()}) as tap:
        done = visit(
            chromium,
            tap,
            rrweb(
                "rrweb, nothing masked",
                blockClass="nothing",
                maskTextClass="nothing",
                ignoreClass="nothing",
                maskInputOptions={"password": False},
            ),
        )
    assert done.failed == []
    missed = sorted(place.name for place in done.corpus.places if place not in done.recorded)
    assert set(missed) <= NOT_IN_THE_PAGE, sorted(set(missed) - NOT_IN_THE_PAGE)
