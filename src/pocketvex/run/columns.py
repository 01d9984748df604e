"""The columns of the code's views, as a scratch PocketBase infers them from their queries."""

from __future__ import annotations

import json
from typing import Any

from pocketvex.diff.compare import compare
from pocketvex.diff.simulate import apply_operations, view_order
from pocketvex.errors import SchemaError
from pocketvex.history.shadow import replay
from pocketvex.schema.limits import unknown_views
from pocketvex.schema.model import Schema
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from pocketvex.store.config import Config
from pocketvex.store.files import LOCAL
from pocketvex.store.temporary import temporary

Json = dict[str, Any]
_NEEDED = ("id", "name", "type", "fields", "viewQuery")
"""Rules, indexes and ways to sign in say nothing about columns, and may be refused."""

# Saved without a check: a server may hold what PocketBase would refuse, and these are not to be kept.
_SAVE = """
const wanted = JSON.parse(%s);
for (const item of wanted) {
  try {
    app.delete(app.findCollectionByNameOrId(item.name));
  } catch (_) {}  // only what every server is born with is there
}
for (const item of wanted) {
  try {
    app.saveNoValidate(new Collection(item));
  } catch (error) {
    throw new Error(item.name + ": " + error);
  }
}
"""


def infer(config: Config, schema: Schema, binary: Binary) -> dict[str, list[Json]]:
    """The columns of each view in the server's form; none of those that read what is no collection.

    Raises SchemaError where PocketBase does not take a query.
    """
    empty = replay(binary, [], config.root / LOCAL / "shadow")
    diff = compare(schema, empty.schema, version=binary.version, ask=False)
    target = apply_operations(empty.collections, diff.operations)
    names = schema.names() - unknown_views(schema).keys()
    payload = [{key: item[key] for key in _NEEDED if key in item} for item in target if item["name"] in names]
    views = {item["name"]: item for item in payload if item["type"] == "view"}
    order = view_order({name: item["viewQuery"] for name, item in views.items()})
    ordered = [*(item for item in payload if item["type"] != "view"), *(views[name] for name in order)]
    with temporary("types") as folder:
        data_dir = folder / "data"
        scratch.copy(empty.data_dir, data_dir)
        try:
            scratch.run_once(binary, data_dir, _SAVE % json.dumps(json.dumps(ordered)))
        except scratch.MigrationFailed as error:
            raise _refused(schema, binary, error.reason) from error
        built = scratch.collections(binary, data_dir)
    return {item["name"]: item["fields"] for item in built if item["type"] == "view"}


def _refused(schema: Schema, binary: Binary, reason: str) -> SchemaError:
    name, _, why = reason.removeprefix("Error: ").partition(": ")
    blamed = schema.collection(name)
    return SchemaError(
        f"PocketBase {binary.version} does not take {blamed.name if blamed else 'this schema'}",
        why=why.removeprefix("GoError: ") if blamed else reason,
        where=blamed.source if blamed else None,
    )
