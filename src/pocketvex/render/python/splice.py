"""A class in a module that a person wrote, brought to what the server has: the rest of the text stays.

A statement is written anew only where it says something else than the server: mixins, helpers, comments and
the order of things are the person's.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from pocketvex.render.python.class_ import CLASS_VAR, Class, Statement
from pocketvex.render.python.names import IMPORTED
from pocketvex.render.python.rules import uses

_RULES = ("readable", "writable", "allowed", "rules")
_AT_THE_END = ("rules", "indexes")


class Edit(NamedTuple):
    """Lines `start` to `end` (exclusive, from 0) become `lines`."""

    start: int
    end: int
    lines: tuple[str, ...]


def spliced(text: str, name: str, mine: Class, theirs: Class) -> str:
    """The module with the statements of this class that differ; `mine` is what it declares by now.

    Raises ValueError where the class does not stand at the top of the module, or inherits what has to go.
    """
    cls = _class(text, name)
    before, after = _atoms(mine), _atoms(theirs)
    differs = {atom for atom in {*before, *after} if before.get(atom) != after.get(atom)}
    if differs & {*_RULES}:
        differs |= {*_RULES} & {*after}
    stated = {atom for statement in cls.body for atom in _targets(statement)}
    if inherited := sorted(differs & {*before} - {*after} - {*_RULES} - stated):
        raise ValueError(f"it inherits {', '.join(inherited)}")
    edits = [edit for statement in cls.body if (edit := _edit(statement, differs, after))]
    new = [s for s in theirs.statements if {*_split(s)} & differs and not {*_split(s)} & stated]
    if "rules" in differs and "rules" in after:
        new = [s for s in new if s.key not in _RULES or "rules" not in stated]
    edits += _insertions(cls, new, edits)
    lines = _applied(text.splitlines(), edits)
    try:
        ast.parse("\n".join(lines))
    except SyntaxError as error:
        raise ValueError(f"what is left is no class: {error.msg}") from error
    written = [s for s in theirs.statements if {*_split(s)} & differs]
    return _imported("\n".join(lines) + "\n", written)


def replaced(text: str, name: str, theirs: Class) -> str:
    """The module with this class as `pull` writes it; its decorators go, what stands outside of it stays."""
    cls = _class(text, name)
    start = min([cls.lineno, *(decorator.lineno for decorator in cls.decorator_list)]) - 1
    lines = _applied(text.splitlines(), [Edit(start, cls.end_lineno or cls.lineno, theirs.lines)])
    return _imported("\n".join(lines) + "\n", theirs.statements, theirs.uses)


def lost(text: str, name: str) -> list[str]:
    """What a class has that goes with it when it is written anew: mixins, and what it defines beside."""
    cls = _class(text, name)
    found = [ast.unparse(base) for base in cls.bases if ast.unparse(base) not in ("Base", "Auth", "View")]
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return found + [statement.name for statement in cls.body if isinstance(statement, kinds)]


def _class(text: str, name: str) -> ast.ClassDef:
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.ClassDef) and statement.name == name:
            return statement
    raise ValueError(f"no class {name} stands at the top of the module")


def _split(statement: Statement) -> list[str]:
    return statement.key.split(", ")


def _atoms(cls: Class) -> dict[str, tuple[str, ...]]:
    """The lines that declare each thing."""
    return {atom: s.lines for s in cls.statements for atom in _split(s)}


def _targets(statement: ast.stmt) -> list[str]:
    """The names that a statement of a class gives a value."""
    if isinstance(statement, ast.AnnAssign):
        targets: Sequence[ast.expr] = [statement.target]
    else:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
    names = [part for target in targets for part in getattr(target, "elts", [target])]
    return [part.id for part in names if isinstance(part, ast.Name)]


def _edit(statement: ast.stmt, differs: Iterable[str], after: Mapping[str, tuple[str, ...]]) -> Edit | None:
    """How a statement has to change: None where it may stay."""
    targets = _targets(statement)
    if not {*targets} & {*differs}:
        return None
    wanted: list[tuple[str, ...]] = []
    for atom in targets:
        if atom in _RULES and atom != "rules" and "rules" in differs:
            continue  # it is written beside the rules
        names = [n for n in _RULES if n in after] if atom == "rules" else [atom]
        wanted += [after[n] for n in names if n in after and after[n] not in wanted]
    lines = tuple(line for part in wanted for line in part)
    return Edit(statement.lineno - 1, statement.end_lineno or statement.lineno, lines)


def _insertions(cls: ast.ClassDef, new: Sequence[Statement], edits: Sequence[Edit]) -> Iterator[Edit]:
    """Where new statements go: fields behind the first run of assignments, the rest to the end."""
    assigned = [s for s in cls.body if _targets(s)]
    end = cls.end_lineno or cls.lineno
    fields = [s for s in new if s.key not in (*_RULES, *_AT_THE_END)]
    at = max((s.end_lineno or 0 for s in assigned if not {*_targets(s)} & {*_RULES, *_AT_THE_END}), default=0)
    for group, place in ((fields, at or _behind_docstring(cls)), ([s for s in new if s not in fields], end)):
        if group:
            yield Edit(place, place, tuple(line for s in group for line in s.lines))
    only = cls.body[-1]
    if isinstance(only, ast.Pass) and new:
        yield Edit(only.lineno - 1, only.lineno, ())


def _behind_docstring(cls: ast.ClassDef) -> int:
    first = cls.body[0]
    if isinstance(first, ast.Expr):
        return first.end_lineno or first.lineno
    return first.lineno - 1


def _applied(lines: list[str], edits: Iterable[Edit]) -> list[str]:
    """The lines with every edit, the last first."""
    for edit in sorted(edits, key=lambda e: (e.start, e.end), reverse=True):
        lines[edit.start : edit.end] = edit.lines
    return lines


def _imported(text: str, written: Iterable[Statement], needed: Iterable[str] = ()) -> str:
    """The module with imports of what the new statements use and nothing in it is called."""
    tree = ast.parse(text)
    bound = {
        alias.asname or alias.name
        for statement in tree.body if isinstance(statement, ast.ImportFrom | ast.Import)
        for alias in statement.names
    }  # fmt: skip
    statements = list(written)
    wanted = {*needed} | {name for name in IMPORTED if any(uses(s.expr, name) for s in statements)}
    if any(f": {CLASS_VAR} = " in s.lines[0] for s in statements):
        wanted.add(CLASS_VAR)
    missing = wanted - bound
    new = ["from typing import ClassVar"] if CLASS_VAR in missing else []
    if ours := [name for name in IMPORTED if name in missing]:
        new.append(f"from pocketvex import {', '.join(ours)}")
    if not new:
        return text
    heads = [s for s in tree.body if isinstance(s, ast.ImportFrom | ast.Import) or _is_docstring(s, tree)]
    at = heads[-1].end_lineno or 0 if heads else 0
    lines = text.splitlines()
    return "\n".join([*lines[:at], *new, *lines[at:]]) + "\n"


def _is_docstring(statement: ast.stmt, tree: ast.Module) -> bool:
    return statement is tree.body[0] and isinstance(statement, ast.Expr)
