"""The `playhead` command. Exit status 0, 1 (it failed: one clear line on stderr), 2 (wrong use)."""

# ruff: noqa: PLC0415  Commands import what they need, so that `--version` and `project list` do not wait for the rest.

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from playhead import __version__
from playhead.commands import imports, keeping, projects
from playhead.commands.common import Data, err, load, open_control, out
from playhead.errors import PlayheadError
from playhead.settings import Settings

app = typer.Typer(
    help="Self-hosted session replay with the product analytics that lead to it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(projects.project_app, name="project")
app.add_typer(projects.member_app, name="member")
app.add_typer(imports.import_app, name="import")
app.add_typer(keeping.keys_app, name="keys")

Host = Annotated[str | None, typer.Option("--host", help="Address to listen on.")]
Port = Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Port to listen on (0: any free one).")]


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


app.command("login-url")(projects.login_url)
app.command("delete-person")(keeping.delete_person)
app.command("backup")(keeping.backup)
app.command("restore")(keeping.restore)


@app.command()
def doctor(data: Data = None) -> None:
    """Check every store, the journal, the disk and the clock, and say what to mend."""
    from playhead.doctor import examine

    settings = load(data=data)
    findings = examine(settings)
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        mark = "[green]ok  [/green]" if finding.ok else "[red]bad [/red]"
        out.print(f"{mark} {finding.name:<{width}} ", finding.message, sep=" ")
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


def _serve(settings: Settings) -> None:
    """Prepares the data directory, says where to open it, and becomes the supervisor."""
    from playhead import accounts, supervisor
    from playhead.accounts.oidc import read_providers
    from playhead.accounts.second_factor import check_secrets
    from playhead.capture.places import read_places
    from playhead.governance.keys import check_keys
    from playhead.journal import check_key
    from playhead.processes import announce, hold_data, with_secret
    from playhead.stores.encryption import Keyring
    from playhead.stores.regions import every_settings

    if settings.geoip_file:
        read_places(Path(settings.geoip_file)).close()
    read_providers(settings.oidc)
    with hold_data(settings) as lock:
        settings = with_secret(settings)
        control = open_control(settings)
        check_keys(control, keyring := Keyring.of(settings))
        check_secrets(control, keyring)
        for each in every_settings(settings):
            check_key(each.journal_path, keyring)
        listening = supervisor.listen(settings.host, settings.port)
        settings = settings.model_copy(update={"port": listening.getsockname()[1]})
        url = supervisor.base_url(settings)
        announce(settings, url)
        if settings.demo:
            accounts.ensure_demo(control, settings.retention_days)
        _say_where(url, control, settings)
        control.close()
        supervisor.become(settings, listening, lock)


def _say_where(url: str, control: Any, settings: Settings) -> None:
    from playhead import accounts

    out.print(f"[bold]Playhead {__version__}[/bold]  [dim]data in {settings.data.resolve()}[/dim]")
    out.print(f"Open  [bold cyan]{url}{accounts.login_path(control)}[/bold cyan]")
    if settings.demo:
        out.print(f"Shop  [cyan]{url}/shop/[/cyan]  [dim]what you do there can be watched a moment later[/dim]")
    out.print("[dim]Stop with Ctrl-C.[/dim]")
    sys.stdout.flush()


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
