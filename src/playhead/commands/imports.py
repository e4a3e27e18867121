"""Bringing in what was recorded elsewhere."""

# ruff: noqa: PLC0415  Commands import what they need, so that `--version` and `project list` do not wait for the rest.

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Literal

import typer

from playhead.commands.common import Data, address_of, deliver, load, of_project, open_control, out, own_delivery
from playhead.errors import PlayheadError
from playhead.settings import Settings

import_app = typer.Typer(help="Bring in what was recorded elsewhere.", no_args_is_help=True)


@import_app.command("rrweb")
def import_rrweb(
    files: Annotated[list[Path], typer.Argument(help="rrweb events: a JSON array or NDJSON, plain or gzip.")],
    project: Annotated[str, typer.Option("--project", help="The project's id.")],
    data: Data = None,
) -> None:
    """Turn rrweb files into replays, one each."""
    from playhead.governance.rules import project_rules, pseudonym_key
    from playhead.journal import Journal
    from playhead.processes import is_held, with_secret
    from playhead.rrweb_import import import_files
    from playhead.stores.encryption import Keyring

    settings = of_project(with_secret(load(data=data)), project)
    control = open_control(settings)
    rules = project_rules(control, project, pseudonym_key(settings.secret, project))
    journal = Journal.open(settings.journal_path, settings.journal_max_bytes, Keyring.of(settings))
    try:
        imported = import_files(files, project, settings, journal, rules)
    finally:
        journal.close()
    if not is_held(settings):
        deliver(settings)
    url = address_of(settings)
    for each in imported:
        link = f"{url}/projects/{project}/replays/{each.replay_id}"
        out.print(f"{each.file}: {each.events} rrweb events → {link}", markup=False)


@import_app.command("events")
def import_events(
    files: Annotated[
        list[Path], typer.Argument(help="Mixpanel's export of events: NDJSON, plain or gzip; - is stdin.")
    ],
    project: Annotated[str, typer.Option("--project", help="The project's id.")],
    data: Data = None,
) -> None:
    """Bring a Mixpanel project's events along, of any age. Run again it changes nothing."""
    _import_exports(load(data=data), files, project, "events")


@import_app.command("people")
def import_people(
    files: Annotated[list[Path], typer.Argument(help="Mixpanel's export of profiles: one a line, or its pages.")],
    project: Annotated[str, typer.Option("--project", help="The project's id.")],
    data: Data = None,
) -> None:
    """Bring a Mixpanel project's profiles along: their properties are set."""
    _import_exports(load(data=data), files, project, "people")


def _import_exports(settings: Settings, files: list[Path], project: str, what: Literal["events", "people"]) -> None:
    from playhead.exports_import import STDIN, WAIT_SECONDS, Importing
    from playhead.governance.rules import project_rules, pseudonym_key
    from playhead.journal import Journal
    from playhead.processes import is_held, with_secret
    from playhead.progress import shown
    from playhead.stores.encryption import Keyring

    settings = of_project(with_secret(settings), project)
    control = open_control(settings)
    rules = project_rules(control, project, pseudonym_key(settings.secret, project))
    for path in files:
        if path != STDIN:
            path.open("rb").close()  # one that can't be read is said before anything is taken
    with ExitStack() as stack:
        journal = Journal.open(settings.journal_path, settings.journal_max_bytes, Keyring.of(settings))
        stack.callback(journal.close)
        delivery = None if is_held(settings) else stack.enter_context(own_delivery(settings))

        def drain() -> None:
            if delivery is None:
                time.sleep(WAIT_SECONDS)
                if not is_held(settings):
                    raise PlayheadError("the server has stopped, so nobody takes what waits; run this again")
            elif delivery.run_once() is None:
                time.sleep(WAIT_SECONDS)

        importing = Importing(
            project,
            journal,
            drain=drain,
            max_line_bytes=settings.max_events_bytes,
            max_backlog_bytes=settings.journal_max_bytes,
            rules=rules,
            say=stack.enter_context(shown(out, what)),
        )
        found = [importing.file(path, what) for path in files]
        while delivery is not None and delivery.run_once():
            pass
    for each in found:
        out.print(f"{each.file}: {each.taken:,} {what}", markup=False)
        for line in each.shown:
            out.print(f"  line {line.number:,}: {line.reason}", markup=False)
    if wrong := sum(each.wrong for each in found):
        raise PlayheadError(f"{wrong:,} lines are wrong and were left out; the others are taken", code="wrong_lines")
