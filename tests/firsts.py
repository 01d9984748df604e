"""A history of files of the first format, as an earlier version sealed them, and what they were made from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pocketvex.diff.compare import compare
from pocketvex.diff.settle import settle
from pocketvex.diff.transition import Transition
from pocketvex.history.folder import MigrationFile, enlist
from pocketvex.schema.model import Schema
from pocketvex.versions import NEWEST
from projects import Json, Project, posts, schema_of, text

FOLDER = Path(__file__).parent / "first_format"
FILES = {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.js"))}
NAMES = list(FILES)


def _select(name: str, *values: str, **more: Any) -> Json:
    return {"name": name, "type": "select", "values": list(values), **more}


_PEOPLE = {
    "name": "people", "type": "auth", "fields": [text("nick")],
    "otp": {"enabled": False, "length": 8, "duration": 180}, "oauth2": {"enabled": False, "providers": []},
}  # fmt: skip
_TAGS = {"name": "tags", "fields": [text("label")]}
_STATE = _select("state", "draft", "published", "gone")
_STATES = _select("state", "draft", "published", remap={"gone": "draft"})
_LABELS = _select("labels", "a", "b", "c", maxSelect=3)
_LABEL = _select("labels", "a", "b", "c", maxSelect=1, keep="first")
_AUTHOR = {"name": "author", "type": "relation", "target": "people"}
_NUMBER = {"name": "count", "type": "number"}
_KIND, _KINDS = text("kind"), text("kind", required=True, backfill="post")
_PLACE = text("place", required=True, backfill="here")
_GOOGLE = {"name": "google", "clientId": "g", "clientSecret": {"env": "GOOGLE_SECRET"}}
_VIEW = {"name": "shown", "type": "view", "viewQuery": "SELECT id, headline FROM posts", "listRule": ""}
_LAST = {
    "name": "posts", "listRule": "headline != ''", "indexes": ["CREATE INDEX `ix_kind` ON `posts` (`kind`)"],
    "fields": [text("headline", renamed_from="title", max=200, pattern="^[a-z]*$"), _NUMBER, _STATES, _LABEL,
               _AUTHOR, _KINDS, _PLACE],
}  # fmt: skip

STAGES: list[list[Json]] = [
    [_PEOPLE, _TAGS, posts(text("subtitle"), text("count"), _STATE, _LABELS, _AUTHOR, _KIND)],
    [_PEOPLE, _TAGS, posts(text("count"), _STATE, _LABELS, _AUTHOR, _KIND)],
    [_PEOPLE, _TAGS, posts(_NUMBER, _STATE, _LABELS, _AUTHOR, _KIND)],
    [_PEOPLE, _TAGS, posts(_NUMBER, _STATES, _LABELS, _AUTHOR, _KIND)],
    [_PEOPLE, _TAGS, posts(_NUMBER, _STATES, _LABEL, _AUTHOR, _KIND)],
    [_PEOPLE, posts(_NUMBER, _STATES, _LABEL, _AUTHOR, _KIND)],
    [_PEOPLE, posts(_NUMBER, _STATES, _LABEL, _AUTHOR, _KINDS)],
    [_PEOPLE, posts(_NUMBER, _STATES, _LABEL, _AUTHOR, _KINDS, _PLACE)],
    [{**_PEOPLE, "otp": {"enabled": True, "length": 6, "duration": 180},
      "oauth2": {"enabled": True, "providers": [_GOOGLE]}}, _VIEW, _LAST],
]  # fmt: skip
"""The code after each file."""


def changes() -> Iterator[tuple[str, Transition]]:
    """Each file with what it was made from."""
    before = Schema.from_json([])
    for name, stage in zip(NAMES, STAGES, strict=True):
        operations = compare(schema_of(*stage), before, version=NEWEST, ask=False).operations
        change = settle(operations, before.to_json())
        yield name, change
        before = Schema.from_json(change.after.to_json())


def first_format(root: Path) -> Project:
    """A project with these files, sealed, and with the code that they build."""
    project = Project(root, *STAGES[-1])
    project.environ["GOOGLE_SECRET"] = "s"
    for name, content in FILES.items():
        project.write(name, content)
    enlist(project.config.migrations, [MigrationFile(name, content) for name, content in FILES.items()])
    return project
