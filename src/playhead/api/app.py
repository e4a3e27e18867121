"""The API's application: routes, errors in one place, the OpenAPI document, and the files at the end."""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from playhead import __version__
from playhead.api import (
    account,
    audit,
    bookmarks,
    data_requests,
    deletions,
    events,
    groups,
    keys,
    lexicon,
    login,
    members,
    people,
    privacy,
    projects,
    queries,
    replays,
    reports,
    retention,
    retrievals,
    saved,
    sessions,
    shares,
    static,
)
from playhead.api.answers import error_answer, json_answer, shapes
from playhead.api.auth import allowed
from playhead.api.headers import ALWAYS, OF_DATA, SecurityHeaders
from playhead.capture.limits import RateLimiter
from playhead.errors import NotFound, PlayheadError
from playhead.governance.retention import bound_events
from playhead.settings import Settings
from playhead.stores import Stores

log = structlog.get_logger(__name__)


def create_api(settings: Settings, stores: Stores) -> FastAPI:
    """Everything that is not ingestion: REST, log-in, dashboard, player and SDK files."""
    app = FastAPI(
        title="Playhead",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(allowed)],
    )
    app.add_middleware(SecurityHeaders, public_url=settings.public_url)
    app.state.settings = settings
    app.state.stores = stores
    app.state.shared_limiter = RateLimiter(settings.rate_limit_per_second, 10 * settings.rate_limit_per_second)
    bound_events(stores)
    app.add_exception_handler(PlayheadError, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unknown)
    for module in (
        *(login, sessions, account, projects, members, keys),
        *(replays, bookmarks, shares, privacy, people, groups, events, lexicon, reports, queries, saved),
        *(deletions, retrievals, data_requests, retention, audit),
    ):
        app.include_router(module.router)

    @app.get("/api/openapi.json", include_in_schema=False)
    def openapi_json() -> Response:
        return json_answer(app.openapi())

    @app.get("/api/docs", include_in_schema=False)
    def docs() -> Response:
        return static.docs_page(app.openapi())

    app.router.routes.append(Route("/api/{path:path}", _nothing, methods=_METHODS))
    app.router.routes.extend(static.routes)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


async def _nothing(request: Request) -> Response:
    raise NotFound("The API has nothing at this address: see /api/docs.")


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema:
        return app.openapi_schema
    document = get_openapi(title=app.title, version=app.version, routes=app.routes)
    for methods in document["paths"].values():
        for operation in methods.values():
            # What fails validation is a 400 of our shape; FastAPI's own 422 is not answered.
            if "HTTPValidationError" in str(operation["responses"].get("422")):
                del operation["responses"]["422"]
    components = document.setdefault("components", {})
    components["schemas"] = {
        name: schema
        for name, schema in (components.get("schemas", {}) | shapes()).items()
        if name not in {"HTTPValidationError", "ValidationError"}
    }
    app.openapi_schema = document
    return document


def _known(request: Request, error: Exception) -> Response:
    assert isinstance(error, PlayheadError)
    if request.url.path.startswith("/api/app/"):
        return data_requests.error_answer(error)
    return error_answer(error)


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or "the body"
    return _known(request, PlayheadError(f"`{where}`: {first['msg']}.", code="bad_request"))


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    codes = {404: "not_found", 405: "method_not_allowed"}
    answer = error_answer(
        PlayheadError(str(error.detail), code=codes.get(error.status_code, "bad_request"), status=error.status_code)
    )
    answer.headers.update(error.headers or {})
    return answer


def _unknown(request: Request, error: Exception) -> Response:
    log.error("request_failed", path=request.url.path, exc_info=error)
    answer = error_answer(
        PlayheadError("The server failed on this request; its log says why.", code="internal_error", status=500)
    )
    # It is answered outside of what sets them for all others.
    answer.headers.update(ALWAYS | OF_DATA)
    return answer
