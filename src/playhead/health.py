"""`/healthz`, `/readyz` and `/metrics`: whether this process lives, can do its work, and what waits."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from playhead.clock import now_ms
from playhead.errors import PlayheadError
from playhead.journal import Journal, together
from playhead.settings import Settings
from playhead.stores import Stores

CHECK_SECONDS = 10.0
# A worker that has not reported for so long hangs or is gone.
SILENT_MS = 60_000


class WorkerReport(msgspec.Struct, frozen=True):
    """What the worker writes to `worker.json` for others to read. `error` is empty while all is well."""

    at_ms: int
    pid: int
    flushes: int = 0
    items: int = 0
    bytes: int = 0
    buried: int = 0
    failures: int = 0
    error: str = ""


def read_worker_report(settings: Settings) -> WorkerReport | None:
    try:
        return msgspec.json.decode((settings.data / "worker.json").read_bytes(), type=WorkerReport)
    except (OSError, msgspec.MsgspecError):
        return None


def store_checks(stores: Stores) -> dict[tuple[str, str], Callable[[], None]]:
    """A check for each store, by its kind and region, that raises PlayheadError with the reason."""
    found: dict[tuple[str, str], Callable[[], None]] = {("control", ""): stores.control.ping}
    for each in stores.every():
        found["blobs", each.region] = each.blobs.reach
        found["analytics", each.region] = each.analytics.check_schema
    return found


def of_region(name: str, region: str) -> str:
    """What a store of a region is called."""
    return f"{name} ({region})" if region else name


def create_health(settings: Settings, stores: Stores, journals: Mapping[str, Journal]) -> Starlette:
    """The application of the three routes."""
    registry = CollectorRegistry()
    registry.register(JournalCollector(settings, journals.values()))
    ProcessCollector(registry=registry)

    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> Response:
        checks: dict[str, Callable[[], None]] = {
            of_region("journal", region): journal.check_writable for region, journal in journals.items()
        }
        if request.query_params.get("role") == "api":
            checks |= {of_region(*name): check for name, check in store_checks(stores).items()}
        reasons = dict(zip(checks, await asyncio.gather(*map(_reason, checks.values())), strict=True))
        failed = {name: reason for name, reason in reasons.items() if reason}
        if failed:
            return JSONResponse({"status": "not ready", "reasons": failed}, 503, headers={"Retry-After": "2"})
        return JSONResponse({"status": "ready"})

    async def metrics(request: Request) -> Response:
        text = await asyncio.to_thread(generate_latest, registry)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    return Starlette(
        routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)],
    )


async def _reason(check: Callable[[], None]) -> str:
    try:
        await asyncio.wait_for(asyncio.to_thread(check), CHECK_SECONDS)
    except PlayheadError as error:
        return error.message
    except TimeoutError:
        return f"no answer within {CHECK_SECONDS:.0f} s"
    return ""


class JournalCollector(Collector):
    """The journals together, delivery and the disk as Prometheus metrics. Read when asked, so every web process says
    the same."""

    def __init__(self, settings: Settings, journals: Collection[Journal]) -> None:
        self._settings = settings
        self._journals = journals

    def collect(self) -> Iterator[Metric]:
        stats = together([journal.stats() for journal in self._journals])
        oldest = stats.oldest_received_at_ms
        lag_seconds = 0.0 if oldest is None else max(0, now_ms() - oldest) / 1000
        disk = shutil.disk_usage(self._settings.data)
        for name, text, value in (
            ("journal_items", "Accepted items that not every store has yet.", stats.items),
            ("journal_bytes", "Bytes of accepted items that not every store has yet.", stats.bytes),
            ("journal_lag_seconds", "Age of the oldest item that not every store has yet.", lag_seconds),
            ("journal_dead_letters", "Items a store refused for good.", stats.dead_letters),
            ("data_free_bytes", "Free bytes on the data directory's disk.", disk.free),
            ("data_total_bytes", "Size of the data directory's disk in bytes.", disk.total),
        ):
            yield GaugeMetricFamily(f"playhead_{name}", text, value)
        report = read_worker_report(self._settings)
        if report is None:
            return
        up = not report.error and now_ms() - report.at_ms < SILENT_MS
        yield GaugeMetricFamily("playhead_delivery_up", "1 while delivery reaches every store.", int(up))
        for name, text, value in (
            ("flushes", "Flushes written to every store since the worker started.", report.flushes),
            ("items", "Items written to every store since the worker started.", report.items),
            ("bytes", "Bytes written to every store since the worker started.", report.bytes),
            ("buried", "Items buried since the worker started.", report.buried),
            ("failures", "Flushes that had to be tried again since the worker started.", report.failures),
        ):
            yield CounterMetricFamily(f"playhead_delivery_{name}", text, value)
