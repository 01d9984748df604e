"""Rows of the table of changes that take a server, a state, or a second machine: told step by step."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, assert_never

import pytest

from cases.changes import posts, select
from cases.rows import LISTS, MISTAKES, UNKNOWN
from cases.stories import (
    STORIES,
    WRONG_RULES,
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
from conftest import EMAIL, PASSWORD, ServerFactory
from observed import observe
from pocketvex.api.client import Client, Credentials
from pocketvex.diff.compare import compare
from pocketvex.diff.simulate import apply_operations, changed_collections
from pocketvex.errors import SchemaError
from pocketvex.load.loader import load_schema
from pocketvex.run import prune as kept_aside
from pocketvex.run.sync import Outcome
from pocketvex.schema.model import Schema
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running
from pocketvex.store.config import load_config
from projects import Project, kept, paths, schema_of

Json = dict[str, Any]


@pytest.fixture
def scene_of(binary: Binary, tmp_path: Path, server: ServerFactory) -> Iterator[Callable[[Story], Scene]]:
    made: list[Scene] = []

    def make(story: Story) -> Scene:
        made.append(Scene(story, binary, tmp_path, server))
        return made[-1]

    yield make
    for scene in made:
        scene.close()


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_a_story(story: Story, scene_of: Callable[[Story], Scene]) -> None:
    scene = scene_of(story)
    seen = [scene.do(step) for step in story.steps]
    observe(story.row, story.what, "step by step", "<br>".join(seen), str(scene.binary.version))


class Scene:
    """A project and the server that it works with at the moment."""

    def __init__(self, story: Story, binary: Binary, folder: Path, server: ServerFactory) -> None:
        self.binary, self.folder, self.server = binary, folder, server
        self.clients: list[Client] = []
        self.story = story
        self.project = Project(folder / "project", *story.before)
        self.project.environ |= story.environ
        self.work_with(server(binary))
        if not story.fresh:
            self.project.up(self.running)
        for name, listed in story.rows.items():
            for values in listed:
                self.put(Put(name, values))

    def work_with(self, running: Running) -> None:
        self.running = running
        self.client = Client(running.url, Credentials(email=EMAIL, password=PASSWORD))
        self.clients.append(self.client)

    def close(self) -> None:
        for client in self.clients:
            client.close()

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
                text = f'[ignore]\n"{step.path}" = "a reason"\n' if step.path else ""
                (self.project.root / "pocketvex.toml").write_text(text, encoding="utf-8")
                self.project.config = load_config(self.project.root)
                return f"pocketvex.toml: {step.path or 'nothing'} is ignored"
            case Alone():
                return self.alone()
        assert_never(step)

    def edit(self, step: Dashboard) -> str:
        if step.new:
            self.create({"name": step.collection, "type": "base", "fields": [*step.add], **step.change})
            return step.words
        before = next(c for c in self.client.collections() if c["name"] == step.collection)
        left = [f for f in before["fields"] if f["name"] not in step.drop]
        self.client.patch_collection(before["id"], {"fields": [*left, *step.add], **step.change})
        return step.words

    def create(self, collection: Json) -> None:
        assert self.client._request("POST", "/api/collections", json=collection).ok

    def put(self, step: Put) -> str:
        path = f"/api/collections/{step.collection}/records"
        assert self.client._request("POST", path, json=step.values).ok
        return step.words

    def holds(self, step: Holds) -> str:
        found = self.client.records(step.collection, per_page=1000)
        assert [{key: row.get(key, ...) for key in step.rows[0]} for row in found] == step.rows
        held = ", ".join(
            f"{key} {value!r}" if value is not ... else f"no {key}"
            for row in step.rows
            for key, value in row.items()
        )
        return f"{step.collection} hold: {held}"

    def dev(self, step: Dev) -> str:
        before = self.client.collections()
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
            assert self.client.collections() == before
        return ("elsewhere: " if step.elsewhere else "dev: ") + _in_words(found, outcome)

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
        before, files = self.client.collections(), self.project.files
        with pytest.raises(step.error) as failure:
            self.do(step.step)
        assert step.says in str(failure.value)
        assert (self.client.collections(), self.project.files) == (before, files)
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
        self.work_with(self.server(self.binary))
        if step.server == "fresh":
            return "another machine, a fresh server"
        title = {"name": "title", "type": "text", "id": "hand0001"}
        self.create({"name": "posts", "type": "base", "id": "hand00000000001", "fields": [title]})
        self.put(Put("posts", {"title": "by hand"}))
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


def test_mistakes_in_rules(scene_of: Callable[[Story], Scene]) -> None:
    scene = scene_of(Story(*MISTAKES, [posts()], ()))
    project, before = scene.project, scene.client.collections()
    (project.root / "schema/posts.py").write_text(WRONG_RULES, encoding="utf-8")
    project.code = load_schema(project.root, project.root / "schema", timeout=60).schema
    with pytest.raises(SchemaError) as failure:
        project.sync(scene.running)
    assert scene.client.collections() == before
    found = {f"{p.where.file}:{p.where.line}:{p.where.column}" for p in failure.value.problems if p.where}
    assert found == {"schema/posts.py:7:15", "schema/posts.py:8:15", "schema/posts.py:9:17"}
    seen = "<br>".join(map(str, failure.value.problems))
    project.declare(posts(listRule="strftime('%Y', @now) = title"))
    if scene.binary.version < (0, 36):
        with pytest.raises(SchemaError):
            project.sync(scene.running)
        assert scene.client.collections() == before
    else:
        assert paths(project.sync(scene.running).applied) == ["posts:listRule"]
    observe(*MISTAKES, "nothing: it is an error, and nothing is sent", seen, str(scene.binary.version))


def test_options_that_nobody_knows(scene_of: Callable[[Story], Scene]) -> None:
    """A newer server would show them; a write of ours carries them back as they are."""
    scene = scene_of(Story(*UNKNOWN, [posts()], ()))
    live = scene.client.collections()
    item = next(c for c in live if c["name"] == "posts")
    item["of_tomorrow"] = {"on": True}
    item["fields"][1]["of_tomorrow"] = [1]
    desired = schema_of(posts({"n": "number"}, listRule=""))
    diff = compare(desired, Schema.from_json(live), version=tuple(scene.binary.version), ask=False)
    operations = [o for o in diff.operations if o.collection == "posts"]
    (payload,) = changed_collections(live, apply_operations(live, operations))
    assert payload["of_tomorrow"] == {"on": True}
    assert payload["fields"][1] == item["fields"][1]
    scene.client.import_collections([payload])
    changed = ", ".join(f"`{operation.path}`" for operation in operations)
    observe(*UNKNOWN, changed, "the write carries them back as they are", str(scene.binary.version))


def test_a_list_of_two_goes_back(scene_of: Callable[[Story], Scene]) -> None:
    """Down keeps what one value cannot hold, and up brings it back."""
    scene = scene_of(Story(*LISTS, [posts({"s": select("a", "b")})], ()))
    scene.project.declare(posts({"s": select("a", "b", max=2)}))
    steps = (Up(1, 1), Put("posts", {"s": ["a", "b"]}), Down(), Holds("posts", [{"s": "b"}]),
             Up(ran=1), Holds("posts", [{"s": ["a", "b"]}]))  # fmt: skip
    seen = [scene.do(step) for step in steps]
    observe(*LISTS, "step by step", "<br>".join(seen), str(scene.binary.version))
