"""Views over the rows that a proof makes up: none of them stops a migration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from binaries import LATEST, binary_of
from conftest import ServerFactory
from projects import Project, posts, put, text

PEOPLE = {"name": "people", "fields": [{"name": "name", "type": "text"}]}
FIELDS: list[dict[str, Any]] = [
    {"name": "author", "type": "relation", "target": "people", "maxSelect": 1},
    {"name": "players", "type": "json"},
    {"name": "year", "type": "number"},
    {"name": "created", "type": "autodate", "onCreate": True},
]
QUERIES = {
    "per_author": "SELECT author AS id, COUNT(id) AS n FROM posts GROUP BY author",
    "per_day": "SELECT date(created) AS id, COUNT(*) AS n FROM posts GROUP BY 1",
    "per_person": "SELECT people.id AS id, COUNT(*) AS n FROM posts"
    " LEFT JOIN people ON people.id = posts.author GROUP BY people.id",
    "days": "SELECT 1 AS id, json_group_array(json_object('d', d, 'n', n)) AS ds FROM"
    " (SELECT date(created) AS d, COUNT(*) AS n FROM posts GROUP BY d)",
    "all_players": "SELECT 1 AS id, json_group_array(json(p.value)) AS ps FROM posts, json_each(players) p",
    "over_a_view": "SELECT id, n FROM per_author WHERE n > 0",
}


def views(**more: str) -> list[dict[str, Any]]:
    return [{"name": name, "type": "view", "viewQuery": q} for name, q in {**QUERIES, **more}.items()]


@pytest.mark.parametrize("version", ["0.36.9", LATEST])
def test_a_change_is_proven_whatever_the_views_ask_of_the_rows(
    tmp_path: Path, server: ServerFactory, version: str
) -> None:
    running = server(binary_of(version))
    project = Project(tmp_path / "project", posts(*FIELDS, text("body")), PEOPLE, *views())
    project.up(running)
    with project.session(running) as session:
        ada = put(session, "people", name="ada")
        put(session, "posts", title="one", author=ada["id"], year=2026, players=[{"a": 1}], body="kept")
    project.declare(posts(*FIELDS, {"name": "n", "type": "number"}), PEOPLE, *views())
    (name,) = project.up(running).files
    proof = (project.config.migrations / name).read_text(encoding="utf-8").partition("migrate(")[0]
    assert f"up again on PocketBase {version} with 9 rows" in proof
    with project.session(running) as session:
        assert session.target.client.records("per_author")[0]["n"] == 1


def test_what_no_row_can_be_made_for_is_said(tmp_path: Path, server: ServerFactory) -> None:
    picky = {"picky": "SELECT json_extract(players, '$.id') AS id FROM posts"}
    running = server(binary_of(LATEST))
    project = Project(tmp_path / "project", posts(*FIELDS), PEOPLE, *views(**picky))
    project.up(running)
    project.declare(posts(*FIELDS, text("more")), PEOPLE, *views(**picky))
    (name,) = project.generate(running)
    proof = (project.config.migrations / name).read_text(encoding="utf-8").partition("migrate(")[0]
    assert "with 4 rows (none in posts, for the sake of a view)" in proof
