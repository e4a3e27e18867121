"""What commands share: settings from flags, the control store, delivery beside no server, the server's address."""

# ruff: noqa: PLC0415  Commands import what they need, so that `--version` and `project list` do not wait for the rest.

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console

from playhead.errors import PlayheadError
from playhead.settings import Settings

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Data = Annotated[Path | None, typer.Option("--data", help="Directory of the journal and every embedded store.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def load(**flags: Any) -> Settings:
    """The settings: flags over the environment over `.env`. Raises PlayheadError naming the setting that is wrong."""
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise PlayheadError(f"the setting PLAYHEAD_{name} is wrong: {first['msg']}", code="bad_settings") from None


def open_control(settings: Settings) -> Any:
    """The control store, brought up to date, in a data directory that is there."""
    from playhead.processes import data_directory
    from playhead.stores.control import Control

    data_directory(settings)
    control = Control.open(settings.control)
    control.migrate()
    return control


def address_of(settings: Settings) -> str:
    from playhead.processes import is_held, running_server
    from playhead.supervisor import base_url

    running = running_server(settings) if is_held(settings) else None
    return settings.public_url.rstrip("/") or (running.url if running else base_url(settings))


def of_project(settings: Settings, project_id: str) -> Settings:
    """The settings of the region that a project is in. Raises PlayheadError for a project that is not there."""
    from playhead import accounts
    from playhead.stores.regions import settings_of

    return settings_of(settings, accounts.find_project(open_control(settings), project_id).region)


def deliver(settings: Settings) -> None:
    """Delivers what the journal holds, for a command beside no server."""
    with own_delivery(settings) as delivery:
        while delivery.run_once():
            pass


@contextmanager
def own_delivery(settings: Settings) -> Iterator[Any]:
    """Delivery of our own, for a command beside no server: none can be started meanwhile."""
    from playhead.delivery.flush import Delivery
    from playhead.journal import JournalQueue
    from playhead.processes import hold_data
    from playhead.stores import open_stores
    from playhead.stores.analytics import engine_for

    stores = open_stores(settings)
    queue = JournalQueue.open(settings.journal_path, stores.keyring)
    try:
        with hold_data(settings), engine_for(stores.analytics):
            stores.analytics.migrate()
            yield Delivery(queue, stores, settings)
    finally:
        queue.close()
        stores.close()
