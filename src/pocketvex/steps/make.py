"""The steps of a migration, made from operations: what brings a server from one schema to another."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, assert_never

from pocketvex.diff.operations import (
    AddField,
    ChangeField,
    ChangeIndex,
    ChangeOption,
    ChangeQuery,
    ChangeRule,
    ChangeType,
    CreateCollection,
    DropCollection,
    DropField,
    Operation,
    RenameCollection,
    RenameField,
    ReplaceField,
)
from pocketvex.diff.simulate import wire_name
from pocketvex.errors import UsageError
from pocketvex.evidence.conversions import JUDGED, conversion
from pocketvex.evidence.violations import all_limits, any_of, broken
from pocketvex.schema.fields import FieldBase, RelationField, SelectField
from pocketvex.schema.model import Collection
from pocketvex.schema.system import STANDARD
from pocketvex.steps.guards import Guard, guards, required_guard
from pocketvex.steps.migration import Step

_ORDER: tuple[type[Operation], ...] = (
    DropCollection, RenameCollection, CreateCollection, RenameField, DropField, ReplaceField, AddField,
    ChangeField, ChangeQuery, ChangeIndex, ChangeRule, ChangeOption, ChangeType,
)  # fmt: skip


def steps(operations: Sequence[Operation], *, back: bool = False) -> list[Step]:
    """The steps for these operations, renames first, so that all later ones speak of the new names. With
    `back`, they take back what the opposite direction did."""
    return _Steps(operations, back).all()


class _Steps:
    def __init__(self, operations: Sequence[Operation], back: bool) -> None:
        self.operations = operations
        self.back = back
        self.heirs = {o.collection.lower(): o.old for o in operations if isinstance(o, RenameCollection)}
        self.made = {o.collection.lower() for o in operations if isinstance(o, CreateCollection)}
        self.moves = _moves(operations)
        self.moved = {id(o) for group in self.moves for o in group if isinstance(o, DropField)}

    def all(self) -> list[Step]:
        found: list[Step] = []
        for kind in _ORDER:
            of_kind = [o for o in self.operations if type(o) is kind]
            if kind is RenameField:
                found += [_move(group) for group in self.moves]
                continue
            if kind is RenameCollection:
                of_kind = self.in_turn(of_kind)
            for operation in of_kind:
                if id(operation) not in self.moved:
                    found += self.of(operation)
        return found

    def in_turn(self, renames: Sequence[Operation]) -> list[Operation]:
        """A name that is handed on is free before it is taken."""
        left, placed = list(renames), list[Operation]()
        while left:
            taken = {o.old.lower() for o in left if isinstance(o, RenameCollection)}
            free = next(
                (o for o in left if isinstance(o, RenameCollection)
                 and (o.collection.lower() not in taken or o.collection.lower() == o.old.lower())), left[0],
            )  # fmt: skip
            left.remove(free)
            placed.append(free)
        return placed

    def of(self, operation: Operation) -> list[Step]:
        match operation:
            case CreateCollection():
                return [["create", _definition(operation.definition)]]
            case DropCollection():
                heir = self.heirs.get(operation.collection.lower())
                return [["remove", operation.definition.id, operation.collection, *([heir] if heir else [])]]
            case RenameCollection():
                again = [True] if operation.old.lower() in self.made else []
                return [["rename", operation.id, operation.old, operation.collection, *again]]
            case ChangeType():
                raise UsageError(
                    f"{operation.collection} cannot become {operation.after}: it is {operation.before}",
                    why="PocketBase cannot change the type of a collection, so no migration can.",
                    todo="Declare it under another name, copy the rows, then remove the old one.",
                )
            case AddField():
                return self.add_field(operation)
            case DropField():
                return [["removeField", operation.collection, self.brief(operation.field)]]
            case ReplaceField():
                return self.replace(operation)
            case RenameField():
                return []  # done together
            case ChangeField():
                return self.change_field(operation)
            case ChangeIndex():
                return _index(operation)
            case ChangeRule():
                return [["setRule", operation.collection, operation.rule, operation.before, operation.after]]
            case ChangeOption():
                name = "restoreOption" if self.back else "setOption"
                return [[name, operation.collection, operation.option, operation.after]]
            case ChangeQuery():
                return [["setQuery", operation.collection, operation.before, operation.after]]
            case _:
                assert_never(operation)

    def add_field(self, operation: AddField) -> list[Step]:
        field = operation.field
        found = guards(None, field) if not self.back else []
        more = [_guards(found, field)] if found else []
        added: Step = ["addField", operation.collection, _field(field), operation.after, *more]
        return [added] if field.backfill is None else [added, _fill(operation.collection, field)]

    def brief(self, field: FieldBase) -> dict[str, Any]:
        """What tells a field from another. Where adding it fills the rows, its empty values are kept too."""
        return _field(field, brief=True) | ({"all": True} if field.backfill is not None else {})

    def replace(self, operation: ReplaceField) -> list[Step]:
        before, after = operation.before, operation.after
        made = ["replaceField", operation.collection, _field(before, brief=True), _field(after)]
        if how := how_to_convert(before, after, back=self.back):
            made.append(how)
        fills = after.backfill is not None and not self.back
        return [made, _fill(operation.collection, after)] if fills else [made]

    def change_field(self, operation: ChangeField) -> list[Step]:
        field, changed = operation.after, operation.changed()
        before = {wire_name(field, option): old for option, (old, _) in changed.items()}
        after = {wire_name(field, option): new for option, (_, new) in changed.items()}
        found = guards(operation.before, field)
        known = {"id": field.id, "name": field.name}
        first = getattr(self.pair(operation)[1], "keep", "") == "first" and "max_select" in changed
        more = [_guards(found, field), *(["first"] if first else [])] if found or first else []
        steps: list[Step] = [["setField", operation.collection, known, before, after, *more]]
        remap = self.remap(operation)
        if remap is not None:
            steps.insert(1 if self.back else 0, remap)
        if not self.back and field.backfill is not None and "required" in changed and field.required:
            steps.append(_fill(operation.collection, field))
        filled = operation.before
        if self.back and filled.backfill is not None and "required" in changed and filled.required:
            steps.insert(0, ["unfill", operation.collection, known])
        return steps

    def pair(self, operation: ChangeField) -> tuple[FieldBase, FieldBase]:
        """The field as it was before `up`, and as it is after it."""
        pair = (operation.before, operation.after)
        return pair[::-1] if self.back else pair

    def remap(self, operation: ChangeField) -> Step | None:
        """What rows hold instead of choices that go; on the way back, what held them before."""
        was, now = self.pair(operation)
        if not isinstance(was, SelectField) or not isinstance(now, SelectField):
            return None
        mapping = {o: n for o, n in now.remap.items() if o in was.values and o not in now.values}
        if not mapping:
            return None
        known = {"id": operation.after.id, "name": operation.after.name}
        # What nobody had before goes back to the first choice that became it.
        inverse = {n: o for o, n in reversed(mapping.items()) if n and n not in was.values}
        there, other = (inverse, mapping) if self.back else (mapping, inverse)
        return ["remap", operation.collection, known, there, *([other] if other else [])]


def how_to_convert(before: FieldBase | None, after: FieldBase, *, back: bool) -> dict[str, Any]:
    """How a value becomes one of the other type, and what keeps it from that; None: no value does."""
    found: dict[str, Any] = {}
    if before is not None and (to := conversion(before, after)):
        found["to"] = to
        if to == "asChoice":
            found["values"] = after.options()["values"]
        refused = [broken(limit, after) for limit in all_limits(after) if limit.option != "required"]
        if plain := [condition for condition in refused if condition.plain]:
            condition = any_of(plain)
            found["refuses"] = condition.sql
            found |= {"bound": dict(condition.bound)} if condition.bound else {}
        if to in JUDGED or len(plain) < len(refused):
            found["judged"] = True
    if after.required and after.backfill is None and not back:
        found["guards"] = _guards([required_guard(after)], after)
    return found


def _moves(operations: Sequence[Operation]) -> list[list[RenameField | DropField | AddField]]:
    """Renames, each together with whatever hands its name on to it, or takes the one that it leaves."""
    groups: list[list[RenameField | DropField | AddField]] = []
    for operation in (o for o in operations if isinstance(o, RenameField)):
        names = {operation.old, operation.new}
        joined: list[RenameField | DropField | AddField] = [operation]
        for group in [g for g in groups if g[0].collection == operation.collection]:
            if names & {name for o in group if isinstance(o, RenameField) for name in (o.old, o.new)}:
                groups.remove(group)
                joined = [*group, *joined]
        groups.append(joined)
    for group in groups:
        olds = {o.old for o in group if isinstance(o, RenameField)}
        news = {o.new for o in group if isinstance(o, RenameField)}
        for o in operations:
            if o.collection == group[0].collection and (
                (isinstance(o, DropField) and o.field.name in news)
                or (isinstance(o, AddField) and o.field.name in olds)
            ):
                group.append(o)
    return groups


def _move(group: Sequence[RenameField | DropField | AddField]) -> Step:
    moves: list[dict[str, Any]] = []
    for o in group:
        match o:
            case RenameField():
                moves.append({"id": o.id, "from": o.old, "to": o.new})
            case DropField():
                moves.append({"id": o.field.id, "from": o.field.name, "to": None})
            case AddField():
                moves.append({"id": o.field.id, "from": None, "to": o.field.name})
    return ["renameFields", group[0].collection, moves]


def _fill(collection: str, field: FieldBase) -> Step:
    return ["fill", collection, {"id": field.id, "name": field.name}, _bound(field, field.backfill)]


def _bound(field: FieldBase, value: Any) -> Any:
    """A value as the column stores it."""
    if field.type in ("json", "geoPoint") or isinstance(value, dict | list | tuple):
        return json.dumps(value)
    return value


def _guards(found: Sequence[Guard], field: FieldBase) -> list[dict[str, Any]]:
    return [
        {
            "option": wire_name(field, guard.option),
            "says": f"{guard.says} ({guard.code})",
        }
        | ({"broken": guard.broken} if guard.broken else {})
        | ({"bound": guard.bound} if guard.bound else {})
        for guard in found
    ]


def _index(operation: ChangeIndex) -> list[Step]:
    before, after = (
        index.sql(operation.collection) if index else None for index in (operation.before, operation.after)
    )
    return [["setIndex", operation.collection, before, after]]


def _field(field: FieldBase, *, brief: bool = False) -> dict[str, Any]:
    """A field without what is off or empty, which is the same to PocketBase; `brief`: only what tells it
    from another."""
    values = field.to_json()
    values.pop("collectionId", None)
    if isinstance(field, RelationField):
        # Ids differ from server to server: the target is found by its name when the file runs.
        values["target"] = field.target
    head = {key: values.pop(key) for key in ("name", "type", "id")}
    if brief:
        return {**head, **({"target": values["target"]} if "target" in values else {})}
    off = type(field).model_validate(head | {"name": "off"}).to_json()
    return {**head, **{key: value for key, value in values.items() if off.get(key) != value}}


def _definition(collection: Collection) -> dict[str, Any]:
    values = collection.to_json()
    head = {key: values.pop(key) for key in ("name", "type", "id")}
    if not values["system"]:
        del values["system"]
    if collection.type == "view":
        del values["fields"], values["indexes"]
        values = {k: v for k, v in values.items() if k not in ("createRule", "updateRule", "deleteRule")}
    else:
        fields = [_field(field) for field in collection.fields]
        standard = [*map(dict, STANDARD[collection.type])]
        if fields[: len(standard)] == standard:
            fields = fields[len(standard) :]  # the step adds them
        values["fields"] = fields
    return {**head, **values}
