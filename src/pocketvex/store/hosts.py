"""Which server a command is about, and with which credentials."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from pocketvex.errors import UsageError
from pocketvex.store.config import EMBEDDED, Config, HostConfig
from pocketvex.store.urls import is_loopback, looks_like_url, normalise_url


class Login(NamedTuple):
    """What is known of the superuser; `source` says from where, `missing` names variables not set."""

    token: str = ""
    email: str = ""
    password: str = ""
    source: str = ""
    missing: tuple[str, ...] = ()

    def __repr__(self) -> str:
        # Shown in tracebacks and logs, where secrets must not be.
        kinds = [name for name in ("token", "password") if getattr(self, name)]
        return f"Login(email={self.email!r}, holds={kinds}, source={self.source!r})"


_NO_LOGIN = Login()


@dataclass(frozen=True)
class Host:
    """A server to work with. The embedded one has no URL before it runs, and its own credentials."""

    name: str
    url: str
    local: bool
    embedded: bool = False
    data_dir: Path | None = None
    binary: Path | None = None
    login: Login = _NO_LOGIN

    @property
    def protected(self) -> bool:
        return not self.local

    @property
    def key(self) -> str:
        """A file name for this server, the same for every spelling of its URL."""
        return EMBEDDED if self.embedded else _key(self.url)


def choose_host(config: Config, *, flag: str | None, environ: Mapping[str, str]) -> Host:
    """`--host NAME|URL`, else `PB_URL`, else the configuration's `default_host`, else the embedded server."""
    for wanted, source in (
        (flag, "--host"),
        (environ.get("PB_URL", "").strip(), "PB_URL"),
        (config.default_host, "default_host"),
    ):
        if wanted:
            return _resolve(config, wanted.strip(), source, environ)
    return _embedded()


def _resolve(config: Config, wanted: str, source: str, environ: Mapping[str, str]) -> Host:
    if wanted in config.hosts:
        return _configured(config.hosts[wanted], environ)
    if wanted == EMBEDDED:
        return _embedded()
    if not looks_like_url(wanted):
        names = [*config.hosts, EMBEDDED]
        # Here, not at the top: mostly nothing is misspelt.
        from difflib import get_close_matches

        close = get_close_matches(wanted, names, n=1)
        raise UsageError(
            f"{source}: no host is called {wanted!r}" + (f"; did you mean {close[0]!r}?" if close else ""),
            todo=f"Give a URL, or one of: {', '.join(names)}.",
        )
    url = normalise_url(wanted, source=source)
    # The address of a configured host is that host: what is known of it counts however it is named.
    for host in config.hosts.values():
        if _key(host.url) == _key(url):
            return _configured(host, environ)
    return Host(name=url, url=url, local=is_loopback(url), login=_general_login(environ))


def _embedded() -> Host:
    return Host(name=EMBEDDED, url="", local=True, embedded=True)


def _configured(host: HostConfig, environ: Mapping[str, str]) -> Host:
    return Host(
        name=host.name,
        url=host.url,
        # A loopback address may be a tunnel to production: what the configuration says counts.
        local=is_loopback(host.url) if host.local is None else host.local,
        data_dir=host.data_dir,
        binary=host.pocketbase,
        login=_login(host, environ),
    )


def _login(host: HostConfig, environ: Mapping[str, str]) -> Login:
    """What the configuration names for this very host goes before the variables meant for any host."""
    variable = host.email.removeprefix("env:") if host.email.startswith("env:") else ""
    email = _value(environ, variable) if variable else host.email
    names = [name for name in (variable, host.password, host.token) if name]
    missing = tuple(name for name in names if not _value(environ, name))
    token = _value(environ, host.token) if host.token else ""
    password = _value(environ, host.password) if host.password else ""
    general = _general_login(environ)
    if token or (email and password):
        return Login(token, email, password, f"[hosts.{host.name}]", missing)
    if general.token or general.password:
        return general._replace(email=general.email or email, missing=missing)
    return Login("", email or general.email, "", f"[hosts.{host.name}]" if email else "", missing)


def _general_login(environ: Mapping[str, str]) -> Login:
    names = ("PB_TOKEN", "PB_ADMIN_EMAIL", "PB_ADMIN_PASS")
    token, email, password = (_value(environ, name) for name in names)
    used = [name for name, value in zip(names, (token, email, password), strict=True) if value]
    return Login(token, email, password, ", ".join(used))


def _value(environ: Mapping[str, str], name: str) -> str:
    """What a variable holds, without the line end that a file or a pipe of secrets leaves around it."""
    return environ.get(name, "").strip("\r\n")


def _key(url: str) -> str:
    parts = urlsplit(url)
    # `localhost`, 127.0.0.1 and ::1 with one port are one server.
    host = "localhost" if is_loopback(url) else parts.hostname or ""
    spelled = f"{parts.scheme}://{host}:{parts.port or ''}{parts.path}"
    label = re.sub(r"[^a-z0-9]+", "-", f"{host} {parts.port or ''} {parts.path}".lower()).strip("-")
    return f"{label[:60].strip('-')}-{hashlib.sha256(spelled.encode()).hexdigest()[:8]}"
