"""A capture application over a real journal, asked through real ASGI."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from playhead.capture.app import create_capture
from playhead.capture.directory import Directory, ProjectEntry, Snapshot
from playhead.items import BatchSummary, EventRecord, GroupOperation, Item, Kind, ProfileOperation
from playhead.journal import Journal, JournalQueue
from playhead.settings import Settings

TOKEN = "a-token"
PROJECT = "pproject1"
REPLAY = "0199f1d2-3c4d-4e5f-8a9b-0c1d2e3f4a5b"
ORIGIN = "https://shop.example"


@dataclass
class Server:
    """The application under test and what its journal holds. `control` is what the directory loads next."""

    directory_path: Path
    settings: Settings = field(default_factory=Settings)
    control: Snapshot = field(
        default_factory=lambda: Snapshot({TOKEN: ProjectEntry(PROJECT), "other-token": ProjectEntry("pother")})
    )

    def __post_init__(self) -> None:
        self.settings = self.settings.model_copy(update={"data": self.directory_path})
        self.journal = Journal.open(self.settings.journal_path, self.settings.journal_max_bytes)
        self.queue = JournalQueue.open(self.settings.journal_path)
        self.start()

    def start(self, **changes: Any) -> None:
        """Starts the application anew, with settings changed."""
        self.settings = self.settings.model_copy(update=changes)
        self.directory = Directory(lambda: self.control)
        self.app = create_capture(self.settings, {"": self.journal}, self.directory)

    async def ask(self, method: str, url: str, **arguments: Any) -> httpx.Response:
        headers = {"origin": ORIGIN, **arguments.pop("headers", {})}
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://playhead.test") as client:
            return await client.request(method, url, headers=headers, **arguments)

    async def record(self, events: Any, **query: Any) -> httpx.Response:
        """A batch as `mixpanel-browser` sends it."""
        body = events if isinstance(events, bytes) else gzip.compress(json.dumps(events).encode())
        params = {"replay_id": REPLAY, "seq": "0", "format": "gzip", "mp_lib": "web", "distinct_id": "u1", **query}
        headers = {"content-type": "application/octet-stream"}
        return await self.ask("POST", "/record/", params=params, content=body, headers=headers, auth=(TOKEN, ""))

    async def track(self, events: Any, **query: Any) -> httpx.Response:
        """Events as our SDK sends them."""
        params = {"v": "1", "token": TOKEN, "mp_lib": "playhead", **query}
        body = events if isinstance(events, bytes) else json.dumps(events).encode()
        return await self.ask("POST", "/track/", params=params, content=body, headers={"content-type": "text/plain"})

    def journalled(self) -> list[Item]:
        """Everything waiting in the journal, oldest first."""
        flush = self.queue.begin_flush(1 << 40)
        flushes = self.queue.open_flushes()
        assert flush is None or flush in flushes
        return [item for known in flushes for item in self.queue.items(known)]

    def summaries(self) -> list[BatchSummary]:
        return [
            msgspec.msgpack.decode(i.meta, type=BatchSummary) for i in self.journalled() if i.kind is Kind.RECORDING
        ]

    def events(self) -> list[EventRecord]:
        return self._lists(Kind.EVENTS, EventRecord)

    def profiles(self) -> list[ProfileOperation]:
        return self._lists(Kind.PROFILES, ProfileOperation)

    def groups(self) -> list[GroupOperation]:
        return self._lists(Kind.GROUPS, GroupOperation)

    def _lists(self, kind: Kind, of: Any) -> list[Any]:
        return [
            entry
            for i in self.journalled()
            if i.kind is kind
            for entry in msgspec.msgpack.decode(i.payload, type=list[of])
        ]

    def close(self) -> None:
        self.directory.close()
        self.queue.close()
        self.journal.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    yield server
    server.close()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def page(timestamp: float = 1_795_341_600_000, href: str = "https://shop.example/") -> list[dict[str, Any]]:
    """The two events a page begins with."""
    return [
        {"type": 4, "timestamp": timestamp, "data": {"href": href, "width": 1280, "height": 800}},
        {"type": 2, "timestamp": timestamp + 1, "data": {"node": {"type": 0, "childNodes": [], "id": 1}}},
    ]


def is_uuid7(value: UUID) -> bool:
    return value.version == 7
