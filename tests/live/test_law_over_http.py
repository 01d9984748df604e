"""What a random history does to random rows over HTTP is what it does natively, or nothing at all.

The histories are random, but the same on every run; `POCKETVEX_EXAMPLES=10` tries ten times as many,
`POCKETVEX_SEED=7` others.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from hypothesis import HealthCheck, Phase, assume, event, given, seed, settings
from hypothesis import strategies as st

from conftest import EMAIL, PASSWORD, ServerFactory
from drawn import draw_rows
from grounds import Ground
from live.test_changes_over_http import _give_superuser
from live.test_law_values import History, Step, Values, _differing
from pocketvex.api.client import Client, Credentials
from pocketvex.diff.compare import compare
from pocketvex.history.shadow import placeholders
from pocketvex.remote.files import migration_of
from pocketvex.render.migration.one_off import down_step
from pocketvex.schema.model import Schema
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from pocketvex.target.carrier import Carrier, Stopped

pytestmark = pytest.mark.wide

TIMES = float(os.environ.get("POCKETVEX_EXAMPLES", "1"))
SEED = os.environ.get("POCKETVEX_SEED", "")
PHASES = [Phase.generate, *([Phase.shrink] if "POCKETVEX_SHRINK" in os.environ else [])]


def values(data_dir: Path, schema: Schema) -> Values:
    """What stands in the columns of a state, by the ids of collection and field, and by the record."""
    found: Values = {}
    with closing(sqlite3.connect(data_dir / "data.db")) as database:
        for collection in schema.collections:
            if collection.type == "view" or collection.system:
                continue
            names = ", ".join(["[id]", *(f"[{field.name}]" for field in collection.fields)])
            for row in database.execute(f"SELECT {names} FROM [{collection.name}]"):
                for field, value in zip(collection.fields, row[1:], strict=True):
                    found[collection.id, field.id, row[0]] = value
    return found


class Twins:
    """One database twice: files run on one of them natively, and on the other over HTTP."""

    def __init__(self, ground: Ground, history: History, server: ServerFactory, template: Path) -> None:
        self.binary = ground.binary
        self.history = history
        self.native = history.place
        self.remote = ground.copy(history.place.data_dir)
        _give_superuser(self.remote, template)
        self.running = server(ground.binary, data_dir=self.remote.data_dir)
        self.client = Client(self.running.url, Credentials(email=EMAIL, password=PASSWORD))
        texts = [file.text for file in history.files]
        self.carrier = Carrier(
            self.client, ground.binary.version, placeholders(texts), lambda _: None, pause=True
        )
        self.told: list[str] = []

    def close(self) -> None:
        self.client.close()
        self.running.halt()
        for place in (self.native, self.remote):
            shutil.rmtree(place.data_dir.parent, ignore_errors=True)

    def step(self, number: int, way: str) -> bool:
        """Run one file both ways; False where HTTP refuses it, and then nothing has changed there."""
        file = self.history.files[number]
        before, after = self.history.states[number], self.history.states[number + 1]
        if way == "down":
            before, after = after, before
        was = self.seen(before)
        ran = self.natively(file, way)
        try:
            self.carrier.run([(file.name, migration_of(file.name, file.text, {}))], way)
        except Stopped as error:
            self.told.append(f"{way} {file.name} refused: {error.reason[:300]}")
            event(f"{way} refused, natively {'not' if ran else 'too'}: {error.reason[:60]}")
            assert self.seen(before) == was, "refused, and yet something is changed"
            return False
        self.told.append(f"{way} {file.name}")
        event(f"{way} by both")
        assert ran, "natively it is refused"
        assert self.left(after) == []
        same = _differing(values(self.native.data_dir, after), values(self.remote.data_dir, after))
        assert same == [], "natively, and over HTTP"
        return True

    def natively(self, file: Step, way: str) -> bool:
        steps = {file.name: file.text}
        if way == "down":
            steps = {f"z_{file.name}": down_step(file.name, file.text)}
        try:
            scratch.migrate_up(self.binary, self.native.data_dir, steps, env=placeholders(steps.values()))
        except scratch.MigrationFailed as error:
            self.told.append(f"  natively refused: {error.reason[:200]}")
            return False
        if way == "down":
            scratch.forget(self.native.data_dir, [*steps])
        return True

    def left(self, wanted: Schema) -> list[str]:
        there = Schema.from_json(self.client.collections())
        return [o.path for o in compare(wanted, there, version=self.binary.version, ask=False).operations]

    def seen(self, state: Schema) -> tuple[list[str], Values]:
        return self.left(state), values(self.remote.data_dir, state)


def test_a_random_history_over_http_is_what_it_is_natively(
    binary: Binary,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    server: ServerFactory,
    template: Callable[[Binary], Path],
) -> None:
    ground = Ground(binary, tmp_path, tmp_path_factory.getbasetemp())

    @seed(crc32(f"over http {binary.version} {SEED}".encode()))
    @settings(
        max_examples=max(1, int(3 * TIMES)), deadline=None, database=None, phases=PHASES,
        suppress_health_check=list(HealthCheck), print_blob=False,
    )  # fmt: skip
    @given(st.data())
    def histories(data: st.DataObject) -> None:
        history = History(ground, data.draw)
        assume(history.files)
        draw_rows(history.place.data_dir, history.states[0], data.draw)
        twins = Twins(ground, history, server, template(binary))
        try:
            walk(twins, data.draw)
        except Exception as error:
            files = "\n".join(f.text.partition("// ---- PocketVex")[0] for f in history.files)
            error.add_note("\n".join([str(twins.remote.data_dir), *twins.told, files]))
            raise
        finally:
            twins.close()

    histories()


def walk(twins: Twins, draw: Callable[[Any], Any]) -> None:
    """Up, some of them down, and up again, as far as HTTP runs them."""
    ran = 0
    for _ in range(2):
        while ran < min(3, len(twins.history.files)):
            if not twins.step(ran, "up"):
                return
            ran += 1
        for _ in range(draw(st.integers(1, ran))):
            if not twins.step(ran - 1, "down"):
                return
            ran -= 1
