"""What ingestion answered is counted, by route and status."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from .conftest import Server, page

pytestmark = pytest.mark.anyio


async def test_answers_are_counted_by_route_and_status(server: Server) -> None:
    await server.record(page())
    await server.record(page(), replay_id="wrong")
    await server.ask("GET", "/settings/")
    registry = CollectorRegistry()
    registry.register(server.app.metrics)
    text = generate_latest(registry).decode()
    assert 'playhead_capture_answers_total{route="record",status="200"} 1.0' in text
    assert 'playhead_capture_answers_total{route="record",status="400"} 1.0' in text
    assert 'playhead_capture_answers_total{route="settings",status="401"} 1.0' in text
    assert 'playhead_capture_seconds_bucket{le="+Inf",route="record"} 2.0' in text
