"""What a migration does on a server that is not as the file expects: it says so, and changes nothing."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cases.changes import field, posts, relation, select, table, view
from grounds import SECOND, Built, Ground, comparable, migration
from pocketvex.diff.compare import compare
from pocketvex.errors import UsageError
from pocketvex.render.migration.one_off import down_step
from pocketvex.schema.build import build_schema
from pocketvex.schema.dictionary import from_dictionary
from pocketvex.schema.model import Schema
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from pocketvex.server.scratch import MigrationFailed
from pocketvex.versions import NEWEST

Json = dict[str, Any]
OTHER = [table("other", {"x": "text"})]


@pytest.fixture
def ground(binary: Binary, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return Ground(binary, tmp_path, tmp_path_factory.getbasetemp())


@pytest.fixture
def newest(latest: Binary, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return Ground(latest, tmp_path, tmp_path_factory.getbasetemp())


def declared(collections: list[Json], ground: Ground) -> Schema:
    schema = build_schema(from_dictionary(collections, lambda *_: None))
    users = ground.empty.schema.collection("users")
    assert users is not None
    schema.collections.append(users)
    return schema


def between(ground: Ground, before: list[Json], after: list[Json]) -> tuple[Built, str]:
    """A server as it was before, and the file that brings it to what comes after."""
    place = ground.built(declared(before, ground))
    operations = compare(declared(after, ground), place.schema, version=ground.version, ask=False).operations
    return place, migration(place.settled(operations))


def by_hand(place: Built, script: str) -> None:
    """A change that somebody makes in the dashboard."""
    scratch.run_once(place.binary, place.data_dir, script)


def edit(script: str, name: str = "posts") -> str:
    return f'const c = app.findCollectionByNameOrId("{name}"); {script}; app.save(c);'


INDEX = "CREATE INDEX `ix` ON `posts` (`title`)"
NEITHER = [
    pytest.param(
        [posts()],
        [posts({"n": "number"})],
        edit('c.fields.add(new Field({ name: "n", type: "text" }))'),
        "posts.n: is there already, as another text field",
        id="a field of another type",
    ),
    pytest.param(
        [posts()],
        [posts({"n": field("number", min=1)})],
        edit('c.fields.add(new Field({ name: "n", type: "number", min: 2 }))'),
        "posts.n: is there already, with min 2",
        id="a field with other options",
    ),
    pytest.param(
        [posts()],
        [posts({"n": "number"})],
        edit('c.fields.add(new Field({ name: "n", type: "number", onlyInt: true }))'),
        "posts.n: is there already, with onlyInt true",
        id="a field with more options",
    ),
    pytest.param(
        [posts({"n": "number"})],
        [posts()],
        edit('c.fields.removeByName("n"); c.fields.add(new Field({ name: "n", type: "text" }))'),
        "posts.n: is another text field",
        id="another field to be removed",
    ),
    pytest.param(
        [posts({"n": "number"})],
        [posts({"n": "bool"})],
        edit('c.fields.removeByName("n"); c.fields.add(new Field({ name: "n", type: "text" }))'),
        "posts.n: is another text field",
        id="another field to be replaced",
    ),
    pytest.param(
        [posts({"n": "number"})],
        [posts({"n": "bool"})],
        edit('c.fields.removeByName("n")'),
        "posts.n: there is no such field",
        id="no field to be replaced",
    ),
    pytest.param(
        [posts({"n": field(max=5)})],
        [posts({"n": field(max=9)})],
        edit('c.fields.getByName("n").max = 7'),
        "posts.n: max is 7, neither 5 nor 9",
        id="another option",
    ),
    pytest.param(
        [posts()],
        [table("posts", {"headline": field(renamed_from="title")})],
        edit('c.fields.getByName("title").name = "heading"'),
        "posts: nothing tells whether title became headline",
        id="renamed otherwise",
    ),
    pytest.param(
        [posts(listRule="")],
        [posts(listRule=None)],
        edit('c.listRule = "id != 1"'),
        'posts: listRule is "id != 1", neither "" nor null',
        id="another rule",
    ),
    pytest.param(
        [posts(indexes=[INDEX])],
        [posts(indexes=[INDEX.replace("(`title`)", "(`title` DESC)")])],
        edit('c.indexes = ["CREATE INDEX `ix` ON `posts` (`id`)"]'),
        "posts: the index ix is not as it was",
        id="another index",
    ),
    pytest.param(
        [posts(), view("v", "SELECT id, title FROM posts")],
        [posts(), view("v", "SELECT id FROM posts")],
        edit('c.viewQuery = "SELECT id, title, (1) AS one FROM posts"', "v"),
        "v: the query is not as it was",
        id="another query",
    ),
    pytest.param(
        [posts()],
        [posts(), *OTHER],
        'app.save(new Collection({ name: "other", type: "base" }))',
        "other: is there already, without x",
        id="another collection of the name",
    ),
    pytest.param(
        [posts()],
        [posts(), *OTHER],
        'app.save(new Collection({ name: "other", type: "auth" }))',
        "other: is there already, as an auth collection",
        id="a collection of another type",
    ),
    pytest.param(
        [posts()],
        [posts(), *OTHER],
        """app.save(new Collection({
          name: "other", type: "base", listRule: "", fields: [{ name: "x", type: "text" }]
        }))""",
        'other: is there already, with listRule ""',
        id="a collection with another rule",
    ),
]


@pytest.mark.parametrize(("before", "after", "script", "says"), NEITHER)
def test_neither_before_nor_after_throws_and_changes_nothing(
    newest: Ground, before: list[Json], after: list[Json], script: str, says: str
) -> None:
    place, file = between(newest, before, after)
    by_hand(place, script)
    now = place.raw
    with pytest.raises(MigrationFailed, match=re.escape(says)):
        place.up(file)
    assert place.raw == now


def test_ids_tell_what_was_renamed_where_names_cannot(newest: Ground) -> None:
    before = [table("posts", {"a": field(id="one"), "b": field(id="two")})]
    after = [table("posts", {"b": field(id="one"), "a": field(id="two")})]
    place, file = between(newest, before, after)
    place.up(file)
    once = place.raw
    place.up(file, f"{SECOND}_again.js")
    assert comparable(place.raw) == comparable(once)
    other = newest.built(declared([table("posts", {"a": "text", "b": "text"})], newest))
    with pytest.raises(MigrationFailed, match="posts: nothing tells whether a, b became b, a"):
        other.up(file)


def test_collections_cannot_exchange_their_names(newest: Ground) -> None:
    place = newest.built(declared([posts(), *OTHER], newest))
    ids = {c.name: c.id for c in place.schema.collections}
    other = table("other", {"title": "text"}, id=ids["posts"])
    after = declared([other, table("posts", {"x": "text"}, id=ids["other"])], newest)
    operations = compare(after, place.schema, version=NEWEST).operations
    swapped = place.settled(operations)
    with pytest.raises(UsageError, match="other and posts cannot exchange their names"):
        migration(swapped)


MINE = """app.save(new Collection({
  name: "mine", type: "view", listRule: "", viewQuery: "SELECT id, title FROM posts"
}))"""


def test_an_unmanaged_view_that_reads_what_goes_is_named(ground: Ground) -> None:
    place, file = between(ground, [posts(), *OTHER], OTHER)
    by_hand(place, MINE)
    now = place.raw
    with pytest.raises(
        MigrationFailed, match=r"mine: cannot be made of what is left: .*no such table.*posts"
    ):
        place.up(file)
    assert comparable(place.raw) == comparable(now)


def test_an_unmanaged_view_that_still_works_lives_on(ground: Ground) -> None:
    place, file = between(ground, [posts({"n": "text"})], [posts({"m": field("number", renamed_from="")})])
    by_hand(place, MINE)
    place.up(file)
    mine = place.schema.collection("mine")
    assert mine is not None
    assert (mine.list_rule, mine.view_query) == ("", "SELECT id, title FROM posts")


def test_a_system_field_of_the_users_own(ground: Ground) -> None:
    """A field may be created with `system: true`; the server then refuses to let it go over its API."""
    place, file = between(ground, [posts({"x": field(system=True)})], [posts()])
    place.up(file)
    after = place.schema.collection("posts")
    assert after is not None
    assert after.field("x") is None
    place.down(file)
    before = place.schema.collection("posts")
    kept = before.field("x") if before else None
    assert kept is not None
    assert kept.system


def test_only_the_index_of_that_very_name_goes(ground: Ground) -> None:
    short = "CREATE UNIQUE INDEX `ux` ON `posts` (`id`)"
    longer = "CREATE UNIQUE INDEX `ux_title` ON `posts` (`id`, `title`)"
    place, file = between(ground, [posts(indexes=[longer, short])], [posts(indexes=[longer])])
    place.up(file)
    collection = place.schema.collection("posts")
    assert collection is not None
    assert [index.name for index in collection.indexes] == ["ux_title"]


PEOPLE = table("people", type="auth")
GOOGLE = {"name": "google", "clientId": "g", "clientSecret": {"env": "GOOGLE_SECRET"}}
GITHUB = {"name": "github", "clientId": "h", "clientSecret": {"env": "GITHUB_SECRET"}}


def with_oauth2(*providers: Json) -> Json:
    return {**PEOPLE, "oauth2": {"enabled": True, "providers": list(providers)}}


def test_a_provider_without_its_secret_is_left_out_and_the_log_says_so(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, file = between(ground, [PEOPLE], [with_oauth2(GOOGLE, GITHUB)])
    assert "a word" not in file
    monkeypatch.setenv("GOOGLE_SECRET", "a word")
    monkeypatch.delenv("GITHUB_SECRET", raising=False)
    ran = scratch.migrate_up(place.binary, place.data_dir, {f"{SECOND}.js": file})
    assert "the secret of github is not set: it is left out" in ran.output
    assert secrets(place) == {"google": "a word"}


def test_secrets_survive_what_other_files_do(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule, another option, a provider more, its removal, and down: no secret is lost or handed on."""
    monkeypatch.setenv("GOOGLE_SECRET", "of google")
    monkeypatch.setenv("GITHUB_SECRET", "of github")
    steps: list[list[Json]] = [
        [PEOPLE],
        [with_oauth2(GOOGLE)],
        [{**with_oauth2(GOOGLE), "listRule": "", "otp": {"enabled": True}}],
        [with_oauth2(GITHUB, GOOGLE)],
        [with_oauth2(GITHUB)],
    ]
    place = ground.built(declared(steps[0], ground))
    files: list[str] = []
    seen = [secrets(place)]
    for number, wanted in enumerate(steps[1:]):
        operations = compare(declared(wanted, ground), place.schema, version=ground.version).operations
        files.append(migration(place.settled(operations), f"170000001{number}"))
        scratch.migrate_up(place.binary, place.data_dir, {f"170000001{number}.js": files[-1]})
        seen.append(secrets(place))
    assert seen == [
        {}, {"google": "of google"}, {"google": "of google"},
        {"github": "of github", "google": "of google"}, {"github": "of github"},
    ]  # fmt: skip
    monkeypatch.delenv("GOOGLE_SECRET")
    for number in reversed(range(len(files))):
        name = f"170000001{number}.js"
        scratch.migrate_up(place.binary, place.data_dir, {f"{name}.down.js": down_step(name, files[number])})
        scratch.forget(place.data_dir, [f"{name}.down.js"])
        assert secrets(place) == seen[number]


def secrets(place: Built) -> dict[str, str]:
    """The secrets that the database holds, which no API shows."""
    target = place.data_dir.parent / "secrets.json"
    scratch.run_once(
        place.binary, place.data_dir,
        'const c = app.findCollectionByNameOrId("people"); const found = {};'
        "for (const p of c.oauth2.providers || []) found[p.name] = p.clientSecret;"
        f'$os.writeFile("{target}", JSON.stringify(found), 0o600);',
    )  # fmt: skip
    return dict(json.loads(target.read_text(encoding="utf-8")))


def test_options_come_back_as_they_were_on_that_server(ground: Ground) -> None:
    """Defaults differ by version: down restores what this server had, not what the file was written on."""
    place, file = between(ground, [PEOPLE], [{**PEOPLE, "authToken": {"duration": 1000}, "authRule": None}])
    by_hand(place, edit("c.authToken.duration = 777; c.authRule = 'verified = true'", "people"))
    place.up(file)
    people = place.schema.collection("people")
    assert people is not None
    assert (people.auth["authToken"]["duration"], people.auth["authRule"]) == (1000, None)
    place.down(file)
    people = place.schema.collection("people")
    assert people is not None
    assert (people.auth["authToken"]["duration"], people.auth["authRule"]) == (777, "verified = true")


def test_what_changed_between_up_and_down_is_not_overwritten(newest: Ground) -> None:
    """Lists and converted values come back only where nobody touched what was left of them."""
    before = [posts({"s": select("a", "b", "c", max=3), "n": "text"})]
    after = [posts({"s": select("a", "b", "c"), "n": "number"})]
    place, file = between(newest, before, after)

    def run(text: str) -> None:
        by_hand(place, f"app.db().newQuery({json.dumps(text)}).execute()")

    for record in ("kept", "moved"):
        run(f"""INSERT INTO posts (id, s, n) VALUES ('{record}', '["a","b"]', '1.50')""")
    place.up(file)
    run("UPDATE posts SET s = 'c', n = 7 WHERE id = 'moved'")
    run("INSERT INTO posts (id, s, n) VALUES ('new', 'a', 3)")
    place.down(file)
    assert values(place, "posts", "s", "n") == {
        "kept": ('["a","b"]', "1.50"), "moved": ('["c"]', "7"), "new": ('["a"]', "3"),
    }  # fmt: skip


def test_rows_of_a_collection_that_is_put_away_do_not_hold_others(newest: Ground) -> None:
    """A required relation of a removed collection must not keep records elsewhere from being deleted."""
    comments = table("comments", {"post": relation("posts", required=True)})
    place, file = between(newest, [posts(), comments], [posts()])
    by_hand(
        place,
        """
      app.db().newQuery("INSERT INTO posts (id) VALUES ('p1')").execute();
      app.db().newQuery("INSERT INTO comments (id, post) VALUES ('c1', 'p1')").execute();
    """,
    )
    place.up(file)
    by_hand(place, 'app.delete(app.findRecordById("posts", "p1"))')
    place.down(file)
    assert values(place, "comments", "post") == {"c1": ("",)}
    collection = place.schema.collection("comments")
    assert collection is not None
    kept = collection.field("post")
    assert kept is not None
    assert kept.required


def values(place: Built, table_name: str, *columns: str) -> dict[str, tuple[Any, ...]]:
    with closing(sqlite3.connect(place.data_dir / "data.db")) as database:
        rows = database.execute(f"SELECT id, {', '.join(columns)} FROM [{table_name}] ORDER BY id").fetchall()
    return {row[0]: tuple(row[1:]) for row in rows}
