"""The query of a view as it stands in a class: one line, or a block with the margin of the class."""

from __future__ import annotations

import re
from ast import literal_eval
from collections.abc import Iterator
from textwrap import dedent

from pocketvex.render.python.layout import Text, block, columns, laid_out, literal
from pocketvex.schema.indexes import outside_quotes
from pocketvex.schema.views import normal_query

_CLAUSE = re.compile(
    r"(?:FROM|WHERE|GROUP BY|ORDER BY|HAVING|LIMIT|UNION|(?:LEFT |INNER |CROSS )?(?:OUTER )?JOIN)\b", re.I
)


def query_lines(query: str, *, indent: int, width: int) -> list[str]:
    """`query = …` in lines; it differs from the server's in layout only."""
    margin = " " * indent
    text = query.strip().replace("\r\n", "\n")
    one = f"{margin}query = {literal(text)}"
    if "\n" not in text and columns(one) <= width:
        return [one]
    for candidate in (_as_written(text), _by_clause(text)) if "\n" in text else (_by_clause(text),):
        first, *rest = block(candidate.expandtabs(4), indent + 4)
        lines = [f"{margin}query = {first}", *rest[:-1], margin + rest[-1].strip()]
        # A string of SQL over several lines would gain the margin.
        if normal_query(literal_eval("\n".join([first, *rest]))) == normal_query(query):
            return lines
    return laid_out("query = ", Text(query), indent=indent, width=width)


def _as_written(text: str) -> str:
    """The lines without the margin that all but the first have."""
    first, _, rest = text.partition("\n")
    return f"{first.strip()}\n{dedent(rest)}" if rest else first


def _by_clause(text: str) -> str:
    """A line for each clause."""
    lines: list[str] = []
    start = 0
    for position in _breaks(text):
        lines.append(text[start:position].rstrip())
        start = position
    return "\n".join([*lines, text[start:]])


def _breaks(text: str) -> Iterator[int]:
    """Where a clause begins, outside of quotes, comments and parentheses."""
    depth = last = 0
    for position, char in outside_quotes(text):
        depth += (char == "(") - (char == ")")
        if depth == 0 and position > last and text[position - 1] == " ":
            clause = _CLAUSE.match(text, position)
            if clause is not None:
                last = clause.end()
                yield position
