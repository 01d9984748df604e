"""What no server can hold, checked before anything is sent: names, and what things point at.

Each limit is the server's (PocketBase 0.23 to 0.40, verified by sending what breaks it). The limits on
options, which a server may hold all the same, are in `limits`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import Any

from pocketvex.findings import Finding, Location
from pocketvex.schema.circles import circle
from pocketvex.schema.fields import FieldBase, RelationField, SelectField
from pocketvex.schema.model import PRIVATE_PREFIX, RECORD_NAME, Collection, Schema
from pocketvex.schema.system import STANDARD, SYSTEM_COLLECTIONS
from pocketvex.schema.words import a
from pocketvex.versions import GEO_POINTS, PARENTHESES_IN_PARTIAL_INDEXES, Version

_INTERNAL_TABLES = ("_collections", "_params", "_migrations", "_logs")
_OWN = {kind: {f["name"].lower(): (f["name"], f["type"]) for f in own} for kind, own in STANDARD.items()}
_RESERVED_FIELDS = ("null", "true", "false", "_rowid_", "expand", "collectionid", "collectionname")
_WORD = re.compile(r"\w+", re.ASCII)
_ID = re.compile(r"[\w]{1,100}", re.ASCII)


def check(schema: Schema, broken: Mapping[str, AbstractSet[str]] = MappingProxyType({})) -> list[Finding]:
    """Everything about a declared schema that a server would refuse, with the line that says it.

    `broken` names, in lower case, collections and their fields that are declared and could not be built:
    their absence is no problem of its own.
    """
    return list(_check(schema, broken))


def _check(schema: Schema, broken: Mapping[str, AbstractSet[str]]) -> Iterator[Finding]:
    names = schema.names() | set(SYSTEM_COLLECTIONS)
    known = {name.lower() for name in names} | set(broken)
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
        yield from _references(collection, known, names)
        yield from _secrets(collection)


def _problem(collection: Collection, path: str, message: str, where: Location | None = None) -> Finding:
    name = f"{collection.name}.{path}" if path else collection.name
    return Finding(name, message, where or collection.source)


def _collection(collection: Collection) -> Iterator[Finding]:
    name = collection.name
    if not _WORD.fullmatch(name) or len(name) > 255:
        yield _problem(collection, "", "a name is 1 to 255 of the characters a-z, A-Z, 0-9 and _")
    if "_via_" in name.lower():
        yield _problem(collection, "", "a name must not contain '_via_', which means a back-relation")
    if name in _INTERNAL_TABLES or name.lower().startswith("sqlite_"):
        yield _problem(collection, "", "is the name of an internal table")
    if name == RECORD_NAME:
        yield _problem(collection, "", "is the name of PocketVex's own collection")
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
    elif collection.view_query:
        yield _problem(collection, "query", f"{a(collection.type)} collection has no query")


def _exchanged(things: Sequence[Collection] | Sequence[FieldBase]) -> Iterator[tuple[Any, str]]:
    """Names that are said to be handed round in a circle, where no ids tell whether that was done."""
    known = {thing.name.lower(): thing for thing in things}

    def before(name: str) -> str | None:
        return known[name].renamed_from if name in known else None

    for name, thing in known.items():
        round_ = circle(name, before)
        if round_ and not all(known[other].id for other in round_):
            yield thing, f"{' and '.join(round_)} take each other's names, and nothing tells whether they did"


def _fields(collection: Collection) -> Iterator[Finding]:
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
        for message in (*_field_name(collection, field), *_system(collection, field)):
            yield _problem(collection, field.name, message, field.source)


def _field_name(collection: Collection, field: FieldBase) -> Iterator[str]:
    name = field.name
    if not _WORD.fullmatch(name) or len(name) > 100:
        yield "a field's name is 1 to 100 of the characters a-z, A-Z, 0-9 and _"
    if name.lower() in _RESERVED_FIELDS:
        yield "is a name that PocketBase keeps for itself"
    if "_via_" in name.lower():
        yield "a name must not contain '_via_', which means a back-relation"
    if name.startswith(PRIVATE_PREFIX):
        yield f"names that begin with {PRIVATE_PREFIX} are PocketVex's own"
    if collection.type == "auth" and name in ("passwordConfirm", "oldPassword"):
        yield "is a name that PocketBase keeps for sign-up and password change"
    if len(field.id) > 100:
        yield "an id has at most 100 characters"
    if field.type == "autodate" and (field.required or field.help):
        yield "an autodate field has neither `required` nor `help`"
    if isinstance(field, SelectField):
        yield from _remap(field)


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
        yield f"is PocketBase's own field, {a(type_)} field: it cannot become {a(field.type)} field"
    if field.renamed_from:
        yield "is PocketBase's own field, which every server has: nothing is renamed to it"


def _remap(field: SelectField) -> Iterator[str]:
    for old, new in field.remap.items():
        if old in field.values:
            yield f"remap: '{old}' is one of the values, so nothing else is put in its place"
        if new and new not in field.values:
            yield f"remap: '{new}' is none of the values"


def _indexes(collection: Collection, taken: dict[str, str], lost: AbstractSet[str]) -> Iterator[Finding]:
    own: set[str] = set()
    columns = {f.name.lower() for f in collection.fields} | {"id"} | lost
    if collection.type == "auth":
        columns |= {"password", "tokenkey", "email", "emailvisibility", "verified"}
    for index in collection.indexes:
        name = index.name.lower()
        other = taken.setdefault(name, collection.name)
        if other != collection.name:
            yield _problem(collection, "indexes", f"the name {index.name} is taken in {other}")
        if name in own:
            yield _problem(collection, "indexes", f"{index.name} stands twice")
        own.add(name)
        for column in index.columns:
            if _WORD.fullmatch(column.expr) and column.expr.lower() not in columns:
                said = meant(column.expr, [field.name for field in collection.fields])
                yield _problem(collection, "indexes", f"{index.name}: no field '{column.expr}'{said}")


def _references(
    collection: Collection, known: AbstractSet[str], names: AbstractSet[str]
) -> Iterator[Finding]:
    for field in collection.fields:
        if not isinstance(field, RelationField):
            continue
        if not field.target:
            yield _problem(collection, field.name, "a relation needs a target", field.source)
        elif field.target.lower() not in known:
            yield _problem(collection, field.name, _no_collection(field.target, names), field.source)


def _no_collection(name: str, names: AbstractSet[str]) -> str:
    own = [known for known in names if not known.startswith("_") or name.startswith("_")]
    return f"no collection '{name}'{meant(name, own) or f': {adopting(name)}'}"


def meant(written: str, known: Iterable[str]) -> str:
    """`: did you mean 'title'?`, or nothing where no known name is near."""
    from difflib import get_close_matches

    near = get_close_matches(written, list(known), n=1)
    return f": did you mean '{near[0]}'?" if near else ""


def adopting(name: str) -> str:
    """What to do where a collection is named that the code does not declare."""
    return f"declare it, or adopt it from a server with `pocketvex schema pull {name}`"


def _secrets(collection: Collection) -> Iterator[Finding]:
    for provider in collection.auth.get("oauth2", {}).get("providers", ()):
        if isinstance(provider.get("clientSecret"), str) and provider["clientSecret"]:
            message = f'the secret of {provider["name"]} stands in the code: use env("NAME")'
            yield _problem(collection, "oauth2", message)


def for_server(schema: Schema, version: Version) -> list[Finding]:
    """What the schema asks for and a server of this version does not have."""
    found = []
    for collection in schema.collections:
        if version < GEO_POINTS:
            found += [
                _problem(collection, f.name, "geoPoint fields came with PocketBase 0.27", f.source)
                for f in collection.fields
                if f.type == "geoPoint"
            ]
        if version < PARENTHESES_IN_PARTIAL_INDEXES:
            found += [
                _problem(collection, "indexes", f"{i.name}: before 0.40.3 no parentheses in WHERE")
                for i in collection.indexes
                if "(" in i.where
            ]
    return found
