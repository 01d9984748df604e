"""A server that gets a name in the configuration."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from pocketvex.cli.terminal import output
from pocketvex.errors import UsageError

if TYPE_CHECKING:
    from pocketvex.store.config import Config


def add_host(
    config: Config, name: str, url: str, *, email: str = "", protected: bool = False, default: bool = False
) -> None:
    """Write it, and say what was written; the embedded server stays the default one if none was named."""
    from pocketvex.store.config import EMBEDDED, load_config
    from pocketvex.store.config_edit import set_default_host, set_host

    values: dict[str, str | bool] = {"url": url}
    if email:
        values["email"] = email
    if protected:
        values["local"] = False
    file = set_host(config, name, values)
    output.data(f"+ [hosts.{name}] in {file.name}: {url}")
    if not default and (config.hosts or config.default_host):
        return
    # The first host: from now on there is a choice, and what is meant without --host should be seen.
    chosen = name if default else EMBEDDED
    set_default_host(load_config(config.root), chosen)
    output.data(f"~ default_host = {chosen!r}")


def checked_name(config: Config, name: str) -> str:
    """The name, where a new host can be called so; raises UsageError where not."""
    from pocketvex.store.config import EMBEDDED

    if name == EMBEDDED or not re.fullmatch(r"[A-Za-z][\w-]*", name, re.ASCII):
        raise UsageError(
            f"a host cannot be called {name!r}",
            todo="Take letters, digits, - and _; `embedded` is the server that runs by itself.",
        )
    if name in config.hosts:
        raise UsageError(
            f"there is a host {name!r} already: {config.hosts[name].url}",
            todo=f"Take another name, or `pocketvex host remove {name}` first.",
        )
    return name


def asked_name(config: Config, url: str) -> str:
    """A name that is typed, until a host can be called so."""
    import questionary
    from prompt_toolkit.output import create_output

    from pocketvex.errors import PocketVexError

    while True:
        ask = questionary.text("Its name:", default=suggested_name(url), output=create_output(sys.stderr))
        try:
            return checked_name(config, ask.unsafe_ask().strip())
        except PocketVexError as error:
            output.error(error)


def suggested_name(url: str) -> str:
    """`local` for this machine, `production` for others."""
    from pocketvex.store.urls import is_loopback

    return "local" if is_loopback(url) else "production"
