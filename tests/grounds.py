"""Scratch databases for tests: schemas built by files of ours, and files run up and down on them."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from copy import deepcopy
from pathlib import Path
from typing import Any, ClassVar

from pocketvex.diff.compare import compare
from pocketvex.diff.operations import Operation
from pocketvex.diff.settle import settle
from pocketvex.diff.transition import Transition
from pocketvex.history.shadow import placeholders, replay
from pocketvex.render.migration.migration import render_migration
from pocketvex.render.migration.one_off import down_step
from pocketvex.schema.model import Schema
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from pocketvex.target.recorded import Recorded

Json = dict[str, Any]
FIRST, SECOND = "1700000000", "1700000001"


class Ground:
    """An empty database of one version, kept in `cache`, and what is built on copies of it in `folder`."""

    def __init__(self, binary: Binary, folder: Path, cache: Path) -> None:
        self.binary = binary
        self.version = tuple(binary.version)
        self.folder = folder
        self.empty: Recorded = replay(binary, [], cache / "shadow")

    def built(self, desired: Schema) -> Built:
        """A database that the first migration of this schema made."""
        before = self.empty.schema
        operations = compare(desired, before, version=self.version, ask=False).operations
        text = migration(settle(operations, self.empty.collections), FIRST)
        place = self.copy(self.empty.data_dir)
        place.up(text, f"{FIRST}_first.js")
        return place

    def copy(self, data_dir: Path) -> Built:
        home = Path(tempfile.mkdtemp(dir=self.folder)) / "pb_data"
        scratch.copy(data_dir, home)
        return Built(self.binary, home)

    def imported(self, collections: Sequence[Json]) -> Built:
        """A database that holds these collections and no others."""
        place = self.copy(self.empty.data_dir)
        place.take(collections, alone=True)
        return place


class Built:
    """One data directory."""

    _seen: ClassVar[dict[str, list[Json]]] = {}
    """What PocketBase shows of collections that are stored like this: it is asked once."""

    def __init__(self, binary: Binary, data_dir: Path) -> None:
        self.binary = binary
        self.version = tuple(binary.version)
        self.data_dir = data_dir

    @property
    def raw(self) -> list[Json]:
        stored = self._stored()
        if stored not in self._seen:
            self._seen[stored] = scratch.collections(self.binary, self.data_dir)
        return deepcopy(self._seen[stored])

    def _stored(self) -> str:
        """The rows of `_collections` as they are, with the version that reads them."""
        with closing(sqlite3.connect(self.data_dir / "data.db")) as database:
            return repr((self.version, database.execute("SELECT * FROM _collections").fetchall()))

    @property
    def schema(self) -> Schema:
        return Schema.from_json(self.raw)

    def up(self, text: str, name: str = f"{SECOND}_second.js") -> None:
        self._run(name, text, text)

    def down(self, text: str, name: str = f"{SECOND}_second.js") -> None:
        step = f"{name}.down.js"
        self._run(step, down_step(name, text), text)
        scratch.forget(self.data_dir, [step])

    def _run(self, name: str, step: str, text: str) -> None:
        """Run one file, and have the same run of PocketBase say what it left."""
        last, shown = f"{name}.zz.js", self.data_dir.parent / "collections.json"
        files = {name: step, last: scratch.snapshot_step(shown)}
        scratch.migrate_up(self.binary, self.data_dir, files, env=placeholders([text]))
        scratch.forget(self.data_dir, [last])
        self._seen[self._stored()] = json.loads(shown.read_text(encoding="utf-8"))

    def take(self, collections: Iterable[Json], *, alone: bool = False) -> None:
        """Import them, with a word in the place of every secret; `alone`: drop everything else."""
        items = [with_words(item) for item in collections]
        if items:
            text = f"app.importCollections(JSON.parse({json.dumps(json.dumps(items))}), {json.dumps(alone)});"
            scratch.run_once(self.binary, self.data_dir, text)

    def settled(self, operations: Sequence[Operation]) -> Transition:
        return settle(operations, self.raw)


def migration(found: Transition, stamp: str = SECOND) -> str:
    return render_migration(found, stamp=stamp, comment=["A test."], manages=found.after.names())


def with_words(item: Mapping[str, Any]) -> Json:
    providers = (item.get("oauth2") or {}).get("providers") or []
    if not providers:
        return dict(item)
    filled = [{**provider, "clientSecret": "a word"} for provider in providers]
    return {**item, "oauth2": {**item["oauth2"], "providers": filled}}


def comparable(raw: Iterable[Json]) -> dict[str, Json]:
    """The collections by name, without what changes on every save."""
    result = {}
    for item in raw:
        kept = {key: value for key, value in item.items() if key not in ("updated", "created")}
        if item["type"] == "view":
            kept["fields"] = [{**field, "id": ""} for field in item["fields"]]
        # Up to 0.39 an empty list may be null, and both 0 and 1 mean a single value.
        kept["fields"] = [
            {k: [] if v is None and k not in ("min", "max") else v or 1 if k == "maxSelect" else v
             for k, v in field.items()}
            for field in kept["fields"]
        ]  # fmt: skip
        result[item["name"]] = kept
    return result
