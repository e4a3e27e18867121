"""The demo's sample: visits to the shop, made by `examples/sample/make.py`, as requests that an SDK would send now.

`sample_data/visits.ndjson.zst` holds one visit a line, oldest first:

    {"ago_ms", "end_ms", "user_agent",
     "requests": [{"path", "query": {…}, "at": ms, "body": […]}, …]}

Every time in it is of the day it was made. `requests` moves each visit so that it ended `ago_ms` before now, puts the
server's own address where the shop's stood, and gives every id a new value that depends only on the seed: the same
arguments give the same requests, byte for byte, so that sending them twice changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from importlib import resources
from typing import Any
from uuid import UUID, uuid5

import msgspec
import zstandard

PLACEHOLDER = b"http://shop.invalid"
DEFAULT_URL = "http://127.0.0.1:8800"

_FILE = "visits.ndjson.zst"
_NAMESPACE = UUID("5b0d3a52-51c4-5b8f-9d7c-0c7f0a6c2f11")
_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True)
class SampleRequest:
    """A POST to capture. Unpacks as (path, query, body); `user_agent` is the header that goes with it."""

    path: str
    query: dict[str, str]
    body: bytes
    user_agent: str

    def __iter__(self) -> Iterator[Any]:
        return iter((self.path, self.query, self.body))


class Recorded(msgspec.Struct, frozen=True):
    """A request as it was recorded; `at` is when the shop sent it, by the browser's clock."""

    path: str
    query: dict[str, str]
    at: int
    body: list[dict[str, Any]]


class Visit(msgspec.Struct, frozen=True):
    """One visit as it was recorded."""

    ago_ms: int
    end_ms: int
    user_agent: str
    requests: list[Recorded]


def requests(token: str, now_ms: int, url: str = DEFAULT_URL, seed: str = "") -> Iterator[SampleRequest]:
    """Every request of the sample for the project of `token`, oldest visit first, as if seen at `url`, the base URL.

    All are said to be sent at `now_ms`, like what a laptop kept over night: their times stand as they are.
    """
    ids = _Ids(f"{seed}/{now_ms}/{token}")
    for visit in visits(url):
        yield from move(visit, token, now_ms, ids)


def load(post: Callable[[SampleRequest], object], token: str, now_ms: int, url: str = DEFAULT_URL) -> int:
    """Hands every request to `post`; answers how many there were."""
    number = 0
    for number, request in enumerate(requests(token, now_ms, url), 1):  # noqa: B007
        post(request)
    return number


def visits(url: str = DEFAULT_URL) -> Iterator[Visit]:
    """The visits as they were recorded, with `url` for the address of the shop's server."""
    packed = resources.files("playhead").joinpath("sample_data", _FILE).read_bytes()
    decoder = msgspec.json.Decoder(Visit)
    base = url.rstrip("/").encode()
    host = base.partition(b"://")[2]
    for line in zstandard.ZstdDecompressor().stream_reader(packed).read().splitlines():
        yield decoder.decode(line.replace(PLACEHOLDER, base).replace(PLACEHOLDER[7:], host))


def move(visit: Visit, token: str, now_ms: int, ids: Callable[[bytes], bytes]) -> Iterator[SampleRequest]:
    """The visit's requests with its end `ago_ms` before `now_ms`, of the project of `token`, ids renewed by `ids`."""
    shift_ms = now_ms - visit.ago_ms - visit.end_ms
    for request in visit.requests:
        query = {**request.query, "token": token, "sent_at": str(now_ms)}
        body = request.body
        if request.path == "/record/":
            for event in body:
                event["timestamp"] += shift_ms
            epoch = query["epoch"]
            query |= {"epoch": f"{int(epoch[:13]) + shift_ms:013}{epoch[13:]}", "n": str(len(body)), "format": "body"}
        else:
            for entry in body:
                _move_entry(entry, token, request.at, shift_ms, ids)
        renewed = {name: _renew(value.encode(), ids).decode() for name, value in query.items()}
        yield SampleRequest(request.path, renewed, _renew(msgspec.json.encode(body), ids), visit.user_agent)


def _move_entry(entry: dict[str, Any], token: str, at_ms: int, shift_ms: int, ids: Callable[[bytes], bytes]) -> None:
    """An event, or an operation on a profile or a group, which happened when it was sent."""
    if "$token" in entry:
        entry["$token"] = token
        entry["$time"] = at_ms + shift_ms
    properties = entry.get("properties")
    if properties is None:
        return
    properties["token"] = token
    properties["time"] = round(properties["time"] * 1000 + shift_ms) / 1000
    if "$insert_id" in properties:
        properties["$insert_id"] = ids(properties["$insert_id"].encode()).hex()[:16]


def _renew(text: bytes, ids: Callable[[bytes], bytes]) -> bytes:
    """`text` with every UUID in it replaced."""
    return _UUID.sub(lambda found: ids(found[0]), text)


class _Ids:
    """New ids for old ones, the same for the same seed."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._known: dict[bytes, bytes] = {}

    def __call__(self, old: bytes) -> bytes:
        """A UUID for a UUID, sixteen bytes for anything else."""
        if old not in self._known:
            name = f"{self._seed}/{old.decode()}"
            uuid = _UUID.fullmatch(old)
            self._known[old] = (
                str(uuid5(_NAMESPACE, name)).encode() if uuid else blake2b(name.encode(), digest_size=16).digest()
            )
        return self._known[old]
