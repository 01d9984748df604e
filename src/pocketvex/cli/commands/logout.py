"""`pocketvex logout`: forget the token of a login."""

from __future__ import annotations

from pocketvex.cli.commands.options import HostArgument
from pocketvex.cli.context import project_or_here, the_host, vault_of
from pocketvex.cli.terminal import output


def logout(
    host: HostArgument = None,
) -> int:
    """Forget the login to a server.

    The token itself is valid until it expires: PocketBase has no logout.
    """

    config = project_or_here()
    chosen = the_host(config, host)
    vault = vault_of(config)
    gone = 0 if chosen.embedded else vault.forget(chosen.url)
    output.data(f"signed out of {chosen.url}" if gone else f"no login to {chosen.url or chosen.name} is kept")
    return 0
