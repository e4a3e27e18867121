"""What masking costs the page: the main thread's processor time of our recorder, beside the same recorder with masking off.

The work is a page's full snapshot and a table that is made, changed, styled, moved and shrunk by a script. Both recorders and
a page without one take turns; the script's own time is taken off. Uploads go to a server on this machine that agrees to all.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, sync_playwright

from bench.table import Row
from hatch_build import find_node
from tests.browser.conftest import CHROMIUM, FLAGS, ROOT
from tests.browser.leaks.recorders import playhead
from tests.browser.leaks.site import Site, Tap
from tests.browser.leaks.visit import mark

NAME = "masking"
ROUNDS = int(os.environ.get("PLAYHEAD_BENCH_ROUNDS", "7"))
HERE = Path(__file__).parent
TAG = (
    "<script src=TAP/sdk.js data-token=bench data-recorder-src=TAP/{}.js data-record-console=false {}"
    " data-record-mutation-budget=1000000000 data-record-node-mutation-budget=1000000000 data-record-flush-interval-ms=500></script>"
)


def run() -> Iterable[Row]:
    files = {"/sdk.js": (ROOT / "src" / "playhead" / "static" / "sdk" / "sdk.js").read_bytes()}
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([find_node() / "node", HERE / "masking.mjs", directory], check=True)
        files |= {f"/{file.name}": file.read_bytes() for file in Path(directory).glob("*.js")}
    for mode, attribute in (("text", ""), ("input", "data-record-mask-text-selector=''")):
        masked, clear = [], []
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            for number in range(ROUNDS + 1):
                alone = busy_ms(browser, files, "")
                one = busy_ms(browser, files, TAG.format("masked", attribute)) - alone
                other = busy_ms(browser, files, TAG.format("clear", attribute)) - alone
                if number:  # the first round warms up
                    masked.append(one)
                    clear.append(other)
            browser.close()
        ratio = median(a / b for a, b in zip(masked, clear, strict=True))
        yield Row(
            f"recorder's main-thread time, mask {mode}",
            f"{median(masked):.0f} ms",
            f"{median(clear):.0f} ms, masking off",
            ratio,
            "<= 1.15",
        )


def busy_ms(browser: Browser, files: dict[str, bytes], tag: str) -> float:
    """Processor time of scripts on the page's thread, from its load to the last upload."""
    page = browser.new_page()
    recorder = playhead("text")
    with (
        Tap(files=files) as tap,
        Site({"/": (HERE / "masking.html").read_text().replace("RECORDER", tag.replace("TAP", tap.url))}) as site,
    ):
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto(site.url)
        if tag:
            tap.wait(lambda exchange: exchange.records)
        page.evaluate("setTimeout(work)")
        page.wait_for_function("window.worked")
        if tag:
            mark(page, tap, recorder, 1)
        metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    page.close()
    return float(metrics["ScriptDuration"]) * 1000
