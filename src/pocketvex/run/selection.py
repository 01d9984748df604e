"""What `schema pull` was asked for: collections, and things in them, by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from pocketvex.errors import UsageError
from pocketvex.paths import home_of
from pocketvex.schema.auth import flat_options
from pocketvex.schema.model import Collection, Schema
from pocketvex.schema.rules import RULE_NAMES
from pocketvex.schema.system import SYSTEM_COLLECTIONS


@dataclass(frozen=True)
class Asked:
    """What a person asked for: names of collections, or of things in them (`posts.title`); none is: all."""

    names: tuple[str, ...] = ()
    one_file: bool = False
    force: bool = False
    """Whether files that a person wrote may be written anew, for the collections that are named."""


def named(names: Sequence[str], *schemas: Schema) -> dict[str, list[str]]:
    """The things that were named, by their collection: `{"posts": [".title"]}`; `""` is all of it.

    Raises UsageError for what none of the schemas has.
    """
    found: dict[str, list[str]] = {}
    for name in names:
        stem = home_of(name)
        thing = name[len(stem) :]
        there = [c for schema in schemas if (c := _collection(schema, stem)) is not None and not c.system]
        if not there:
            raise _unknown(name, stem, schemas[0])
        if thing and not any(_has(collection, thing) for collection in there):
            raise UsageError(
                f"there is nothing that is called {name}",
                todo="Say posts, posts.title, posts:listRule, or posts@idx_posts_title.",
            )
        found.setdefault(there[0].name, []).append(thing)
    return found


def _collection(schema: Schema, name: str) -> Collection | None:
    """By name, else by id: a relation of an export may know no more."""
    return schema.collection(name) or next((c for c in schema.collections if name and c.id == name), None)


def _has(collection: Collection, thing: str) -> bool:
    name = thing[1:]
    match thing[0]:
        case ".":
            return collection.field(name) is not None
        case "@":
            return collection.index(name) is not None
    options = {*flat_options(collection.auth), *collection.auth}
    return name in RULE_NAMES or name in options or (name == "query" and collection.type == "view")


def _unknown(name: str, stem: str, live: Schema) -> UsageError:
    if stem in SYSTEM_COLLECTIONS:
        return UsageError(
            f"{stem} is PocketBase's own collection", todo="Relations and rules may name it as it is."
        )
    own = [c.name for c in live.collections if not c.system]
    near = get_close_matches(stem, own, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(own[:20]) or 'none'}."
    asked = "" if name == stem else f": {name}"
    return UsageError(f"there is no collection {stem!r} on the server{asked}", todo=hint)
