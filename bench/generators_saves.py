"""From a save to new types on disk: `pocketvex dev`, and what the READMEs of the others describe for it."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench.generators import TYPEGEN, TYPES, from_server
from bench.generators_cold import COLLECTIONS
from bench.measure import command
from bench.npm import node
from bench.projects import Login, Server, many_collections, write_project
from bench.saves import Dev, when_in
from pocketvex.server.binaries import find
from pocketvex.server.launch import free_port
from pocketvex.server.process import Running, create_superuser

SAVED = f"things{COLLECTIONS - 1}"
LOGIN = ("someone@example.com", "password1234")


class Save(NamedTuple):
    """Adds a field of this name where people add it, and the file in which its type appears."""

    name: str
    what: str
    add: Callable[[str], object]
    out: Path


def measure(folder: Path, count: int = 10) -> list[tuple[Save, float]]:
    """The median of each in milliseconds; they take turns, and the first two saves of each warm up."""
    with ExitStack() as stack:
        saves = [stack.enter_context(way(folder)) for way in (_ours, _typegen, _types)]
        times: list[list[float]] = [[] for _ in saves]
        for number in range(count + 2):
            for save, taken in zip(saves, times, strict=True):
                time.sleep(0.1)  # what the save before began is over
                start = time.perf_counter()
                save.add(f"extra{number}")
                taken.append((when_in(save.out, f"extra{number}?") - start) * 1000)
    return [(save, median(taken[2:])) for save, taken in zip(saves, times, strict=True)]


@contextmanager
def _ours(folder: Path) -> Iterator[Save]:
    modules = many_collections(COLLECTIONS)
    project = write_project(folder / "ours-saved", modules)
    file, text = project / "schema" / f"{SAVED}.py", modules[SAVED]

    def add(name: str) -> None:
        nonlocal text
        text = text.replace("    rules =", f"    {name} = field.text()\n    rules =")
        file.write_text(text, encoding="utf-8")

    with Server(project):
        command("dev", "--once", cwd=project)
        dev = Dev(project)
        try:
            dev.until("in sync")
            yield Save("`pocketvex dev`", "the code", add, project / "generated" / "types.ts")
        finally:
            dev.end()


@contextmanager
def _typegen(folder: Path) -> Iterator[Save]:
    """By a hook that runs it, `--db` replaced: the module that reads SQLite is not on npm alone."""
    home = folder / "typegen-saved"
    out = home / "types.ts"

    def hook(login: Login) -> str:
        words = ", ".join(json.dumps(str(word)) for word in from_server(TYPEGEN, login, str(out)))
        return f"onCollectionAfterUpdateSuccess((e) => {{ $os.cmd({words}).output(); e.next(); }});\n"

    with _hooked(home, hook) as add:
        yield Save(str(TYPEGEN), "a collection in the dashboard, by a hook that runs it", add, out)


@contextmanager
def _types(folder: Path) -> Iterator[Save]:
    """By a hook that tells an endpoint of the app, which has the generator loaded."""
    home = folder / "types-saved"
    out, port = home / "types.ts", free_port()

    def hook(login: Login) -> str:
        (home / "app.mjs").write_text(_endpoint(login, out, port), encoding="utf-8")
        send = f'$http.send({{ url: "http://127.0.0.1:{port}", method: "POST", timeout: 30 }})'
        return f"onCollectionAfterUpdateSuccess((e) => {{ {send}; e.next(); }});\n"

    with _hooked(home, hook) as add:
        app = subprocess.Popen([node(), "app.mjs"], cwd=home, stdout=subprocess.PIPE, text=True)
        try:
            assert app.stdout is not None
            app.stdout.readline()
            yield Save(str(TYPES), "a collection in the dashboard, by a hook that asks the app", add, out)
        finally:
            app.kill()
            app.wait()


def _endpoint(login: Login, out: Path, port: int) -> str:
    module = (TYPES.modules / TYPES.name / "dist" / "src" / "index.js").as_uri()
    options = json.dumps({**login._asdict(), "output": out.name})
    return (
        f'import {{ createServer }} from "node:http";\nimport {{ writeTypesToFile }} from "{module}";\n'
        "createServer(async (_, answer) => {\n"
        f"  await writeTypesToFile({options});\n  answer.end();\n"
        f'}}).listen({port}, "127.0.0.1", () => console.log("ready"));\n'
    )


@contextmanager
def _hooked(home: Path, hook: Callable[[Login], str]) -> Iterator[Callable[[str], None]]:
    """A server of the same collections whose saves run the hook; adds a field to the last of them."""
    project = write_project(home, many_collections(COLLECTIONS))
    with Server(project) as model:
        command("dev", "--once", cwd=project)
        collections = model.collections()
    binary, hooks, data, port = find(None), home / "pb_hooks", home / "pb_data", free_port()
    create_superuser(binary, data, *LOGIN)
    hooks.mkdir()
    login = Login(f"http://127.0.0.1:{port}", *LOGIN)
    with Running(binary, data, port=port) as server, closing(login.client()) as client:
        body = {"collections": [c for c in collections if not c["system"]], "deleteMissing": False}
        client.put("/api/collections/import", json=body).raise_for_status()
        server.halt()
    (hooks / "types.pb.js").write_text(hook(login), encoding="utf-8")
    with Running(binary, data, port=port, hooks_dir=hooks), closing(login.client()) as client:
        fields = client.get(f"/api/collections/{SAVED}").json()["fields"]

        def add(name: str) -> None:
            fields.append({"name": name, "type": "text"})
            client.patch(f"/api/collections/{SAVED}", json={"fields": fields}).raise_for_status()

        yield add
