"""Scratch databases for tests: schemas built by files of ours, and files run up and down on them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

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
from pocketvex.server.ledger import ONE_OFF, reading
from pocketvex.target.recorded import Recorded

Json = dict[str, Any]
FIRST, SECOND = "1700000000", "1700000001"
SECOND_FILE = f"{SECOND}_second.js"
_LOOK = """((path, queries) => {
  const answers = queries.map((query) => {
    const found = arrayOf(new DynamicModel({ said: "" }));
    app.db().newQuery(query).all(found);
    return found.map((row) => row.said);
  });
  $os.writeFile(path, JSON.stringify({ collections: app.findAllCollections(), answers }), 0o600);
})"""


class Between(NamedTuple):
    """What was there when the first of two files had run."""

    version: tuple[int, ...]
    raw: list[Json]
    answers: list[list[str]]
    """Of each query, its rows."""

    @property
    def schema(self) -> Schema:
        return Schema.from_json(self.raw)


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

    _seen: ClassVar[dict[bytes, tuple[str, Schema]]] = {}
    """What PocketBase shows of collections that are stored like this: it is asked once."""
    _steps: ClassVar = count()

    def __init__(self, binary: Binary, data_dir: Path) -> None:
        self.binary = binary
        self.version = tuple(binary.version)
        self.data_dir = data_dir

    @property
    def raw(self) -> list[Json]:
        found: list[Json] = json.loads(self._shown()[0])
        return found

    @property
    def schema(self) -> Schema:
        return self._shown()[1]

    def _shown(self) -> tuple[str, Schema]:
        stored = self._stored()
        if stored not in self._seen:
            self._remember(scratch.collections(self.binary, self.data_dir))
        return self._seen[stored]

    def _remember(self, collections: list[Json]) -> None:
        self._seen[self._stored()] = json.dumps(collections), Schema.from_json(collections)

    def _stored(self) -> bytes:
        """The rows of `_collections` as they are, with the version that reads them."""
        with reading(self.data_dir) as database:
            rows = database.execute("SELECT * FROM _collections").fetchall()
        return sha256(repr((self.version, rows)).encode()).digest()

    def up(self, text: str, name: str = SECOND_FILE) -> None:
        self._run({name: text})

    def down(self, text: str, name: str = SECOND_FILE) -> None:
        self._run({self._step(): down_step(name, text)})

    def up_and_down(self, text: str, queries: Sequence[str] = ()) -> Between:
        """Both in one run of PocketBase; what is there between them is asked by queries for one text each."""
        return self._both(text, down_step(SECOND_FILE, text), queries)

    def up_twice(self, text: str) -> Between:
        """Run it again on what it made, in the same run of PocketBase."""
        return self._both(text, text)

    def _both(self, text: str, then: str, queries: Sequence[str] = ()) -> Between:
        seen = self.data_dir.parent / "between.json"
        look = f"migrate((app) => {{\n{_LOOK}({json.dumps(str(seen))}, {json.dumps(queries)});\n}}, null);\n"
        self._run({SECOND_FILE: text, self._step(): look, self._step(): then})
        between = json.loads(seen.read_text(encoding="utf-8"))
        return Between(self.version, between["collections"], between["answers"])

    def ask(self, queries: Sequence[str]) -> list[list[str]]:
        """What the database holds now, asked as `up_and_down` asks."""
        with reading(self.data_dir) as database:
            return [[text for (text,) in database.execute(query).fetchall()] for query in queries]

    def take(self, collections: Iterable[Json], *, alone: bool = False) -> None:
        """Import them, with a word in the place of every secret; `alone`: drop everything else."""
        items = [with_words(item) for item in collections]
        if items:
            text = f"app.importCollections(JSON.parse({json.dumps(json.dumps(items))}), {json.dumps(alone)});"
            self._run({self._step(): f"migrate((app) => {{\n{text}\n}}, null);\n"})

    def _run(self, files: Mapping[str, str]) -> None:
        """Run these files, and have the same run of PocketBase say what they left."""
        shown = self.data_dir.parent / "collections.json"
        steps = {**files, self._step(): scratch.snapshot_step(shown)}
        scratch.migrate_up(self.binary, self.data_dir, steps, env=placeholders(files.values()))
        self._remember(json.loads(shown.read_text(encoding="utf-8")))

    def _step(self) -> str:
        """A name that belongs to no history, behind all files and all steps so far: it may stay recorded."""
        return f"{ONE_OFF}{next(self._steps):09}.js"

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
