"""What can be told of a machine and a project without any server."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from pocketvex.findings import Finding
from pocketvex.run.types import TYPES, Files, files_of_code, foreign, stale
from pocketvex.schema.model import Schema
from pocketvex.store.config import Config
from pocketvex.store.files import LOCAL
from pocketvex.target.secrets import unset_secrets
from pocketvex.versions import Version

_BOUND = re.compile(r"([<>]=?)\s*([\d.]+)")
_CACHE_MOST = 1 << 30
"""Bytes of shadows that are worth a word."""


def packages() -> Iterator[Finding]:
    """Libraries whose version is not one that PocketVex was made for."""
    for line in metadata.requires("pocketvex") or []:
        text, _, condition = line.partition(";")
        name = re.split(r"[\s<>=!~\[(]", text.strip(), maxsplit=1)[0]
        if "extra" in condition:
            continue
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            yield Finding("packages", f"{name} is not installed", code="PV803", todo=_REINSTALL)
            continue
        if not all(_holds(found, sign, bound) for sign, bound in _BOUND.findall(text)):
            message = f"{text.strip()} is needed, and {found} is installed"
            yield Finding("packages", message, code="PV803", level="warning", todo=_REINSTALL)


_REINSTALL = "Install PocketVex anew into an environment of its own."


def _holds(version: str, sign: str, bound: str) -> bool:
    there, wanted = ([int(n) for n in re.findall(r"\d+", text)[:3]] for text in (version, bound))
    width = max(len(there), len(wanted))
    a, b = (numbers + [0] * (width - len(numbers)) for numbers in (there, wanted))
    return {">": a > b, ">=": a >= b, "<": a < b, "<=": a <= b}[sign]


def hosts(config: Config, environ: dict[str, str]) -> Iterator[Finding]:
    """Servers of the configuration that cannot be signed in to, or only in the clear."""
    from pocketvex.store.hosts import choose_host
    from pocketvex.store.urls import is_loopback

    for note in config.notes:
        yield Finding("configuration", note, code="PV801", level="notice")
    if config.env_file is not None and not config.env_file.is_file():
        yield Finding(
            "configuration", f"env_file {config.env_file.name} is not there", code="PV801", level="warning",
            todo="Make it, or take env_file out of the configuration.",
        )  # fmt: skip
    for name in config.hosts:
        host = choose_host(config, flag=name, environ=environ)
        if host.login.missing:
            yield Finding(
                name, f"{', '.join(host.login.missing)} is not set", code="PV804", level="notice",
                todo=f"Set it where `pocketvex --host {name}` is to sign in, or `pocketvex login {name}`.",
            )  # fmt: skip
        if host.url.startswith("http:") and not is_loopback(host.url):
            yield Finding(
                name, f"{host.url} is not encrypted: passwords and tokens go there in the clear",
                code="PV805", level="warning", todo="Use https://, or a tunnel.",
            )  # fmt: skip


def binary(config: Config) -> Iterator[Finding]:
    """Whether the PocketBase that the project pins is at hand."""
    from pocketvex.server import binaries

    if not config.pocketbase:
        return
    wanted = Version.parse(config.pocketbase)
    here = [found.version for found in (binaries.installed(), *binaries.cached()) if found is not None]
    if wanted not in here:
        yield Finding(
            "PocketBase", f"{wanted} is pinned, and not on this machine yet", code="PV806", level="notice",
            todo="The next command that needs it fetches it.",
        )  # fmt: skip


def history(config: Config) -> Iterator[Finding]:
    """Migrations that were edited after they were sealed, are gone, or are none."""
    from pocketvex.history.folder import read_history
    from pocketvex.history.inspect import look_at

    for finding in look_at(read_history(config.migrations)):
        yield finding._replace(path="migrations", code="PV807")


def stale_types(config: Config, schema: Schema) -> Files:
    """Generated files that say something else than the code, as they should be; {} where none were made."""
    from pocketvex.server import binaries

    if not (config.generated / TYPES).exists():
        return {}
    files = files_of_code(config, schema, lambda: binaries.find(None))
    theirs = foreign(config.generated, files)
    ours = {name: files[name] for name in files if name not in theirs}
    return {name: ours[name] for name in stale(config.generated, ours)}


def types(config: Config, schema: Schema) -> Iterator[Finding]:
    """Generated files that say something else than the code."""
    for name in stale_types(config, schema):
        yield Finding(
            "types", f"{config.generated.name}/{name} is not of this schema", code="PV808", level="warning",
            todo="Run `pocketvex types generate`.",
        )  # fmt: skip


def rules(schema: Schema, version: Version) -> Iterator[Finding]:
    """Rules of the code that name what is not there."""
    from pocketvex.rules.check import rule_problems

    for finding in rule_problems(schema, version):
        yield finding._replace(code="PV701")


def secrets(schema: Schema, environ: dict[str, str]) -> Iterator[Finding]:
    """Variables that the schema reads secrets from, and that are not set here."""
    missing: dict[str, set[str]] = {}
    for collection, _, name in unset_secrets(schema, environ):
        missing.setdefault(collection, set()).add(name)
    for collection, names in missing.items():
        yield Finding(
            collection, f"{', '.join(sorted(names))} is not set: its providers are left out",
            code="PV809", level="notice", todo="Set it where `dev` and `migrate up` run, or in env_file.",
        )  # fmt: skip


def repository(config: Config) -> Iterator[Finding]:
    """What is in version control, or may get there, and should not."""
    root = config.root
    kept = _tracked(root, [LOCAL, *([str(config.env_file)] if config.env_file else [])])
    if kept is None:
        return
    ours = [name for name in kept if name.startswith(f"{LOCAL}/")]
    if ours:
        yield Finding(
            "git", f"{len(ours)} files of {LOCAL}/ are in version control, as {ours[0]}", code="PV810",
            todo=f"`git rm -r --cached {LOCAL}`, and if it was pushed, change the secrets in it.",
        )  # fmt: skip
    for name in (name for name in kept if name not in ours):
        yield Finding(
            "git", f"{name} is in version control, and holds secrets", code="PV810",
            todo=f"`git rm --cached {name}`, and if it was pushed, change the secrets in it.",
        )  # fmt: skip
    if not ignored(root):
        yield Finding(
            "git", f"nothing keeps {LOCAL}/ out of version control", code="PV810", level="warning",
            todo=f"Write {LOCAL}/ into .gitignore: `pocketvex doctor --fix` does.",
        )  # fmt: skip


def ignored(root: Path) -> bool:
    """Whether a .gitignore of the project, or the folder's own, keeps the local state out of git."""
    for file in (root / ".gitignore", root / LOCAL / ".gitignore"):
        lines = file.read_text(encoding="utf-8").split() if file.is_file() else []
        if {f"{LOCAL}/", LOCAL, f"/{LOCAL}/", "*"} & {*lines}:
            return True
    return False


def _tracked(root: Path, paths: Iterable[str]) -> list[str] | None:
    """Which of them git tracks; None where there is no git, or no repository."""
    try:
        done = subprocess.run(
            ["git", "ls-files", "-z", "--", *paths], cwd=root, capture_output=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    names = done.stdout.decode("utf-8", "replace").split("\0")
    return None if done.returncode else [name for name in names if name and not name.endswith(".gitignore")]


def private_files(config: Config) -> list[Path]:
    """What holds a secret and that others can read."""
    if os.name == "nt":
        return []
    local = config.root / LOCAL
    found = [local / "embedded" / "superuser.json", local / "embedded" / "token.json"]
    if config.env_file is not None:
        found.append(config.env_file)
    return [path for path in found if path.is_file() and path.stat().st_mode & 0o077]


def private(config: Config) -> Iterator[Finding]:
    for path in private_files(config):
        yield Finding(
            "files", f"others on this machine can read {path.relative_to(config.root)}", code="PV811",
            level="warning", todo="`chmod 600` it: `pocketvex doctor --fix` does.",
        )  # fmt: skip


def cache(config: Config) -> Iterator[Finding]:
    """Shadows that take much room."""
    folder = config.root / LOCAL / "shadow"
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if size > _CACHE_MOST:
        yield Finding(
            "cache", f"{LOCAL}/shadow holds {size >> 20} MiB", code="PV812", level="notice",
            todo="It may be deleted at any time: it is built again.",
        )  # fmt: skip
