"""A request to capture, with as little work as its route needs, and the answer to it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import MutableMapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from playhead.capture.body import Receive, gunzip, read_body
from playhead.capture.cors import Headers
from playhead.errors import PlayheadError
from playhead.settings import Settings

MAX_ID = 255
# What some SDKs post as fields of the form beside `data`, and others put into the query.
_FORM_FIELDS = frozenset((b"verbose", b"ip", b"img", b"callback"))

_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")

encode_json = msgspec.json.Encoder().encode


class Answer(msgspec.Struct, frozen=True):
    """An HTTP answer, before the headers that all answers carry."""

    status: int
    body: bytes
    content_type: bytes = b"application/json"
    headers: Headers = []


class Request:
    """One request. `query` holds the last value of each name, decoded."""

    def __init__(self, scope: MutableMapping[str, Any], receive: Receive, received_at_ms: int) -> None:
        self.method: str = scope["method"]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.query = parse_query(scope["query_string"])
        self.received_at_ms = received_at_ms
        client = scope.get("client")
        # Behind a proxy that the server trusts it is the visitor's: uvicorn has read X-Forwarded-For.
        self.address: str = client[0] if client else ""
        self._receive = receive

    async def body(self, settings: Settings) -> bytes:
        """The body as sent. Raises `TooLarge`."""
        return await read_body(self._receive, self.headers.get(b"content-length"), settings.max_body_bytes)

    async def plain_body(self, settings: Settings) -> bytes:
        """The body of a request of events or profile operations, unpacked where Content-Encoding says gzip."""
        gzip = self.is_gzip()
        body = await self.body(settings)
        if gzip and body:
            return gunzip(body, settings.max_events_bytes, "PLAYHEAD_MAX_EVENTS_BYTES")[0]
        return body

    def is_gzip(self) -> bool:
        """Whether Content-Encoding says gzip. Raises `PlayheadError` where it says anything else."""
        coding = self.headers.get(b"content-encoding", b"").strip().lower()
        if coding in (b"", b"identity"):
            return False
        if coding in (b"gzip", b"x-gzip"):
            return True
        raise PlayheadError(
            "The Content-Encoding is unknown here: send the body as gzip, or as it is.", code="unknown_encoding"
        )

    def read_fields(self, form: bytes) -> None:
        """Takes the fields of a form that belong to the query, unless the query has them itself."""
        for field in form.split(b"&", 20):
            name, equals, value = field.partition(b"=")
            if equals and name in _FORM_FIELDS:
                self.query.setdefault(name.decode(), unquote_plus(value[:MAX_ID].decode("latin-1")))

    def header_token(self) -> str:
        """The token outside the body: the user of Basic authorisation, else `?token=`; empty when there is none."""
        scheme, _, credentials = self.headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() == b"basic":
            try:
                user = base64.b64decode(credentials, validate=True).partition(b":")[0]
                return user.decode()
            except (binascii.Error, UnicodeDecodeError):
                return ""
        return self.query.get("token", "")

    def bearer(self) -> str:
        """What follows `Bearer` in the authorisation; empty when there is none."""
        scheme, _, given = self.headers.get(b"authorization", b"").partition(b" ")
        return given.strip().decode("latin-1") if scheme.lower() == b"bearer" else ""

    def text(self, name: str) -> str:
        """A query parameter; empty when absent, or when JavaScript wrote `null` or `undefined` for it."""
        value = self.query.get(name, "")
        return "" if value in ("null", "undefined") else value[:MAX_ID]

    def number(self, name: str) -> float | None:
        """A finite numeric query parameter, None when absent or something else."""
        try:
            value = float(self.query.get(name, ""))
        except ValueError:
            return None
        return value if abs(value) < 1e16 else None

    def flag(self, name: str) -> bool:
        return self.query.get(name, "") not in ("", "0", "false")

    def sent_at_ms(self) -> int | None:
        sent_at = self.number("sent_at")
        return None if sent_at is None else int(sent_at)


def parse_query(query: bytes) -> dict[str, str]:
    """A query string: the last value of each name. A third of the time of `parse_qsl`."""
    parsed: dict[str, str] = {}
    for field in query.decode("latin-1").split("&"):
        name, equals, value = field.partition("=")
        if equals:
            if "%" in name:
                name = _decoded_name(name)
            parsed[name] = unquote_plus(value) if "%" in value or "+" in value else value
    return parsed


@lru_cache(maxsize=256)
def _decoded_name(name: str) -> str:
    return unquote_plus(name)


def is_uuid(value: str) -> bool:
    return _UUID.fullmatch(value) is not None


def uuid_text(value: str, name: str) -> str:
    """A UUID in its canonical form. Raises `PlayheadError` when `value` is none."""
    if not is_uuid(value):
        raise PlayheadError(f"`{name}` must be a UUID.", code="bad_" + name)
    return value.lower()


def error_body(error: PlayheadError) -> dict[str, Any]:
    """The body of an error: what programs of ours read (`error`), and what Mixpanel's SDKs do (`code`, `status`)."""
    return {
        "error": {"code": error.code, "message": error.message},
        "code": error.status,
        "status": HTTPStatus(error.status).phrase,
        **({"retry_after": error.retry_after_s} if error.retry_after_s is not None else {}),
    }


def error_answer(error: PlayheadError) -> Answer:
    headers: Headers = []
    if error.retry_after_s is not None:
        headers.append((b"retry-after", str(error.retry_after_s).encode()))
    # No WWW-Authenticate with a 401: it would make browsers ask the visitor for a password.
    return Answer(error.status, encode_json(error_body(error)), headers=headers)
