"""One collection as a class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pocketvex.render.python.auth import Accounts, accounts
from pocketvex.render.python.fields import (
    can_be_declared,
    declared_fields,
    field_call,
    is_timestamps,
    needed_field_ids,
)
from pocketvex.render.python.layout import Expr, Group, Text, call, flat, laid_out, literal, row
from pocketvex.render.python.names import IMPORTED, is_attribute, says_its_name
from pocketvex.render.python.query import query_lines
from pocketvex.render.python.rules import index_exprs, rules_call, unique_fields, uses
from pocketvex.schema.fields import FieldBase, RelationField
from pocketvex.schema.model import Collection

_INDENT = 4
CLASS_VAR = "ClassVar"


class Place(NamedTuple):
    """Where a class is written."""

    module: str
    name: str


class Statement(NamedTuple):
    """One attribute of a class; `key` is the field's name, or what the attribute is called."""

    key: str
    lines: tuple[str, ...]
    expr: Expr = ""


class Class(NamedTuple):
    """A class as lines, and what it needs around it."""

    name: str
    lines: tuple[str, ...]
    statements: tuple[Statement, ...]
    uses: frozenset[str]
    """What it takes from `pocketvex`, and `ClassVar`."""
    refers_to: frozenset[str]
    """The collections whose classes it names."""
    secrets: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def render_class(
    collection: Collection,
    name: str,
    *,
    places: Mapping[str, Place],
    id: str = "",
    usual: Mapping[str, Any] | None = None,
    alone: bool = True,
    width: int = 88,
) -> Class:
    """The class of a collection. `places` are the classes that it may name, by their collections.

    `usual` are the auth options of a new server, which need not be said.
    """
    return _Writer(collection, name, places, usual or {}, alone, width).write(id)


class _Writer:
    def __init__(
        self,
        collection: Collection,
        name: str,
        places: Mapping[str, Place],
        usual: Mapping[str, Any],
        alone: bool,
        width: int,
    ) -> None:
        self.collection = collection
        self.name = name
        self.places = places
        self.width = width
        self.fields = declared_fields(collection)
        self.unique = unique_fields(collection)
        self.ids = needed_field_ids(collection)
        self.options = Accounts({}, ())
        if collection.type == "auth":
            self.options = accounts(collection.name, collection.auth, usual, alone=alone)
        self.refers_to: set[str] = set()

    def write(self, id: str) -> Class:
        blocks = [list(self.field_block()), list(self.option_block()), list(self.rule_block())]
        blocks = [block for block in blocks if block]
        statements = tuple(statement for block in blocks for statement in block)
        header = self.header(id)
        lines = laid_out("class ", header, ":", indent=0, width=self.width)
        for number, block in enumerate(blocks):
            lines += [""] if number else []
            lines += [line for statement in block for line in statement.lines]
        if not blocks:
            lines.append("    pass")
        base = flat(header.items[0][1])
        needed = {n for n in IMPORTED if any(uses(s.expr, n) for s in statements)} | {base}
        if any(f": {CLASS_VAR} = " in s.lines[0] for s in statements):
            needed.add(CLASS_VAR)
        left = [f.name for f in self.fields if not can_be_declared(f)]
        return Class(
            self.name, tuple(lines), statements, frozenset(needed), frozenset(self.refers_to),
            self.options.secrets, tuple(f"{self.collection.name}.{name}" for name in left),
        )  # fmt: skip

    def header(self, id: str) -> Group:
        named: dict[str, Expr] = {}
        if not says_its_name(self.name, self.collection.name):
            named["name"] = Text(self.collection.name)
        if id:
            named["id"] = Text(id)
        return call(self.name, [self.collection.type.capitalize()], **named)

    # What stands in it

    def field_block(self) -> Iterator[Statement]:
        if self.collection.type == "view":
            yield self.query()
            return
        fields = [f for f in self.fields if can_be_declared(f)]
        calls = {f.name: self.call(f) for f in fields}
        used = self.names_used(calls)
        awkward = [n for n, f in enumerate(fields) if not is_attribute(f.name, used)]
        # From the first that is no attribute to the last one: all of them keep their places.
        start, end = (awkward[0], awkward[-1] + 1) if awkward else (len(fields), len(fields))
        yield from self.attributes(fields[:start], calls)
        if awkward:
            items = tuple((f"{literal(f.name)}: ", calls[f.name]) for f in fields[start:end])
            yield self.statement("fields", Group("{", items, "}"))
        yield from self.attributes(fields[end:], calls)

    def attributes(self, fields: Sequence[FieldBase], calls: Mapping[str, Expr]) -> Iterator[Statement]:
        position = 0
        while position < len(fields):
            pair = fields[position : position + 2]
            if len(pair) == 2 and self.are_timestamps(*pair):
                yield self.statement("created, updated", call("field.timestamps"))
                position += 2
            else:
                yield self.statement(fields[position].name, calls[fields[position].name])
                position += 1

    def names_used(self, calls: Mapping[str, Expr]) -> set[str]:
        """What the body refers to by name: a field of that name would stand in its way."""
        names = {self.places[name].name for name in self.refers_to}
        others = [*self.options.attributes.values(), *index_exprs(self.collection, {*self.unique.values()})]
        return names | {name for name in ("index", "env") if any(uses(e, name) for e in others)}

    def query(self) -> Statement:
        lines = query_lines(self.collection.view_query, indent=_INDENT, width=self.width)
        return Statement("query", tuple(lines))

    def call(self, field: FieldBase) -> Expr:
        own = self.collection.is_system_field(field.name)
        return field_call(
            field, target=self.target(field), id=self.ids.get(field.name, ""),
            unique=field.name in self.unique, own=own,
        )  # fmt: skip

    def target(self, field: FieldBase) -> Expr:
        if not isinstance(field, RelationField):
            return ""
        if field.target == self.collection.name:
            return Text("self")
        if field.target in self.places:
            self.refers_to.add(field.target)
            return self.places[field.target].name
        return Text(field.target)

    def are_timestamps(self, one: FieldBase, two: FieldBase) -> bool:
        bare = not {one.name, two.name} & {*self.ids, *self.unique}
        return bare and is_timestamps(one, two)

    def option_block(self) -> Iterator[Statement]:
        for name, expr in self.options.attributes.items():
            yield self.statement(name, expr)

    def rule_block(self) -> Iterator[Statement]:
        named, rules = rules_call(self.collection, {f.name for f in self.fields})
        for name, expr in named.items():
            yield self.statement(name, expr)
        if rules is not None:
            yield self.statement("rules", rules)
        indexes = index_exprs(self.collection, {*self.unique.values()})
        if indexes:
            yield self.statement("indexes", row(indexes))

    def statement(self, key: str, expr: Expr) -> Statement:
        # What ruff says of a class that holds something that can be changed.
        name = f"{key}: {CLASS_VAR}" if isinstance(expr, Group) and expr.opening == "{" else key
        return Statement(key, tuple(laid_out(f"{name} = ", expr, indent=_INDENT, width=self.width)), expr)
