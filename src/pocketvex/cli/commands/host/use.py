"""`pocketvex host use`: the server that is meant where nothing else is said."""

from __future__ import annotations

from typing import Annotated

import typer

from pocketvex.cli import complete
from pocketvex.cli.context import known_name, project_or_here
from pocketvex.cli.terminal import output


def use(
    name: Annotated[
        str,
        typer.Argument(
            help="A host of the configuration, or embedded.", autocompletion=complete.configured_hosts
        ),
    ],
) -> int:
    """Make a host the default one."""
    from pocketvex.store.config_edit import set_default_host

    config = project_or_here()
    file = set_default_host(config, known_name(config, name))
    output.data(f"{file.name}: default_host = {name!r}")
    return 0
