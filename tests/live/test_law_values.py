"""No value is lost on any walk through a history: random files, rows at the edges, edits in between.

A walk is a history of three to six migrations, run up and taken back in any order. The walks are random, but
the same on every run; `POCKETVEX_EXAMPLES=10` tries ten times as many, `POCKETVEX_SEED=7` others.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import pytest
from hypothesis import HealthCheck, Phase, assume, event, given, seed, settings
from hypothesis import strategies as st

from drawn import MOST, _stored, draw_rows, row_id
from grounds import Ground, migration
from pocketvex.diff.compare import compare
from pocketvex.errors import UsageError
from pocketvex.history.shadow import placeholders
from pocketvex.render.migration.one_off import down_step
from pocketvex.schema.model import Schema
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from schemas import build, cyclic, edited, worlds, written

TIMES = float(os.environ.get("POCKETVEX_EXAMPLES", "1"))
SEED = os.environ.get("POCKETVEX_SEED", "")
PHASES = [Phase.generate, *([Phase.shrink] if "POCKETVEX_SHRINK" in os.environ else [])]

NOTHING = (None, "", 0, "[]", '{"lon":0,"lat":0}')
"""What a new column holds."""

Values = dict[tuple[str, str, str], Any]
"""By collection id, field id and record."""


class Step(NamedTuple):
    name: str
    text: str


class History:
    """States, and the files between them, as the shadow has built them."""

    def __init__(self, ground: Ground, draw: Callable[[Any], Any]) -> None:
        world = draw(worlds(ground.version))
        past = [world.copy()]
        self.place = ground.built(build(written(world.copy())))
        self.states = [self.place.schema]
        self.files: list[Step] = []
        shadow = ground.copy(self.place.data_dir)
        for number in range(draw(st.integers(3, 6))):
            again = draw(st.integers(0, 3)) == 0
            after = draw(st.sampled_from(past)).copy() if again else draw(edited(world, ground.version))
            if cyclic(after, world):
                continue
            before = self.states[-1]
            desired = build(written(after, world, before))
            diff = compare(desired, before, version=ground.version)
            assert not diff.ambiguous
            stamp = str(1700000001 + number)
            try:
                text = migration(shadow.settled(diff.operations), stamp)
                shadow.up(text, f"{stamp}_file.js")
            except (UsageError, scratch.MigrationFailed):
                continue  # what no migration does, and what no server takes with empty tables
            self.files.append(Step(f"{stamp}_file.js", text))
            self.states.append(shadow.schema)
            world = after
            past.append(world.copy())
        shutil.rmtree(shadow.data_dir.parent, ignore_errors=True)


class Walk:
    """One database on its way through a history, and what has to be found on it."""

    def __init__(self, ground: Ground, draw: Callable[[Any], Any]) -> None:
        self.draw, self.binary = draw, ground.binary
        self.history = History(ground, draw)
        assume(self.history.files)
        self.data_dir = self.history.place.data_dir
        self.at = 0
        self.told: list[str] = []
        draw_rows(self.data_dir, self.schema, draw)
        self.seen = {0: self.values()}
        """The values of each state since the last edit."""
        self.ever: set[tuple[str, str, str, str]] = set()
        """Collection, record, field, and value: what was taken from somebody who did not overwrite it."""

    @property
    def schema(self) -> Schema:
        return self.history.states[self.at]

    def values(self) -> Values:
        found: Values = {}
        with closing(sqlite3.connect(self.data_dir / "data.db")) as database:
            for collection in self.schema.collections:
                if collection.type == "view" or collection.system:
                    continue
                names = ", ".join(["[id]", *(f"[{field.name}]" for field in collection.fields)])
                for row in database.execute(f"SELECT {names} FROM [{collection.name}]"):
                    for field, value in zip(collection.fields, row[1:], strict=True):
                        found[collection.id, field.id, row[0]] = value
        return found

    def run(self, steps: dict[str, str]) -> bool:
        """Whether they ran: a guard may refuse, and then nothing has happened."""
        before = self.everything()
        try:
            scratch.migrate_up(self.binary, self.data_dir, steps, env=placeholders(steps.values()))
        except scratch.MigrationFailed as error:
            self.told.append(f"  refused: {error.reason[:200]}")
            assert self.everything() == before, "refused, and yet something is changed"
            event("refused")
            return False
        return True

    def everything(self) -> list[str]:
        with closing(sqlite3.connect(self.data_dir / "data.db")) as database:
            return [line for line in database.iterdump() if "_collections" not in line]

    def move(self) -> None:
        target = self.draw(st.integers(0, len(self.history.files)))
        self.told.append(f"{self.at} -> {target}")
        now = self.values()
        if target > self.at:
            done = self.run({f.name: f.text for f in self.history.files[self.at : target]})
        elif target < self.at:
            files = self.history.files[target : self.at][::-1]
            steps = {f"z_{number:03}_{f.name}": down_step(f.name, f.text) for number, f in enumerate(files)}
            done = self.run(steps)
            scratch.forget(self.data_dir, list(steps))
        else:
            return self.edit()
        if not done:
            return None
        event("up" if target > self.at else "down")
        held = {(c, r, f, _text(v)) for (c, f, r), v in now.items() if v not in NOTHING}
        self.ever |= held
        self.at = target
        values = self.values()
        known = self.seen.setdefault(target, values)
        assert _differing(known, values) == [], "not the values of this state"
        self.nothing_is_lost()
        return None

    def edit(self) -> None:
        """Somebody writes into a row, or makes one."""
        tables = [c for c in self.schema.collections if c.type != "view" and not c.system]
        if not tables:
            return
        collection = self.draw(st.sampled_from(tables))
        fields = [f for f in collection.fields if f.name not in ("id", "tokenKey")]
        record = row_id(collection.id, self.draw(st.integers(0, MOST)))
        event("edit")
        with closing(sqlite3.connect(self.data_dir / "data.db")) as database, database:
            there = database.execute(f"SELECT 1 FROM [{collection.name}] WHERE id = ?", [record]).fetchone()
            if not there:
                values = {f.name: self.draw(_stored(f, 9)) for f in collection.fields if f.name != "id"}
                full = {"id": record, **values}
                names, marks = ", ".join(f"[{key}]" for key in full), ", ".join("?" for _ in full)
                text = f"INSERT OR IGNORE INTO [{collection.name}] ({names}) VALUES ({marks})"
                database.execute(text, list(full.values()))
            elif fields:
                field = self.draw(st.sampled_from(fields))
                text = f"UPDATE OR IGNORE [{collection.name}] SET [{field.name}] = ? WHERE id = ?"
                database.execute(text, [self.draw(_stored(field, 9)), record])
                self.told.append(f"  edit {collection.name}.{field.name} of {record}")
                kept = self.in_ledger()
                # What somebody overwrites where it stands is gone by their own hand.
                self.ever = {
                    e for e in self.ever
                    if e[:2] != (collection.id, record) or (e[0], e[1], e[3]) in kept
                }  # fmt: skip
        self.seen = {self.at: self.values()}

    def in_ledger(self) -> set[tuple[str, str, str]]:
        with closing(sqlite3.connect(self.data_dir / "data.db")) as database:
            query = "SELECT 1 FROM sqlite_master WHERE name = '_pv_ledger'"
            if not database.execute(query).fetchone():
                return set()
            rows = database.execute("SELECT collection, record, value FROM _pv_ledger WHERE record != ''")
            return {(c, r, text) for c, r, value in rows for text in _spellings(value)}

    def in_rows(self) -> set[tuple[str, str, str]]:
        """Those of collections that are put away included."""
        found = set()
        with closing(sqlite3.connect(self.data_dir / "data.db")) as database:
            for cid, name, fields in database.execute(
                "SELECT id, name, fields FROM _collections WHERE type != 'view' AND NOT system"
            ).fetchall():
                columns = [f"[{field['name']}]" for field in json.loads(fields)]
                for row in database.execute(f"SELECT id, {', '.join(columns)} FROM [{name}]"):
                    found |= {(cid, row[0], text) for value in row[1:] for text in _spellings(value)}
        return found

    def nothing_is_lost(self) -> None:
        there = self.in_ledger() | self.in_rows()
        lost = [e for e in self.ever if (e[0], e[1], e[3]) not in there]
        assert lost == [], "neither in its row nor in the ledger"


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return repr(int(value))
    return repr(value)


def _spellings(value: Any) -> list[str]:
    """A list of one is as good as the one."""
    found = [_text(value)]
    if isinstance(value, str) and value.startswith("["):
        try:
            items = json.loads(value)
        except ValueError:
            return found
        if isinstance(items, list) and len(items) == 1:
            found.append(_text(items[0]))
    elif isinstance(value, str) and value:
        found += [_text(json.dumps([value], ensure_ascii=False)), _text(json.dumps([value]))]
    return found


def _differing(known: Values, values: Values) -> list[tuple[Any, Any, Any]]:
    return [
        (key, known.get(key), values.get(key))
        for key in known.keys() | values.keys()
        if repr(known.get(key, "not there")) != repr(values.get(key, "not there"))
    ]


def test_no_walk_through_a_history_loses_a_value(
    binary: Binary, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ground = Ground(binary, tmp_path, tmp_path_factory.getbasetemp())

    @seed(crc32(f"walks {binary.version} {SEED}".encode()))
    @settings(
        max_examples=max(1, int(4 * TIMES)), deadline=None, database=None, phases=PHASES,
        suppress_health_check=list(HealthCheck), print_blob=False,
    )  # fmt: skip
    @given(st.data())
    def walks(data: st.DataObject) -> None:
        walk = Walk(ground, data.draw)
        try:
            for _ in range(data.draw(st.integers(4, 10))):
                walk.move()
        except Exception as error:
            files = "\n".join(f.text.partition("// ---- PocketVex")[0] for f in walk.history.files)
            error.add_note("\n".join([*walk.told, files]))
            raise
        finally:
            shutil.rmtree(walk.data_dir.parent, ignore_errors=True)

    walks()
