"""`pocketvex init`: a project that works at once."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pocketvex.cli.context import signed_in
from pocketvex.cli.terminal import output
from pocketvex.cli.terminal.ask import at_terminal
from pocketvex.errors import LoginRefused, UsageError

if TYPE_CHECKING:
    from pocketvex.run.scaffold import Begin
    from pocketvex.store.config import Config
    from pocketvex.store.hosts import Host

_BLOG, _EMPTY, _SERVER = "blog", "empty", "server"


def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where; this folder by default.")] = Path(),
    from_: Annotated[
        str, typer.Option("--from", help="blog, empty, or a server's address.", metavar="WHAT")
    ] = "",
    dev: Annotated[
        str, typer.Option("--dev", help="What `dev` works on: embedded, or that server.", metavar="WHERE")
    ] = "",
    name: Annotated[str, typer.Option("--name", help="What that server is called.", metavar="NAME")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the files, and write none.")] = False,
) -> int:
    """Make a small project that works at once, or one of what is there. Files that exist are left alone."""
    from pocketvex.run.scaffold import Begin, Found, files, look, write

    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file", todo="Name a folder; it is made if it is not there.")
    config, found = look(folder, os.environ)
    _check(from_, dev, found.value if found is not Found.NOTHING else "")
    begin, server = None, None
    if found is Found.NOTHING:
        begin, server = _begin(config, from_)
    plan = files(folder, begin)
    for file in plan:
        output.data(f"+ {file.name}" if file.text is not None else f"= {file.name} exists, left alone")
    where = "" if folder == Path() else f"cd {folder} && "
    if dry_run:
        output.note("nothing was written")
        return 0
    write(folder, plan)
    code = 0
    if begin is Begin.SERVER and server is not None:
        code = _from_server(folder, server, dev, name)
    elif found is Found.HISTORY:
        from pocketvex.cli.commands.schema.pull import pull_history

        code = pull_history(config)
    output.note(f"→ {where}pocketvex {'schema pull' if found is Found.SERVER else 'dev'}")
    return code


def _check(from_: str, dev: str, there: str) -> None:
    if from_ and there:
        raise UsageError(
            f"--from is for a new project, and this folder has {there}",
            todo="Leave --from out; `pocketvex schema pull --host URL` writes what a server has.",
        )
    if dev and from_ in ("", _BLOG, _EMPTY):
        raise UsageError(
            "--dev is for a project that begins with a server", todo="Say --from ADDRESS, or leave --dev out."
        )
    if dev not in ("", "embedded", _SERVER):
        raise UsageError(
            f"--dev {dev!r} is neither embedded nor server", todo="Say --dev embedded or --dev server."
        )


def _begin(config: Config, from_: str) -> tuple[Begin, Host | None]:
    """What the project begins with: as it was said, as it is chosen, or the blog."""
    from pocketvex.cli.terminal import host_menu
    from pocketvex.run.scaffold import Begin
    from pocketvex.store.hosts import choose_host
    from pocketvex.store.urls import normalise_url

    said = from_ or (_asked_begin() if at_terminal() else _BLOG)
    if said in (_BLOG, _EMPTY):
        return Begin(said), None
    if said == _SERVER:
        host = host_menu.asked_address(config)
    else:
        url = normalise_url(said, source="--from")
        host_menu.check(url)
        host = choose_host(config, flag=url, environ=os.environ)
    # Before anything is written: whom the server does not let in has no project of it.
    host = signed_in(config, host)
    if not (host.login.token or host.login.password or host.login.email):
        raise LoginRefused(
            f"no credentials for {host.url}: nothing was written",
            todo="Set PB_TOKEN, or PB_ADMIN_EMAIL and PB_ADMIN_PASS; or `pocketvex login` on a terminal.",
        )
    return Begin.SERVER, host


def _asked_begin() -> str:
    import questionary
    from prompt_toolkit.output import create_output

    choices = [
        questionary.Choice("a small blog, to look around in", _BLOG),
        questionary.Choice("nothing: an empty schema", _EMPTY),
        questionary.Choice("a server that exists: its schema becomes the code", _SERVER),
    ]
    text = "What does the project begin with?"
    said: str = questionary.select(text, choices, output=create_output(sys.stderr), qmark="?").unsafe_ask()
    return said


def _from_server(folder: Path, server: Host, dev: str, name: str) -> int:
    """Write the server into the configuration, and what it has into the schema."""
    from pocketvex.cli.commands.schema.pull import pull_from
    from pocketvex.cli.terminal.new_host import add_host, asked_name, suggested_name
    from pocketvex.store.config import load_config

    config = load_config(folder)
    asked = at_terminal()
    if server.name not in config.hosts:
        name = name or (asked_name(config, server.url) if asked else suggested_name(server.url))
        works_there = dev == _SERVER if dev else asked and _asked_where(name, server)
        add_host(config, name, server.url, default=works_there)
        config = load_config(folder)
    return pull_from(config, server.url)


def _asked_where(name: str, server: Host) -> bool:
    """Whether `dev` works on that server, in the place of one of its own."""
    import questionary
    from prompt_toolkit.output import create_output

    choices = [
        questionary.Choice("a server of its own on this machine", False),
        questionary.Choice(f"{name}: {server.url}" + (" (protected)" if server.protected else ""), True),
    ]
    if server.local:
        choices.reverse()
    text = "What does `pocketvex dev` work on?"
    said: bool = questionary.select(text, choices, output=create_output(sys.stderr), qmark="?").unsafe_ask()
    return said
