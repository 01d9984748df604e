"""Comparisons with what is no choice of a select field: in rules, in views, in the conditions of indexes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from pocketvex.findings import Finding, Part
from pocketvex.rules.check import rules_of
from pocketvex.rules.meaning import Meaning
from pocketvex.rules.names import Names, Wrong
from pocketvex.rules.silent import no_choices
from pocketvex.schema.fields import FieldBase, SelectField
from pocketvex.schema.model import Collection, Schema
from pocketvex.schema.views import aliases, without_comments

_TEXT = r"'(?:[^']|'')*'"
_COLUMN = r"(?<![\w.\"`])(?:[\"`\[]?(?P<of>\w+)[\"`\]]?\.)?[\"`\[]?(?P<name>\w+)[\"`\]]?"
_COMPARED = re.compile(rf"{_COLUMN}\s*(?P<sign>==?|!=|<>|IS\s+NOT\b|IS\b)\s*(?P<text>{_TEXT})", re.IGNORECASE)
_AMONG = re.compile(
    rf"{_COLUMN}\s+(?P<sign>(?:NOT\s+)?IN)\s*\((?P<text>\s*{_TEXT}(?:\s*,\s*{_TEXT})*)\s*\)", re.IGNORECASE
)
_TURNED = re.compile(rf"(?P<text>{_TEXT})\s*(?P<sign>==?|!=|<>)\s*{_COLUMN}", re.IGNORECASE)


def missed_choices(schema: Schema, names: Names) -> Iterator[tuple[Finding, bool]]:
    """Each such comparison, and whether it is false for every record (`!=` is true for every one)."""
    if not any(isinstance(field, SelectField) for c in names.by_name.values() for field in c.fields):
        return
    meaning = Meaning(names)
    for collection in schema.collections:
        base = names.by_name.get(collection.name.lower(), collection)
        for rule, text in rules_of(collection).items():
            for wrong, never in no_choices(text, base, meaning):
                yield _problem(collection, f".{rule}", text, wrong, never), never
        if collection.type == "view":
            for wrong, never in _in_sql(collection.view_query, _of_view(collection.view_query, names)):
                yield _problem(collection, ".query", collection.view_query, wrong, never), never
        for index in collection.indexes:
            for wrong, never in _in_sql(index.where, {"": [collection]}) if index.where else ():
                yield _problem(collection, f"@{index.name}", index.where, wrong, never), never


def _problem(collection: Collection, at: str, text: str, wrong: Wrong, never: bool) -> Finding:
    near = get_close_matches(text[wrong.start + 1 : wrong.end - 1], wrong.known, n=1)
    some = ", ".join(wrong.known[:8]) + (", …" if len(wrong.known) > 8 else "")
    meant = f": did you mean '{near[0]}'?" if near else f" (there are: {some})"
    message = f"{wrong.what}, {'so no record has it' if never else 'so it leaves nothing out'}{meant}"
    part = Part(text, wrong.start, wrong.end)
    return Finding(f"{collection.name}{at}", message, collection.source, "PV712", part, "warning")


def _of_view(query: str, names: Names) -> Mapping[str, list[Collection]]:
    """The collections that a query reads, by what it calls them; under "" all, where all are known."""
    found: dict[str, list[Collection]] = {}
    known = True
    for alias, table in aliases(query):
        collection = names.by_name.get(table.lower())
        if collection is None or collection.type == "view":
            known = False
            continue
        found.setdefault(alias.lower(), []).append(collection)
    every = [collection for group in found.values() for collection in group]
    return {**found, "": every if known else []}


def _in_sql(sql: str, homes: Mapping[str, list[Collection]]) -> Iterator[tuple[Wrong, bool]]:
    bare = without_comments(sql)
    for pattern in (_COMPARED, _AMONG, _TURNED):
        for match in pattern.finditer(bare):
            choices = _choices(homes.get((match["of"] or "").lower(), []), match["name"])
            for text in re.finditer(_TEXT, match["text"]) if choices else ():
                value = text[0][1:-1].replace("''", "'")
                if value == "" or value in choices or value.startswith("["):
                    continue
                start = match.start("text") + text.start()
                what = f"'{value}' is no choice of {match['name']}"
                never = match["sign"].upper().split()[-1] in ("=", "==", "IS", "IN") and not (
                    match["sign"].upper().startswith("NOT")
                )
                yield Wrong(start, start + len(text[0]), what, tuple(choices)), never


def _choices(homes: list[Collection], name: str) -> dict[str, None]:
    """The choices of what a column means; empty where it may be something else than a select."""
    fields: list[FieldBase] = [field for home in homes if (field := home.field(name))]
    found: dict[str, None] = {}
    for field in fields:
        if not isinstance(field, SelectField):
            return {}
        found.update(dict.fromkeys(field.values))
    return found
