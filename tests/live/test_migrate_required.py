"""Where a field becomes required over empty rows, everything that says so says `backfill=`."""

from __future__ import annotations

from pathlib import Path

import pytest

from binaries import LATEST, binary_of
from conftest import ServerFactory
from pocketvex.errors import NotAsIntended
from pocketvex.plan.codes import CODES
from projects import Project, posts, put, text


def test_the_plan_the_draft_and_what_fails(server: ServerFactory, tmp_path: Path) -> None:
    running = server(binary_of(LATEST))
    project = Project(tmp_path / "app", posts(text("body")))
    project.sync(running)
    project.generate(running)
    with project.session(running) as session:
        put(session, "posts", title="a")
    project.declare(posts(text("body", required=True)))
    (change,) = project.diff(running).changes
    assert "`backfill=`" in change.judgement.reason
    project.dev(running)
    assert project.draft is not None
    assert "`backfill=`" in project.draft
    with pytest.raises(NotAsIntended) as caught:
        project.up(running)
    assert "`backfill=`" in caught.value.todo
    assert "`backfill=…`" in CODES["PV203"].todo


def test_a_verdict_in_a_file_is_by_kind(server: ServerFactory, tmp_path: Path) -> None:
    """The file throws on longer rows, and there are such elsewhere."""
    running = server(binary_of(LATEST))
    project = Project(tmp_path / "app", posts(text("body", max=50)))
    project.sync(running)
    project.generate(running)
    project.declare(posts(text("body", max=40), text("more", required=True)))
    said = {c.path: str(c.judgement.verdict) for c in project.diff(running).changes}
    assert said == {"posts.body": "safe", "posts.more": "safe"}
    (name,) = project.generate(running)
    header = (project.config.migrations / name).read_text(encoding="utf-8")
    assert "posts.body: max 50 → 40, no rows yet (PV203, harmless here)" in header
    assert "posts.more: new required text field, no rows yet (PV102, harmless here)" in header
