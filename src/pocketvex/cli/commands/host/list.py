"""`pocketvex host list`: the servers that this project knows."""

from __future__ import annotations

import os

from pocketvex.cli.commands.options import FormatOption
from pocketvex.cli.context import project_or_here, vault_of
from pocketvex.cli.show.formats import Format, checked_format, show


def list(format: FormatOption = "text") -> int:
    """List the servers that this project knows, with their logins."""
    from pocketvex.cli.show.hosts import HostsShown
    from pocketvex.store.known_hosts import known_hosts

    wanted = checked_format(format, (Format.TEXT, Format.JSON))
    config = project_or_here()
    vault = vault_of(config)
    show(HostsShown(known_hosts(config, os.environ, vault.kept()), vault), wanted)
    return 0
