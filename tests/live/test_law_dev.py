"""No value is lost while `dev`, `up` and `down` take turns, and people write and change their minds.

The walks are random, but the same on every run; `POCKETVEX_EXAMPLES=10` tries ten times as many.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest

from binaries import binary_of
from conftest import ServerFactory
from pocketvex.errors import NotAsIntended, PocketVexError
from pocketvex.server.process import Running
from projects import Json, Project, posts

TIMES = float(os.environ.get("POCKETVEX_EXAMPLES", "1"))
OTHER = {"name": "other", "fields": [{"name": "t", "type": "text"}]}
TYPES = ["text", "number", "json", "date", "editor", "url"]
WORDS = [
    "",
    "one",
    "12",
    "1.50",
    "2026-02-28",
    "2026-02-30",
    "null",
    '["a"]',
    "https://a.example",
    "1e400",
    " 5 ",
]

State = tuple[tuple[str, str], ...]
Cell = tuple[str, str, str]
"""Collection, record, value."""


class Walk:
    def __init__(self, project: Project, running: Running, random: Random) -> None:
        self.project, self.running, self.random = project, running, random
        self.told: list[str] = []
        self.ever: set[Cell] = set()
        self.seen: dict[State, dict[str, Any]] = {}
        self.edited = 0
        self.fields: list[Json] = [{"name": "x", "type": "text"}]
        self.there = True
        self.say()
        project.up(running)
        for number in range(4):
            self.write(f"row{number:012}")
        self.look()

    def say(self) -> None:
        """The code as it is declared now."""
        kept = [posts(*self.fields)] if self.there else []
        self.project.declare(*kept, OTHER)
        self.told.append(f"code: {self.fields if self.there else 'no posts'}")

    def step(self) -> None:
        before = self.cells()
        move = self.random.choice(["code", "code", "code", "up", "up", "dev", "down", "down", "write"])
        if move == "write":
            self.write(f"row{self.random.randrange(6):012}")
            return
        self.told.append(move)
        try:
            match move:
                case "code":
                    self.change()
                    self.project.sync(self.running)
                case "dev":
                    self.project.dev(self.running)
                case "up":
                    self.project.up(self.running)
                case "down":
                    self.project.down(self.running, self.random.choice([1, 1, 2]))
        except NotAsIntended as error:
            # Only a refusal that changed nothing.
            self.told.append(f"  {error.what}: {error.why}")
            assert self.cells() == before, "refused, and yet something is changed"
        except PocketVexError as error:
            self.told.append(f"  {error.what}")
        self.ever |= before
        self.look()

    def change(self) -> None:
        """The code of another moment."""
        match self.random.randrange(5):
            case 0:
                self.fields = [] if self.fields else [{"name": "x", "type": "text"}]
            case 1:
                self.there = not self.there
            case 2 if self.fields:
                old = self.fields[0]["name"]
                new = "y" if old == "x" else "x"
                self.fields = [{**self.fields[0], "name": new, "renamed_from": old}]
            case _:
                name = self.fields[0]["name"] if self.fields else "x"
                self.fields = [{"name": name, "type": self.random.choice(TYPES)}]
        self.say()

    def columns(self, database: sqlite3.Connection) -> Iterator[tuple[str, str, list[Json]]]:
        query = "SELECT id, name, fields FROM _collections WHERE type != 'view' AND NOT system"
        for cid, name, fields in database.execute(query).fetchall():
            yield cid, name, [f for f in json.loads(fields) if f["name"] not in ("id", "title", "t")]

    def cells(self) -> set[Cell]:
        """Every value in a record, those of collections that are put away included."""
        found: set[Cell] = set()
        with closing(sqlite3.connect(self.running.data_dir / "data.db", timeout=20)) as database:
            for cid, name, fields in self.columns(database):
                for field in fields:
                    for record, value in database.execute(f"SELECT id, [{field['name']}] FROM [{name}]"):
                        if value not in (None, "", 0):
                            found.add((cid, record, repr(value)))
        return found

    def write(self, record: str) -> None:
        """Somebody writes, if there is a record to write to."""
        with closing(sqlite3.connect(self.running.data_dir / "data.db", timeout=20)) as database, database:
            for cid, name, fields in list(self.columns(database)):
                if name != "posts":
                    continue
                database.execute("INSERT OR IGNORE INTO posts (id, title) VALUES (?, 't')", [record])
                for field in fields:
                    value: Any = self.random.choice(WORDS)
                    if field["type"] in ("number", "date", "json"):
                        value = {"number": 7.5, "date": "2026-01-01 00:00:00.000Z", "json": '{"a":1}'}[
                            field["type"]
                        ]
                    database.execute(f"UPDATE posts SET [{field['name']}] = ? WHERE id = ?", [value, record])
                    self.told.append(f"write {value!r} to {field['name']} of {record}")
                kept = self.ledger()
                # What stood there is gone by the hand of whoever wrote over it.
                self.ever = {c for c in self.ever if c[:2] != (cid, record) or c in kept}
        self.seen.clear()

    def ledger(self) -> set[Cell]:
        with closing(sqlite3.connect(self.running.data_dir / "data.db", timeout=20)) as database:
            if not database.execute("SELECT 1 FROM sqlite_master WHERE name = '_pv_ledger'").fetchone():
                return set()
            rows = database.execute("SELECT collection, record, value FROM _pv_ledger WHERE record != ''")
            return {(c, r, repr(v)) for c, r, v in rows}

    def look(self) -> None:
        there = self.cells() | self.ledger()
        lost = [cell for cell in self.ever if cell not in there]
        assert lost == [], "neither in its record nor in the ledger"
        state, values = self.state()
        if state:
            known = self.seen.setdefault(state, values)
            assert values == known, "the same columns again, and other values"

    def state(self) -> tuple[State, dict[str, Any]]:
        """The columns of posts by their ids, and what they hold."""
        with closing(sqlite3.connect(self.running.data_dir / "data.db", timeout=20)) as database:
            for _, name, fields in self.columns(database):
                if name == "posts":
                    names = ", ".join(["id", *(f"[{f['name']}]" for f in fields)])
                    rows = {row[0]: row[1:] for row in database.execute(f"SELECT {names} FROM posts")}
                    return tuple((f["id"], f["type"]) for f in fields), rows
        return (), {}


@pytest.mark.parametrize("version", ["0.23.12", "0.40.6"])
def test_no_walk_of_dev_up_and_down_loses_a_value(
    tmp_path: Path, server: ServerFactory, version: str
) -> None:
    for number in range(max(1, int(2 * TIMES))):
        random = Random(f"{version} {number} {os.environ.get('POCKETVEX_SEED', '')}")
        running = server(binary_of(version))
        walk = Walk(Project(tmp_path / f"project{number}"), running, random)
        try:
            for _ in range(8):
                walk.step()
        except AssertionError as error:
            error.add_note("\n".join(walk.told))
            raise
        finally:
            running.stop()
