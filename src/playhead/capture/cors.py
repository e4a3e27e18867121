"""CORS headers: every answer of capture carries them, errors too, or browsers hide the answer from the SDK."""

from __future__ import annotations

Headers = list[tuple[bytes, bytes]]

_ALLOWED_HEADERS = b"authorization, content-type, content-encoding, traceparent"


def cors_headers(origin: bytes | None) -> Headers:
    """Headers for an answer to a page of `origin`.

    `mixpanel-browser` sends `/track/` with credentials, for which browsers refuse `*`: the concrete origin is named. No
    ingestion route reads a cookie, so that gives a page nothing it did not have.
    """
    if origin is None:
        return [(b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", b"Retry-After")]
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", b"Retry-After"),
        (b"vary", b"Origin"),
    ]


def preflight_headers(origin: bytes | None, requested: bytes | None) -> Headers:
    """Headers of the answer to OPTIONS. `requested` is the request's Access-Control-Request-Headers.

    What it asks for is allowed by name (a site may have set `xhr_headers`): a wildcard does not cover Authorization.
    """
    allowed = _ALLOWED_HEADERS
    if requested and _is_token_list(requested):
        allowed += b", " + requested
    return [
        *cors_headers(origin),
        (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
        (b"access-control-allow-headers", allowed),
        (b"access-control-max-age", b"86400"),
    ]


def _is_token_list(value: bytes) -> bool:
    return len(value) < 1_000 and all(c in _TOKEN_LIST for c in value)


_TOKEN_LIST = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_, ")
