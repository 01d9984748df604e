"""A server that gets a name in the configuration."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pocketvex.cli.terminal import output
from pocketvex.errors import UsageError

if TYPE_CHECKING:
    from pocketvex.store.config import Config


def add_host(
    config: Config, name: str, url: str, *, email: str = "", protected: bool = False, default: bool = False
) -> None:
    """Write it, and say what was written."""
    from pocketvex.store.config import load_config
    from pocketvex.store.config_edit import set_default_host, set_host

    values: dict[str, str | bool] = {"url": url}
    if email:
        values["email"] = email
    if protected:
        values["local"] = False
    file = set_host(config, name, values)
    output.data(f"+ [hosts.{name}] in {file.name}: {url}")
    if default:
        set_default_host(load_config(config.root), name)
        output.data(f"~ default_host = {name!r}")


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
