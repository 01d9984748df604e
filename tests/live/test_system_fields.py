"""The fields that the server adds by itself: what it takes of them is compared, sent, and in migrations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from binaries import binary_of
from conftest import ServerFactory
from pocketvex.render.python.fields import declared_fields, field_call
from pocketvex.schema.model import Schema
from projects import Project, kept, paths, posts, put

Json = dict[str, Any]
TAKEN: dict[str, Json] = {
    "id": {"type": "text", "presentable": True, "min": 15, "max": 20, "pattern": "^[a-z0-9]+$",
           "autogenerate_pattern": "[a-z0-9]{15}"},
    "password": {"type": "password", "min": 10, "presentable": True},
    "tokenKey": {"type": "text", "min": 31, "max": 61, "autogenerate_pattern": "[a-zA-Z0-9]{50}"},
    "email": {"type": "email", "only_domains": ["example.com"]},
    "emailVisibility": {"type": "bool", "hidden": True},
    "verified": {"type": "bool", "hidden": True, "presentable": True},
}  # fmt: skip


def members(**fields: Json) -> Json:
    listed = [{"name": name, **options} for name, options in fields.items()]
    return {"name": "members", "type": "auth", "fields": listed, "listRule": "", "viewRule": ""}


@pytest.mark.parametrize("version", ["0.23.12", "0.40.6"])
def test_what_the_server_takes_is_sent_and_sealed(
    version: str, tmp_path: Path, server: ServerFactory
) -> None:
    running = server(binary_of(version))
    project = Project(tmp_path, members())
    project.up(running)
    account = {"email": "a@example.com", "password": "password1234", "passwordConfirm": "password1234"}
    with project.session(running) as session:
        put(session, "members", **account, verified=True)
    project.declare(members(**TAKEN))
    outcome, _ = project.dev(running)
    assert {*paths(outcome.applied), *paths(outcome.plan.changes)} == {f"members.{name}" for name in TAKEN}
    project.up(running)
    outcome = project.sync(running)
    assert not outcome.plan
    assert not kept(outcome.plan)
    there = {f["name"]: f for c in outcome.live if c["name"] == "members" for f in c["fields"]}
    assert there["verified"]["hidden"]
    assert there["emailVisibility"]["hidden"]
    project.down(running)
    with project.session(running) as session:
        fields = {f["name"]: f for c in session.target.fetch() if c["name"] == "members" for f in c["fields"]}
    assert not fields["verified"]["hidden"]
    clone = project.clone(tmp_path / "clone")
    other = server(binary_of(version))
    assert not clone.sync(other).plan


def test_required_is_judged_by_the_rows(tmp_path: Path, server: ServerFactory, latest: Any) -> None:
    running = server(latest)
    project = Project(tmp_path, members())
    project.up(running)
    account = {"email": "a@example.com", "password": "password1234", "passwordConfirm": "password1234"}
    with project.session(running) as session:
        put(session, "members", **account)
    project.declare(members(verified={"type": "bool", "required": True}))
    outcome, _ = project.dev(running)
    (change,) = outcome.plan.changes
    assert (change.path, change.judgement.code) == ("members.verified", "PV203")
    assert change.judgement.evidence is not None
    assert change.judgement.evidence.rows == 1


def test_a_field_of_the_server_says_only_what_changes(
    tmp_path: Path, server: ServerFactory, latest: Any
) -> None:
    """`field.password(min=6)`: it is hidden and required whatever is said, so nothing opens."""
    running = server(latest)
    project = Project(tmp_path, members(password={"type": "password", "min": 6}), posts())
    plan = project.diff(running)
    assert not [change.path for change in plan.changes if change.opens and ":" not in change.path]
    project.up(running)
    project.declare(members(password={"type": "password", "min": 7}), posts())
    (change,) = project.diff(running).changes
    assert change.judgement.reason == "min 6 → 7"
    assert not change.opens


def test_pulled_code_has_what_is_hidden(tmp_path: Path, server: ServerFactory, latest: Any) -> None:
    running = server(latest)
    project = Project(tmp_path, members(**TAKEN))
    project.sync(running)
    with project.session(running) as session:
        live = Schema.from_json(session.target.fetch())
    found = live.collection("members")
    assert found is not None
    calls = {f.name: str(field_call(f, own=True)) for f in declared_fields(found)}
    assert "hidden" in calls["verified"]
    assert "hidden" in calls["emailVisibility"]
    assert "hidden" not in calls["password"]
