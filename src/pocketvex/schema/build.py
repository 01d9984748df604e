"""From what was written, in any form, to checked models: every problem is found, not only the first."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from pocketvex.errors import SchemaError
from pocketvex.findings import Finding, Location
from pocketvex.schema.auth import stated_options
from pocketvex.schema.declare import Base, Env, FieldDeclaration, IndexDeclaration, as_values
from pocketvex.schema.fields import FIELD, MODELS, FieldBase, RelationField
from pocketvex.schema.indexes import Index, parse_column, parse_index
from pocketvex.schema.model import Collection, Schema, default_collection_id, system_id
from pocketvex.schema.rules import RULE_NAMES
from pocketvex.schema.system import FORCED, STANDARD, SYSTEM_COLLECTIONS
from pocketvex.schema.validate import check, meant
from pocketvex.schema.words import a, counted

_COLLECTION_KEYS = {
    "name", "type", "id", "renamed_from", "source", "system", "fields", "indexes", "auth", "viewQuery",
    "strays", *RULE_NAMES,
}  # fmt: skip
_UNION_STEPS = {*MODELS, "other", "float", "int", "str"}
_NOT_IN_SHELL = {"fields", "indexes", "auth", "strays"}
# Partial unique indexes let many records leave an optional value empty: the server stores "".
_EMPTY_IS_TEXT = ("text", "editor", "email", "url", "date", "select", "file", "relation")


_PATTERN_OF_ID = STANDARD["base"][0]["pattern"]
"""What the server gives an `id` that has none."""


def build_schema(written: Iterable[dict[str, Any] | type[Base]]) -> Schema:
    """The schema that classes (`declare.as_values`) and dictionaries (`schema.dictionary`) describe.

    Raises SchemaError with every problem and the line of each.
    """
    builder = _Builder()
    collections = [
        builder.collection(item if isinstance(item, dict) else as_values(item)) for item in written
    ]
    schema = Schema.model_construct(collections=[c for c in collections if c is not None])
    schema = _with_targets(schema)
    # A person sees everything at once: what could not be built is not missed where it is referred to.
    builder.problems += check(schema, builder.broken)
    if builder.problems:
        count = len(builder.problems)
        raise SchemaError(f"the schema has {counted(count, 'problem')}", problems=builder.problems)
    return schema


class _Builder:
    def __init__(self) -> None:
        self.problems: list[Finding] = []
        self.broken: dict[str, set[str]] = {}
        """The collections that are wrong, with the names of those fields that could not be built."""

    def wrong(self, path: str, message: str, where: Location | None) -> None:
        self.problems.append(Finding(path, message, where))

    def collection(self, values: dict[str, Any]) -> Collection | None:
        name, where = str(values.get("name", "")), values.get("source")
        for key in sorted(values.keys() - _COLLECTION_KEYS, key=str):
            self.wrong(name, _unknown_key(key, values[key]), where)
        for stray, message in values.get("strays", ()):
            self.wrong(f"{name}.{stray}", message, where)
        given = self.listed(values, "fields", name, where)
        type_ = str(values.get("type", "base"))
        built = [(raw, self.as_kept(name, type_, raw, self.field(name, raw, where))) for raw in given]
        fields = [field for _, field in built if field is not None]
        lost = {str(raw.get("name", "")).lower() for raw, field in built if field is None}
        if lost:
            self.broken[name.lower()] = lost | {stray.lower() for stray, _ in values.get("strays", ())}
        indexes = [
            i for raw in self.listed(values, "indexes", name, where) if (i := self.index(name, raw, where))
        ]
        indexes += [
            _unique_index(name, field)
            for raw, field in built
            if field
            and raw.get("unique")
            and not any(i.unique and i.covers_only(field.name) for i in indexes)
        ]
        plain = {k: v for k, v in values.items() if k in _COLLECTION_KEYS - _NOT_IN_SHELL}
        auth = self.auth(name, type_, values.get("auth") or {}, where)
        try:
            shell = Collection.model_validate({**plain, "renamed_from": values.get("renamed_from")})
        except ValidationError as error:
            self.problems += problems_of(error, name, where)
            self.broken.setdefault(name.lower(), set())
            return None
        return shell.model_copy(update={"fields": fields, "indexes": indexes, "auth": auth})

    def listed(self, values: dict[str, Any], key: str, name: str, where: Location | None) -> list[Any]:
        found = values.get(key) or []
        if isinstance(found, list | tuple):
            return list(found)
        self.wrong(f"{name}.{key}", f"is a list, not {found!r}", where)
        return []

    def field(self, collection: str, raw: dict[str, Any], fallback: Location | None) -> FieldBase | None:
        name, type_ = str(raw.get("name", "")), str(raw.get("type", ""))
        path, where = f"{collection}.{name}", raw.get("source") or fallback
        if "broken" in raw:
            self.wrong(path, _no_field(raw["broken"]), where)
            return None
        if type_ not in MODELS:
            known = ", ".join(MODELS)
            self.wrong(path, f"no field type '{type_}'{meant(type_, MODELS)} (there are: {known})", where)
            return None
        for message in raw.get("wrong", ()):
            self.wrong(path, message, where)
        known_keys = {*keys_of(MODELS[type_]), "unique", "source", "wrong"}
        unknown = raw.keys() - known_keys
        for key in sorted(unknown):
            self.wrong(path, f"{a(type_)} field has no option '{key}'{meant(key, known_keys)}", where)
        options = {k: v for k, v in raw.items() if k not in unknown and k not in ("unique", "wrong")}
        target = options.get("target")
        if isinstance(target, type) and issubclass(target, Base):
            options["target"] = target.collection_name
        elif "target" in options and not isinstance(target, str):
            self.wrong(path, "a relation's target is a collection class, a name, or 'self'", where)
            return None
        if options.get("model") is not None and not isinstance(options["model"], dict):
            try:
                options["model"] = _json_schema(options["model"])
            except Exception as error:  # whatever a model's own code raises
                reason = str(error).partition("\n")[0]
                self.wrong(path, f"{options.pop('model')!r} is no model that JSON can hold: {reason}", where)
        if name == "id" and type_ == "text" and not options.get("pattern"):
            options["pattern"] = _PATTERN_OF_ID
        try:
            return FIELD.validate_python({**options, "source": where})
        except ValidationError as error:
            self.problems += problems_of(error, path, where)
            return None

    def as_kept(
        self, collection: str, type_: str, raw: dict[str, Any], field: FieldBase | None
    ) -> FieldBase | None:
        """A field that is the server's own, with the options that it has there whatever is said."""
        forced = FORCED.get(type_, {}).get(field.name) if field else None
        if field is None or forced is None:
            return field
        for option, value in forced.items():
            if raw.get(option, value) != value:
                message = f"PocketBase keeps {option}={value} of its own {field.name}, whatever it is sent"
                self.wrong(f"{collection}.{field.name}", message, field.source)
        known = type(field).model_fields
        return field.model_copy(update={k: v for k, v in forced.items() if k in known})

    def index(self, collection: str, raw: Any, where: Location | None) -> Index | None:
        if isinstance(raw, IndexDeclaration):
            columns = tuple(parse_column(column) for column in raw.columns)
            stem = "_".join(c.expr for c in columns)
            name = raw.name or _index_name(collection, stem)
            return Index(name, columns, raw.unique, " ".join(raw.where.split()))
        try:
            if not isinstance(raw, str):
                raise ValueError(f"not an index: {raw!r}; use index('column', …) or a CREATE INDEX statement")
            return parse_index(raw)
        except ValueError as error:
            self.wrong(f"{collection}.indexes", str(error), where)
            return None

    def auth(
        self, collection: str, type_: str, written: dict[str, Any], where: Location | None
    ) -> dict[str, Any]:
        if written and type_ != "auth":
            self.wrong(collection, f"{next(iter(written))} is for auth collections only", where)
        if not written or type_ != "auth":
            return {}
        from pocketvex.schema.auth_options import AuthOptions

        try:
            values = _spell_out(written)
            self.unknown_keys(AuthOptions, values, collection, where)
            return stated_options(_with_env(values))
        except ValidationError as error:
            self.problems += problems_of(error, collection, where)
        except ValueError as error:
            self.wrong(collection, str(error), where)
        return {}

    def unknown_keys(self, model: type[BaseModel], values: Any, path: str, where: Location | None) -> None:
        """Report keys that a group of auth options does not have, at any depth."""
        if isinstance(values, list):
            for item in values:
                self.unknown_keys(model, item, path, where)
        if not isinstance(values, dict):
            return
        known = keys_of(model)
        for key, value in values.items():
            if key not in known:
                self.wrong(path, f"no option '{key}'{meant(key, known)}", where)
            elif inner := _inner_model(model, key):
                self.unknown_keys(inner, value, f"{path}.{key}", where)


def _with_targets(schema: Schema) -> Schema:
    """The schema with each relation naming its target as that is spelled."""
    ids = _ids(schema)
    names = {c.name.lower(): c.name for c in schema.collections}

    def target(home: Collection, field: RelationField) -> str:
        said = field.target or ids.get(field.collection_id, field.collection_id)
        said = home.name if said == "self" else ids.get(said, said)
        return names.get(said.lower(), said)

    return schema.with_targets(target)


def _ids(schema: Schema) -> dict[str, str]:
    """The names of collections by their ids: those that are declared, else those that PocketBase gives.

    An export of some collections points at the others by their ids alone.
    """
    usual = {system_id(name): name for name in (*SYSTEM_COLLECTIONS, "users")}
    usual |= {default_collection_id(c): c.name for c in schema.collections if not c.id}
    return {**usual, **{c.id: c.name for c in schema.collections if c.id}}


@cache
def keys_of(model: type[BaseModel]) -> frozenset[str]:
    """The names that a model's values may be given by: ours and the server's."""
    return frozenset(name for key, info in model.model_fields.items() for name in (key, info.alias or key))


def problems_of(error: ValidationError, path: str, where: Location | None) -> list[Finding]:
    """Pydantic's complaints in our words."""
    found: dict[str, Finding] = {}
    for item in error.errors():
        steps = [str(step) for step in item["loc"] if str(step) not in _UNION_STEPS]
        message = item["msg"].removeprefix("Value error, ")
        message = message[:1].lower() + message[1:]
        given = f", not {item['input']!r}" if item["type"] != "missing" else ""
        at = ".".join(filter(None, [path, *steps]))
        # A union complains once for each of its members.
        found.setdefault(at, Finding(at, f"{message}{given}", where))
    return list(found.values())


def _inner_model(model: type[BaseModel], key: str) -> type[BaseModel] | None:
    info = next(i for k, i in model.model_fields.items() if key in (k, i.alias))
    pending: list[Any] = [info.annotation]
    while pending:
        item = pending.pop()
        if inspect.isclass(item) and issubclass(item, BaseModel):
            return item
        pending += getattr(item, "__args__", ())
    return None


def _unknown_key(key: str, value: object) -> str:
    if key == "rules":
        return f"`rules` takes Rules(list=…, view=…, create=…, update=…, delete=…), not {value!r}"
    known = _COLLECTION_KEYS - _NOT_IN_SHELL - {"source"} | {"fields", "indexes"}
    return f"a collection has no '{key}'{meant(str(key), known)}"


def _no_field(value: object) -> str:
    if inspect.isfunction(value) and value.__module__ == "pocketvex.schema.field":
        return f"is a field that is not called: write field.{value.__name__}()"
    return f"is not a field: {value!r}; use field.text(), field.number() …"


def _index_name(collection: str, stem: str) -> str:
    return "idx_" + "_".join(
        part for part in "".join(c if c.isalnum() else "_" for c in f"{collection}_{stem}").split("_") if part
    )


def _unique_index(collection: str, field: FieldBase) -> Index:
    may_be_empty = not field.required and not field.multiple and field.type in _EMPTY_IS_TEXT
    where = f"`{field.name}` != ''" if may_be_empty else ""
    name = _index_name(collection, f"{field.name}_unique")
    return Index(name, (parse_column(field.name),), True, where)


def _json_schema(model: Any) -> dict[str, Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(model).json_schema()


_TOKENS = {
    "auth": "authToken",
    "password_reset": "passwordResetToken",
    "email_change": "emailChangeToken",
    "verification": "verificationToken",
    "file": "fileToken",
}
_TEMPLATES = {
    "verification": "verificationTemplate",
    "reset_password": "resetPasswordTemplate",
    "confirm_email_change": "confirmEmailChangeTemplate",
}


def _spell_out(written: dict[str, Any]) -> dict[str, Any]:
    """The short forms of the class attributes as the groups that they stand for."""
    values = dict(written)
    for name, group in (("tokens", _TOKENS), ("templates", _TEMPLATES)):
        for key, value in dict(values.pop(name, None) or {}).items():
            if key not in group:
                raise ValueError(f"{name} has no '{key}'{meant(key, group)} (there are: {', '.join(group)})")
            values[group[key]] = value if isinstance(value, dict) else {"duration": value}
    for name in ("mfa", "otp", "auth_alert", "oauth2", "password_auth"):
        if isinstance(values.get(name), bool):
            values[name] = {"enabled": values[name]}
    if isinstance(identity := values.get("password_auth"), list | tuple):
        values["password_auth"] = {"enabled": True, "identity_fields": list(identity)}
    if isinstance(providers := values.get("oauth2"), list | tuple):
        values["oauth2"] = {"enabled": True, "providers": list(providers)}
    return values


def _with_env(value: Any) -> Any:
    if isinstance(value, Env):
        return {"env": value.name}
    if isinstance(value, dict):
        return {key: _with_env(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_env(item) for item in value]
    return value


def field_values(value: FieldDeclaration | dict[str, Any], name: str) -> dict[str, Any]:
    """A field of the dictionary form, which may hold declarations as well."""
    return value.as_dict(name) if isinstance(value, FieldDeclaration) else value


__all__: Sequence[str] = ("build_schema", "field_values", "keys_of", "problems_of")
