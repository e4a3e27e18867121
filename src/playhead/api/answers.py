"""How answers are written: JSON by msgspec, errors in one shape, and the shapes as OpenAPI schemas."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from playhead.errors import PlayheadError

SCHEMA_REF = "#/components/schemas/{name}"
_shapes: dict[str, Any] = {}


class ErrorBody(msgspec.Struct, frozen=True):
    code: str
    message: str


class ErrorAnswer(msgspec.Struct, frozen=True):
    """Every error: a code for programs, and what is wrong and how to mend it."""

    error: ErrorBody


def json_answer(value: object, status: int = 200) -> Response:
    return Response(
        msgspec.json.encode(value), status, media_type="application/json", headers={"Cache-Control": "no-store"}
    )


def error_answer(error: PlayheadError) -> Response:
    answer = json_answer(ErrorAnswer(ErrorBody(error.code, error.message)), error.status)
    if error.retry_after_s is not None:
        answer.headers["Retry-After"] = str(error.retry_after_s)
    return answer


def shape(kind: Any, description: str = "", status: int = 200) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route that answers `kind`, a msgspec type: its schema goes into the OpenAPI document."""
    (schema,), components = msgspec.json.schema_components([kind], ref_template=SCHEMA_REF)
    _shapes.update(components)
    return {status: {"description": description or "OK", "content": {"application/json": {"schema": schema}}}}


def asks(kind: Any) -> dict[str, Any]:
    """`openapi_extra=` of a route that reads its body itself, to say what is wrong in its own words."""
    schema = shape(kind)[200]["content"]["application/json"]["schema"]
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def lines(description: str) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route that answers NDJSON."""
    return {200: {"description": description, "content": {"application/x-ndjson": {}}}}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses=` of errors that a route can answer with."""
    names = {
        400: "Bad request",
        401: "Not logged in",
        403: "Not allowed",
        404: "Unknown",
        409: "Not now",
        410: "Deleted or expired",
        413: "Too large",
        429: "Too many attempts",
        422: "Takes too long or too much memory",
        503: "A store is down",
    }
    found: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        found |= shape(ErrorAnswer, names[status], status)
    return found


def shapes() -> dict[str, Any]:
    """Every schema that `shape` was asked for."""
    return dict(_shapes)


def accepts(request: Request, coding: str) -> bool:
    """Whether the client says it takes this content coding."""
    for part in request.headers.get("accept-encoding", "").split(","):
        name, _, weight = part.partition(";")
        if name.strip().lower() == coding:
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
