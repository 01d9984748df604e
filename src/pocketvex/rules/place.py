"""Where in a Python file, or an exported JSON, a part of a rule is written; and where an index is.

A rule is put together: from strings that follow each other, names, `Rules.any(…)`. The longest string that
gave the part its text is where a person wants to look.
"""

from __future__ import annotations

import ast
import json
import posixpath
import re
import tokenize
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from pocketvex.schema.rules import RULE_NAMES

_LONGEST = 72
_ESCAPE = re.compile(
    r"\\(?:\n|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]*\}|[0-7]{1,3}|.)", re.DOTALL
)
_PREFIX = re.compile(r"(?i)[rbuf]*")


class Place(NamedTuple):
    """A line (from 1) and a column (from 1) of a file; `exact` where the part itself begins there."""

    file: str
    line: int
    column: int
    exact: bool


def find_rule(
    sources: Mapping[str, str], file: str, line: int, rule: str, text: str, start: int = 0
) -> Place | None:
    """Where character `start` of a rule is written, or else the rule, of the collection at `line`.

    `sources` are the texts of that file and of those beside it, by their paths.
    """
    if file.endswith(".json"):
        return _in_json(sources.get(file, ""), file, line, text, start)
    search = _Search(sources)
    owner = search.owner(file, line)
    if owner is None:
        return None
    written = next(search.rule(file, owner, rule), None)
    at_file, expression = written or (file, owner)
    best: tuple[int, str, ast.Constant, int] | None = None
    for found_in, constant in search.strings(at_file, expression, owner):
        value = str(constant.value)
        for match in re.finditer(re.escape(value), text) if value else ():
            if match.start() <= start < match.end() and (best is None or len(value) > best[0]):
                best = (len(value), found_in, constant, start - match.start())
    if best is not None:
        _, found_in, constant, offset = best
        at = character(sources[found_in], constant, offset)
        return Place(found_in, *at, True)
    if written is None:
        return None
    return Place(at_file, expression.lineno, _column(sources[at_file], expression), False)


def find_index(sources: Mapping[str, str], file: str, line: int, name: str, columns: str) -> Place | None:
    """Where the index of that name is declared, of the collection at `line`.

    `columns` are its columns as they are written in `index(…)`, one after the other, without spaces.
    """
    search = _Search(sources)
    owner = search.owner(file, line)
    if isinstance(owner, ast.ClassDef):
        written = _assigned(owner.body).get("indexes")
    else:
        written = next(_entries(owner, ("indexes",)), None) if owner else None
    elements = getattr(written, "elts", [written] if written else [])
    named = [e for e in elements if any(name in text for text in _texts(e))]
    alike = [e for e in elements if "".join("".join(_texts(e)).split()).lower() == columns.lower()]
    for element in (*named, *alike):
        return Place(file, element.lineno, _column(sources[file], element), False)
    return None


def _texts(node: ast.AST) -> list[str]:
    return [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]


class _Search:
    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = sources
        self.trees: dict[str, ast.Module | None] = {}

    def tree(self, file: str) -> ast.Module | None:
        if file not in self.trees:
            try:
                self.trees[file] = ast.parse(self.sources[file])
            except (KeyError, SyntaxError, ValueError):
                self.trees[file] = None
        return self.trees[file]

    def owner(self, file: str, line: int) -> ast.ClassDef | ast.Dict | None:
        """The class whose statement stands at this line, or the dictionary that is named there."""
        tree = self.tree(file)
        inside: ast.Dict | None = None
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.ClassDef):
                first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                if first <= line < node.body[0].lineno or line == node.lineno:
                    return node
            elif isinstance(node, ast.Dict) and node.lineno <= line <= (node.end_lineno or 0):
                if any(name.lineno == line for name in _entries(node, ("name",))):
                    return node
                inside = node
        return inside

    def rule(self, file: str, owner: ast.AST, rule: str) -> Iterator[tuple[str, ast.expr]]:
        """The expressions that a rule may have been given by, the nearest first."""
        if isinstance(owner, ast.Dict):
            yield from ((file, found) for found in _entries(owner, _spellings(rule)))
            return
        if not isinstance(owner, ast.ClassDef):
            return
        own = _assigned(owner.body)
        if rule in RULE_NAMES:
            written = own.get("rules")
            yield from ((file, found) for found in _arguments(written, RULE_NAMES.index(rule)))
        elif (written := own.get(_attribute(rule))) is not None:
            yield file, written
        for base in owner.bases:
            if isinstance(base, ast.Name):
                for at, found in self.named(file, base.id, None):
                    if isinstance(found, ast.ClassDef):
                        yield from self.rule(at, found, rule)

    def strings(self, file: str, expression: ast.AST, scope: ast.AST) -> Iterator[tuple[str, ast.Constant]]:
        """The strings that an expression is made of, those behind its names too."""
        pending = [(file, expression, scope)]
        seen: set[tuple[str, str]] = set()
        while pending:
            at, root, scope = pending.pop()
            # Of a format string, the parts have no place of their own.
            formats = [
                part for node in ast.walk(root) if isinstance(node, ast.JoinedStr) for part in node.values
            ]
            for node in ast.walk(root):
                if node in formats:
                    continue
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield at, node
                name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
                if not name or (at, name) in seen:
                    continue
                seen.add((at, name))
                head = (
                    getattr(getattr(node, "value", None), "id", "") if not isinstance(node, ast.Name) else ""
                )
                places = self.through(at, head, name) if head else self.named(at, name, scope)
                pending += [(where, found, scope) for where, found in places]

    def named(self, file: str, name: str, scope: ast.AST | None) -> Iterator[tuple[str, ast.AST]]:
        """What a name stands for: in the class, in the module, or in the module it is imported from."""
        tree = self.tree(file)
        if isinstance(scope, ast.ClassDef) and (found := _assigned(scope.body).get(name)):
            yield file, found
        if tree is None:
            return
        if found := _assigned(tree.body).get(name):
            yield file, found
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and node.name == name:
                yield file, node
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    if (alias.asname or alias.name) == name and (other := self.module(file, node.module)):
                        yield from self.named(other, alias.name, None)

    def through(self, file: str, head: str, name: str) -> Iterator[tuple[str, ast.AST]]:
        """What `module.name` or `Class.name` stands for."""
        for at, found in self.named(file, head, None):
            if isinstance(found, ast.ClassDef) and (value := _assigned(found.body).get(name)):
                yield at, value
        tree = self.tree(file)
        for node in tree.body if tree else ():
            if isinstance(node, ast.Import | ast.ImportFrom):
                for alias in node.names:
                    known = (alias.asname or alias.name.split(".")[0]) == head
                    if known and (other := self.module(file, alias.name)):
                        yield from self.named(other, name, None)

    def module(self, file: str, name: str | None) -> str | None:
        """The file beside this one that a module's name leads to."""
        beside = posixpath.join(posixpath.dirname(file), f"{(name or '').rpartition('.')[2]}.py")
        return beside if beside in self.sources and beside != file else None


def _assigned(body: list[ast.stmt]) -> dict[str, ast.expr]:
    found: dict[str, ast.expr] = {}
    for statement in body:
        targets: list[ast.expr] = []
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        for target in targets:
            value = getattr(statement, "value", None)
            if isinstance(target, ast.Name) and value is not None:
                found[target.id] = value
    return found


def _arguments(call: ast.expr | None, position: int) -> Iterator[ast.expr]:
    if call is None:
        return
    if isinstance(call, ast.Call):
        short = RULE_NAMES[position].removesuffix("Rule")
        yield from (keyword.value for keyword in call.keywords if keyword.arg == short)
        yield from call.args[position : position + 1]
    yield call


def _entries(node: ast.Dict, names: tuple[str, ...]) -> Iterator[ast.expr]:
    for key, value in zip(node.keys, node.values, strict=True):
        written = getattr(key, "value", None)
        if written in names:
            yield value
        elif written == "rules" and isinstance(value, ast.Dict):
            yield from _entries(value, names)


def _spellings(rule: str) -> tuple[str, ...]:
    short = rule.removesuffix("Rule")
    return (rule, f"{short}_rule", short, rule.partition(".")[0])


def _attribute(rule: str) -> str:
    return {"authRule": "auth_rule", "manageRule": "manage_rule", "mfa.rule": "mfa"}.get(rule, rule)


def _column(source: str, node: ast.expr | ast.stmt) -> int:
    """The column from 1, in characters; `ast` counts bytes."""
    line = lines_of(source)[node.lineno - 1]
    return len(line.encode()[: node.col_offset].decode(errors="replace")) + 1


def character(source: str, constant: ast.Constant, offset: int) -> tuple[int, int]:
    """Line and column of a character of a string, which may be written in several pieces."""
    column = _column(source, constant)
    for token in _pieces(source, constant):
        positions = list(_characters(token.string))
        if offset < len(positions):
            before = token.string[: positions[offset]]
            line, start = token.start[0], token.start[1] + 1
            if down := before.count("\n"):
                return constant.lineno + line - 1 + down, len(before) - before.rfind("\n")
            # A parenthesis was put before the first line, and the line begins with the string.
            return constant.lineno + line - 1, len(before) + (column + start - 2 if line == 1 else start)
        offset -= len(positions)
    return constant.lineno, column


def _pieces(source: str, constant: ast.Constant) -> list[tokenize.TokenInfo]:
    """The literals that a string is written in; in parentheses, so that they may stand on several lines."""
    written = f"({ast.get_source_segment(source, constant) or ''})"
    try:
        tokens = list(tokenize.generate_tokens(reader(written)))
    except (SyntaxError, tokenize.TokenError):
        return []
    return [token for token in tokens if token.type == tokenize.STRING]


def lines_of(text: str) -> list[str]:
    """The lines of a text as Python counts them: `splitlines` ends them at more characters."""
    return text.split("\n")


def reader(text: str) -> Callable[[], str]:
    """What `tokenize` reads a text with."""
    lines = iter([f"{line}\n" for line in lines_of(text)])
    return lambda: next(lines, "")


def _characters(token: str) -> Iterator[int]:
    """Where each character of a string's value stands in the text of its token."""
    prefix = _PREFIX.match(token)
    assert prefix is not None  # it may be empty
    quote = 3 if token[prefix.end() :][:3] in ('"""', "'''") else 1
    position, end = prefix.end() + quote, len(token) - quote
    while position < end:
        escape = _ESCAPE.match(token, position) if "r" not in prefix[0].lower() else None
        if escape is None or escape[0] != "\\\n":
            yield position
        position = escape.end() if escape else position + 1


def _in_json(source: str, file: str, line: int, text: str, start: int) -> Place | None:
    before = sum(len(text) + 1 for text in lines_of(source)[: max(0, line - 1)])
    for ascii_only in (False, True):
        written = json.dumps(text, ensure_ascii=ascii_only)
        at = source.find(written, before)
        if at >= 0:
            at += len(json.dumps(text[:start], ensure_ascii=ascii_only)) - 1
            return Place(file, source.count("\n", 0, at) + 1, at - source.rfind("\n", 0, at), True)
    return None


def marked(line: str, column: int, length: int) -> str:
    """The line without its indentation, and carets under `length` characters from `column` (from 1) on.

    Of a long line, the part around the carets.
    """
    indent = len(line) - len(line.lstrip())
    shown, at = line.strip().replace("\t", " "), column - 1 - indent
    length = max(1, min(length, len(shown) - at, _LONGEST // 2))
    if at + length > _LONGEST - 4:
        cut = min(at, at + length - _LONGEST + 24)
        shown, at = f"…{shown[cut:]}", at - cut + 1
    if len(shown) > _LONGEST:
        shown = f"{shown[: _LONGEST - 1]}…"
    return f"{shown}\n{' ' * at}{'^' * length}"
