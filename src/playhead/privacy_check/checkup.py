"""Drives one check: opens the site, reads, types, performs the steps, waits until all is sent. Judges nothing."""

from __future__ import annotations

import random
import re
import string
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urljoin, urlsplit

import msgspec

from playhead.errors import PlayheadError
from playhead.privacy_check.intercept import Recorder, injection
from playhead.privacy_check.places import Mode, Moment, Observation, Place, Sent
from playhead.privacy_check.rules import parameters
from playhead.privacy_check.sdk import mode_of, rules_of, sdk_of
from playhead.privacy_check.steps import Step
from playhead.privacy_check.stream import decode

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ElementHandle, FrameLocator, Locator, Page

PAGE_SCRIPT = (Path(__file__).parent / "page.js").read_text()
NAME = "__playheadPrivacyCheck"
WINDOW = {"width": 1280, "height": 800}
DATABASES = ["playhead", "mixpanelBrowserDb"]
OWN_NAMES = r"^(__ph|__mp|mp_|_?mpq|playhead|mixpanel)"
MAX_PICTURES = 24
MAX_PICTURE_HEIGHT = 16_000


class Options(msgspec.Struct, frozen=True):
    """What is checked and how. Times in seconds."""

    url: str
    steps: tuple[Step, ...] = ()
    mode: Mode | None = None
    inject: bool = False
    forward: bool = False
    timeout_s: float = 15.0
    ignore_certificates: bool = False
    seed: int | None = None


Say = Callable[[str], None]


def observe(browser: Browser, options: Options, say: Say) -> Observation:
    """Everything seen of the site. Raises PlayheadError when it can't be opened, a step fails or nothing is sent."""
    from playwright.sync_api import Error  # noqa: PLC0415

    try:
        if not options.inject:
            visit = Visit(browser, options, injected=False, say=say)
            try:
                if visit.open():
                    return visit.finish()
            finally:
                visit.close()
        say("the site loads no SDK of its own" if not options.inject else "the SDK is put in")
        visit = Visit(browser, options, injected=True, say=say)
        try:
            visit.open()
            return visit.finish()
        finally:
            visit.close()
    except Error as error:
        line = error.message.strip().splitlines()[0]
        raise PlayheadError(f"{options.url}: {_plain(line)}", code="check_failed") from None


def _plain(message: str) -> str:
    """Playwright's message without the names of its own methods and classes."""
    refused = re.search(r"net::(ERR_\w+)", message)
    return f"can't be opened ({refused[1]})" if refused else re.sub(r"^(\w+(\.\w+)+: )?(\w*Error: )*", "", message)


class Visit:
    """One pass over the site in a fresh browser context."""

    def __init__(self, browser: Browser, options: Options, *, injected: bool, say: Say) -> None:
        self.options = options
        self.injected = injected
        self.say = say
        self.random = random.Random(options.seed)  # noqa: S311  Canaries need to be unlikely, not secret.
        self.word = "canary" + "".join(self.random.choices(string.ascii_lowercase + string.digits, k=6))
        self.recorder = Recorder(forward=options.forward)
        self.context: BrowserContext = browser.new_context(
            viewport={"width": WINDOW["width"], "height": WINDOW["height"]},
            # A policy of the site's own must not keep out the SDK that is put in.
            bypass_csp=injected,
            ignore_https_errors=options.ignore_certificates,
            reduced_motion="reduce",
            # A service worker's requests could not be intercepted.
            service_workers="block",
        )
        self.recorder.attach(self.context)
        if options.forward:
            self.context.add_init_script("window.__playheadPrivacyCheckForward = true")
        self.context.add_init_script(PAGE_SCRIPT)
        if injected:
            self.context.add_init_script(injection(options.mode or "text"))
        self.page: Page = self.context.new_page()
        self.page.on("dialog", lambda dialog: dialog.dismiss())
        self.hosts: set[str] = set()
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        self.loads: list[float] = []
        self.moments: list[Moment] = []
        self.places: dict[tuple[Any, ...], Place] = {}
        self.typed: dict[tuple[int, int], str] = {}
        self.kept: dict[str, Sent] = {}
        self.styled: set[str] = set()
        self.skipped: dict[str, int] = {}
        self.untouched: dict[str, int] = {}
        self.fields = 0
        self.ready: dict[str, Any] = {}

    def close(self) -> None:
        """Leaves the page before the context goes, so that no request is under way when interception ends."""
        from playwright.sync_api import Error  # noqa: PLC0415

        with suppress(Error):
            self.page.goto("about:blank", timeout=5000)
        self.context.close()

    # ---- the course of a check ----

    def open(self) -> bool:
        """Loads the site. False when it has no SDK of its own."""
        self.say(f"opening {self.options.url}")
        answer = self.page.goto(self.options.url, timeout=self.options.timeout_s * 2000)
        if answer is not None and answer.status >= 400:
            raise PlayheadError(f"{self.options.url} answers {answer.status}", code="check_failed")
        self._quiet()
        found = self._until(
            lambda: self._sdks() or self.recorder.sent, 3 if not self.injected else self.options.timeout_s
        )
        return bool(found)

    def finish(self) -> Observation:
        self._record()
        self._read("page loaded")
        self._type()
        self._read("canaries typed")
        for number, step in enumerate(self.options.steps, 1):
            self._call("restore")
            self.say(f"step {number}: {step}")
            self._perform(number, step)
            self._quiet()
            self._record()
            self._read(f"step {number}: {step}")
            if self._type():
                self._read(f"step {number}: {step}; canaries typed")
        self.say("waiting until everything is sent")
        notes = self._drain()
        load = len(self.loads)
        self._read("at the end")
        if len(self.loads) > load:
            notes = self._drain()
        return self._observation(notes)

    def _quiet(self) -> None:
        """The page has loaded and its network rests, or enough time has passed."""
        from playwright.sync_api import TimeoutError as TooLong  # noqa: PLC0415

        states: tuple[Literal["load", "networkidle"], ...] = ("load", "networkidle")
        # What a click sets off begins a moment later.
        self.page.wait_for_timeout(100)
        for state in states:
            try:
                self.page.wait_for_load_state(state, timeout=4000)
            except TooLong:
                return

    def _until(self, true: Callable[[], object], seconds: float) -> object:
        deadline = time.monotonic() + seconds
        while not (found := true()) and time.monotonic() < deadline:
            self.page.wait_for_timeout(50)
        return found

    def _call(self, name: str, *arguments: Any) -> Any:
        """Asks `page.js`; again when the page went elsewhere meanwhile."""
        from playwright.sync_api import Error  # noqa: PLC0415

        ask = f"([name, given]) => window.{NAME}[name](...given)"
        for _ in range(5):
            try:
                return self.page.evaluate(ask, [name, list(arguments)])
            except Error as error:
                if "navigation" not in error.message and "destroyed" not in error.message:
                    raise
                self._quiet()
        return self.page.evaluate(ask, [name, list(arguments)])

    # ---- the recorder ----

    def _sdks(self) -> dict[str, Any]:
        found: dict[str, Any] = self._call("sdks")
        return found

    def _record(self) -> None:
        """Starts recording where sampling has left this visit out; never where the site waits for consent."""
        for name, sdk in self._sdks().items():
            self.ready[name] = sdk
            if sdk["recording"] is False and sdk["optedOut"] is not True:
                self._call("start", name)
                self._until(lambda name=name: self._sdks().get(name, {}).get("recording"), 5)  # type: ignore[misc]

    def _drain(self) -> list[str]:
        """Waits until the recorder has sent a change that was made last; else what its database holds of it must do."""
        marked: float = self._call("nudge")
        if self._until(lambda: self._newest(self.recorder.sent) >= marked, self.options.timeout_s):
            return []
        self._keep()
        if self._newest(self.kept.values()) >= marked:
            return [
                f"the last changes were not sent within {self.options.timeout_s:g} s: read from the recorder's database"
            ]
        if self._newest(self.recorder.sent) > 0:
            return [f"the last changes were not sent within {self.options.timeout_s:g} s, and not examined"]
        return []

    def _newest(self, sent: Iterable[Sent]) -> float:
        return max((event.timestamp for event in decode(tuple(sent), tuple(self.loads)).events), default=0)

    def _keep(self) -> None:
        """What the recorder holds in the browser now; what it held before and no longer does stays in the list."""
        for one in self._call("kept", DATABASES, OWN_NAMES):
            analytics = not one["where"].startswith("IndexedDB")
            sent = Sent("analytics" if analytics else "kept", one["where"], body=(one["text"] or "").encode())
            self.kept[f"{one['where']} {hash(sent.body)}"] = sent

    # ---- the page ----

    def _read(self, label: str) -> None:
        self.say(f"reading: {label}")
        rules = rules_of(sdk_of(self.recorder, self.ready, injected=self.injected), self.ready)
        seen: dict[str, Any] = self._call("read", rules)
        if not self.loads or abs(self.loads[-1] - seen["origin"]) > 1:
            self.loads.append(seen["origin"])
        load, moment = len(self.loads) - 1, len(self.moments)
        before = len(self.places)
        self.styled |= set(seen["styled"])
        for name, count in seen["skipped"].items():
            number = len(count) if isinstance(count, list) else int(count)
            self.skipped[name] = max(self.skipped.get(name, 0), number)
        for raw in seen["places"]:
            self._add(raw, load, moment)
        for name, value in parameters(seen["address"]):
            self.places.setdefault(
                (load, "address", name, value),
                Place(load, 0, "url", "the page's address", value, name=name, moment=moment),
            )
        picture = b""
        if len(self.places) > before and sum(1 for one in self.moments if one.picture) < MAX_PICTURES:
            picture = self._picture()
        self.moments.append(Moment(load, label, seen["address"], picture))
        self._keep()

    def _add(self, raw: dict[str, Any], load: int, moment: int) -> None:
        key = (load, raw["key"], raw["kind"], raw["name"], raw["value"])
        known = self.places.get(key)
        canary = self.typed.get((load, raw["key"]), "") if raw["field"] else ""
        if not canary and self.word in raw["value"].casefold():
            canary = next((one for one in self.typed.values() if one.casefold() in raw["value"].casefold()), self.word)
        place = Place(
            load=load,
            key=raw["key"],
            kind=raw["kind"],
            selector=raw["selector"],
            value=raw["value"],
            name=raw["name"],
            tag=raw["tag"],
            input=raw["input"],
            ids=tuple(raw["ids"]),
            near=tuple(raw["near"]),
            field=raw["field"],
            rule=raw["rule"],
            blocked=raw["blocked"],
            canary=canary,
            moment=moment,
            rect=tuple(raw["rect"]) if raw["rect"] else None,
        )
        if known is not None:
            # Where it was first seen counts for its picture, every id it ever had for its judgement.
            place = msgspec.structs.replace(
                place,
                ids=tuple(dict.fromkeys((*known.ids, *place.ids))),
                near=tuple(dict.fromkeys((*known.near, *place.near))),
                moment=known.moment if known.rect else moment,
                rect=known.rect or place.rect,
                canary=known.canary or canary,
            )
        self.places[key] = place

    def _picture(self) -> bytes:
        from playwright.sync_api import Error  # noqa: PLC0415

        try:
            height = min(int(self.page.evaluate("document.documentElement.scrollHeight")), MAX_PICTURE_HEIGHT)
            clip = {"x": 0, "y": 0, "width": WINDOW["width"], "height": max(height, WINDOW["height"])}
            return self.page.screenshot(type="jpeg", quality=70, full_page=True, clip=clip, animations="disabled")  # type: ignore[arg-type]  # a dict serves as its FloatRect
        except Error:
            return b""

    # ---- typing ----

    def _type(self) -> int:
        """Types a canary into every field not yet filled, until no new one appears. Answers how many took one."""
        from playwright.sync_api import Error  # noqa: PLC0415

        count = 0
        for _ in range(5):
            try:
                handle = self.page.evaluate_handle(f"window.{NAME}.fields()")
                fields = [one.as_element() for one in handle.get_properties().values()]
            except Error:
                break
            if not fields:
                break
            for field in fields:
                try:
                    count += self._fill(field) if field else 0
                except Error:
                    # The page replaced it, or went elsewhere: the next round finds what is there now.
                    self.untouched["gone while typing"] = self.untouched.get("gone while typing", 0) + 1
        return count

    def _fill(self, field: ElementHandle) -> int:
        self.fields += 1
        canary = {
            "word": f"{self.word}{self.fields:03d}",
            "digits": f"7{self.random.randrange(10**11, 10**12)}",
            "date": f"19{20 + self.fields // 28 % 40}-04-{1 + self.fields % 28:02d}",
            "color": f"#a1{self.fields % 256:02x}c3",
        }
        how = field.evaluate(f"(field, canary) => window.top.{NAME}.prepare(field, canary)", canary)
        if how["how"] == "skipped":
            self.untouched[how["why"]] = self.untouched.get(how["why"], 0) + 1
            return 0
        if how["how"] == "keys":
            self.page.keyboard.type(how["text"])
        text = how.get("text", canary["word"])
        key = field.evaluate(f"(field) => window.top.{NAME}.keyOf(field)")
        self.typed[len(self.loads) - 1, key] = text if how["how"] == "keys" else canary["word"]
        return 1

    # ---- steps ----

    def _perform(self, number: int, step: Step) -> None:
        from playwright.sync_api import Error  # noqa: PLC0415
        from playwright.sync_api import TimeoutError as TooLong  # noqa: PLC0415

        limit = self.options.timeout_s * 1000
        try:
            match step.verb:
                case "goto":
                    self.page.goto(urljoin(self.page.url, step.target), timeout=limit * 2)
                case "click":
                    self._find(step.target).click(timeout=limit)
                case "wait":
                    self._find(step.target).wait_for(timeout=limit)
                case "type":
                    found = self._find(step.target)
                    found.click(timeout=limit)
                    found.fill("", timeout=limit)
                    self.fields += 1
                    text = step.text or f"{self.word}{self.fields:03d}"
                    self.page.keyboard.type(text)
                    key = found.evaluate(f"(field) => window.top.{NAME}.keyOf(field)")
                    self.typed[len(self.loads) - 1, key] = text
        except TooLong:
            raise PlayheadError(
                f"step {number} ({step}): nothing there to do it with within {self.options.timeout_s:g} s",
                code="step_failed",
            ) from None
        except Error as error:
            line = error.message.strip().splitlines()[0]
            raise PlayheadError(f"step {number} ({step}): {_plain(line)}", code="step_failed") from None

    def _find(self, selector: str) -> Locator:
        """`a >>> b`: b within the shadow root or the frame of a."""
        *outer, last = [part.strip() for part in selector.split(">>>")]
        scope: Page | FrameLocator | Locator = self.page
        for part in outer:
            host = scope.locator(part).first
            frame = host.evaluate("(element) => /^i?frame$/.test(element.localName)")
            scope = host.content_frame if frame else host
        return scope.locator(last).first

    # ---- the result ----

    def _observation(self, notes: list[str]) -> Observation:
        sdk = sdk_of(self.recorder, self.ready, injected=self.injected)
        sent = (*self.recorder.sent, *self.kept.values())
        if not any(one.channel != "analytics" for one in sent):
            raise PlayheadError(self._why_nothing(), code="nothing_recorded")
        return Observation(
            url=self.options.url,
            mode=self.options.mode or mode_of(self.recorder, self.ready),
            sdk=sdk,
            loads=tuple(self.loads),
            moments=tuple(self.moments),
            places=tuple(self.places.values()),
            sent=sent,
            styled=frozenset(self.styled),
            not_examined=tuple(self._not_examined()),
            notes=tuple(notes),
            forwarded=self.options.forward,
        )

    def _why_nothing(self) -> str:
        if any(sdk["optedOut"] for sdk in self.ready.values()):
            return (
                "nothing was recorded, because the site waits for consent: give it with a step (--steps FILE, click on "
                "its button), or check with --inject"
            )
        return (
            "nothing was recorded, so nothing could be checked: the page's SDK sent no recording (look at its console)"
        )

    def _not_examined(self) -> list[str]:
        skipped = self.skipped
        said = [
            (
                "crossOriginFrames",
                "frame of another origin",
                "frames of other origins",
                "closed to us and to the recorder",
            ),
            ("pictures", "picture", "pictures", "pixels are not read; the recorder keeps the address, unless blocked"),
            ("videos", "video", "videos", "pixels are not read"),
            ("canvases", "canvas", "canvases", "pixels are not read"),
        ]
        found = [
            f"{count} {one if count == 1 else many}: {why}"
            for name, one, many, why in said
            if (count := skipped.get(name, 0))
        ]
        if skipped.get("tooMany"):
            found.append("a page held more than 30,000 places: the rest of it was not read")
        found += [
            f"{count} {'field' if count == 1 else 'fields'} without a canary: {why}"
            for why, count in sorted(self.untouched.items())
        ]
        return found
