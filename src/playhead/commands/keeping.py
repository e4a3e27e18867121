"""Deleting people for good, backups, and the keys that things are encrypted with."""

# ruff: noqa: PLC0415  Commands import what they need, so that `--version` and `project list` do not wait for the rest.

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from playhead.commands.common import Data, load, of_project, open_control, out, own_delivery
from playhead.errors import PlayheadError

keys_app = typer.Typer(help="Keys that recordings and the journal are encrypted with.", no_args_is_help=True)


def delete_person(
    distinct_ids: Annotated[list[str], typer.Argument(metavar="DISTINCT_ID...", help="Any id of each person.")],
    project: Annotated[str, typer.Option("--project", help="The project's id.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: Data = None,
) -> None:
    """Delete people everywhere and for good, and print a receipt of what was removed where."""
    from playhead.governance.command import delete_people, look
    from playhead.processes import is_held, with_secret
    from playhead.stores import open_stores

    settings = of_project(with_secret(load(data=data)), project)
    with ExitStack() as stack:
        delivery = None if is_held(settings) else stack.enter_context(own_delivery(settings))
        stores = open_stores(settings)
        stack.callback(stores.close)

        def drain() -> None:
            while delivery is not None and delivery.run_once():
                pass

        if delivery is not None:
            drain()
        out.print(look(stores, project, distinct_ids).message, markup=False)
        if not yes and not typer.confirm("Delete?"):
            raise typer.Exit(1)
        delete_people(stores, settings, project, distinct_ids, out, drain if delivery is not None else None)


def backup(
    destination: Annotated[str, typer.Argument(metavar="DIR|URL", help="A directory, or s3://…, gs://…, az://….")],
    data: Data = None,
    notes: Annotated[
        bool, typer.Option("--deletions-only", help="Only tell the backups what was deleted since; takes a moment.")
    ] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Then read every byte of the backup and check it.")] = False,
    keep: Annotated[int, typer.Option("--keep", min=0, help="Then keep only so many backups (0: all).")] = 0,
) -> None:
    """Back up everything, beside a running server; only what the backup before lacks is stored."""
    from playhead.backup.making import back_up, keep_newest, one_at_a_time, repositories, verify_all, write_notes
    from playhead.backup.repository import Repository
    from playhead.stores import engines_for, open_stores

    settings = load(data=data)
    open_control(settings).close()
    repository = Repository.open(destination)
    with ExitStack() as stack:
        stores = open_stores(settings)
        stack.callback(stores.close)
        stack.enter_context(one_at_a_time(stores.control))
        if notes:
            count = write_notes(stores.control, repository)
            out.print(f"{count:,} deletions are known to the backups in {repository.url}", markup=False)
            return
        with engines_for(stores):
            for each in stores.every():
                each.analytics.migrate()
            made = back_up(settings, stores, repository)
        out.print(
            f"backup {made.backup_id}: {made.bytes:,} bytes, {made.new_bytes:,} of them new, {made.objects:,} objects",
            markup=False,
        )
        places = repositories(settings, stores, repository)
        if verify:
            out.print(f"read and checked: {verify_all(places, made.backup_id):,} bytes", markup=False)
        if keep:
            out.print(f"{keep_newest(places, keep):,} older backups removed", markup=False)


def restore(
    source: Annotated[str, typer.Argument(metavar="DIR|URL", help="Where the backups are.")],
    data: Data = None,
    backup_id: Annotated[str, typer.Option("--backup", help="Which; the newest if not given.")] = "",
    tombstones: Annotated[
        str,
        typer.Option("--tombstones", help="What was deleted since: the old control store's URL, or a tombstones.json."),
    ] = "",
) -> None:
    """Restore a backup into empty stores; what was deleted since does not come back."""
    from playhead.backup.repository import Repository
    from playhead.backup.restoring import restore as bring_back
    from playhead.clock import rfc3339
    from playhead.processes import hold_data
    from playhead.stores import engines_for, open_stores

    settings = load(data=data)
    if "://" not in source and not Path(source).is_dir():
        raise PlayheadError(f"there is no directory {source}")
    repository = Repository.open(source)
    with hold_data(settings):
        stores = open_stores(settings)
        try:
            with engines_for(stores):
                done = bring_back(settings, stores, repository, backup_id, tombstones)
        finally:
            stores.close()
    out.print(
        f"restored {done.backup_id} of {rfc3339(done.made_at_ms)}: {done.bytes:,} bytes, {done.objects:,} objects; "
        f"{done.deleted:,} deletions since were applied, {done.revoked:,} rights and secrets are as they stood last",
        markup=False,
    )


@keys_app.command("rotate")
def keys_rotate(data: Data = None) -> None:
    """Wrap every key anew under the current master key; no recording is read or written."""
    from playhead.accounts.second_factor import seal_again
    from playhead.governance import audit
    from playhead.governance.keys import rotate
    from playhead.journal import rewrap
    from playhead.stores import open_stores
    from playhead.stores.regions import every_settings

    settings = load(data=data)
    open_control(settings).close()
    stores = open_stores(settings)
    if stores.keyring.current is None:
        raise PlayheadError("no master key is set: set PLAYHEAD_MASTER_KEY or PLAYHEAD_KMS_COMMAND")
    try:
        journals = [
            each.journal_path
            for each in every_settings(settings)
            if each.journal_path.exists() and rewrap(each.journal_path, stores.keyring)
        ]
        rotated, secrets = rotate(stores), seal_again(stores.control, stores.keyring)
        with stores.control.write() as session:
            for project_id, count in rotated.items():
                audit.record(session, project_id, audit.COMMAND, "keys.rotated", "project", project_id, {"keys": count})
    finally:
        stores.close()
    out.print(
        f"{len(rotated):,} projects' keys are new, {sum(rotated.values()):,} replays' keys are wrapped by them"
        + (f", {secrets:,} members' second factors anew" if secrets else "")
        + (", and the journal's key anew" if journals else ""),
        markup=False,
    )
