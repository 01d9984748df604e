"""The servers that a project knows: `host list`, `host show`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pocketvex.cli.show.formats import Shown, write_json
from pocketvex.cli.terminal import output
from pocketvex.cli.terminal.sign_in import until, where_kept

if TYPE_CHECKING:
    from pocketvex.store.known_hosts import KnownHost
    from pocketvex.store.vault import Vault


@dataclass(frozen=True)
class HostsShown(Shown):
    """A line for each; the default one is marked."""

    hosts: Sequence[KnownHost]
    vault: Vault

    def text(self) -> None:
        wide = max(len(_name(one)) for one in self.hosts)
        for one in self.hosts:
            mark = "*" if one.default else " "
            marks = [one.kind, *(() if one.configured or one.host.embedded else ("used before",))]
            signed = "".join(f", signed in as {kept.identity} until {until(kept)}" for kept in one.kept)
            output.data(f"{mark} {_name(one):{wide}}  {one.address}  ({', '.join(marks)}{signed})")

    def json(self) -> None:
        write_json({"version": 1, "hosts": [_values(one) for one in self.hosts]})


@dataclass(frozen=True)
class HostShown(Shown):
    """What is known of one, a line each; `server_version` is what was seen last."""

    host: KnownHost
    server_version: str
    vault: Vault

    def text(self) -> None:
        one, host = self.host, self.host.host
        output.data(f"{host.name}: {one.address}")
        output.data(f"  {_KINDS[one.kind]}")
        if one.default:
            output.data("  the default host")
        if self.server_version:
            output.data(f"  PocketBase {self.server_version}, when it was last seen")
        if host.data_dir:
            output.data(f"  its data directory: {host.data_dir}")
        if not host.embedded:
            for line in self._login():
                output.data(f"  {line}")

    def _login(self) -> list[str]:
        login = self.host.host.login
        lines = [f"signed in as {kept.identity} until {until(kept)}, kept in {self.vault.file}"
                 for kept in self.host.kept]  # fmt: skip
        if login.missing:
            lines.append(f"its credentials come from {', '.join(login.missing)}, which is not set")
        elif login.token or login.password:
            lines.append(f"its credentials come from {login.source}")
        elif not lines:
            lines.append(f"no login is kept; {where_kept(self.vault)}")
        return lines

    def json(self) -> None:
        more = {"server_version": self.server_version, "vault": str(self.vault.file)}
        write_json({"version": 1, **_values(self.host), **more})


_KINDS = {
    "embedded": "embedded: PocketVex runs it; safe changes are applied at once",
    "local": "local: safe changes are applied at once",
    "protected": "protected: nothing is written to it without --write or --confirm",
}


def _name(one: KnownHost) -> str:
    return "" if one.host.name == one.host.url else one.host.name


def _values(one: KnownHost) -> dict[str, Any]:
    kept = [{"identity": item.identity, "until": int(item.until)} for item in one.kept]
    return {
        "name": one.host.name,
        "url": one.host.url,
        "kind": one.kind,
        "configured": one.configured,
        "default": one.default,
        "missing": [*one.host.login.missing],
        "kept": kept,
    }
