"""The ASGI application of ingestion: routes, refusals, acknowledgements.

It stands in front of the rest of the server and passes on what is not its own. No framework lies on the way of
`/record/`: routing is one dictionary, an answer two messages.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import msgspec
import structlog

from playhead.accounts.hashing import hashed
from playhead.capture.body import Disconnected, json_text, utf8
from playhead.capture.cors import cors_headers, preflight_headers
from playhead.capture.directory import Directory, ProjectEntry
from playhead.capture.importer import read_import
from playhead.capture.limits import RateLimiter
from playhead.capture.metrics import CaptureMetrics
from playhead.capture.people import group_operations, profile_operations, read_operations
from playhead.capture.places import Places
from playhead.capture.privacy import RecordAnswers, applied, mask_events, mask_operations
from playhead.capture.record import read_query, summarise
from playhead.capture.requests import Answer, Request, encode_json, error_answer, uuid_text
from playhead.capture.sender import Sender, with_place
from playhead.capture.track import Rejected, by_project, read_events, records, unauthorized
from playhead.capture.useragent import Agent, read_user_agent
from playhead.clock import now_ms
from playhead.errors import NotFound, PlayheadError, TooMany
from playhead.ids import new_ingest_id
from playhead.items import Item, Kind
from playhead.journal import Journal
from playhead.settings import Settings
from playhead.stores.regions import RegionMissing

log = structlog.get_logger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

# One transparent pixel, for SDKs that send by an <img>.
PIXEL = bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b")

_CALLBACK = re.compile(r"[A-Za-z_$][\w$.]{0,99}")
_FIRST_TIME_EVENTS = re.compile(r"flags/[^/]{1,255}/first-time-events")

encode_meta = msgspec.msgpack.Encoder().encode


def create_capture(
    settings: Settings, journals: Mapping[str, Journal], directory: Directory, fallback: ASGIApp | None = None
) -> Capture:
    """The ingestion routes as an ASGI application; every other request goes to `fallback`, or gets a 404.

    What is accepted goes into the journal of its project's region.
    """
    return Capture(settings, journals, directory, fallback)


class Capture:
    """See `create_capture`."""

    def __init__(
        self,
        settings: Settings,
        journals: Mapping[str, Journal],
        directory: Directory,
        fallback: ASGIApp | None = None,
    ) -> None:
        self._settings = settings
        self._journals = journals
        self._directory = directory
        self._fallback = fallback
        self._limiter = RateLimiter(settings.rate_limit_per_second, 10 * settings.rate_limit_per_second)
        self._answers = RecordAnswers()
        self._places = Places(Path(settings.geoip_file)) if settings.geoip_file else None
        # A collector that whoever serves /metrics may register.
        self.metrics = CaptureMetrics()
        self._routes: dict[str, tuple[frozenset[str], Callable[[Request], Awaitable[Answer]]]] = {
            "record": (frozenset(("POST",)), self._record),
            "track": (frozenset(("POST", "GET")), self._track),
            "engage": (frozenset(("POST", "GET")), self._engage),
            "groups": (frozenset(("POST", "GET")), self._groups),
            "import": (frozenset(("POST",)), self._import),
            "flags": (frozenset(("GET", "POST")), self._flags),
            "settings": (frozenset(("GET",)), self._sdk_settings),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if self._fallback is not None:
                await self._fallback(scope, receive, send)
            return
        path = scope["path"].strip("/")
        route = self._routes.get(path)
        if route is None and path.startswith("flags/") and _FIRST_TIME_EVENTS.fullmatch(path):
            route = (frozenset(("POST",)), self._first_time_event)
        if route is None and self._fallback is not None:
            await self._fallback(scope, receive, send)
            return
        began = perf_counter()
        request = Request(scope, receive, now_ms())
        origin = request.headers.get(b"origin")
        if request.method == "OPTIONS":
            requested = request.headers.get(b"access-control-request-headers")
            await _send(send, 204, preflight_headers(origin, requested), b"")
            return
        try:
            if route is None:
                raise NotFound("There is nothing at this address.")
            methods, handle = route
            if request.method not in methods:
                raise PlayheadError(
                    f"This address takes {' or '.join(sorted(methods))}.", status=405, code="method_not_allowed"
                )
            answer = await handle(request)
        except Disconnected:
            return
        except PlayheadError as error:
            answer = error_answer(error)
        except Exception as error:
            # Its text may hold what a visitor typed: only where it happened is logged.
            log.error("capture_failed", path=path.partition("/")[0], error=type(error).__name__, at=_place(error))
            answer = error_answer(
                PlayheadError("The server failed on this request.", code="internal_error", status=500)
            )
        headers = [
            (b"content-type", answer.content_type),
            (b"content-length", str(len(answer.body)).encode()),
            (b"x-content-type-options", b"nosniff"),
            *cors_headers(origin),
            *answer.headers,
        ]
        await _send(send, answer.status, headers, answer.body)
        if route is not None:
            self.metrics.count(path.partition("/")[0], answer.status, perf_counter() - began)

    async def _record(self, request: Request) -> Answer:
        project = await self._project(request.header_token())
        self._admit(project)
        snapshot = await self._directory.current()
        replay_id = uuid_text(request.query.get("replay_id", ""), "replay_id")
        batch = read_query(request, replay_id)
        body = await request.body(self._settings)
        key = (project.project_id, replay_id)
        if key in snapshot.deleted_replays:
            return _RECORD_DELETED
        if project.recording == "stop":
            return _RECORD_STOP
        summarised = summarise(body, batch, request, _agent(request), self._settings, project.rules)
        if summarised is not None:
            summary, payload = summarised
            await self._journal_of(project).append(
                (
                    Item(
                        project.project_id,
                        new_ingest_id(),
                        Kind.RECORDING,
                        request.received_at_ms,
                        encode_meta(summary),
                        payload,
                    ),
                )
            )
        live = key in snapshot.watched_replays
        if project.rules.told:
            return self._answers.get(project.rules, _RECORDED, live=live)
        return _RECORD_LIVE if live else _RECORD_OK

    async def _track(self, request: Request) -> Answer:
        settings = self._settings
        text = json_text(await self._form(request), settings.max_events_bytes)
        parsed = read_events(text, settings.max_events_per_request)
        projects, unknown = await self._by_project(parsed.events, request)
        sent_at_ms, sender = request.sent_at_ms(), self._sender(request)
        await self._append(
            request,
            Kind.EVENTS,
            [
                (
                    project,
                    records(
                        events if (patterns := applied(project.rules)) is None else mask_events(events, patterns),
                        request.received_at_ms,
                        sent_at_ms,
                        sender,
                    ),
                )
                for project, events in projects
            ],
        )
        return _acknowledged(request, parsed.rejected, len(parsed.events), unknown)

    async def _engage(self, request: Request) -> Answer:
        return await self._operations(request, Kind.PROFILES, profile_operations)

    async def _groups(self, request: Request) -> Answer:
        return await self._operations(request, Kind.GROUPS, group_operations)

    async def _operations(
        self,
        request: Request,
        kind: Kind,
        operations: Callable[[dict[str, Any], int, int, int | None, str], tuple[Sequence[Any], list[Rejected]]],
    ) -> Answer:
        settings = self._settings
        text = json_text(await self._form(request), settings.max_events_bytes)
        objects, rejected = read_operations(text, settings.max_events_per_request)
        projects, unknown = await self._by_project(objects, request)
        sent_at_ms, request_id = request.sent_at_ms(), request.text("request_id")
        sender = self._sender(request)
        lists: list[tuple[ProjectEntry, list[Any]]] = []
        for project, entries in projects:
            theirs: list[Any] = []
            patterns = applied(project.rules)
            for _, members, index in entries if patterns is None else mask_operations(entries, patterns):
                placed = with_place(members, sender) if kind is Kind.PROFILES else members
                made, wrong = operations(placed, index, request.received_at_ms, sent_at_ms, request_id)
                theirs += made
                rejected += wrong
            lists.append((project, theirs))
        await self._append(request, kind, lists)
        return _acknowledged(request, rejected, sum(len(theirs) for _, theirs in lists), unknown)

    async def _import(self, request: Request) -> Answer:
        settings = self._settings
        body = await request.plain_body(settings)
        # The server libraries of old post a form, its token in the event, and read the answer of /track/.
        form = body.lstrip()[:1] not in (b"[", b"{", b"")
        if form:
            request.read_fields(body)
            text = json_text(body, settings.max_events_bytes)
            tokens = [token for token, _, _ in read_events(text, settings.max_events_per_request).events if token]
            project = await self._project(tokens[0] if tokens else request.header_token())
        else:
            project = await self._importing(request)
            text = utf8(body)
        self._admit(project)
        if len(text) > settings.max_events_bytes:
            raise _events_too_large(settings)
        made, failed = read_import(
            text,
            request.received_at_ms,
            settings.max_events_per_request,
            applied(project.rules),
            # Its address is a server's, and nobody's whereabouts.
            Sender(places=self._places),
        )
        await self._append(request, Kind.EVENTS, [(project, made)])
        if form:
            return _acknowledged(request, [Rejected(each.index, each.message) for each in failed], len(made), 0)
        if failed and request.query.get("strict", "1") != "0":
            return _json(
                400,
                {
                    "code": 400,
                    "status": "Bad Request",
                    "error": "some data points in the request failed validation",
                    "num_records_imported": len(made),
                    "failed_records": failed,
                },
            )
        return _json(200, {"code": 200, "status": "OK", "num_records_imported": len(made)})

    async def _flags(self, request: Request) -> Answer:
        await self._project(request.header_token())
        return _NO_FLAGS

    async def _first_time_event(self, request: Request) -> Answer:
        await self._project(request.header_token())
        return _EMPTY

    async def _sdk_settings(self, request: Request) -> Answer:
        project = await self._project(request.header_token())
        return _json(
            200,
            {
                "sdk_config": {"config": project.sdk_config},
                "recording": project.recording,
                "rules": project.rules.selectors,
            },
        )

    async def _project(self, token: str) -> ProjectEntry:
        project = (await self._directory.current()).projects.get(token) if token else None
        if project is None:
            raise unauthorized(bool(token))
        return project

    async def _importing(self, request: Request) -> ProjectEntry:
        """The project of an API key that may import (as a Bearer, or the user of Basic), or that of a token."""
        given = request.bearer() or request.header_token()
        project = (await self._directory.current()).keys.get(hashed(given)) if given else None
        if project is None:
            return await self._project(given)
        self._directory.used(hashed(given))
        return project

    async def _by_project(
        self, entries: Sequence[tuple[str, Any, Any]], request: Request
    ) -> tuple[list[tuple[ProjectEntry, list[tuple[str, Any, Any]]]], int]:
        """The entries by project, each project counted against its limits."""
        projects = (await self._directory.current()).projects
        header_token = request.header_token()
        if not entries and header_token not in projects:
            raise unauthorized(bool(header_token))

        def find(token: str) -> str | None:
            project = projects.get(token)
            return None if project is None else project.project_id

        found, unknown = by_project(entries, find, header_token)
        known = {project.project_id: project for project in projects.values()}
        for project_id in found:
            self._admit(known[project_id])
        return [(known[project_id], theirs) for project_id, theirs in found.items()], unknown

    def _admit(self, project: ProjectEntry) -> None:
        """Raises `TooMany` when the project sends too much, or the stores are too far behind."""
        self._limiter.take(project.project_id)
        oldest_ms = self._journal_of(project).stats().oldest_received_at_ms
        if oldest_ms is not None and now_ms() - oldest_ms > self._settings.journal_max_lag_seconds * 1_000:
            raise TooMany(
                "The stores are too far behind (PLAYHEAD_JOURNAL_MAX_LAG_SECONDS); come back later.",
                code="journal_lag",
                retry_after_s=60,
            )

    async def _form(self, request: Request) -> bytes:
        """The body of a POST, or the query's `data` of a GET."""
        if request.method == "GET":
            return request.query.get("data", "").encode()
        body = await request.plain_body(self._settings)
        if len(body) > self._settings.max_events_bytes * 4:  # base64 and percent signs make JSON longer
            raise _events_too_large(self._settings)
        request.read_fields(body)
        return body

    def _sender(self, request: Request) -> Sender:
        """`ip=0` says that the request's address is not the visitor's."""
        address = "" if request.query.get("ip") == "0" else request.address
        return Sender(_agent(request), address, self._places)

    def _journal_of(self, project: ProjectEntry) -> Journal:
        """Raises `RegionMissing` for a project in a region that this server is not set up for."""
        journal = self._journals.get(project.region)
        if journal is None:
            raise RegionMissing(project.region)
        return journal

    async def _append(self, request: Request, kind: Kind, lists: Sequence[tuple[ProjectEntry, list[Any]]]) -> None:
        """Acknowledged when all of it is on disk: what is sent again because a part was not is known by its ids."""
        by_region: dict[str, list[tuple[ProjectEntry, list[Any]]]] = {}
        for project, made in lists:
            if made:
                by_region.setdefault(project.region, []).append((project, made))
        for theirs in by_region.values():
            await self._journal_of(theirs[0][0]).append(
                [
                    Item(project.project_id, new_ingest_id(), kind, request.received_at_ms, _NO_META, encode_meta(made))
                    for project, made in theirs
                ]
            )


def _agent(request: Request) -> Agent:
    return read_user_agent(request.headers.get(b"user-agent", b"").decode("latin-1"))


def _acknowledged(request: Request, rejected: Sequence[Rejected], taken: int, unknown: int) -> Answer:
    """The answer of `/track/`, `/engage/` and `/groups/` once the journal has what was good in the request.

    An entry that was rejected is named in a verbose answer; when nothing was good the request is refused.
    """
    first_wrong = min(rejected, key=lambda r: r.index).message if rejected else None
    if unknown and first_wrong is None:
        first_wrong = f"{unknown} entries name a token that no project has"
    if first_wrong is not None and not taken:
        raise PlayheadError(f"Nothing of the request was taken: {first_wrong}.", code="invalid_entry")
    if request.flag("img"):
        return Answer(200, PIXEL, b"image/gif", [(b"cache-control", b"no-store")])
    callback = request.query.get("callback", "")
    if callback and _CALLBACK.fullmatch(callback):
        return Answer(200, f"{callback}(1);".encode(), b"text/javascript")
    if request.flag("verbose") or "v" in request.query:
        return _json(200, {"status": 1, "error": first_wrong})
    return Answer(200, b"1", b"text/plain")


def _events_too_large(settings: Settings) -> PlayheadError:
    return PlayheadError(
        f"The request holds more than {settings.max_events_bytes} bytes (PLAYHEAD_MAX_EVENTS_BYTES).",
        code="body_too_large",
        status=413,
    )


def _json(status: int, body: Any) -> Answer:
    return Answer(status, encode_json(body))


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}"


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


_NO_META = encode_meta(None)
_RECORDED = {"code": 200, "status": "OK", "recording": "ok", "live": False}
_RECORD_OK = _json(200, _RECORDED)
_RECORD_LIVE = _json(200, {**_RECORDED, "live": True})
_RECORD_DELETED = _json(200, {**_RECORDED, "recording": "deleted"})
_RECORD_STOP = _json(200, {**_RECORDED, "recording": "stop"})
_NO_FLAGS = _json(200, {"flags": {}, "pending_first_time_events": []})
_EMPTY = _json(200, {})
