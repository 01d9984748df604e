"""Whatever a server holds, `pull` writes code that loads and is in sync: servers made by drawn requests."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from binaries import SUPPORTED, binary_of
from conftest import EMAIL, PASSWORD, ServerFactory
from pocketvex.api.client import Client
from pocketvex.api.credentials import Credentials
from pocketvex.diff.compare import compare
from pocketvex.lint.findings import lint
from pocketvex.render.python.modules import render_python
from pocketvex.schema.model import Schema
from pocketvex.server import scratch
from pulled import declared_by
from terminal import Project

Json = dict[str, Any]
Draw = st.DrawFn

EXAMPLES = int(os.environ.get("POCKETVEX_ODD_EXAMPLES", "12"))

NAMES = ("class", "from", "match", "index", "field", "rules", "fields", "none", "env", "a", "B", "created")
FLAG = (True, False)
INTS = (-1, 0, 1, 2, 5, 9, 71, 72, 2**53)
TEXTS = ("", "a", "a", "it's", '"', "\\", "ünï", " ")
DOMAINS: tuple[list[str], ...] = ([], ["a.com"], ["A.com"], [""], ["a.com", "a.com"], ["localhost"])
DATES = ("", "2020-01-01 00:00:00.000Z", "2030-01-01 00:00:00.000Z", "soon", "0001-01-01")
OPTIONS: dict[str, dict[str, Any]] = {
    "text": {"min": INTS, "max": INTS, "pattern": ("", "^a+$", "[", "(?=a)", "a{2}"),
             "autogeneratePattern": ("", "[a-z]{5}", "a+"), "primaryKey": FLAG},
    "editor": {"maxSize": INTS, "convertURLs": FLAG},
    "number": {"min": (None, -1.5, 0, 3), "max": (None, -2, 0, 1, 1e300), "onlyInt": FLAG},
    "bool": {},
    "email": {"onlyDomains": DOMAINS, "exceptDomains": DOMAINS},
    "url": {"onlyDomains": DOMAINS, "exceptDomains": DOMAINS},
    "date": {"min": DATES, "max": DATES},
    "autodate": {"onCreate": FLAG, "onUpdate": FLAG},
    "json": {"maxSize": INTS},
    "select": {"values": (["a"], ["a", "a"], ["", "a"], ["a", "b", "a"], []), "maxSelect": (0, 1, 2, 3, 9)},
    "file": {"maxSelect": INTS, "maxSize": INTS, "mimeTypes": ([], [""], ["a", "a"]), "protected": FLAG,
             "thumbs": ([], ["10x10", "10x10"], ["0x0"], ["5x0f"])},
    "relation": {"collectionId": ("_pb_users_auth_", "pbc_3142635823", "nowhere"), "minSelect": (0, 1, 5),
                 "maxSelect": (0, 1, 2, 9), "cascadeDelete": FLAG},
    "password": {"min": INTS, "max": INTS, "cost": (0, 3, 4, 5), "pattern": ("", "a")},
    "geoPoint": {},
}  # fmt: skip
COMMON = {"required": FLAG, "hidden": FLAG, "presentable": FLAG, "system": FLAG}
RULES = (
    None, "", '@request.auth.id != ""', "id != '' // a comment", "@request.auth.nothing = 1", " ",
    "@collection.users.name ?= name", '@request.auth.id != "" && id = @request.auth.id',
)  # fmt: skip
QUERIES = (
    "SELECT id, name FROM _collections", "SELECT file AS id, applied FROM _migrations",
    "SELECT id, value FROM _params", "SELECT name AS id FROM sqlite_master", "SELECT id FROM main.users",
    "SELECT id, (name IS NOT DISTINCT FROM email) AS same FROM users", "SELECT [id] FROM [users] u",
    "SELECT CAST(rowid AS TEXT) AS id, words FROM notes_fts", "SELECT id FROM raw_rows",
    "SELECT q.id FROM (WITH q(id) AS (SELECT id FROM users) SELECT id FROM q) q",
    "SELECT u.id, r.note FROM users u LEFT JOIN raw_rows r ON r.id = u.id", "SELECT 'one' AS id",
    "SELECT cid AS id, name FROM pragma_table_info('users')", "SELECT id, avatar FROM users ; ",
)  # fmt: skip
AUTH: dict[str, Any] = {
    "passwordAuth": [{"enabled": on, "identityFields": names} for on in FLAG
                     for names in ([], ["email"], ["email", "username"], ["name"], ["email", "email"])],
    "otp": [{"enabled": on, "duration": d, "length": n} for on in FLAG for d, n in ((1, 1), (99, 6))],
    "mfa": [{"enabled": False, "duration": 1, "rule": "nothing = 1"}],
    "oauth2": [{"enabled": False, "mappedFields": {"name": "nothing"}}],
    "authRule": [None, "", "verified = true"], "manageRule": [None, "", '@request.auth.id != ""'],
    "authToken": [{"duration": 5}, {"duration": 604800}],
}  # fmt: skip
IDS: tuple[Json, ...] = (
    {}, {"min": 5, "max": 5, "autogeneratePattern": "[a-z0-9]{5}"}, {"pattern": ""}, {"max": 40, "min": 0},
    {"pattern": "^[a-z_]+$", "autogeneratePattern": ""}, {"presentable": True, "id": "my_own_id"},
)  # fmt: skip

KNOWN: tuple[Json, ...] = (
    {"type": "base", "own_id": True, "fields": [
        {"name": "twice", "type": "select", "values": ["a", "a", ""], "maxSelect": 2},
        {"name": "when", "type": "date", "min": DATES[2], "max": DATES[1]},
        {"name": "mail", "type": "email", "onlyDomains": ["A.com"]},
    ]},
    {"type": "auth", "own_id": False, "system": True, "passwordAuth": AUTH["passwordAuth"][7]},
    {"type": "view", "own_id": True, "viewQuery": "SELECT id, name FROM users"},
    *({"type": "view", "own_id": False, "viewQuery": query} for query in QUERIES),
)  # fmt: skip
"""Asked for whatever was drawn."""

# What only a migration can bring: it asks nobody.
BY_MIGRATION = """
app.db().newQuery("CREATE VIRTUAL TABLE notes_fts USING fts5(words)").execute();
app.db().newQuery("CREATE TABLE raw_rows (id TEXT PRIMARY KEY, note TEXT)").execute();
app.saveNoValidate(new Collection({ type: "base", name: "unchecked", fields: [
  { name: "n", type: "number", min: 5, max: 3 }, { name: "t", type: "text", min: 9, max: 2 },
  { name: "s", type: "select", values: ["a"], maxSelect: 4 }, { name: "d", type: "email",
    onlyDomains: ["localhost"], exceptDomains: ["a.com"] },
], listRule: "@collection.gone.id ?= id" }));
app.save(new Collection({ type: "base", name: "there", fields: [{ name: "x", type: "text" }] }));
app.save(new Collection({ type: "base", name: "here", listRule: "@collection.there.x ?= id" }));
app.saveNoValidate(new Collection({ type: "auth", name: "mistaken", listRule: "nmae == 'a'", viewRule: "(((",
  createRule: "'never closed", updateRule: "nothing = 1", deleteRule: '\\\\"\\n', authRule: "verified",
  manageRule: "@request.user.id = id" }));
const there = app.findCollectionByNameOrId("there");
there.fields.removeByName("x");
app.save(there);
"""


@st.composite
def fields(draw: Draw) -> Json:
    type_ = draw(st.sampled_from(sorted(OPTIONS)))
    known = {**COMMON, **OPTIONS[type_]}
    chosen = draw(st.lists(st.sampled_from(sorted(known)), max_size=3, unique=True))
    if type_ in ("select", "autodate", "relation"):
        chosen = [*{*chosen, {"select": "values", "autodate": "onCreate", "relation": "collectionId"}[type_]}]
    values = {option: draw(st.sampled_from(known[option])) for option in sorted(chosen)}
    name, text = draw(st.sampled_from(NAMES)), draw(st.sampled_from(TEXTS))
    return {"name": name, "type": type_, "help": text, **values}


@st.composite
def collections(draw: Draw) -> Json:
    type_ = draw(st.sampled_from(["base", "base", "auth", "view"]))
    rules = {f"{name}Rule": draw(st.sampled_from(RULES)) for name in ("list", "view")}
    item: Json = {"type": type_, "system": draw(st.sampled_from([False, False, True])), **rules}
    item["own_id"] = draw(st.sampled_from([False, False, True]))
    if type_ == "view":
        return {**item, "viewQuery": draw(st.sampled_from(QUERIES))}
    item["fields"] = draw(st.lists(fields(), max_size=3, unique_by=lambda f: f["name"].lower()))
    if own := draw(st.sampled_from(IDS)):
        always = {"name": "id", "type": "text", "primaryKey": True, "system": True, "required": True}
        item["fields"].append({**always, "pattern": "^[a-z0-9]+$", **own})
    if type_ == "auth":
        chosen = draw(st.lists(st.sampled_from(sorted(AUTH)), max_size=2, unique=True))
        item |= {option: draw(st.sampled_from(AUTH[option])) for option in sorted(chosen)}
    return item


class Server:
    """A server that keeps what it accepts; each collection has a name that no other had."""

    def __init__(self, client: Client, version: tuple[int, ...]) -> None:
        self.client = client
        self.version = version
        self.asked = 0
        self.kept: list[str] = []

    def ask(self, item: Json) -> bool:
        name = f"{'Case' if self.asked % 3 else 'case_'}{self.asked}"
        self.asked += 1
        own = {"id": name} if item["own_id"] else {}
        sent = {key: value for key, value in item.items() if key != "own_id"}
        answer = self.client._request("POST", "/api/collections", json={**sent, **own, "name": name})
        self.kept += [name] if answer.ok else []
        return answer.ok

    def check(self, names: list[str]) -> None:
        """What was just accepted is declared, loads, and is what the server has."""
        names = ["users", *names]  # what many of them point at
        live = Schema.from_json(self.client.collections())
        new = declared_by(render_python(live, only={*names}).modules)
        there = Schema.model_construct(collections=[c for c in live.collections if c.name in names])
        assert compare(new, there, version=self.version, ask=False).operations == []
        lint(new, self.version)


@pytest.mark.parametrize("version", [SUPPORTED[0], SUPPORTED[-1]])
def test_what_a_server_accepts_is_pulled_and_in_sync(
    version: str, tmp_path: Path, data_dir: Any, server: ServerFactory
) -> None:
    binary = binary_of(version)
    home = data_dir(binary)
    scratch.run_once(binary, home, BY_MIGRATION)
    running = server(binary, data_dir=home)
    with Client(running.url, Credentials(email=EMAIL, password=PASSWORD)) as client:
        odd = Server(client, tuple(binary.version))

        @settings(
            deadline=None, max_examples=EXAMPLES, derandomize=EXAMPLES < 100, database=None,
            suppress_health_check=[HealthCheck.too_slow],
        )  # fmt: skip
        @given(st.lists(collections(), min_size=1, max_size=4))
        def ask(items: list[Json]) -> None:
            before = len(odd.kept)
            for item in items:
                odd.ask(item)
            odd.check(odd.kept[before:])

        ask()
        assert all(odd.ask(item) for item in KNOWN)
        odd.check(odd.kept)
    print(f"{version}: {len(odd.kept)} of {odd.asked} collections were accepted")
    project = Project(tmp_path / "app")
    project.env |= {"PB_URL": running.url, "PB_ADMIN_EMAIL": EMAIL, "PB_ADMIN_PASS": PASSWORD}
    project.ok("schema", "pull")
    assert project.ok("schema", "diff", "--exit-code").out == "in sync\n"
    written = project.ok("types", "generate")
    assert "it reads notes_fts, which is no collection" in written.err
    found = project("schema", "lint")
    assert found.code == 7
    for said in (
        "PV720",
        "PV721",
        "max (3) is less than min (5)",
        "no field 'x' in there",
        "mistaken.listRule",
    ):
        assert said in found.out
