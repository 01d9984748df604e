"""Who names a thing: the rules, queries, indexes and relations of a server that speak of a name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from pocketvex.diff.compare import Diff
from pocketvex.diff.operations import RenameField
from pocketvex.schema.fields import RelationField
from pocketvex.schema.indexes import Index
from pocketvex.schema.model import Schema

_WORD = re.compile(r"\w+")
_NEW = "_pv_new_"
"""Marks a name that was put in already, so that a name handed on is not renamed twice."""
_STRING = r"'(?:\\.|''|[^'\\])*'|\"(?:\\.|[^\"\\])*\""


def names_it(text: str, home: str, collection: str, field: str = "") -> bool:
    """Whether a rule or a query of the collection `home` may mean this collection, or this field of it.

    In doubt it does: a field of another collection stands behind a dot, or anywhere in a query.
    """
    bare = re.sub(_STRING, "''", text)
    if not field:
        return re.search(rf"(?<!\w){re.escape(collection)}(?!\w)", bare, re.IGNORECASE) is not None
    query = re.match(r"\s*(select|with)\b", text, re.IGNORECASE)
    if query and not names_it(text, home, collection):
        return False
    before = r"(?<!\w)" if query or home.lower() == collection.lower() else r"\."
    return re.search(rf"{before}{re.escape(field)}(?!\w)", bare, re.IGNORECASE) is not None


class Uses:
    """Answers about what `live` says of its own names, and what is left of it after a diff."""

    def __init__(self, live: Schema, diff: Diff) -> None:
        self.live = live
        self.diff = diff

    def of(self, collection: str, field: str = "") -> list[str]:
        """The paths of all that names a collection, or a field of it."""
        found = []
        for path, home, thing in self.words.get((field or collection).lower(), ()):
            if home.lower() == collection.lower() and not field:
                continue  # what goes with it
            if isinstance(thing, Index):
                named = field != "" and home.lower() == collection.lower() and thing.mentions(field)
            elif isinstance(thing, RelationField):
                named = not field
            else:
                named = names_it(thing, home, collection, field)
            if named:
                found.append(path)
        return found

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
            at = old.get(operation.collection, operation.collection)
            found.add(at + operation.path.removeprefix(operation.collection))
            if operation.kind == "drop_collection":
                gone = self.live.collection(at)
                found |= {f"{at}.{f.name}" for f in gone.fields} if gone else set()
                found |= {f"{at}:query"}
            if isinstance(operation, RenameField):
                found.add(f"{at}.{operation.old}")
        return found

    @cached_property
    def words(self) -> dict[str, list[tuple[str, str, str | Index | RelationField]]]:
        """Every word of a rule, a query, an index or a target: (path, collection, what says it)."""
        found: dict[str, list[tuple[str, str, str | Index | RelationField]]] = {}
        for path, home, thing in self._things():
            if isinstance(thing, RelationField):
                text = thing.target
            else:
                text = thing.sql("") if isinstance(thing, Index) else thing
            for word in set(_WORD.findall(text.lower())):
                found.setdefault(word, []).append((path, home, thing))
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
    def renames(self) -> dict[str, str]:
        """Old name to new name, of fields and collections; what is renamed to two names is left out."""
        found: dict[str, str] = {old: new for new, old in self.diff.renamed.items()}
        for operation in self.diff.operations:
            if isinstance(operation, RenameField):
                twice = found.setdefault(operation.old, operation.new) != operation.new
                if twice:
                    found[operation.old] = operation.old
        return found

    def renamed_in(self, text: str | None) -> str | None:
        """A rule or query with the new names in the place of the old ones; None where nothing changes.

        `@request.auth.…` is left alone: it is another collection's.
        """
        if not text or not self.renames:
            return None
        names = "|".join(map(re.escape, sorted(self.renames, key=len, reverse=True)))
        swap = re.compile(rf"{_STRING}|@request\.[\w.]+|(?<!\w)({names})(?!\w)")
        changed = swap.sub(lambda m: self.renames[m[1]] if m[1] else m[0], text)
        return changed if changed != text else None

    def renamed_index(self, collection: str, index: Index) -> tuple[object, ...] | None:
        """The meaning of an index once the fields of its collection have their new names."""
        renamed = index
        for operation in self.diff.operations:
            if isinstance(operation, RenameField) and operation.collection == collection:
                renamed = renamed.renamed(operation.old, f"{_NEW}{operation.new}")
        return self._named(renamed).meaning() if renamed is not index else None

    @staticmethod
    def _named(index: Index) -> Index:
        columns = tuple(c._replace(expr=c.expr.replace(_NEW, "")) for c in index.columns)
        return index._replace(columns=columns, where=index.where.replace(_NEW, ""))
