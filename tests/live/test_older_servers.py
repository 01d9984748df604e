"""What a server does not have yet is no difference to it: options that came with a later PocketBase."""

from __future__ import annotations

from pathlib import Path

from binaries import binary_of
from conftest import ServerFactory
from projects import Project, kept, paths, posts, text

HELP = {"name": "body", "type": "text", "help": "Markdown."}


def test_what_came_later_is_sealed_once_and_never_again(tmp_path: Path, server: ServerFactory) -> None:
    """`help` came with 0.37."""
    running = server(binary_of("0.36.9"))
    project = Project(tmp_path, posts(text("body")))
    project.up(running)
    project.declare(posts(HELP))
    outcome, draft = project.dev(running)
    assert not outcome.plan
    assert not draft.exists
    assert not project.up(running).sealed
    # Beside something else it goes along with that, and leaves nothing behind.
    project.declare(posts({**HELP, "max": 90}, {"name": "note", "type": "text", "help": "Short."}))
    outcome, _ = project.dev(running)
    assert paths(outcome.applied) == ["posts.body", "posts.note"]
    with project.session(running) as session:
        assert set(session.memory.state.written) == {"posts.body", "posts.note"}
    assert len(project.up(running).sealed) == 1
    for _ in range(2):
        outcome, draft = project.dev(running)
        assert not outcome.plan
        assert not kept(outcome.plan)
        assert not draft.exists
        assert not project.up(running).sealed
