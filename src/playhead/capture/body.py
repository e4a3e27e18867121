"""Request bodies: reading within limits, unpacking, and the several dresses `mixpanel-browser` puts JSON in."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, cast
from urllib.parse import unquote_to_bytes

from isal import isal_zlib

from playhead.errors import PlayheadError, TooLarge

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

# Its stub declares the class as an instance.
IsalError = cast(type[Exception], isal_zlib.IsalError)

GZIP_MAGIC = b"\x1f\x8b"
# Concatenated gzip members in one body; nobody sends more than a few.
MAX_MEMBERS = 64
MAX_DIGITS = 18


class Disconnected(Exception):
    """The client went away before its body had arrived."""


async def read_body(receive: Receive, declared: bytes | None, limit: int) -> bytes:
    """The whole body. Raises `TooLarge` before reading when Content-Length says so, else as soon as it is."""
    # Python refuses to read a number of thousands of digits.
    if declared is not None and declared.isdigit() and (len(declared) > MAX_DIGITS or int(declared) > limit):
        raise _too_large(limit)
    message = await receive()
    if message["type"] != "http.request":
        raise Disconnected
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        if len(body) > limit:
            raise _too_large(limit)
        return body
    parts = [body]
    size = len(body)
    while message.get("more_body", False):
        message = await receive()
        if message["type"] != "http.request":
            raise Disconnected
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
    return b"".join(parts)


def gunzip(packed: bytes, limit: int, setting: str = "PLAYHEAD_MAX_UNPACKED_BYTES") -> tuple[bytes, bool]:
    """The unpacked bytes, and whether `packed` is one gzip member and nothing else.

    Stops at `limit`: a bomb costs no more. Raises `TooLarge`, or `PlayheadError` for what is not whole gzip.
    """
    unpacked = b""
    members = 0
    rest = packed
    while rest:
        if not rest.startswith(GZIP_MAGIC):
            raise PlayheadError("The body is not gzip.", code="not_gzip")
        stream = isal_zlib.decompressobj(wbits=31)
        try:
            part = stream.decompress(rest, limit + 1 - len(unpacked))
        except IsalError as error:
            raise PlayheadError(f"The body is not gzip: {error}.", code="not_gzip") from error
        unpacked = unpacked + part if unpacked else part
        if len(unpacked) > limit:
            raise TooLarge(f"The body unpacks to more than {limit} bytes ({setting}).", code="unpacked_too_large")
        if not stream.eof:
            raise PlayheadError("The body is not whole gzip: it ends too early.", code="not_gzip")
        members += 1
        if members > MAX_MEMBERS:
            raise PlayheadError(f"The body has more than {MAX_MEMBERS} gzip members.", code="not_gzip")
        rest = stream.unused_data
    if not members:
        raise PlayheadError("The body is empty.", code="empty_body")
    return unpacked, members == 1


def gzip(text: bytes) -> bytes:
    """One gzip member, quickly: for batches of browsers that can't compress."""
    packed: bytes = isal_zlib.compress(text, 1, wbits=31)
    return packed


def json_text(body: bytes, limit: int) -> bytes:
    """The JSON text in a body of `/track/`, `/engage/`, `/groups/`: UTF-8, from any of the forms SDKs send.

    A form field `data=` (posted as a form, or as `text/plain` by `sendBeacon`), base64 or JSON itself; base64 of
    `mixpanel-browser` holds CESU-8, where an emoji is two surrogates of three bytes each. Raises `TooLarge` for
    more than `limit` bytes of JSON.
    """
    text = body.strip()
    if text[:1] not in (b"[", b"{"):
        text = _form_data(text)
        if text[:1] not in (b"[", b"{"):
            text = _base64(text)
    if len(text) > limit:
        raise TooLarge(f"The request holds more than {limit} bytes (PLAYHEAD_MAX_EVENTS_BYTES).", code="body_too_large")
    return utf8(text)


def utf8(text: bytes) -> bytes:
    """`text` as it is when it is UTF-8, CESU-8 turned into it. Surrogates without a partner become U+FFFD."""
    try:
        text.decode()
    except UnicodeDecodeError as error:
        try:
            surrogates = text.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            raise PlayheadError(f"The body is not UTF-8 at byte {error.start}.", code="not_utf8") from error
        return surrogates.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
    return text


def _form_data(form: bytes) -> bytes:
    for field in form.split(b"&"):
        name, equals, value = field.partition(b"=")
        if equals and name == b"data":
            return unquote_to_bytes(value.replace(b"+", b" ")).strip()
    return form


def _base64(text: bytes) -> bytes:
    # A "+" that nobody escaped has become a space on the way.
    packed = text.replace(b" ", b"+").replace(b"-", b"+").replace(b"_", b"/").rstrip(b"=")
    if not packed:
        raise PlayheadError("The body is empty: send JSON, or a form field `data`.", code="empty_body")
    try:
        return base64.b64decode(packed + b"=" * (-len(packed) % 4), validate=True)
    except binascii.Error as error:
        raise PlayheadError("The body is neither JSON nor base64 of JSON.", code="not_json") from error


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is larger than {limit} bytes (PLAYHEAD_MAX_BODY_BYTES).", code="body_too_large")
