"""The server of a command: who it is, and what is asked of it. It remembers nothing, and tells nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pocketvex.api.client import Client
from pocketvex.remote.record import entries
from pocketvex.server.surroundings import Surroundings
from pocketvex.store.hosts import Host
from pocketvex.versions import NOTICES_OTHERS, SQL_OVER_HTTP, Version

if TYPE_CHECKING:
    from pocketvex.evidence.facts import Fact
    from pocketvex.schema.model import Schema
    from pocketvex.server.embedded import Lease

Json = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Target:
    host: Host
    client: Client
    version: Version
    environ: Mapping[str, str]
    """What migrations and secrets read."""
    around: Surroundings
    """What a run of migrations finds around it on this server."""
    lease: Lease | None = None
    """The share in the embedded server, which runs meanwhile."""
    _read: list[tuple[Sequence[Json], Schema]] = field(default_factory=list, repr=False)
    """The schema that was read last, so that it is read once."""

    @property
    def url(self) -> str:
        return self.client.url

    @property
    def local(self) -> bool:
        return self.host.local

    @property
    def title(self) -> str:
        """The first line about a server: its name, its version, and whether it is protected."""
        kind = "embedded" if self.host.embedded else "local" if self.local else "protected"
        return f"{self.url} · PocketBase {self.version} · {kind}"

    @property
    def data_dir(self) -> Path | None:
        """The server's data directory, where it is at hand."""
        return self.lease.data_dir if self.lease else self.host.data_dir

    @property
    def migrates(self) -> bool:
        """Whether a migration that is no file may be run here, for what the API cannot do."""
        return self.local and self.data_dir is not None

    def fetch(self) -> list[Json]:
        """All collections as the database has them."""
        return self.client.collections()

    def schema_of(self, raw: Sequence[Json]) -> Schema:
        """The schema that fetched collections describe, read once. Copy it; never change it."""
        from pocketvex.schema.model import Schema

        if not self._read or self._read[0][0] != raw:
            self._read[:] = [(raw, Schema.from_json(raw))]
        return self._read[0][1]

    def applied(self, raw: Sequence[Json] | None = None) -> tuple[str, ...]:
        """The migration files that the server is known to have run, in order; see `known`."""
        return self.known(raw)[0]

    def known(self, raw: Sequence[Json] | None = None) -> tuple[tuple[str, ...], bool]:
        """The migration files that the server has run, in order, and whether it tells them all.

        Where nobody can ask, those are known that ran over HTTP. `raw` are its collections, fetched a moment
        ago.
        """
        over_http = tuple(entry.name for entry in entries(self.fetch() if raw is None else raw))
        said = self._said()
        names = said or ()
        return (*names, *(name for name in over_http if name not in names)), said is not None

    def _said(self) -> tuple[str, ...] | None:
        """What stands in its table `_migrations`; None where nobody can tell."""
        if self.data_dir is not None:
            from pocketvex.server.ledger import applied

            return applied(self.data_dir)
        if self.version >= SQL_OVER_HTTP:
            files = "file LIKE '%.js' OR file LIKE '%.ts'"
            rows = self.client.sql(f"SELECT file FROM _migrations WHERE {files} ORDER BY applied, file")
            return tuple(str(row["file"]) for row in rows)
        from pocketvex.target.hooks_road import applied_there

        return applied_there(self)

    def refresh(self) -> None:
        """Let a running server see what another process did to its database.

        From 0.38 on it notices by itself, but some time later: what is written meanwhile would be judged by
        the collections that it remembers.
        """
        if self.lease is not None and self.version < NOTICES_OTHERS:
            self.lease.restart()
        else:
            self.client.refresh_schema_cache()

    def count(
        self, facts: frozenset[Fact], live: Schema, progress: Callable[[str], None] | None = None
    ) -> dict[Fact, int | None]:
        """Count what a plan asks for; None where nobody can tell. What is not there holds nothing."""
        if not facts:
            return {}
        from pocketvex.target.count import count_facts

        return count_facts(self.client, self.version, facts, live, data_dir=self.data_dir, progress=progress)
