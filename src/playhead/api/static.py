"""Files: the dashboard, the player document on its own origin, and the SDK. Nothing here is anybody's data."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from playhead.api.addresses import dashboard_origins, replay_origin

STATIC = Path(__file__).parent.parent / "static"
IMMUTABLE = "public, max-age=31536000, immutable"
NOT_BUILT = (
    "The dashboard's files are not built. In a checkout run `make install`; the package from PyPI brings them along."
)

# What every answer carries.
SECURITY_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


def dashboard_headers(request: Request) -> dict[str, str]:
    # Mantine writes style elements; avatars are pictures from anywhere on HTTPS.
    policy = (
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob: https:; "
        f"font-src 'self' data:; connect-src 'self'; frame-src 'self' {replay_origin(request)}; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    return {
        **SECURITY_HEADERS,
        "Content-Security-Policy": policy,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "Cache-Control": "no-cache",
    }


def player_headers(request: Request) -> dict[str, str]:
    """Replayed pages are hostile: nothing runs but the player's own script, nothing is sent anywhere."""
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'unsafe-inline' * data: blob:; img-src * data: blob:; "
        "font-src * data:; media-src * data: blob:; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors {' '.join(dashboard_origins(request))}"
    )
    return {
        **SECURITY_HEADERS,
        "Content-Security-Policy": policy,
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), fullscreen=()",
        "Cache-Control": "no-cache",
    }


def _file(*below: str) -> Path | None:
    """A file under the static folder, never one outside it."""
    try:
        path = STATIC.joinpath(*below).resolve()
        return path if path.is_relative_to(STATIC.resolve()) and path.is_file() else None
    except (ValueError, OSError):
        return None  # no name of a file: with a NUL in it, or too long


async def dashboard(request: Request) -> Response:
    """The app's page for every address that is nothing else, so that its own links work when opened."""
    index = _file("web", "index.html")
    if index is None:
        return PlainTextResponse(NOT_BUILT, 503)
    named = _file("web", request.url.path.lstrip("/"))
    if named is not None and named.suffix != ".html":
        return FileResponse(named, headers=dashboard_headers(request))
    return FileResponse(index, headers=dashboard_headers(request))


async def asset(request: Request) -> Response:
    path = _file("web", "assets", request.path_params["path"])
    if path is None:
        return PlainTextResponse("There is no such file.", 404, headers=SECURITY_HEADERS)
    # Hashed names never change their bytes; the icon has none.
    hashed = re.search(r"-[\w-]{8}\.\w+$", path.name)
    # The player document loads them from its own origin, the dashboard with `crossorigin`: any origin may read them.
    headers = {**SECURITY_HEADERS, "Access-Control-Allow-Origin": "*"}
    return FileResponse(path, headers={**headers, "Cache-Control": IMMUTABLE if hashed else "public, max-age=300"})


async def player(request: Request) -> Response:
    path = _file("web", "player", "index.html")
    if path is None:
        return PlainTextResponse(NOT_BUILT, 503)
    return FileResponse(path, headers=player_headers(request))


@lru_cache(maxsize=2)
def _manifest(path: Path, changed_ns: int) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    return found


def manifest() -> dict[str, Any] | None:
    """What the SDK's build made: names of its files."""
    path = _file("sdk", "manifest.json")
    return None if path is None else _manifest(path, path.stat().st_mtime_ns)


_OPEN = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin", **SECURITY_HEADERS}


def _sdk_missing() -> Response:
    text = 'console.error("Playhead: the SDK is not built on this server; run `make install` there.");'
    return Response(text, 503, media_type="text/javascript", headers=_OPEN)


async def sdk(request: Request) -> Response:
    names = manifest()
    path = _file("sdk", names["sdk"]) if names else None
    if path is None:
        return _sdk_missing()
    headers = {**_OPEN, "Cache-Control": "public, max-age=300"}
    return FileResponse(path, media_type="text/javascript", headers=headers)


async def recorder(request: Request) -> Response:
    names = manifest()
    if names is None:
        return _sdk_missing()
    return RedirectResponse(f"/sdk/{names['recorder']}", 302, {**_OPEN, "Cache-Control": "public, max-age=300"})


async def sdk_file(request: Request) -> Response:
    path = _file("sdk", request.path_params["name"])
    if path is None or path.suffix != ".js":
        return PlainTextResponse("There is no such file.", 404, headers=_OPEN)
    hashed = re.search(r"-[0-9a-f]{8,}\.js$", path.name)
    headers = {**_OPEN, "Cache-Control": IMMUTABLE if hashed else "public, max-age=300"}
    return FileResponse(path, media_type="text/javascript", headers=headers)


def docs_page(openapi: dict[str, Any]) -> HTMLResponse:
    """The OpenAPI document as a readable page, without a script or anything from elsewhere."""
    rows = []
    for path, methods in sorted(openapi["paths"].items()):
        for method, operation in methods.items():
            parameters = "".join(
                f"<li><code>{_text(p['name'])}</code> <small>{_text(p['in'])}"
                f"{', required' if p.get('required') else ''}</small> {_text(p.get('description', ''))}</li>"
                for p in operation.get("parameters", [])
            )
            answers = "".join(
                f"<li><code>{_text(status)}</code> {_text(answer.get('description', ''))}</li>"
                for status, answer in operation.get("responses", {}).items()
            )
            rows.append(
                f"<section><h2><b>{method.upper()}</b> <code>{_text(path)}</code></h2>"
                f"<p>{_text(operation.get('description', ''))}</p>"
                f"<details><summary>Parameters and answers</summary><ul>{parameters}</ul><ul>{answers}</ul></details>"
                "</section>"
            )
    page = (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Playhead API</title>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'><style>"
        ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;"
        "padding:0 1rem}h2{font-size:1rem;margin:1.5rem 0 .25rem;overflow-wrap:anywhere}h2 b{display:inline-block;"
        "min-width:4.5rem}p{margin:0}summary{cursor:pointer}</style>"
        "<h1>Playhead API</h1><p>Send <code>Authorization: Bearer &lt;api_key&gt;</code>. "
        "As a document for programs: <a href='/api/openapi.json'>/api/openapi.json</a>.</p>"
        f"{''.join(rows)}</html>"
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
    return HTMLResponse(page, headers={**SECURITY_HEADERS, "Content-Security-Policy": policy})


def _text(value: object) -> str:
    return str(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#39;")


routes = [
    Route("/sdk.js", sdk),
    Route("/sdk/recorder.js", recorder),
    Route("/sdk/{name}", sdk_file),
    Route("/player", player),
    Route("/player/", player),
    Route("/assets/{path:path}", asset),
    Route("/{path:path}", dashboard),
]
