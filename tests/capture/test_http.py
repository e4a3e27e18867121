"""Capture behind the real HTTP server: long request lines, uploads cut short, connections kept."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Iterator

import httpx
import pytest
import uvicorn

from .conftest import REPLAY, TOKEN, Server, page

BATCH = gzip.compress(json.dumps(page()).encode())
QUERY = f"replay_id={REPLAY}&seq=0&format=gzip&token={TOKEN}"


@pytest.fixture
def address(server: Server) -> Iterator[tuple[str, int]]:
    server.start(max_body_bytes=100_000)
    config = uvicorn.Config(server.app, port=0, log_level="error", lifespan="off", loop="uvloop", http="httptools")
    running = uvicorn.Server(config)
    bound = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [bound]})
    thread.start()
    yield bound.getsockname()
    running.should_exit = True
    thread.join()
    bound.close()


def exchange(address: tuple[str, int], request: bytes) -> bytes:
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(request)
        answer = b""
        while part := connection.recv(65_536):
            answer += part
    return answer


def test_a_request_line_of_32_kilobytes_is_read(server: Server, address: tuple[str, int]) -> None:
    url = f"http://{address[0]}:{address[1]}/record/?{QUERY}&%24current_url={'x' * 32_000}"
    assert httpx.post(url, content=BATCH).json()["recording"] == "ok"
    assert len(server.summaries()) == 1


def test_a_body_over_the_limit_is_answered_and_the_connection_goes_on(address: tuple[str, int]) -> None:
    with httpx.Client(base_url=f"http://{address[0]}:{address[1]}") as client:
        large = client.post(f"/record/?{QUERY}", content=b"x" * 3_000_000, headers={"origin": "https://a.example"})
        assert large.status_code == 413
        assert large.headers["access-control-allow-origin"] == "https://a.example"
        assert client.post(f"/record/?{QUERY}", content=BATCH).status_code == 200


def test_a_body_without_a_length_is_taken(address: tuple[str, int]) -> None:
    url = f"http://{address[0]}:{address[1]}/record/?{QUERY}"
    assert httpx.post(url, content=iter([BATCH[:50], BATCH[50:]])).status_code == 200


def test_an_upload_cut_short_stores_nothing_and_harms_nobody(server: Server, address: tuple[str, int]) -> None:
    with socket.create_connection(address) as connection:
        head = f"POST /record/?{QUERY} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(BATCH)}\r\n\r\n"
        connection.sendall(head.encode() + BATCH[:-1])
    answer = exchange(address, b"OPTIONS //track/ HTTP/1.1\r\nhost: x\r\norigin: null\r\nconnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 204")
    assert b"access-control-allow-origin: null" in answer
    assert server.journalled() == []
