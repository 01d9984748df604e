"""What `pocketvex init` writes: the smallest project that shows how it is done."""

from __future__ import annotations

from pathlib import Path

from pocketvex.store.files import write_atomically

_FILES = {
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
    "schema/users.py": '''\
"""The accounts."""

from pocketvex import Auth, Rules, field


class Users(Auth):
    name = field.text(max=120)
    avatar = field.file(mime_types=["image/jpeg", "image/png", "image/webp"])
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
    indexes = [index("author", "created DESC")]
''',
}

_IGNORED = (".pocketvex/",)


def scaffold(folder: Path) -> tuple[list[str], list[str]]:
    """Write the files that are not there yet; the names of those made, and of those left alone."""
    made, kept = [], []
    for name, text in _FILES.items():
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
