"""One visit to the corpus with one recorder, and all that was seen of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page

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
    const kept = { cookies: document.cookie.split('; ').filter((c) => !c.startsWith('user=')), databases: {} };
    const others = (storage) => Object.entries(storage).filter(([key]) => !key.startsWith('site.'));
    kept.local = others(localStorage);
    kept.session = others(sessionStorage);
    const wait = (request) => new Promise((done, failed) => { request.onsuccess = () => done(request.result); request.onerror = failed; });
    const readable = (key, value) => value instanceof ArrayBuffer || ArrayBuffer.isView(value) ? [...new Uint8Array(value.buffer ?? value)] : value;
    for (const { name } of await indexedDB.databases()) {
        if (name === 'site') continue;
        const db = await wait(indexedDB.open(name));
        for (const store of db.objectStoreNames)
            kept.databases[`${name}/${store}`] = JSON.stringify(await wait(db.transaction(store).objectStore(store).getAll()), readable);
        db.close();
    }
    return JSON.stringify(kept);
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


@dataclass
class Seen:
    """Where which places were found."""

    record: dict[Place, str] = field(default_factory=dict)
    analytics: dict[Place, str] = field(default_factory=dict)
    kept: str = ""
    failed: list[str] = field(default_factory=list)


def visit(browser: Browser, tap: Tap, recorder: Recorder) -> tuple[Corpus, Seen]:
    """Comes from a page, does all there is to do on the corpus, and leaves for a third page."""
    corpus = Corpus(recorder=recorder.tag.replace("TAP", tap.url))
    seen = Seen()
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(10_000)
    try:
        with Site(corpus.pages) as site:
            context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.url)
            page = context.new_page()
            page.goto(site.url + corpus.before)
            tap.holding = True
            page.click("a")
            page.wait_for_function(recorder.ready)
            tap.wait(lambda exchange: exchange.records)
            seen.failed += page.evaluate(RUN, [{"id": p.id, "name": p.name, "how": p.how} for p in corpus.later])
            act(page, corpus, seen)
            mark(page, tap, recorder, 1)
            seen.kept = page.evaluate(KEPT)
            tap.holding = False
            page.evaluate("(scripts) => scripts.forEach((script) => new Function(script)())", [p.how for p in corpus.leaving])
            page.goto(f"{site.url}/after")
            page.wait_for_function(recorder.ready)
            mark(page, tap, recorder, 2)
    finally:
        context.close()
    for exchange in tap.seen:
        where = seen.record if exchange.records else seen.analytics
        for part in (exchange.path, json.dumps(exchange.headers), exchange.body):
            for place in corpus.find(part):
                where.setdefault(place, f"{exchange.method} {exchange.path.partition('?')[0]}")
    return corpus, seen


def act(page: Page, corpus: Corpus, seen: Seen) -> None:
    for place, doing in corpus.acts:
        try:
            doing(page, page.locator(f"#{place.id}"), place.canary)
        except Exception as error:
            seen.failed.append(f"{place.name}: {str(error).splitlines()[0]}")


def mark(page: Page, tap: Tap, recorder: Recorder, number: int) -> None:
    """Waits until all that was recorded so far has been sent."""
    text = f"{MARK} {number}"
    page.evaluate(recorder.mark.replace("MARK", text))
    tap.wait(lambda exchange: exchange.records and text.encode() in exchange.content)
