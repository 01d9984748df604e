"""Fields as the calls that declare them, with what differs from the defaults and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pocketvex.diff.operations import changed_options
from pocketvex.render.python.layout import Expr, Text, call, value
from pocketvex.schema.fields import (
    FIELD,
    MODELS,
    AutodateField,
    FieldBase,
    RelationField,
    SelectField,
    stored_date,
)
from pocketvex.schema.ids import field_id
from pocketvex.schema.model import Collection, default_collection_id
from pocketvex.schema.system import FORCED, STANDARD

_FUNCTIONS = {"geoPoint": "geo_point"}
_ARGUMENTS = {"max_select": "max", "min_select": "min"}
_SIZES = (("GB", 1024**3), ("MB", 1024**2), ("KB", 1024))
_DURATIONS = (("d", 86400), ("h", 3600), ("m", 60))


def declared_fields(collection: Collection) -> list[FieldBase]:
    """The fields that the code has to name: all but those that the server adds by itself, as it adds them."""
    if collection.type == "view":
        return []
    standard = {raw["name"]: FIELD.validate_python(raw) for raw in STANDARD[collection.type]}
    return [f for f in collection.fields if not _is_standard(f, standard)]


def _is_standard(field: FieldBase, standard: Mapping[str, FieldBase]) -> bool:
    known = standard.get(field.name)
    if known is None or known.type != field.type:
        return False
    changed = changed_options(known, field).keys() - FORCED["auth"][field.name].keys()
    return not changed and (not field.id or field.id == known.id)


def can_be_declared(field: FieldBase) -> bool:
    """Whether `field.…` has words for it: not for types that only newer servers have."""
    return field.type in MODELS


def needed_field_ids(collection: Collection) -> dict[str, str]:
    """The ids that have to be written so that they stay, by the names of the fields."""
    things = {f.name: f.id for f in collection.fields if f.id}
    types = {f.name: f.type or "text" for f in collection.fields}
    return _needed(things, lambda name, taken: field_id(types[name], name, taken))


def needed_collection_ids(collections: Iterable[Collection]) -> dict[str, str]:
    """The same of collections."""
    found = {c.name: c for c in collections if c.id}
    things = {name: c.id for name, c in found.items()}
    return _needed(things, lambda name, taken: default_collection_id(found[name], taken))


def _needed(things: Mapping[str, str], default: Callable[[str, set[str]], str]) -> dict[str, str]:
    stated: dict[str, str] = {}
    while True:
        taken, wrong = {*stated.values()}, {}
        for name, id in things.items():
            if name not in stated:
                given = default(name, taken)
                taken.add(given)
                if given != id:
                    wrong[name] = id
        if not wrong:
            return stated
        stated |= wrong


def field_call(
    field: FieldBase, *, target: Expr = "", id: str = "", unique: bool = False, own: bool = False
) -> Expr:
    """`field.text(required=True, max=200)`; of a field that is the server's own, without what it forces."""
    named: dict[str, Any] = {}
    hidden = FORCED["auth"][field.name].keys() if own else ()
    if field.required and "required" not in hidden:
        named["required"] = "True"
    if unique:
        named["unique"] = "True"
    positional: list[Expr] = [target] if isinstance(field, RelationField) else []
    if isinstance(field, SelectField):
        positional += [Text(item) for item in field.values]
    function, options = _own_options(field)
    named |= options
    for flag in ("hidden", "presentable", "system"):
        if getattr(field, flag) and flag not in hidden:
            named[flag] = "True"
    if field.help:
        named["help"] = Text(field.help)
    if id:
        named["id"] = Text(id)
    return call(f"field.{function}", positional, **named)


def _own_options(field: FieldBase) -> tuple[str, dict[str, Expr]]:
    function = _FUNCTIONS.get(field.type, field.type)
    if isinstance(field, AutodateField) and field.on_create:
        return ("updated" if field.on_update else "created"), {}
    found: dict[str, Expr] = {}
    for name in field.OPTIONS:
        current, usual = getattr(field, name), type(field).model_fields[name].default
        if current == usual or name in ("values", "primary_key"):
            continue
        if name == "max_select" and current == 1:
            continue  # 0 and 1 both mean a single value
        found[_ARGUMENTS.get(name, name)] = _option(field, name, current)
    return function, found


def _option(field: FieldBase, name: str, current: Any) -> Expr:
    if name == "max_size":
        return size(current)
    if name in ("pattern", "autogenerate_pattern"):
        return Text(current, raw=True)
    if field.type == "date":
        return Text(_short_date(current))
    return value(current)


def size(number: int) -> Expr:
    """`"5MB"` where it comes out even, else the number."""
    return _with_unit(number, _SIZES)


def duration(seconds: int) -> Expr:
    """`"7d"` where it comes out even, else the number."""
    return _with_unit(seconds, _DURATIONS)


def _with_unit(number: int, units: Iterable[tuple[str, int]]) -> Expr:
    for unit, factor in units:
        if number > 0 and number % factor == 0:
            return Text(f"{number // factor}{unit}")
    return repr(number)


def _short_date(stored: str) -> str:
    for short in (stored.removesuffix(" 00:00:00.000Z"), stored.removesuffix(".000Z")):
        if stored_date(short) == stored:
            return short
    return stored


def _marked(field: FieldBase) -> bool:
    return field.hidden or field.presentable or field.system


def is_timestamps(one: FieldBase, two: FieldBase) -> bool:
    """Whether two fields are what `created, updated = field.timestamps()` declares."""
    pair = (one, two)
    return (
        all(isinstance(f, AutodateField) and f.on_create and not _marked(f) for f in pair)
        and (one.name, two.name) == ("created", "updated")
        and [getattr(f, "on_update", None) for f in pair] == [False, True]
    )
