"""The dictionary form, and PocketBase's own exported JSON: both as the plain values that `build` takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from typing import Any

from pocketvex.errors import SchemaError
from pocketvex.findings import Location
from pocketvex.schema.build import keys_of
from pocketvex.schema.declare import FieldDeclaration
from pocketvex.schema.fields import MODELS, FieldBase, _alias
from pocketvex.schema.model import Collection
from pocketvex.schema.rules import RULE_NAMES
from pocketvex.schema.system import SYSTEM_COLLECTIONS

Locate = Callable[[str, str], Location | None]
"""The place of a collection, or of one of its fields ("" for the collection itself)."""

_IGNORED = {"created", "updated", "options"}
_AUTH_RULES = ("authRule", "manageRule")


def from_dictionary(written: Any, locate: Locate) -> list[dict[str, Any]]:
    """`{"collections": [...]}`, a bare list of collections, or one collection.

    Raises SchemaError where it is none of these.
    """
    if isinstance(written, Mapping) and "collections" in written:
        written = written["collections"]
    if isinstance(written, Mapping):
        written = [written]
    if not isinstance(written, list | tuple) or not all(isinstance(item, Mapping) for item in written):
        raise SchemaError(
            "a schema in the dictionary form is {'collections': [{'name': …, 'fields': […]}, …]}",
            where=locate("", ""),
        )
    # An export holds the server's own collections as well: they are not the project's to declare.
    return [_collection(item, locate) for item in written if item.get("name") not in SYSTEM_COLLECTIONS]


def _collection(written: Mapping[str, Any], locate: Locate) -> dict[str, Any]:
    name = str(written.get("name", ""))
    where = locate(name, "")
    values: dict[str, Any] = {"name": name, "source": where, "type": written.get("type", "base")}
    # Up to 0.22, and in the tools of that time, everything but the basics stood under "options".
    flat = {**written, **_mapping(written.get("options"))}
    rules = flat.get("rules") or {}
    if isinstance(rules, Mapping):
        flat.pop("rules", None)
    else:
        rules = {}  # what stays under "rules" is reported
    auth: dict[str, Any] = {}
    for key, value in flat.items():
        if key in ("fields", "schema", *_IGNORED):
            continue
        if values["type"] == "auth" and key in _auth_keys():
            auth[key] = value
        elif key == "query":
            values["viewQuery"] = value
        else:
            values[_own_name(str(key))] = value
    for key, value in rules.items():
        spelled = _rule_name(str(key))
        (auth if spelled in _AUTH_RULES and values["type"] == "auth" else values)[spelled] = value
    fields = written.get("fields", written.get("schema")) or []
    values["auth"] = auth
    if values["type"] == "view":
        fields = []  # the query says what they are
    if isinstance(fields, Mapping):
        items = [(str(key), field) for key, field in fields.items()]
    elif isinstance(fields, list | tuple):
        items = [(str(f.get("name", "")) if isinstance(f, Mapping) else "", f) for f in fields]
    else:
        return {**values, "fields": fields}  # `build` says what is wrong with it
    values["fields"] = [_field(key, field, locate(name, key) or where) for key, field in items]
    return values


def _auth_keys() -> Set[str]:
    from pocketvex.schema.auth_options import AuthOptions

    return keys_of(AuthOptions) | {"tokens", "templates"}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _field(name: str, written: Any, where: Location | None) -> dict[str, Any]:
    if isinstance(written, FieldDeclaration):
        return written.as_dict(name)
    if not isinstance(written, Mapping):
        return {"name": name, "broken": written, "source": where}
    values = {"name": name, **written, **_mapping(written.get("options"))}
    values.pop("options", None)
    type_ = str(values.get("type", ""))
    model: type[FieldBase] = MODELS.get(type_, FieldBase)
    if type_ == "relation" and "collection" in values:
        values["target"] = values.pop("collection")
    spelled = {_alias(str(key)): value for key, value in values.items() if key != "source"}
    names = {info.alias or key: key for key, info in model.model_fields.items()}
    return {**{names.get(key, key): value for key, value in spelled.items()}, "source": where}


def _rule_name(key: str) -> str:
    short = key.removesuffix("Rule").removesuffix("_rule")
    return f"{short}Rule" if f"{short}Rule" in (*RULE_NAMES, *_AUTH_RULES) else key


def _own_name(key: str) -> str:
    """`list_rule` is `listRule`; `renamedFrom` is `renamed_from`."""
    known = {info.alias or name: name for name, info in Collection.model_fields.items()}
    spelled = _alias(key)
    if spelled in RULE_NAMES or spelled == "viewQuery":
        return spelled
    return known.get(spelled, key)
