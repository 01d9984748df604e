"""A server to work with: who it is, what it has, what this machine remembers of it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from pocketvex.api.client import Client
from pocketvex.api.credentials import Credentials
from pocketvex.errors import ServerError, UnsupportedServer
from pocketvex.server.binaries import Binary
from pocketvex.store.config import Config
from pocketvex.store.files import LOCAL, local_dir
from pocketvex.store.hosts import Host
from pocketvex.store.state import HostState, load_state, save_state, state_file
from pocketvex.store.tokens import TokenStore
from pocketvex.target.variables import environ_of, surroundings_of
from pocketvex.versions import E_MAIL_DOMAINS, HELP_TEXTS, NOTICES_OTHERS, OLDEST, SQL_OVER_HTTP, Version

if TYPE_CHECKING:
    from threading import Thread

    from pocketvex.evidence.facts import Fact
    from pocketvex.schema.model import Schema
    from pocketvex.server.embedded import Lease
    from pocketvex.target.recorded import Recorded

Json = dict[str, Any]


class Session:
    """One server for the length of a command. A context manager; the embedded server runs meanwhile."""

    def __init__(self, config: Config, host: Host, *, environ: Mapping[str, str] | None = None) -> None:
        self.config = config
        self.root = config.root
        self.host = host
        given = os.environ if environ is None else environ
        self.environ = environ_of(config, given, embedded=host.embedded)
        """What migrations and secrets read."""
        self.around = surroundings_of(config, self.environ, embedded=host.embedded)
        """What a run of migrations finds around it on this server."""
        self.shadow = surroundings_of(config, self.environ)
        """The same on a scratch server."""
        self.lease: Lease | None = None
        self.notes: list[str] = list(config.notes)
        self.told: set[str] = set()
        """Notes that are made once, however many passes there are."""
        self.say: Callable[[str], None] = self.notes.append
        """Tells what cannot wait until the work is done."""
        self.progress: Callable[[str], None] | None = None
        """Told what takes long while it goes on."""
        self.evidence_from: Session | None = None
        """Whose rows are counted instead of this server's."""
        self.recorded: Recorded | None = None
        """What the history builds, as it was read last."""
        local_dir(self.root)
        self.state: HostState = load_state(self.root, host.key)
        self._recognised = False
        self._ahead: Thread | None = None
        self._found: list[Json] | None = None
        self._failed: BaseException | None = None
        self._read: tuple[Sequence[Json], Schema] | None = None
        self.notes += self.state.notes
        self.client = self._connect()

    def _connect(self) -> Client:
        host = self.host
        if host.embedded:
            from pocketvex.server.embedded import acquire

            hooks = self.config.hooks if self.config.hooks.is_dir() else None
            self.lease = acquire(
                self.root / LOCAL / "embedded", self._pinned(), hooks_dir=hooks, port=self.config.port
            )
            if self.config.port and not self.lease.url.endswith(f":{self.config.port}"):
                self.notes.append(
                    f"the embedded server runs on {self.lease.url}: port {self.config.port} counts when the "
                    "last command that uses it has ended"
                )
            if self.lease.backup:
                self.notes.append(f"a newer PocketBase: the data was copied to {self.lease.backup} first")
            login = Credentials(email=self.lease.email, password=self.lease.password)
            self.state.server_version = str(self.lease.version)
            return self._client(self.lease.url, login)
        return self._client(host.url, Credentials(host.login.token, host.login.email, host.login.password))

    def _client(self, url: str, login: Credentials) -> Client:
        return Client(
            url,
            login,
            tokens=TokenStore(self.root),
            on_wait=lambda _, text: self.say(text),
            on_slow=lambda text: self.say(text),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.client.close()
        if self.lease is not None:
            self.lease.close()

    @property
    def local(self) -> bool:
        return self.host.local

    @property
    def title(self) -> str:
        """The first line about a server: its name, its version, and whether it is protected."""
        kind = "embedded" if self.host.embedded else "local" if self.local else "protected"
        return f"{self.client.url} · PocketBase {self.version} · {kind}"

    @cached_property
    def version(self) -> Version:
        """The server's version; asked once per server and remembered."""
        self._join()
        if not self.state.server_version:
            if self._failed is not None:
                raise self._failed
            self.state.server_version = str(self.client.version())
        version = Version.parse(self.state.server_version)
        if version < OLDEST:
            raise UnsupportedServer(
                f"{self.client.url} is PocketBase {version}", todo="PocketVex needs PocketBase 0.23 or later."
            )
        return version

    def ask_version(self) -> None:
        """Forget the remembered version: the server may have been updated since."""
        if self.lease is None:
            self.state.server_version = ""
            self.__dict__.pop("version", None)

    @cached_property
    def binary(self) -> Binary:
        """The PocketBase that shadows run on: the server's version, or, said aloud, the nearest."""
        from pocketvex.server import binaries

        try:
            return binaries.find(self.version, explicit=self.host.binary)
        except ServerError:
            found = [b for b in (binaries.installed(), *binaries.cached()) if b is not None]
            if not found:
                raise
            nearest = binaries.nearest(self.version, found)
            self.notes.append(f"no PocketBase {self.version} here: its shadow runs on {nearest.version}")
            return nearest

    def _pinned(self) -> Binary:
        from pocketvex.server import binaries

        pinned = Version.parse(self.config.pocketbase) if self.config.pocketbase else None
        return binaries.find(pinned, explicit=self.host.binary)

    def prefetch(self) -> None:
        """Ask for version and collections while this interpreter does other things; `fetch` takes them.

        For who fetches at once: later others may have changed what was found.
        """
        from threading import Thread

        self._ahead = Thread(target=self._look, name="pocketvex-look", daemon=True)
        self._ahead.start()

    def _look(self) -> None:
        try:
            if not self.state.server_version:
                self.state.server_version = str(self.client.version())
            self._found = self.client.collections()
        except BaseException as error:  # handed to whoever asks for what was looked for
            self._failed = error

    def _join(self) -> None:
        if self._ahead is not None:
            self._ahead.join()
            self._ahead = None

    def fetch(self) -> list[Json]:
        """All collections as the database has them."""
        self._join()
        failed, self._failed = self._failed, None
        if failed is not None:
            raise failed
        ahead, self._found = self._found, None
        found = self.client.collections() if ahead is None else ahead
        if not self._recognised:
            self._recognise(found)
        return found

    def schema_of(self, raw: Sequence[Json]) -> Schema:
        """The schema that fetched collections describe, read once. Copy it; never change it."""
        from pocketvex.schema.model import Schema

        if self._read is None or self._read[0] != raw:
            self._read = (raw, Schema.from_json(raw))
        return self._read[1]

    def _recognise(self, collections: list[Json]) -> None:
        """Whether this is the server that is remembered: its data may be new, or its PocketBase another."""
        self._recognised = True
        superusers = next((item for item in collections if item["name"] == "_superusers"), None)
        if superusers is None:
            return
        born = str(superusers.get("created", ""))
        if self.state.fingerprint and self.state.fingerprint != born:
            self.state = HostState(server_version=self.state.server_version)
            self.notes.append(
                f"{self.client.url} has other data than before: what was remembered is forgotten"
            )
        self.state.fingerprint = born
        if self.lease is None and not _looks_like(superusers, self.version):
            self.ask_version()

    @property
    def data_dir(self) -> Path | None:
        """The server's data directory, where it is at hand."""
        return self.lease.data_dir if self.lease else self.host.data_dir

    @property
    def migrates(self) -> bool:
        """Whether a migration that is no file may be run here, for what the API cannot do."""
        return self.local and self.data_dir is not None

    def applied(self) -> tuple[str, ...] | None:
        """The migration files that the server has run, in order; None where nobody can tell."""
        if self.data_dir is not None:
            from pocketvex.server.ledger import applied

            return applied(self.data_dir)
        if self.version >= SQL_OVER_HTTP:
            files = "file LIKE '%.js' OR file LIKE '%.ts'"
            rows = self.client.sql(f"SELECT file FROM _migrations WHERE {files} ORDER BY applied, file")
            return tuple(str(row["file"]) for row in rows)
        return None

    def refresh(self) -> None:
        """Let a running server see what another process did to its database.

        From 0.38 on it notices by itself, but some time later: what is written meanwhile would be judged by
        the collections that it remembers.
        """
        if self.lease is not None and self.version < NOTICES_OTHERS:
            self.lease.restart()
        else:
            self.client.refresh_schema_cache()

    def count(self, facts: frozenset[Fact], live: Schema) -> dict[Fact, int | None]:
        """Count what a plan asks for; None where nobody can tell.

        A witness may lack what this server has: then nobody can.
        """
        if not facts:
            return {}
        if self.evidence_from is not None:
            return self.evidence_from.testify(facts)
        from pocketvex.target.count import count_facts

        return count_facts(
            self.client, self.version, facts, live, data_dir=self.data_dir, progress=self.progress
        )

    def testify(self, facts: frozenset[Fact]) -> dict[Fact, int | None]:
        """Count for the plan of another server what this one has of the same names."""
        live = self.schema_of(self.fetch())

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
        host = (self.evidence_from or self).host
        return "the embedded server" if host.embedded else host.name or host.url

    def reload(self) -> None:
        """Read again what this machine remembers: other commands note there what they did meanwhile."""
        version = self.state.server_version
        self.state = load_state(self.root, self.host.key)
        self.state.server_version = version or self.state.server_version
        self._recognised = False

    def save(self) -> None:
        save_state(self.root, self.host.key, self.state)

    @property
    def state_file(self) -> Path:
        return state_file(self.root, self.host.key)

    @property
    def shadow_cache(self) -> Path:
        return self.root / LOCAL / "shadow"


def _looks_like(superusers: Json, version: Version) -> bool:
    """Whether the fields of a server have what those of its version have."""
    email: Json = next((field for field in superusers["fields"] if field["name"] == "email"), {})
    return ("help" in email) == (version >= HELP_TEXTS) and (email.get("onlyDomains") is not None) == (
        version >= E_MAIL_DOMAINS
    )


def fingerprint(collections: list[Json]) -> str:
    """Whether a server's collections are what they were; what changes on every save of a view is left out."""
    kept = [
        {k: v for k, v in item.items() if k != "updated" and not (k == "fields" and item["type"] == "view")}
        for item in collections
    ]
    return sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()
