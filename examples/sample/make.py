"""Make the sample data of `playhead demo`: drive the shop in real Chromium as `people.py` says, and keep what the SDK sends.

A small server hands out the shop and the SDK's build, and takes the SDK's requests as Playhead would. Pauses are waited
for only in part: the rest is added to every time that comes after, so that a visit of a minute is made in ten seconds.
The result is `src/playhead/sample_data/visits.ndjson.zst`, which `playhead.sample` reads.

Usage: make.py [--only N] [--out FILE]     (needs the SDK's build, `sdk/dist`, and Chromium)
"""

from __future__ import annotations

import argparse
import asyncio
import bisect
import copy
import gzip
import json
import math
import mimetypes
import random
import re
import threading
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import zstandard
from people import MACHINES, PEOPLE, Machine, Person, Visit
from playwright.async_api import Browser, BrowserContext, CDPSession, Page, async_playwright

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "src" / "playhead" / "sample_data" / "visits.ndjson.zst"
# What stands in the data for the address the shop was visited at; `playhead.sample` puts the real one there.
PLACEHOLDER = "http://shop.invalid"
AT_ONCE = 4
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
]

Json = dict[str, Any]


@dataclass(frozen=True)
class Received:
    at: float
    path: str
    query: dict[str, str]
    body: Any


class Collector(ThreadingHTTPServer):
    """Serves the shop and the SDK; keeps what is posted, by the first label of the host (`p07.localhost`)."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that closes its tab resets connections: nothing to tell."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.received: dict[str, list[Received]] = defaultdict(list)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Collector

    def log_message(self, format: str, *args: object) -> None:
        pass

    def answer(self, body: bytes, kind: str = "application/json", status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.rstrip("/") == "/settings":
            return self.answer(b'{"sdk_config":{"config":{}},"recording":"ok","rules":[]}')
        found = re.fullmatch(r"/(?:sdk/)?((?:sdk|recorder|console|network|canvas)[\w-]*\.js)", path)
        file = ROOT / "sdk" / "dist" / found[1] if found else ROOT / "examples" / path.lstrip("/")
        if (found or path.startswith("/shop/")) and file.is_file():
            return self.answer(file.read_bytes(), mimetypes.guess_type(file.name)[0] or "application/octet-stream")
        return self.answer(b'{"error":{"code":"not_found","message":"no such page"}}', status=404)

    def do_POST(self) -> None:
        url = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
        visitor = (self.headers["Host"] or "").split(".")[0]
        self.server.received[visitor].append(
            Received(
                time.time() * 1000,
                "/" + url.path.strip("/") + "/",
                dict(parse_qsl(url.query, keep_blank_values=True)),
                body,
            )
        )
        self.answer(
            b'{"code":200,"status":"OK","recording":"ok","live":false}'
            if "record" in url.path
            else b'{"status":1,"error":null}'
        )


# ---- a visitor's hands ---------------------------------------------------------------------------------------------


@dataclass
class Hands:
    """Moves, clicks, types and scrolls as a person does, with mouse or finger. `pauses` is what was not really waited."""

    page: Page
    cdp: CDPSession
    machine: Machine
    chance: random.Random
    person: Person
    pauses: list[tuple[float, float]] = field(default_factory=list)
    at: tuple[float, float] = (0, 0)

    async def think(self, seconds: float) -> None:
        seconds *= self.chance.uniform(0.7, 1.3)
        real = min(0.03 if seconds < 0.3 else 0.1, seconds)
        await asyncio.sleep(real)
        self.pauses.append((time.time() * 1000, (seconds - real) * 1000))

    async def move(self, x: float, y: float) -> None:
        (x0, y0), steps = self.at, 10
        bend = self.chance.uniform(-0.15, 0.15)
        for i in range(1, steps + 1):
            t = i / steps
            t = t * t * (3 - 2 * t)
            off = math.sin(math.pi * t) * bend
            await self.page.mouse.move(x0 + (x - x0) * t - (y - y0) * off, y0 + (y - y0) * t + (x - x0) * off)
            await asyncio.sleep(0.018)
        self.at = (x, y)

    async def bring(self, selector: str) -> tuple[float, float]:
        """Scrolls by wheel or finger until the element is in sight; its centre, a little off."""
        element = self.page.locator(selector).first
        await element.wait_for(state="visible", timeout=10_000)
        for _ in range(14):
            box = await element.bounding_box()
            assert box
            middle = box["y"] + box["height"] / 2
            if 70 < middle < self.machine.height - 90:
                break
            await self.scroll(max(-500, min(500, middle - self.machine.height * 0.5)))
        else:
            await element.scroll_into_view_if_needed()
            box = await element.bounding_box()
            assert box
        spread = self.chance.uniform(0.35, 0.65)
        return box["x"] + box["width"] * spread, box["y"] + box["height"] * self.chance.uniform(0.4, 0.6)

    async def scroll(self, distance: float) -> None:
        if self.machine.touch:
            await self.cdp.send(
                "Input.synthesizeScrollGesture",
                {
                    "x": self.machine.width / 2,
                    "y": self.machine.height / 2,
                    "yDistance": -distance,
                    "speed": 1600,
                    "gestureSourceType": "touch",
                    "preventFling": True,
                },
            )
        else:
            for _ in range(5):
                await self.page.mouse.wheel(0, distance / 5)
                await asyncio.sleep(0.03)
        await asyncio.sleep(0.15)

    async def press(self, selector: str) -> None:
        x, y = await self.bring(selector)
        if self.machine.touch:
            await self.page.touchscreen.tap(x, y)
        else:
            await self.move(x, y)
            await self.think(0.25)
            await self.page.mouse.click(x, y, delay=60)
        await self.think(1.1)

    async def type(self, selector: str, text: str) -> None:
        await self.press(selector)
        for letter in text:
            await self.page.keyboard.type(letter)
            await self.think(0.16)
        await self.think(0.7)

    async def choose(self, selector: str, value: str) -> None:
        """A native list is not part of the page: the hand goes there, then the value changes."""
        x, y = await self.bring(selector)
        if not self.machine.touch:
            await self.move(x, y)
        await self.think(1.2)
        await self.page.locator(selector).select_option(value)
        await self.think(1.0)

    async def loaded(self, fragment: str) -> None:
        await self.page.wait_for_url(re.compile(fragment), wait_until="load", timeout=15_000)
        await self.sdk()
        await self.think(1.8)

    async def sdk(self) -> None:
        await self.page.wait_for_function(
            "window.playhead && window.playhead.get_session_recording_properties?.().$mp_replay_id"
        )


# ---- what they do --------------------------------------------------------------------------------------------------

SHOP = "/shop/"
Step = Callable[[Hands, str], Awaitable[None]]
STEPS: dict[str, Step] = {}


def step(function: Step) -> Step:
    STEPS[function.__name__.strip("_").replace("_", "-")] = function
    return function


async def home(h: Hands) -> None:
    if "index.html" not in h.page.url:
        await h.press("a.brand")
        await h.loaded("index")


@step
async def browse(h: Hands, _: str) -> None:
    await home(h)
    for _i in range(h.chance.randint(2, 4)):
        await h.scroll(h.chance.uniform(250, 420))
        if not h.machine.touch:
            await h.move(h.chance.uniform(0.15, 0.85) * h.machine.width, h.chance.uniform(0.3, 0.8) * h.machine.height)
        await h.think(1.6)


@step
async def filter_(h: Hands, value: str) -> None:
    await home(h)
    await h.choose("#category", value)


@step
async def sort(h: Hands, value: str) -> None:
    await home(h)
    await h.choose("#sort", value)


@step
async def search(h: Hands, words: str) -> None:
    await home(h)
    await h.type("#search", words)


@step
async def item(h: Hands, name: str) -> None:
    if await h.page.locator(f'a[href="item.html?id={name}"] .photo').count() == 0:
        await home(h)
    await h.press(f'a[href="item.html?id={name}"] .photo')
    await h.loaded("item")


@step
async def photos(h: Hands, _: str) -> None:
    await h.press("#thumbs button:nth-child(2)")
    await h.think(2)
    await h.press("#thumbs button:nth-child(1)")


@step
async def video(h: Hands, _: str) -> None:
    if await h.page.locator("#thumbs .play").count():
        await h.press("#thumbs .play")
        await asyncio.sleep(2)
        await h.think(2)


@step
async def glaze(h: Hands, _: str) -> None:
    chips = await h.page.locator("#glazes .chip").count()
    await h.press(f"#glazes .chip:nth-child({chips})")


@step
async def more(h: Hands, _: str) -> None:
    await h.press("#more")


@step
async def size(h: Hands, _: str) -> None:
    await h.bring("#size")
    await h.think(3)


@step
async def care(h: Hands, _: str) -> None:
    await h.press("details:nth-of-type(2) summary")


@step
async def delivery(h: Hands, value: str) -> None:
    await h.bring("iframe")
    await h.page.frame_locator("iframe").locator("#where").select_option(value)
    await h.think(2)


@step
async def add(h: Hands, _: str) -> None:
    await h.press("#add")
    await h.think(1)


@step
async def cart(h: Hands, _: str) -> None:
    if "cart.html" not in h.page.url:
        await h.press("a.basket")
        await h.loaded("cart")


@step
async def qty(h: Hands, _: str) -> None:
    await h.choose("#lines select", "2")


@step
async def remove(h: Hands, _: str) -> None:
    await h.press("#lines [data-remove]")


@step
async def voucher(h: Hands, code: str) -> None:
    await h.type("#voucher input", code)
    await h.press("#apply")


@step
async def rage(h: Hands, _: str) -> None:
    x, y = await h.bring("#apply")
    await h.think(1.5)
    for _i in range(h.chance.randint(5, 8)):
        if h.machine.touch:
            await h.page.touchscreen.tap(x, y)
        else:
            await h.page.mouse.click(x, y, delay=25)
        await asyncio.sleep(0.11)
    await h.think(2)


@step
async def checkout(h: Hands, _: str) -> None:
    await h.press("#go")
    await h.loaded("checkout")


def fields(h: Hands) -> list[tuple[str, str]]:
    name = h.person.name or "Sam Visitor"
    return [
        ("name", name),
        ("email", h.person.email if h.person.name else "sam@example.com"),
        ("street", "12 Sample Street"),
        ("postcode", "1011 AB"),
        ("city", "Sampletown"),
        ("cardnumber", "4242424242424242"),
        ("exp", "1230"),
        ("cvc", "123"),
    ]


@step
async def fill(h: Hands, _: str) -> None:
    for name, value in fields(h):
        if not await h.page.locator(f"[name={name}]").input_value():
            await h.type(f"[name={name}]", value)


@step
async def fill_some(h: Hands, _: str) -> None:
    for name, value in fields(h)[: h.chance.randint(3, 6)]:
        await h.type(f"[name={name}]", value)
    await h.bring("[name=cardnumber]")
    await h.think(6)


@step
async def wrong(h: Hands, _: str) -> None:
    await h.type("[name=name]", h.person.name or "Sam")
    await h.press("#pay")
    await h.think(2)


@step
async def gift(h: Hands, _: str) -> None:
    await h.press("#gift")
    await h.type("#note", "For your new home. Love, all of us")


@step
async def pay(h: Hands, _: str) -> None:
    await h.press("#pay")
    await h.loaded("thanks")
    await h.think(2)


async def account(h: Hands, new: bool) -> None:
    await h.press("a.who")
    await h.loaded("login")
    if new:
        await h.press("#swap")
        await h.type("[name=name]", h.person.name)
    await h.type("[name=email]", h.person.email)
    await h.type("[name=password]", "a sample password")
    await h.press("#send")
    await h.loaded("(cart|index)")


@step
async def signup(h: Hands, _: str) -> None:
    await account(h, new=True)


@step
async def login(h: Hands, _: str) -> None:
    await account(h, new=False)


@step
async def chat(h: Hands, _: str) -> None:
    await h.press("shop-chat .open")
    await h.type("shop-chat input", "When do you send it?")
    await h.press("shop-chat form button")
    await asyncio.sleep(0.9)
    await h.think(3)


@step
async def letter(h: Hands, _: str) -> None:
    await h.type("#letter input", h.person.email if h.person.name else "sam@example.com")
    await h.press("#letter button")


@step
async def studio(h: Hands, _: str) -> None:
    await h.bring("#studio h2")
    await h.think(4)


@step
async def wait(h: Hands, _: str) -> None:
    await h.think(28)


@step
async def leave(h: Hands, _: str) -> None:
    if not h.machine.touch:
        await h.move(h.machine.width * 0.7, 4)
    await h.think(1)


# ---- one person's visits -------------------------------------------------------------------------------------------


@dataclass
class Span:
    """A visit on the clock of the machine that made it."""

    visit: Visit
    begin: float
    end: float
    pauses: list[tuple[float, float]]


async def visit_all(browser: Browser, collector: Collector, number: int, person: Person) -> list[Json]:
    machine = MACHINES[person.machine]
    label = f"p{number:02}"
    origin = f"http://{label}.localhost:{collector.server_port}"
    context: BrowserContext = await browser.new_context(
        user_agent=machine.user_agent,
        viewport={"width": machine.width, "height": machine.height},
        has_touch=machine.touch,
        is_mobile=machine.touch,
        locale="en-GB",
        timezone_id="UTC",
    )
    await context.add_init_script(
        f"Object.defineProperty(navigator, 'vendor', {{ get: () => {json.dumps(machine.vendor)} }})"
    )
    spans = []
    for index, visit in enumerate(person.visits):
        page = await context.new_page()
        if index:  # days lie between: the visit of the last time is over
            await page.goto(f"{origin}/shop/img/icon.svg")
            await page.evaluate(
                "for (const key of Object.keys(localStorage)) if (key.startsWith('__ph_visit')) localStorage.removeItem(key)"
            )
            await page.evaluate("sessionStorage.clear()")
        begin = time.time() * 1000 - 5
        chance = random.Random(f"{number}/{index}")
        hands = Hands(
            page,
            await context.new_cdp_session(page),
            machine,
            chance,
            person,
            at=(machine.width * 0.6, machine.height * 0.4),
        )
        first = visit.steps.split()[0]
        await page.goto(
            f"{origin}{SHOP}" + ("item.html?id=" + first[5:] if first.startswith("item:") else "index.html"),
            wait_until="load",
        )
        await hands.sdk()
        await hands.think(2)
        for word in visit.steps.split()[1 if first.startswith("item:") else 0 :]:
            name, _, argument = word.partition(":")
            await STEPS[name](hands, argument)
        await asyncio.sleep(0.3)
        await page.goto("about:blank")
        await settle(collector.received[label])
        spans.append(Span(visit, begin, time.time() * 1000, hands.pauses))
        await page.close()
    await context.close()
    received = once(collector.received[label])
    return [make_visit(span, copy.deepcopy(received), machine, origin) for span in spans]


async def settle(received: list[Received]) -> None:
    """Until nothing has come for a second."""
    deadline = time.time() + 10
    while time.time() < deadline and (not received or time.time() * 1000 - received[-1].at < 1000):
        await asyncio.sleep(0.05)


# ---- from what was received to what is kept ------------------------------------------------------------------------


class Warp:
    """Adds the pauses that were not waited for: every time moves by the sum of those before it."""

    def __init__(self, pauses: list[tuple[float, float]]) -> None:
        self.at = [at for at, _ in pauses]
        self.sums = [0.0]
        for _, extra in pauses:
            self.sums.append(self.sums[-1] + extra)

    def __call__(self, ms: float) -> int:
        return round(ms + self.sums[bisect.bisect_right(self.at, ms)])


def once(received: list[Received]) -> list[Received]:
    """Without the requests that were sent again: those carry the id of the first time."""
    first: dict[str, Received] = {}
    for number, one in enumerate(received):
        first.setdefault(one.query.get("request_id", str(number)), one)
    return list(first.values())


def happened(request: Received) -> float:
    """When the newest event in it was, or when it came."""
    return max(
        (e["properties"]["time"] * 1000 for e in request.body if "time" in e.get("properties", {})), default=request.at
    )


def make_visit(span: Span, received: list[Received], machine: Machine, origin: str) -> Json:
    warp = Warp(span.pauses)
    batches: dict[tuple[str, str], list[tuple[int, dict[str, str], list[Json]]]] = defaultdict(list)
    requests: dict[str, Json] = {}
    for one in received:
        if one.path == "/record/":
            if span.begin <= one.body[0]["timestamp"] <= span.end:
                batches[one.query["replay_id"], one.query["epoch"]].append((int(one.query["seq"]), one.query, one.body))
        elif span.begin <= happened(one) <= span.end:
            for entry in one.body:
                if "time" in entry.get("properties", {}):
                    entry["properties"]["time"] = warp(entry["properties"]["time"] * 1000) / 1000
            keep = {k: v for k, v in one.query.items() if k != "sent_at"}
            requests.setdefault(
                one.query.get("request_id", str(one.at)),
                {"path": one.path, "query": keep, "at": warp(one.at), "body": one.body},
            )
    for (_, epoch), parts in batches.items():
        done = 0
        for seq, query, events in sorted(parts, key=lambda part: part[0]):
            if seq > done:
                raise RuntimeError(f"{query['replay_id']}: rrweb events {done} to {seq} of a page are missing")
            events = events[done - seq :]
            if not events:
                continue
            for event in events:
                event["timestamp"] = warp(event["timestamp"])
            keep = {k: v for k, v in query.items() if k not in ("sent_at", "n", "format")}
            keep |= {"epoch": f"{warp(int(epoch[:13])):013}{epoch[13:]}", "seq": str(done)}
            requests[f"{epoch}/{done}"] = {
                "path": "/record/",
                "query": keep,
                "at": events[-1]["timestamp"],
                "body": events,
            }
            done += len(events)
    if not batches:
        raise RuntimeError("a visit without a replay")
    end = max(r["at"] for r in requests.values() if r["path"] == "/record/")
    text = json.dumps(
        {
            "ago_ms": round(span.visit.ago * 3_600_000),
            "end_ms": end,
            "user_agent": machine.user_agent,
            "requests": sorted(requests.values(), key=lambda r: r["at"]),
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
    host = origin.removeprefix("http://")
    text = text.replace(origin, PLACEHOLDER).replace(host, PLACEHOLDER.removeprefix("http://"))
    text = text.replace(host.split(":")[0], PLACEHOLDER.removeprefix("http://"))
    return json.loads(text)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=int, help="the person with this number alone")
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    collector = Collector()
    visits: list[Json] = []
    room = asyncio.Semaphore(AT_ONCE)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)

        async def one(number: int, person: Person) -> None:
            async with room:
                for attempt in range(3):
                    try:
                        collector.received.pop(f"p{number:02}", None)
                        made = await visit_all(browser, collector, number, person)
                        break
                    except Exception as error:
                        print(f"{number:02} {person.name or 'anonymous'}: {str(error).splitlines()[0]}", flush=True)
                        if attempt == 2:
                            raise
                visits.extend(made)
                for v in made:
                    rec = [r for r in v["requests"] if r["path"] == "/record/"]
                    times = [e["timestamp"] for r in rec for e in r["body"]]
                    print(
                        f"{number:02} {person.name or 'anonymous'}: {len(times)} rrweb events, {(max(times) - min(times)) / 1000:.0f} s, "
                        f"{len({r['query']['replay_id'] for r in rec})} replay, {sum(len(r['body']) for r in v['requests'] if r['path'] == '/track/')} events",
                        flush=True,
                    )

        await asyncio.gather(*(one(n, p) for n, p in enumerate(PEOPLE) if asked.only in (None, n)))
        await browser.close()
    visits.sort(key=lambda v: -v["ago_ms"])
    lines = "".join(json.dumps(v, ensure_ascii=False, separators=(",", ":")) + "\n" for v in visits).encode()
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    params = zstandard.ZstdCompressionParameters.from_level(19, window_log=26, enable_ldm=True)
    asked.out.write_bytes(zstandard.ZstdCompressor(compression_params=params).compress(lines))
    print(
        f"{len(visits)} visits, {len(lines) / 1e6:.1f} MB of JSON, {asked.out.stat().st_size / 1e3:.0f} KB in {asked.out}"
    )


if __name__ == "__main__":
    asyncio.run(main())
