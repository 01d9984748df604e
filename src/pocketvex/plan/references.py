"""Who names a thing: the rules, queries, indexes and relations of a server that speak of a name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from pocketvex.diff.compare import Diff
from pocketvex.diff.operations import DropCollection, RenameField
from pocketvex.rules.check import names_of
from pocketvex.rules.meaning import Meaning, Named
from pocketvex.schema.fields import RelationField
from pocketvex.schema.indexes import Index
from pocketvex.schema.model import Schema
from pocketvex.schema.rules import RULE_NAMES
from pocketvex.versions import NEWEST

_WORD = re.compile(r"\w+")
_ABROAD = re.compile(r"(?<=\.)\w+")
_QUERY = re.compile(r"\s*(select|with)\b", re.IGNORECASE)
_VIA = "_via_"
_NEW = "_pv_new_"
"""Marks a name that was put in already, so that a name handed on is not renamed twice."""
_STRING = r"'(?:\\.|''|[^'\\])*'|\"(?:\\.|[^\"\\])*\""
_NAMES = re.compile(rf"{_STRING}|\w+")
_SENT = re.compile(rf"({_STRING})|@request\.(?:(body)\.|(auth)(?=\.)|(?:query|headers)\.[\w.:]+|\w+)")


def _plain(text: str) -> str:
    """A rule without the words of the language: what the request holds stands as a field of its own
    collection, what an account has as one of another."""
    return text if _QUERY.match(text) else _SENT.sub(lambda m: m[1] or "", text)


def words_of(text: str) -> set[str]:
    words = set(_WORD.findall(_plain(text).lower()))
    return words | _followed_back(words)


def _followed_back(words: set[str]) -> set[str]:
    """The names in `comments_via_post`: a collection, and its field that is followed backwards."""
    return {part for word in words if _VIA in word for part in word.split(_VIA, 1)}


def words_abroad(text: str) -> set[str]:
    """The words that may name a thing of another collection: all of a query, those behind a dot of a rule."""
    if _QUERY.match(text):
        return words_of(text)
    plain = _plain(text).lower()
    return set(_ABROAD.findall(plain)) | _followed_back(set(_WORD.findall(plain)))


def names_it(text: str, home: str, collection: str, field: str = "") -> bool:
    """Whether a rule or a query of the collection `home` may mean this collection, or this field of it.

    In doubt it does: a field of another collection stands behind a dot, or anywhere in a query.
    """
    bare = re.sub(_STRING, "''", _plain(text))
    if not field:
        word = rf"(?<!\w){re.escape(collection)}({_VIA}\w+)?(?!\w)"
        return re.search(word, bare, re.IGNORECASE) is not None
    query = _QUERY.match(text)
    if query and not names_it(text, home, collection):
        return False
    before = r"(?<!\w)" if query or home.lower() == collection.lower() else r"\."
    back = rf"(?<!\w){re.escape(collection)}{_VIA}"
    return re.search(rf"({before}|{back}){re.escape(field)}(?!\w)", bare, re.IGNORECASE) is not None


class Uses:
    """Answers about what `live` says of its own names, and what is left of it after a diff."""

    def __init__(self, live: Schema, diff: Diff, kept: Iterable[str] = ()) -> None:
        self.live = live
        self.diff = diff
        self.kept = frozenset(kept)
        """The collections that the code does not have, and that stay all the same."""
        self.meant: dict[str, list[Named] | None] = {}
        """By its path what a rule names; None where it cannot be read."""

    def of(self, collection: str, field: str = "") -> list[str]:
        """The paths of all that names a collection, or a field of it."""
        found = []
        at, word = collection.lower(), (field or collection).lower()
        things = self.words.get(("", word), [])
        if field:
            things = [*self.words.get((at, word), ()), *(t for t in things if t[1].lower() != at)]
        for path, home, thing in things:
            if home.lower() == at and not field:
                continue  # what goes with it
            if isinstance(thing, Index):
                named = field != "" and home.lower() == collection.lower() and thing.mentions(field)
            elif isinstance(thing, RelationField):
                named = not field
            else:
                named = self.named(path, thing, home, collection, field)
            if named:
                found.append(path)
        return found

    def named(self, path: str, text: str, home: str, collection: str, field: str) -> bool:
        """Whether a rule or a query means it: what can be looked up decides, else the words."""
        base = self.live.collection(home)
        if path.endswith(":query") or base is None:
            return names_it(text, home, collection, field)
        if path not in self.meant:
            self.meant[path] = self.meaning.of(text, base)
        found = self.meant[path]
        if found is None:
            return names_it(text, home, collection, field)
        return any(name.means(collection, field) for name in found)

    @cached_property
    def meaning(self) -> Meaning:
        return Meaning(names_of(self.live, NEWEST, self.live))

    def staying(self, collection: str, field: str = "") -> list[str]:
        """Those that the diff neither changes nor removes."""
        return [path for path in self.of(collection, field) if path not in self.touched]

    def through_views(self, collection: str, field: str) -> str:
        """A view that reads the field from a view that reads it: SQLite refuses to rename such a column."""
        for path in self.of(collection, field):
            if path.endswith(":query"):
                view = path.removesuffix(":query")
                for further in self.of(view, field):
                    if further.endswith(":query") and further != path:
                        return further.removesuffix(":query")
        return ""

    @cached_property
    def touched(self) -> set[str]:
        """The live paths that the diff changes or removes."""
        old = self.diff.renamed
        found = set()
        for operation in self.diff.operations:
            if isinstance(operation, DropCollection) and operation.collection in self.kept:
                continue
            at = old.get(operation.collection, operation.collection)
            found.add(at + operation.path.removeprefix(operation.collection))
            if isinstance(operation, DropCollection):
                found |= {f"{at}.{field.name}" for field in operation.definition.fields}
                found |= {f"{at}:{rule}" for rule in (*RULE_NAMES, "query")}
            if isinstance(operation, RenameField):
                found.add(f"{at}.{operation.old}")
        return found

    @cached_property
    def words(self) -> dict[tuple[str, str], list[tuple[str, str, str | Index | RelationField]]]:
        """By collection and word what it says of itself, and by "" and word what others may say."""
        found: dict[tuple[str, str], list[tuple[str, str, str | Index | RelationField]]] = {}
        for path, home, thing in self._things():
            if isinstance(thing, RelationField):
                own, abroad = set[str](), {thing.target.lower()}
            elif isinstance(thing, Index):
                own, abroad = words_of(thing.sql("")), set[str]()
            else:
                own, abroad = words_of(thing), words_abroad(thing)
            keys = [*((home.lower(), word) for word in own), *(("", word) for word in abroad)]
            for key in keys:
                found.setdefault(key, []).append((path, home, thing))
        return found

    def _things(self) -> Iterator[tuple[str, str, str | Index | RelationField]]:
        for c in self.live.collections:
            if c.is_private:
                continue
            for rule, text in c.rules().items():
                if text:
                    yield f"{c.name}:{rule}", c.name, text
            if c.view_query:
                yield f"{c.name}:query", c.name, c.view_query
            for index in c.indexes:
                yield f"{c.name}@{index.name}", c.name, index
            for field in c.fields:
                if isinstance(field, RelationField) and c.type != "view":
                    yield f"{c.name}.{field.name}", c.name, field

    @cached_property
    def fields(self) -> dict[str, dict[str, str]]:
        """By the new name of a collection: old to new names of its fields."""
        found: dict[str, dict[str, str]] = {}
        for operation in self.diff.operations:
            if isinstance(operation, RenameField):
                found.setdefault(operation.collection, {})[operation.old] = operation.new
        return found

    @cached_property
    def renames(self) -> dict[str, str]:
        """Old name to new name, of fields and collections; what is renamed to two names is left out."""
        found: dict[str, str] = {old: new for new, old in self.diff.renamed.items()}
        for group in self.fields.values():
            for old, new in group.items():
                if found.setdefault(old, new) != new:
                    found[old] = old
        return found

    def renamed_rule(self, text: str | None, collection: str) -> str | None:
        """A rule with the new names in the place of the old ones; None where nothing changes, or where one
        means several things of which not all are renamed alike."""
        base = self.live.collection(self.diff.renamed.get(collection, collection))
        if not text or base is None or not self.renames:
            return None
        new: dict[tuple[int, int], set[str]] = {}
        for name in self.meaning.of(text, base) or ():
            new.setdefault((name.start, name.end), set()).add(self.new_name(name))
        if any(len(names) > 1 for names in new.values()):
            return None
        changed = text
        for (start, end), (now,) in sorted(new.items(), reverse=True):
            changed = changed[:start] + now + changed[end:]
        return changed if changed != text else None

    def new_name(self, name: Named) -> str:
        home = self.new_homes.get(name.collection, name.collection)
        if not name.field:
            return home
        there = self.live.collection(name.collection)
        if there is not None and there.type == "view" and self.renamed_in(there.view_query):
            # Its columns are called what its query calls them.
            return self.renames.get(name.field, name.field)
        return self.fields.get(home, {}).get(name.field, name.field)

    @cached_property
    def new_homes(self) -> dict[str, str]:
        return {old: new for new, old in self.diff.renamed.items()}

    def renamed_in(self, text: str | None) -> str | None:
        """A query with the new names in the place of the old ones; None where nothing changes."""
        if not text or not self.renames:
            return None
        changed = _NAMES.sub(lambda m: self._renamed(m[0]), text)
        return changed if changed != text else None

    def _renamed(self, word: str) -> str:
        if word in self.renames or _VIA not in word:
            return self.renames.get(word, word)
        return _VIA.join(self.renames.get(part, part) for part in word.split(_VIA, 1))

    def renamed_index(self, collection: str, index: Index) -> tuple[object, ...] | None:
        """The meaning of an index once the fields of its collection have their new names."""
        renamed = index
        for old, new in self.fields.get(collection, {}).items():
            renamed = renamed.renamed(old, f"{_NEW}{new}")
        if renamed is index:
            return None
        columns = tuple(c._replace(expr=c.expr.replace(_NEW, "")) for c in renamed.columns)
        return renamed._replace(columns=columns, where=renamed.where.replace(_NEW, "")).meaning()
