"""Counting what a plan asks for, in the rows of a server. Nothing is written.

Three roads to the rows, with one text of SQL: the database file where it is at hand, the server's own
`/api/sql` (since 0.39), and pages of the record API in a database in memory. A record filter that says
exactly the same answers without any paging.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pocketvex.api import shape
from pocketvex.api.filters import exact_filter, nonzero_filter
from pocketvex.errors import Rejected, UnsupportedServer
from pocketvex.evidence.facts import (
    SAMPLES,
    Duplicates,
    Fact,
    Found,
    NonZeroCount,
    RowCount,
    Unconvertible,
    Violating,
)
from pocketvex.evidence.queries import query_of, together
from pocketvex.evidence.sql import Query, quoted
from pocketvex.evidence.violations import MATCHES
from pocketvex.schema.model import Schema
from pocketvex.target.sqlite_values import column_type, stored
from pocketvex.versions import SQL_OVER_HTTP, Version

if TYPE_CHECKING:
    from pocketvex.api.client import Client

Counts = dict[Fact, int | None]
Progress = Callable[[str], None]

MOST_PAGED = 100_000
"""Rows of a collection that are read over the API: more would take minutes."""
_PAGE = 1000


def count_facts(
    client: Client,
    version: Version,
    facts: Iterable[Fact],
    live: Schema,
    *,
    data_dir: Path | None = None,
    progress: Progress | None = None,
) -> Counts:
    """Every fact with its count; None where nobody can tell."""
    if data_dir is not None:
        return count_in_file(data_dir, facts, live)
    found, queries = _queries(facts, live)
    if version >= SQL_OVER_HTTP:
        found |= _of_sql(client, {fact: query for fact, query in queries.items() if query.portable})
    left = {fact: query for fact, query in queries.items() if fact not in found}
    found |= _of_filters(client, left)
    left = {fact: query for fact, query in left.items() if fact not in found}
    for collection in sorted({query.collection for query in left.values()}):
        own = {fact: query for fact, query in left.items() if query.collection == collection}
        found |= _of_pages(client, own, progress)
    return found


def count_in_file(data_dir: Path, facts: Iterable[Fact], live: Schema) -> Counts:
    """The same from a database file, whether a server runs on it or not."""
    from pocketvex.server.ledger import reading

    found, queries = _queries(facts, live)
    if queries:
        with reading(data_dir) as database:
            found |= _answered(database, queries)
    return found


def _queries(facts: Iterable[Fact], live: Schema) -> tuple[Counts, dict[Fact, Query]]:
    """What is known without counting, and the queries for the rest; what is not there is empty."""
    found: Counts = {}
    queries: dict[Fact, Query] = {}
    for fact in sorted(facts, key=str):
        there = live.collection(fact.collection)
        answer = query_of(fact, there) if there else 0
        if isinstance(answer, Query):
            queries[fact] = answer
        else:
            found[fact] = answer
    return found, queries


def _of_sql(client: Client, queries: Mapping[Fact, Query]) -> Counts:
    """What the server answers in as few requests as possible; what it does not take is left out."""
    found: Counts = {}
    for keys, text in together(queries):
        try:
            rows = client.sql(text)
        except (Rejected, UnsupportedServer):
            continue
        with shape.reading(client.url, "the rows of a query are not those that it asks for"):
            found |= {keys[int(row["k"] or 0)]: _found(row) for row in rows}
    return found


def _of_filters(client: Client, queries: Mapping[Fact, Query]) -> Counts:
    """What one record filter says exactly."""
    found: Counts = {}
    for fact, query in queries.items():
        if isinstance(fact, RowCount):
            found[fact] = client.count(fact.collection)
        elif (filter := _exact(fact, query)) is not None:
            total, ids = client.find(query.collection, filter, SAMPLES)
            found[fact] = Found(total, tuple(ids))
    return found


def _exact(fact: Fact, query: Query) -> str | None:
    if not query.fields:
        return None
    field = query.fields[0].to_json()
    if isinstance(fact, NonZeroCount):
        return nonzero_filter(query.collection, field)
    return exact_filter(query.collection, field, fact.limits) if isinstance(fact, Violating) else None


def _of_pages(client: Client, queries: Mapping[Fact, Query], progress: Progress | None) -> Counts:
    """The rows of one collection, read once for all facts about it."""
    name = next(iter(queries.values())).collection
    fields = {field.name: field for query in queries.values() for field in query.fields}
    filters = [_enough(fact, query) for fact, query in queries.items()]
    filter = " || ".join(f"({one})" for one in filters) if all(filters) else ""
    total = client.count(name, filter)
    if total > MOST_PAGED:
        return dict.fromkeys(queries, None)
    with closing(sqlite3.connect(":memory:")) as database:
        listed = ", ".join(f"{quoted(field.name)} {column_type(field)}" for field in fields.values())
        columns = f'"id" TEXT PRIMARY KEY{", " + listed if listed else ""}'
        database.execute(f"CREATE TABLE {quoted(name)} ({columns})")
        marks = ", ".join("?" for _ in range(len(fields) + 1))
        read = 0
        for page in pages(client, name, list(fields), filter):
            if page and not page[0].keys() >= fields.keys():
                return dict.fromkeys(queries, None)  # what the API never shows: the key of the tokens
            rows = ([row["id"], *(stored(f, row.get(f.name)) for f in fields.values())] for row in page)
            with shape.reading(client.url, f"a row of {name} holds what its fields cannot hold"):
                _keep(database, f"INSERT OR REPLACE INTO {quoted(name)} VALUES ({marks})", rows)
            read += len(page)
            if read > 2 * MOST_PAGED:
                raise shape.stranger(client.url, f"{name} has many more rows than it counts")
            if progress and total > _PAGE:
                progress(f"reading {name}: {read} of {total} rows" if read < total else "")
        return _answered(database, queries)


def _enough(fact: Fact, query: Query) -> str | None:
    """A filter that leaves out rows which do not matter; None where all may."""
    if isinstance(fact, Duplicates) or not query.fields:
        return None
    if isinstance(fact, Violating | Unconvertible) and "required" in {x.option for x in fact.limits}:
        return None
    return nonzero_filter(query.collection, query.fields[0].to_json())


def pages(
    client: Client, name: str, fields: Sequence[str], filter: str = ""
) -> Iterator[list[dict[str, Any]]]:
    """Page by page in the order of the ids: rows that come or go meanwhile shift nothing."""
    last = ""
    while True:
        after = f"id > {json.dumps(last, ensure_ascii=False)}" if last else ""
        both = " && ".join(f"({one})" for one in (filter, after) if one)
        page = client.records(name, both, ",".join(["id", *fields]), "id", per_page=_PAGE)
        yield page
        if len(page) < _PAGE:
            return
        if str(page[-1]["id"]) <= last:
            raise shape.stranger(client.url, f"the rows of {name} are not in the order that was asked for")
        last = str(page[-1]["id"])


def _keep(database: sqlite3.Connection, statement: str, rows: Iterable[Sequence[Any]]) -> None:
    try:
        database.executemany(statement, rows)
    except sqlite3.Error as error:  # an object where a text should be
        raise ValueError(str(error)) from None


def _answered(database: sqlite3.Connection, queries: Mapping[Fact, Query]) -> Counts:
    database.create_function(MATCHES, 2, _matches, deterministic=True)
    found: Counts = {}
    for fact, query in queries.items():
        try:
            cursor = database.execute(query.sql)
            names = [item[0] for item in cursor.description]
            found[fact] = _found(dict(zip(names, cursor.fetchone(), strict=True)))
        except (sqlite3.Error, sqlite3.Warning):
            # A function that only the server has, or a pattern that only Go reads.
            found[fact] = None
    return found


def _found(row: Mapping[str, Any]) -> Found:
    values = tuple((str(value), int(n)) for value, n in json.loads(row["vals"] or "[]"))
    return Found(int(row["n"]), tuple(json.loads(row["ids"] or "[]")), values)


def _matches(pattern: str, value: str) -> bool:
    return _compiled(pattern).search(value) is not None


@cache
def _compiled(pattern: str) -> Any:
    # Only where a pattern is to be judged: Go's regexp and RE2 are one language, Python's another.
    import re2  # type: ignore[import-untyped]

    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)
