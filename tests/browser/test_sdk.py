"""What our SDK sends, and what it never sends: the built files in real Chromium, against a small collector."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from string import ascii_lowercase

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from .collector import Collector, Json
from .conftest import CHROMIUM, FLAGS, eventually

FLUSH_MS = 300
REFUSED = {"error": {"code": "x", "message": "x"}}


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.close()


def visit(collector: Collector, context: BrowserContext, path: str = "/") -> Page:
    """A page that is being recorded."""
    page = context.new_page()
    page.goto(collector.url + path)
    eventually(lambda: collector.posts("/record/"))
    return page


def all_arrived(collector: Collector, page: Page) -> None:
    """Waits until everything that was recorded so far is here: a mark in the stream, and what lies before it."""
    # Letters: digits in names are masked.
    mark = "mark " + "".join(random.choices(ascii_lowercase, k=12))
    page.evaluate("(mark) => playhead.track(mark)", mark)
    eventually(
        lambda: any(event["type"] == 5 and event["data"]["payload"].get("name") == mark for event in collector.rrweb())
    )
    eventually(collector.is_gapless)


def flushes_pass(page: Page, flushes: int = 4) -> None:
    """Lets the page's own time go on, for what must not be sent in it."""
    page.evaluate("(ms) => new Promise((done) => setTimeout(done, ms))", flushes * FLUSH_MS)


def sent(collector: Collector) -> int:
    return len(collector.posts("/record/")) + len(collector.posts("/track/"))


def test_nothing_of_a_masked_page_leaves_it(collector: Collector, context: BrowserContext) -> None:
    collector.head = collector.snippet('data-record-network="true"')
    page = visit(collector, context, "/?q=QUERYCANARY#HASHCANARY")
    page.fill("#i", "TYPEDCANARY")
    page.fill("#p", "PASSCANARY")
    page.locator("div[contenteditable]").press_sequentially("TYPEDEDITCANARY")
    page.evaluate("out.textContent='LATECANARY'; out.setAttribute('title','LATETITLECANARY')")
    page.evaluate("history.pushState({},'','/spa?x=SPACANARY')")
    page.evaluate("console.log('LOGCANARY', {a:'OBJCANARY'}); fetch('/api?z=FETCHCANARY')")
    page.evaluate("setTimeout(()=>{throw new Error('ERRCANARY')})")
    page.evaluate("document.title='NEWTITLECANARY'; playhead.track('Clicked')")
    page.click("h1")
    eventually(lambda: {"ph:page", "ph:event", "ph:error"} <= set(collector.tags()))
    all_arrived(collector, page)
    text = "".join(r["text"] + json.dumps(r["query"]) for r in collector.posts("/record/"))
    assert not set(re.findall(r"\w*CANARY\w*|mailcanary|4111 1111", text))
    assert {2, 4, 6} <= {event["type"] for event in collector.rrweb()}
    assert not [r for r in collector.requests if "preflight" in r]
    view = eventually(
        lambda: next(
            (e for r in collector.posts("/track/") for e in r["items"] if e["event"] == "$mp_web_page_view"), None
        )
    )
    (replay,) = collector.replays()
    assert view["properties"]["$mp_replay_id"] == replay
    assert "request_id" in collector.posts("/track/")[0]["query"]
    assert page.evaluate("playhead.get_session_replay_url()").startswith(f"{collector.url}/replay/{replay}")


def test_input_mode_leaves_text_and_masks_the_rest(collector: Collector, context: BrowserContext) -> None:
    collector.head = collector.snippet('data-record-mask-text-selector=""')
    page = visit(collector, context)
    page.fill("#i", "TYPEDCANARY")
    page.evaluate("document.querySelector('h1').className='rr-mask'")
    all_arrived(collector, page)
    text = "".join(r["text"] for r in collector.posts("/record/"))
    assert "Hello TEXTCANARY" in text
    hidden = (
        "MASKCANARY BLOCKCANARY VALUECANARY TYPEDCANARY AREACANARY EDITCANARY HIDDENCANARY CHECKCANARY HREFCANARY "
        "SRCCANARY mailcanary"
    )
    assert not [word for word in [*hidden.split(), "4111 1111"] if word in text]
    mutations = [e for e in collector.rrweb() if e["type"] == 3 and e["data"]["source"] == 0]
    assert any("***** **********" in json.dumps(e) for e in mutations), "a heading that became masked is sent again"
    assert collector.posts("/record/")[0]["query"]["mask"] == "input"


def test_a_tab_is_one_replay_and_a_new_one_another_of_the_same_visit(
    collector: Collector, context: BrowserContext
) -> None:
    collector.head = collector.snippet()
    page = visit(collector, context)
    page.fill("#p", "a")
    page.goto(collector.url + "/two")
    eventually(lambda: len({epoch for _, epoch in collector.streams()}) == 2)
    all_arrived(collector, page)
    assert len(collector.replays()) == 1
    with context.expect_page():
        page.evaluate("window.open('/three')")
    eventually(lambda: len(collector.replays()) == 2)
    assert len({r["query"]["visit"] for r in collector.posts("/record/")}) == 1


def test_the_last_words_of_a_closed_tab(collector: Collector, context: BrowserContext) -> None:
    collector.head = collector.snippet(flush_ms=5_000)
    page = visit(collector, context)
    page.fill("#p", "x")
    page.evaluate("out.textContent='last words'; document.body.setAttribute('data-state','open')")
    # The observer has run when a frame was drawn.
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.close(run_before_unload=False)
    eventually(lambda: any("data-state" in r["text"] for r in collector.posts("/record/")), 5)


def test_what_a_server_refused_is_sent_by_the_next_page(collector: Collector, context: BrowserContext) -> None:
    collector.head = collector.snippet()
    collector.status, collector.answer = 503, REFUSED
    page = context.new_page()
    page.goto(collector.url + "/")
    first = eventually(lambda: collector.posts("/record/", accepted=False))[0]
    page.evaluate("out.textContent='one'.repeat(50000)")
    flushes_pass(page, 2)
    page.close()
    collector.reset()
    epoch = first["query"]["epoch"]
    page = context.new_page()
    page.goto(collector.url + "/")
    eventually(
        lambda: any(
            event["type"] == 2
            for (_, of), stream in collector.streams().items()
            if of == epoch
            for event in stream.values()
        )
    )
    all_arrived(collector, page)


def test_a_batch_that_is_too_large_is_halved_until_it_fits(collector: Collector, context: BrowserContext) -> None:
    collector.head = collector.snippet()
    collector.limit = 900
    visit(collector, context)
    eventually(lambda: "ph:oversize" in collector.tags())
    eventually(collector.is_gapless)


def test_a_deleted_replay_is_not_gone_on_with(collector: Collector, context: BrowserContext) -> None:
    collector.head = collector.snippet()
    page = visit(collector, context)
    first = collector.posts("/record/")[0]["query"]["replay_id"]
    collector.answer = {"code": 200, "status": "OK", "recording": "deleted"}
    before = len(collector.posts("/record/"))
    page.evaluate("out.textContent='x'")
    eventually(lambda: len(collector.posts("/record/")) > before)
    collector.answer = {"code": 200, "status": "OK", "recording": "ok"}
    eventually(
        lambda: page.evaluate("out.append('y')") or collector.posts("/record/")[-1]["query"]["replay_id"] != first
    )


def test_where_workers_are_forbidden(collector: Collector, context: BrowserContext) -> None:
    collector.head = collector.snippet()
    collector.csp = "worker-src 'none'"
    all_arrived(collector, visit(collector, context))


def test_a_storm_of_mutations_becomes_one_snapshot(collector: Collector, context: BrowserContext) -> None:
    collector.head = collector.snippet('data-record-mutation-budget="500"')
    page = visit(collector, context)
    page.evaluate("for(let i=0;i<2000;i++){out.setAttribute('data-n',i%7+'')}")
    page.evaluate("out.textContent='after'")
    eventually(lambda: "ph:storm" in collector.tags())
    eventually(lambda: [event["type"] for event in collector.rrweb()].count(2) == 2)
    all_arrived(collector, page)
    assert [event["type"] for event in collector.rrweb()].count(2) == 2


def test_a_document_written_anew_is_recorded_on(collector: Collector, context: BrowserContext) -> None:
    collector.head = collector.snippet()
    page = visit(collector, context)
    page.evaluate("document.open(); document.write('<body><button id=b class=fresh>new</button>'); document.close()")
    eventually(lambda: [event["type"] for event in collector.rrweb()].count(2) == 2)
    page.click("#b")
    eventually(lambda: any(e["type"] == 3 and e["data"]["source"] == 2 for e in collector.rrweb()))


def test_who_comes_back_after_a_pause_begins_a_replay(collector: Collector, context: BrowserContext) -> None:
    collector.head = collector.snippet('data-record-idle-timeout-ms="1000"')
    page = visit(collector, context)
    eventually(lambda: page.evaluate("playhead.get_session_replay_url()") is None)
    page.evaluate("out.textContent='unseen'")
    flushes_pass(page)
    assert len(collector.replays()) == 1
    page.click("h1")
    eventually(lambda: len(collector.replays()) == 2)


def test_the_back_button_goes_on_with_the_replay(collector: Collector, playwright: Playwright) -> None:
    """Chromium keeps the page (bfcache) unless driven with Playwright's own flags; either way it is one replay."""
    browser: Browser = playwright.chromium.launch(
        executable_path=CHROMIUM, args=FLAGS, ignore_default_args=["--disable-back-forward-cache"]
    )
    with browser, browser.new_context() as context:
        collector.head = collector.snippet()
        page = visit(collector, context)
        all_arrived(collector, page)
        page.evaluate("window.kept = 1")
        page.goto(collector.url + "/two")
        all_arrived(collector, page)
        page.evaluate("history.back()")
        page.wait_for_function(
            "location.pathname === '/' && window.playhead?.get_session_recording_properties?.().$mp_replay_id"
        )
        all_arrived(collector, page)
        kinds = [e["data"]["payload"].get("kind") for e in collector.rrweb() if e["type"] == 5]
        assert ("bfcache" in kinds) is bool(page.evaluate("window.kept === 1"))
        assert len(collector.replays()) == 1


def test_identity_and_what_follows_opting_out(collector: Collector, context: BrowserContext) -> None:
    collector.head = collector.snippet()
    page = visit(collector, context)
    page.evaluate("playhead.people.set('plan','pro'); playhead.identify('u1'); playhead.people.increment('n')")
    page.evaluate(
        "playhead.register({tier:'gold'}); playhead.set_group('company','acme'); "
        "playhead.get_group('company','acme').set('x',1); playhead.time_event('Slow'); playhead.track('Slow',{a:1})"
    )
    eventually(lambda: collector.posts("/engage/") and collector.posts("/groups/"))

    def events() -> dict[str, Json]:
        return {e["event"]: e["properties"] for r in collector.posts("/track/") for e in r["items"]}

    eventually(lambda: {"$identify", "Slow"} <= events().keys())
    assert events()["$identify"]["$anon_distinct_id"].startswith("$device:")
    slow = events()["Slow"]
    assert slow["tier"] == "gold" and slow["$duration"] >= 0 and slow["$user_id"] == "u1"
    operations = [each for r in collector.posts("/engage/") for each in r["items"]]
    assert {"$set", "$add"} <= {key for each in operations for key in each}
    assert all(each["$distinct_id"] == "u1" for each in operations)
    all_arrived(collector, page)
    page.evaluate("playhead.opt_out_tracking()")
    # What was under way when they opted out may still arrive.
    flushes_pass(page, 2)
    seen = sent(collector)
    page.evaluate("out.textContent='z'; playhead.track('No')")
    page.click("h1")
    flushes_pass(page)
    page.goto(collector.url + "/two")
    page.wait_for_function("playhead.has_opted_out_tracking()")
    flushes_pass(page)
    assert sent(collector) == seen


def test_opting_out_leaves_nothing_on_the_device(collector: Collector, context: BrowserContext) -> None:
    collector.head = collector.snippet()
    collector.status, collector.answer = 503, REFUSED
    page = context.new_page()
    page.goto(collector.url + "/")
    eventually(lambda: collector.posts("/record/", accepted=False))
    other = context.new_page()
    other.goto(collector.url + "/other")
    other.wait_for_function("!!window.__playhead_recorder__")
    page.evaluate("localStorage.setItem('__phq_t_gone_ev', '{}'); playhead.track('Kept'); playhead.opt_out_tracking()")
    kept = "Object.keys(localStorage).filter((k) => k.startsWith('__ph')).join()"
    other.wait_for_function("playhead.has_opted_out_tracking() && playhead.get_session_replay_url() === null")
    for one in (page, other):
        one.wait_for_function(f"{kept} === ''")
        one.wait_for_function("indexedDB.databases().then((all) => !all.some((d) => d.name === 'playhead'))")
    collector.reset()
    page.goto(collector.url + "/two")
    page.evaluate("playhead.start_session_recording(); playhead.track('No'); out.textContent = 'x'")
    other.evaluate("out.textContent = 'x'; playhead.track('No')")
    flushes_pass(page)
    assert not collector.requests
    assert page.evaluate(kept) == "" and not page.evaluate("document.cookie.includes('_playhead')")
    page.evaluate("playhead.opt_in_tracking()")
    eventually(lambda: collector.posts("/record/"))


GPC = "navigator.__defineGetter__('globalPrivacyControl', () => true)"


@pytest.mark.parametrize(
    ("script", "attributes", "recorded"),
    [
        (GPC, "", False),
        ("navigator.__defineGetter__('doNotTrack', () => '1')", "", False),
        ("0", 'data-opt-out-tracking-by-default="true"', False),
        ("0", 'data-opt-out-tracking-by-default="perhaps"', False),
        (GPC, 'data-ignore-dnt="true"', True),
    ],
)
def test_a_browser_that_asks_not_to_be_tracked(
    collector: Collector, context: BrowserContext, script: str, attributes: str, recorded: bool
) -> None:
    collector.head = f"<script>{script}</script>" + collector.snippet(attributes)
    page = context.new_page()
    page.goto(collector.url + "/")
    page.evaluate("playhead.start_session_recording(); playhead.track('x')")
    if recorded:
        eventually(lambda: collector.posts("/record/"))
    else:
        flushes_pass(page)
        assert not collector.requests


def test_pages_that_are_not_recorded(collector: Collector, context: BrowserContext) -> None:
    collector.head = collector.snippet("""data-record-url-block='["/private*"]' data-record-mask-text-selector=''""")
    page = context.new_page()
    page.goto(collector.url + "/private?q=QUERYCANARY")
    eventually(lambda: "ph:page" in collector.tags())
    page.evaluate("playhead.track('Secret'); console.log('LOGCANARY'); out.textContent = 'PRIVATECANARY'")
    page.click("h1")
    flushes_pass(page)
    assert [(event["type"], event["data"]["payload"]) for event in collector.rrweb()] == [
        (5, {"href": f"{collector.url}/private?q=*", "kind": "load", "blocked": True})
    ]

    def recorded(text: str) -> bool:
        return text in json.dumps(collector.rrweb())

    # Out of it: nothing until the page has changed.
    page.evaluate("history.pushState({}, '', '/open'); setTimeout(() => { out.textContent = 'SHOWN' }, 300)")
    eventually(lambda: recorded("SHOWN"))
    assert not recorded("PRIVATECANARY")
    # Into it: from the moment of the address on.
    page.evaluate("out.textContent = 'BEFORE'; requestAnimationFrame(() => 0)")
    eventually(lambda: recorded("BEFORE"))
    page.evaluate("History.prototype.pushState.call(history, {}, '', '/private/2'); out.textContent = 'AFTERCANARY'")
    page.click("h1")
    eventually(lambda: recorded("/private/2"))
    page.evaluate("playhead.stop_session_recording(); playhead.start_session_recording(); out.title = 'AFTERCANARY'")
    flushes_pass(page)
    assert not recorded("AFTERCANARY")


def test_rules_of_the_project_hold_from_the_answer_on(collector: Collector, context: BrowserContext) -> None:
    collector.head = collector.snippet("data-record-mask-text-selector=''")
    page = visit(collector, context)
    eventually(lambda: "Hello TEXTCANARY" in json.dumps(collector.rrweb()))
    collector.answer = {**collector.answer, "rules": {"version": "r1", "mask": ["h1"], "block": ["svg"]}}
    page.evaluate("out.textContent = 'more'")

    def ruled() -> list[Json]:
        return [r for r in collector.posts("/record/") if r["query"]["rules"] == "r1"]

    eventually(lambda: any(event["type"] == 2 for r in ruled() for event in r["items"]))
    first = ruled()[0]["query"]
    assert int(first["masked"]) > 0 and int(first["blocked"]) >= 1
    page.goto(collector.url + "/two")
    eventually(lambda: len(collector.streams()) == 2)
    all_arrived(collector, page)
    after = [r for r in collector.posts("/record/") if r["query"]["epoch"] != first["epoch"]]
    assert all(r["query"]["rules"] == "r1" for r in after)
    words = ("TEXTCANARY", "SVGCANARY", "SVGTITLECANARY")
    assert not [word for word in words for r in [*ruled(), *after] if word in r["text"]]


def test_what_cannot_be_masked_is_dropped(collector: Collector, context: BrowserContext) -> None:
    collector.head = collector.snippet()
    page = visit(collector, context)
    page.evaluate(
        """() => {
            const real = String.prototype.replace;
            String.prototype.replace = function (...given) {
                if (String(this).includes('BROKENCANARY')) throw 1;
                return real.apply(this, given);
            };
            out.textContent = 'BROKENCANARY';
        }"""
    )
    eventually(lambda: "ph:dropped" in collector.tags())
    page.evaluate("console.log('BROKENCANARY')")
    all_arrived(collector, page)
    assert "BROKENCANARY" not in json.dumps(collector.rrweb())
    dropped = [e for e in collector.rrweb() if e["type"] == 5 and e["data"]["tag"] == "ph:dropped"]
    assert "masking failed" in [event["data"]["payload"]["reason"] for event in dropped]


METHODS = """
init identify alias reset get_distinct_id get_property name_tag register register_once unregister track track_pageview
track_links track_forms track_with_groups time_event enable disable push start_batch_senders stop_batch_senders set_config
get_config get_api_host add_hook remove_hook toString get_tab_id set_group add_group remove_group get_group
start_session_recording stop_session_recording pause_session_recording resume_session_recording
get_session_recording_properties get_session_replay_url opt_in_tracking opt_out_tracking has_opted_in_tracking
has_opted_out_tracking clear_opt_in_out_tracking people.set people.set_once people.unset people.increment people.append
people.remove people.union people.track_charge people.clear_charges people.delete_user flags.are_flags_ready
flags.load_flags flags.when_ready flags.get_variant flags.get_variant_sync flags.get_variant_value
flags.get_variant_value_sync flags.get_all_variants flags.get_all_variants_sync flags.is_enabled flags.is_enabled_sync
flags.update_context flags.get_feature_data
"""


def test_every_method_of_mixpanels_is_there(collector: Collector, context: BrowserContext) -> None:
    collector.head = collector.snippet()
    page = visit(collector, context)
    missing = page.evaluate(
        "(names) => names.filter((n) => typeof n.split('.').reduce((o, k) => o && o[k], playhead) !== 'function')",
        METHODS.split(),
    )
    assert not missing
    second = page.evaluate("playhead.init('t2', {api_host: playhead.get_api_host()}, 'second').toString()")
    assert second == "playhead.second"
    page.evaluate("playhead.second.track('From second')")
    page.evaluate("playhead.stop_session_recording()")
    assert page.evaluate("playhead.get_session_replay_url()") is None
    first = collector.posts("/record/")[0]["query"]["replay_id"]
    page.evaluate("playhead.start_session_recording()")
    eventually(lambda: collector.posts("/record/")[-1]["query"]["replay_id"] != first)
    page.evaluate(
        "new playhead.constructor().init(null); new playhead.constructor().init('x', 7); "
        "new playhead.constructor().init('y', {record_mask_text_selector: '[[', record_sessions_percent: 'all'})"
    )
