"""Collections as code for pocketbase-zod-schema, which reads no server."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.generators import ZOD

Json = dict[str, Any]

_CONFIG = (
    'export default {\n  schema: { directory: "./src/schema" },\n'
    '  migrations: { directory: "./pb_migrations" },\n};\n'
)
_HEAD = 'import { z } from "zod";\nimport * as pb from "pocketbase-zod-schema";\n\n'


def write_zod_project(folder: Path, collections: Iterable[Json], models: Mapping[str, str] = {}) -> Path:
    """A project of pocketbase-zod-schema with a module for each; system collections are left out.

    `models` are the Zod schemas of json fields, by `collection.field`.
    """
    (folder / "src" / "schema").mkdir(parents=True)
    (folder / "package.json").write_text('{"private": true, "type": "module"}\n', encoding="utf-8")
    (folder / "pocketbase-migrate.config.js").write_text(_CONFIG, encoding="utf-8")
    (folder / "node_modules").symlink_to(ZOD.modules, target_is_directory=True)
    kept = [c for c in collections if not c.get("system")]
    names = {c["id"]: c["name"] for c in kept}
    for item in kept:
        text = _HEAD + _collection(item, names, models)
        (folder / "src" / "schema" / f"{item['name']}.ts").write_text(text, encoding="utf-8")
    return folder


def _collection(item: Json, names: Mapping[str, str], models: Mapping[str, str]) -> str:
    shape = f"z.object({{\n{''.join(_fields(item, names, models))}}})"
    about = f"collectionName: {json.dumps(item['name'])}, schema: Shape"
    if item["type"] == "view":
        query = f"viewQuery: {json.dumps(item['viewQuery'])}"
        made = f"pb.defineView({{ {about}, {query}, permissions: {{ listRule: '', viewRule: '' }} }})"
        return f"export const Shape = {shape}.extend(pb.baseSchema);\nexport default {made};\n"
    rules = ", ".join(f"{rule}: ''" for rule in ("listRule", "viewRule", "createRule", "updateRule"))
    kind = f"type: {json.dumps(item['type'])}, permissions: {{ {rules} }}"
    made = f"pb.defineCollection({{ {about}, {kind}, indexes: {json.dumps(item['indexes'])} }})"
    return f"export const Shape = {shape};\nexport default {made};\n"


def _fields(item: Json, names: Mapping[str, str], models: Mapping[str, str]) -> Iterator[str]:
    if item["type"] == "auth":
        yield "  email: pb.EmailField(),\n  password: pb.TextField({ min: 8 }),\n"
    for field in item["fields"]:
        # It makes `created` and `updated` itself.
        if field["name"] not in _OWN and field["type"] != "autodate":
            model = models.get(".".join((item["name"], field["name"])), "")
            made = f"pb.{_call(field, names, model)}{'' if field.get('required') else '.optional()'}"
            yield f"  {json.dumps(field['name'])}: {_plain(field) if item['type'] == 'view' else made},\n"


_OWN = {"id", "password", "tokenKey", "email", "emailVisibility", "verified"}


def _plain(field: Json) -> str:
    """A column of a view, which is Zod's own: only its type counts."""
    match field["type"]:
        case "number":
            return "z.number()"
        case "select":
            return f"z.enum({json.dumps(field['values'])})"
        case _:
            return "z.string()"


def _call(field: Json, names: Mapping[str, str], model: str) -> str:
    several = (field.get("maxSelect") or 1) > 1
    match field["type"]:
        case "text":
            return f"TextField({_options(field, 'min', 'max', 'pattern', 'autogeneratePattern')})"
        case "select":
            return f"SelectField({json.dumps(field['values'])}, {_options(field, 'maxSelect')})"
        case "relation":
            to = {"collection": names[field["collectionId"]]}
            return f"Relation{'s' if several else ''}Field({json.dumps(to)})"
        case "file":
            return f"File{'s' if several else ''}Field()"
        case "json":
            return f"JSONField({model})"
        case "url":
            return "URLField()"
        case "geoPoint":
            return "GeoPointField()"
        case other:
            return f"{other.capitalize()}Field()"


def _options(field: Json, *names: str) -> str:
    return json.dumps({name: field[name] for name in names if field.get(name)})
