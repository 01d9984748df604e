"""The `users` that every server is born with, open to sign-up: who removes it means every server."""

from __future__ import annotations

from pathlib import Path

import pytest

from binaries import binary_of
from conftest import ServerFactory
from projects import Project, kept, paths, posts


@pytest.mark.parametrize("version", ["0.23.12", "0.40.6"])
def test_what_is_removed_here_by_its_name_goes_on_a_new_server(
    version: str, tmp_path: Path, server: ServerFactory
) -> None:
    running = server(binary_of(version))
    project = Project(tmp_path / "project", posts())
    project.up(running)
    outcome, draft = project.dev(running, confirmed=["users"])
    (change,) = outcome.applied
    assert change.path == "users"
    assert "a new server has it again" in change.judgement.reason
    assert draft.exists
    assert draft.error is None
    assert len(project.up(running).sealed) == 1
    outcome, draft = project.dev(running)
    assert not outcome.plan
    assert not outcome.plan.kept
    assert not draft.exists

    other = server(binary_of(version))
    clone = project.clone(tmp_path / "clone")
    outcome = clone.sync(other)
    assert not outcome.plan
    assert not kept(outcome.plan)
    assert {c["name"] for c in outcome.live if not c["system"] and c["name"][0] != "_"} == {"posts"}
    clone.down(other)
    outcome = clone.sync(other)
    assert paths(outcome.plan.changes) == []
    users = next(c for c in outcome.live if c["name"] == "users")
    assert users["id"] == "_pb_users_auth_"
    assert users["createRule"] == ""
