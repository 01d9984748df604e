"""`pocketvex logout`: forget the token of a login."""

from __future__ import annotations

from pocketvex.cli.commands.options import HostArgument
from pocketvex.cli.context import project_or_here, the_host
from pocketvex.cli.terminal import output


def logout(
    host: HostArgument = None,
) -> int:
    """Forget the login to a server.

    The token itself is valid until it expires: PocketBase has no logout.
    """
    from pocketvex.store.vault import open_vault

    config = project_or_here()
    chosen = the_host(config, host)
    vault = open_vault(config)
    gone = 0 if chosen.embedded else vault.forget(chosen.url)
    for text in vault.notes:
        output.note(f"note: {text}")
    output.data(f"signed out of {chosen.url}" if gone else f"no login to {chosen.url or chosen.name} is kept")
    return 0
