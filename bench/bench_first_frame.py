"""How soon a long recording shows its first frame: our dashboard with a sealed recording, beside rrweb-player given it whole.

Opened: the clock of the page runs from the click that chooses the replay, with the program's own code loaded on both
sides, until the recorded page stands in the player's frame. Cold: from a navigation in a fresh Chromium context, the whole
dashboard included. rrweb-player gets the events as one JSON file, gzip on the wire. On loopback nothing waits for bytes,
so each is measured over an ordinary connection as well (20 Mbit/s down, 40 ms there and back).
"""

from __future__ import annotations

import functools
import gzip
import http.server
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from playwright.sync_api import Browser, sync_playwright

from bench.bench_memory import until_ready
from bench.bench_sizes import CACHE
from bench.corpus import encode, events
from bench.table import Row

NAME = "first_frame"
ROUNDS = 5
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-quic", "--no-first-run", "--disable-sync"]
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
WAIT_MS = 60_000


# Marks in `opened` when the click came, and when the page was there: ours says so by an attribute, for its frame is of
# another origin; the peer's frame can be looked into.
WATCH = """
addEventListener('click', () => { window.clicked = performance.now(); }, true);
const look = () => {
  const there = SHOWN;
  if (window.clicked && there) window.opened = performance.now() - window.clicked;
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
OUR_FRAME = "document.querySelector('[data-shown] iframe')"
PEER_FRAME = "document.querySelector('iframe')?.contentDocument?.querySelector('table tr')"
CONNECTION = {"offline": False, "latency": 40, "downloadThroughput": 20e6 / 8, "uploadThroughput": 5e6 / 8}


class Served(NamedTuple):
    """A page with the recording: where it shows it at once, where it waits for a click on `link`, and how to end it."""

    url: str
    start: str
    link: str
    frames: list[str]
    shown: str
    cookies: list[Any]
    stop: Callable[[], None]


def run() -> Iterable[Row]:
    stream = events("dash", 2_900)
    body = encode(stream)
    what = f"first frame of a {len(body) / 1e6:.0f} MB recording"
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        peer, ours = peer_page(Path(directory), body), our_page(Path(directory), body)
        try:
            yield row(f"{what}, opened, loopback", "<= 0.3", opened(browser, ours), opened(browser, peer))
            far = opened(browser, ours, CONNECTION), opened(browser, peer, CONNECTION)
            yield row(f"{what}, opened, 20 Mbit/s", "<= 0.3", *far)
            yield row(f"{what}, cold, loopback", "", cold(browser, ours), cold(browser, peer))
        finally:
            peer.stop()
            ours.stop()
            browser.close()


def row(what: str, goal: str, ours: float, peer: float) -> Row:
    return Row(what, f"{ours:.0f} ms", f"{peer:.0f} ms rrweb-player, whole file", ours / peer, goal)


def opened(browser: Browser, served: Served, connection: dict[str, Any] | None = None) -> float:
    """Median milliseconds from the click to the recorded page, by the page's own clock."""
    took = []
    for _ in range(ROUNDS):
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.add_cookies(served.cookies)
        context.add_init_script(WATCH.replace("SHOWN", served.shown))
        page = context.new_page()
        page.goto(served.start, wait_until="networkidle")
        if connection:
            context.new_cdp_session(page).send("Network.emulateNetworkConditions", connection)
        page.locator(served.link).first.click()
        took.append(page.wait_for_function("() => window.opened", timeout=WAIT_MS).json_value())
        context.close()
    return statistics.median(took)


def cold(browser: Browser, served: Served) -> float:
    """Median milliseconds from a navigation to the recorded page."""
    took = []
    for _ in range(ROUNDS):
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.add_cookies(served.cookies)
        page = context.new_page()
        inside: Any = page
        for frame in served.frames:
            inside = inside.frame_locator(frame)
        began = time.perf_counter()
        page.goto(served.url, wait_until="commit")
        inside.locator("table tr").first.wait_for(state="attached", timeout=WAIT_MS)
        took.append((time.perf_counter() - began) * 1000)
        context.close()
    return statistics.median(took)


def our_page(directory: Path, body: bytes) -> Served:
    """A server of ours with the recording sealed, and a member's session."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    env = {**os.environ, "PLAYHEAD_DATA": str(directory / "data"), "PLAYHEAD_SEAL_IDLE_SECONDS": "1"}
    playhead = [sys.executable, "-m", "playhead.cli"]
    created = subprocess.run(
        [*playhead, "project", "create", "Bench", "--json"], env=env, check=True, capture_output=True
    )
    project = json.loads(created.stdout)
    server = subprocess.Popen([*playhead, "serve", "--port", str(port)], env=env, stdout=subprocess.DEVNULL)
    until_ready(port)
    file = directory / "visit.json"
    file.write_bytes(body)
    subprocess.run([*playhead, "import", "rrweb", str(file), "--project", project["project_id"]], env=env, check=True)
    api = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {project['api_key']}"}, timeout=60)
    replays = f"/api/projects/{project['project_id']}/replays"
    replay_id = wait(lambda: api.get(replays).json()["results"][0]["replay_id"])
    wait(lambda: api.get(f"{replays}/{replay_id}/index").json()["frames"] or None)
    told = subprocess.run([*playhead, "login-url"], env=env, check=True, capture_output=True, text=True).stdout
    code = told.split("code=")[1].split()[0]
    answer = httpx.get(f"{url}/login?code={code}")
    cookies = [{"name": name, "value": value, "url": url} for name, value in answer.cookies.items()]

    def stop() -> None:
        server.terminate()
        server.wait()

    feed = f"{url}/projects/{project['project_id']}/replays"
    link = f'a[href*="{replay_id}"]'
    return Served(f"{feed}/{replay_id}", feed, link, ["iframe", "iframe"], OUR_FRAME, cookies, stop)


def wait(what: Any, seconds: float = 120) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if found := what():
                return found
        except (KeyError, IndexError, httpx.HTTPError):
            pass
        threading.Event().wait(0.2)
    raise SystemExit("the recording was not sealed in time")


def peer_page(directory: Path, body: bytes) -> Served:
    """A page with rrweb-player 2.1.6, bundled as its users bundle it, and the recording as one file."""
    folder = CACHE / "rrweb-player"
    if not (folder / "player.js").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}')
        packages = ["rrweb-player@2.1.6", "esbuild@0.28.2"]
        subprocess.run(["npm", "install", "--no-fund", "--no-audit", "--silent", *packages], cwd=folder, check=True)
        (folder / "main.js").write_text(
            "import Player from 'rrweb-player';\n"
            "const open = () => fetch('events.json').then((r) => r.json()).then((events) =>\n"
            "  new Player({ target: document.body, props: { events, autoPlay: true, width: 1024, height: 576 } }));\n"
            "document.querySelector('button').onclick = open;\n"
            "if (!location.hash) open();\n"
        )
        build = ["node_modules/.bin/esbuild", "main.js", "--bundle", "--minify", "--outfile=player.js"]
        subprocess.run(build, cwd=folder, check=True, capture_output=True)
    page = b"<!doctype html><body><button>Open</button><script src=player.js></script>"
    files = {"/": ("text/html", page), "/player.js": ("text/javascript", (folder / "player.js").read_bytes())}
    files["/events.json"] = ("application/json", body)
    packed = {path: (kind, gzip.compress(data, 6)) for path, (kind, data) in files.items()}
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, packed))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    return Served(url, f"{url}?#wait", "button", ["iframe"], PEER_FRAME, [], server.shutdown)


class Files(http.server.BaseHTTPRequestHandler):
    def __init__(self, files: dict[str, tuple[str, bytes]], *arguments: Any) -> None:
        self.files = files
        super().__init__(*arguments)

    def do_GET(self) -> None:
        kind, data = self.files.get(self.path.partition("?")[0], ("text/plain", b""))
        self.send_response(200 if data else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        return
