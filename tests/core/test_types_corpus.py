"""The types of real projects' schemas: they compile, say the same in every form, and never say `any`."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pocketvex.schema.build import build_schema
from pocketvex.schema.dictionary import from_dictionary
from pocketvex.schema.fields import FieldBase
from pocketvex.schema.model import SYSTEM_FIELDS, Schema
from pocketvex.types.render import render_types
from typescript import STRICTER, VERSIONS, tsc

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
PROJECTS = sorted(CORPUS.glob("*.json"))

pytestmark = pytest.mark.skipif(not PROJECTS, reason="the corpus of real schemas is not beside the checkout")


def collections(project: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(project.read_text(encoding="utf-8"))
    return found


def view_columns(schema: Schema) -> dict[str, list[FieldBase]]:
    return {c.name: c.fields for c in schema.collections if c.type == "view"}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_project_compiles(version: str, tmp_path: Path) -> None:
    files = []
    for project in PROJECTS:
        files.append(tmp_path / f"{project.stem}.ts")
        files[-1].write_text(render_types(Schema.from_json(collections(project))), encoding="utf-8")
    assert tsc(files, STRICTER, version) == ""


@pytest.mark.parametrize("project", PROJECTS, ids=lambda p: p.stem)
def test_no_field_is_any(project: Path) -> None:
    text = render_types(Schema.from_json(collections(project)))
    code = re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\])*"', " ", text, flags=re.DOTALL)
    assert not re.search(r"\bany\b", code)


@pytest.mark.parametrize("project", PROJECTS, ids=lambda p: p.stem)
def test_every_form_of_a_schema_gives_the_same_bytes(project: Path) -> None:
    raw = collections(project)
    listed = Schema.from_json(raw)
    expected = render_types(listed)
    columns = view_columns(listed)

    shuffled = raw.copy()
    random.Random(project.stem).shuffle(shuffled)
    assert render_types(Schema.from_json(shuffled)) == expected

    forms: list[Callable[[dict[str, Any]], dict[str, Any]]] = [dict, _as_people_declare_it]
    for form in forms:
        written = from_dictionary([form(item) for item in raw], lambda _collection, _field: None)
        assert render_types(build_schema(written), view_fields=columns) == expected


SCAFFOLD = {
    "id": {"min": 15, "max": 15, "pattern": "^[a-z0-9]+$", "autogeneratePattern": "[a-z0-9]{15}", "help": ""},
    "password": {"min": 8, "max": 0, "pattern": "", "required": True, "help": ""},
    "tokenKey": {"min": 30, "max": 60, "autogeneratePattern": "[a-zA-Z0-9]{50}"},
    "email": {"required": True, "exceptDomains": [], "onlyDomains": [], "help": ""},
    "emailVisibility": {"required": False, "hidden": False, "help": ""},
    "verified": {"required": False, "hidden": False, "help": ""},
}
"""The fields that the server adds, as PocketBase 0.40.6 makes them."""


def _as_people_declare_it(raw: dict[str, Any]) -> dict[str, Any]:
    """Without the fields that the server adds anyway, unless the project changed them."""
    own = SYSTEM_FIELDS[raw["type"]]
    kept = [
        field
        for field in raw["fields"]
        if field["name"] not in own or not SCAFFOLD[field["name"]].items() <= field.items()
    ]
    return {**raw, "fields": kept}
