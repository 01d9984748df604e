"""Writing a plan over REST: what goes in one import, what is removed after it, and what is refused."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from conftest import ServerFactory
from pocketvex.errors import NotAsIntended
from pocketvex.run.planning import plan_for
from pocketvex.run.situation import Choices, find_situation
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running
from pocketvex.target.remove import remove
from pocketvex.target.session import Session
from pocketvex.target.write import write_changes
from projects import Project, dashboard, kept, names, paths, posts, put, rows, text

Json = dict[str, Any]


def relation(name: str, target: str, **options: Any) -> Json:
    return {"name": name, "type": "relation", "target": target, **options}


def view(name: str, query: str, **options: Any) -> Json:
    return {"name": name, "type": "view", "query": query, **options}


@pytest.fixture
def running(server: ServerFactory, binary: Binary) -> Running:
    return server(binary)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def settled(project: Project, running: Running) -> None:
    outcome, _ = project.dev(running)
    assert not outcome.plan
    assert not outcome.applied
    assert not kept(outcome.plan)


def test_everything_that_refers_to_everything_at_once(project: Project, running: Running) -> None:
    project.declare(
        view("z_top", "SELECT id, title FROM a_low"),
        view("a_low", "SELECT id, title FROM posts"),
        {"name": "tags", "fields": [relation("best", "posts"), relation("parent", "tags")],
         "listRule": "best.title != '' && @collection.a_low.title != ''"},
        posts(relation("tags", "tags", maxSelect=9), viewRule="@collection.tags.best.title = title"),
    )  # fmt: skip
    outcome, _ = project.dev(running)
    assert len(outcome.applied) == 4
    settled(project, running)
    assert project.up(running).sealed
    settled(project, running)


def test_a_column_goes_while_views_over_it_change(project: Project, running: Running) -> None:
    first = view("first", "SELECT id, title, body FROM posts")
    second = view("second", "SELECT id, title, body FROM first")
    project.declare(posts({"name": "body", "type": "editor"}), first, second)
    project.dev(running)
    project.declare(
        posts(),
        view("first", "SELECT id, title FROM posts"),
        view("second", "SELECT id, title FROM first"),
    )
    outcome, draft = project.dev(running)
    assert set(paths(outcome.applied)) == {"first:query", "second:query", "posts.body"}
    assert not draft.exists
    settled(project, running)


def test_a_column_of_another_type_under_views_that_stay(project: Project, running: Running) -> None:
    views = [
        view("first", "SELECT id, n FROM posts", listRule="n != 'x'"),
        view("second", "SELECT id, n FROM first"),
    ]
    project.declare(posts(text("n")), *views)
    project.dev(running)
    project.declare(posts({"name": "n", "type": "number"}), *views)
    outcome, _ = project.dev(running, confirmed=["posts.n"])
    assert paths(outcome.applied) == ["posts.n"]
    settled(project, running)
    with project.session(running) as session:
        put(session, "posts", title="one", n=7)
        assert rows(session, "second")[0]["n"] == 7


def test_collections_go_in_an_order_that_works(project: Project, running: Running) -> None:
    project.declare(posts())
    project.dev(running)
    project.declare(
        posts(),
        {"name": "a", "fields": [relation("b", "b")]},
        {"name": "b", "fields": [relation("a", "a"), relation("post", "posts")], "listRule": "a.id != ''"},
        view("v", "SELECT id FROM a"),
        view("w", "SELECT id FROM v"),
    )
    project.dev(running)
    project.declare(posts())
    outcome, _ = project.dev(running)
    assert set(paths(outcome.applied)) == {"a", "b", "v", "w"}
    settled(project, running)


def test_a_field_is_renamed_with_all_that_names_it_in_one_save(project: Project, running: Running) -> None:
    def code(name: str, **options: Any) -> list[Json]:
        return [
            posts(
                text(name, **options),
                listRule=f"{name} != ''",
                indexes=[f"CREATE UNIQUE INDEX `idx_slug` ON `posts` (`{name}`) WHERE `{name}` != ''"],
            ),
            {"name": "notes", "fields": [relation("post", "posts")], "viewRule": f"post.{name} != ''"},
            view("shown", f"SELECT id, {name} FROM posts"),
        ]

    project.declare(*code("slug"))
    project.up(running)
    with project.session(running) as session:
        put(session, "posts", title="one", slug="kept")
    project.declare(*code("path", renamed_from="slug"))
    outcome, _ = project.dev(running)
    assert "posts.path" in paths(outcome.applied)
    assert not outcome.plan
    with project.session(running) as session:
        assert rows(session, "posts")[0]["path"] == "kept"
        assert rows(session, "shown")[0]["path"] == "kept"
    settled(project, running)
    project.up(running)
    settled(project, running)
    project.down(running)
    with project.session(running) as session:
        assert rows(session, "posts")[0]["slug"] == "kept"


def test_a_collection_is_renamed_and_another_takes_its_name(project: Project, running: Running) -> None:
    notes = {"name": "notes", "fields": [relation("post", "posts")], "listRule": "@collection.posts.id != ''"}
    project.declare(posts(), notes)
    project.up(running)
    with project.session(running) as session:
        put(session, "posts", title="one")
    project.declare(
        posts(name="articles", renamed_from="posts"),
        {"name": "notes", "fields": [relation("post", "articles")],
         "listRule": "@collection.articles.id != ''"},
    )  # fmt: skip
    outcome, _ = project.dev(running)
    assert not outcome.plan
    with project.session(running) as session:
        assert rows(session, "articles")[0]["title"] == "one"
    settled(project, running)
    project.up(running)
    settled(project, running)
    project.declare(
        posts(name="essays", renamed_from="articles"),
        {"name": "articles", "renamed_from": "", "fields": [text("other")]},
        {"name": "notes", "fields": [relation("post", "essays")], "listRule": "@collection.essays.id != ''"},
    )
    outcome, _ = project.dev(running)
    assert not outcome.plan
    with project.session(running) as session:
        assert rows(session, "essays")[0]["title"] == "one"
        assert not rows(session, "articles")
    settled(project, running)


def planned(session: Session, project: Project) -> tuple[list[Json], Any]:
    found = find_situation(session, project.code, Choices(), write=False)
    return found.raw, plan_for(found)


def test_a_plan_on_what_the_server_had_is_refused(project: Project, running: Running) -> None:
    project.declare(posts(text("body")))
    project.dev(running)
    project.declare(posts(text("body"), text("more")))
    with project.session(running) as session:
        raw, plan = planned(session, project)
        dashboard(session, "posts", lambda c: {"fields": [*c["fields"], text("by_hand")]})
        with pytest.raises(NotAsIntended) as failure:
            write_changes(session, raw, plan.changes, project.code)
        assert "posts.by_hand" in failure.value.why
        assert names(session.target.fetch(), "posts") == ["id", "title", "body", "by_hand"]


def test_values_that_came_since_the_plan_are_kept(project: Project, running: Running) -> None:
    project.declare(posts({"name": "body", "type": "editor"}))
    project.dev(running)
    project.declare(posts())
    with project.session(running) as session:
        raw, plan = planned(session, project)
        put(session, "posts", title="one", body="precious")
        with pytest.raises(NotAsIntended) as failure:
            write_changes(session, raw, plan.changes, project.code)
        assert "posts.body" in failure.value.what
        assert rows(session, "posts")[0]["body"] == "precious"


def test_a_removal_that_stops_half_way_says_where_each_collection_stands(
    project: Project, running: Running
) -> None:
    editor = {"name": "body", "type": "editor"}
    project.declare(posts(editor), posts(editor, name="pages"))
    project.dev(running)
    project.declare(posts(), posts(name="pages"))
    with project.session(running) as session:
        raw, plan = planned(session, project)
        put(session, "pages", title="one", body="precious")
        with pytest.raises(NotAsIntended) as failure:
            remove(session, raw, plan.changes, [])
        assert failure.value.why.startswith("Done: posts.body. Not done: pages.body.")
    outcome, _ = project.dev(running)
    assert [(c.path, c.leftover) for c in outcome.plan.changes] == [("pages.body", True)]


GOOGLE = {"name": "google", "clientId": "g", "clientSecret": {"env": "GOOGLE_SECRET"}}
GITHUB = {"name": "github", "clientId": "h", "clientSecret": {"env": "GITHUB_SECRET"}}


def people(*providers: Json, **more: Any) -> Json:
    oauth2 = {"enabled": True, "providers": list(providers)}
    return {"name": "people", "type": "auth", "fields": [text("nick")], "oauth2": oauth2, **more}


def secrets_in(running: Running) -> dict[str, str]:
    """What the database holds, which no API returns."""
    with sqlite3.connect(f"{(running.data_dir / 'data.db').as_uri()}?mode=ro", uri=True) as database:
        (options,) = database.execute("SELECT options FROM _collections WHERE name = 'people'").fetchone()
    return {p["name"]: p["clientSecret"] for p in json.loads(options)["oauth2"]["providers"]}


@pytest.mark.parametrize("road", ["dev", "up"])
def test_a_secret_that_is_missing_is_reported_and_written_when_it_is_set(
    project: Project, running: Running, road: str
) -> None:
    project.declare(people(GOOGLE, GITHUB))
    project.environ = {"GOOGLE_SECRET": "s3cret-g"}
    if road == "up":
        project.up(running)
        assert secrets_in(running) == {"google": "s3cret-g"}
    outcome, _ = project.dev(running)
    assert outcome.secrets == ("GITHUB_SECRET",)
    assert not outcome.plan
    assert not kept(outcome.plan)
    project.environ["GITHUB_SECRET"] = "s3cret-h"
    if road == "up":
        project.up(running)
    else:
        project.dev(running)
    assert secrets_in(running) == {"google": "s3cret-g", "github": "s3cret-h"}
    settled(project, running)
    # Without the secrets in the environment, another change of the collection leaves the providers alone.
    project.environ = {}
    project.declare(people(GOOGLE, GITHUB, listRule=""))
    outcome, _ = project.dev(running)
    assert paths(outcome.applied) == ["people:listRule"]
    assert secrets_in(running) == {"google": "s3cret-g", "github": "s3cret-h"}


def test_providers_keep_their_own_secrets_whatever_their_order(project: Project, running: Running) -> None:
    project.environ = {"GOOGLE_SECRET": "s3cret-g", "GITHUB_SECRET": "s3cret-h"}
    project.declare(people(GOOGLE, GITHUB))
    project.dev(running)
    project.declare(people(GITHUB, GOOGLE))
    project.dev(running)
    assert secrets_in(running) == {"google": "s3cret-g", "github": "s3cret-h"}
    project.declare(people(GITHUB))
    project.dev(running)
    assert secrets_in(running) == {"github": "s3cret-h"}
    settled(project, running)


def test_auth_options_that_are_stated_are_written_and_go_back_when_dropped(
    project: Project, running: Running
) -> None:
    plain = {"name": "people", "type": "auth", "fields": [text("nick")]}
    project.declare({**plain, "authToken": {"duration": 3600}, "otp": {"enabled": True, "length": 6}})
    project.up(running)
    settled(project, running)
    project.declare(plain)
    outcome, _ = project.dev(running)
    assert not kept(outcome.plan)
    project.up(running)
    settled(project, running)
    with project.session(running) as session:
        now = next(c for c in session.target.fetch() if c["name"] == "people")
        default = session.target.client.scaffolds()["auth"]
    assert (now["otp"]["enabled"], now["otp"]["length"]) == (False, default["otp"]["length"])
    assert now["authToken"]["duration"] == default["authToken"]["duration"]


def test_files_that_automigrate_writes_for_our_changes_are_moved_away(
    project: Project, server: ServerFactory, binary: Binary
) -> None:
    project.config.migrations.mkdir()
    running = server(binary, automigrate=True, migrations_dir=project.config.migrations)
    project.declare(posts({"name": "body", "type": "editor"}), posts(name="pages"))
    project.dev(running)
    assert project.files == []
    project.declare(posts())
    with project.session(running, native=False) as session:
        from pocketvex.run.sync import sync

        outcome = sync(session, project.code, Choices())
        notes = "\n".join(session.reporter.notes)
    assert set(paths(outcome.applied)) == {"posts.body", "pages"}
    assert project.files == []
    moved = sorted(path.name for path in (project.root / ".pocketvex" / "automigrated").iterdir())
    assert moved
    assert all(name in notes for name in moved)
    # A person's own edit leaves its file where it is.
    with project.session(running) as session:
        dashboard(session, "users", lambda c: {"listRule": None})
    assert len(project.files) == 1


def test_on_a_protected_server_nothing_is_removed_and_access_needs_a_name(
    project: Project, running: Running
) -> None:
    project.declare(posts({"name": "body", "type": "editor"}))
    project.up(running)
    project.declare(posts(text("more"), listRule=""))
    outcome = project.sync(running, local=False)
    assert paths(outcome.applied) == ["posts.more"]
    assert set(paths(outcome.plan.changes)) == {"posts.body", "posts:listRule"}
    outcome = project.sync(running, local=False, confirmed=["posts:listRule", "posts.body"])
    assert paths(outcome.applied) == ["posts:listRule"]


def test_the_name_of_a_renamed_collection_agrees_to_the_rename_alone(
    project: Project, running: Running
) -> None:
    project.declare(posts(text("body")))
    project.up(running)
    with project.session(running) as session:
        dashboard(session, "posts", lambda c: {"fields": [*c["fields"], text("by_hand")]})
    code = {"name": "articles", "renamed_from": "posts", "deleteRule": ""}
    project.declare(posts(text("text", renamed_from="body"), **code))
    outcome = project.sync(running, local=False, confirmed=["articles"])
    assert paths(outcome.applied) == ["articles"]
    assert paths(outcome.wants_consent) == ["articles.text", "articles:deleteRule"]
    assert kept(outcome.plan) == {"articles.by_hand": "drift"}


def test_one_save_frees_a_name_and_gives_it_away(project: Project, running: Running) -> None:
    """The empty field goes first; what takes its name, and what names that, comes after."""
    project.declare(posts(text("slug"), text("body")))
    project.dev(running)
    with project.session(running) as session:
        put(session, "posts", title="one", body="precious")
        live = session.target.schema_of(session.target.fetch()).collection("posts")
        body = live.field("body") if live else None
        assert body is not None
    project.declare(
        posts(
            text("slug", id=body.id),
            text("body", max=9, renamed_from=""),
            listRule="slug != '' && body = ''",
            indexes=["CREATE INDEX idx_posts_slug ON posts (slug)"],
        )
    )
    outcome, _ = project.dev(running)
    assert not outcome.plan
    assert "posts.slug" in paths(outcome.applied)
    with project.session(running) as session:
        assert [(row["slug"], row["body"]) for row in rows(session, "posts")] == [("precious", "")]
    settled(project, running)


def test_up_seals_and_runs_what_was_saved_since_the_last_pass_of_dev(
    project: Project, running: Running
) -> None:
    project.declare(posts())
    project.sync(running)
    project.declare(posts(text("body"), indexes=["CREATE INDEX `ix` ON `posts` (`body`)"], listRule=""))
    (file,) = project.up(running).files
    assert "create_posts" in file
    with project.session(running) as session:
        assert names(session.target.fetch(), "posts") == ["id", "title", "body"]
    assert not project.diff(running).changes
