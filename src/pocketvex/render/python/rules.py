"""Rules and indexes as the helpers that say the same, to the letter; else as they are."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping

from pocketvex.render.python.layout import Expr, Group, Text, call, flat
from pocketvex.schema.build import _index_name, _unique_index
from pocketvex.schema.indexes import Index, IndexColumn, parse_column
from pocketvex.schema.model import Collection
from pocketvex.schema.rules import Rule, Rules, spelled

_OWNER = re.compile(r"@request\.auth\.id != '' && ([\w.]+) = @request\.auth\.id")
_ROLE = re.compile(r"@request\.auth\.role = '((?:[^'\\]|\\.)*)'")
_WORTH_A_NAME = 40
"""A rule that stands twice and is as long gets a name."""


def rule_expr(rule: Rule) -> Expr:
    """The rule as `None`, a helper, or its text."""
    if rule is None:
        return "None"
    alike = spelled(rule) or ""
    return _helper(alike) or _joined(alike) or Text(rule)


def _helper(rule: str) -> Expr | None:
    if rule == "":
        return call("Rules.public")
    if rule == Rules.authenticated():
        return call("Rules.authenticated")
    if owner := _OWNER.fullmatch(rule):
        return call("Rules.owner", [Text(owner[1])])
    if role := _ROLE.fullmatch(rule):
        name = re.sub(r"\\(.)", r"\1", role[1])
        return call("Rules.role", [Text(name)]) if Rules.role(name) == rule else None
    return None


def _joined(rule: str) -> Expr | None:
    """`Rules.any(…)` or `Rules.all(…)` where one of the parts is a helper and the text comes out the same."""
    for word, operator in (("any", "||"), ("all", "&&")):
        parts = [_ungrouped(part) for part in _split(rule, f" {operator} ")]
        if len(parts) < 2 or not all(parts):
            continue
        exprs = [_helper(part) for part in parts]
        if word == "any":
            exprs = [expr or _joined(part) for expr, part in zip(exprs, parts, strict=True)]
        said = Rules.any(*parts) if word == "any" else Rules.all(*parts)
        if any(exprs) and said == rule:
            return call(f"Rules.{word}", [e or Text(p) for e, p in zip(exprs, parts, strict=True)])
    return None


def _split(rule: str, operator: str) -> list[str]:
    """The operands of an operator that stands outside of quotes and parentheses."""
    parts, start, position = [], 0, 0
    for position, depth in _outside(rule):
        if depth == 0 and rule.startswith(operator, position):
            parts.append(rule[start:position])
            start = position + len(operator)
    return [*parts, rule[start:]]


def _outside(rule: str) -> Iterator[tuple[int, int]]:
    """Each position outside of quotes, with the parentheses that are open there."""
    depth, quote, escaped = 0, "", False
    for position, char in enumerate(rule):
        if quote:
            quote = "" if char == quote and not escaped else quote
            escaped = char == "\\" and not escaped
            continue
        yield position, depth
        if char in "'\"":
            quote = char
        depth += (char == "(") - (char == ")")


def _ungrouped(part: str) -> str:
    if part.startswith("(") and part.endswith(")"):
        inside = [position for position, depth in _outside(part) if depth == 0]
        if inside == [0]:
            return part[1:-1]
    return part


def rules_call(collection: Collection, taken: Container[str]) -> tuple[dict[str, Expr], Expr | None]:
    """`Rules(list=…, …)`, and the rules that stand more than once and are long, under names of their own.

    None where all of them are locked.
    """
    stated = {
        name.removesuffix("Rule"): text for name, text in collection.rules().items() if text is not None
    }
    named = _named(stated, taken)
    by_text = {text: name for name, text in named.items()}
    arguments = {key: by_text[text] if text in by_text else rule_expr(text) for key, text in stated.items()}
    return {name: rule_expr(text) for name, text in named.items()}, (
        call("Rules", **arguments) if arguments else None
    )


def _named(stated: Mapping[str, str], taken: Container[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in dict.fromkeys(stated.values()):
        users = [key for key, other in stated.items() if other == text]
        if len(users) < 2 or len(flat(rule_expr(text))) < _WORTH_A_NAME:
            continue
        reads, writes = {"list", "view"} & {*users}, {"create", "update", "delete"} & {*users}
        name = "allowed" if reads and writes else "readable" if reads else "writable"
        if name not in found and name not in taken:
            found[name] = text
    return found


def unique_fields(collection: Collection) -> dict[str, str]:
    """The fields whose index is the one that `unique=True` makes, with the name of that index."""
    found = {}
    for field in collection.fields:
        alone = [i for i in collection.indexes if i.unique and i.covers_only(field.name)]
        wanted = _unique_index(collection.name, field)
        if len(alone) == 1 and alone[0].name == wanted.name and alone[0].meaning() == wanted.meaning():
            found[field.name] = wanted.name
    return found


def index_exprs(collection: Collection, by_field: Container[str]) -> list[Expr]:
    """The indexes that no field stands for (`by_field` are the names of the others)."""
    return [
        _index_expr(collection.name, index)
        for index in collection.indexes
        if index.name not in by_field and not _is_standard(collection, index)
    ]


def _is_standard(collection: Collection, index: Index) -> bool:
    """Whether the server makes exactly this one by itself, whatever it is called."""
    if not collection.is_implied(index):
        return False
    where = "" if index.covers_only("tokenKey") else "`email` != ''"
    column = IndexColumn("tokenKey" if not where else "email")
    return index.meaning() == Index(index.name, (column,), True, where).meaning()


def _index_expr(collection: str, index: Index) -> Expr:
    columns = [
        " ".join(filter(None, (c.expr, c.collate and f"COLLATE {c.collate}", c.sort))) for c in index.columns
    ]
    again = tuple(map(parse_column, columns))
    where = " ".join(index.where.split())
    if Index(index.name, again, index.unique, where).meaning() != index.meaning():
        return Text(index.sql(collection))
    named: dict[str, Expr] = {}
    if index.unique:
        named["unique"] = "True"
    if where:
        named["where"] = Text(where)
    if index.name != _index_name(collection, "_".join(c.expr for c in again)):
        named["name"] = Text(index.name)
    return call("index", [Text(column) for column in columns], **named)


def uses(expr: Expr, name: str) -> bool:
    """Whether an expression calls this name, or a method of it."""
    if isinstance(expr, Group):
        return re.match(rf"{name}\b", expr.opening) is not None or any(uses(e, name) for _, e in expr.items)
    return isinstance(expr, str) and expr == name
