"""Whose is it? Edits in the dashboard, leftovers of `dev`, first contacts, and servers born on 0.22."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conftest import ServerFactory
from pocketvex.errors import PocketVexError
from pocketvex.run.prune import list_kept, show
from pocketvex.run.situation import Choices
from pocketvex.run.sync import sync
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running
from prepared import Prepare
from projects import Project, dashboard, kept, names, paths, posts, put, rows, text

Json = dict[str, Any]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project", posts(text("body", max=100), indexes=[INDEX], listRule=""))


INDEX = "CREATE INDEX `idx_posts_title` ON `posts` (`title`)"


@pytest.fixture
def running(project: Project, prepared: Prepare, binary: Binary) -> Running:
    return prepared(project, binary, Project.up)


def without(name: str) -> Any:
    return lambda c: {"fields": [f for f in c["fields"] if f["name"] != name]}


def with_option(name: str, option: str, value: object) -> Any:
    return lambda c: {"fields": [{**f, option: value} if f["name"] == name else f for f in c["fields"]]}


EDITS = {
    "posts.by_hand": lambda c: {"fields": [*c["fields"], text("by_hand")]},
    "posts.body": with_option("body", "max", 50),
    "posts:viewRule": lambda c: {"viewRule": ""},
    "posts@idx_by_hand": lambda c: {"indexes": [*c["indexes"], "CREATE INDEX idx_by_hand ON posts (body)"]},
    "posts@idx_posts_title": lambda c: {"indexes": []},
}


@pytest.mark.parametrize("path", EDITS)
def test_an_edit_in_the_dashboard_is_kept_listed_and_reverted_only_by_name(
    project: Project, running: Running, path: str
) -> None:
    with project.session(running) as session:
        dashboard(session, "posts", EDITS[path])
        edited = session.target.fetch()
    outcome, draft = project.dev(running)
    assert kept(outcome.plan) == {path: "drift"}
    assert not outcome.applied
    assert not draft.exists
    # Something else of the same collection is applied beside it.
    project.declare(posts(text("body", max=100), text("more"), indexes=[INDEX], listRule=""))
    outcome, _ = project.dev(running)
    assert paths(outcome.applied) == ["posts.more"]
    assert kept(outcome.plan) == {path: "drift"}
    before, after = (next(c for c in live if c["name"] == "posts") for live in (edited, outcome.live))
    assert [f for f in after["fields"] if f["name"] != "more"] == before["fields"] or {
        f["name"]: f for f in after["fields"] if f["name"] != "more"
    } == {f["name"]: f for f in before["fields"]}
    assert after["indexes"] == before["indexes"]
    outcome, _ = project.dev(running, confirmed=[path])
    assert path in paths(outcome.applied)
    outcome, _ = project.dev(running)
    assert not outcome.plan
    assert not kept(outcome.plan)


def test_a_field_removed_in_the_dashboard_is_not_made_again(project: Project, running: Running) -> None:
    with project.session(running) as session:
        dashboard(session, "posts", without("body"))
    outcome, _ = project.dev(running)
    assert kept(outcome.plan) == {"posts.body": "drift"}
    outcome, _ = project.dev(running, confirmed=["posts.body"])
    assert paths(outcome.applied) == ["posts.body"]


def test_elsewhere_no_migration_takes_away_what_no_file_made(
    project: Project, server: ServerFactory, latest: Binary
) -> None:
    """It stays drift, and the note says the way that there is."""
    running = server(latest)
    project.up(running)
    with project.session(running, local=False) as session:
        dashboard(session, "posts", EDITS["posts.by_hand"])
        outcome = sync(session, project.code, Choices(confirmed=frozenset({"posts.by_hand"})))
        assert kept(outcome.plan) == {"posts.by_hand": "drift"}
        assert not outcome.plan
        assert "by_hand" in names(session.target.fetch(), "posts")
        (note,) = [note for note in session.reporter.notes if "posts.by_hand" in note]
    assert "`pocketvex schema pull posts.by_hand`" in note


def test_a_collection_removed_in_the_dashboard_is_not_made_again(
    project: Project, server: ServerFactory, latest: Binary
) -> None:
    running = server(latest)
    project.up(running)
    with project.session(running) as session:
        session.target.client.delete_collection("posts")
    outcome, draft = project.dev(running)
    assert kept(outcome.plan) == {"posts": "drift"}
    assert not outcome.applied
    assert not draft.exists
    outcome, _ = project.dev(running, confirmed=["posts"])
    assert paths(outcome.applied) == ["posts"]
    outcome, draft = project.dev(running)
    assert not outcome.plan
    assert not kept(outcome.plan)
    assert not draft.exists


def test_a_collection_made_in_the_dashboard_is_unmanaged_for_ever(project: Project, running: Running) -> None:
    with project.session(running) as session:
        made = {"name": "notes", "type": "base", "fields": [text("note")]}
        assert session.target.client._request("POST", "/api/collections", json=made).ok
    outcome, _ = project.dev(running, confirmed=["posts"])
    assert kept(outcome.plan) == {"notes": "unmanaged"}
    # Written into the code, it is the project's.
    project.declare(
        posts(text("body", max=100), indexes=[INDEX], listRule=""),
        {"name": "notes", "fields": [text("note")]},
    )
    outcome, _ = project.dev(running)
    assert not outcome.plan
    assert not kept(outcome.plan)
    made_of = project.up(running)
    assert len(made_of.sealed) == 1
    assert not kept(project.sync(running).plan)


def in_ledger(project: Project, running: Running, path: str) -> list[Any]:
    """What is kept of a column."""
    with project.session(running) as session:
        listed = [kept for kept in list_kept(session).kept if kept.name.startswith(f"{path}@")]
        return [cell.value for found in listed for cell in show(session.target, listed, found.name)]


def test_drift_with_values_is_kept_aside_when_it_is_confirmed(project: Project, running: Running) -> None:
    with project.session(running) as session:
        dashboard(session, "posts", EDITS["posts.by_hand"])
        put(session, "posts", title="one", by_hand="precious")
    outcome, _ = project.dev(running)
    assert kept(outcome.plan) == {"posts.by_hand": "drift"}
    outcome, _ = project.dev(running, confirmed=["posts.by_hand"])
    assert paths(outcome.applied) == ["posts.by_hand"]
    assert in_ledger(project, running, "posts.by_hand") == ["precious"]


def test_drift_goes_when_it_is_written_into_the_code(project: Project, running: Running) -> None:
    with project.session(running) as session:
        dashboard(session, "posts", EDITS["posts.by_hand"])
    project.declare(posts(text("body", max=100), text("by_hand"), indexes=[INDEX], listRule=""))
    outcome, _ = project.dev(running)
    assert not outcome.plan
    assert not kept(outcome.plan)
    project.up(running)
    assert not kept(project.dev(running)[0].plan)


def test_only_what_is_ours_may_have_been_renamed(project: Project, running: Running) -> None:
    """Two fields are gone from the code's view and one is new: the one of the dashboard is nobody's guess."""
    code = {"indexes": [INDEX], "listRule": ""}
    project.declare(posts(text("body", max=100), text("note"), **code))
    project.dev(running)
    with project.session(running) as session:
        dashboard(session, "posts", lambda c: {"fields": [*c["fields"], text("legacy")]})
    project.declare(posts(text("body", max=100), text("remark"), **code))
    outcome, _ = project.dev(running)
    assert [(q.id, [o.value for o in q.options]) for q in outcome.plan.questions] == [
        ("posts.note", ["remark", ""])
    ]
    assert kept(outcome.plan) == {"posts.legacy": "drift"}
    outcome, _ = project.dev(running, answers={"posts.note": "remark"})
    assert not outcome.plan
    assert kept(outcome.plan) == {"posts.legacy": "drift"}


def test_a_field_added_and_renamed_within_a_minute(project: Project, running: Running) -> None:
    code = {"indexes": [INDEX], "listRule": ""}
    project.declare(posts(text("body", max=100), text("subtitel"), **code))
    project.dev(running)
    project.declare(posts(text("body", max=100), text("subtitle"), **code))
    outcome, _ = project.dev(running)
    assert [q.id for q in outcome.plan.questions] == ["posts.subtitel"]
    project.declare(posts(text("body", max=100), text("subtitle", renamed_from="subtitel"), **code))
    with project.session(running) as session:
        put(session, "posts", title="one", subtitel="kept")
    outcome, draft = project.dev(running)
    assert paths(outcome.applied) == ["posts.subtitle"]
    assert not draft.exists
    with project.session(running) as session:
        assert rows(session, "posts")[0]["subtitle"] == "kept"
    sealed = project.up(running).sealed
    text_of = (project.config.migrations / sealed[0]).read_text()
    assert "subtitel" not in text_of.replace("renamed", "")
    assert not kept(project.dev(running)[0].plan)


def test_a_leftover_that_is_renamed_and_gets_another_type_is_still_a_leftover(
    project: Project, running: Running
) -> None:
    code = {"indexes": [INDEX], "listRule": ""}
    project.declare(posts(text("body", max=100), text("amount"), **code))
    project.dev(running)
    with project.session(running) as session:
        put(session, "posts", title="one", amount="12")
        put(session, "posts", title="two", amount="x7")
    total = {"name": "total", "type": "number", "renamed_from": "amount"}
    project.declare(posts(text("body", max=100), total, **code))
    outcome, draft = project.dev(running)
    assert [(c.path, c.leftover) for c in outcome.plan.changes] == [("posts.total", True)]
    assert not draft.exists
    assert not project.dev(running, native=False, confirmed=["posts.total"])[0].applied
    with project.session(running) as session:
        assert {row["total"] for row in rows(session, "posts")} == {"12", "x7"}
    assert paths(project.dev(running, confirmed=["posts.total"])[0].applied) == ["posts.total"]
    with project.session(running) as session:
        assert {row["title"]: row["total"] for row in rows(session, "posts")} == {"one": 12, "two": 0}
    project.up(running)
    assert not project.dev(running)[0].plan


def test_what_the_history_has_is_no_leftover_under_its_new_names(project: Project, running: Running) -> None:
    with project.session(running) as session:
        put(session, "posts", title="one", body="text")
    project.declare(posts(text("body", max=100), name="pages", indexes=[INDEX], listRule=""))
    project.dev(running, answers={"posts": "pages"})
    project.declare(posts(name="pages", indexes=[INDEX], listRule=""))
    for said in ((), ("pages.body",)):
        outcome, draft = project.dev(running, confirmed=said)
        assert paths(outcome.plan.changes) == ["pages.body"]
        assert not outcome.wants_consent
        assert draft.exists


def test_an_empty_leftover_goes_and_one_with_values_waits_for_its_name(
    project: Project, running: Running
) -> None:
    code = {"indexes": [INDEX], "listRule": ""}
    for values in ({}, {"tmp": "precious"}):
        project.declare(posts(text("body", max=100), {"name": "tmp", "type": "editor"}, **code))
        project.dev(running)
        with project.session(running) as session:
            put(session, "posts", title="one", **values)
        project.declare(posts(text("body", max=100), **code))
        outcome, draft = project.dev(running)
        assert not draft.exists
        if not values:
            assert paths(outcome.applied) == ["posts.tmp"]
            continue
        assert [(c.path, c.leftover) for c in outcome.plan.changes] == [("posts.tmp", True)]
        outcome, draft = project.dev(running, confirmed=["posts.tmp"])
        assert paths(outcome.applied) == ["posts.tmp"]
        assert "precious" in in_ledger(project, running, "posts.tmp")
        assert not draft.exists
    assert not project.up(running).sealed


def test_an_option_that_dev_widened_goes_back_by_name_only(project: Project, running: Running) -> None:
    code = {"indexes": [INDEX], "listRule": ""}
    project.declare(posts(text("body", max=200), **code))
    project.dev(running)
    with project.session(running) as session:
        put(session, "posts", title="one", body="x" * 150)
    project.declare(posts(text("body", max=100), **code))
    outcome, draft = project.dev(running)
    assert paths(outcome.plan.changes) == ["posts.body"]
    assert not draft.exists
    outcome, _ = project.dev(running, confirmed=["posts.body"])
    assert paths(outcome.applied) == ["posts.body"]


def users(*fields: Json) -> Json:
    return {"name": "users", "type": "auth", "fields": list(fields)}


def test_the_untouched_users_become_what_the_code_says(
    tmp_path: Path, server: ServerFactory, binary: Binary
) -> None:
    running = server(binary)
    project = Project(tmp_path / "project", users(text("nick")))
    outcome, draft = project.dev(running)
    assert "users.avatar" in paths(outcome.applied)
    assert not draft.exists
    with project.session(running) as session:
        assert "avatar" not in names(session.target.fetch(), "users")
    assert not kept(project.dev(running)[0].plan)
    project.up(running)
    assert not kept(project.dev(running)[0].plan)
    assert not project.dev(running)[0].plan


def test_users_with_rows_or_changes_are_met_for_the_first_time(
    tmp_path: Path, server: ServerFactory, latest: Binary
) -> None:
    running = server(latest)
    project = Project(tmp_path / "project", users(text("nick")))
    with project.session(running) as session:
        dashboard(session, "users", lambda c: {"fields": [*c["fields"], text("phone")]})
        login = {"email": "ada@example.com", "password": "password1234", "passwordConfirm": "password1234"}
        put(session, "users", **login, name="Ada", phone="1")
    outcome, _ = project.dev(running)
    assert "users.nick" in paths(outcome.applied)
    assert kept(outcome.plan)["users.phone"] == "first contact"
    assert kept(outcome.plan)["users.name"] == "first contact"
    outcome, _ = project.dev(running, confirmed=["users"])
    assert not kept(outcome.plan)
    with project.session(running) as session:
        assert "phone" not in names(session.target.fetch(), "users")
        assert "nick" in names(session.target.fetch(), "users")


def test_an_auth_option_stated_once_and_dropped_goes_back_to_the_default(
    tmp_path: Path, latest: Binary, server: ServerFactory
) -> None:
    project = Project(tmp_path, {"name": "members", "type": "auth", "otp": {"enabled": True}})
    running = server(latest)
    project.up(running)
    project.declare({"name": "members", "type": "auth"})
    outcome = project.sync(running)
    assert paths(outcome.applied) == ["members:otp.enabled"]
    members = next(c for c in outcome.live if c["name"] == "members")
    assert members["otp"]["enabled"] is False
    sealed = project.generate(running)
    assert len(sealed) == 1
    assert not project.sync(running).plan


REFUSES = """onCollectionUpdate((e) => {
  const goes = e.collection.name === "pages" && !e.collection.fields.getByName("body");
  if (goes) throw new BadRequestError("no");
  e.next();
});
"""


def test_what_a_pass_removed_before_it_failed_is_its_own(
    tmp_path: Path, server: ServerFactory, latest: Binary
) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "refuse.pb.js").write_text(REFUSES)
    running = server(latest, hooks_dir=hooks)
    both = (posts(text("body")), posts(text("body"), name="pages"))
    project = Project(tmp_path / "project", *both)
    project.up(running)
    project.declare(posts(), posts(name="pages"))
    with pytest.raises(PocketVexError):
        project.sync(running, native=False)
    project.declare(*both)
    outcome = project.sync(running)
    assert not kept(outcome.plan)
    assert paths(outcome.applied) == ["posts.body"]
    assert "body" in names(outcome.live, "posts")


def test_an_empty_collection_stays_with_what_the_dashboard_put_into_it(
    tmp_path: Path, server: ServerFactory, latest: Binary
) -> None:
    """A file that is saved line by line is valid Python at each of them."""
    running = server(latest)
    both = (posts(), posts(name="pages"))
    project = Project(tmp_path / "project", *both)
    project.up(running)
    with project.session(running) as session:
        dashboard(session, "pages", lambda c: {"fields": [*c["fields"], text("by_hand")]})
    project.declare(posts())
    outcome, draft = project.dev(running)
    assert paths(outcome.plan.changes) == ["pages"]
    assert "somebody else changed: pages.by_hand" in outcome.plan.changes[0].judgement.reason
    assert draft.exists
    project.declare(*both)
    outcome, draft = project.dev(running)
    assert not draft.exists
    assert kept(outcome.plan) == {"pages.by_hand": "drift"}
    assert "by_hand" in names(outcome.live, "pages")


def test_a_unique_field_that_waits_for_its_migration_stays_unique(
    tmp_path: Path, server: ServerFactory, latest: Binary
) -> None:
    running = server(latest)
    project = Project(tmp_path / "project", posts({"name": "slug", "type": "text", "unique": True}))
    project.up(running)
    with project.session(running) as session:
        put(session, "posts", title="one", slug="a")
    project.declare(posts())
    outcome, _ = project.dev(running)
    assert sorted(paths(outcome.plan.changes)) == ["posts.slug", "posts@idx_posts_slug_unique"]
    assert "idx_posts_slug_unique" in next(c for c in outcome.live if c["name"] == "posts")["indexes"][0]
    assert len(project.up(running).sealed) == 1
    assert not project.dev(running)[0].plan
    project.down(running)
    with project.session(running) as session:
        assert next(c for c in session.target.fetch() if c["name"] == "posts")["indexes"]
        assert rows(session, "posts")[0]["slug"] == "a"
