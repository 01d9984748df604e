"""The SELECT of a view, read just far enough to compare it and to know what it reads."""

from __future__ import annotations

import re

# Texts, which `re` compiles when they are first needed: most schemas have no views.
_PARTS = (
    r"(?s)(?P<string>'(?:[^']|'')*')|(?P<quoted>\"[^\"]*\"|`[^`]*`|\[[^\]]*\])"
    r"|(?P<comment>--[^\n]*|/\*.*?\*/)|(?P<space>\s+)"
)
_NAME = r"[`\"\[]?\w+[`\"\]]?"
_NO_ALIAS = (
    "ON|WHERE|JOIN|LEFT|INNER|OUTER|CROSS|GROUP|ORDER|LIMIT|UNION|EXCEPT|INTERSECT|USING|HAVING|FULL|RIGHT"
    "|NATURAL|WINDOW|INDEXED|NOT"
)
_FULL_NAME = rf"(?:{_NAME}\s*\.\s*)?{_NAME}"
_TABLE = rf"{_FULL_NAME}(?:\s+AS\s+{_NAME}|\s+(?!(?:{_NO_ALIAS})\b){_NAME})?"
_CTE = (
    r"(?i)(?:\bWITH\b|,)\s*(?:RECURSIVE\s+)?[`\"\[]?(\w+)[`\"\]]?\s*(?:\([^()]*\))?\s*"
    r"\bAS\s*(?:(?:NOT\s+)?MATERIALIZED\s*)?\("
)
_TABLES = rf"(?i)\b(?:FROM|JOIN)\s+({_TABLE}(?:\s*,\s*{_TABLE})*)"


def normal_query(query: str) -> str:
    """The query with runs of white space made one space and comments and a last semicolon dropped.

    Two queries of one normal form differ in nothing but their layout.
    """
    folded = re.sub(_PARTS, lambda m: m[0] if m["string"] or m["quoted"] else " ", query)
    folded = re.sub(r"[ ]+", " ", folded).strip().rstrip(";").strip()
    return re.sub(_PARTS, lambda m: m[0], folded)


def outside_texts(query: str) -> str:
    """The query with what stands in texts and comments made spaces: every other character keeps its place."""
    return re.sub(_PARTS, lambda m: " " * len(m[0]) if m["string"] or m["comment"] else m[0], query)


def without_comments(query: str) -> str:
    """The query with its comments made spaces: every other character keeps its place."""
    return re.sub(_PARTS, lambda m: " " * len(m[0]) if m["comment"] else m[0], query)


def aliases(query: str) -> list[tuple[str, str]]:
    """What stands behind FROM and JOIN: what the query calls it, and what it is."""
    found = []
    for clause in re.findall(_TABLES, outside_texts(query)):
        for part in clause.split(","):
            words = [word for word in re.findall(r"\w+", part) if word.upper() != "AS"]
            if words:
                found.append((words[-1], words[0]))
    return found


def tables_read(query: str, known: set[str]) -> set[str]:
    """Which of the known collections the query names as a word of its own."""
    bare = re.sub(_PARTS, lambda m: " '' " if m["string"] else m[0] if m["quoted"] else " ", query)
    words = {word.lower() for word in re.findall(r"\w+", bare)}
    return {name for name in known if name.lower() in words}


def sources(query: str) -> set[str]:
    """The names that stand behind FROM and JOIN, common table expressions left out."""
    bare = re.sub(_PARTS, lambda m: " '' " if m["string"] else m[0] if m["quoted"] else " ", query)
    bare = re.sub(r"(?i)\bDISTINCT FROM\b", "=", bare)  # a comparison
    ctes = {name.lower() for name in re.findall(_CTE, bare)}
    found: set[str] = set()
    for clause in re.findall(_TABLES, bare):
        for part in clause.split(","):
            # `main.posts` is `posts`.
            if match := re.match(rf"\s*(?:{_NAME}\s*\.\s*)?[`\"\[]?(\w+)", part):
                found.add(match[1])
    functions = {name.lower() for name in re.findall(r"(\w+)\s*\(", bare)}  # json_each(…)
    return {name for name in found if name.lower() not in ctes | functions}


def with_aliases(query: str) -> str:
    """The query in which each column of the result that stands by its name alone has it as its alias."""
    plain = outside_texts(query)
    start = re.match(r"(?is)\s*SELECT\s+(?:DISTINCT\s+)?", plain)
    if start is None:
        return query
    depth, begin, parts = 0, start.end(), []
    for match in re.finditer(r"(?i)[()]|,|\bFROM\b", plain[start.end() :]):
        at = start.end() + match.start()
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if depth == 0 and (match[0] == "," or match[0].upper() == "FROM"):
            parts.append((begin, at))
            begin = at + 1
            if match[0] != ",":
                break
    made, last = [], 0
    for begin, end in parts:
        text = query[begin:end].rstrip()
        if alone := re.fullmatch(rf"\s*(?:{_NAME}\s*\.\s*)?({_NAME})", text):
            made.append(
                f"{query[last:begin]}{text} AS {alone[1]}{' ' if query[end : end + 1] != ',' else ''}"
            )
            last = end
    return "".join(made) + query[last:]
