"""The project's configuration: `pocketvex.toml`, or `[tool.pocketvex]` in `pyproject.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pocketvex.errors import ConfigError, NoProject
from pocketvex.findings import Location
from pocketvex.store.reader import Table

FILE = "pocketvex.toml"
PYPROJECT = "pyproject.toml"
EMBEDDED = "embedded"


@dataclass(frozen=True)
class HostConfig:
    """`[hosts.NAME]`. `password` and `token` are names of environment variables, never values.

    `email` is either: `env:NAME`, or the address itself, which is no secret.
    """

    name: str
    url: str
    local: bool | None = None
    data_dir: Path | None = None
    pocketbase: Path | None = None
    email: str = ""
    password: str = ""
    token: str = ""


@dataclass(frozen=True)
class Config:
    """Folders are absolute; `file` is None where only a `schema/` folder says that this is a project."""

    root: Path
    file: Path | None
    schema: Path
    migrations: Path
    hooks: Path
    generated: Path
    pocketbase: str | None = None
    port: int | None = None
    """Of the embedded server; None: one is chosen, and kept."""
    load_timeout: float = 30.0
    migration_timeout: float = 300.0
    """Seconds for which one migration may run."""
    credentials_ttl: float = 24.0
    """Hours for which the token of a login is kept; 0: none is."""
    env_file: Path | None = None
    """Variables for migrations and secrets, where the environment does not have them."""
    shadow_env: Mapping[str, str] = field(default_factory=dict)
    """What migrations read from the environment on scratch servers and on the embedded one."""
    default_host: str | None = None
    hosts: Mapping[str, HostConfig] = field(default_factory=dict)
    ignore: Mapping[str, str] = field(default_factory=dict)
    """Paths of what others make on a server (`posts.legacy`), each with the reason to leave it alone."""
    notes: tuple[str, ...] = ()


def find_root(start: Path) -> Path:
    """The nearest folder upwards with a configuration, else the nearest with a `schema/` of ours."""
    start = start.absolute()
    folders = [start, *start.parents]
    for folder in folders:
        if (folder / FILE).is_file() or _in_pyproject(folder) is not None:
            return folder
    for folder in folders:
        if _is_schema(folder / "schema"):
            return folder
    raise NoProject(
        f"No PocketVex project in {start} or above",
        why=f"A project has a {FILE}, a [tool.pocketvex] in {PYPROJECT}, or a folder schema/.",
        todo="Run `pocketvex init` to make one here, or change into the project.",
    )


def _is_schema(folder: Path) -> bool:
    """Whether it holds a schema, or nothing at all: what else is called so is somebody else's."""
    if not folder.is_dir():
        return False
    found = [path for path in folder.iterdir() if path.name[0] not in "_."]
    return not found or any(path.suffix in (".py", ".json") for path in found)


def load_config(root: Path) -> Config:
    """Read and check it; raises ConfigError with every problem found, each with its line."""
    root = root.absolute()
    notes: list[str] = []
    file: Path | None = root / FILE
    in_pyproject = _in_pyproject(root)
    if file is not None and file.is_file():
        table = Table(_parse(file), file)
        if in_pyproject is not None:
            notes.append(f"{FILE} counts; [tool.pocketvex] in {PYPROJECT} is not read")
    elif in_pyproject is not None:
        file = root / PYPROJECT
        table = Table(in_pyproject, file, prefix="tool.pocketvex")
    else:
        file = None
        table = Table({}, root / FILE)
    config = _read(root, file, table, tuple(notes))
    table.finish()
    return config


def _read(root: Path, file: Path | None, table: Table, notes: tuple[str, ...]) -> Config:
    hosts = {name: _read_host(root, name, sub) for name, sub in table.tables("hosts").items()}
    default = table.text("default_host")
    if default and default != EMBEDDED and default not in hosts and not re.search(r"[:./]", default):
        table.complain("default_host", f"no host is called {default!r}", default, hosts)
    version = table.text("pocketbase")
    if version and not re.fullmatch(r"v?0\.\d+\.\d+", version):
        table.complain("pocketbase", f"{version!r} is no version of PocketBase; write it like 0.40.6")
    env_file, shadow = table.text("env_file"), table.section("shadow")
    shadow_env = shadow.variables("env")
    shadow.check_unknown()
    return Config(
        root=root,
        file=file,
        schema=root / (table.text("schema") or "schema"),
        migrations=root / (table.text("migrations") or "pb_migrations"),
        hooks=root / (table.text("hooks") or "pb_hooks"),
        generated=root / (table.text("generated") or "generated"),
        pocketbase=version.removeprefix("v") if version else None,
        port=table.port("port"),
        load_timeout=table.seconds("load_timeout", 30.0),
        migration_timeout=table.seconds("migration_timeout", 300.0),
        credentials_ttl=table.hours("credentials_ttl", 24.0),
        env_file=(root / Path(env_file).expanduser()) if env_file else None,
        shadow_env=shadow_env,
        default_host=default or None,
        hosts=hosts,
        ignore=table.reasons("ignore"),
        notes=notes,
    )


def _read_host(root: Path, name: str, table: Table) -> HostConfig:
    if name == EMBEDDED:
        table.complain("", f"{EMBEDDED!r} is the name of the server that PocketVex runs itself")
    data_dir, binary = table.text("data_dir"), table.text("pocketbase")
    host = HostConfig(
        name=name,
        url=table.url("url"),
        local=table.flag("local"),
        data_dir=(root / Path(data_dir).expanduser()) if data_dir else None,
        pocketbase=(root / Path(binary).expanduser()) if binary else None,
        email=table.text("email"),
        password=table.variable("password"),
        token=table.variable("token"),
    )
    table.check_unknown()
    return host


def _in_pyproject(folder: Path) -> dict[str, Any] | None:
    file = folder / PYPROJECT
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    # Most projects above and around have one that says nothing about us, and it need not be valid either.
    if "pocketvex" not in text:
        return None
    try:
        found = tomllib.loads(text).get("tool", {}).get("pocketvex")
    except tomllib.TOMLDecodeError:
        if re.search(r"^\s*\[tool\.pocketvex", text, re.M):
            _parse(file)
        return None
    return found if isinstance(found, dict) else None


def _parse(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        at = re.search(r"\(at line (\d+), column (\d+)\)", said)
        where = Location(str(file), int(at[1]), int(at[2])) if at else Location(str(file))
        raise ConfigError(f"not valid TOML: {said.partition(' (at')[0]}", where=where) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}") from None
