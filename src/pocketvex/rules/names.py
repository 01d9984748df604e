"""The names in a filter, looked up in a schema as a server of some version looks them up.

Found out on 0.23.12, 0.28.4, 0.36.9, 0.39.11 and 0.40.6 by saving rules; where a boundary lies between two
of them, on the releases between. What cannot be known offline, as the columns of a view, passes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from pocketvex.rules.language import Filter, Operand
from pocketvex.schema.fields import FieldBase, RelationField
from pocketvex.schema.model import SYSTEM_FIELDS, Collection
from pocketvex.schema.words import a
from pocketvex.versions import (
    CHECKED_REQUEST_MODIFIERS,
    FILTER_FUNCTIONS,
    FILTER_MODIFIERS,
    FILTER_MOMENTS,
    Version,
)

MAX_STEPS = 6

_PLAIN = re.compile(r"\w+[\w.:]*", re.ASCII)
_REQUEST = re.compile(r"@request\.(?:context|method|(?:auth|body|query|headers)\.[\w.:]*\w+)", re.ASCII)
_COLLECTION = re.compile(r"@collection\.\w+(?::\w+)?\.[\w.:]*\w+", re.ASCII)
_BACK = re.compile(r"(\w+)_via_(\w+)", re.ASCII)
_MANY = ("select", "file", "relation")


class Wrong(NamedTuple):
    """A span of a filter that the server refuses, what is wrong with it, and what it might have been.

    With `since`, `what` is a thing that came with that version.
    """

    start: int
    end: int
    what: str
    known: tuple[str, ...] = ()
    since: Version | None = None


class Refused(Exception):
    """A name that leads nowhere: which part of it, from its beginning, and why."""

    def __init__(
        self,
        what: str,
        start: int = 0,
        part: str = "",
        known: Iterable[str] = (),
        since: Version | None = None,
    ) -> None:
        super().__init__(what)
        self.what, self.start, self.part = what, start, part
        self.known, self.since = tuple(known), since


class Step(NamedTuple):
    """One part of a path that was followed: the field, where it is, and whether it leads backwards."""

    collection: Collection
    field: FieldBase
    back: bool = False


class Names:
    """The collections of a schema, by name and id.

    Those in `opaque` (lower case) may have any field; `complete` says whether there are no others.
    """

    def __init__(
        self,
        collections: Iterable[Collection],
        opaque: Iterable[str],
        version: Version,
        *,
        complete: bool = True,
    ) -> None:
        self.complete = complete
        self.by_name: dict[str, Collection] = {}
        for collection in collections:
            self.by_name.setdefault(collection.name.lower(), collection)
            if collection.id:
                self.by_name.setdefault(collection.id.lower(), collection)
        self.opaque = frozenset(opaque)
        self.version = version

    def wrong(self, found: Filter, base: Collection) -> list[Wrong]:
        """Every operand that a rule of `base` must not have."""
        result = []
        for comparison in found.comparisons():
            for operand in (comparison.left, comparison.right):
                if wrong := self.operand(operand, base):
                    result.append(wrong)
        return sorted(result)

    def operand(self, operand: Operand, base: Collection) -> Wrong | None:
        if operand.kind == "call":
            return self.call(operand, base)
        if operand.kind != "name":
            return None
        try:
            self.follow(operand.text, base)
        except Refused as refused:
            if operand.text.lower() in ("null", "true", "false"):
                return None
            start = operand.start + refused.start
            end = start + len(refused.part) if refused.part else operand.end
            return Wrong(start, end, refused.what, refused.known, refused.since)
        return None

    def call(self, operand: Operand, base: Collection) -> Wrong | None:
        name, args = operand.text, operand.args
        at = (operand.start, operand.start + len(name))
        if name not in FILTER_FUNCTIONS:
            return Wrong(*at, f"there is no function '{name}'", tuple(FILTER_FUNCTIONS))
        if self.version < FILTER_FUNCTIONS[name]:
            return Wrong(*at, f"the function {name}", since=FILTER_FUNCTIONS[name])
        if wrong := (_geo_distance if name == "geoDistance" else _strftime)(operand):
            return wrong
        return next((found for arg in args if (found := self.operand(arg, base))), None)

    def follow(self, name: str, base: Collection) -> list[Step]:
        """The steps that a name takes, none for what only the request knows; raises Refused."""
        if name in FILTER_MOMENTS:
            if self.version < FILTER_MOMENTS[name]:
                raise Refused(name, since=FILTER_MOMENTS[name])
            return []
        if _REQUEST.fullmatch(name):
            self.request(name, base)
            return []
        if _COLLECTION.fullmatch(name):
            head, rest = name.split(".")[1], name.split(".", 2)[2]
            where = len("@collection.")
            wanted = head.partition(":")[0]
            if wanted.lower() in self.opaque and wanted.lower() not in self.by_name:
                return []
            collection = self.by_name.get(wanted.lower())
            if collection is None:
                raise self.no_collection(wanted, where)
            return self.path(rest, collection, where + len(head) + 1)
        if _PLAIN.fullmatch(name):
            return self.path(name, base, 0)
        raise Refused(f"no name '{name}'", known=_beginnings(name))

    def request(self, name: str, base: Collection) -> None:
        parts = name.split(".")
        if self.version < CHECKED_REQUEST_MODIFIERS or len(parts) < 3 or parts[1] == "auth":
            return
        at = [sum(len(p) + 1 for p in parts[:n]) for n in range(len(parts))]
        if parts[1] == "body":
            word, modifier = self.modifier(parts[2], at[2])
            field = _exact(base, word)
            if field is None and self.is_opaque(base):
                return
            if field is not None and field.type == "relation" and len(parts) > 3:
                return
            if field is not None and modifier and len(parts) == 3:
                if modifier in ("each", "length") and field.type not in _MANY:
                    raise Refused(f"':{modifier}' is for select, file and relation fields", at[2], parts[2])
                return
        _, modifier = self.modifier(parts[-1], at[-1])
        if modifier not in ("", "isset", "lower"):
            raise Refused(f"':{modifier}' cannot be used here", at[-1], parts[-1])

    def modifier(self, part: str, at: int) -> tuple[str, str]:
        """A part and its modifier. More than one colon makes it no modifier, but a part of the name."""
        word, colon, modifier = part.partition(":")
        if not colon or ":" in modifier:
            return part, ""
        since = FILTER_MODIFIERS.get(modifier)
        where = (at + len(word), f":{modifier}")
        if since is None:
            raise Refused(f"no modifier ':{modifier}'", *where, known=[f":{m}" for m in FILTER_MODIFIERS])
        if self.version < since:
            raise Refused(f"the modifier ':{modifier}'", *where, since=since)
        return word, modifier

    def is_opaque(self, collection: Collection) -> bool:
        return collection.name.lower() in self.opaque

    def path(self, path: str, collection: Collection, at: int) -> list[Step]:
        """The steps of a path that begins in this collection."""
        steps: list[Step] = []
        parts = path.split(".")
        for number, part in enumerate(parts):
            if number == len(parts) - 1:
                field = self.last(part, collection, at)
                return [*steps, Step(collection, field)] if field else steps
            found = _exact(collection, part)
            if found is None and self.is_opaque(collection):
                return steps
            if found is not None and found.type in ("json", "geoPoint"):
                return [*steps, Step(collection, found)]
            if number >= MAX_STEPS:
                raise Refused(f"goes through more than {MAX_STEPS} relations", at, part)
            step = self.back(part, collection, at) if found is None else Step(collection, found)
            if step is None:
                return steps
            steps.append(step)
            target = step.collection if step.back else self.target(step.field, part, at)
            if target is None:
                return steps
            collection = target
            at += len(part) + 1
        return steps

    def target(self, field: FieldBase, part: str, at: int) -> Collection | None:
        if not isinstance(field, RelationField):
            raise Refused(f"'{part}' is {a(field.type)} field: nothing can follow it", at, part)
        # What a relation points at that is not declared was said already.
        return self.by_name.get((field.target or field.collection_id).lower())

    def back(self, part: str, collection: Collection, at: int) -> Step | None:
        match = _BACK.fullmatch(part)
        if match is None:
            raise self.no_field(part, collection, at)
        name, field_name = match[1], match[2]
        if (other := self.by_name.get(name.lower())) is None:
            if name.lower() in self.opaque or not self.complete:
                return None
            raise self.no_collection(name, at)
        field, where = _exact(other, field_name), at + len(name) + len("_via_")
        if field is None and self.is_opaque(other):
            return None
        relations = [f for f in other.fields if isinstance(f, RelationField)]
        pointing = [f.name for f in relations if self.by_name.get(f.target.lower()) is collection]
        if not isinstance(field, RelationField):
            what = f"no relation '{field_name}' in {other.name}"
            raise Refused(what, where, field_name, pointing)
        target = self.by_name.get((field.target or field.collection_id).lower())
        if target is not None and target is not collection:
            what = f"{other.name}.{field.name} does not point at {collection.name}, but at {target.name}"
            raise Refused(what, where, field_name, pointing)
        return Step(other, field, True)

    def last(self, part: str, collection: Collection, at: int) -> FieldBase | None:
        word, _ = self.modifier(part, at)
        field = _exact(collection, word)
        if field is None and word not in _implied(collection) and not self.is_opaque(collection):
            raise self.no_field(word, collection, at)
        return field

    def no_collection(self, name: str, at: int) -> Refused:
        there = dict.fromkeys(c.name for c in self.by_name.values())
        renamed = (c for c in self.by_name.values() if (c.renamed_from or "").lower() == name.lower())
        if now := next(renamed, None):
            return Refused(f"no collection '{name}': it is called '{now.name}' now", at, name)
        return Refused(f"no collection '{name}'", at, name, there)

    def no_field(self, name: str, collection: Collection, at: int) -> Refused:
        what = f"no field '{name}' in {collection.name}"
        now = next((field.name for field in collection.fields if field.renamed_from == name), "")
        if now:
            return Refused(f"{what}: it is called '{now}' now", at, name)
        known = [*(field.name for field in collection.fields), *_implied(collection)]
        return Refused(what, at, name, dict.fromkeys(known))


def _exact(collection: Collection, name: str) -> FieldBase | None:
    """The field; unlike elsewhere, filters tell upper from lower case."""
    return next((field for field in collection.fields if field.name == name), None)


def _implied(collection: Collection) -> tuple[str, ...]:
    return SYSTEM_FIELDS[collection.type]


def _beginnings(name: str) -> tuple[str, ...]:
    if name.startswith("@request"):
        parts = ("auth", "body", "query", "headers", "context", "method")
        return tuple(f"@request.{part}" for part in parts)
    return (*FILTER_MOMENTS, "@request", "@collection") if name.startswith("@") else ()


def _geo_distance(operand: Operand) -> Wrong | None:
    if len(operand.args) != 4:
        return Wrong(operand.start, operand.end, f"geoDistance takes 4 arguments, not {len(operand.args)}")
    bad = next((arg for arg in operand.args if arg.kind not in ("name", "number")), None)
    return Wrong(bad.start, bad.end, "geoDistance takes names and numbers") if bad else None


def _strftime(operand: Operand) -> Wrong | None:
    args = operand.args
    if not 1 <= len(args) <= 10:
        return Wrong(operand.start, operand.end, f"strftime takes 1 to 10 arguments, not {len(args)}")
    for number, arg in enumerate(args):
        if arg.kind == "text" or (number == 1 and arg.kind in ("name", "number")):
            continue
        needs = "a name, a text or a number" if number == 1 else "a text in quotes"
        return Wrong(arg.start, arg.end, f"argument {number + 1} of strftime is {needs}")
    return None
