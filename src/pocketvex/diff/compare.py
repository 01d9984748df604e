"""What differs between two schemas, as operations that turn the second into the first.

    compare(desired, live, version=…) -> Diff

What the server decides by itself is left out of the comparison (PocketBase 0.23 to 0.40): the fields
of views (their query says what they are), the indexes that auth collections always have, secrets,
system fields that the code does not declare, auth options that it never states, the order of fields.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as default
from typing import Any

from pocketvex.diff.match import FieldPairs, Renames, Thing, match_collections, match_fields, same_kind
from pocketvex.diff.operations import (
    AddField,
    Ambiguous,
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
    changed_options,
)
from pocketvex.schema.auth import flat_options, without_secrets
from pocketvex.schema.fields import FieldBase, RelationField
from pocketvex.schema.indexes import Index
from pocketvex.schema.model import SYSTEM_FIELDS, Collection, Schema
from pocketvex.schema.rules import RULE_NAMES, spelled
from pocketvex.schema.views import normal_query
from pocketvex.versions import HELP_TEXTS, Version

_SYSTEM = {type_: frozenset(name.lower() for name in names) for type_, names in SYSTEM_FIELDS.items()}


@dataclass(frozen=True)
class Diff:
    """The operations in the order of the code; what nobody answered is in `ambiguous`, not in them."""

    operations: list[Operation] = default(default_factory=list)
    ambiguous: list[Ambiguous] = default(default_factory=list)
    renamed: dict[str, str] = default(default_factory=dict)
    """Desired name to live name, of the collections that are renamed."""

    def __bool__(self) -> bool:
        return bool(self.operations or self.ambiguous)


def compare(
    desired: Schema,
    live: Schema,
    *,
    renames: Mapping[str, str] | None = None,
    version: Version,
    ask: bool = True,
) -> Diff:
    """Every difference between what the code declares and what a server (or the history) has.

    `renames` are answers: the path of the new name to the old name (`{"posts.headline": "title"}`);
    an old name of "" says that it is new. The path of an old name to "" says that it is gone.
    `version` is that of the server: options that it does not have are not compared (`help` came with 0.37).
    It has no default: of a newer one, a server lacks for ever what it does not know. Two states of one
    server are compared as `NEWEST`, since whatever they hold it has.
    Without `ask` nothing is ambiguous: the ids of both sides are one history's, so that what has no partner
    is new.
    """
    return _Comparison(desired, live, dict(renames or {}), version, ask).diff()


_RULE_OPTIONS = ("authRule", "manageRule", "mfa.rule")


class _Comparison:
    def __init__(
        self,
        desired: Schema,
        live: Schema,
        renames: dict[str, str],
        version: Version,
        may_ask: bool,
    ) -> None:
        self.may_ask = may_ask
        self.renames = renames
        self.version = version
        self.live = [c for c in live.collections if not c.system and not c.is_private]
        self.desired = [c for c in desired.collections if not c.system]
        self.operations: list[Operation] = []
        self.ambiguous: list[Ambiguous] = []
        self.new_names: dict[str, str] = {}

    def diff(self) -> Diff:
        pairs = match_collections(self.desired, self.live, self.renames.get if self.renames else None)
        self.ambiguous += self.taken("", pairs.both, pairs.gone)
        # The names that relations point at, once the renames of this diff are done.
        self.new_names = {old.name.lower(): new.name for new, old in pairs.both}
        for new, old in pairs.both:
            if new.name != old.name:
                self.operations.append(RenameCollection(new.name, old.name, old.id))
        partners = {id(new): old for new, old in pairs.both}
        for collection in self.desired:
            partner = partners.get(id(collection))
            if partner is None:
                self.added(collection, pairs.gone)
            else:
                self.changed(collection, partner)
        waiting = {question.old for question in self.ambiguous if not question.collection}
        for gone in pairs.gone:
            if gone.name not in waiting:
                self.operations.append(DropCollection(gone.name, gone))
        renamed = {new.name: old.name for new, old in pairs.both if new.name != old.name}
        return Diff(self.operations, self.ambiguous, renamed)

    def added(self, collection: Collection, gone: list[Collection]) -> None:
        said = collection.renamed_from is not None or self.said(collection.name, self.live)
        unsaid = [] if said or not self.may_ask else [c for c in gone if self.renames.get(c.name) != ""]
        look_alikes = [c for c in unsaid if _look_alike(collection, c)]
        if look_alikes:
            for old in look_alikes:
                self.ambiguous.append(Ambiguous("", old.name, (collection.name,), collection.source))
            return
        if collection.id in {c.name for c in (*self.desired, *self.live)}:
            # A server takes such an id once, and refuses every save after that.
            collection = collection.model_copy(update={"id": ""})
        self.operations.append(CreateCollection(collection.name, collection))

    def changed(self, new: Collection, old: Collection) -> None:
        if new.type != old.type:
            self.operations.append(ChangeType(new.name, old.type, new.type))
            return
        if new.type == "view":
            if normal_query(new.view_query) != normal_query(old.view_query):
                self.operations.append(ChangeQuery(new.name, old.view_query, new.view_query))
        else:
            self.fields(new, old)
            self.indexes(new, old)
        before, after = old.rules(), new.rules()
        self.operations += [
            ChangeRule(new.name, rule, before[rule], after[rule])
            for rule in RULE_NAMES
            if spelled(before[rule]) != spelled(after[rule])
        ]
        self.options(new, old)

    def fields(self, new: Collection, old: Collection) -> None:
        declared = {f.name.lower() for f in new.fields}
        system = _SYSTEM[old.type]
        live = [f for f in old.fields if f.name.lower() not in system or f.name.lower() in declared]
        pairs = match_fields(new.fields, live, self.answers(new.name))
        asked = self.ask(new, pairs)
        for mine, other in pairs.both:
            if mine.name != other.name:
                self.operations.append(RenameField(new.name, other.id, other.name, mine.name))
            if mine.name not in asked:
                self.field(new, mine, self.retargeted(other))
        for mine in pairs.added:
            if mine.name not in asked and mine.name.lower() not in system:
                self.operations.append(AddField(new.name, mine, _before(mine, new.fields)))
        for other in pairs.gone:
            if other.name not in asked:
                before = _before(other, old.fields)
                self.operations.append(DropField(new.name, self.retargeted(other), before))

    def answers(self, collection: str) -> Renames | None:
        return (lambda name: self.renames.get(f"{collection}.{name}")) if self.renames else None

    def ask(self, new: Collection, pairs: FieldPairs) -> set[str]:
        """The names that wait for an answer, old and new."""
        if not self.may_ask:
            return set()
        taken = list(self.taken(new.name, pairs.both, pairs.gone))
        self.ambiguous += taken
        waiting = {name for question in taken for name in (question.old, *question.candidates)}
        there = [other for _, other in pairs.both] + pairs.gone
        unsaid = [
            f for f in pairs.added if f.renamed_from is None and not self.said(f"{new.name}.{f.name}", there)
        ]
        for old in pairs.gone:
            # Only "" says that it is gone: it may have this name by an answer that came before.
            if self.renames.get(f"{new.name}.{old.name}") == "":
                continue
            if old.name in waiting:
                continue
            alike = tuple(f.name for f in unsaid if same_kind(self.retargeted(old), f))
            if alike:
                where = next(f.source for f in unsaid if f.name == alike[0])
                self.ambiguous.append(Ambiguous(new.name, old.name, alike, where))
                waiting |= {old.name, *alike}
        return waiting

    def said(self, path: str, there: Sequence[Collection] | Sequence[FieldBase]) -> bool:
        """Whether somebody said what a thing was; a name that is not there says nothing."""
        old = self.renames.get(path)
        return old == "" or (old is not None and old.lower() in {thing.name.lower() for thing in there})

    def taken(
        self, collection: str, both: Sequence[tuple[Thing, Thing]], gone: Sequence[Thing]
    ) -> Iterator[Ambiguous]:
        """Renames that are said of what is there under its new name already, beside the old thing."""
        left = {thing.name.lower(): thing for thing in gone} if self.may_ask else {}
        prefix = f"{collection}." if collection else ""
        for mine, _ in both if left else ():
            answer = self.renames.get(prefix + mine.name)
            said = answer if mine.renamed_from is None else mine.renamed_from
            old = left.get((said or "").lower())
            if old is not None and self.renames.get(prefix + old.name) != "":
                yield Ambiguous(collection, old.name, (mine.name,), mine.source, taken=True)

    def field(self, collection: Collection, mine: FieldBase, other: FieldBase) -> None:
        if not same_kind(other, mine):
            self.operations.append(ReplaceField(collection.name, other, mine))
            return
        if self.version < HELP_TEXTS and mine.help != other.help:
            mine = mine.model_copy(update={"help": other.help})
        changed = changed_options(other, mine)
        if changed:
            self.operations.append(ChangeField(collection.name, other, mine))

    def retargeted(self, other: FieldBase) -> FieldBase:
        """A live relation with its target under the name that it will have."""
        if isinstance(other, RelationField):
            target = self.new_names.get(other.target.lower(), other.target)
            if target != other.target:
                return other.model_copy(update={"target": target})
        return other

    def indexes(self, new: Collection, old: Collection) -> None:
        mine = {index.name.lower(): index for index in new.indexes}
        theirs = {index.name.lower(): index for index in old.indexes}
        for key, index in mine.items():
            before = theirs.get(key)
            if before is None and new.is_implied(index) and _has_implied(old, index):
                continue  # under another name, which upgraded servers have
            if before is None or not same_index(index, before):
                self.operations.append(ChangeIndex(new.name, before, index))
        for key, index in theirs.items():
            if key not in mine and not old.is_implied(index):
                self.operations.append(ChangeIndex(new.name, index, None))

    def options(self, new: Collection, old: Collection) -> None:
        before = flat_options(old.auth)
        for name, value in flat_options(new.auth).items():
            current = before.get(name)
            if not same_option(name, value, current):
                self.operations.append(ChangeOption(new.name, name, current, value, name in before))


def same_index(one: Index, other: Index) -> bool:
    return one == other or one.meaning() == other.meaning()


def same_option(name: str, stated: Any, current: Any) -> bool:
    """Whether the server has what was stated: of a provider, only what the code says of it."""
    if name in _RULE_OPTIONS and spelled(stated) == spelled(current):
        return True
    if isinstance(stated, list) and all(isinstance(item, dict) for item in stated):
        if not isinstance(current, list) or len(stated) != len(current):
            return False
        return all(covers(mine, theirs) for mine, theirs in zip(stated, current, strict=True))
    return bool(stated == current) or (not stated and not current and stated != "" and current != "")


def covers(stated: Any, current: Any) -> bool:
    """Whether a provider of the server is what is said of it."""
    return all(current.get(key) == value for key, value in without_secrets(stated).items())


def _has_implied(collection: Collection, index: Index) -> bool:
    return any(collection.is_implied(i) and i.meaning()[1] == index.meaning()[1] for i in collection.indexes)


def _look_alike(new: Collection, gone: Collection) -> bool:
    """Whether a collection gone and one new may be the same: same type, mostly the same fields."""
    if new.type != gone.type or new.type == "view":
        return False
    mine = {(f.name.lower(), f.type) for f in new.fields if not new.is_system_field(f.name)}
    theirs = {(f.name.lower(), f.type) for f in gone.fields if not gone.is_system_field(f.name)}
    common = {item for item in mine & theirs if item[0] not in ("created", "updated")}
    return bool(common) and len(common) * 2 >= min(len(mine), len(theirs))


def _before(field: FieldBase, fields: Sequence[FieldBase]) -> str:
    position = next(n for n, other in enumerate(fields) if other is field)
    return fields[position - 1].name if position else ""
