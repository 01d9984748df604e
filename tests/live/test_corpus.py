"""Collection sets of real projects, read in place: imported, read as code, written as a migration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from binaries import LATEST, SUPPORTED, binary_of
from pocketvex.diff.apply import apply_operations
from pocketvex.diff.compare import compare
from pocketvex.render.migration import render_migration
from pocketvex.run.prove import prove
from pocketvex.run.shadow import replay
from pocketvex.schema.build import build_schema
from pocketvex.schema.dictionary import from_dictionary
from pocketvex.schema.indexes import parse_index
from pocketvex.schema.model import Schema
from pocketvex.schema.validate import for_server
from pocketvex.server import scratch

Json = dict[str, Any]

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
PROJECTS = sorted(path.stem for path in CORPUS.glob("*.json"))

pytestmark = pytest.mark.skipif(not PROJECTS, reason="the corpus of real schemas is not beside the checkout")

# All of them on the newest version, and each on one of the older ones.
OLDER = [version for version in SUPPORTED if version != LATEST]
CASES = [(name, LATEST) for name in PROJECTS]
CASES += [(name, OLDER[number % len(OLDER)]) for number, name in enumerate(PROJECTS)]


def collections_of(name: str) -> list[Json]:
    content = json.loads((CORPUS / f"{name}.json").read_text(encoding="utf-8"))
    found: list[Json] = content["items"] if isinstance(content, dict) else content
    return found


def without_providers(collections: list[Json]) -> list[Json]:
    """An export has no secrets, and a new server takes no enabled provider without one."""
    return [
        {**c, "oauth2": {**c["oauth2"], "providers": [], "enabled": False}} if c.get("oauth2") else c
        for c in collections
    ]


def comparable(collection: Json) -> Json:
    """What an export says, with the forms that mean the same made one."""
    kept = {k: v for k, v in collection.items() if k not in ("created", "updated")}
    kept["indexes"] = [parse_index(index) for index in kept["indexes"] or []]
    if kept["type"] == "view":
        del kept["fields"]  # their ids are random
    return kept


@pytest.mark.parametrize(("name", "version"), CASES)
def test_an_imported_project_read_as_code_differs_in_nothing(name: str, version: str, tmp_path: Path) -> None:
    raw = without_providers(collections_of(name))
    desired = build_schema(from_dictionary(raw, lambda *_: None))
    binary = binary_of(version)
    if for_server(desired, binary.version):
        pytest.skip(f"{name} wants what PocketBase {version} does not have")
    # What is missing goes: a project may have no `users`, or others than a new server.
    scratch.run_once(binary, tmp_path, f"app.importCollections({json.dumps(raw)}, true);")
    live = Schema.from_json(scratch.collections(binary, tmp_path))
    assert compare(desired, live, version=binary.version).operations == []


@pytest.mark.parametrize("name", PROJECTS)
def test_the_models_lose_nothing(name: str) -> None:
    raw = collections_of(name)
    back = Schema.from_json(raw).to_json()
    assert [comparable(c) for c in back] == [comparable(c) for c in raw]


@pytest.mark.parametrize(("name", "version"), CASES)
def test_one_migration_builds_the_project_from_nothing(name: str, version: str, tmp_path: Path) -> None:
    binary = binary_of(version)
    desired = build_schema(from_dictionary(without_providers(collections_of(name)), lambda *_: None))
    if for_server(desired, binary.version):
        pytest.skip(f"{name} wants what PocketBase {version} does not have")
    empty = replay(binary, [], tmp_path)
    operations = compare(desired, empty.schema, version=binary.version, ask=False).operations
    after = Schema.from_json(apply_operations(empty.collections, operations))
    text = render_migration(empty.schema, after, stamp="1700000000", comment=[], manages=desired.names())
    prove(binary, empty.data_dir, [("1700000000_all.js", text)], empty.schema, after)
    assert compare(desired, after, version=binary.version).operations == []
