"""From what else a tool makes its types: each way is tried with the words that its README has for it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.compare import servers
from bench.compare.blog import BLOG, Json, collection, field
from bench.compare.tools import OUT, Tool, call, link
from bench.generators import TYPED, TYPEGEN, TYPES, ZOD, from_server
from bench.measure import SCRIPT
from bench.npm import node
from bench.projects import Login, posts, write_project
from bench.zod_code import write_zod_project

Words = Sequence[str | Path]


class Given(NamedTuple):
    """What there is to read: a server, what its dashboard exports, and its data directory."""

    login: Login
    exported: list[Json]
    data: Path


def given(tool: Tool, login: Login, server: Path) -> Given:
    """0.22 exports in another form, which no tool here reads."""
    exported = BLOG if tool.name == TYPED.name else servers.exported(login)
    (database,) = server.glob("*/data.db")
    return Given(login, exported, database.parent)


def server(tool: Tool, folder: Path, there: Given) -> bool:
    url, email, password = there.login
    if tool.name == "pocketvex":
        env = {"PB_ADMIN_EMAIL": email, "PB_ADMIN_PASS": password}
        return _makes(tool, folder, [SCRIPT, "types", "generate", "--from", "live", "--host", url], env)
    if tool.name == ZOD.name:
        return _makes(tool, folder, ZOD.words("generate-types", "--url", url, "--output", OUT))
    return _makes(tool, folder, from_server(tool.generator, there.login, OUT))


def dotenv(tool: Tool, folder: Path, there: Given) -> bool:
    """A `.env` with the variables that the tool documents."""
    names = {
        TYPEGEN.name: ("PB_TYPEGEN_URL", "PB_TYPEGEN_EMAIL", "PB_TYPEGEN_PASSWORD"),
        TYPES.name: ("PB_URL", "PB_EMAIL", "PB_PASSWORD"),
        TYPED.name: ("POCKETBASE_URL", "POCKETBASE_EMAIL", "POCKETBASE_PASSWORD"),
    }.get(tool.name, ("PB_URL", "PB_ADMIN_EMAIL", "PB_ADMIN_PASS"))
    folder.mkdir()
    lines = [f"{name}={value}\n" for name, value in zip(names, there.login, strict=True)]
    (folder / ".env").write_text("".join(lines), encoding="utf-8")
    match tool.name:
        case "pocketvex":
            return _makes(tool, folder, [SCRIPT, "types", "generate", "--from", "live"])
        case TYPEGEN.name:
            return _makes(tool, folder, TYPEGEN.words("--env", "--out", OUT))
        case TYPES.name:
            return _makes(tool, folder, TYPES.words("--output", OUT))
        case TYPED.name:
            return _makes(tool, folder, TYPED.words("--url", there.login.url, "--out", OUT))
    return _makes(tool, folder, ZOD.words("generate-types", "--output", OUT))


def export(tool: Tool, folder: Path, there: Given) -> bool:
    folder.mkdir()
    file = folder / "pb_schema.json"
    file.write_text(json.dumps(there.exported), encoding="utf-8")
    if tool.name == "pocketvex":
        return _makes(tool, folder, [SCRIPT, "types", "generate", "--from", file])
    return _makes(tool, folder, tool.generator.words(*_first(tool), "--json", file, "--out", OUT))


def database(tool: Tool, folder: Path, there: Given) -> bool | None:
    """None for the one whose module for SQLite is compiled when it is installed: here none is."""
    if tool.name == TYPEGEN.name:
        return None
    file = there.data / "data.db"
    if tool.name == "pocketvex":
        return _makes(tool, folder, [SCRIPT, "types", "generate", "--from", file])
    return _makes(tool, folder, tool.generator.words(*_first(tool), "--db", file, "--out", OUT))


def code(tool: Tool, folder: Path) -> bool:
    """For those that have no option that names code there is nothing to try."""
    if tool.name == "pocketvex":
        return _makes(tool, write_project(folder, {"posts": posts()}), [SCRIPT, "types", "generate"])
    if tool.name == ZOD.name:
        write_zod_project(folder, [collection("pbc_1", "things", field("text", "title"))])
        return _makes(tool, folder, ZOD.words("generate-types", "--output", OUT))
    return False


def called(tool: Tool, folder: Path, there: Given) -> bool:
    """A module that imports it; where a package exports nothing of the kind, there is nothing to try."""
    programs = {
        TYPEGEN.name: 'import { generateFromSchema } from "pocketbase-typegen";\n'
        "const text = generateFromSchema(given.exported);\nwriteFileSync(given.out, text);\n",
        TYPES.name: 'import { writeTypesToFile } from "pocketbase-types";\n'
        "await writeTypesToFile({ ...given.login, output: given.out });\n",
    }
    if tool.name not in programs:
        return False
    folder.mkdir()
    link(folder, tool.generator.modules)
    values = {"login": there.login._asdict(), "exported": there.exported, "out": OUT}
    head = 'import { writeFileSync } from "node:fs";\n'
    program = f"{head}{programs[tool.name].splitlines()[0]}\nconst given = {json.dumps(values)};\n"
    rest = "\n".join(programs[tool.name].splitlines()[1:])
    (folder / "call.mjs").write_text(f"{program}{rest}\n", encoding="utf-8")
    return _makes(tool, folder, [node(), "call.mjs"])


def _first(tool: Tool) -> list[str]:
    return ["generate-types"] if tool.name == ZOD.name else []


def _makes(tool: Tool, folder: Path, words: Words, env: Mapping[str, str] = {}) -> bool:
    folder.mkdir(exist_ok=True)
    if tool.name == "pocketvex":
        (folder / "pocketvex.toml").touch()
    ran, out = call(words, folder, env), tool.outputs(folder)[0]
    # Types of another server than the one that was meant have no title.
    return ran.returncode == 0 and out.is_file() and "title" in out.read_text(encoding="utf-8")
