"""Migrations as PocketBase's own JavaScript files, from a schema before to a schema after.

A file holds its steps in plain calls at the top and what the calls mean below, so that PocketBase alone
can run it. Up is the diff from before to after, down is the diff from after to before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import sha256
from typing import Any, assert_never

import jinja2

from pocketvex.diff.apply import wire_name
from pocketvex.diff.compare import compare
from pocketvex.diff.operations import (
    AddField,
    ChangeField,
    ChangeIndex,
    ChangeOption,
    ChangeQuery,
    ChangeRule,
    ChangeType,
    CreateCollection,
    DropCollection,
    DropField,
    Operation,
    RenameCollection,
    RenameField,
    ReplaceField,
)
from pocketvex.errors import UsageError
from pocketvex.schema.fields import FieldBase, RelationField
from pocketvex.schema.model import SYSTEM_FIELDS, Collection, Schema

_WIDTH = 104


def render_migration(
    before: Schema,
    after: Schema,
    *,
    stamp: str,
    comment: Sequence[str],
    manages: Iterable[str],
) -> str:
    """The text of a migration file; both schemas hold ids, from one history.

    `stamp` is the time stamp of the file's name: kept values are filed under it. `manages` are the
    collections (and the auth options stated for them, `users[otp]`) that the file's project declares.
    Raises UsageError for what no migration can do.
    """
    up = steps(compare(after, before, ask=False).operations)
    down = steps(compare(before, after, ask=False).operations)
    used = {re.match(r"change\.(\w+)", step)[1] for step in up + down}  # type: ignore[index]
    if any("secret(" in step for step in up + down):
        used.add("secret")
    return (
        _template()
        .render(
            stamp=stamp,
            comment=[line for text in comment for line in (text.splitlines() or [""])],
            manages=sorted(manages),
            up=[_indented(step) for step in up],
            down=[_indented(step) for step in down],
            used=used,
            uses=lambda *names: bool(used & set(names)),
        )
        .rstrip()
        + "\n"
    )


def render_empty(*, comment: Sequence[str]) -> str:
    """A file for a hand-written step."""
    lines = "".join(f"// {line}\n" for line in comment)
    return (
        f'/// <reference path="../pb_data/types.d.ts" />\n{lines}\n'
        "migrate((app) => {\n  // what is to be done\n}, (app) => {\n  // what undoes it\n});\n"
    )


def body_hash(text: str) -> str:
    """SHA-256 of a file with its newlines made one kind."""
    return sha256(text.replace("\r\n", "\n").encode()).hexdigest()


def managed_by(text: str) -> frozenset[str]:
    """The collections and option groups that a sealed file lists; none for a hand-written one."""
    match = re.search(r"^// manages: (.*)$", text, re.MULTILINE)
    return frozenset(match[1].split()) if match else frozenset()


def secrets_of(text: str) -> set[str]:
    """The environment variables that a file reads: a shadow needs something in their place."""
    return set(re.findall(r"""(?:secret|\$os\.getenv)\(\s*["'](\w+)["']\s*\)""", text))


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pocketvex.render"),
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,
    )
    return environment.get_template("migration.js.j2")


_ORDER: dict[type[Operation], int] = {
    RenameCollection: 0, CreateCollection: 1, RenameField: 2, DropField: 3, ReplaceField: 4, AddField: 5,
    ChangeField: 6, ChangeQuery: 7, ChangeIndex: 8, ChangeRule: 9, ChangeOption: 9, DropCollection: 10,
    ChangeType: 11,
}  # fmt: skip


def steps(operations: Sequence[Operation]) -> list[str]:
    """One call a step, renames first, so that all later ones speak of the new names."""
    found: list[str] = []
    ordered = sorted(operations, key=lambda operation: _ORDER[type(operation)])
    renamed: dict[str, list[RenameField]] = {}
    for operation in ordered:
        if isinstance(operation, RenameField):
            renamed.setdefault(operation.collection, []).append(operation)
    for operation in ordered:
        if isinstance(operation, RenameField):
            if group := renamed.pop(operation.collection, None):
                found.append(_rename_fields(operation.collection, group))
        else:
            found += _calls(operation)
    for operation in ordered:
        if isinstance(operation, AddField) and operation.field.backfill is not None:
            found.append(_call("fill", operation.collection, operation.field.name, operation.field.backfill))
    return found


def _calls(operation: Operation) -> list[str]:
    match operation:
        case CreateCollection():
            return [_call("create", _definition(operation.definition))]
        case DropCollection():
            return [_call("remove", operation.collection)]
        case RenameCollection():
            return [_call("rename", operation.id, operation.old, operation.collection)]
        case ChangeType():
            raise UsageError(
                f"{operation.collection} cannot become {operation.after}: it is {operation.before}",
                why="PocketBase cannot change the type of a collection, so no migration can.",
                todo="Declare it under another name, copy the rows, then remove the old one.",
            )
        case AddField():
            return [_call("addField", operation.collection, _field(operation.field), operation.after)]
        case DropField():
            return [_call("removeField", operation.collection, _field(operation.field))]
        case ReplaceField():
            before, after = _field(operation.before), _field(operation.after)
            return [_call("replaceField", operation.collection, before, after)]
        case RenameField():
            return [_rename_fields(operation.collection, [operation])]
        case ChangeField():
            return [_set_field(operation)]
        case ChangeIndex():
            return _index(operation)
        case ChangeRule():
            return [_call("setRule", operation.collection, operation.rule, operation.before, operation.after)]
        case ChangeOption():
            return [_call("setOption", operation.collection, operation.option, operation.after)]
        case ChangeQuery():
            return [_call("setQuery", operation.collection, operation.before, operation.after)]
        case _:
            assert_never(operation)


def _rename_fields(collection: str, group: list[RenameField]) -> str:
    return _call("renameFields", collection, [{"id": r.id, "from": r.old, "to": r.new} for r in group])


def _set_field(operation: ChangeField) -> str:
    field, changed = operation.after, operation.changed()
    before = {wire_name(field, option): old for option, (old, _) in changed.items()}
    after = {wire_name(field, option): new for option, (_, new) in changed.items()}
    return _call("setField", operation.collection, {"id": field.id, "name": field.name}, before, after)


def _index(operation: ChangeIndex) -> list[str]:
    system = {name.lower() for names in SYSTEM_FIELDS.values() for name in names}
    before, after = (
        index.sql(operation.collection) if index else None for index in (operation.before, operation.after)
    )
    old = operation.before
    if old and old.unique and any(column.expr.lower() in system for column in old.columns):
        drop = _call("dropStuckIndex", operation.collection, operation.name)
        if after is None:
            return [drop]
        return [drop, _call("setIndex", operation.collection, operation.name, None, after)]
    return [_call("setIndex", operation.collection, operation.name, before, after)]


def _field(field: FieldBase) -> dict[str, Any]:
    values = field.to_json()
    if not values["system"]:
        del values["system"]
    if not values.get("help", "x"):
        del values["help"]
    if isinstance(field, RelationField):
        # Ids differ from server to server: the target is found by its name when the file runs.
        del values["collectionId"]
        values["target"] = field.target
    return {"name": values.pop("name"), "type": values.pop("type"), **values}


def _definition(collection: Collection) -> dict[str, Any]:
    values = collection.to_json()
    values["fields"] = [] if collection.type == "view" else [_field(field) for field in collection.fields]
    if not values["system"]:
        del values["system"]
    return {"name": values.pop("name"), "type": values.pop("type"), "id": values.pop("id"), **values}


def _call(name: str, *arguments: Any) -> str:
    texts = [_js(argument) for argument in arguments]
    line = f"change.{name}({', '.join(texts)});"
    if len(line) <= _WIDTH and "\n" not in line:
        return line
    if any("\n" in text for text in texts) and len(texts) == 1:
        return line
    inner = ",\n".join(_shift(text) for text in texts)
    return f"change.{name}(\n{inner}\n);"


def _js(value: Any) -> str:
    """A JavaScript literal: short things on one line, `{"env": NAME}` as a call that reads it."""
    flat = _flat(value)
    if len(flat) <= _WIDTH - 12:
        return flat
    if isinstance(value, dict):
        lines = ",\n".join(_shift(f"{json.dumps(key)}: {_js(item)}") for key, item in value.items())
        return f"{{\n{lines},\n}}"
    if isinstance(value, list):
        return "[\n" + "".join(f"{_shift(_js(item))},\n" for item in value) + "]"
    return flat


def _flat(value: Any) -> str:
    if isinstance(value, dict) and set(value) == {"env"}:
        return f"secret({json.dumps(value['env'])})"
    if isinstance(value, dict):
        inner = ", ".join(f"{json.dumps(key)}: {_flat(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_flat(item) for item in value)}]"
    # U+2028 and U+2029 end a line in JavaScript, but not in JSON; ASCII escapes keep both right.
    return json.dumps(value)


def _shift(text: str) -> str:
    return "\n".join(f"  {line}" if line else line for line in text.splitlines())


def _indented(step: str) -> str:
    return _shift(step).lstrip()
