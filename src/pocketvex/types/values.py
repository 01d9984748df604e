"""The type of one field's value: as it is read, as it is written, and what may change it in place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pocketvex.schema.fields import (
    AutodateField,
    BoolField,
    DateField,
    EditorField,
    EmailField,
    FieldBase,
    FileField,
    GeoPointField,
    JsonField,
    NumberField,
    PasswordField,
    RelationField,
    SelectField,
    TextField,
    UrlField,
)
from pocketvex.types.names import Part
from pocketvex.types.syntax import literal, nested


class Names(NamedTuple):
    """The names that the types of a whole schema go by."""

    stems: Mapping[str, str]
    fields: Mapping[Part, str]
    constants: Mapping[Part, str]
    targets: Mapping[str, str]
    """The emitted collections by their names in lower case, as the server compares them."""

    def target(self, field: RelationField) -> str | None:
        """The collection that a relation means, unless it is one that the types leave out."""
        return self.targets.get(field.target.lower())

    def id_of(self, field: RelationField) -> str:
        target = self.target(field)
        return f"Id<{literal(target)}>" if target else "string"


def read_type(collection: str, field: FieldBase, names: Names, *, always: bool) -> str:
    """What the API returns. `always`: a required field has a value in every row (not so in all views)."""
    empty = "" if field.required and always else ' | ""'
    match field:
        case TextField() | EmailField() | UrlField():
            return "string"
        case EditorField():
            return "HTML"
        case NumberField():
            return "number"
        case BoolField():
            # Not `true` where it is required: rows may be older than that.
            return "boolean"
        case DateField():
            return f"DateTime{empty}"
        case AutodateField():
            return "DateTime" if field.on_create and always else 'DateTime | ""'
        case SelectField() | RelationField() | FileField():
            one = _one(collection, field, names)
            return f"{nested(one)}[]" if field.multiple else f"{one}{empty}"
        case JsonField():
            return _json(collection, field, names, or_null=not (field.required and always))
        case PasswordField():
            return '""'
        case GeoPointField():
            return "GeoPoint"
        case _:
            return "unknown"


def written_type(collection: str, field: FieldBase, names: Names, *, update: bool = False) -> str:
    """What the API takes for the whole value."""
    empty = "" if field.required else ' | ""'
    match field:
        case TextField() | EmailField() | UrlField() | PasswordField():
            return "string"
        case BoolField():
            return "true" if field.required else "boolean"
        case DateField():
            return f"DateTime | Date{empty}"
        case FileField():
            if not field.multiple:
                return f"Upload{empty}"
            # The whole list again: the names that stay, and new files.
            return "readonly (Upload | FileName)[]" if update else "readonly Upload[]"
        case SelectField() | RelationField() if field.multiple:
            return f"readonly {nested(_one(collection, field, names))}[]"
        case JsonField():
            return _json(collection, field, names, or_null=not field.required)
        case _:
            return read_type(collection, field, names, always=True)


def modifiers(collection: str, field: FieldBase, names: Names) -> Iterator[tuple[str, str]]:
    """What changes a stored value instead of replacing it, as key and type.

    `+key` puts in front, `key+` appends or adds, `key-` removes or subtracts.
    """
    name = field.name
    match field:
        case NumberField():
            yield f"{name}+", "number"
            yield f"{name}-", "number"
        case SelectField() | RelationField() if field.multiple:
            many = f"Many<{_one(collection, field, names)}>"
            yield from ((key, many) for key in (f"+{name}", f"{name}+", f"{name}-"))
        case FileField() if field.multiple:
            yield f"+{name}", "Many<Upload>"
            yield f"{name}+", "Many<Upload>"
            yield f"{name}-", "Many<FileName>"
        case _:
            return


def _one(collection: str, field: SelectField | RelationField | FileField, names: Names) -> str:
    match field:
        case SelectField():
            return names.fields[collection, field.name, ""]
        case RelationField():
            return names.id_of(field)
        case FileField():
            return "FileName"


def _json(collection: str, field: JsonField, names: Names, *, or_null: bool) -> str:
    place = literal(f"{collection}.{field.name}")
    name = names.fields.get((collection, field.name, ""))
    if name is None:
        return f"Json<{place}>"
    return f"Json<{place}, {name}{' | null' if or_null else ''}>"
