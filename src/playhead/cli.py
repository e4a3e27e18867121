"""The `playhead` command. Exit status 0, 1 (it failed: one clear line on stderr), 2 (wrong use)."""

# ruff: noqa: PLC0415  Commands import what they need, so that `--version` and `project list` do not wait for the rest.

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table as RichTable

from playhead import __version__
from playhead.errors import PlayheadError
from playhead.settings import Settings

app = typer.Typer(
    help="Self-hosted session replay with the product analytics that lead to it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
project_app = typer.Typer(help="Projects: one site or app each.", no_args_is_help=True)
member_app = typer.Typer(help="Members: who logs in to Playhead.", no_args_is_help=True)
import_app = typer.Typer(help="Bring in what was recorded elsewhere.", no_args_is_help=True)
app.add_typer(project_app, name="project")
app.add_typer(member_app, name="member")
app.add_typer(import_app, name="import")
keys_app = typer.Typer(help="Keys that recordings and the journal are encrypted with.", no_args_is_help=True)
app.add_typer(keys_app, name="keys")

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Data = Annotated[Path | None, typer.Option("--data", help="Directory of the journal and every embedded store.")]
Host = Annotated[str | None, typer.Option("--host", help="Address to listen on.")]
Port = Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Port to listen on (0: any free one).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def load(**flags: Any) -> Settings:
    """The settings: flags over the environment over `.env`. Raises PlayheadError naming the setting that is wrong."""
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise PlayheadError(f"the setting PLAYHEAD_{name} is wrong: {first['msg']}", code="bad_settings") from None


def _version(asked: bool) -> None:
    if asked:
        out.print(f"playhead {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which.")] = False,
) -> None:
    pass


@app.command()
def serve(host: Host = None, port: Port = None, data: Data = None) -> None:
    """Run a server: capture, delivery, the API and the dashboard, with embedded stores unless URLs are set."""
    _serve(load(host=host, port=port, data=data))


@app.command()
def demo(
    host: Host = None,
    port: Port = None,
    data: Data = None,
    i_know: Annotated[
        bool, typer.Option("--i-know", help="Listen beyond loopback although token and key are public.")
    ] = False,
) -> None:
    """Run a server with the sample project, its data, and the shop at /shop/."""
    from playhead.demo import is_loopback

    settings = load(host=host, port=port, data=data, demo=True)
    if not is_loopback(settings.host) and not i_know:
        raise PlayheadError(
            f"the demo's token and key are public, so it listens on loopback only, not on {settings.host}; "
            "give --i-know to do it all the same, or use `playhead serve`",
            code="demo_beyond_loopback",
        )
    _serve(settings)


@project_app.command("create")
def project_create(name: str, data: Data = None, as_json: AsJson = False) -> None:
    """Create a project; its API key is shown this once."""
    from playhead import accounts

    settings = load(data=data)
    created = accounts.create_project(_control(settings), name, settings.retention_days)
    if as_json:
        print(json.dumps({"project_id": created.project_id, "token": created.token, "api_key": created.api_key}))  # noqa: T201
        return
    url = _address(settings)
    out.print(
        f"project  {created.project_id}\ntoken    {created.token}\nAPI key  {created.api_key}  (shown only now)\n"
    )
    out.print("Put this on every page of the site:", style="dim")
    out.print(f'<script src="{url}/sdk.js" data-token="{created.token}" defer></script>', markup=False)


@project_app.command("list")
def project_list(data: Data = None, as_json: AsJson = False) -> None:
    """List the projects."""
    from playhead import accounts
    from playhead.clock import rfc3339

    found = accounts.projects(_control(load(data=data)))
    if as_json:
        rows = [
            {
                "project_id": each.project_id,
                "name": each.name,
                "token": each.token,
                "created_at": rfc3339(each.created_at_ms),
                "retention_days": each.retention_days,
            }
            for each in found
        ]
        print(json.dumps(rows))  # noqa: T201
        return
    if not found:
        out.print('No project yet: playhead project create "My site"')
        return
    table = RichTable("project", "name", "token", "created", box=None, header_style="dim")
    for each in found:
        table.add_row(each.project_id, each.name, each.token, rfc3339(each.created_at_ms)[:10])
    out.print(table)


@app.command("login-url")
def login_url(
    email: Annotated[str, typer.Option("--email", help="Whose; the owner's if not given.")] = "", data: Data = None
) -> None:
    """Print a link that logs the owner, or another member, in, once, within a day."""
    from playhead import accounts

    settings = load(data=data)
    control = _control(settings)
    path = accounts.login_path_of(control, email) if email else accounts.login_path(control)
    print(_address(settings) + path)  # noqa: T201


@member_app.command("add")
def member_add(  # noqa: PLR0917  Typer reads the options from the signature.
    email: str,
    name: Annotated[str, typer.Option("--name", help="Their name; of the address if not given.")] = "",
    operator: Annotated[
        bool, typer.Option("--operator", help="They run this server: owner of every project, maker of new ones.")
    ] = False,
    project: Annotated[str, typer.Option("--project", help="A project to give them a role in.")] = "",
    role: Annotated[Literal["owner", "admin", "analyst", "viewer"], typer.Option("--role", help="Which role.")] = (
        "analyst"
    ),
    data: Data = None,
) -> None:
    """Add a member, and print the one-time link that lets them in, good for seven days."""
    from playhead.accounts import find_project
    from playhead.accounts.members import add_by_command

    settings = load(data=data)
    control = _control(settings)
    if project:
        find_project(control, project)
    path = add_by_command(control, email, name, project_id=project, role=role, is_operator=operator)
    print(_address(settings) + path)  # noqa: T201


@member_app.command("email")
def member_email(email: str, new: str, data: Data = None) -> None:
    """Change a member's e-mail address."""
    from playhead.accounts.members import change_email_by_command

    change_email_by_command(_control(load(data=data)), email, new)


@member_app.command("list")
def member_list(data: Data = None, as_json: AsJson = False) -> None:
    """List the members and their roles."""
    from playhead.accounts.members import all_members

    found = all_members(_control(load(data=data)))
    if as_json:
        rows = [
            {
                "member_id": member.member_id,
                "email": member.email,
                "name": member.name,
                "is_operator": bool(member.is_operator),
                "roles": roles,
            }
            for member, roles in found
        ]
        print(json.dumps(rows))  # noqa: T201
        return
    table = RichTable("e-mail", "name", "roles", box=None, header_style="dim")
    for member, roles in found:
        said = ", ".join(f"{role} of {project}" for project, role in roles.items())
        table.add_row(member.email or "", member.name, "runs the server" if member.is_operator else said)
    out.print(table)


@import_app.command("rrweb")
def import_rrweb(
    files: Annotated[list[Path], typer.Argument(help="rrweb events: a JSON array or NDJSON, plain or gzip.")],
    project: Annotated[str, typer.Option("--project", help="The project's id.")],
    data: Data = None,
) -> None:
    """Turn rrweb files into replays, one each."""
    from playhead import accounts
    from playhead.governance.rules import project_rules, pseudonym_key
    from playhead.journal import Journal
    from playhead.processes import is_held, with_secret
    from playhead.rrweb_import import import_files
    from playhead.stores.encryption import Keyring

    settings = with_secret(load(data=data))
    control = _control(settings)
    accounts.find_project(control, project)
    rules = project_rules(control, project, pseudonym_key(settings.secret, project))
    journal = Journal.open(settings.journal_path, settings.journal_max_bytes, Keyring.of(settings))
    try:
        imported = import_files(files, project, settings, journal, rules)
    finally:
        journal.close()
    if not is_held(settings):
        _deliver(settings)
    url = _address(settings)
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


@app.command("delete-person")
def delete_person(
    distinct_ids: Annotated[list[str], typer.Argument(metavar="DISTINCT_ID...", help="Any id of each person.")],
    project: Annotated[str, typer.Option("--project", help="The project's id.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: Data = None,
) -> None:
    """Delete people everywhere and for good, and print a receipt of what was removed where."""
    from playhead import accounts
    from playhead.governance.command import delete_people, look
    from playhead.processes import is_held, with_secret
    from playhead.stores import open_stores

    settings = with_secret(load(data=data))
    accounts.find_project(_control(settings), project)
    with ExitStack() as stack:
        delivery = None if is_held(settings) else stack.enter_context(_delivery(settings))
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


@app.command()
def doctor(data: Data = None) -> None:
    """Check every store, the journal, the disk and the clock, and say what to mend."""
    from playhead.doctor import examine

    settings = load(data=data)
    findings = examine(settings)
    for finding in findings:
        mark = "[green]ok  [/green]" if finding.ok else "[red]bad [/red]"
        out.print(f"{mark} {finding.name:<10}", finding.message, sep=" ")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


@app.command("privacy-check")
def privacy_check(  # noqa: PLR0917  Typer reads the options from the signature.
    url: Annotated[str, typer.Argument(help="The page to begin with.")],
    steps: Annotated[
        Path | None, typer.Option("--steps", exists=True, dir_okay=False, help="What to do there, one step a line.")
    ] = None,
    mode: Annotated[
        Literal["text", "input"] | None,
        typer.Option("--mode", help="What must be masked; the SDK's own mode if not given."),
    ] = None,
    inject: Annotated[bool, typer.Option("--inject", help="Put our SDK in, whatever the site loads.")] = False,
    send: Annotated[bool, typer.Option("--send", help="Let uploads go on to their server.")] = False,
    html: Annotated[Path | None, typer.Option("--html", dir_okay=False, help="Write the report as a page.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", dir_okay=False, help="Write the report as JSON.")] = None,
    chromium: Annotated[
        Path | None, typer.Option("--chromium", envvar="CHROMIUM", help="The browser; found by itself if not given.")
    ] = None,
    timeout: Annotated[float, typer.Option("--timeout", min=1, max=600, help="Seconds to wait for a step.")] = 15,
    insecure: Annotated[bool, typer.Option("--insecure", help="Take any certificate, for sites being built.")] = False,
) -> None:
    """Check that a site records nothing in clear that must be masked; exit status 1 if it does."""
    from playhead.privacy_check.checkup import Options
    from playhead.privacy_check.command import check
    from playhead.privacy_check.steps import read_steps

    if not url.startswith(("http://", "https://")):
        raise typer.BadParameter("an address begins with http:// or https://", param_hint="URL")
    try:
        read = tuple(read_steps(steps)) if steps else ()
    except PlayheadError as error:
        raise typer.BadParameter(error.message, param_hint="--steps") from None
    options = Options(
        url, read, mode=mode, inject=inject, forward=send, timeout_s=timeout, ignore_certificates=insecure
    )
    if not check(options, chromium=chromium, html=html, json=json_file, out=out, err=err):
        raise typer.Exit(1)


@app.command()
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
    from playhead.backup.making import back_up, one_at_a_time, write_notes
    from playhead.backup.repository import Repository
    from playhead.stores import open_stores
    from playhead.stores.analytics import engine_for

    settings = load(data=data)
    _control(settings).close()
    repository = Repository.open(destination)
    with ExitStack() as stack:
        stores = open_stores(settings)
        stack.callback(stores.close)
        stack.enter_context(one_at_a_time(stores.control))
        if notes:
            count = write_notes(stores.control, repository)
            out.print(f"{count:,} deletions are known to the backups in {repository.url}", markup=False)
            return
        with engine_for(stores.analytics):
            stores.analytics.migrate()
            made = back_up(settings, stores, repository)
        out.print(
            f"backup {made.backup_id}: {made.bytes:,} bytes, {made.new_bytes:,} of them new, {made.objects:,} objects",
            markup=False,
        )
        if verify:
            size = repository.verify(repository.manifest(made.backup_id))
            out.print(f"read and checked: {size:,} bytes", markup=False)
        if keep:
            out.print(f"{repository.keep(keep):,} older backups removed", markup=False)


@keys_app.command("rotate")
def keys_rotate(data: Data = None) -> None:
    """Wrap every key anew under the current master key; no recording is read or written."""
    from playhead.governance import audit
    from playhead.governance.keys import rotate
    from playhead.journal import rewrap
    from playhead.stores import open_stores

    settings = load(data=data)
    _control(settings).close()
    stores = open_stores(settings)
    if stores.keyring.current is None:
        raise PlayheadError("no master key is set: set PLAYHEAD_MASTER_KEY or PLAYHEAD_KMS_COMMAND")
    try:
        journal = settings.journal_path.exists() and rewrap(settings.journal_path, stores.keyring)
        rotated = rotate(stores)
        with stores.control.write() as session:
            for project_id, count in rotated.items():
                audit.record(session, project_id, audit.COMMAND, "keys.rotated", "project", project_id, {"keys": count})
    finally:
        stores.close()
    out.print(
        f"{len(rotated):,} projects' keys are new, {sum(rotated.values()):,} replays' keys are wrapped by them"
        + (", and the journal's key anew" if journal else ""),
        markup=False,
    )


@app.command()
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
    from playhead.stores import open_stores
    from playhead.stores.analytics import engine_for

    settings = load(data=data)
    if "://" not in source and not Path(source).is_dir():
        raise PlayheadError(f"there is no directory {source}")
    repository = Repository.open(source)
    with hold_data(settings):
        stores = open_stores(settings)
        try:
            with engine_for(stores.analytics):
                done = bring_back(settings, stores, repository, backup_id, tombstones)
        finally:
            stores.close()
    out.print(
        f"restored {done.backup_id} of {rfc3339(done.made_at_ms)}: {done.bytes:,} bytes, {done.objects:,} objects; "
        f"{done.deleted:,} deletions since were applied",
        markup=False,
    )


def _serve(settings: Settings) -> None:
    """Prepares the data directory, says where to open it, and becomes the supervisor."""
    from playhead import accounts, supervisor
    from playhead.accounts.oidc import read_providers
    from playhead.capture.places import read_places
    from playhead.governance.keys import check_keys
    from playhead.journal import check_key
    from playhead.processes import announce, hold_data, with_secret
    from playhead.stores.encryption import Keyring

    if settings.geoip_file:
        read_places(Path(settings.geoip_file)).close()
    read_providers(settings.oidc)
    with hold_data(settings) as lock:
        settings = with_secret(settings)
        control = _control(settings)
        check_keys(control, keyring := Keyring.of(settings))
        check_key(settings.journal_path, keyring)
        listening = supervisor.listen(settings.host, settings.port)
        settings = settings.model_copy(update={"port": listening.getsockname()[1]})
        url = supervisor.base_url(settings)
        announce(settings, url)
        if settings.demo:
            accounts.ensure_demo(control, settings.retention_days)
        _say_where(url, control, settings)
        control.close()
        supervisor.become(settings, listening, lock)


def _control(settings: Settings) -> Any:
    """The control store, brought up to date, in a data directory that is there."""
    from playhead.processes import data_directory
    from playhead.stores.control import Control

    data_directory(settings)
    control = Control.open(settings.control)
    control.migrate()
    return control


def _say_where(url: str, control: Any, settings: Settings) -> None:
    from playhead import accounts

    out.print(f"[bold]Playhead {__version__}[/bold]  [dim]data in {settings.data.resolve()}[/dim]")
    out.print(f"Open  [bold cyan]{url}{accounts.login_path(control)}[/bold cyan]")
    if settings.demo:
        out.print(f"Shop  [cyan]{url}/shop/[/cyan]  [dim]what you do there can be watched a moment later[/dim]")
    out.print("[dim]Stop with Ctrl-C.[/dim]")
    sys.stdout.flush()


def _deliver(settings: Settings) -> None:
    """Delivers what the journal holds, for a command beside no server."""
    with _delivery(settings) as delivery:
        while delivery.run_once():
            pass


@contextmanager
def _delivery(settings: Settings) -> Iterator[Any]:
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


def _import_exports(settings: Settings, files: list[Path], project: str, what: Literal["events", "people"]) -> None:
    from playhead import accounts
    from playhead.exports_import import STDIN, WAIT_SECONDS, Importing
    from playhead.governance.rules import project_rules, pseudonym_key
    from playhead.journal import Journal
    from playhead.processes import is_held, with_secret
    from playhead.progress import shown
    from playhead.stores.encryption import Keyring

    settings = with_secret(settings)
    control = _control(settings)
    accounts.find_project(control, project)
    rules = project_rules(control, project, pseudonym_key(settings.secret, project))
    for path in files:
        if path != STDIN:
            path.open("rb").close()  # one that can't be read is said before anything is taken
    with ExitStack() as stack:
        journal = Journal.open(settings.journal_path, settings.journal_max_bytes, Keyring.of(settings))
        stack.callback(journal.close)
        delivery = None if is_held(settings) else stack.enter_context(_delivery(settings))

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


def _address(settings: Settings) -> str:
    from playhead.processes import is_held, running_server
    from playhead.supervisor import base_url

    running = running_server(settings) if is_held(settings) else None
    return settings.public_url.rstrip("/") or (running.url if running else base_url(settings))


def main(run: Callable[[], Any] = app) -> None:
    """Runs the command; what a user can cause ends with one line, not with a traceback."""
    try:
        run()
    except PlayheadError as error:
        err.print(f"playhead: {error.message}", markup=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        err.print(f"playhead: {where}{error.strerror or error}", markup=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
