"""`pocketvex host show`: all that is known of one server."""

from __future__ import annotations

import os

from pocketvex.cli.commands.options import FormatOption, HostArgument
from pocketvex.cli.context import project_or_here, the_host, vault_of
from pocketvex.cli.show.formats import Format, checked_format
from pocketvex.cli.show.formats import show as write


def show(
    host: HostArgument = None,
    format: FormatOption = "text",
) -> int:
    """Show what is known of a server, and where its login lies.

    The server is asked nothing.
    """
    from pocketvex.cli.show.hosts import HostShown
    from pocketvex.store.known_hosts import KnownHost, known_hosts
    from pocketvex.store.state import load_state

    wanted = checked_format(format, (Format.TEXT, Format.JSON))
    config = project_or_here()
    chosen = the_host(config, host)
    vault = vault_of(config)
    known = {one.host.key: one for one in known_hosts(config, os.environ, vault.kept())}
    tokens = tuple(kept for kept in vault.kept() if kept.url == chosen.url)
    one = known.get(chosen.key) or KnownHost(chosen, configured=False, default=False, kept=tokens)
    write(HostShown(one, load_state(config.root, chosen.key).server_version, vault), wanted)
    return 0
