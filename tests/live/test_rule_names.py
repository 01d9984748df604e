"""A rename that rules, views and indexes do not follow is an error before anything is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from conftest import ServerFactory
from pocketvex.errors import SchemaError
from pocketvex.plan.verdicts import Verdict
from pocketvex.server.binaries import Binary
from projects import Project as Plain
from projects import put, text
from terminal import Project

USERS = """from pocketvex import Auth, Base, Rules, View, field, index


class Users(Auth):
    {role}


class T(Base):
    title = field.text()
    {role}
    indexes = [index("title", where="role != 'x'", name="ix_t")]
    rules = Rules(
        list="@request.auth.id != '' && @request.auth.role != 'banned'",
        create="@request.body.role:isset = false",
    )


class Seen(View):
    query = '''
        SELECT t.id, (SELECT COUNT(*) FROM users u WHERE u.role = t.title) AS n
        FROM t
    '''
"""
OLD, NEW = "role = field.text(max=9)", 'rank = field.text(max=9, renamed_from="role")'
TOLD = """
  schema/a.py:11:38: t@ix_t: no field 'role' in t: it is called 'rank' now
    indexes = [index("title", where="role != 'x'", name="ix_t")]
                                     ^^^^
  schema/a.py:20:60: seen.query: no column 'role': it is called 'rank' now
    SELECT t.id, (SELECT COUNT(*) FROM users u WHERE u.role = t.title) AS n
                                                       ^^^^
"""
TOLD_OF_RULES = """
  schema/a.py:13:55: t.listRule: no account has a field 'role': it is called 'rank' now
    list="@request.auth.id != '' && @request.auth.role != 'banned'",
                                                  ^^^^
  schema/a.py:14:31: t.createRule: no field 'role' in t: it is called 'rank' now
    create="@request.body.role:isset = false",
                          ^^^^
"""


def test_each_place_is_marked_and_nothing_is_sent(tmp_path: Path, latest: Binary) -> None:
    project = Project(tmp_path / "app")
    project.write("pocketvex.toml", "")
    project.write("schema/a.py", USERS.format(role=OLD))
    project.ok("dev", "--once")

    project.write("schema/a.py", USERS.format(role=NEW))
    for command in ("schema diff", "migrate generate", "schema apply"):
        done = project(*command.split())
        assert (done.code, TOLD in done.err) == (2, True), done
    assert project("dev", "--once").code == 2

    right = USERS.format(role=NEW).replace("u.role", "u.rank").replace('"role !=', '"rank !=')
    project.write("schema/a.py", right)
    done = project("dev", "--once")
    assert (done.code, TOLD_OF_RULES in done.err) == (2, True), done
    meant = right.replace("'banned'\",", "'banned'\",  # pocketvex: ignore PV711: meant")
    project.write("schema/a.py", meant)
    assert "t.listRule" not in project("dev", "--once").err

    right = right.replace("auth.role", "auth.rank").replace("body.role", "body.rank")
    project.write("schema/a.py", right)
    done = project.ok("dev", "--once")
    assert "opens access" not in (done.out + done.err).lower()
    assert project("schema", "lint").out.count("PV711") == 0
    project.ok("migrate", "generate")


def test_what_a_banned_account_sees(latest: Binary, server: ServerFactory, tmp_path: Path) -> None:
    """Also by a rule of a collection that the code does not have."""
    running = server(latest)

    def declared(field: dict[str, Any]) -> dict[str, Any]:
        return {"name": "people", "type": "auth", "fields": [field]}

    project = Plain(tmp_path / "app", declared(text("role")))
    project.sync(running)
    rule = "@request.auth.id != '' && @request.auth.role != 'banned'"
    with project.session(running) as session:
        session.target.client.import_collections(
            [{"name": "notes", "type": "base", "listRule": rule, "fields": [text("a")]}]
        )
        put(session, "notes", a="b")
        account = {"email": "a@example.com", "password": "password1234", "passwordConfirm": "password1234"}
        put(session, "people", role="banned", **account)

    def seen() -> int:
        login = {"identity": account["email"], "password": account["password"]}
        url = f"{running.url}/api/collections"
        token = httpx.post(f"{url}/people/auth-with-password", json=login).json()["token"]
        found = httpx.get(f"{url}/notes/records", headers={"Authorization": token}).json()
        return int(found["totalItems"])

    assert seen() == 0
    project.declare(declared(text("rank", renamed_from="role")))
    outcome = project.sync(running)
    assert [c.path for c in outcome.applied] == []
    (change,) = outcome.plan.changes
    assert change.judgement.verdict is Verdict.IMPOSSIBLE
    assert "notes:listRule still says" in change.judgement.reason
    assert seen() == 0

    notes = {"name": "notes", "listRule": rule, "fields": [text("a")]}
    project.declare(declared(text("rank", renamed_from="role")), notes)
    with pytest.raises(SchemaError, match="it is called 'rank' now"):
        project.sync(running)
    notes["listRule"] = rule.replace("role", "rank")
    project.declare(declared(text("rank", renamed_from="role")), notes)
    outcome = project.sync(running, confirmed=["notes"], whole=frozenset({"notes"}))
    assert "people.rank" in [c.path for c in outcome.applied], outcome
    assert not [c.path for c in outcome.applied if c.opens]
    assert seen() == 0


def test_a_rename_under_a_sub_select_is_done_by_a_migration(
    latest: Binary, server: ServerFactory, tmp_path: Path
) -> None:
    running = server(latest)
    query = "SELECT x.id, x.title FROM (SELECT id, title FROM notes) x"

    def declared(name: str, **more: Any) -> list[dict[str, Any]]:
        notes = {"name": "notes", "fields": [text(name, **more)]}
        return [notes, {"name": "seen", "type": "view", "query": query.replace("title", name)}]

    project = Plain(tmp_path / "app", *declared("title"))
    project.sync(running)
    project.generate(running)
    with project.session(running) as session:
        put(session, "notes", title="kept")
    project.declare(*declared("head", renamed_from="title"))
    project.dev(running)
    with project.session(running) as session:
        assert [row["head"] for row in session.target.client.records("seen")] == ["kept"]
    project.generate(running)
    project.up(running)
    with project.session(running) as session:
        assert [row["head"] for row in session.target.client.records("seen")] == ["kept"]
        assert [row["head"] for row in session.target.client.records("notes")] == ["kept"]
    assert not project.diff(running).changes
