"""The menu of servers, where nothing says which is meant."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pocketvex.cli.terminal import output
from pocketvex.errors import Declined, PocketVexError
from pocketvex.render.report.printable import visible

if TYPE_CHECKING:
    from pocketvex.store.config import Config
    from pocketvex.store.hosts import Host
    from pocketvex.store.known_hosts import KnownHost

_ANOTHER = "another"


def pick(config: Config, known: Sequence[KnownHost]) -> Host:
    """The server that somebody chooses; the choice is remembered if they say so.

    Raises Declined where none is chosen.
    """
    import questionary
    from prompt_toolkit.output import create_output

    from pocketvex.store.config_edit import set_default_host

    wide = max(len(one.host.name) for one in known)
    choices = [questionary.Choice(_line(one, wide), one.host) for one in known]
    choices.append(questionary.Choice("another address", _ANOTHER))
    err = create_output(sys.stderr)
    chosen = questionary.select("Which server?", choices, output=err, qmark="?").unsafe_ask()
    if chosen == _ANOTHER:
        return asked_address(config)
    configured = chosen.embedded or chosen.name in config.hosts
    if configured and questionary.confirm("Always this one?", default=False, output=err).unsafe_ask():
        file = set_default_host(config, chosen.name)
        output.note(f"{file.name}: default_host = {chosen.name!r}")
    return chosen  # type: ignore[no-any-return]


def asked_address(config: Config) -> Host:
    """A server by an address that is typed: one that answers as a PocketBase does."""
    import questionary
    from prompt_toolkit.output import create_output

    from pocketvex.store.hosts import choose_host

    while True:
        text = questionary.text("Address of the server:", output=create_output(sys.stderr)).unsafe_ask()
        if not text.strip():
            raise Declined("no server was named: nothing was done")
        try:
            host = choose_host(config, flag=_address(text), environ=os.environ)
            if not host.embedded:
                check(host.url)
            return host
        except PocketVexError as error:
            output.error(error)


def check(url: str) -> None:
    """Return where a PocketBase answers at this address; raises what says who does."""
    from pocketvex.api.greeting import greet
    from pocketvex.api.transport import Transport

    transport = Transport(url, on_slow=output.note)
    try:
        greet(transport)
    finally:
        transport.close()


def _address(text: str) -> str:
    from pocketvex.store.urls import normalise_url

    return normalise_url(text)


def _line(known: KnownHost, wide: int) -> str:
    marks = [known.kind, *(() if known.configured or known.host.embedded else ("used before",))]
    text = f"{known.host.name:{wide}}  {known.address}"
    if known.host.name == known.host.url:
        text = known.address
    return visible(f"{text}  ({', '.join(marks)})")
