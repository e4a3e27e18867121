"""The addresses this server is reached at: the dashboard's, and the one replayed pages are shown on."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request

from playhead.settings import Settings


def base_url(request: Request) -> str:
    """The server's address without a slash at the end: as set, else as it was asked."""
    settings: Settings = request.app.state.settings
    return (settings.public_url or str(request.base_url)).rstrip("/")


def replay_origin(request: Request) -> str:
    """The origin of the player document.

    As set; on loopback the other of `localhost` and `127.0.0.1`, which browsers hold for different origins; else the
    dashboard's own, where the player document's CSP and the sandbox are what separates them.
    """
    settings: Settings = request.app.state.settings
    return settings.replay_origin.rstrip("/") or _other_name(origin(base_url(request))) or origin(base_url(request))


def dashboard_origins(request: Request) -> list[str]:
    """Who may embed the player document: the dashboard, at whatever name it is reached by."""
    settings: Settings = request.app.state.settings
    if settings.replay_origin and not settings.public_url:
        # The dashboard's own address is not known here. The document holds nothing that an embedder could steal.
        return ["http:", "https:"]
    own = origin(base_url(request))
    other = "" if settings.public_url else _other_name(own)
    return [own, other] if other else [own]


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _other_name(url: str) -> str:
    parts = urlsplit(url)
    other = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}.get(parts.hostname or "")
    if not other:
        return ""
    return f"{parts.scheme}://{other}{f':{parts.port}' if parts.port else ''}"
