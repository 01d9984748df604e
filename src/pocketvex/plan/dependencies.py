"""What has to wait because something that it needs waits: the safe part of a plan must stand on its own.

A rule cannot name a field that is not there yet, a relation cannot point at a collection that is not, and
a column cannot be renamed while an index over it is not changed with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from pocketvex.diff.operations import (
    AddField,
    Ambiguous,
    ChangeField,
    ChangeIndex,
    ChangeOption,
    ChangeQuery,
    ChangeRule,
    CreateCollection,
    DropField,
    Operation,
    RenameCollection,
    RenameField,
    ReplaceField,
)
from pocketvex.plan.changes import Change
from pocketvex.plan.one_import import OneImport, waiting
from pocketvex.plan.references import names_it, words_abroad, words_of
from pocketvex.plan.verdicts import Verdict
from pocketvex.schema.fields import RelationField
from pocketvex.schema.indexes import Index
from pocketvex.schema.model import Schema

Name = tuple[str, str]
"""(collection, field), or (collection, "") for the collection itself; in lower case."""


def with_waiting(
    changes: Sequence[Change],
    kept: Iterable[Operation],
    questions: Iterable[Ambiguous],
    live: Schema,
) -> list[Change]:
    """The changes, those made to wait that need what is not safe, is kept, or has no answer."""
    blocked = OneImport(changes, live).blocked
    return _Waits([blocked(change) for change in changes], list(kept), questions).settled()


def standing_without(changes: Sequence[Change], left: Iterable[Operation]) -> list[Change]:
    """Those of the changes that need nothing of what is `left` undone."""
    safe = [replace(c, judgement=c.judgement._replace(verdict=Verdict.SAFE)) for c in changes]
    settled = _Waits(safe, list(left), ()).settled()
    return [change for change, now in zip(changes, settled, strict=True) if now.safe]


class _Names:
    """Names that are not there, found by the words that may mean them."""

    def __init__(self) -> None:
        self.by_word: dict[str, set[Name]] = {}
        self.by_home: dict[str, set[Name]] = {}
        self.held: dict[Name, str] = {}
        """Names of fields that are not free: what would free each is not done now."""

    def add(self, names: Iterable[Name]) -> None:
        for name in names:
            self.by_word.setdefault(name[1] or name[0], set()).add(name)
            self.by_home.setdefault(name[0], set()).add(name)

    def near(self, operation: Operation) -> set[Name]:
        """Those that an operation may need."""
        found = set(self.by_home.get(operation.collection.lower(), ()))
        words = {word for text in _texts(operation) for word in words_abroad(text)}
        for word in words | {target.lower() for target in _targets(operation)}:
            found |= self.by_word.get(word, set())
        return found

    def needed(self, operation: Operation) -> str:
        """What an operation has to wait for, in words; "" for nothing."""
        held = (self.held[name] for name in _made(operation) if name in self.held)
        return next(_needed(operation, self.near(operation)), "") or next(held, "")


class _Waits:
    def __init__(
        self, changes: list[Change], kept: Sequence[Operation], questions: Iterable[Ambiguous]
    ) -> None:
        self.changes = changes
        self.drops = {
            c.path.lower(): number for number, c in enumerate(changes) if isinstance(c.operation, DropField)
        }
        self.missing = _Names()
        self.harmless = _Names()
        self.left: dict[tuple[str, str], list[Operation]] = {}
        """Operations that will not be done now: by their collection; by it and a word that they change; by
        "" and a word that may be another collection's."""
        for operation in kept:
            # An index that stays follows what its columns are called.
            if not isinstance(operation, ChangeIndex) or operation.after is not None:
                self.leave(operation, self.missing)
        for question in questions:
            for name in question.candidates:
                at = (question.collection, name) if question.collection else (name, "")
                self.missing.add([(at[0].lower(), at[1].lower())])
        for change in changes:
            if not change.safe:
                self.wait(change)

    def wait(self, change: Change) -> None:
        harmless = change.judgement.verdict is Verdict.HARMLESS
        self.leave(change.operation, self.harmless if harmless else self.missing)

    def leave(self, operation: Operation, names: _Names) -> None:
        names.add(_made(operation))
        names.held.update(dict.fromkeys(_freed(operation), operation.path))
        home, text = operation.collection.lower(), _text_before(operation)
        keys = [(home, ""), *((home, w) for w in words_of(text)), *(("", w) for w in words_abroad(text))]
        for key in keys:
            self.left.setdefault(key, []).append(operation)

    def settled(self) -> list[Change]:
        moving = bool(self.left or self.missing.by_word)
        while moving:
            moving = False
            for number, change in enumerate(self.changes):
                verdict, needed = self.verdict(change)
                if needed and verdict is not change.judgement.verdict:
                    self.changes[number] = waiting(change, verdict, f"waits for {needed}")
                    self.wait(self.changes[number])
                    moving = True
        return self.changes

    def verdict(self, change: Change) -> tuple[Verdict, str]:
        operation = change.operation
        if change.judgement.verdict not in (Verdict.SAFE, Verdict.HARMLESS):
            return change.judgement.verdict, ""
        if needed := self.missing.needed(operation):
            return Verdict.UNSAFE, needed
        if (drop := self.dropped_with(operation)) and not drop.safe:
            return drop.judgement.verdict, drop.path
        for other in self.bound_to(operation):
            if other is not operation and (_carries(operation, other) or _identifies(operation, other)):
                return Verdict.UNSAFE, other.path
        if change.safe and (needed := self.harmless.needed(operation)):
            return Verdict.HARMLESS, needed
        return Verdict.SAFE, ""

    def dropped_with(self, operation: Operation) -> Change | None:
        """The removal of the field that an index is over: until it is done, the index says what it said."""
        if not isinstance(operation, ChangeIndex) or operation.after is not None or operation.before is None:
            return None
        home = operation.collection.lower()
        names = words_of(" ".join(column.expr for column in operation.before.columns))
        found = [self.changes[self.drops[p]] for n in names if (p := f"{home}.{n}") in self.drops]
        return max(found, key=lambda change: change.judgement.verdict is Verdict.UNSAFE, default=None)

    def bound_to(self, operation: Operation) -> list[Operation]:
        """What is left undone and may have to be done together with an operation."""
        home = operation.collection.lower()
        match operation:
            case RenameField():
                old = operation.old.lower()
                return [o for key in ((home, ""), (home, old), ("", old)) for o in self.left.get(key, ())]
            case RenameCollection():
                return self.left.get(("", operation.old.lower()), [])
            case ChangeOption(option="passwordAuth.identityFields"):
                return self.left.get((home, ""), [])
            case _:
                return []


def _text_before(operation: Operation) -> str:
    match operation:
        case ChangeRule(before=str() as text) | ChangeQuery(before=text):
            return text
        case _:
            return ""


def _made(operation: Operation) -> list[Name]:
    """The names that are not there, or not what they are to be, before an operation."""
    collection = operation.collection.lower()
    match operation:
        case CreateCollection() | RenameCollection() | ChangeQuery():
            return [(collection, "")]
        case AddField():
            return [(collection, operation.field.name.lower())]
        case ReplaceField():
            return [(collection, operation.after.name.lower())]
        case RenameField():
            return [(collection, operation.new.lower())]
        case _:
            return []


def _freed(operation: Operation) -> list[Name]:
    """The names of fields that something else can have after an operation."""
    if isinstance(operation, RenameField) and operation.old.lower() != operation.new.lower():
        return [(operation.collection.lower(), operation.old.lower())]
    return []


def _needed(operation: Operation, missing: Iterable[Name]) -> Iterator[str]:
    """Which of the missing names an operation needs, in words."""
    home = operation.collection.lower()
    own = set(_made(operation))
    for collection, field in missing:
        if (collection, field) in own and not _renamed_too(operation):
            continue
        if (
            (collection == home and (not field or _speaks_of(operation, field)))
            or any(names_it(text, home, collection, field) for text in _texts(operation))
            or (not field and any(target.lower() == collection for target in _targets(operation)))
        ):
            yield f"{collection}.{field}" if field else collection


def _renamed_too(operation: Operation) -> bool:
    return isinstance(operation, ReplaceField) and operation.before.name != operation.after.name


def _speaks_of(operation: Operation, field: str) -> bool:
    """Whether an operation on the same collection needs the field."""
    match operation:
        case ChangeIndex(after=Index() as index):
            return index.mentions(field)
        case ChangeField():
            return operation.after.name.lower() == field
        case ReplaceField():
            return operation.after.name.lower() == field
        case ChangeOption():
            return field in _words(operation.after)
        case _:
            return False


def _words(value: Any) -> set[str]:
    return {str(item).lower() for item in (value if isinstance(value, list) else [value])}


def _texts(operation: Operation) -> Iterator[str]:
    """What an operation says in the server's languages."""
    match operation:
        case ChangeRule(after=str() as rule):
            yield rule
        case ChangeQuery():
            yield operation.after
        case ChangeOption(option=option, after=str() as rule) if option.lower().endswith("rule"):
            yield rule
        case CreateCollection():
            definition = operation.definition
            yield definition.view_query
            yield from filter(None, definition.rules().values())
            yield from (rule for rule in definition.auth.values() if isinstance(rule, str))
        case _:
            return


def _targets(operation: Operation) -> list[str]:
    match operation:
        case AddField(field=RelationField() as field) | ReplaceField(after=RelationField() as field):
            return [field.target]
        case CreateCollection():
            return [f.target for f in operation.definition.fields if isinstance(f, RelationField)]
        case _:
            return []


def _carries(operation: Operation, other: Operation) -> bool:
    """Whether a rename leaves `other` behind: a text that names the old name and is to change with it."""
    if isinstance(operation, RenameField):
        collection, field = operation.collection.lower(), operation.old.lower()
    elif isinstance(operation, RenameCollection):
        collection, field = operation.old.lower(), ""
    else:
        return False
    same = field != "" and other.collection.lower() == collection
    match other:
        case ChangeIndex(before=Index() as index):
            return same and index.mentions(field)
        case ChangeRule(before=str() as text) | ChangeQuery(before=text):
            return names_it(text, other.collection, collection, field)
        case ChangeOption(before=before):
            return same and field in _words(before)
        case _:
            return False


def _identifies(operation: Operation, other: Operation) -> bool:
    """Whether accounts are to be told apart by a field whose unique index is not there yet."""
    return (
        isinstance(operation, ChangeOption)
        and operation.option == "passwordAuth.identityFields"
        and isinstance(other, ChangeIndex)
        and other.collection == operation.collection
    )
