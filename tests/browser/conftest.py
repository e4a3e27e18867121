"""What the browser tests share: a real server, real Chromium, the API, and rrweb's own player to play back with."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, StorageState, expect, sync_playwright

import playhead

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
REPORT = ROOT / "test-report" / "browser"
TOKEN, KEY = "demo-token", "demo-key"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
NEEDED = ("mixpanel-browser", "@rrweb/record", "@rrweb/replay")
# As long as the contexts wait: a busy machine is not a failure.
expect.set_options(timeout=15_000)
T = TypeVar("T")
Json = dict[str, Any]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


def eventually(what: Callable[[], T], seconds: float = 20.0) -> T:
    """The first true answer of `what`. Fails with its last answer or error when none comes in time."""
    deadline = time.monotonic() + seconds
    last: object = None
    while True:
        try:
            answer = what()
            if answer:
                return answer
            last = answer
        except (httpx.HTTPError, AssertionError) as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s; last: {last!r}")
        time.sleep(0.02)


# ---- the server ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Server:
    url: str
    data: Path

    def shop(self, page: str = "index.html") -> str:
        return f"{self.url}/shop/{page}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serve(data: Path, **settings: str) -> Iterator[Server]:
    """`playhead demo` on a free port, without its sample: the tests make their own visits."""
    (data / "demo-seeded").write_text("0\n")
    url = f"http://127.0.0.1:{free_port()}"
    log = (data / "server.log").open("w")
    source = str(Path(playhead.__file__).parents[1])
    process = subprocess.Popen(
        [sys.executable, "-m", "playhead.cli", "demo", "--port", url.rpartition(":")[2], "--data", str(data)],
        stdout=log,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": source, **settings},
    )
    try:

        def ready() -> bool:
            assert process.poll() is None, (data / "server.log").read_text()[-4000:]
            return httpx.get(f"{url}/readyz?role=api", timeout=5).status_code == 200

        eventually(ready, 60)
        yield Server(url, data)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("data")) as server:
        yield server


# ---- the API -------------------------------------------------------------------------------------------------------


class Api:
    """The calls of the API that the tests need."""

    def __init__(self, url: str) -> None:
        self.client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {KEY}"}, timeout=30)
        self.project = self.get("/api/projects")["results"][0]["project_id"]

    def get(self, path: str, **params: Any) -> Json:
        answer = self.client.get(path, params=params)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:500]}"
        found: Json = answer.json()
        return found

    def replays(self, **filters: Any) -> list[Json]:
        found: list[Json] = self.get(f"/api/projects/{self.project}/replays", **filters)["results"]
        return found

    def replay(self, replay_id: str) -> Json:
        return self.get(f"/api/projects/{self.project}/replays/{replay_id}")

    def rrweb(self, replay_id: str, **params: Any) -> list[Json]:
        answer = self.client.get(f"/api/projects/{self.project}/replays/{replay_id}/events", params=params)
        assert answer.status_code in {200, 404}, answer.text[:500]
        return [
            httpx.Response(200, content=line).json()
            for line in answer.content.splitlines()
            if answer.status_code == 200
        ]

    def person(self, distinct_id: str) -> Json:
        return self.get(f"/api/projects/{self.project}/people/{distinct_id}")

    def events(self, distinct_id: str) -> list[Json]:
        found: list[Json] = self.get(f"/api/projects/{self.project}/people/{distinct_id}/events")["results"]
        return found

    def total(self, metric: Json) -> float:
        """A metric's total of yesterday and today."""
        today = datetime.now(UTC).date()
        body = {"from": str(today - timedelta(days=1)), "to": str(today), "metrics": [metric]}
        answer = self.client.post(f"/api/projects/{self.project}/reports/insights", json=body)
        assert answer.status_code == 200, answer.text[:500]
        found: float = answer.json()["series"][0]["total"]
        return found


def noon_zone() -> str:
    """A time zone in which it is between noon and one now."""
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"


@pytest.fixture(scope="session")
def api(server: Server) -> Iterator[Api]:
    """Of a project where it is noon: all that the tests do today, and an hour ago, is on one day at any hour of the clock."""
    api = Api(server.url)
    api.client.patch(f"/api/projects/{api.project}", json={"timezone": noon_zone()}).raise_for_status()
    yield api
    api.client.close()


# ---- the browser ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A fresh visitor at a desk."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(15_000)
    yield context
    for page in context.pages:
        # A request that a route still has in hand fails when its page goes, and would fail the next test.
        page.unroute_all(behavior="ignoreErrors")
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def email() -> str:
    """Of a person nobody else in this run is."""
    return f"visitor.{uuid4().hex[:10]}@example.com"


def recording(page: Page, sdk: str = "playhead") -> str:
    """Waits until the page is being recorded; the replay's id."""
    found = page.wait_for_function(f"window.{sdk}?.get_session_recording_properties?.().$mp_replay_id")
    return str(found.json_value())


# ---- the dashboard -------------------------------------------------------------------------------------------------


@pytest.fixture
def watched(server: Server, api: Api, context: BrowserContext) -> str:
    """The id of a replay of a short visit over two pages, the last of which is still open."""
    page = context.new_page()
    page.goto(server.shop())
    replay_id = recording(page)
    page.mouse.move(600, 400)
    page.mouse.wheel(0, 500)
    page.click('a[href="item.html?id=harbor-mug"]')
    page.wait_for_url("**/item.html*")
    page.click("#add")
    eventually(lambda: has_pages(api, replay_id, 2))
    return replay_id


def has_pages(api: Api, replay_id: str, pages: int) -> bool:
    return any(row["replay_id"] == replay_id and row["page_count"] >= pages for row in api.replays())


def log_in(server: Server, context: BrowserContext) -> Page:
    told = subprocess.run(
        [sys.executable, "-m", "playhead.cli", "login-url", "--data", str(server.data)],
        env={**os.environ, "PLAYHEAD_PUBLIC_URL": server.url},
        check=True,
        capture_output=True,
        text=True,
    )
    link = next(word for word in told.stdout.split() if "/login?code=" in word)
    page = context.new_page()
    page.goto(f"{server.url}{urlsplit(link).path}?{urlsplit(link).query}")
    page.wait_for_url("**/projects/**")
    return page


@pytest.fixture(scope="session")
def session(server: Server, chromium: Browser) -> StorageState:
    """What a browser keeps of its log-in."""
    context = chromium.new_context()
    log_in(server, context)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def dashboard(session: StorageState, context: BrowserContext) -> Page:
    """A page of a browser that has logged in."""
    context.add_cookies(session["cookies"])  # type: ignore[arg-type]
    return context.new_page()


# ---- what comes from npm -------------------------------------------------------------------------------------------


def bundled(name: str, out: Path) -> str:
    """Bundles a script of `client/` as a site's own build would; its text."""
    with (HERE / "package-lock.json").open() as lock:
        # One process installs, the others wait for it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not all((HERE / "node_modules" / needed).exists() for needed in NEEDED):
            subprocess.run(["npm", "ci", "--no-fund", "--no-audit"], cwd=HERE, check=True)
    esbuild = HERE / "node_modules" / ".bin" / "esbuild"
    subprocess.run(
        [esbuild, f"client/{name}.js", "--bundle", "--minify", f"--outfile={out / name}.js"],
        cwd=HERE,
        check=True,
        capture_output=True,
    )
    return (out / f"{name}.js").read_text()


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """`bundled`, each script once."""
    out = tmp_path_factory.mktemp("bundles")
    return cache(lambda name: bundled(name, out))


@dataclass(frozen=True)
class Rebuilt:
    """What rrweb's player shows at the end of a recording."""

    page: Page
    total_ms: float
    warnings: list[str]
    title: str
    scroll_y: float

    def outline(self, url: str) -> list[str]:
        lines: list[str] = self.page.evaluate(
            "(url) => { window.pageUrl = url; return outline(replayer.iframe.contentDocument); }", url
        )
        return lines


@pytest.fixture
def play(chromium: Browser, bundle: Callable[[str], str], server: Server) -> Iterator[Callable[..., Rebuilt]]:
    """Plays rrweb events to their end in a window of the recorded size."""
    contexts = []

    def play(events: list[Json], width: int = 1280, height: int = 800) -> Rebuilt:
        context = chromium.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
        contexts.append(context)
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        blank = (
            "<!doctype html><style>html,body{margin:0;overflow:hidden}.replayer-wrapper{position:relative}iframe{border:0}"
            ".replayer-mouse,.replayer-mouse-tail{display:none}</style><div id=stage></div>"
        )
        context.route(f"{server.url}/play", lambda route: route.fulfill(body=blank, content_type="text/html"))
        page.goto(f"{server.url}/play")
        page.add_script_tag(content=bundle("replay"))
        page.add_script_tag(path=str(HERE / "client" / "outline.js"))
        shown = page.evaluate("(events) => play(events)", events)
        assert not errors, errors
        return Rebuilt(page, shown["totalTime"], shown["warnings"], shown["title"], shown["scrollY"])

    yield play
    for context in contexts:
        context.close()
