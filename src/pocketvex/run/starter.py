"""The texts of a new project, as `pocketvex init` writes them."""

from __future__ import annotations

CONFIGURATION = """\
# Everything has a default: an empty file is a project.
#
# generated = "web/src/generated"    # where a front end wants the TypeScript
# pocketbase = "0.40.6"              # the version that production runs
#
# `pocketvex host add production https://api.example.com` writes:
#
# [hosts.production]
# url = "https://api.example.com"
"""

_USERS = '''\
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

    # What may be done with a record, and by whom. A rule that is not there is closed to all but superusers.
    rules = Rules(
        list="id = @request.auth.id",
        view="id = @request.auth.id",
        create=Rules.public(),
        update="id = @request.auth.id",
        delete="id = @request.auth.id",
    )
'''

EMPTY = {
    "schema/users.py": _USERS,
    "schema/collections.py": '''\
"""The collections of the database: each class is one, and saving this file changes the database.

from pocketvex import Base, Rules, field


class Posts(Base):
    title = field.text(required=True, max=200)
    created, updated = field.timestamps()

    rules = Rules(list=Rules.public(), view=Rules.public())

Take the quotes around this example away, or write your own. A rule that is not there is closed to everybody
but superusers.
"""
''',
}

BLOG = {
    "schema/users.py": _USERS,
    "schema/posts.py": '''\
"""What people write."""

from pocketvex import Base, Rules, field, index

from schema.users import Users


class Posts(Base):
    title = field.text(required=True, max=200)
    body = field.editor()
    status = field.select("draft", "published", required=True)
    # A post goes when its author goes.
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

JSCONFIG = """\
{
  "compilerOptions": { "lib": ["ES2020"], "types": [], "module": "commonjs" },
  "include": ["pb_hooks/**/*.js", "pb_migrations/**/*.js", ".pocketvex/embedded/data/types.d.ts"]
}
"""

README = """\
# {name}

The database of this project is declared in `schema/*.py`. PocketVex brings a PocketBase server to it.

- `pocketvex dev` runs a server on this machine, and updates it and the TypeScript types on every save.
- `pocketvex schema diff` shows what the code would change on a server.
- `pocketvex migrate generate NAME` writes the migrations for what other servers have to be told; commit them.
- `pocketvex migrate up --host NAME` runs them there. `.github/workflows/database.yml` does it on every merge.
- `pocketvex help` shows the rest.
"""


def requirement(version: str, direct_url: dict[str, object]) -> str:
    """The line of requirements.txt that installs the PocketVex that is at hand.

    `direct_url` is what pip noted of an installation that was not from an index (PEP 610), else empty.
    """
    vcs, url = direct_url.get("vcs_info"), direct_url.get("url")
    if (
        isinstance(vcs, dict)
        and isinstance(url, str)
        and "@" not in url.partition("://")[2].partition("/")[0]
    ):
        return f"pocketvex @ {vcs.get('vcs', 'git')}+{url}@{vcs.get('commit_id', '')}".rstrip("@")
    return f"pocketvex=={version}"
