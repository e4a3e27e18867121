"""Projects, members, and the links that let them in."""

# ruff: noqa: PLC0415  Commands import what they need, so that `--version` and `project list` do not wait for the rest.

from __future__ import annotations

import json
from typing import Annotated, Literal

import typer
from rich.table import Table as RichTable

from playhead.commands.common import AsJson, Data, address_of, load, open_control, out

project_app = typer.Typer(help="Projects: one site or app each.", no_args_is_help=True)
member_app = typer.Typer(help="Members: who logs in to Playhead.", no_args_is_help=True)


@project_app.command("create")
def project_create(
    name: str,
    region: Annotated[str, typer.Option("--region", help="In which of PLAYHEAD_REGIONS its data stay, for good.")] = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Create a project; its API key is shown this once."""
    from playhead import accounts
    from playhead.stores.regions import settings_of

    settings = load(data=data)
    settings_of(settings, region)
    created = accounts.create_project(open_control(settings), name, settings.retention_days, region=region)
    if as_json:
        print(json.dumps({"project_id": created.project_id, "token": created.token, "api_key": created.api_key}))  # noqa: T201
        return
    url = address_of(settings)
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

    found = accounts.projects(open_control(load(data=data)))
    if as_json:
        rows = [
            {
                "project_id": each.project_id,
                "name": each.name,
                "token": each.token,
                "created_at": rfc3339(each.created_at_ms),
                "retention_days": each.retention_days,
                "region": each.region,
            }
            for each in found
        ]
        print(json.dumps(rows))  # noqa: T201
        return
    if not found:
        out.print('No project yet: playhead project create "My site"')
        return
    table = RichTable("project", "name", "token", "created", "region", box=None, header_style="dim")
    for each in found:
        table.add_row(each.project_id, each.name, each.token, rfc3339(each.created_at_ms)[:10], each.region)
    out.print(table)


def login_url(
    email: Annotated[str, typer.Option("--email", help="Whose; the owner's if not given.")] = "", data: Data = None
) -> None:
    """Print a link that logs the owner, or another member, in, once, within a day."""
    from playhead import accounts

    settings = load(data=data)
    control = open_control(settings)
    path = accounts.login_path_of(control, email) if email else accounts.login_path(control)
    print(address_of(settings) + path)  # noqa: T201


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
    control = open_control(settings)
    if project:
        find_project(control, project)
    path = add_by_command(control, email, name, project_id=project, role=role, is_operator=operator)
    print(address_of(settings) + path)  # noqa: T201


@member_app.command("email")
def member_email(email: str, new: str, data: Data = None) -> None:
    """Change a member's e-mail address."""
    from playhead.accounts.members import change_email_by_command

    change_email_by_command(open_control(load(data=data)), email, new)


@member_app.command("list")
def member_list(data: Data = None, as_json: AsJson = False) -> None:
    """List the members and their roles."""
    from playhead.accounts.members import all_members

    found = all_members(open_control(load(data=data)))
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
