"""JSON Schema, as pydantic writes it, as TypeScript. What is not understood is `unknown`, never wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from pocketvex.types.syntax import key, literal, nested, union

_PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
_REFERENCE = "#/$defs/"


class JsonTypes:
    """The types of one JSON field: its own, and one for each of the schema's `$defs`.

    `names` gives the name of each by its key in `$defs`; "" is the field's own type.
    """

    def __init__(self, schema: Mapping[str, Any], names: Mapping[str, str]) -> None:
        self._names = names
        self._schemas: dict[str, Any] = {"": schema, **definitions(schema)}

    def declarations(self) -> Iterator[tuple[str, str]]:
        """Name and type of each, the field's own first, then in the order of their keys."""
        for part in sorted(self._schemas):
            endless = part in self._bare_references(part, set())
            yield self._names[part], "unknown" if endless else self._type(self._schemas[part])

    def _type(self, schema: Any) -> str:
        if schema is False:
            return "never"
        if not isinstance(schema, Mapping):
            return "unknown"
        if "const" in schema:
            return _value(schema["const"])
        if isinstance(schema.get("enum"), list):
            return union(_value(value) for value in schema["enum"])
        parts = [part for part in self._parts(schema) if part != "unknown"]
        return parts[0] if len(parts) == 1 else " & ".join(nested(part) for part in parts) or "unknown"

    def _parts(self, schema: Mapping[str, Any]) -> Iterator[str]:
        if "$ref" in schema:
            target = self._target(schema["$ref"])
            yield "unknown" if target is None else self._names[target]
        for word in ("anyOf", "oneOf"):
            if isinstance(schema.get(word), list):
                yield union(self._type(item) for item in schema[word])
        if isinstance(schema.get("allOf"), list):
            yield from dict.fromkeys(self._type(item) for item in schema["allOf"])
        kinds = schema.get("type", "object" if "properties" in schema else None)
        if kinds is not None:
            yield union(self._kind(kind, schema) for kind in (kinds if isinstance(kinds, list) else [kinds]))

    def _kind(self, kind: Any, schema: Mapping[str, Any]) -> str:
        match kind:
            case "array":
                return self._array(schema)
            case "object":
                return self._object(schema)
            case str():
                return _PLAIN.get(kind, "unknown")
            case _:
                return "unknown"

    def _array(self, schema: Mapping[str, Any]) -> str:
        items, first = schema.get("items"), schema.get("prefixItems")
        if isinstance(items, list):  # how drafts before 2020-12 write a tuple
            items, first = schema.get("additionalItems"), items
        if not isinstance(first, list):
            first = []
        most, least = schema.get("maxItems"), schema.get("minItems")
        if not first and most != 0:
            return f"{nested(self._type(items))}[]"
        sure = least if isinstance(least, int) else 0
        members = [
            nested(self._type(item)) + ("" if position < sure else "?") for position, item in enumerate(first)
        ]
        if items is not False and not (isinstance(most, int) and most <= len(first)):
            members.append(f"...{nested(self._type(items))}[]")
        return f"[{', '.join(members)}]"

    def _object(self, schema: Mapping[str, Any]) -> str:
        properties, more = schema.get("properties"), schema.get("additionalProperties")
        if not isinstance(properties, Mapping):
            properties = {}
        required = schema.get("required")
        required = required if isinstance(required, list) else []
        members = [
            f"{key(str(name))}{'' if name in required else '?'}: {self._type(value)}"
            for name, value in properties.items()
        ]
        if properties:
            # Every property must fit the index signature, which only `unknown` is sure to allow.
            if more not in (None, False):
                members.append("[key: string]: unknown")
        elif names := self._property_names(schema):
            members = [f"{key(name)}?: {self._type(more)}" for name in names]
        else:
            patterns = schema.get("patternProperties")
            values = list(patterns.values()) if isinstance(patterns, Mapping) else []
            if not values or isinstance(more, Mapping):
                values.append(True if more is False else more)
            members = [f"[key: string]: {union(self._type(value) for value in values)}"]
        return f"{{ {'; '.join(members)} }}"

    def _property_names(self, schema: Mapping[str, Any]) -> list[str]:
        names = schema.get("propertyNames")
        if isinstance(names, Mapping) and (target := self._target(names.get("$ref"))) is not None:
            names = self._schemas[target]
        if not isinstance(names, Mapping):
            return []
        values = names.get("enum", [names["const"]] if "const" in names else [])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            return []
        return list(dict.fromkeys(values))

    def _target(self, reference: Any) -> str | None:
        """The key of the definition that a reference means; "" is the whole, None is not ours."""
        if not isinstance(reference, str):
            return None
        if reference == "#":
            return ""
        # JSON Pointer's own escapes; pydantic uses them for generic models.
        part = reference.removeprefix(_REFERENCE).replace("~1", "/").replace("~0", "~")
        return part if reference.startswith(_REFERENCE) and part in self._schemas and part else None

    def _bare_references(self, part: str, seen: set[str]) -> set[str]:
        """The definitions that a type is made of without an object or array between.

        TypeScript does not accept a type that is made of itself so.
        """
        pending: list[Any] = [self._schemas[part]]
        while pending:
            schema = pending.pop()
            if not isinstance(schema, Mapping):
                continue
            target = self._target(schema.get("$ref"))
            if target is not None and target not in seen:
                seen.add(target)
                self._bare_references(target, seen)
            for word in ("anyOf", "oneOf", "allOf"):
                pending += schema[word] if isinstance(schema.get(word), list) else []
        return seen


def definitions(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema's `$defs`, by key."""
    found = schema.get("$defs")
    return {str(k): v for k, v in found.items() if k} if isinstance(found, Mapping) else {}


def _value(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return literal(value)
        case int():
            return str(value)
        case float() if math.isfinite(value):
            return repr(value)
        case _:
            return "unknown"
