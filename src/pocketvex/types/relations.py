"""What can be expanded, from each collection: its own relations, and those that point to it.

Observed on 0.23.12, 0.28.4, 0.36.9, 0.39.11 and 0.40.6: a unique index on the field alone, with a
condition or without, makes the way back (`comments_via_post`) a single record, whatever the field holds;
and a record whose view rule the reader does not pass is left out of `expand`, even if it is required.
Where only superusers view the collection, others do not even get an empty `expand` for it. The event of
a record that goes by `cascadeDelete` comes when what it points to is gone already.

A row may be older than what makes its relation required: PocketBase keeps it with nothing in it and takes
no change of it. The types do not speak of such rows; PocketVex does not make them unasked (PV102, PV203).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pocketvex.schema.fields import RelationField
from pocketvex.schema.rules import Rule
from pocketvex.types.shape import Shape

_SIGNED_IN = "@request.auth.id != ''"


class Relation(NamedTuple):
    key: str
    to: str
    many: bool
    always: bool
    """Whether everyone who gets the record gets what it points to."""
    locked: bool
    """Whether only superusers view what it points to, and not only they get the record."""
    cascade: bool
    """Whether what the record is sure to point to can be gone when it is said that the record is deleted."""


def relations(found: Sequence[Shape]) -> dict[str, list[Relation]]:
    """By collection: its own in their order, then those that point to it. Hidden ones are left out."""
    by_name = {shape.name.lower(): shape for shape in found}
    own: dict[str, list[Relation]] = {shape.name: [] for shape in found}
    back: dict[str, list[Relation]] = {shape.name: [] for shape in found}
    for shape in found:
        for field in shape.fields:
            if isinstance(field, RelationField) and not field.hidden:
                target = by_name.get(field.target.lower())
                if target is not None:
                    own[shape.name].append(_own(shape, field, target))
                    back[target.name].append(_back(shape, field, target))
    return {name: own[name] + sorted(back[name]) for name in own}


def _own(shape: Shape, field: RelationField, target: Shape) -> Relation:
    always = field.required and shape.always and _all_may_view(shape, target)
    goes = always and field.cascade_delete and shape.kind != "view"  # nothing is heard of a view's rows
    return Relation(field.name, target.name, field.multiple, always, _is_locked(target, shape), goes)


def _back(shape: Shape, field: RelationField, target: Shape) -> Relation:
    many = field.name not in shape.unique
    return Relation(
        f"{shape.name}_via_{field.name}", shape.name, many, False, _is_locked(shape, target), False
    )


def _is_locked(target: Shape, shape: Shape) -> bool:
    return target.rules["view"] is None and any(reader is not None for reader in _readers(shape))


def _all_may_view(shape: Shape, target: Shape) -> bool:
    """Whether everyone who gets a record of `shape`, in whatever answer, may view any record of `target`."""
    rule = target.rules["view"]
    if rule is None:
        return all(reader is None for reader in _readers(shape))
    return rule == "" or all(_surely(reader, rule) for reader in _readers(shape))


def _readers(shape: Shape) -> list[Rule]:
    """The rules by which records are returned: those that read, and those whose answer is the record."""
    names: Mapping[str, Sequence[str]] = {"view": ("list", "view")}
    rules = [shape.rules[name] for name in names.get(shape.kind, ("list", "view", "create", "update"))]
    return [*rules, _SIGNED_IN] if shape.kind == "auth" else rules


def _surely(reader: Rule, rule: str) -> bool:
    if reader is None:
        return True
    if reader == "":
        return False
    # Loaded only here: most rules are public or locked.
    from pocketvex.rules.narrower import narrower, terms

    ways = terms(rule)
    if ways is None:
        return False
    sides = [side for way in ways for comparison in way for side in (comparison.left, comparison.right)]
    # A rule about the account says the same of every record; one about the record does not.
    of_account = all(
        side.text.startswith("@request.auth.") if side.kind == "name" else side.kind in ("text", "number")
        for side in sides
    )
    return of_account and narrower(reader, rule)
