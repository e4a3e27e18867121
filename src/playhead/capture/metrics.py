"""What this process has answered, for Prometheus. Routes and statuses only: no token, no address."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class CaptureMetrics(Collector):
    """Counts of one process. A plain dictionary: the event loop alone writes it."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, int], int] = {}
        self._seconds: dict[str, list[int]] = {}
        self._total_seconds: dict[str, float] = {}

    def count(self, route: str, status: int, seconds: float) -> None:
        """One answer of a route, and how long it took from the request's head to the answer."""
        key = (route, status)
        self._answers[key] = self._answers.get(key, 0) + 1
        buckets = self._seconds.get(route)
        if buckets is None:
            buckets = self._seconds[route] = [0] * (len(BUCKETS_SECONDS) + 1)
        place = 0
        for limit in BUCKETS_SECONDS:
            if seconds <= limit:
                break
            place += 1
        buckets[place] += 1
        self._total_seconds[route] = self._total_seconds.get(route, 0.0) + seconds

    def collect(self) -> Iterator[Metric]:
        answers = CounterMetricFamily(
            "playhead_capture_answers", "Requests to ingestion since this process started.", labels=["route", "status"]
        )
        for (route, status), count in list(self._answers.items()):
            answers.add_metric([route, str(status)], count)
        yield answers
        seconds = HistogramMetricFamily(
            "playhead_capture_seconds", "From a request's head to its answer, by this process.", labels=["route"]
        )
        for route, counts in list(self._seconds.items()):
            buckets = []
            total = 0
            for limit, count in zip((*map(str, BUCKETS_SECONDS), "+Inf"), counts, strict=True):
                total += count
                buckets.append((limit, float(total)))
            seconds.add_metric([route], buckets, self._total_seconds[route])
        yield seconds
