"""PocketBase's own limits, checked before anything is sent.

Each limit is the server's (POCKETBASE 0.23 to 0.40, verified by sending what breaks it).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from math import isfinite
from types import MappingProxyType
from typing import Any

from pocketvex.errors import Location, Problem
from pocketvex.schema.circles import circle
from pocketvex.schema.fields import (
    AutodateField,
    DateField,
    EditorField,
    EmailField,
    FieldBase,
    FileField,
    JsonField,
    NumberField,
    PasswordField,
    RelationField,
    SelectField,
    TextField,
    UrlField,
    stored_date,
)
from pocketvex.schema.model import PRIVATE_PREFIX, Collection, Schema
from pocketvex.schema.rules import RULE_NAMES
from pocketvex.schema.system import STANDARD, SYSTEM_COLLECTIONS
from pocketvex.schema.views import sources

_INTERNAL_TABLES = ("_collections", "_params", "_migrations", "_logs")
_MAX_INT = 2**53 - 1
_OWN = {kind: {f["name"].lower(): (f["name"], f["type"]) for f in own} for kind, own in STANDARD.items()}
_RESERVED_FIELDS = ("null", "true", "false", "_rowid_", "expand", "collectionid", "collectionname")
_WORD = re.compile(r"\w+", re.ASCII)
_ID = re.compile(r"[\w]{1,100}", re.ASCII)
# Lower case, at least two parts, no underscore, no dot at the end (0.23 to 0.40).
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{1,63}", re.ASCII)
_THUMB = re.compile(r"(?!0x0)\d+x\d+[tbf]?", re.ASCII)
_NOT_RE2 = re.compile(r"(?<!\\)\(\?(?:=|!|<=|<!|>)|(?<!\\)(?:\\\\)*\\[1-9]")


def check(schema: Schema, broken: Mapping[str, AbstractSet[str]] = MappingProxyType({})) -> list[Problem]:
    """Everything about a declared schema that a server would refuse, with the line that says it.

    `broken` names, in lower case, collections and their fields that are declared and could not be built:
    their absence is no problem of its own.
    """
    return list(_check(schema, broken))


def _check(schema: Schema, broken: Mapping[str, AbstractSet[str]]) -> Iterator[Problem]:
    names = schema.names() | set(SYSTEM_COLLECTIONS)
    known = {name.lower() for name in names} | set(broken)
    types = {c.name.lower(): c.type for c in schema.collections}
    seen: dict[str, Collection] = {}
    index_names: dict[str, str] = {}
    for changed, message in _exchanged(schema.collections):
        yield _problem(changed, "", f"renamed_from: {message}: give one a third name in between")
    for collection in schema.collections:
        twin = seen.setdefault(collection.name.lower(), collection)
        if twin is not collection:
            at = f", also at {twin.source}" if twin.source else ""
            other = f" as {twin.name}: case makes no difference" if twin.name != collection.name else ""
            yield _problem(collection, "", f"is declared twice{at}{other}")
        yield from _collection(collection)
        yield from _fields(collection)
        lost = broken.get(collection.name.lower(), frozenset())
        yield from _indexes(collection, index_names, lost)
        yield from _references(collection, types, known)
        yield from _auth(collection, lost)


def _problem(collection: Collection, path: str, message: str, where: Location | None = None) -> Problem:
    name = f"{collection.name}.{path}" if path else collection.name
    return Problem(name, message, where or collection.source)


def _collection(collection: Collection) -> Iterator[Problem]:
    name = collection.name
    if not _WORD.fullmatch(name) or len(name) > 255:
        yield _problem(collection, "", "a name is 1 to 255 of the characters a-z, A-Z, 0-9 and _")
    if "_via_" in name.lower():
        yield _problem(collection, "", "a name must not contain '_via_', which means a back-relation")
    if name in _INTERNAL_TABLES or name.lower().startswith("sqlite_"):
        yield _problem(collection, "", "is the name of an internal table")
    if name.startswith(PRIVATE_PREFIX):
        yield _problem(collection, "", f"names that begin with {PRIVATE_PREFIX} are PocketVex's own")
    if collection.id and not _ID.fullmatch(collection.id):
        yield _problem(collection, "id", "an id is 1 to 100 of the characters a-z, A-Z, 0-9 and _")
    if collection.type == "view":
        if not collection.view_query.strip():
            yield _problem(collection, "query", 'a view needs `query = "SELECT …"`')
        if collection.fields:
            yield _problem(collection, "fields", "the fields of a view come from its query")
        if collection.indexes:
            yield _problem(collection, "indexes", "a view has no indexes")
        for rule in RULE_NAMES[2:]:
            if collection.rules()[rule] is not None:
                yield _problem(collection, rule, "a view is read-only: only list and view rules")
    elif collection.view_query:
        yield _problem(collection, "query", f"a {collection.type} collection has no query")


def _exchanged(things: Sequence[Collection] | Sequence[FieldBase]) -> Iterator[tuple[Any, str]]:
    """Names that are said to be handed round in a circle, where no ids tell whether that was done."""
    known = {thing.name.lower(): thing for thing in things}

    def before(name: str) -> str | None:
        return known[name].renamed_from if name in known else None

    for name, thing in known.items():
        round_ = circle(name, before)
        if round_ and not all(known[other].id for other in round_):
            yield thing, f"{' and '.join(round_)} take each other's names, and nothing tells whether they did"


def _fields(collection: Collection) -> Iterator[Problem]:
    for field, message in _exchanged(collection.fields):
        way = "give each its id= (`schema pull` writes them), or a third name in between"
        yield _problem(collection, field.name, f"renamed_from: {message}: {way}", field.source)
    seen: set[str] = set()
    ids: set[str] = set()
    for field in collection.fields:
        if field.name.lower() in seen:
            yield _problem(collection, field.name, "is declared twice", field.source)
        if field.id and field.id in ids:
            yield _problem(collection, field.name, f"has the id of another field: {field.id}", field.source)
        seen.add(field.name.lower())
        ids.add(field.id)
        for message in (*_field_name(collection, field), *_system(collection, field), *_options(field)):
            yield _problem(collection, field.name, message, field.source)


def _field_name(collection: Collection, field: FieldBase) -> Iterator[str]:
    name = field.name
    if not _WORD.fullmatch(name) or len(name) > 100:
        yield "a field's name is 1 to 100 of the characters a-z, A-Z, 0-9 and _"
    if name.lower() in _RESERVED_FIELDS:
        yield "is a name that PocketBase keeps for itself"
    if "_via_" in name.lower():
        yield "a name must not contain '_via_', which means a back-relation"
    if collection.type == "auth" and name in ("passwordConfirm", "oldPassword"):
        yield "is a name that PocketBase keeps for sign-up and password change"
    if len(field.id) > 100:
        yield "an id has at most 100 characters"
    if len(field.help) > 300:
        yield "help has at most 300 characters"
    if field.type == "autodate" and (field.required or field.help):
        yield "an autodate field has neither `required` nor `help`"


def _system(collection: Collection, field: FieldBase) -> Iterator[str]:
    """What nobody can say of the fields that the server adds by itself: it would answer with an error, or
    take the column away and not make it again."""
    own = _OWN[collection.type]
    if (field.renamed_from or "").lower() in own:
        yield f"renamed_from: {field.renamed_from} is PocketBase's own field, and keeps its name"
    if field.name.lower() not in own:
        return
    name, type_ = own[field.name.lower()]
    if field.name != name:
        yield f"PocketBase's own field of that name is spelled {name}"
    if field.type != type_:
        yield f"is PocketBase's own field, a {type_} field: it cannot become a {field.type} field"
    if field.renamed_from:
        yield "is PocketBase's own field, which every server has: nothing is renamed to it"


def _range(name: str, value: float | None, low: float = 0, high: float = _MAX_INT) -> Iterator[str]:
    if value is not None and not low <= value <= high:
        yield f"{name} must be between {low} and {high}, not {value}"


def _options(field: FieldBase) -> Iterator[str]:
    match field:
        case TextField() | PasswordField():
            high = 71 if isinstance(field, PasswordField) else _MAX_INT
            yield from _range("min", field.min, high=high)
            yield from _range("max", field.max, high=high)
            if field.max and field.max < field.min:
                yield f"max ({field.max}) is less than min ({field.min})"
            yield from _pattern(field.pattern)
            if isinstance(field, PasswordField) and field.cost:
                yield from _range("cost", field.cost, 4, 31)
        case EditorField() | JsonField():
            yield from _range("max_size", field.max_size)
        case NumberField():
            yield from _number(field)
        case EmailField() | UrlField():
            if field.only_domains and field.except_domains:
                yield "only_domains and except_domains exclude each other"
            for domain in (*field.only_domains, *field.except_domains):
                if not _DOMAIN.fullmatch(domain):
                    yield f"{domain!r} is not a domain"
        case DateField():
            for value in (field.min, field.max):
                if value and not re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z", stored_date(value)):
                    yield f"{value!r} is not a date: write 2024-01-31 or 2024-01-31 10:00:00"
            if field.min and field.max and field.min > field.max:
                yield "max is before min"
        case AutodateField():
            if not (field.on_create or field.on_update):
                yield "an autodate field needs on_create, on_update, or both"
        case SelectField():
            yield from _select(field)
        case FileField():
            yield from _range("max", field.max_select)
            yield from _range("max_size", field.max_size)
            yield from (f"{t!r} is not a thumb size like 100x100, 0x50 or 100x100t" for t in field.thumbs
                        if not _THUMB.fullmatch(t))  # fmt: skip
        case RelationField():
            yield from _range("max", field.max_select)
            yield from _range("min", field.min_select)
            if field.min_select and field.max_select < field.min_select:
                yield f"max ({field.max_select}) is less than min ({field.min_select})"
        case _:
            return


def _number(field: NumberField) -> Iterator[str]:
    if field.min is not None and field.max is not None and field.max < field.min:
        yield f"max ({field.max}) is less than min ({field.min})"
    for name, value in (("min", field.min), ("max", field.max)):
        if value is not None and not isfinite(value):
            yield f"{name} must be a finite number, not {value}"
        elif field.only_int and isinstance(value, float):
            yield f"{name} must be a whole number, since only whole numbers are allowed"


def _select(field: SelectField) -> Iterator[str]:
    if not field.values:
        yield "a select field needs values"
    if "" in field.values:
        yield "an empty text cannot be one of the values: it means that nothing was chosen"
    if len(set(field.values)) < len(field.values):
        yield "a value stands twice"
    for old, new in field.remap.items():
        if old in field.values:
            yield f"remap: '{old}' is one of the values, so nothing else is put in its place"
        if new and new not in field.values:
            yield f"remap: '{new}' is none of the values"
    if field.values and field.max_select > len(field.values):
        yield f"max ({field.max_select}) is more than there are values ({len(field.values)})"
    yield from _range("max", field.max_select)


def _pattern(pattern: str) -> Iterator[str]:
    if found := _NOT_RE2.search(pattern):
        yield f"the pattern uses {found[0]!r}, which Go's regular expressions (RE2) do not have"


def _indexes(collection: Collection, taken: dict[str, str], lost: AbstractSet[str]) -> Iterator[Problem]:
    meanings: dict[tuple[object, ...], str] = {}
    own: set[str] = set()
    columns = {f.name.lower() for f in collection.fields} | {"id"} | lost
    if collection.type == "auth":
        columns |= {"password", "tokenkey", "email", "emailvisibility", "verified"}
    for index in collection.indexes:
        name = index.name.lower()
        other = taken.setdefault(name, collection.name)
        if other != collection.name:
            yield _problem(collection, "indexes", f"the name {index.name} is taken in {other}")
        twin = meanings.setdefault(index.meaning(), index.name)
        if name in own:
            yield _problem(collection, "indexes", f"{index.name} stands twice")
        elif twin.lower() != name:
            yield _problem(collection, "indexes", f"{index.name} is the same as {twin}")
        own.add(name)
        for column in index.columns:
            if _WORD.fullmatch(column.expr) and column.expr.lower() not in columns:
                yield _problem(collection, "indexes", f"{index.name}: no field '{column.expr}'")


def _references(
    collection: Collection, types: Mapping[str, str], known: AbstractSet[str]
) -> Iterator[Problem]:
    adopt = "declare it, or adopt it from a server with `pocketvex schema pull {0}`"
    for field in collection.fields:
        if not isinstance(field, RelationField):
            continue
        target = field.target.lower()
        if not target:
            yield _problem(collection, field.name, "a relation needs a target", field.source)
        elif target not in known:
            message = f"no collection '{field.target}': {adopt.format(field.target)}"
            yield _problem(collection, field.name, message, field.source)
        elif types.get(target) == "view" and collection.type != "view":
            yield _problem(collection, field.name, "a relation cannot point at a view", field.source)
    for name in sorted(sources(collection.view_query) if collection.view_query else ()):
        if name.lower() not in known:
            yield _problem(collection, "query", f"no collection '{name}': {adopt.format(name)}")


def _auth(collection: Collection, lost: AbstractSet[str]) -> Iterator[Problem]:
    options = collection.auth
    if options.get("manageRule") == "":
        yield _problem(collection, "manage_rule", "cannot be public: give a rule or None")
    for name, value in options.items():
        if name.endswith("Token") and not 10 <= value.get("duration", 10) <= 94670856:
            yield _problem(collection, name, "a token's duration is 10 seconds to 94670856 (three years)")
        # The server completes what is left out, and refuses what is empty.
        if name.endswith("Template") and "" in (value.get("subject"), value.get("body")):
            yield _problem(collection, name, "the subject and the body of a template must not be empty")
    otp = options.get("otp", {})
    if otp.get("enabled") and (not 10 <= otp.get("duration", 180) <= 86400 or otp.get("length", 8) < 4):
        yield _problem(collection, "otp", "duration is 10 to 86400 seconds, length at least 4")
    for provider in options.get("oauth2", {}).get("providers", ()):
        if isinstance(provider.get("clientSecret"), str) and provider["clientSecret"]:
            message = f'the secret of {provider["name"]} stands in the code: use env("NAME")'
            yield _problem(collection, "oauth2", message)
    password = options.get("passwordAuth", {})
    if password.get("enabled") and password.get("identityFields") == []:
        yield _problem(collection, "password_auth", "needs at least one identity field while it is enabled")
    for name in password.get("identityFields", ()):
        if name.lower() in lost:
            continue
        if name != "email" and collection.field(name) is None:
            yield _problem(collection, "password_auth", f"no field '{name}'")
        elif name != "email" and not any(i.unique and i.covers_only(name) for i in collection.indexes):
            yield _problem(
                collection, "password_auth", f"'{name}' needs a unique index of its own (unique=True)"
            )


def for_server(schema: Schema, version: tuple[int, ...]) -> list[Problem]:
    """What the schema asks for and a server of this version does not have."""
    found = []
    for collection in schema.collections:
        if version < (0, 27, 0):
            found += [
                _problem(collection, f.name, "geoPoint fields came with PocketBase 0.27", f.source)
                for f in collection.fields
                if f.type == "geoPoint"
            ]
        if version < (0, 40, 3):
            found += [
                _problem(collection, "indexes", f"{i.name}: before 0.40.3 no parentheses in WHERE")
                for i in collection.indexes
                if "(" in i.where
            ]
    return found
