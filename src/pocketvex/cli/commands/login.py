"""`pocketvex login`: sign in once a day, and keep the token."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from pocketvex.cli.commands.options import HostArgument
from pocketvex.cli.context import project_or_here, the_host, vault_of
from pocketvex.cli.terminal import output
from pocketvex.errors import UsageError

EmailOption = Annotated[str, typer.Option("--email", help="Of the superuser.", metavar="E-MAIL")]
PasswordOption = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from stdin, as scripts do.")
]


def login(
    host: HostArgument = None,
    email: EmailOption = "",
    password_stdin: PasswordOption = False,
) -> int:
    """Sign in to a server for a day.

    The token is kept, encrypted, until it expires or `credentials_ttl` says so. No password is kept.
    """
    from pocketvex.cli.terminal.sign_in import keep_login

    config = project_or_here()
    chosen = the_host(config, host)
    if chosen.embedded:
        output.data("the embedded server signs in by itself: nothing to do")
        return 0
    vault = vault_of(config)
    if not vault.hours:
        raise UsageError(
            "credentials_ttl = 0 in the configuration: no login is kept",
            todo="Set PB_TOKEN, or PB_ADMIN_EMAIL and PB_ADMIN_PASS; or give credentials_ttl another value.",
        )
    said = chosen.login._replace(token="")
    if email:
        said = said._replace(email=email, password="")
    if password_stdin:
        said = said._replace(password=sys.stdin.readline().rstrip("\r\n"))
    keep_login(said, chosen.url, vault)
    return 0
