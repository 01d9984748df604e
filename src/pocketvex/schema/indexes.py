"""Indexes: parsed from SQL, compared by meaning, written in the one form that every version takes.

The server stores the text of an index differently by version (rebuilt from 0.38.1 on, with the old
table name before), so two indexes are equal when name, uniqueness, columns and condition are.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

# A text, which `re` compiles when it is first needed.
_CREATE = (
    r"(?is)\s*CREATE\s+(?P<unique>UNIQUE\s+)?INDEX\s+(?:IF\s+NOT\s+EXISTS\s+)?"
    r"(?:(?P<schema>[`\"\[]?\w+[`\"\]]?)\s*\.\s*)?(?P<name>`[^`]+`|\"[^\"]+\"|\[[^\]]+\]|'[^']+'|[^\s(]+)\s+"
    r"ON\s+(?P<table>`[^`]+`|\"[^\"]+\"|\[[^\]]+\]|'[^']+'|[^\s(]+)\s*\((?P<rest>.*)\Z"
)
_COLUMN = re.compile(
    r"(?P<expr>.*?)(?:\s+COLLATE\s+(?P<collate>[`\"\[]?\w+[`\"\]]?))?(?:\s+(?P<sort>ASC|DESC))?\s*\Z",
    re.IGNORECASE | re.DOTALL,
)
_WORD = re.compile(r"\w+\Z", re.ASCII)


class IndexColumn(NamedTuple):
    """A column or an expression; `sort` is "" or "DESC" (ascending is the default)."""

    expr: str
    collate: str = ""
    sort: str = ""

    def sql(self) -> str:
        quoted = f"`{self.expr}`" if _WORD.match(self.expr) else self.expr
        return " ".join(
            part for part in (quoted, self.collate and f"COLLATE {self.collate}", self.sort) if part
        )


class Index(NamedTuple):
    name: str
    columns: tuple[IndexColumn, ...]
    unique: bool = False
    where: str = ""

    def sql(self, table: str) -> str:
        """One line, quoted with backticks: taken unchanged by every version from 0.23 to 0.40."""
        columns = ", ".join(column.sql() for column in self.columns)
        where = f" WHERE {self.where}" if self.where else ""
        return f"CREATE {'UNIQUE ' if self.unique else ''}INDEX `{self.name}` ON `{table}` ({columns}){where}"

    def meaning(self) -> tuple[object, ...]:
        """What two indexes of one name are compared by."""
        columns = tuple((_unquoted_words(c.expr), c.collate.lower(), c.sort.upper()) for c in self.columns)
        return (self.unique, columns, _unquoted_words(self.where))

    def covers_only(self, column: str) -> bool:
        return len(self.columns) == 1 and self.columns[0].expr.lower() == column.lower()

    def mentions(self, column: str) -> bool:
        """Whether a column of that name stands in the index, its expressions or its condition."""
        texts = [c.expr for c in self.columns] + [self.where]
        return any(re.search(rf"(?<!\w){re.escape(column)}(?!\w)", text, re.IGNORECASE) for text in texts)

    def renamed(self, old: str, new: str) -> Index:
        """The same index with a column's new name."""
        swap = re.compile(rf"(?<![\w'])`?{re.escape(old)}`?(?![\w'])", re.IGNORECASE)
        columns = tuple(
            c._replace(expr=new if c.expr.lower() == old.lower() else swap.sub(f"`{new}`", c.expr))
            for c in self.columns
        )
        return self._replace(columns=columns, where=swap.sub(f"`{new}`", self.where))


@lru_cache(4096)
def parse_index(sql: str) -> Index:
    """The index that a CREATE INDEX statement makes; raises ValueError where it is none."""
    match = re.match(_CREATE, sql)
    if match is None:
        raise ValueError(f"not a CREATE INDEX statement: {sql.strip()[:80]}")
    inner, rest = _until_closing(match["rest"], sql)
    where = re.fullmatch(r"\s*(?:WHERE\s+(.*?))?\s*;?\s*", rest, re.IGNORECASE | re.DOTALL)
    if where is None:
        raise ValueError(f"unexpected text after the columns of an index: {rest.strip()[:60]}")
    columns = tuple(_parse_column(part) for part in _split_commas(inner))
    if not all(column.expr for column in columns):
        raise ValueError(f"an index needs at least one column: {sql.strip()[:80]}")
    return Index(_unquote(match["name"]), columns, bool(match["unique"]), _folded(where[1] or ""))


def parse_column(text: str) -> IndexColumn:
    """A column as people write it: `title`, `created DESC`, `email COLLATE NOCASE`, `lower(name)`."""
    return _parse_column(text)


def _parse_column(text: str) -> IndexColumn:
    match = _COLUMN.match(text.strip())
    assert match is not None  # every part of the expression is optional
    sort = (match["sort"] or "").upper()
    return IndexColumn(
        _unquote(_folded(match["expr"])), _unquote(match["collate"] or ""), "" if sort == "ASC" else sort
    )


def _until_closing(text: str, whole: str) -> tuple[str, str]:
    depth = 1
    for position, char in outside_quotes(text):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return text[:position], text[position + 1 :]
    raise ValueError(f"unbalanced parentheses in an index: {whole.strip()[:80]}")


def _split_commas(text: str) -> list[str]:
    parts, start, depth = [], 0, 0
    for position, char in outside_quotes(text):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    return [*parts, text[start:]]


def outside_quotes(text: str) -> list[tuple[int, str]]:
    """The characters of SQL that stand in no quotes, each with its position."""
    found, closing = [], ""
    for position, char in enumerate(text):
        if closing:
            closing = "" if char == closing else closing
        elif char in "'\"`[":
            closing = "]" if char == "[" else char
        else:
            found.append((position, char))
    return found


def _unquote(text: str) -> str:
    text = text.strip()
    for opening, closing in ("``", '""', "[]", "''"):
        if len(text) > 1 and text[0] == opening and text[-1] == closing and closing not in text[1:-1]:
            return text[1:-1]
    return text


_TOKENS = re.compile(r"('(?:[^']|'')*')|[`\"\[](\w+)[`\"\]]|(\s+)")


def _folded(text: str) -> str:
    return _TOKENS.sub(lambda m: m[1] or (" " if m[3] else m[0]), text).strip()


_LITERAL = re.compile(r"('(?:[^']|'')*')")


def _unquoted_words(text: str) -> str:
    """The text without what SQLite ignores: quotes of names, needless spaces, case. Literals stay."""
    parts = _LITERAL.split(text)
    for n in range(0, len(parts), 2):
        folded = _TOKENS.sub(lambda m: m[2] or " ", parts[n])
        parts[n] = re.sub(r"\s*([^\w\s])\s*", r"\1", folded).strip().lower()
    return "".join(parts)
