"""The names that a schema has in Python: of classes, of modules, and which fields can be attributes."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from keyword import iskeyword

from pocketvex.schema.declare import _AUTH_ATTRIBUTES, snake_case
from pocketvex.schema.model import Collection

IMPORTED = ("Auth", "Base", "Rules", "View", "env", "field", "index")
"""What generated modules take from `pocketvex`, in the order of an import."""

_TAKEN_CLASSES = {*IMPORTED, "True", "False", "None"}
_NO_ATTRIBUTES = {
    "field", "Rules", "rules", "indexes", "fields", "query", "collection_name", "collection_type",
    "collection_id", "collection_renamed_from", "collection_source", *_AUTH_ATTRIBUTES,
}  # fmt: skip
"""Names that mean something else in the body of a class."""


def class_names(collections: Iterable[Collection], taken: Iterable[str] = ()) -> dict[str, str]:
    """The class of each collection; `taken` are those that the code has already."""
    found: dict[str, str] = {}
    for collection in collections:
        found[collection.name] = _free(_pascal_case(collection.name), {*found.values(), *taken})
    return found


def says_its_name(class_name: str, collection: str) -> bool:
    """Whether the collection's name follows from that of its class."""
    return snake_case(class_name) == collection


def module_name(collection: str, taken: Container[str]) -> str:
    """The module for a collection: what begins with `_` would only be there to be imported."""
    stem = snake_case(_plain(collection)).strip("_") or "collection"
    if stem[0].isdigit():
        stem = f"c{stem}"
    if iskeyword(stem):
        stem = f"{stem}_"
    return _free(stem, taken)


def is_attribute(name: str, used: Container[str]) -> bool:
    """Whether a field can be an attribute of its class. `used` are names that its body refers to."""
    return (
        name.isidentifier()
        and name.isascii()
        and not iskeyword(name)
        and not name.startswith("__")
        and name not in _NO_ATTRIBUTES
        and name not in used
    )


def _pascal_case(name: str) -> str:
    words = [word for word in _plain(name).split("_") if word]
    joined = "".join(word[0].upper() + word[1:] for word in words) or "Unnamed"
    if joined[0].isdigit():
        joined = f"Collection{joined}"
    return f"{joined}Collection" if joined in _TAKEN_CLASSES else joined


def _plain(name: str) -> str:
    """The name as PocketBase would allow it: what claims to be a server may say anything, and code is run."""
    return re.sub(r"\W", "_", name, flags=re.ASCII)


def _free(wanted: str, taken: Container[str]) -> str:
    candidate, number = wanted, 2
    while candidate in taken:
        stem = wanted if not wanted[-1].isdigit() else f"{wanted}_"
        candidate, number = f"{stem}{number}", number + 1
    return candidate


def natural(name: str) -> list[tuple[int, str]]:
    """The key by which imports are sorted: numbers in names count as numbers."""
    parts = re.findall(r"\d+|\D+", name)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
