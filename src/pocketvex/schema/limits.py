"""PocketBase's limits on options: what it checks when a collection is saved, and what it never checks.

A server may hold either: an older version took it, or it came by a migration that checks nothing. So neither
keeps a schema from being loaded. What would be refused is said before it is sent; `lint` names both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from math import isfinite

from pocketvex.findings import Finding, Location
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
from pocketvex.schema.model import Collection, Schema
from pocketvex.schema.rules import RULE_NAMES
from pocketvex.schema.system import SYSTEM_COLLECTIONS
from pocketvex.schema.validate import adopting
from pocketvex.schema.views import sources, tables_read

_MAX_INT = 2**53 - 1
# At least two parts, no underscore, no dot at the end (0.23 to 0.40).
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{1,63}", re.ASCII | re.I)
_THUMB = re.compile(r"(?!0x0)\d+x\d+[tbf]?", re.ASCII)
_NOT_RE2 = re.compile(r"(?<!\\)\(\?(?:=|!|<=|<!|>)|(?<!\\)(?:\\\\)*\\[1-9]")
# SQLite's own tables and functions, and PocketBase's, which no collection stands for.
_TABLE_OF_ITS_OWN = re.compile(r"(?i)sqlite_\w+|pragma_\w+|dbstat|_collections|_params|_migrations|_logs")


def refused(schema: Schema) -> list[Finding]:
    """What a server refuses when it is saved, each with the line that says it."""
    return [problem for c in schema.collections for problem in _refused(schema, c)]


def odd(schema: Schema) -> list[Finding]:
    """What a server takes, and what cannot do what it says."""
    names = {name.lower() for name in schema.names()}
    return [problem for c in schema.collections for problem in _odd(c, names)]


def _problem(collection: Collection, path: str, message: str, where: Location | None = None) -> Finding:
    return Finding(f"{collection.name}.{path}", message, where or collection.source)


def _refused(schema: Schema, collection: Collection) -> Iterator[Finding]:
    for field in collection.fields:
        for message in _options(field) if collection.type != "view" else ():
            yield _problem(collection, field.name, message, field.source)
        if isinstance(field, RelationField) and collection.type != "view":
            target = schema.collection(field.target)
            if target is not None and target.type == "view":
                yield _problem(collection, field.name, "a relation cannot point at a view", field.source)
    for rule in RULE_NAMES[2:] if collection.type == "view" else ():
        if collection.rules()[rule] is not None:
            yield _problem(collection, rule, "a view is read-only: only list and view rules")
    yield from _same_indexes(collection)
    for name in unknown_tables(schema, collection):
        yield _problem(collection, "query", f"no collection '{name}': {adopting(name)}")
    yield from _auth(collection)


def _range(name: str, value: float | None, low: float = 0, high: float = _MAX_INT) -> Iterator[str]:
    if value is not None and not low <= value <= high:
        yield f"{name} must be between {low} and {high}, not {value}"


def _options(field: FieldBase) -> Iterator[str]:
    if len(field.help) > 300:
        yield "help has at most 300 characters"
    match field:
        case TextField() | PasswordField():
            yield from _text(field)
        case EditorField() | JsonField():
            yield from _range("max_size", field.max_size)
        case NumberField():
            yield from _number(field)
        case EmailField() | UrlField():
            if field.only_domains and field.except_domains:
                yield "only_domains and except_domains exclude each other"
            for domain in (*field.only_domains, *field.except_domains):
                if domain and not _DOMAIN.fullmatch(domain):
                    yield f"{domain!r} is not a domain"
        case DateField():
            for value in (field.min, field.max):
                if value and not re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z", stored_date(value)):
                    yield f"{value!r} is not a date: write 2024-01-31 or 2024-01-31 10:00:00"
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


def _text(field: TextField | PasswordField) -> Iterator[str]:
    high = 71 if isinstance(field, PasswordField) else _MAX_INT
    yield from _range("min", field.min, high=high)
    yield from _range("max", field.max, high=high)
    if field.max and field.max < field.min:
        yield f"max ({field.max}) is less than min ({field.min})"
    if found := _NOT_RE2.search(field.pattern):
        yield f"the pattern uses {found[0]!r}, which Go's regular expressions (RE2) do not have"
    if isinstance(field, PasswordField) and field.cost:
        yield from _range("cost", field.cost, 4, 31)


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
    if field.values and field.max_select > len(field.values):
        yield f"max ({field.max_select}) is more than there are values ({len(field.values)})"
    yield from _range("max", field.max_select)


def _same_indexes(collection: Collection) -> Iterator[Finding]:
    meanings: dict[tuple[object, ...], str] = {}
    for index in collection.indexes:
        twin = meanings.setdefault(index.meaning(), index.name)
        if twin.lower() != index.name.lower():
            yield _problem(collection, "indexes", f"{index.name} is the same as {twin}")


def unknown_tables(schema: Schema, view: Collection) -> list[str]:
    """What a query reads that is no collection of the code: a table of a migration, or a mistake."""
    read = sorted(sources(view.view_query)) if view.view_query else []
    return [
        name for name in read
        if not (name in SYSTEM_COLLECTIONS or _TABLE_OF_ITS_OWN.fullmatch(name) or schema.collection(name))
    ]  # fmt: skip


def unknown_views(schema: Schema) -> dict[str, str]:
    """The views that cannot be made from the code alone, with the table that each of them reads."""
    views = [c for c in schema.collections if c.type == "view"]
    found = {view.name: unknown[0] for view in views if (unknown := unknown_tables(schema, view))}
    for _ in views if found else ():  # a view may read another one
        for view in views:
            via = sorted(tables_read(view.view_query, {*found} - {view.name}))
            if view.name not in found and via:
                found[view.name] = found[via[0]]
    return found


def _auth(collection: Collection) -> Iterator[Finding]:
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
    if options.get("passwordAuth", {}).get("enabled"):
        yield from _identities(collection)


def _identities(collection: Collection) -> Iterator[Finding]:
    """What the server looks at while passwords are on, and only then."""
    names = collection.auth.get("passwordAuth", {}).get("identityFields")
    if names == []:
        yield _problem(collection, "password_auth", "needs at least one identity field while it is enabled")
    for name in names or ():
        if name != "email" and collection.field(name) is None:
            yield _problem(collection, "password_auth", f"no field '{name}'")
        elif name != "email" and not any(i.unique and i.covers_only(name) for i in collection.indexes):
            yield _problem(
                collection, "password_auth", f"'{name}' needs a unique index of its own (unique=True)"
            )


def _odd(collection: Collection, names: AbstractSet[str]) -> Iterator[Finding]:
    if collection.id.lower() in names:
        message = f"{collection.id} is the name of a collection: PocketBase refuses every later save"
        yield _problem(collection, "id", message)
    for field in collection.fields if collection.type != "view" else ():
        for message in _odd_options(field):
            yield _problem(collection, field.name, message, field.source)
    password = collection.auth.get("passwordAuth", {})
    if not password.get("enabled", True):
        for problem in _identities(collection):
            yield problem._replace(message=f"{problem.message}: passwords can not be switched on like that")


def _odd_options(field: FieldBase) -> Iterator[str]:
    match field:
        case EmailField() | UrlField():
            for domain in (*field.only_domains, *field.except_domains):
                if not domain or domain != domain.lower():
                    yield f"{domain!r} matches no address: domains are compared in lower case"
        case DateField():
            if field.min and field.max and field.min > field.max:
                yield "max is before min: no date is between them"
        case SelectField():
            if "" in field.values:
                yield "an empty text is one of the values: it means that nothing was chosen"
            if len(set(field.values)) < len(field.values):
                yield "a value stands twice"
        case _:
            return
