"""One visit to the corpus with one recorder, and all that was seen of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as PlaywrightError

from .canaries import Place
from .corpus import Corpus
from .site import Site, Tap

MARK = "End of the corpus"

# Runs the scripts of `later.py`, all at once.
RUN = """async (places) => {
    const tick = () => new Promise((done) => setTimeout(done, 20));
    const loaded = (frame) => new Promise((done) => frame.addEventListener('load', () => done(), { once: true }));
    const Script = (async () => 0).constructor;
    const failed = [];
    await Promise.all(places.map(async ({ id, how, name }) => {
        try {
            await new Script('el', 'tick', 'loaded', how)(document.getElementById(id), tick, loaded);
        } catch (error) {
            failed.push(`${name}: ${error}`);
        }
    }));
    await tick();
    return failed;
}"""

# All that is kept on the device, save what the site itself keeps.
KEPT = """async () => {
    const others = (storage) => Object.entries(storage).filter(([key]) => !key.startsWith('site.'));
    const cookies = document.cookie.split('; ').filter((cookie) => !cookie.startsWith('user='));
    const storage = JSON.stringify([cookies, others(localStorage), others(sessionStorage)]);
    const databases = [];
    const wait = (request) => new Promise((done, failed) => { request.onsuccess = () => done(request.result); request.onerror = failed; });
    const readable = (key, value) => value instanceof ArrayBuffer || ArrayBuffer.isView(value) ? [...new Uint8Array(value.buffer ?? value)] : value;
    for (const { name } of await indexedDB.databases()) {
        if (name === 'site') continue;
        const db = await wait(indexedDB.open(name));
        for (const store of db.objectStoreNames)
            databases.push(JSON.stringify(await wait(db.transaction(store).objectStore(store).getAll()), readable));
        db.close();
    }
    return [databases.join(), storage];
}"""


@dataclass(frozen=True)
class Recorder:
    """How a recorder is loaded and spoken to, in expressions of the page."""

    name: str
    # Markup; TAP is where it sends to.
    tag: str
    # True once the page has been recorded as it stands.
    ready: str
    # Puts MARK into the recording: when it has arrived, all before it has.
    mark: str
    # Of its canaries.
    series: int = 0


@dataclass
class Visit:
    """What happened, and the places that were found in what was sent and kept."""

    corpus: Corpus
    # What could not be done.
    failed: list[str] = field(default_factory=list)
    # In requests that carry recordings, in all others; in the recorder's databases, in its other storage.
    recorded: set[Place] = field(default_factory=set)
    analytics: set[Place] = field(default_factory=set)
    database: set[Place] = field(default_factory=set)
    storage: set[Place] = field(default_factory=set)


def visit(browser: Browser, tap: Tap, recorder: Recorder) -> Visit:
    """Comes from a page, does all there is to do on the corpus, and leaves for a third page."""
    corpus = Corpus(recorder.tag.replace("TAP", tap.url), recorder.series)
    done = Visit(corpus)
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(10_000)
    try:
        with Site(corpus.pages) as site:
            context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.url)
            page = context.new_page()
            page.goto(site.url + corpus.before)
            tap.holding = bool(tap.upstream)
            page.click("a")
            page.wait_for_function(recorder.ready)
            tap.wait(lambda exchange: exchange.records)
            done.failed += page.evaluate(RUN, [{"id": p.id, "name": p.name, "how": p.how} for p in corpus.later])
            done.failed += act(page, corpus)
            mark(page, tap, recorder, 1)
            databases, storage = page.evaluate(KEPT)
            tap.holding = False
            page.evaluate("(scripts) => scripts.forEach((how) => new Function(how)())", [p.how for p in corpus.leaving])
            page.goto(f"{site.url}/after")
            page.wait_for_function(recorder.ready)
            mark(page, tap, recorder, 2)
    finally:
        context.close()
    done.database, done.storage = corpus.find(databases), corpus.find(storage)
    for exchange in tap.seen:
        found = done.recorded if exchange.records else done.analytics
        for part in (exchange.path, json.dumps(exchange.headers), exchange.content):
            found |= corpus.find(part)
    return done


def act(page: Page, corpus: Corpus) -> list[str]:
    failed = []
    for place, doing in corpus.acts:
        try:
            doing(page, page.locator(f"#{place.id}"), place.canary)
        except PlaywrightError as error:
            failed.append(f"{place.name}: {error.message.splitlines()[0]}")
    return failed


def mark(page: Page, tap: Tap, recorder: Recorder, number: int) -> None:
    """Waits until all that was recorded so far has been sent."""
    text = f"{MARK} {number}"
    page.evaluate(recorder.mark.replace("MARK", text))
    tap.wait(lambda exchange: exchange.records and text.encode() in exchange.content)
