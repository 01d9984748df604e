"""What a doc comment says about a field: the limits that a type cannot hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pocketvex.schema.fields import (
    AutodateField,
    BoolField,
    DateField,
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
)
from pocketvex.schema.words import counted

_UNLIMITED = 2**31 - 1
"""What an unlimited relation of PocketBase 0.22 became; from there on the number says nothing."""


def notes(field: FieldBase, unique: str | None) -> list[str]:
    """The lines of the comment: the limits in one, and the field's help text.

    `unique` is the condition of the field's unique index, "" for no condition, None for no index.
    """
    limits = ", ".join(_limits(field, unique))
    return [text for text in (limits, field.help) if text.strip()]


def _limits(field: FieldBase, unique: str | None) -> Iterator[str]:
    if field.hidden:
        yield "hidden: only superusers read and write it"
    if field.required:
        yield _required(field)
    if unique is not None:
        yield f"unique where {unique}" if unique else "unique"
    match field:
        case TextField() | PasswordField():
            yield from _between(field.min or None, field.max or None, " characters")
            if field.pattern:
                yield f"matches {field.pattern}"
            if isinstance(field, TextField) and field.autogenerate_pattern:
                yield "made by the server where it is left out"
        case NumberField():
            if field.only_int:
                yield "a whole number"
            yield from _between(field.min, field.max)
        case EmailField() | UrlField():
            yield from _list("only of ", field.only_domains)
            yield from _list("not of ", field.except_domains)
        case DateField():
            if field.min:
                yield f"not before {field.min}"
            if field.max:
                yield f"not after {field.max}"
        case AutodateField():
            when = [word for word, on in (("made", field.on_create), ("changed", field.on_update)) if on]
            yield f"set by the server when the record is {' or '.join(when)}"
        case RelationField():
            yield from _count(field.min_select, field.max_select, field.multiple)
        case SelectField():
            yield from _count(0, field.max_select, field.multiple)
        case FileField():
            yield from _count(0, field.max_select, field.multiple)
            yield from _list("", field.mime_types)
            if field.max_size:
                yield f"at most {_size(field.max_size)}{' each' if field.multiple else ''}"
            if field.protected:
                yield "protected: its URL needs a file token"
        case _:
            return


def _required(field: FieldBase) -> str:
    match field:
        case BoolField():
            return "must be true"
        case NumberField():
            return "required, not 0"
        case JsonField():
            return 'required: not null, "", [] or {}'
        case _ if field.type == "geoPoint":
            return "required, not 0/0"
        case _:
            return "required"


def _between(low: float | None, high: float | None, unit: str = "") -> Iterator[str]:
    if low is not None and high is not None:
        yield f"{low}{unit}" if low == high else f"{low} to {high}{unit}"
    elif low is not None:
        yield f"at least {low}{unit}"
    elif high is not None:
        yield f"at most {high}{unit}"


def _count(least: int, most: int, multiple: bool) -> Iterator[str]:
    if multiple:
        yield from _between(least or None, most if most < _UNLIMITED else None)


def _list(start: str, values: Sequence[str]) -> Iterator[str]:
    if values:
        yield start + " or ".join(values)


def _size(count: int) -> str:
    for unit, name in ((2**30, "GB"), (2**20, "MB"), (2**10, "KB")):
        if count % unit == 0:
            return f"{count // unit} {name}"
    return counted(count, "byte")
