"""A project in a folder, with its code as plain values: what the commands do, without the terminal.

Everything behind it is real: the folder, the server, the binary, the state that a machine keeps.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conftest import EMAIL, PASSWORD
from pocketvex.history.folder import read_draft
from pocketvex.history.position import Position
from pocketvex.plan.make import Change, Plan
from pocketvex.run import baseline as start
from pocketvex.run import generate as sealing
from pocketvex.run import migrate
from pocketvex.run.draft import DraftState, find_outstanding, keep_draft
from pocketvex.run.planning import plan_for
from pocketvex.run.situation import Choices, find_situation
from pocketvex.run.status import status
from pocketvex.run.sync import Outcome, sync
from pocketvex.schema.build import build_schema
from pocketvex.schema.dictionary import from_dictionary
from pocketvex.schema.model import Schema
from pocketvex.server.process import Running
from pocketvex.store.config import load_config
from pocketvex.store.hosts import Host, Login
from pocketvex.target.session import Session, connect

Json = dict[str, Any]

NOW = 1_790_000_000
"""When migrations are sealed: always the same, so that the same history has the same file names."""


def schema_of(*collections: Json) -> Schema:
    """The dictionary form of collections, checked and built as the loader does it."""
    return build_schema(from_dictionary({"collections": list(collections)}, lambda *_: None))


def posts(*fields: Json, name: str = "posts", **more: Any) -> Json:
    """A collection with a title and whatever else is said."""
    return {"name": name, "fields": [{"name": "title", "type": "text"}, *fields], **more}


def text(name: str, **options: Any) -> Json:
    return {"name": name, "type": "text", **options}


def kept(plan: Plan) -> dict[str, str]:
    """What a plan leaves alone, and why; without the `users` that every server has and this code not."""
    return {k.path: k.why for k in plan.kept if (k.path, k.why) != ("users", "unmanaged")}


def paths(changes: Iterable[Change]) -> list[str]:
    return [change.path for change in changes]


class Project:
    """`code` is what the modules of the project would declare."""

    def __init__(self, root: Path, *collections: Json) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        (root / "schema").mkdir(exist_ok=True)
        (root / "pocketvex.toml").touch()
        self.config = load_config(root)
        self.code = schema_of(*collections)
        self.environ: dict[str, str] = {}
        self.now = NOW

    def declare(self, *collections: Json) -> None:
        self.code = schema_of(*collections)

    def host(self, server: Running, *, native: bool, local: bool) -> Host:
        return Host(
            name="the-server",
            url=server.url,
            local=local,
            data_dir=server.data_dir if native else None,
            binary=server.binary.path,
            login=Login(email=EMAIL, password=PASSWORD),
        )

    @contextmanager
    def session(self, server: Running, *, native: bool = True, local: bool = True) -> Iterator[Session]:
        environ = {**os.environ, **self.environ}
        with connect(self.config, self.host(server, native=native, local=local), environ=environ) as session:
            yield session

    def sync(self, server: Running, *, native: bool = True, local: bool = True, **said: Any) -> Outcome:
        """One pass of `schema apply`, or of `dev` without its draft."""
        with self.session(server, native=native, local=local) as session:
            return sync(session, self.code, _choices(said))

    def dev(self, server: Running, *, native: bool = True, **said: Any) -> tuple[Outcome, DraftState]:
        """One pass of `dev`, as its loop makes it."""
        choices = _choices(said)
        with self.session(server, native=native) as session:
            outcome = sync(session, self.code, choices)
            found = find_outstanding(outcome.situation)
            return outcome, keep_draft(session, found, outcome.position)

    def diff(self, server: Running, *, native: bool = True, local: bool = True, **said: Any) -> Any:
        with self.session(server, native=native, local=local) as session:
            return plan_for(find_situation(session, self.code, _choices(said), write=False))

    def position(self, server: Running, *, native: bool = True, local: bool = True) -> Position:
        with self.session(server, native=native, local=local) as session:
            return find_situation(session, self.code, Choices(), write=False).position

    def generate(self, server: Running, name: str | None = None, **options: Any) -> tuple[str, ...]:
        native, local = options.pop("native", True), options.pop("local", True)
        with self.session(server, native=native, local=local) as session:
            sealed = sealing.generate(session, self.code, name=name, now=self.now, choices=_choices(options))
        return tuple(file.name for file in sealed.files)

    def up(self, server: Running, *, to: str | None = None, **options: Any) -> migrate.Ran:
        native, local = options.pop("native", True), options.pop("local", True)
        flags = {key: options.pop(key) for key in ("recorded_only", "dry_run") if key in options}
        with self.session(server, native=native, local=local) as session:
            return migrate.up(session, self.code, to=to, now=self.now, choices=_choices(options), **flags)

    def down(
        self, server: Running, count: int = 1, *, native: bool = True, local: bool = True, **said: Any
    ) -> migrate.Ran:
        with self.session(server, native=native, local=local) as session:
            return migrate.down(session, self.code, count=count, choices=_choices(said))

    def status(self, server: Running, *, native: bool = True) -> dict[str, str]:
        with self.session(server, native=native) as session:
            found = status(session, self.code, Choices())
        return {row.name: row.state for row in found.rows}

    def baseline(self, server: Running) -> tuple[str, ...]:
        with self.session(server) as session:
            return tuple(f.name for f in start.baseline(session, self.code, now=self.now).files)

    @property
    def files(self) -> list[str]:
        """The names of the migrations, in the order in which PocketBase runs them."""
        folder = self.config.migrations
        return sorted(p.name for p in folder.glob("*.js")) if folder.is_dir() else []

    @property
    def draft(self) -> str | None:
        return read_draft(self.config.migrations)

    def write(self, name: str, text: str) -> None:
        self.config.migrations.mkdir(exist_ok=True)
        (self.config.migrations / name).write_text(text, encoding="utf-8")

    def clone(self, root: Path) -> Project:
        """What git would bring to another machine: code and migrations, nothing of `.pocketvex`."""
        other = Project(root)
        other.code = self.code
        for path in self.config.migrations.glob("*"):
            if path.is_file():
                other.config.migrations.mkdir(exist_ok=True)
                (other.config.migrations / path.name).write_bytes(path.read_bytes())
        return other


def _choices(said: Mapping[str, Any]) -> Choices:
    confirmed = frozenset(said.get("confirmed", ()))
    return Choices(**{**said, "confirmed": confirmed})


def put(session: Session, collection: str, **values: Any) -> Json:
    """Make a record as a superuser."""
    answer = session.target.client._request("POST", f"/api/collections/{collection}/records", json=values)
    assert answer.ok, answer.body
    return dict(answer.body)


def rows(session: Session, collection: str) -> list[Json]:
    return session.target.client.records(collection, sort="id", per_page=1000)


def dashboard(session: Session, collection: str, change: Callable[[Json], Json]) -> None:
    """What a person does in the dashboard: reads a collection, edits it, saves it."""
    before = next(item for item in session.target.fetch() if item["name"] == collection)
    session.target.client.patch_collection(before["id"], change(before))


def names(live: Sequence[Json], collection: str) -> list[str]:
    """The fields of a collection."""
    found = next((item for item in live if item["name"] == collection), None)
    return [field["name"] for field in found["fields"]] if found else []
