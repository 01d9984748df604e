"""`pocketvex host remove`: a server that the project does not know any more."""

from __future__ import annotations

from typing import Annotated

import typer

from pocketvex.cli import complete
from pocketvex.cli.context import known_name, project_or_here, vault_of
from pocketvex.cli.terminal import output
from pocketvex.errors import UsageError


def remove(
    name: Annotated[
        str, typer.Argument(help="A host of the configuration.", autocompletion=complete.configured_hosts)
    ],
) -> int:
    """Take a server out of the configuration, and forget its login.

    Nothing happens to the server.
    """
    from pocketvex.store.config import EMBEDDED
    from pocketvex.store.config_edit import remove_host

    config = project_or_here()
    if known_name(config, name) == EMBEDDED:
        raise UsageError(
            "the embedded server is no host of the configuration",
            todo="`pocketvex dev --fresh` begins with an empty one, and keeps its data aside.",
        )
    url = config.hosts[name].url
    file = remove_host(config, name)
    output.data(f"- [hosts.{name}] in {file.name}")
    if config.default_host == name:
        output.note("note: it was the default host: without --host, the embedded server is meant now")
    if vault_of(config).forget(url):
        output.note(f"the login to {url} is forgotten")
    return 0
