"""Names that clients cannot use, and options that mean more than they say."""

from __future__ import annotations

from collections.abc import Iterator

from pocketvex.findings import Finding
from pocketvex.lint.conditions import finding
from pocketvex.schema.fields import FieldBase, NumberField
from pocketvex.schema.model import Collection


def name_findings(collection: Collection) -> Iterator[Finding]:
    """What is odd about the fields of one collection."""
    for field in collection.fields:
        if why := _required(field):
            yield finding("PV709", collection, field.name, why, where=field.source)
        if why := _unusable(field.name):
            yield finding("PV710", collection, field.name, why, where=field.source)


def _required(field: FieldBase) -> str:
    if not field.required:
        return ""
    if field.type == "bool":
        return "required means that it must be true: false is refused"
    if isinstance(field, NumberField):
        above = field.min is not None and field.min > 0
        below = field.max is not None and field.max < 0
        return "" if above or below else "required means that 0 is refused"
    return ""


def _unusable(name: str) -> str:
    if name[:1].isdigit():
        return f"rules and filters read it as a number, and JavaScript needs record['{name}']"
    if name == "_":
        return "rules and filters cannot read it from PocketBase 0.27 on"
    if name == "__proto__":
        return "JavaScript loses it whenever a record is copied"
    return ""
