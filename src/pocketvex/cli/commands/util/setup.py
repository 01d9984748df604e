"""`pocketvex util setup`: a server to work with, by questions."""

from __future__ import annotations

import sys

from pocketvex.cli.context import project_or_here, the_host, vault_of
from pocketvex.cli.terminal import host_menu, output
from pocketvex.cli.terminal.ask import at_terminal
from pocketvex.errors import UsageError


def setup() -> int:
    """Ask for a server, and write it into the configuration."""
    if not at_terminal():
        raise UsageError(
            "`util setup` asks its questions on a terminal, and this is none",
            todo="Say `pocketvex host add NAME URL --default`, then `pocketvex login NAME`.",
        )
    import questionary
    from prompt_toolkit.output import create_output

    from pocketvex.cli.terminal.new_host import add_host, asked_name
    from pocketvex.cli.terminal.sign_in import keep_login
    from pocketvex.store.config import load_config

    err = create_output(sys.stderr)
    config = project_or_here()
    host = host_menu.asked_address(config)
    if host.name not in config.hosts:
        name = asked_name(config, host.url)
        protected = questionary.confirm(
            "Protected: is nothing to be written to it unasked?", default=host.protected, output=err
        ).unsafe_ask()
        default = questionary.confirm("The server that is meant by default?", output=err).unsafe_ask()
        add_host(config, name, host.url, protected=protected and host.local, default=default)
        config = load_config(config.root)
        host = the_host(config, name)
    else:
        output.note(f"it is in the configuration as {host.name}")
    vault = vault_of(config)
    if vault.hours:
        keep_login(host.login, host.url, vault)
    output.note(f"→ `pocketvex util test-connection --host {host.name}` says what may be done there")
    return 0
