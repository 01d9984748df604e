"""Law: what evidence counts is exactly what the server refuses to update afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from binaries import LATEST, SUPPORTED, binary_of
from cases.changes import field, relation, select
from conftest import EMAIL, PASSWORD, ServerFactory
from evidence import add, evidence, planned, refused, row_id, schema, with_users, write
from pocketvex.api.client import Client, Credentials
from pocketvex.errors import Rejected
from pocketvex.server.process import Running

Json = dict[str, Any]
Drawn = tuple[Json, Json, list[Any]]

# A text of the API holds any character but the one that ends a text in C: SQLite measures up to it.
CHARACTERS = st.sampled_from([*"aAzZ09 .-_@/'\"`[]{}:;\\%*", *"éß漢😀\n\t\u2028\u200b\u0301"])
TEXTS = st.text(CHARACTERS, max_size=7)
NUMBERS = st.sampled_from(
    [0, 1, -1, 0.5, -2.5, 3, 100, -100, 2**53, -(2**53), 1e-9, 1e15, 1e300, -1e300, 2**63]
)
DATES = st.sampled_from(
    [
        "",
        "1970-01-01 00:00:00.000Z",
        "2024-02-29 23:59:59.999Z",
        "2024-03-01 00:00:00.000Z",
        "9999-12-31 00:00:00.000Z",
    ]
)
DOMAINS = ["ab.org", "cd.org", "sub.ab.org"]
EMAILS = st.sampled_from(["", *(f"{who}@{at}" for who in ("x", "x.y+z") for at in (*DOMAINS, "AB.org"))])
HOSTS = [*DOMAINS, "u:p@cd.org", "ab.org:81"]
RESTS = ["", "/@cd.org", "?x=//cd.org", "#@cd.org"]
URLS = st.sampled_from(
    ["", *(f"{how}://{at}{rest}" for how in ("http", "ftp") for at in HOSTS for rest in RESTS)]
)
JSONS = st.recursive(
    st.one_of(
        st.none(), st.booleans(), TEXTS, st.integers(-(10**6), 10**6), st.sampled_from([0.5, 1e-7, 1e21, ""])
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=2)),
    max_leaves=4,
)
PATTERNS = st.sampled_from(
    [
        r"^\pL*$",
        r"a",
        r"(?i)^a",
        r"\d",
        r"^[^\s]+$",
        r"[[:punct:]]",
        r"\Q.\E",
        r"(?s)^.{2,4}$",
        r"\bz\b",
        r"\p{Greek}|é",
        r"(?U)a+$",
    ]
)
CHOICES = ["a", "b", "it's", "{{c}}", "é😀"]
TARGETS = [row_id(n) for n in range(4)]


@st.composite
def texts(draw: st.DrawFn) -> Drawn:
    low = draw(st.integers(0, 4))
    options: Json = {"min": low, "max": draw(st.sampled_from([0, *range(max(low, 1), 6)]))}
    options |= {"pattern": draw(PATTERNS)} if draw(st.booleans()) else {}
    return field(), field(**options, required=draw(st.booleans())), draw(rows(TEXTS))


@st.composite
def numbers(draw: st.DrawFn) -> Drawn:
    low, high = sorted(draw(st.lists(st.integers(-101, 101), min_size=2, max_size=2)))
    options: Json = {"min": low} if draw(st.booleans()) else {}
    options |= {"max": high} if draw(st.booleans()) else {}
    flags = {"only_int": draw(st.booleans()), "required": draw(st.booleans())}
    return field("number"), field("number", **options, **flags), draw(rows(NUMBERS))


@st.composite
def dates(draw: st.DrawFn) -> Drawn:
    options = dict(zip(("min", "max"), sorted([draw(DATES), draw(DATES)]), strict=True))
    return field("date"), field("date", **options, required=draw(st.booleans())), draw(rows(DATES))


@st.composite
def addresses(draw: st.DrawFn) -> Drawn:
    kind, values = draw(st.sampled_from([("email", EMAILS), ("url", URLS)]))
    which = draw(st.sampled_from(["only_domains", "except_domains"]))
    domains = draw(st.lists(st.sampled_from(DOMAINS), min_size=1, unique=True))
    return field(kind), field(kind, **{which: domains}, required=draw(st.booleans())), draw(rows(values))


@st.composite
def documents(draw: st.DrawFn) -> Drawn:
    kind, values = draw(st.sampled_from([("json", JSONS), ("editor", TEXTS)]))
    after = field(kind, max_size=draw(st.integers(1, 20)), required=draw(st.booleans()))
    return field(kind), after, draw(rows(values))


@st.composite
def choices(draw: st.DrawFn) -> Drawn:
    most = draw(st.integers(1, 4))
    left = draw(st.lists(st.sampled_from(CHOICES), min_size=1, unique=True))
    fewer = draw(st.integers(min(most, 2), max(min(most, len(left)), min(most, 2))))
    left += ["more", "and more"][: max(0, fewer - len(left))]
    values = (
        st.lists(st.sampled_from(CHOICES), unique=True, max_size=most)
        if most > 1
        else st.sampled_from(["", *CHOICES])
    )
    after = select(*left, max=fewer, required=draw(st.booleans()))
    return select(*CHOICES, max=most), after, draw(rows(values))


@st.composite
def relations(draw: st.DrawFn) -> Drawn:
    most = draw(st.integers(2, 4))
    fewer = draw(st.integers(2, most))
    after = relation(
        "targets", max=fewer, min_select=draw(st.integers(0, fewer)), required=draw(st.booleans())
    )
    return (
        relation("targets", max=most),
        after,
        draw(rows(st.lists(st.sampled_from(TARGETS), unique=True, max_size=most))),
    )


def rows(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(values, min_size=1, max_size=6)


FIELDS = st.one_of(texts(), numbers(), dates(), addresses(), documents(), choices(), relations())


@pytest.fixture(params=[SUPPORTED[0], LATEST])
def running(request: pytest.FixtureRequest, server: ServerFactory) -> Running:
    return server(binary_of(request.param))


def test_evidence_is_what_the_server_refuses(running: Running) -> None:
    version = tuple(running.binary.version)
    made = 0

    @seed(3)
    @settings(
        max_examples=12,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(FIELDS, min_size=6, max_size=6))
    def law(drawn: list[Drawn]) -> None:
        nonlocal made
        names = [f"c{made + n}" for n in range(len(drawn))]
        made += len(drawn)
        live = write(
            client, schema([TARGET, *(table(name, d[0]) for name, d in zip(names, drawn, strict=True))])
        )
        if made == len(drawn):
            for id in TARGETS:
                add(client, "targets", {"id": id})
        for name, (_, _, values) in zip(names, drawn, strict=True):
            for number, value in enumerate(values):
                add(client, name, {"id": row_id(number), "f": value})
        own = live.model_copy(
            update={"collections": [c for c in live.collections if c.name in (*names, "targets", "users")]}
        )
        desired = schema([TARGET, *(table(name, d[1]) for name, d in zip(names, drawn, strict=True))])
        roads = [
            planned(client, version, with_users(desired, own), own, **road)
            for road in ({}, {"data_dir": running.data_dir})
        ]
        found = evidence(roads[0])
        assert evidence(roads[1]) == found
        write(client, desired)
        for name, (_, after, values) in zip(names, drawn, strict=True):
            said = found.get(f"{name}.f")
            no = refused(client, name, len(values))
            assert (said.rows if said else 0, list(said.ids) if said else []) == (len(no), no[:5]), (
                after,
                values,
            )

    with Client(running.url, Credentials(email=EMAIL, password=PASSWORD)) as client:
        law()


COLUMNS = [
    "(`a`)", "(`a` COLLATE NOCASE)", "(lower(`a`))", "(`a`, `n`)", "(`n` DESC, `j`)", "(`j`)", "(`s`)",
    "(`a`) WHERE `a` != ''", "(`n`) WHERE `a` > 'a'", "(trim(`a`), `n`)", "(`a` COLLATE RTRIM)",
]  # fmt: skip
FEW = st.sampled_from(["", "a", "A", "a ", "é", "É", "b"])
RECORDS = st.fixed_dictionaries(
    {"a": FEW, "n": st.sampled_from([0, 1, 1.5]), "j": st.sampled_from([None, 1, "1", [1], {"a": 1}])},
    optional={"s": st.lists(st.sampled_from(["p", "q"]), unique=True)},
)


def test_rows_are_equal_where_the_server_refuses_the_index(running: Running) -> None:
    version = tuple(running.binary.version)
    fields = [
        {"name": "a", "type": "text"}, {"name": "n", "type": "number"}, {"name": "j", "type": "json"},
        {"name": "s", "type": "select", "values": ["p", "q"], "max_select": 2},
    ]  # fmt: skip
    made = 0

    @seed(3)
    @settings(max_examples=12, deadline=None, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(
        st.lists(RECORDS, min_size=2, max_size=5), st.lists(st.sampled_from(COLUMNS), min_size=1, unique=True)
    )
    def law(records: list[Json], columns: list[str]) -> None:
        nonlocal made
        made += 1
        name = f"c{made}"
        live = write(client, schema([{"name": name, "type": "base", "schema": fields}]))
        for number, record in enumerate(records):
            add(client, name, {"id": row_id(number), **record})
        own = live.model_copy(
            update={"collections": [c for c in live.collections if c.name in (name, "users")]}
        )
        for n, definition in enumerate(columns):
            index = f"CREATE UNIQUE INDEX `u{made}_{n}` ON `{name}` {definition}"
            desired = schema([{"name": name, "type": "base", "schema": fields, "indexes": [index]}])
            roads = [
                planned(client, version, with_users(desired, own), own, **road)
                for road in ({}, {"data_dir": running.data_dir})
            ]
            (said,) = evidence(roads[0]).values()
            assert evidence(roads[1]) == {f"{name}@u{made}_{n}": said}
            raw = next(c for c in client.collections() if c["name"] == name)
            try:
                client.import_collections([{**raw, "indexes": [index]}])
            except Rejected:
                assert said is not None
                assert said.rows, (records, definition)
            else:
                assert said is not None
                assert said.rows == 0, (records, definition)
                client.import_collections([{**raw, "indexes": []}])

    with Client(running.url, Credentials(email=EMAIL, password=PASSWORD)) as client:
        law()


TARGET: Json = {"name": "targets", "type": "base", "schema": []}


def table(name: str, f: Json) -> Json:
    return {"name": name, "type": "base", "schema": [{"name": "f", **f}, {"name": "o", "type": "text"}]}
