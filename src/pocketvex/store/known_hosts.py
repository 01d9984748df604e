"""The servers that a project knows: those of its configuration, and those that it worked with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pocketvex.store.config import EMBEDDED, Config
from pocketvex.store.hosts import Host, choose_host
from pocketvex.store.state import used_before
from pocketvex.store.vault import Kept


class KnownHost(NamedTuple):
    """`default` is the one that is taken where nothing else is said; `kept` are the tokens of its logins."""

    host: Host
    configured: bool
    default: bool
    kept: tuple[Kept, ...] = ()

    @property
    def kind(self) -> str:
        return "embedded" if self.host.embedded else "protected" if self.host.protected else "local"

    @property
    def address(self) -> str:
        return self.host.url or "on this machine, started when it is needed"


def known_hosts(config: Config, environ: Mapping[str, str], kept: Iterable[Kept] = ()) -> list[KnownHost]:
    """The embedded server, the configured ones in their order, then the addresses that were used before."""
    kept = tuple(kept)
    default = choose_host(config, flag=None, environ=environ)
    names = [EMBEDDED, *config.hosts, *used_before(config.root)]
    found: dict[str, KnownHost] = {}
    for name in names:
        host = choose_host(config, flag=name, environ=environ)
        tokens = tuple(token for token in kept if token.url == host.url)
        known = KnownHost(host, host.name in config.hosts, host.key == default.key, tokens)
        found.setdefault(host.key, known)
    return [*found.values()]


def is_decided(config: Config, flag: str | None, environ: Mapping[str, str]) -> bool:
    """Whether anything says which server is meant."""
    return bool(flag or environ.get("PB_URL", "").strip() or config.default_host)
