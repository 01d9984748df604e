"""The measured collections as code for pocketbase-zod-schema, which reads no server."""

from __future__ import annotations

from pathlib import Path

from bench.generators import ZOD

_CONFIG = (
    'export default {\n  schema: { directory: "./src/schema" },\n'
    '  migrations: { directory: "./pb_migrations" },\n};\n'
)
_HEAD = 'import { z } from "zod";\nimport * as pb from "pocketbase-zod-schema";\n\n'


def write_zod_project(folder: Path, modules: dict[str, str]) -> Path:
    """A project of pocketbase-zod-schema with these modules, without their first lines."""
    (folder / "src" / "schema").mkdir(parents=True)
    (folder / "package.json").write_text('{"private": true, "type": "module"}\n', encoding="utf-8")
    (folder / "pocketbase-migrate.config.js").write_text(_CONFIG, encoding="utf-8")
    (folder / "node_modules").symlink_to(ZOD.modules, target_is_directory=True)
    for name, text in modules.items():
        (folder / "src" / "schema" / f"{name}.ts").write_text(_HEAD + text, encoding="utf-8")
    return folder


def many_zod_collections(count: int) -> dict[str, str]:
    """What `many_collections` says in Python."""
    return {f"things{number}": _things(number) for number in range(count)}


def _things(number: int) -> str:
    name, shape = f"things{number}", f"Things{number}"
    fields = [
        "title: pb.TextField({ min: 1 })",
        *(f"text{i}: pb.TextField({{ max: {100 + i} }}).optional()" for i in range(6)),
        *([f'before: pb.RelationField({{ collection: "things{number - 1}" }}).optional()'] if number else []),
        'status: pb.SelectField(["draft", "published"])',
        "created: pb.AutodateField({ onCreate: true })",
        "updated: pb.AutodateField({ onCreate: true, onUpdate: true })",
    ]
    index = f"CREATE INDEX idx_{name}_status_created ON {name} (status, created DESC)"
    return (
        f"export const {shape}Schema = z.object({{\n  " + ",\n  ".join(fields) + ",\n});\n"
        f"export const {shape}Collection = pb.defineCollection({{\n"
        f'  collectionName: "{name}",\n  schema: {shape}Schema,\n  permissions: {{ listRule: "" }},\n'
        f'  indexes: ["{index}"],\n}});\n'
    )
