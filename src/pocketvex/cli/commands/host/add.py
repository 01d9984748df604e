"""`pocketvex host add`: a server that the project knows by name."""

from __future__ import annotations

from typing import Annotated

import typer

from pocketvex.cli.context import project_or_here


def add(
    name: Annotated[str, typer.Argument(help="How it is called: production, staging.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="Its address.")],
    email: Annotated[
        str, typer.Option("--email", help="Of its superuser; env:NAME is a variable.", metavar="E-MAIL")
    ] = "",
    protected: Annotated[
        bool, typer.Option("--protected", help="Nothing is written to it unasked, also on this machine.")
    ] = False,
    default: Annotated[bool, typer.Option("--default", help="Make it the default host.")] = False,
    no_check: Annotated[
        bool, typer.Option("--no-check", help="Do not look whether a PocketBase answers there.")
    ] = False,
) -> int:
    """Write a server into the configuration.

    Names and addresses are committed; secrets never are.
    """
    from pocketvex.cli.terminal import host_menu
    from pocketvex.cli.terminal.new_host import add_host, checked_name
    from pocketvex.store.urls import normalise_url

    config = project_or_here()
    checked_name(config, name)
    address = normalise_url(url)
    if not no_check:
        host_menu.check(address)
    add_host(config, name, address, email=email, protected=protected, default=default)
    return 0
