"""`schema pull`: what a server (or an export) has, as Python in the project's folder.

What a person wrote is never rewritten: for that there is the text to paste, and what it would change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import unified_diff
from pathlib import Path, PurePosixPath
from typing import Any

from pocketvex.diff.compare import compare
from pocketvex.diff.operations import Operation
from pocketvex.diff.simulate import apply_operations
from pocketvex.errors import NotAsIntended, UsageError
from pocketvex.findings import Location
from pocketvex.load.exported import read_exported
from pocketvex.render.python.class_ import Class, Place
from pocketvex.render.python.modules import Pulled, Style, render_python
from pocketvex.render.python.names import module_name
from pocketvex.render.python.part import part_of
from pocketvex.run.declared import Declaration, DeclaredCode, read_code
from pocketvex.run.manifest import is_as_pulled, line_length, modules, package, write_module
from pocketvex.run.selection import Asked, named
from pocketvex.schema.build import build_schema
from pocketvex.schema.model import Collection, Schema
from pocketvex.store.config import Config
from pocketvex.versions import Version

Usual = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Left:
    """A declaration that a person wrote and that the server has otherwise."""

    path: str
    where: Location
    text: str
    """What to paste; empty where the server has nothing of that name."""
    diff: tuple[str, ...]
    """The same as a change of the declaration; empty where the code could not be loaded."""
    named: bool


@dataclass(frozen=True)
class Forced:
    """A class that a person wrote, as it is and as the server has it."""

    name: str
    place: Declaration
    mine: Class
    theirs: Class


@dataclass(frozen=True)
class Result:
    """What `pull` found and is to write."""

    written: Pulled
    anew: frozenset[str]
    """The modules that replace a file."""
    same: tuple[str, ...]
    """What was named and is in the code already, just so."""
    left: tuple[Left, ...]
    adopted: tuple[str, ...]
    """The collections, or the things in them, of which the code says afterwards what the server has."""
    forced: tuple[Forced, ...] = ()
    """The classes in files of a person that are brought to what the server has."""


def find(config: Config, live: Schema, asked: Asked, usual: Usual, version: Version) -> Result:
    """What there is to write and to show. Writes nothing."""
    return _Pull(config, live, asked, usual, version).result()


def render(config: Config, live: Schema, asked: Asked, usual: Usual) -> Pulled:
    """The modules of what was asked for, whatever the code has."""
    wanted = {*named(asked.names, live)} or None
    style = Style(
        package=package(config), width=line_length(config.root), usual=usual,
        one_file=_ONE_FILE if asked.one_file else "",
    )  # fmt: skip
    return render_python(live, style, only=wanted)


def parts(pulled: Pulled, live: Schema, asked: Asked) -> list[str]:
    """The lines of the things that were asked for, where no whole collection was."""
    found = named(asked.names, live)
    if any("" in things for things in found.values()):
        return []
    return [
        line
        for name, things in found.items()
        for thing in things
        for line in part_of(pulled.classes[name], thing)
    ]


def exported(file: Path) -> Schema:
    """The schema of an exported JSON file, as a server would have it.

    Raises SchemaError where it is no such file.
    """
    return Schema.from_json(build_schema(read_exported(file, str(file))).to_json())


def write(config: Config, result: Result) -> list[tuple[str, bool]]:
    """Write the modules; the path of each file, and whether it was there before."""
    return [
        (write_module(config, module.name, module.text), module.name in result.anew)
        for module in result.written.modules
    ]


def check(config: Config, result: Result, live: Schema, version: Version) -> Schema:
    """Load the code again: does it declare what the server has?

    Raises what loading raises, and NotAsIntended where something of what was written differs.
    """
    code = read_code(config)
    if code.schema is None:
        assert code.error is not None  # one of the two is there
        raise code.error
    operations = compare(code.schema, live, version=version, ask=False).operations
    wrong = [
        o.path
        for o in operations
        if o.path not in result.written.left_out
        and any(o.collection == path or is_about(o.path, path) for path in result.adopted)
    ]
    if wrong:
        raise NotAsIntended(
            f"what was written is not what the server has: {', '.join(wrong[:8])}",
            todo="`pocketvex schema diff` shows the differences. Please report it with the two texts.",
        )
    return code.schema


_ONE_FILE = "collections"
"""The module for everything."""


class _Pull:
    def __init__(self, config: Config, live: Schema, asked: Asked, usual: Usual, version: Version) -> None:
        self.config = config
        self.live = live
        self.asked = asked
        self.code: DeclaredCode = read_code(config)
        taken = modules(config)
        self.style = Style(
            package=package(config), width=line_length(config.root), usual=usual,
            one_file=module_name(_ONE_FILE, taken) if asked.one_file else "", taken=taken,
            known=self.known(),
        )  # fmt: skip
        self.changes = self.differences(version)

    def known(self) -> dict[str, Place]:
        """The classes that new modules may import: none of code that does not load, which may ask for us."""
        if self.code.schema is None:
            return {}
        found = {}
        for name, place in self.code.places.items():
            path = PurePosixPath(place.where.file)
            if place.class_name and self.config.root / path.parent == self.config.schema:
                found[name] = Place(path.stem, place.class_name)
        return found

    def differences(self, version: Version) -> list[Operation]:
        """What makes of the code what the server has, without what the code need not say."""
        if self.code.schema is None:
            return []
        there = compare(self.code.schema, self.live, version=version, ask=False).operations
        stated = {path for operation in there for path in operation.touches}
        back = compare(self.live, self.code.schema, version=version, ask=False).operations
        return [operation for operation in back if operation.touches & stated]

    def result(self) -> Result:
        asked = named(self.asked.names, self.live, self.code.schema or Schema())
        chosen = asked or {c.name: [""] for c in self.live.collections if not c.system}
        new = [name for name in chosen if self.code.declares(name) is None]
        same: list[str] = []
        left: list[Left] = []
        merged = {c.name: c for c in self.live.collections}
        anew: dict[str, str] = {}
        forced: list[Forced] = []
        adopted = list(new)
        for name, things in chosen.items():
            place = self.code.declares(name)
            if place is None:
                continue
            changes = [
                o
                for o in self.changes
                if any(o.collection == name + thing or is_about(o.path, name + thing) for thing in things)
            ]
            if self.code.schema is not None and not changes and name in merged:
                same += [name + thing for thing in things] if asked else []
            elif asked and name in merged and self.may_rewrite(name, place):
                merged[name] = self.adopted(merged[name], changes, whole="" in things)
                if is_as_pulled(self.config, place.where.file):
                    anew[name] = place.where.file
                else:
                    forced.append(self.forced(name, place, merged[name]))
                adopted += [name + thing for thing in things]
            else:
                left += [self.left(name, thing, place, bool(asked)) for thing in things]
        written = self.render(new, anew, merged)
        files = frozenset(PurePosixPath(file).stem for file in anew.values())
        return Result(written, files, tuple(same), tuple(left), tuple(adopted), tuple(forced))

    def forced(self, name: str, place: Declaration, wanted: Collection) -> Forced:
        assert self.code.schema is not None
        # Without imports of other classes: the module may be one of those that they import.
        style = replace(self.style, known={}, package="")
        there = [wanted if c.name == name else c for c in self.live.collections]
        theirs = render_python(Schema.model_construct(collections=there), style, only={name})
        mine = render_python(self.code.schema, style, only={name})
        return Forced(name, place, mine.classes[name], theirs.classes[name])

    def may_rewrite(self, name: str, place: Declaration) -> bool:
        """Whether a declaration may be written anew: `pull` wrote its file, or it was said so."""
        file = place.where.file
        if is_as_pulled(self.config, file):
            return self.code.schema is not None
        if not self.asked.force:
            return False
        if not place.class_name or self.code.schema is None:
            what = "it is no module of classes" if self.code.schema is not None else "the code does not load"
            raise UsageError(
                f"{file} cannot be written anew: {what}", where=place.where,
                todo=f"`pocketvex schema pull {name}` without --force shows what to paste.",
            )  # fmt: skip
        return True

    def adopted(self, live: Collection, changes: Iterable[Operation], *, whole: bool) -> Collection:
        """The collection as it is to be declared: the server's, or the code's with a few things of it."""
        assert self.code.schema is not None
        mine = self.code.schema.collection(live.name)
        assert mine is not None  # the code declares it
        if whole:
            return _with_env(live, mine)
        raw = apply_operations(self.code.schema.to_json(), list(changes))
        changed = Schema.from_json(raw).collection(live.name)
        assert changed is not None
        return _with_env(changed, mine)

    def render(self, new: Sequence[str], anew: Mapping[str, str], merged: dict[str, Collection]) -> Pulled:
        """The modules for what is new, and those that are written anew with all that they declare."""
        files = {name: PurePosixPath(file).stem for name, file in anew.items()}
        for file in {*anew.values()}:
            for other in self.code.in_file(file):
                files.setdefault(other, PurePosixPath(file).stem)
                if other not in anew and self.code.schema is not None:
                    merged[other] = self.code.schema.collection(other) or merged[other]
        style = replace(self.style, files=files)
        schema = Schema.model_construct(collections=list(merged.values()))
        return render_python(schema, style, only={*new, *files})

    def left(self, name: str, thing: str, place: Declaration, named: bool) -> Left:
        """What a person may paste in the place of what they wrote."""
        style = replace(self.style, known={n: p for n, p in self.style.known.items() if n != name})
        if self.live.collection(name) is None:
            return Left(name + thing, place.where, "", (), named)
        theirs = render_python(self.live, style, only={name}).classes[name]
        text = "\n".join(part_of(theirs, thing) if thing else theirs.lines)
        diff: tuple[str, ...] = ()
        if self.code.schema is not None:
            mine = render_python(self.code.schema, style, only={name}).classes[name]
            diff = tuple(_diff(mine, theirs, thing, place.where.file))
        return Left(name + thing, self.where(name, thing, place), text, diff, named)

    def where(self, name: str, thing: str, place: Declaration) -> Location:
        collection = self.code.schema.collection(name) if self.code.schema else None
        field = collection.field(thing[1:]) if collection and thing.startswith(".") else None
        return field.source if field and field.source else place.where


def is_about(path: str, thing: str) -> bool:
    """Whether a path is that of this thing, or of something in it."""
    return path == thing or (path.startswith(thing) and path[len(thing)] in ".@:")


def _with_env(collection: Collection, mine: Collection) -> Collection:
    """The providers with the variables that the code has for their secrets."""
    known = {p.get("name"): p.get("clientSecret") for p in _providers(mine)}
    if not known or not _providers(collection):
        return collection
    copy = collection.model_copy(deep=True)
    for provider in _providers(copy):
        if isinstance(secret := known.get(provider.get("name")), dict):
            provider["clientSecret"] = secret
    return copy


def _providers(collection: Collection) -> list[dict[str, Any]]:
    return (collection.auth.get("oauth2") or {}).get("providers") or []


def _diff(mine: Class, theirs: Class, thing: str, file: str) -> Iterable[str]:
    before, after = (part_of(c, thing) if thing else list(c.lines) for c in (mine, theirs))
    yield from unified_diff(before, after, f"{file} (as declared)", "the server", lineterm="", n=2)
