"""Rows of the table of changes that take a server, a state, or a second machine: told step by step."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, assert_never

import pytest

from cases.stories import (
    STORIES,
    Alone,
    Code,
    Dashboard,
    Dev,
    Down,
    Holds,
    Ignore,
    Machine,
    Prune,
    Put,
    Step,
    Stops,
    Story,
    Up,
)
from conftest import ServerFactory
from observed import observe
from pocketvex.diff.compare import compare
from pocketvex.run import prune as kept_aside
from pocketvex.run.sync import Outcome
from pocketvex.schema.model import Schema
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from pocketvex.store.config import load_config
from projects import Project, dashboard, kept, paths, put

Json = dict[str, Any]
TITLES = {story.what for story in STORIES}


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_a_story(
    story: Story,
    binary: Binary,
    tmp_path: Path,
    server: ServerFactory,
    data_dir: Callable[[Binary], Path],
) -> None:
    scene = Scene(story, binary, tmp_path, server, data_dir)
    seen = [words for step in story.steps if (words := scene.do(step))]
    observe(story.row, story.what, "step by step", "<br>".join(seen), str(binary.version), TITLES)


class Scene:
    """A project and the server that it works with at the moment."""

    def __init__(
        self,
        story: Story,
        binary: Binary,
        folder: Path,
        server: ServerFactory,
        data_dir: Callable[[Binary], Path],
    ) -> None:
        self.binary, self.folder = binary, folder
        self.server, self.data_dir = server, data_dir
        self.story = story
        self.project = Project(folder / "project", *story.before)
        self.project.environ |= story.environ
        self.running = server(binary)
        if not story.fresh:
            self.project.up(self.running)
        for name, listed in story.rows.items():
            for values in listed:
                self.put(Put(name, values))

    def do(self, step: Step) -> str:
        """Do one step, and return what came of it."""
        match step:
            case Code():
                self.project.declare(*step.collections)
                return f"the code: {step.words}"
            case Dashboard():
                return self.edit(step)
            case Put():
                return self.put(step)
            case Holds():
                return self.holds(step)
            case Dev():
                return self.dev(step)
            case Up():
                return self.up(step)
            case Down():
                names = self.project.down(self.running).files
                return f"down: {_files(names)}"
            case Stops():
                return self.stops(step)
            case Prune():
                return self.prune(step)
            case Machine():
                return self.machine(step)
            case Ignore():
                text = f'[ignore]\n"{step.path}" = "a reason"\n'
                (self.project.root / "pocketvex.toml").write_text(text, encoding="utf-8")
                self.project.config = load_config(self.project.root)
                return f"pocketvex.toml: {step.path} is ignored"
            case Alone():
                return self.alone()
        assert_never(step)

    def edit(self, step: Dashboard) -> str:
        with self.project.session(self.running) as session:
            if step.new:
                made = {"name": step.collection, "type": "base", "fields": [*step.add], **step.change}
                assert session.client._request("POST", "/api/collections", json=made).ok
                return step.words

            def change(before: Json) -> Json:
                left = [f for f in before["fields"] if f["name"] not in step.drop]
                return {"fields": [*left, *step.add], **step.change}

            dashboard(session, step.collection, change)
        return step.words

    def put(self, step: Put) -> str:
        with self.project.session(self.running) as session:
            put(session, step.collection, **step.values)
        return step.words

    def holds(self, step: Holds) -> str:
        with self.project.session(self.running) as session:
            found = session.client.records(step.collection, per_page=1000)
        assert [{key: row.get(key, ...) for key in step.rows[0]} for row in found] == step.rows
        held = ", ".join(f"{key} {value!r}" for row in step.rows for key, value in row.items())
        return f"{step.collection} hold: {held}"

    def dev(self, step: Dev) -> str:
        before = self.collections()
        if step.elsewhere:
            outcome, draft = self.project.sync(self.running, local=False, **step.said), False
        else:
            outcome, state = self.project.dev(self.running, **step.said)
            draft = state.exists
        found = {
            "applied": tuple(paths(outcome.applied)),
            "waits": {
                c.path: f"{c.judgement.verdict.split()[0]} {c.judgement.code}" for c in outcome.plan.changes
            },
            "kept": kept(outcome.plan),
            "asks": tuple(question.id for question in outcome.plan.questions),
            "ran": len(outcome.ran),
            "draft": draft,
        }
        assert found == {key: getattr(step, key) for key in found}
        if not step.applied and not step.ran:
            assert self.collections() == before
        return ("elsewhere: " if step.elsewhere else "dev: ") + _in_words(found, outcome)

    def collections(self) -> list[Json]:
        with self.project.session(self.running) as session:
            return session.fetch()

    def up(self, step: Up) -> str:
        before = self.project.files
        ran = self.project.up(self.running, **step.said)
        assert (len(ran.sealed), len(ran.files)) == (step.sealed, step.ran)
        assert len(self.project.files) == len(before) + step.sealed
        for name in ran.sealed:
            text = (self.project.config.migrations / name).read_text(encoding="utf-8")
            assert not [value for value in self.story.environ.values() if value in text]
        return f"up: {_files(ran.files)}"

    def stops(self, step: Stops) -> str:
        before, files = self.collections(), self.project.files
        with pytest.raises(step.error) as failure:
            self.do(step.step)
        assert step.says in str(failure.value)
        assert (self.collections(), self.project.files) == (before, files)
        name = "up" if isinstance(step.step, Up) else "dev"
        return f"{name} stops, exit code {failure.value.exit_code}, and nothing is written"

    def prune(self, step: Prune) -> str:
        with self.project.session(self.running) as session:
            listed = kept_aside.list_kept(session).kept
            (name,) = [k.name for k in listed if k.name.startswith(step.name)]
            (gone,) = kept_aside.prune(session, listed, [name], lambda: None)
            assert not kept_aside.list_kept(session).kept
        return f"prune: a {gone.kind} with {gone.rows} row{'s' if gone.rows != 1 else ''} is deleted for good"

    def machine(self, step: Machine) -> str:
        self.project = self.project.clone(self.folder / f"clone-{len(list(self.folder.iterdir()))}")
        if step.server == "same":
            return "another machine, the same server"
        self.running = self.server(self.binary, data_dir=self.data_dir(self.binary))
        if step.server == "fresh":
            return "another machine, a fresh server"
        with self.project.session(self.running) as session:
            made = {"name": "posts", "type": "base", "id": "hand00000000001",
                    "fields": [{"name": "title", "type": "text", "id": "hand0001"}]}  # fmt: skip
            assert session.client._request("POST", "/api/collections", json=made).ok
            put(session, "posts", title="by hand")
        return "another machine, a server whose posts were made by hand, with other ids"

    def alone(self) -> str:
        folder = self.folder / "alone"
        command = [self.binary.path, "migrate", "up", "--dir", folder, "--migrationsDir",
                   self.project.config.migrations]  # fmt: skip
        subprocess.run([str(part) for part in command], check=True, capture_output=True)
        built = Schema.from_json(scratch.collections(self.binary, folder))
        diff = compare(self.project.code, built, version=tuple(self.binary.version), ask=False)
        assert [operation.path for operation in diff.operations] == []
        names = self.project.code.names()
        return f"PocketBase alone, on an empty directory: {len(names)} collections as the code has them"


def _files(names: tuple[str, ...]) -> str:
    return f"{len(names)} file{'s' if len(names) != 1 else ''} run" if names else "no file"


def _in_words(found: dict[str, Any], outcome: Outcome) -> str:
    parts = [_files(outcome.ran)] if outcome.ran else []
    parts += [f"applied {', '.join(found['applied'])}"] if found["applied"] else []
    parts += [f"{path} waits ({verdict})" for path, verdict in found["waits"].items()]
    parts += [f"asked what became of {id}" for id in found["asks"]]
    parts += [f"{path} kept ({why})" for path, why in found["kept"].items()]
    return "; ".join(parts) or "in sync, nothing sent"

