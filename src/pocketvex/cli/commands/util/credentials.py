"""`pocketvex util credentials`: the logins that are kept, for all projects."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from pocketvex.cli.commands.options import FormatOption
from pocketvex.cli.context import project_or_here, vault_of
from pocketvex.cli.show.formats import Format, checked_format, write_json
from pocketvex.cli.terminal import output
from pocketvex.errors import UsageError

if TYPE_CHECKING:
    from pocketvex.store.vault import Kept, Vault

_ALL, _NOTHING = "all", "nothing"


def credentials(
    remove: Annotated[
        str, typer.Option("--remove", help="Forget the logins to this server.", metavar="NAME|URL")
    ] = "",
    clear: Annotated[bool, typer.Option("--clear", help="Forget all of them.")] = False,
    format: FormatOption = "text",
) -> int:
    """List the logins that are kept, for all projects; forget them."""
    from pocketvex.store.hosts import choose_host

    wanted = checked_format(format, (Format.TEXT, Format.JSON))
    if remove and clear:
        raise UsageError("--remove and --clear exclude each other", todo="Say one of them.")
    config = project_or_here()
    vault = vault_of(config)
    if clear:
        output.data("all logins are forgotten" if vault.clear() else "no login is kept")
    elif remove:
        url = choose_host(config, flag=remove, environ={}).url
        if not vault.forget(url):
            raise UsageError(
                f"no login to {url or remove} is kept", todo="Without --remove, they are listed."
            )
        output.data(f"the login to {url} is forgotten")
    else:
        _listed(vault, wanted)
    return 0


def _listed(vault: Vault, wanted: Format) -> None:
    from pocketvex.cli.terminal.ask import at_terminal

    kept = vault.kept()
    if wanted is Format.JSON:
        rows = [{"url": k.url, "identity": k.identity, "until": int(k.until)} for k in kept]
        write_json({"version": 1, "file": str(vault.file), "credentials": rows})
        return
    for one in kept:
        output.data(_line(one))
    output.note(f"in {vault.file}" if kept else f"no login is kept ({vault.file})")
    if kept and at_terminal() and sys.stdout.isatty():
        _menu(vault, kept)


def _menu(vault: Vault, kept: list[Kept]) -> None:
    import questionary
    from prompt_toolkit.output import create_output

    choices = [
        questionary.Choice("leave them", _NOTHING),
        *(questionary.Choice(f"forget {one.identity} on {one.url}", one) for one in kept),
        questionary.Choice("forget all", _ALL),
    ]
    said = questionary.select("What now?", choices, output=create_output(sys.stderr), qmark="?").unsafe_ask()
    if said == _ALL:
        vault.clear()
        output.data("all logins are forgotten")
    elif said != _NOTHING:
        vault.forget(said.url, said.identity)
        output.data(f"the login of {said.identity} to {said.url} is forgotten")


def _line(kept: Kept) -> str:
    from pocketvex.cli.terminal.sign_in import until

    return f"{kept.url}  {kept.identity}  until {until(kept)}"
