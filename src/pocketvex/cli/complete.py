"""What a shell offers for a value: names that the project's files hold. No server is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pocketvex.errors import PocketVexError

if TYPE_CHECKING:
    from pocketvex.store.config import Config


def hosts(incomplete: str) -> list[str]:
    """The servers that have a name; and the addresses that were used before, once one is begun."""
    return [name for name in _hosts() if name.startswith(incomplete)]


def configured_hosts(incomplete: str) -> list[str]:
    config = _config()
    names = ["embedded", *(config.hosts if config else ())]
    return [name for name in names if name.startswith(incomplete)]


def formats(incomplete: str) -> list[str]:
    return [name for name in ("text", "json", "markdown", "github") if name.startswith(incomplete)]


def codes(incomplete: str) -> list[str]:
    from pocketvex.plan.codes import CODES

    return [code for code in CODES if code.startswith(incomplete.upper())]


def migrations(incomplete: str) -> list[str]:
    """The files of the history, the last one first."""
    config = _config()
    if config is None or not config.migrations.is_dir():
        return []
    names = sorted((path.name for path in config.migrations.glob("*.js")), reverse=True)
    return [name for name in names if name.startswith(incomplete)]


def _hosts() -> Iterator[str]:
    yield from configured_hosts("")
    config = _config()
    if config is not None:
        from pocketvex.store.state import used_before

        named = {host.url for host in config.hosts.values()}
        yield from (url for url in used_before(config.root) if url not in named)


def _config() -> Config | None:
    """The configuration around the current folder; None where there is none, or it is broken."""
    from pocketvex.store.config import find_root, load_config

    try:
        return load_config(find_root(Path.cwd()))
    except PocketVexError:
        return None
