"""Schema to Python: the modules that declare what a server has, as a person would write them.

    render_python(schema).modules

The law: what the modules declare differs in nothing from the schema (`diff.compare`), and the ids of
everything new on another server are the same.
"""

from __future__ import annotations

from collections.abc import Collection as Several
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pocketvex.render.python.class_ import CLASS_VAR, Class, Place, render_class
from pocketvex.render.python.fields import needed_collection_ids
from pocketvex.render.python.layout import columns
from pocketvex.render.python.names import IMPORTED, class_names, module_name, natural
from pocketvex.schema.model import Collection, Schema


class Module(NamedTuple):
    """A module of its own; `name` is that of the file without its ending."""

    name: str
    text: str
    collections: tuple[str, ...]


@dataclass(frozen=True)
class Pulled:
    """What is written for a schema, and what a person has to know about it."""

    modules: tuple[Module, ...]
    classes: Mapping[str, Class]
    """Each collection's class, by the collection's name."""

    @property
    def secrets(self) -> dict[str, tuple[str, ...]]:
        """The environment variables that hold secrets, by collection."""
        return {name: c.secrets for name, c in self.classes.items() if c.secrets}

    @property
    def left_out(self) -> tuple[str, ...]:
        """The paths of fields that Python has no words for: of a type that only a newer server has."""
        return tuple(path for c in self.classes.values() for path in c.left_out)


@dataclass(frozen=True)
class Style:
    """How it is to be written. `package` is what the modules import each other from; "" is: by name only."""

    package: str = "schema"
    width: int = 88
    one_file: str = ""
    """The name of the one module for everything."""
    known: Mapping[str, Place] = field(default_factory=dict)
    """The classes that the code has already, by the names of their collections."""
    usual: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The auth options of a new collection (under ""), and of collections that every server is born with."""
    taken: frozenset[str] = frozenset()
    """The modules that there are already."""
    files: Mapping[str, str] = field(default_factory=dict)
    """The modules of collections that have theirs, by the names of the collections."""


def render_python(schema: Schema, style: Style | None = None, *, only: Several[str] | None = None) -> Pulled:
    """The modules that declare the collections of a schema, or those that `only` names.

    The server's own collections are left out, and so are those that are marked `system`.
    """
    style = style or Style()
    own = [c for c in schema.collections if not c.system and not c.is_private]
    wanted = in_order([c for c in own if only is None or c.name in only])
    known = {name: place for name, place in style.known.items() if name not in {c.name for c in wanted}}
    names = class_names(wanted, {place.name for place in known.values()})
    files = _files(wanted, style)
    places = dict(known)
    ids = needed_collection_ids(own)
    alone = sum(bool((c.auth.get("oauth2") or {}).get("providers")) for c in own) < 2
    classes: dict[str, Class] = {}
    for collection in wanted:
        usual = style.usual.get(collection.name, style.usual.get("", {}))
        reach = {n: p for n, p in places.items() if style.package or p.module == files[collection.name]}
        classes[collection.name] = render_class(
            collection, names[collection.name], places=reach, id=ids.get(collection.name, ""),
            usual=usual, alone=alone, width=style.width,
        )  # fmt: skip
        places[collection.name] = Place(files[collection.name], names[collection.name])
    return Pulled(tuple(_modules(wanted, classes, files, places, style)), classes)


def in_order(collections: Sequence[Collection]) -> list[Collection]:
    """The same so that what relations point at comes first, as far as there is no cycle; views last."""
    by_name = {c.name: c for c in collections}
    done: dict[str, Collection] = {}
    under_way: set[str] = set()

    def visit(collection: Collection) -> None:
        stack = [(collection, iter(_targets(collection)))]
        under_way.add(collection.name)
        while stack:
            current, targets = stack[-1]
            following = next((t for t in targets if t in by_name and t not in under_way), None)
            if following is None:
                done[current.name] = current
                stack.pop()
            else:
                under_way.add(following)
                stack.append((by_name[following], iter(_targets(by_name[following]))))

    for collection in sorted(collections, key=lambda c: c.type == "view"):
        if collection.name not in under_way:
            visit(collection)
    return list(done.values())


def _targets(collection: Collection) -> list[str]:
    alone = Schema.model_construct(collections=[collection])
    return [relation.target for relation in alone.relations()] if collection.type != "view" else []


def _files(collections: Iterable[Collection], style: Style) -> dict[str, str]:
    """The module of each collection."""
    found: dict[str, str] = {}
    for collection in sorted(collections, key=lambda c: c.name):
        taken = {*found.values(), *style.taken, *style.files.values()}
        found[collection.name] = (
            style.files.get(collection.name) or style.one_file or module_name(collection.name, taken)
        )
    return found


def _modules(
    wanted: Sequence[Collection],
    classes: Mapping[str, Class],
    files: Mapping[str, str],
    places: Mapping[str, Place],
    style: Style,
) -> Iterable[Module]:
    for name in dict.fromkeys(files[c.name] for c in wanted):
        inside = [c.name for c in wanted if files[c.name] == name]
        parts = [classes[collection] for collection in inside]
        head = imports(parts, name, places, style)
        text = "\n\n\n".join([head, *("\n".join(part.lines) for part in parts)]) + "\n"
        yield Module(name, text, tuple(inside))


def imports(parts: Iterable[Class], module: str, places: Mapping[str, Place], style: Style) -> str:
    """What a module with these classes has to import, sorted as ruff sorts it."""
    parts = list(parts)
    used = {name for part in parts for name in part.uses}
    lines = ["from typing import ClassVar", ""] if CLASS_VAR in used else []
    lines += _import("pocketvex", [name for name in IMPORTED if name in used], style.width)
    others: dict[str, set[str]] = {}
    for target in {target for part in parts for target in part.refers_to}:
        place = places[target]
        if place.module != module:
            others.setdefault(place.module, set()).add(place.name)
    if others:
        lines.append("")
    for other in sorted(others, key=natural):
        lines += _import(f"{style.package}.{other}", sorted(others[other], key=natural), style.width)
    return "\n".join(lines)


def _import(module: str, names: Sequence[str], width: int) -> list[str]:
    line = f"from {module} import {', '.join(names)}"
    if columns(line) <= width:
        return [line]
    return [f"from {module} import (", *(f"    {name}," for name in names), ")"]
