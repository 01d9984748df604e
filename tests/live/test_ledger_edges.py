"""What files keep and give back where names, ids or tables are not what they were when they were written."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from binaries import LATEST, SUPPORTED, binary_of
from grounds import Ground, migration
from pocketvex.diff.compare import compare
from pocketvex.history.shadow import placeholders
from pocketvex.render.migration.one_off import down_step
from pocketvex.server import scratch
from projects import Json, posts, schema_of, text

OTHERS = {"name": "others", "fields": [text("t")]}


class Course:
    """A history that is written file by file, and one database that walks it."""

    def __init__(self, ground: Ground, *first: Json) -> None:
        self.binary = ground.binary
        self.place = ground.built(schema_of(*first))
        self.shadow = ground.copy(self.place.data_dir)
        self.files: list[tuple[str, str]] = []

    def file(self, *collections: Json) -> None:
        """One more file, to these collections."""
        before = self.shadow.schema
        found = compare(schema_of(*collections), before, version=self.shadow.version, ask=False)
        stamp = str(1700000001 + len(self.files))
        made = migration(self.shadow.settled(found.operations), stamp)
        self.shadow.up(made, f"{stamp}_file.js")
        self.files.append((f"{stamp}_file.js", made))

    def up(self, *numbers: int) -> None:
        self._run(dict(self.files[n - 1] for n in numbers))

    def down(self, *numbers: int) -> None:
        files = [self.files[n - 1] for n in numbers]
        steps = {f"z_{at:03}_{name}": down_step(name, made) for at, (name, made) in enumerate(files)}
        self._run(steps)
        scratch.forget(self.place.data_dir, list(steps))

    def _run(self, steps: dict[str, str]) -> None:
        scratch.migrate_up(self.binary, self.place.data_dir, steps, env=placeholders(steps.values()))

    def ask(self, query: str, *values: Any) -> list[Any]:
        """What the database holds; or, of a statement, nothing."""
        with closing(sqlite3.connect(self.place.data_dir / "data.db")) as database, database:
            return [row[0] if len(row) == 1 else row for row in database.execute(query, values).fetchall()]

    def fill(self, table: str, column: str, values: Sequence[Any], start: int = 0) -> None:
        with closing(sqlite3.connect(self.place.data_dir / "data.db")) as database, database:
            rows = [(f"row{start + number:012}", value) for number, value in enumerate(values)]
            database.executemany(f"INSERT INTO [{table}] (id, [{column}]) VALUES (?, ?)", rows)

    def held(self, table: str, column: str) -> list[Any]:
        return self.ask(f"SELECT [{column}] FROM [{table}] ORDER BY id")

    def tables(self) -> list[str]:
        return self.ask("SELECT name FROM _collections WHERE NOT system AND name != 'users' ORDER BY name")


@pytest.fixture(params=[SUPPORTED[0], LATEST])
def ground(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Ground:
    return Ground(binary_of(request.param), tmp_path, tmp_path_factory.getbasetemp())


def select(name: str, *values: str, **options: Any) -> Json:
    return {"name": name, "type": "select", "values": list(values), **options}


def by_dashboard(course: Course, code: str) -> None:
    scratch.run_once(course.binary, course.place.data_dir, code)


@pytest.mark.parametrize("name", ["type", "value", "key", "v"])
def test_a_choice_is_mapped_whatever_its_field_is_called(ground: Ground, name: str) -> None:
    course = Course(ground, posts(select(name, "a", "b", "c")))
    course.file(posts(select(name, "a", "b", remap={"c": "a"})))
    many = Course(ground, posts(select(name, "a", "b", "c", maxSelect=2)))
    many.file(posts(select(name, "a", "b", maxSelect=2, remap={"c": "a"})))
    course.fill("posts", name, ["c", "b"])
    many.fill("posts", name, ['["c","b"]', '["b"]'])
    course.up(1)
    many.up(1)
    assert (course.held("posts", name), many.held("posts", name)) == (["a", "b"], ['["a","b"]', '["b"]'])
    course.down(1)
    many.down(1)
    assert (course.held("posts", name), many.held("posts", name)) == (["c", "b"], ['["c","b"]', '["b"]'])


def test_each_file_gives_back_the_collection_that_it_put_away_itself(ground: Ground) -> None:
    news = {"name": "news", "fields": [text("n")]}
    course = Course(ground, posts(text("x")), news)
    course.file(news)
    course.file({**news, "name": "posts", "renamed_from": "news"})
    course.file(OTHERS)
    course.fill("posts", "x", ["one"])
    course.fill("news", "n", ["new"])
    course.up(1, 2, 3)
    course.down(3, 2, 1)
    assert (course.held("posts", "x"), course.held("news", "n")) == (["one"], ["new"])


def test_a_collection_that_is_declared_anew_is_what_its_file_says(ground: Ground) -> None:
    choices = select("s", "a", "b", maxSelect=2)
    course = Course(ground, posts(text("x"), choices))
    course.file(OTHERS)
    course.file(OTHERS, posts({"name": "x", "type": "number"}, select("s", "a", "b"), text("z")))
    course.file(OTHERS)
    course.fill("posts", "x", ["one", "7"])
    course.ask("""UPDATE posts SET s = '["a","b"]'""")

    def seen() -> dict[str, list[Any]]:
        there = course.place.schema.collection("posts")
        if there is None:
            return {}
        names = ", ".join(sorted(field.name for field in there.fields))
        return {"posts": course.ask(f"SELECT {names} FROM posts ORDER BY id")}

    states = [seen()]
    for number in (1, 2, 3):
        course.up(number)
        states.append(seen())
    assert states[2] == {"posts": [("row000000000000", "b", "", 0, ""), ("row000000000001", "b", "", 0, "")]}
    at = 3
    for to in (1, 3, 0, 2, 0, 3, 2, 1, 0):
        course.up(*range(at + 1, to + 1)) if to > at else course.down(*range(at, to, -1))
        at = to
        assert seen() == states[at]


def test_another_kind_of_collection_under_the_name_is_made(ground: Ground) -> None:
    course = Course(ground, posts(text("x")), OTHERS)
    course.file(OTHERS)
    course.file(OTHERS, {"name": "posts", "type": "view", "query": "SELECT id, t FROM others"})
    course.fill("posts", "x", ["one"])
    course.up(1, 2)
    made = course.place.schema.collection("posts")
    assert made is not None
    assert made.type == "view"
    course.down(2, 1)
    assert course.held("posts", "x") == ["one"]


def test_accounts_come_back_to_a_collection_that_is_declared_anew(ground: Ground) -> None:
    members = {"name": "members", "type": "auth"}
    course = Course(ground, {**members, "fields": [text("x")]})
    course.file(OTHERS)
    course.file(OTHERS, {**members, "fields": [{"name": "x", "type": "number"}, text("z")]})
    course.ask(
        "INSERT INTO members (id, x, email, password, tokenKey)"
        " VALUES ('row000000000001', '7a', 'a@b.co', 'hash', 'key')"
    )
    tokens = (
        "SELECT json_extract(options, '$.authToken.secret'), indexes FROM _collections WHERE name = 'members'"
    )
    account, before = "SELECT email, password, tokenKey FROM members", course.ask(tokens)
    course.up(1, 2)
    assert course.ask(account) == [("a@b.co", "hash", "key")]
    assert course.ask(tokens) == before
    course.down(2, 1)
    assert course.ask(account) == [("a@b.co", "hash", "key")]
    assert course.ask(tokens) == before
    assert course.held("members", "x") == ["7a"]


def test_relations_among_what_was_put_away_hold_what_they_held(ground: Ground) -> None:
    """To itself and to others: while it is away, what they point at has another name."""
    to = {"type": "relation", "maxSelect": 5}
    tree = {"name": "tree", "fields": [text("t"), {"name": "near", "target": "self", **to}]}
    leaves = {"name": "leaves", "fields": [text("t"), {"name": "of", "target": "tree", **to}]}
    course = Course(ground, tree, leaves, OTHERS)
    course.file(OTHERS)
    course.file(tree, leaves, OTHERS)
    course.fill("tree", "near", ['["row000000000001"]', "[]"])
    course.fill("leaves", "of", ['["row000000000000","row000000000001"]'])
    held = course.held("tree", "near"), course.held("leaves", "of")
    course.up(1)
    course.up(2)
    assert (course.held("tree", "near"), course.held("leaves", "of")) == held
    course.down(2)
    course.down(1)
    assert (course.held("tree", "near"), course.held("leaves", "of")) == held


def test_what_has_another_name_here_when_it_is_taken_back_comes_back(ground: Ground) -> None:
    course = Course(ground, OTHERS)
    course.file(OTHERS, posts())
    course.file(OTHERS, posts(text("x")))
    course.up(1, 2)
    course.fill("posts", "x", ["one"])
    by_dashboard(course, """
      const posts = app.findCollectionByNameOrId("posts");
      posts.fields.getByName("x").name = "y";
      posts.name = "articles";
      app.save(posts);""")  # fmt: skip
    course.down(2)
    assert course.place.schema.collection("articles") is not None
    assert course.ask("SELECT name FROM pragma_table_info('articles') WHERE name IN ('x', 'y')") == []
    course.down(1)
    course.up(1, 2)
    assert course.tables() == ["others", "posts"]
    assert course.held("posts", "x") == ["one"]


def test_an_empty_collection_in_the_place_makes_way_with_what_points_at_it(ground: Ground) -> None:
    course = Course(ground, posts(text("x")), OTHERS)
    course.file(OTHERS)
    course.fill("posts", "x", ["one"])
    course.up(1)
    by_dashboard(course, """
      app.save(new Collection({ name: "posts", type: "base", fields: [{ name: "q", type: "text" }] }));
      const others = app.findCollectionByNameOrId("others");
      const collectionId = app.findCollectionByNameOrId("posts").id;
      others.fields.add(new RelationField({ name: "r", collectionId, maxSelect: 1 }));
      app.save(others);""")  # fmt: skip
    course.down(1)
    assert course.held("posts", "x") == ["one"]
    others = course.place.schema.collection("others")
    assert others is not None
    assert getattr(others.field("r"), "target", "") == "posts"
