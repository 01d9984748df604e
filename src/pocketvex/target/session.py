"""A command and its server: the project, the target, what is remembered of it, and who is told."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from pocketvex.api.client import Client
from pocketvex.api.credentials import Credentials
from pocketvex.errors import ServerError, UnsupportedServer
from pocketvex.server.binaries import Binary
from pocketvex.server.surroundings import Surroundings
from pocketvex.store.config import Config
from pocketvex.store.files import LOCAL
from pocketvex.store.hosts import Host
from pocketvex.store.vault import EmbeddedToken, open_vault
from pocketvex.target.ahead import Ahead
from pocketvex.target.memory import Memory
from pocketvex.target.reporter import Reporter
from pocketvex.target.target import Target
from pocketvex.target.variables import environ_of, surroundings_of
from pocketvex.versions import OLDEST, Version

if TYPE_CHECKING:
    from pocketvex.evidence.facts import Fact
    from pocketvex.schema.model import Schema
    from pocketvex.server.embedded import Lease

Json = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Session:
    """Nothing of it changes while a command runs. A context manager; the embedded server runs meanwhile."""

    config: Config
    target: Target
    memory: Memory
    reporter: Reporter
    shadow: Surroundings
    """What a run of migrations finds around it on a scratch server."""
    evidence_from: Session | None = None
    """Whose rows are counted instead of this server's."""
    ahead: Ahead | None = None
    """The collections that were asked for ahead of time."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.target.client.close()
        if self.target.lease is not None:
            self.target.lease.close()

    @property
    def root(self) -> Path:
        return self.config.root

    @property
    def shadow_cache(self) -> Path:
        return self.root / LOCAL / "shadow"

    @cached_property
    def binary(self) -> Binary:
        """The PocketBase that shadows run on: the server's version, or, said aloud, the nearest."""
        from pocketvex.server import binaries

        target = self.target
        try:
            return binaries.find(target.version, explicit=target.host.binary)
        except ServerError:
            found = [b for b in (binaries.installed(), *binaries.cached()) if b is not None]
            if not found:
                raise
            nearest = binaries.nearest(target.version, found)
            self.reporter.note(f"no PocketBase {target.version} here: its shadow runs on {nearest.version}")
            return nearest

    def count(self, facts: frozenset[Fact], live: Schema) -> dict[Fact, int | None]:
        """Count what a plan asks for, on the server whose rows count; None where nobody can tell.

        `live` is what this session's server has. Another may lack what a fact is about: then nobody can.
        """
        if self.evidence_from is not None:
            return self.evidence_from._testify(facts)
        return self.target.count(facts, live, self.reporter.progress)

    def _testify(self, facts: frozenset[Fact]) -> dict[Fact, int | None]:
        """Count for the plan of another server what this one has of the same names."""
        if not facts:
            return {}
        live = self.target.schema_of(self.target.fetch())

        from pocketvex.evidence.facts import NonZeroCount

        def has(fact: Fact) -> bool:
            there = live.collection(fact.collection)
            return there is not None and (
                not isinstance(fact, NonZeroCount) or there.field(fact.field) is not None
            )

        known = frozenset(fact for fact in facts if has(fact))
        return dict.fromkeys(facts) | self.count(known, live)

    @property
    def rows_of(self) -> str:
        """Whose rows the evidence counts, in words that stay right on another machine."""
        host = (self.evidence_from or self).target.host
        return "the embedded server" if host.embedded else host.name or host.url


def connect(
    config: Config,
    host: Host,
    *,
    environ: Mapping[str, str] | None = None,
    reporter: Reporter | None = None,
) -> Session:
    """A session with this server; the embedded one is started, or joined.

    What it is told of goes to the `reporter`. Raises UnsupportedServer, and what a server that is not there
    raises.
    """
    reporter = reporter or Reporter()
    memory = Memory(config.root, host.key)
    reporter.note(*config.notes, *memory.state.notes)
    given = environ_of(config, os.environ if environ is None else environ, embedded=host.embedded)
    lease = _lease(config, host, reporter) if host.embedded else None
    login = host.login
    vault = None if lease else open_vault(config, reporter.say)
    client = Client(
        lease.url if lease else host.url,
        Credentials(email=lease.email, password=lease.password)
        if lease
        else Credentials(login.token, login.email, login.password),
        tokens=vault or EmbeddedToken(config.root),
        on_wait=lambda _, text: reporter.say(text),
        on_slow=reporter.say,
    )
    try:
        version = lease.version if lease else _version(client, memory.state.server_version)
        target = Target(
            host, client, version, given, surroundings_of(config, given, embedded=host.embedded), lease
        )
        memory.note(server_version=str(version), url=client.url)
        return Session(config, target, memory, reporter, surroundings_of(config, given))
    except BaseException:
        client.close()
        if lease is not None:
            lease.close()
        raise


def _lease(config: Config, host: Host, reporter: Reporter) -> Lease:
    from pocketvex.server import binaries
    from pocketvex.server.embedded import acquire

    pinned = Version.parse(config.pocketbase) if config.pocketbase else None
    binary = binaries.find(pinned, explicit=host.binary)
    # Also where that folder is not there yet: a restart finds it.
    lease = acquire(config.root / LOCAL / "embedded", binary, hooks_dir=config.hooks, port=config.port)
    if config.port and not lease.url.endswith(f":{config.port}"):
        reporter.note(
            f"the embedded server runs on {lease.url}: port {config.port} counts when the last command that "
            "uses it has ended"
        )
    if lease.backup:
        reporter.note(f"a newer PocketBase: the data was copied to {lease.backup} first")
    return lease


def _version(client: Client, remembered: str) -> Version:
    """The server's version: asked once, since it takes 20 to 40 ms, and looked at again by `recognised`."""
    version = Version.parse(remembered) if remembered else client.version()
    if version < OLDEST:
        raise UnsupportedServer(
            f"{client.url} is PocketBase {version}", todo="PocketVex needs PocketBase 0.23 or later."
        )
    return version


def with_version(session: Session, version: Version) -> Session:
    """The session, where its server turned out to be of another version."""
    session.memory.note(server_version=str(version))
    return replace(session, target=replace(session.target, version=version))
