"""What capture knows of control: tokens, privacy rules, deleted replays, who watches; a second old at most.

When control is down the last known answer stands, so that ingestion goes on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import msgspec
import structlog
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from playhead.accounts.keys import USED_EVERY_MS
from playhead.clock import now_ms
from playhead.errors import Unavailable
from playhead.governance.rules import NO_RULES, ProjectRules, all_rules, compile_rules, pseudonym_key
from playhead.stores.tables import ApiKey, PrivacyRule, Project, Signal, Tombstone

log = structlog.get_logger(__name__)

REFRESH_SECONDS = 1.0
# A request waits for a refresh only when what is known is older than this, and then not for longer.
STALE_SECONDS = 1.5
WAIT_SECONDS = 0.5
# Tombstones older than this are not held here; delivery checks every one of them again.
TOMBSTONE_DAYS = 30


class ProjectEntry(msgspec.Struct, frozen=True):
    """A project as capture sees it. `recording` and `sdk_config` are what SDKs are told; into the journal of `region`
    goes what is accepted."""

    project_id: str
    recording: Literal["ok", "stop"] = "ok"
    sdk_config: dict[str, Any] = {}
    rules: ProjectRules = NO_RULES
    region: str = ""


class Snapshot(msgspec.Struct, frozen=True):
    """Control at one moment. Replays are (project_id, replay_id) with the id in lower case.

    A token that was rotated is among those of `projects` until its time is over. `keys` are the hashes of the API keys
    that may send events to `/import`.
    """

    projects: Mapping[str, ProjectEntry]
    deleted_replays: frozenset[tuple[str, str]] = frozenset()
    watched_replays: frozenset[tuple[str, str]] = frozenset()
    keys: Mapping[str, ProjectEntry] = {}


class Directory:
    """The cached view. `load` and `note_used`, which is told the hashes of keys that were used, block and may raise;
    they run on a thread of their own."""

    def __init__(self, load: Callable[[], Snapshot], note_used: Callable[[set[str]], None] | None = None) -> None:
        self._load = load
        self._note_used = note_used
        self._used: set[str] = set()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="directory")
        self._known: Snapshot | None = None
        self._loaded_at = float("-inf")
        self._started_at = float("-inf")
        self._refresh: asyncio.Future[None] | None = None

    async def current(self) -> Snapshot:
        """What is known now. Raises `Unavailable` when control has never been read."""
        now = time.monotonic()
        if now - self._loaded_at < REFRESH_SECONDS and self._known is not None:
            return self._known
        if self._refresh is None and now - self._started_at >= REFRESH_SECONDS:
            self._started_at = now
            self._refresh = asyncio.ensure_future(self._reload())
        left = self._started_at + WAIT_SECONDS - now
        if self._refresh is not None and left > 0 and now - self._loaded_at > STALE_SECONDS:
            await asyncio.wait([self._refresh], timeout=left)
        if self._known is None:
            raise Unavailable("The list of projects can't be read yet.", code="control_unavailable", retry_after_s=2)
        return self._known

    def used(self, key_hash: str) -> None:
        """Somebody sent something with this key."""
        self._used.add(key_hash)

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _reload(self) -> None:
        try:
            self._known = await asyncio.get_running_loop().run_in_executor(self._thread, self._read)
            self._loaded_at = time.monotonic()
        except Exception as error:  # the loader's store may fail in any way; the last known answer stands
            log.warning("directory_refresh_failed", error=type(error).__name__)
        finally:
            self._refresh = None

    def _read(self) -> Snapshot:
        found = self._load()
        if self._note_used is not None and self._used:
            used, self._used = self._used, set()
            self._note_used(used)
        return found


def key_user(engine: Engine) -> Callable[[set[str]], None]:
    """Writes into the control store when keys were used last."""

    def note_used(hashes: set[str]) -> None:
        now = now_ms()
        with Session(engine) as session:
            session.execute(
                update(ApiKey)
                .where(ApiKey.key_hash.in_(hashes), ApiKey.last_used_at_ms <= now - USED_EVERY_MS)
                .values(last_used_at_ms=now)
            )
            session.commit()

    return note_used


def control_loader(engine: Engine, secret: str = "") -> Callable[[], Snapshot]:
    """A loader that reads the control store. `secret` is what pseudonyms of ids are made under."""
    compiled: dict[str, tuple[list[tuple[str, int]], ProjectRules]] = {}

    def rules_of(project_id: str, rules: list[PrivacyRule]) -> ProjectRules:
        """Compiled once for each set of rules."""
        named = [(rule.rule_id, rule.deleted_at_ms) for rule in rules]
        known = compiled.get(project_id)
        if known is None or known[0] != named:
            known = compiled[project_id] = (named, compile_rules(rules, pseudonym_key(secret, project_id)))
            if known[1].broken:
                log.error("rules_broken", project_id=project_id, error=known[1].broken)
        return known[1]

    def load() -> Snapshot:
        now = now_ms()
        with Session(engine) as session:
            projects = session.execute(
                select(
                    Project.token,
                    Project.previous_token,
                    Project.previous_until_ms,
                    Project.project_id,
                    Project.region,
                ).where(Project.deleted_at_ms == 0)
            ).all()
            keys = session.execute(
                select(ApiKey.key_hash, ApiKey.project_id, ApiKey.scopes, ApiKey.expires_at_ms)
                .join(Project, Project.project_id == ApiKey.project_id)
                .where(Project.deleted_at_ms == 0)
            ).all()
            tombstones = session.execute(
                select(Tombstone.project_id, Tombstone.id).where(
                    Tombstone.kind == "replay", Tombstone.created_at_ms > now - TOMBSTONE_DAYS * 86_400_000
                )
            ).all()
            watched = session.execute(
                select(Signal.project_id, Signal.replay_id).where(Signal.kind == "watching", Signal.expires_at_ms > now)
            ).all()
            rules = all_rules(session)
        known: dict[str, ProjectEntry] = {}
        by_id: dict[str, ProjectEntry] = {}
        for token, previous, previous_until_ms, project_id, region in projects:
            entry = by_id[project_id] = ProjectEntry(
                project_id,
                rules=rules_of(project_id, rules[project_id]) if project_id in rules else NO_RULES,
                region=region,
            )
            known[token] = entry
            if previous and previous_until_ms > now:
                known[previous] = entry
        return Snapshot(
            known,
            frozenset((project_id, replay_id.lower()) for project_id, replay_id in tombstones),
            frozenset((project_id, replay_id.lower()) for project_id, replay_id in watched),
            {
                key_hash: by_id[project_id]
                for key_hash, project_id, scopes, expires_at_ms in keys
                if project_id in by_id and "ingest" in scopes.split() and not 0 < expires_at_ms <= now
            },
        )

    return load
