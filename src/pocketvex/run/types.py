"""Writing `generated/types.ts`: from the code, with the columns of views as PocketBase infers them."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from pocketvex.diff.apply import apply_operations
from pocketvex.diff.compare import compare
from pocketvex.errors import SchemaError
from pocketvex.run.shadow import replay
from pocketvex.schema.fields import FIELD, FieldBase
from pocketvex.schema.model import Schema
from pocketvex.server.binaries import Binary
from pocketvex.store.config import Config
from pocketvex.store.files import LOCAL, local_dir, write_atomically
from pocketvex.types.render import render_types

FILE = "types.ts"


def types_of(config: Config, schema: Schema, binary: Callable[[], Binary]) -> str:
    """The text of `types.ts`. `binary` is asked for only where a view is not in the cache."""
    return render_types(schema, view_fields=view_fields(config, schema, binary))


def write_types(config: Config, text: str) -> bool:
    """Write the file if it says something else; False if it did not have to be written."""
    return write_atomically(config.generated / FILE, text)


def view_fields(
    config: Config, schema: Schema, binary: Callable[[], Binary]
) -> Mapping[str, Sequence[FieldBase]]:
    """The columns of every view, inferred by a scratch PocketBase and kept by what they depend on."""
    views = [c for c in schema.collections if c.type == "view"]
    if not views:
        return {}
    tables = schema.to_json()
    key = sha256(json.dumps([1, tables], sort_keys=True, default=str).encode()).hexdigest()[:32]
    cache = local_dir(config.root) / "views" / f"{key}.json"
    if not cache.is_file():
        cache.parent.mkdir(exist_ok=True)
        write_atomically(cache, json.dumps(_infer(config, schema, binary())))
    found: dict[str, list[dict[str, Any]]] = json.loads(cache.read_text(encoding="utf-8"))
    targets = {c["id"]: c["name"] for c in tables}
    return {name: [_field(item, targets) for item in fields] for name, fields in found.items()}


def _field(item: dict[str, Any], targets: dict[str, str]) -> FieldBase:
    target = targets.get(item.get("collectionId", ""), "")
    return FIELD.validate_python({**item, **({"target": target} if target else {})})


def _infer(config: Config, schema: Schema, binary: Binary) -> dict[str, list[dict[str, Any]]]:
    from pocketvex.server import scratch

    empty = replay(binary, [], config.root / LOCAL / "shadow")
    target = apply_operations(empty.collections, compare(schema, empty.schema, ask=False).operations)
    names = {c.name for c in schema.collections}
    payload = [_without_secrets(item) for item in target if item["name"] in names]
    with tempfile.TemporaryDirectory(prefix="pocketvex-types-") as folder:
        data_dir = Path(folder) / "data"
        scratch.copy(empty.data_dir, data_dir)
        try:
            # Views may read views: those that do come last.
            ordered = sorted(payload, key=lambda item: (item["type"] == "view", _depth(item, payload)))
            scratch.run_once(binary, data_dir, f"app.importCollections({json.dumps(ordered)}, false);")
        except scratch.MigrationFailed as error:
            named = re.search(r'collection "(\w+)"', error.reason)
            blamed = schema.collection(named[1]) if named else None
            raise SchemaError(
                f"PocketBase {binary.version} does not take {blamed.name if blamed else 'this schema'}",
                why=error.reason,
                where=blamed.source if blamed else None,
            ) from error
        built = scratch.collections(binary, data_dir)
    return {item["name"]: item["fields"] for item in built if item["type"] == "view"}


def _depth(item: dict[str, Any], payload: list[dict[str, Any]], seen: frozenset[str] = frozenset()) -> int:
    from pocketvex.schema.views import tables_read

    views = {v["name"]: v for v in payload if v["type"] == "view"}
    if item["type"] != "view" or item["name"] in seen:
        return 0
    read = tables_read(item["viewQuery"], set(views) - {item["name"]})
    return 1 + max((_depth(views[name], payload, seen | {item["name"]}) for name in read), default=0)


def _without_secrets(item: dict[str, Any]) -> dict[str, Any]:
    providers = (item.get("oauth2") or {}).get("providers")
    if not providers:
        return item
    return {**item, "oauth2": {**item["oauth2"], "providers": []}}
