"""The web process: capture in front, then health, then the dashboard's API and files. Several share one port."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn
from starlette.responses import RedirectResponse
from starlette.staticfiles import StaticFiles

from playhead.api.app import create_api
from playhead.api.headers import SecurityHeaders
from playhead.capture.app import ASGIApp, Receive, Scope, Send, create_capture
from playhead.capture.directory import Directory, control_loader, key_user
from playhead.health import create_health
from playhead.journal import Journal
from playhead.processes import LISTEN_FD, configure_logs, die_with_parent
from playhead.settings import Settings
from playhead.stores import open_stores
from playhead.stores.regions import every_settings

_HEALTH = frozenset(("/healthz", "/readyz", "/metrics"))


def create_app(settings: Settings) -> tuple[ASGIApp, Callable[[], None]]:
    """The whole of what the server answers, and what closes it."""
    stores = open_stores(settings)
    journals = {
        each.region: Journal.open(each.journal_path, settings.journal_max_bytes, stores.keyring)
        for each in every_settings(settings)
    }
    directory = Directory(control_loader(stores.control.engine, settings.secret), key_user(stores.control.engine))
    health = SecurityHeaders(create_health(settings, stores, journals), public_url=settings.public_url)
    api = create_api(settings, stores)
    shop = _shop() if settings.demo else None

    async def rest(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if path in _HEALTH:
            await health(scope, receive, send)
        elif shop is not None and path == "/shop":
            await RedirectResponse("/shop/")(scope, receive, send)
        elif shop is not None and path.startswith("/shop/"):
            await shop({**scope, "root_path": scope.get("root_path", "") + "/shop"}, receive, send)
        else:
            await api(scope, receive, send)

    def close() -> None:
        directory.close()
        for journal in journals.values():
            journal.close()
        stores.close()

    return create_capture(settings, journals, directory, rest), close


def shop_directory() -> Path | None:
    """The sample shop: the checkout's own, so that changes show at once, else the packaged copy."""
    here = Path(__file__).parent
    for candidate in (here.parent.parent / "examples" / "shop", here / "static" / "shop"):
        if (candidate / "index.html").exists():
            return candidate
    return None


def _shop() -> StaticFiles | None:
    directory = shop_directory()
    return None if directory is None else StaticFiles(directory=directory, html=True)


def run(settings: Settings, listening: socket.socket) -> None:
    """Serves on the socket until told to stop; open requests are finished."""
    app, close = create_app(settings)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        server_header=False,
        log_level="warning",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=8,
    )
    try:
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        close()


def main() -> None:
    die_with_parent()
    configure_logs("web")
    listening = socket.socket(fileno=int(os.environ[LISTEN_FD]))
    with contextlib.suppress(KeyboardInterrupt):
        run(Settings(), listening)


if __name__ == "__main__":
    main()
