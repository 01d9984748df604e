"""Findings that somebody has looked at: `# pocketvex: ignore PV703 because …` in the Python file.

A comment is about its line; at the beginning of a statement about all of it; at a class about all of the
class. Alone on its line it is about the next one.
"""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Container, Iterable, Mapping
from typing import NamedTuple

from pocketvex.findings import Finding, Location
from pocketvex.rules.place import lines_of, reader

_COMMENT = re.compile(r"#\s*pocketvex:\s*ignore\b(?P<rest>.*)")
_CODE = re.compile(r"\bPV\d{3}\b")


class Silence(NamedTuple):
    file: str
    line: int
    code: str
    """Empty where the comment names none."""
    covers: range


def silences(file: str, text: str) -> list[Silence]:
    """The comments of a file that silence something, one for each code."""
    try:
        tokens = list(tokenize.generate_tokens(reader(text)))
        tree = ast.parse(text)
    except (SyntaxError, tokenize.TokenError, ValueError):
        return []
    found = []
    for token in tokens:
        if token.type == tokenize.COMMENT and (match := _COMMENT.match(token.string)):
            line = token.start[0]
            alone = not token.line[: token.start[1]].strip()
            covers = _covered(tree, _next_code(tokens, line) if alone else line)
            codes = _CODE.findall(match["rest"].split(":")[0]) or [""]
            found += [Silence(file, line, code, covers) for code in codes]
    return found


def _next_code(tokens: list[tokenize.TokenInfo], line: int) -> int:
    empty = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
    return next((t.start[0] for t in tokens if t.start[0] > line and t.type not in empty), line)


def _covered(tree: ast.Module, line: int) -> range:
    """The lines that a comment at this line is about."""
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or 0):
            head = node.body[0].lineno - 1 if isinstance(node, ast.ClassDef) else node.lineno
            if line <= head or (not hasattr(node, "body") and line == node.end_lineno):
                return range(node.lineno, (node.end_lineno or line) + 1)
    return range(line, line + 1)


def silenced(findings: Iterable[Finding], texts: Mapping[str, str], codes: Container[str]) -> list[Finding]:
    """The findings that nobody silenced, and the comments that silence nothing."""
    comments = [silence for file, text in texts.items() for silence in silences(file, text)]
    used: set[Silence] = set()
    left = []
    for finding in findings:
        hit = {s for s in comments if _hits(s, finding)}
        used |= hit
        if not hit:
            left.append(finding)
    return [*left, *(_idle(s, texts, codes) for s in comments if s not in used)]


def _hits(silence: Silence, finding: Finding) -> bool:
    where = finding.where
    return (
        where is not None
        and silence.code == finding.code
        and silence.file == where.file
        and where.line in silence.covers
    )


def _idle(silence: Silence, texts: Mapping[str, str], codes: Container[str]) -> Finding:
    where = Location(silence.file, silence.line, 0, lines_of(texts[silence.file])[silence.line - 1].strip())
    if not silence.code:
        message = "this comment names no code: # pocketvex: ignore PV703"
        return Finding("", message, where, "PV790", level="warning")
    what = "is found here no more" if silence.code in codes else "is no code of a finding"
    return Finding("", f"{silence.code} {what}: remove the comment", where, "PV790", level="warning")
