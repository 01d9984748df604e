"""Names of fields that go, where the indexes and the views of the code still say them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from pocketvex.findings import Finding, Part
from pocketvex.schema.model import Collection, Schema
from pocketvex.schema.views import outside_texts

Lost = Mapping[str, Mapping[str, str]]
"""By collection: the names that its fields had and no field has any more, with what each is called now."""


def lost_columns(desired: Schema, before: Iterable[Schema]) -> Lost:
    """The names of fields that the code takes away from what was there `before`."""
    states = list(before)
    return {collection.name: _lost(collection, states) for collection in desired.collections}


def views_saying(desired: Schema, lost: Lost) -> list[Collection]:
    """The views that say a word which was the name of such a field."""
    words = {name for names in lost.values() for name in names}
    return [c for c in desired.collections if c.type == "view" and words_in(c.view_query, words)]


def words_in(text: str, words: Iterable[str]) -> list[tuple[int, int]]:
    """Where a text of SQL says one of these words as a name."""
    either = "|".join(map(re.escape, words))
    if not either:
        return []
    bare = outside_texts(text)
    return [match.span() for match in re.finditer(rf"(?<!\w)(?:{either})(?!\w)", bare, re.IGNORECASE)]


def index_problems(desired: Schema, lost: Lost) -> Iterator[Finding]:
    """Conditions and expressions of indexes that say such a name of their own collection."""
    for collection in desired.collections:
        names = lost[collection.name]
        for index in collection.indexes if names else ():
            for text in (*(c.expr for c in index.columns if not c.expr.isidentifier()), index.where):
                for start, end in words_in(text, names):
                    word = text[start:end]
                    message = f"no field '{word}' in {collection.name}{called(names.get(word, ''))}"
                    path, part = f"{collection.name}@{index.name}", Part(text, start, end)
                    yield Finding(path, message, collection.source, "PV711", part)


def called(now: str) -> str:
    return f": it is called '{now}' now" if now else ""


def _lost(collection: Collection, states: list[Schema]) -> dict[str, str]:
    """The names that its fields had and no field has any more, with what each is called now."""
    found: dict[str, str] = {}
    for state in states:
        old = state.collection(collection.name) or state.collection(collection.renamed_from or "")
        if old and old.type == collection.type != "view":
            found |= {field.name: "" for field in old.fields if not old.is_system_field(field.name)}
    found |= {field.renamed_from: field.name for field in collection.fields if field.renamed_from}
    return {name: now for name, now in found.items() if collection.field(name) is None}
