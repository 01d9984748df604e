"""What is measured, each beside its floor."""

from __future__ import annotations

import shutil
from pathlib import Path

from bench.measure import Line, command, in_turn, python
from bench.projects import Server, large_schema, many_collections, posts, write_project
from pocketvex import compare, make_plan
from pocketvex.schema.model import Schema
from pocketvex.versions import NEWEST


def start_up(folder: Path) -> list[Line]:
    took = in_turn(
        {
            "floor": lambda: python("pass", cwd=folder),
            "version": lambda: command("--version", cwd=folder),
            "typer": lambda: python("import typer", cwd=folder),
            "help": lambda: command("--help", cwd=folder),
        },
        rounds=25,
    )
    floor = took["floor"]
    program = "import contextlib, io; from pocketvex.cli.main import run\n"
    program += "with contextlib.redirect_stdout(io.StringIO()): run(['--help'])\n"
    modules = python(f"{program}import sys; print(len(sys.modules))", cwd=folder).strip()
    return [
        Line("`pocketvex --version`", took["version"], "`python -c pass`", floor, "2.5 ×",
             took["version"] <= 2.5 * floor),
        Line(f"`pocketvex --help` ({modules} modules)", took["help"],
             "`python -c 'import typer'`", took["typer"], "", None),
    ]  # fmt: skip


def nothing_to_do(folder: Path) -> list[Line]:
    """`schema diff` in sync, its token cached; the floor loads the same libraries and asks the server."""
    project = write_project(folder / "quiet", many_collections(20))
    with Server(project) as server:
        command("dev", "--once", cwd=project)
        command("schema", "diff", "--exit-code", cwd=project)
        program = (
            "import typer, pydantic, httpx, sys\n"
            # Most of pydantic is loaded with the first model.
            "class Model(pydantic.BaseModel): name: str\n"
            "with httpx.Client(base_url=sys.argv[1], headers={'Authorization': sys.argv[2]}) as client:\n"
            "    client.get('/api/collections', params={'perPage': 1000}).raise_for_status().json()\n"
        )
        took = in_turn(
            {
                "floor": lambda: python(program, server.url, server.token, cwd=folder),
                "diff": lambda: command("schema", "diff", cwd=project),
            },
            rounds=15,
        )
    name = "one interpreter with typer, pydantic and httpx, and the LIST"
    return [Line("`schema diff`, nothing changed, 20 collections", took["diff"], name, took["floor"], "1.3 ×",
                 took["diff"] <= 1.3 * took["floor"])]  # fmt: skip


def types(folder: Path) -> list[Line]:
    project = write_project(folder / "types", many_collections(20))

    def cold() -> None:
        shutil.rmtree(project / "generated", ignore_errors=True)
        command("types", "generate", cwd=project)

    program = "import typer, pydantic\nclass Model(pydantic.BaseModel): name: str"
    took = in_turn({"floor": lambda: python(program, cwd=folder), "types": cold}, rounds=15)
    return [Line("`types generate`, 20 collections, cold", took["types"],
                 "one interpreter with typer and pydantic", took["floor"], "1.3 ×",
                 took["types"] <= 1.3 * took["floor"])]  # fmt: skip


def differing(count: int) -> tuple[Schema, Schema]:
    """So many collections twice; in every tenth a field differs."""
    stored = (desired := large_schema(count, 20)).to_json()
    for collection in stored[::10]:
        collection["fields"][3]["presentable"] = True
    return desired, Schema.from_json(stored)


def planning() -> list[Line]:
    """In process."""
    small, large = differing(500), differing(1000)
    assert len(compare(*large, version=NEWEST).operations) == 100
    took = in_turn(
        {"500": lambda: make_plan(*small, version=NEWEST), "1000": lambda: make_plan(*large, version=NEWEST)},
        rounds=9,
    )
    growth = took["1000"] / took["500"]
    return [
        Line("diff and plan in process, 1,000 collections × 20 fields", took["1000"], "500 collections",
             took["500"], "100 ms", took["1000"] <= 100),
        Line("the same, how it grows from 500 to 1,000", took["1000"], "500 collections", took["500"],
             "linear (2.4 × at most)", growth <= 2.4),
    ]  # fmt: skip


def history(folder: Path, count: int = 60) -> list[Line]:
    """`migrate generate` with its proof, on top of a folder of migrations."""
    names = [f"field{number}" for number in range(count - 1)]
    project = write_project(folder / "history", {"posts": posts()})
    migrations, module = project / "pb_migrations", project / "schema" / "posts.py"
    with Server(project):
        command("migrate", "generate", "start", cwd=project)
        first = int(next(migrations.glob("*_start.js")).name.partition("_")[0])
        for number, name in enumerate(names, 1):
            file = migrations / f"{first + number}_add_{name}.js"
            file.write_text(_BY_HAND.replace("NAME", name), encoding="utf-8")
        module.write_text(posts(names), encoding="utf-8")
        command("dev", "--once", cwd=project)
        command("schema", "diff", "--exit-code", cwd=project)
        module.write_text(posts([*names, "newest"]), encoding="utf-8")
        before = {path: path.read_bytes() for path in migrations.iterdir() if path.is_file()}

        def generate(*, cold: bool) -> None:
            if cold:
                shutil.rmtree(project / ".pocketvex" / "shadow")
            command("migrate", "generate", "newest", cwd=project)

        def again() -> None:
            for path in migrations.iterdir():
                if path.is_file() and path not in before:
                    path.unlink()
            for path, content in before.items():
                path.write_bytes(content)

        took = in_turn(
            {
                "cold": lambda: generate(cold=True),
                "again": again,
                "cached": lambda: generate(cold=False),
                "again too": again,
            },
            rounds=5,
        )
    what = f"`migrate generate` with proof, {count} migrations"
    return [
        Line(f"{what}, shadow built anew", took["cold"], "", 0, "3 s", took["cold"] <= 3000),
        Line(f"{what}, shadow cached", took["cached"], "", 0, "0.5 s", took["cached"] <= 500),
    ]  # fmt: skip


_BY_HAND = """migrate((app) => {
  const posts = app.findCollectionByNameOrId("posts");
  posts.fields.add(new TextField({ name: "NAME", max: 100 }));
  app.save(posts);
}, (app) => {
  const posts = app.findCollectionByNameOrId("posts");
  posts.fields.removeByName("NAME");
  app.save(posts);
});
"""
