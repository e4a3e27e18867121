"""What each privacy rule costs: per batch in capture for patterns, per recording in the worker for selectors.

The batches are 10 seconds of a dashboard and of a shop, as an SDK sends them. Beside each rule stands the same batch without
rules, in the same run: unpacked, checked and looked through, without the journal's disk.
"""

from __future__ import annotations

import gzip
import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any

from bench.corpus import batches, encode, events
from bench.table import Row

NAME = "rules"
REPEAT = 5
EMAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}"
CARD = r"\b(?:\d[ -]?){13,16}\b"
IBAN = r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}\b"
TOKEN = r"(?i)bearer\s+[a-z0-9._~+/-]{16,}"


def run() -> Iterable[Row]:
    from playhead.governance.rules import NO_RULES

    for kind, seconds in (("dash", 120), ("shop", 120)):
        stream = events(kind, seconds)
        cut = [encode(batch) for batch in batches(stream)]
        bodies = [gzip.compress(text, 6) for text in cut]
        kilobytes = statistics.mean(len(text) for text in cut) / 1000
        named = {
            "an e-mail pattern": _patterns(EMAIL),
            "a card pattern": _patterns(CARD),
            "four patterns": _patterns(EMAIL, CARD, IBAN, TOKEN),
            "a pattern that matches in every batch": _patterns(r"\b(?:in transit|waiting|[a-z]{9,})\b"),
        }
        before = _capture(bodies, NO_RULES)
        yield Row(
            f"{kind}: a batch of {kilobytes:.0f} KB through capture, no rules",
            f"{before * 1000:.2f} ms",
            "itself",
            1.0,
        )
        for name, rules in named.items():
            took = _capture(bodies, rules)
            yield Row(
                f"{kind}: the same batch, {name}",
                f"{took * 1000:.2f} ms",
                f"{before * 1000:.2f} ms without rules",
                (took - before) * 1000,
                "<= 25",
            )
        yield from _selectors(kind, stream, len(cut))


def _patterns(*expressions: str) -> Any:
    from playhead.governance.patterns import Patterns
    from playhead.governance.rules import ProjectRules

    return ProjectRules(Patterns([(str(number), each) for number, each in enumerate(expressions)]))


def _capture(bodies: list[bytes], rules: Any) -> float:
    """Seconds for one batch, in the median."""
    from playhead.capture.record import read_query, summarise
    from playhead.capture.requests import Request
    from playhead.capture.useragent import Agent
    from playhead.settings import Settings

    async def nothing() -> dict[str, Any]:
        return {}

    settings = Settings(_env_file=None)
    scope = {"method": "POST", "headers": [], "query_string": b"format=gzip&distinct_id=u1&seq=0"}
    request = Request(scope, nothing, 1_790_000_000_000)
    batch = read_query(request, "00000000-0000-4000-8000-000000000000")
    agent = Agent("Chrome", "Linux", "Desktop")
    return _median(lambda body: summarise(body, batch, request, agent, settings, rules), bodies)


def _median(step: Callable[[bytes], Any], bodies: list[bytes]) -> float:
    times = []
    for _ in range(REPEAT):
        for body in bodies:
            began = time.perf_counter()
            step(body)
            times.append(time.perf_counter() - began)
    return statistics.median(times)


def _selectors(kind: str, stream: list[dict[str, Any]], count: int) -> Iterable[Row]:
    """A foreign recording rebuilt and masked, beside the merging and compressing that sealing does anyhow."""
    from playhead.governance.rules import Selectors
    from playhead.recordings.events import RrwebEvent
    from playhead.recordings.merge import merge
    from playhead.recordings.sealed import About, write_recording
    from playhead.replays.rewriting import Applied, apply

    read = [RrwebEvent(encode_one(event), event["type"], event["timestamp"], "", 0) for event in stream]

    def seal() -> None:
        write_recording(
            project_id="p", replay_id="r", generation=1, events=merge([read]), blocks=[], about=About(), level=9
        )

    sealing = _best(seal)
    for name, mask, block in (
        ("a mask selector (.name)", [".name"], []),
        ("a mask selector with ancestors (table td > span)", ["table td > span"], []),
        ("a block selector (img)", [], ["img"]),
        ("a selector that looks around (td:nth-child(2))", ["td:nth-child(2)"], []),
    ):
        rules = Applied(Selectors("v", mask, block), None, [])

        def mask_all(rules: Any = rules) -> None:
            apply([read], rules)

        took = _best(mask_all)
        yield Row(
            f"{kind}: a foreign recording masked by {name}, a batch of it",
            f"{took * 1000 / count:.1f} ms",
            f"{sealing * 1000 / count:.1f} ms to seal it",
            took / sealing,
        )


def encode_one(event: dict[str, Any]) -> bytes:
    return encode([event])[1:-1]


def _best(step: Callable[[], Any]) -> float:
    times = []
    for _ in range(2):
        began = time.perf_counter()
        step()
        times.append(time.perf_counter() - began)
    return min(times)
