"""What is masked never leaves the browser: the leak corpus, visited in both modes, looked for everywhere."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from .conftest import Server
from .leaks.site import Tap
from .leaks.visit import Recorder, visit

TAG = (
    "<script src=TAP/sdk.js data-token=demo-token data-record-network=true data-record-canvas=true"
    " data-record-collect-fonts=true {} defer></script>"
)


def playhead(mode: str) -> Recorder:
    return Recorder(
        name=f"playhead, mask {mode}",
        tag=TAG.format("data-record-mask-text-selector=''" if mode == "input" else ""),
        # Its parts come last: they are there when what they listen to is theirs.
        ready="!/native code/.test(`${console.log} ${fetch}`)",
        mark="playhead.track('MARK')",
    )


@pytest.mark.parametrize("mode", ["text", "input"])
def test_leaks(mode: str, server: Server, chromium: Browser) -> None:
    with Tap(upstream=server.url) as tap:
        corpus, seen = visit(chromium, tap, playhead(mode))
    print(len(corpus.places))
    print("\n".join(seen.failed))
    kept = corpus.find(seen.kept)
    for kind, found in (("record", seen.record), ("analytics", seen.analytics), ("kept", dict.fromkeys(kept, ""))):
        print(kind, len(found))
        for p in found:
            bad = p.expected == "masked" or (mode == "text" and p.expected == "clear")
            if bad: print("   LEAK", p.kind, "|", p.name, "|", p.canary, "|", found[p])
    if mode == "input":
        print("not clear:", [p.name for p in corpus.places if p.expected == "clear" and p not in seen.record])
    print("not open:", [p.name for p in corpus.places if p.expected == "open" and p not in seen.record])
