"""`/record/`: one batch of rrweb events, looked through once and journalled as it came."""

from __future__ import annotations

import re

import msgspec

from playhead.capture.body import GZIP_MAGIC, gunzip, gzip
from playhead.capture.clockrule import ANCIENT_MS, ClockFlag, batch_offset_ms
from playhead.capture.privacy import applied
from playhead.capture.requests import MAX_ID, Request, is_uuid
from playhead.capture.summary import look_through, read_events
from playhead.capture.useragent import Agent
from playhead.errors import PlayheadError
from playhead.governance.patterns import Patterns
from playhead.governance.rules import NO_RULES, ProjectRules
from playhead.items import BatchSummary
from playhead.settings import Settings

# Wire versions of our SDK that are understood: the last two.
WIRE_VERSIONS = frozenset(("1",))

_VERSION = re.compile(r"[0-9a-f]{1,64}")
_EPOCH = re.compile(r"\d{13}-[0-9a-f]{4}")


class Batch(msgspec.Struct, frozen=True):
    """What the query says of a batch. `epoch` is empty and `n` None for SDKs that are not ours."""

    replay_id: str
    epoch: str
    seq: int
    n: int | None
    packed: bool
    sent_at_ms: int | None
    rules: str = ""
    masked: int = -1
    blocked: int = -1


def read_query(request: Request, replay_id: str) -> Batch:
    """Raises `PlayheadError` naming the first parameter that is wrong."""
    query = request.query
    packed = request.is_gzip() or query.get("format") == "gzip"
    seq = query.get("seq", "0")
    if not (seq.isascii() and seq.isdigit() and len(seq) < 16):
        raise PlayheadError("`seq` must be a whole number from 0.", code="bad_seq")
    version = query.get("v")
    if version is None:
        return Batch(replay_id, "", int(seq), None, packed, None)
    if version not in WIRE_VERSIONS:
        raise PlayheadError(
            f"This server speaks the wire versions {', '.join(sorted(WIRE_VERSIONS))}. Load /sdk.js from this server.",
            code="unknown_version",
        )
    epoch, n, sent_at_ms = query.get("epoch", ""), query.get("n", ""), request.sent_at_ms()
    if not _EPOCH.fullmatch(epoch):
        raise PlayheadError("`epoch` must be 13 digits, a hyphen, and 4 hex digits.", code="bad_epoch")
    if not (n.isascii() and n.isdigit() and len(n) < 10):
        raise PlayheadError("`n` must be the number of rrweb events in the body.", code="bad_n")
    rules = query.get("rules", "")
    return Batch(
        replay_id,
        epoch,
        int(seq),
        int(n),
        packed,
        sent_at_ms,
        rules if _VERSION.fullmatch(rules) else "",
        _count(query.get("masked", "")),
        _count(query.get("blocked", "")),
    )


def _count(text: str) -> int:
    """A count the SDK tells; -1 when it does not."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def summarise(  # noqa: PLR0917
    body: bytes, batch: Batch, request: Request, agent: Agent, settings: Settings, rules: ProjectRules = NO_RULES
) -> tuple[BatchSummary, bytes] | None:
    """The summary, and the gzip to journal; None for a batch without events. What patterns match in is in neither.

    Raises `PlayheadError` naming the first thing wrong with the body and where.
    """
    if batch.packed or body.startswith(GZIP_MAGIC):
        text, single = gunzip(body, settings.max_unpacked_bytes)
        # Stored bytes are served as they are, and not every browser reads on after a first gzip member.
        payload = body if single else b""
    else:
        text = body
        payload = b""
    events, kept = read_events(text, settings.max_rrweb_events)
    if kept is not text:
        text, payload = kept, b""
    if batch.n is not None and batch.n != len(events):
        raise PlayheadError(f"`n` is {batch.n}, but the body holds {len(events)} rrweb events.", code="bad_n")
    if not events:
        return None
    patterns = applied(rules)
    replaced = 0
    if patterns is not None:
        text, replaced = patterns.json(text)
        if replaced:
            events, text = read_events(text, settings.max_rrweb_events)
            payload = b""
    under = rules.selectors.version
    seen = look_through(events, pages_are_told=bool(batch.epoch))
    received = request.received_at_ms
    offset_ms = batch_offset_ms(received, batch.sent_at_ms, seen.last_ms)
    flag: ClockFlag = ""
    if offset_ms:
        flag = "offset" if batch.sent_at_ms is not None else "future"
    elif seen.last_ms > received:
        flag = "future" if seen.last_ms > received + 300_000 else ""
    elif seen.first_ms < received - ANCIENT_MS:
        flag = "ancient"
    query = request.query
    payload = payload or gzip(text)
    summary = BatchSummary(
        replay_id=batch.replay_id,
        epoch=batch.epoch,
        seq=batch.seq,
        first_ms=seen.first_ms,
        last_ms=seen.last_ms,
        events=seen.events,
        full_snapshots=seen.full_snapshots,
        raw_bytes=len(text),
        digest=payload[-8:].hex(),  # gzip's own trailer
        distinct_id=_id(request.text("distinct_id"), patterns),
        device_id=_id(request.text("$device_id"), patterns),
        user_id=_id(request.text("$user_id"), patterns),
        clock_offset_ms=offset_ms,
        clock_flag=flag,
        clicks=seen.clicks,
        rage_clicks=seen.rage_clicks,
        errors=seen.errors,
        inputs=seen.inputs,
        pages=seen.pages,
        markers=seen.markers,
        activity=seen.activity,
        viewport=seen.viewport,
        browser=agent.browser,
        os=agent.os,
        device=agent.device,
        library=_text(query.get("mp_lib", ""), patterns),
        library_version=_text(query.get("$lib_version", ""), patterns),
        mask=_text(query.get("mask", ""), patterns),
        visit=_id(query.get("visit", "")[:MAX_ID], patterns),
        rules=batch.rules,
        owed="" if batch.rules == under else under,
        rule_ids=[
            *(patterns.rule_ids if patterns is not None else ()),
            *(rules.selector_ids if under and batch.rules == under else ()),
        ],
        masked=batch.masked,
        blocked=batch.blocked,
        patterns=replaced,
    )
    return summary, payload


def _id(value: str, patterns: Patterns | None) -> str:
    return value if patterns is None or is_uuid(value) else patterns.identifier(value)


def _text(value: str, patterns: Patterns | None) -> str:
    value = value[:MAX_ID]
    return value if patterns is None else patterns.text(value)[0]
