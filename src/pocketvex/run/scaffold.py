"""What `pocketvex init` writes: the smallest project that shows how it is done.

A folder that has something already gets no sample: nothing is declared that its code, its history or its
server may have.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path

from pocketvex.run.declared import declares_something
from pocketvex.server.state import State
from pocketvex.store.config import Config, load_config
from pocketvex.store.files import LOCAL, write_atomically

_CONFIGURATION = {
    "pocketvex.toml": """\
# Everything has a default: an empty file is a project.
#
# generated = "web/src/generated"    # where a front end wants the TypeScript
#
# [hosts.production]
# url = "https://api.example.com"
# email = "env:PB_ADMIN_EMAIL"
# password = "env:PB_ADMIN_PASS"
""",
}
_SAMPLE = {
    "schema/users.py": '''\
"""The accounts."""

from pocketvex import Auth, Rules, field


class Users(Auth):
    name = field.text(max=255)
    avatar = field.file(
        mime_types=[
            "image/jpeg",
            "image/png",
            "image/svg+xml",
            "image/gif",
            "image/webp",
        ],
    )
    created, updated = field.timestamps()

    rules = Rules(
        list="id = @request.auth.id",
        view="id = @request.auth.id",
        create=Rules.public(),
        update="id = @request.auth.id",
        delete="id = @request.auth.id",
    )
''',
    "schema/posts.py": '''\
"""What people write."""

from pocketvex import Base, Rules, field, index

from schema.users import Users


class Posts(Base):
    title = field.text(required=True, max=200)
    body = field.editor()
    status = field.select("draft", "published", required=True)
    author = field.relation(Users, required=True, cascade_delete=True)
    created, updated = field.timestamps()

    readable = Rules.any("status = 'published'", Rules.owner("author"))
    rules = Rules(
        list=readable,
        view=readable,
        create=Rules.owner("author"),
        update=Rules.owner("author"),
        delete=Rules.owner("author"),
    )
    indexes = (index("author", "created DESC"),)
''',
}

_IGNORED = (".pocketvex/",)


class Found(Enum):
    """What a folder has, so that no sample is written into it."""

    NOTHING = "nothing"
    CODE = "code"
    SERVER = "a server that is named, or that ran here before"
    HISTORY = "a history"


def look(folder: Path, environ: Mapping[str, str]) -> tuple[Config, Found]:
    """The configuration of the folder, and what is there of a project."""
    config = load_config(folder)
    if declares_something(config):
        return config, Found.CODE
    if environ.get("PB_URL", "").strip() or config.default_host:
        return config, Found.SERVER
    if any(path.suffix in (".js", ".ts") for path in _listed(config.migrations)):
        return config, Found.HISTORY
    data = State(config.root / LOCAL / "embedded").data
    return config, Found.SERVER if (data / "data.db").exists() else Found.NOTHING


def _listed(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def scaffold(folder: Path, *, sample: bool) -> tuple[list[str], list[str]]:
    """Write the files that are not there yet; the names of those made, and of those left alone."""
    made, kept = [], []
    for name, text in {**_CONFIGURATION, **(_SAMPLE if sample else {})}.items():
        path = folder / name
        if path.exists():
            kept.append(name)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text)
        made.append(name)
    ignore = folder / ".gitignore"
    current = ignore.read_text(encoding="utf-8") if ignore.is_file() else ""
    missing = [line for line in _IGNORED if line not in current.splitlines()]
    if missing:
        separator = "" if not current or current.endswith("\n") else "\n"
        write_atomically(ignore, current + separator + "".join(f"{line}\n" for line in missing))
        made.append(".gitignore")
    return made, kept
