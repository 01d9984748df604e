"""Signing in at a prompt: asked again where it was refused, and never posted to what is no PocketBase."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING

from pocketvex.cli.terminal import output
from pocketvex.errors import LoginRefused, UsageError, WrongPassword

if TYPE_CHECKING:
    from pocketvex.store.hosts import Login
    from pocketvex.store.vault import Kept, Vault

_TRIES = 3


def sign_in(login: Login, url: str, vault: Vault) -> Login:
    """Ask for e-mail and password until the server takes them, three times at most; with its token then."""
    from pocketvex.api.credentials import Credentials
    from pocketvex.api.greeting import greet
    from pocketvex.api.login import SignIn
    from pocketvex.api.transport import Transport

    transport = Transport(url, on_slow=output.note)
    try:
        # Nobody should type a password for a server that is not there, is too old, or is something else.
        greet(transport)
        output.note(where_kept(vault))
        email = login.email
        for left in reversed(range(_TRIES)):
            # Known, it is not asked for, but it may be what was wrong.
            email = email if email and left == _TRIES - 1 else _email(email, url)
            password = _password()
            said = Credentials(email=email, password=password)
            session = SignIn(transport, said, vault, on_wait=lambda _, text: output.note(text))
            try:
                return login._replace(token=session.log_in(), email=email, password=password)
            except WrongPassword as error:
                if not left:
                    raise
                output.error(error)
    finally:
        transport.close()
    raise AssertionError("the last try returns or raises")


def keep_login(said: Login, url: str, vault: Vault) -> None:
    """Use the password, or ask for it, and show until when the login is kept.

    Raises LoginRefused where there is none and nobody can be asked.
    """
    from pocketvex.cli.terminal.ask import at_terminal

    if said.email and said.password:
        _use(said, url, vault)
        output.note(where_kept(vault))
    elif at_terminal():
        said = sign_in(said, url, vault)
    else:
        raise LoginRefused(
            f"no credentials for {url}",
            todo="Set PB_ADMIN_EMAIL and PB_ADMIN_PASS, or say --email and --password-stdin.",
        )
    kept = [one for one in vault.kept() if (one.url, one.identity) == (url, said.email)]
    if not kept:
        raise UsageError(
            f"signed in to {url} as {said.email}, but the token could not be kept",
            why=f"{vault.file} cannot be written, or the token is valid for no time.",
            todo="Check its folder and the disk; until then every command signs in by itself.",
        )
    output.data(f"signed in to {url} as {said.email}, until {until(kept[0])}")


def where_kept(vault: Vault) -> str:
    """What happens with the token of a login, said before it is made."""
    if not vault.hours:
        return "the login is not kept (credentials_ttl = 0)"
    return f"the login is kept for {vault.hours:g} h, encrypted, in {vault.file}; the password is not"


def until(kept: Kept) -> str:
    """How long a login is still good, in local time."""
    return f"{datetime.fromtimestamp(kept.until):%Y-%m-%d %H:%M}"


def _email(known: str, url: str) -> str:
    import questionary
    from prompt_toolkit.output import create_output

    # What a command is asked for goes to stdout; the questions do not.
    err = create_output(sys.stderr)
    said: str = questionary.text(f"Superuser e-mail for {url}:", default=known, output=err).unsafe_ask()
    return _given(said.strip())


def _password() -> str:
    import questionary
    from prompt_toolkit.output import create_output

    return _given(questionary.password("Password:", output=create_output(sys.stderr)).unsafe_ask())


def _given(said: str) -> str:
    if not said:
        raise UsageError("no credentials were given", todo="Set PB_ADMIN_EMAIL and PB_ADMIN_PASS.")
    return said


def _use(said: Login, url: str, vault: Vault) -> None:
    from pocketvex.api.client import Client
    from pocketvex.api.credentials import Credentials

    credentials = Credentials(email=said.email, password=said.password)
    client = Client(url, credentials, tokens=vault, on_slow=output.note)
    try:
        client.try_password()
    finally:
        client.close()
