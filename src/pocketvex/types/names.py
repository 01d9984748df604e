"""The names of the generated types: readable ones, and unique for every legal schema.

A name depends on what it stands for and on whether another claims the same, never on the order of
things. Where several claim one name, all of them get an exact form instead: giving the readable form
to one would let it move to another collection when a third is added, without any error in the user's code.
Exact forms are unique by construction: PocketBase's names are `[A-Za-z0-9_]+`, so `$` is ours.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Set

from pocketvex.types.preamble import OWN_NAMES

# What the file uses of the language's library: a type of that name would hide it.
_BORROWED = frozenset({"Date", "File", "Blob"})

Part = tuple[str, str, str]
"""A collection, a field, and a part of the field's type."""

SHAPES = ("Record", "Create", "Update")


def pascal_case(name: str) -> str:
    """`blog_posts` is `BlogPosts`; a leading digit gets a `$`; nothing but underscores stays as it is."""
    words = re.findall(r"[^\W_]+", name)
    return _started("".join(word[0].upper() + word[1:] for word in words) or name)


def stems(collections: Iterable[str]) -> dict[str, str]:
    """What the type names of each collection begin with.

    `posts` gives `Posts`. Those that meet (`a_b` and `aB`) keep the collection's exact name.
    All shapes' names are equally long, so stems that differ give names that differ.
    """
    wanted = {name: pascal_case(name) for name in collections}
    claims = Counter(wanted.values())
    return {name: stem if claims[stem] == 1 else _started(name) for name, stem in wanted.items()}


def field_types(parts: Iterable[Part], stem_of: Mapping[str, str]) -> dict[Part, str]:
    """The names of the types that fields have: `posts.status` gives `PostsStatus`.

    The third of a part is "" for the field's own type, or a key of the `$defs` of its JSON Schema:
    `users.settings` gives `UsersSettings`, and its definition `Theme` gives `UsersSettingsTheme`.
    """
    taken = OWN_NAMES | _BORROWED | {stem + shape for stem in stem_of.values() for shape in SHAPES}
    wanted = {
        part: stem_of[part[0]] + "".join(pascal_case(_plain(text)).removeprefix("$") for text in part[1:])
        for part in parts
    }
    return _settled(wanted, taken)


def constants(parts: Iterable[Part]) -> dict[Part, str]:
    """The names of the arrays of select values: `posts.status` gives `posts_status`."""
    return _settled({part: _started("_".join(part[:2])) for part in parts}, frozenset())


def _settled(wanted: Mapping[Part, str], taken: Set[str]) -> dict[Part, str]:
    claims = Counter(wanted.values())
    return {
        part: name if claims[name] == 1 and name not in taken else _exact(part)
        for part, name in wanted.items()
    }


def _plain(key: str) -> str:
    # Keys of definitions may hold anything: `Page[int]`, `app__models__Page`.
    return re.sub(r"[^A-Za-z0-9]+", "_", key) if key else ""


def _exact(part: Part) -> str:
    collection, field, key = part
    # What no identifier may hold as its number between two `$`: no two keys give one name.
    spelled = re.sub(r"[^A-Za-z0-9_]", lambda match: f"${ord(match[0]):x}$", key)
    return f"{_started(collection)}${field}" + (f"${spelled}" if key else "")


def _started(name: str) -> str:
    return f"${name}" if name[:1].isdigit() else name
