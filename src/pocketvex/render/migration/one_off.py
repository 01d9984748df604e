"""One-off migrations: the down part of a file as a step that PocketBase's own `migrate up` runs.

PocketBase's `migrate down` is not used: it counts its own migrations as well, and asks on a terminal.
"""

from __future__ import annotations

import json


def down_step(name: str, text: str) -> str:
    """A migration that does what `name`'s down does and takes its row out of `_migrations`.

    The file's text stands in a function of its own, where `migrate` only hands over its two parts.
    """
    return (
        "let down = null;\n(function (migrate) {\n"
        f"{text}\n"
        "})((up, undo) => {\n  down = undo;\n});\n"
        'migrate((app) => {\n  if (!down) throw new Error("it has no down part");\n  down(app);\n'
        f'  app.db().newQuery("DELETE FROM {{{{_migrations}}}} WHERE [[file]] = {{:file}}")'
        f".bind({{ file: {json.dumps(name)} }}).execute();\n"
        "}, null);\n"
    )
