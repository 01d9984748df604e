"""What a random history does to random rows over HTTP is what it does natively, or nothing at all.

The histories are random, but the same on every run; `POCKETVEX_EXAMPLES=10` tries ten times as many,
`POCKETVEX_SEED=7` others.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from hypothesis import HealthCheck, Phase, assume, event, given, seed, settings
from hypothesis import strategies as st

from conftest import EMAIL, PASSWORD, ServerFactory
from drawn import draw_rows
from grounds import Built, Ground
from live.test_changes_over_http import _give_superuser
from live.test_law_values import History, Step, Values, _differing
from pocketvex.api.client import Client, Credentials
from pocketvex.diff.compare import compare
from pocketvex.history.shadow import placeholders
from pocketvex.remote.files import migration_of
from pocketvex.remote.record import Entry
from pocketvex.render.migration.one_off import down_step
from pocketvex.schema.model import Schema
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from pocketvex.target.carrier import Carrier, Stopped

pytestmark = pytest.mark.wide

TIMES = float(os.environ.get("POCKETVEX_EXAMPLES", "1"))
SEED = os.environ.get("POCKETVEX_SEED", "")
PHASES = [Phase.generate, *([Phase.shrink] if "POCKETVEX_SHRINK" in os.environ else [])]

CANNOT = (
    "only PocketBase itself", "PocketBase's own", "was kept by PocketBase itself", "PocketBase itself ran it",
    "no file by its name", "gives its name to another collection", "longer than the server takes",
    "cannot be written",
)  # fmt: skip
"""What a refusal says of what PocketBase itself can run, and HTTP cannot."""


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
        self.by_itself: set[str] = set()
        """The files that PocketBase itself ran on the server of HTTP."""

    def close(self) -> None:
        self.client.close()
        self.running.halt()
        for place in (self.native, self.remote):
            shutil.rmtree(place.data_dir.parent, ignore_errors=True)

    def step(self, number: int, way: str, count: int = 1, native: bool = False) -> bool:
        """Run files on both; False where the other road refuses one, and then that one has changed nothing.

        `native`: PocketBase itself runs them on the other server as well, whatever ran there over HTTP.
        """
        files = self.history.files[number : number + count]
        states = self.history.states[number : number + count + 1]
        if way == "down":
            files, states = files[::-1], states[::-1]
        was = self.seen(states[0])
        ran, why = (self.on_the_other if native else self.over_http)(files, way)
        both = self.natively(self.native, files[:ran], way)
        self.told.append(f"{way} {count} {'natively' if native else 'over HTTP'}: {ran} {why[:300]}")
        if not both:
            # In one import, what a file in between does not allow is nothing that happens.
            assert ran > 1, "natively it is refused"
            event("a batch passes where one by one does not")
            return False
        if not ran:
            assert self.seen(states[0]) == was, "refused, and yet something is changed"
        else:
            assert self.left(states[ran]) == []
            twins = [values(place.data_dir, states[ran]) for place in (self.native, self.remote)]
            assert _differing(*twins) == [], "natively, and over HTTP"
            event(f"{way} by both")
        if ran < len(files):
            too = not self.natively(self.native, files[ran : ran + 1], way)
            event(f"{way} refused, natively {'too' if too else 'not'}: {why[:60]}")
            assert too or any(text in why for text in CANNOT), why
            return False
        return True

    def over_http(self, files: Sequence[Step], way: str) -> tuple[int, str]:
        """How many ran, and why no more did."""
        self.carrier.found = [
            Entry(file.name, migration_of(file.name, file.text, {}).id, natively=True)
            for file in self.history.files
            if file.name in self.by_itself
        ]
        migrations = [(file.name, migration_of(file.name, file.text, {})) for file in files]
        try:
            self.carrier.run(migrations, way)
        except Stopped as error:
            return len(error.ran), error.reason
        finally:
            self.by_itself -= {file.name for file in files}
        return len(files), ""

    def on_the_other(self, files: Sequence[Step], way: str) -> tuple[int, str]:
        self.running.halt()
        ran = self.natively(self.remote, files, way)
        self.running.start()
        if ran and way == "up":
            self.by_itself |= {file.name for file in files}
        elif ran:
            self.by_itself -= {file.name for file in files}
        return (len(files), "") if ran else (0, self.told.pop())

    def natively(self, place: Built, files: Sequence[Step], way: str) -> bool:
        steps = {file.name: file.text for file in files}
        if way == "down":
            steps = {f"z_{n}_{f.name}": down_step(f.name, f.text) for n, f in enumerate(files)}
        try:
            scratch.migrate_up(self.binary, place.data_dir, steps, env=placeholders(steps.values()))
        except scratch.MigrationFailed as error:
            self.told.append(f"  natively refused: {error.reason[:200]}")
            return False
        if way == "down":
            scratch.forget(place.data_dir, [*steps])
        return True

    def left(self, wanted: Schema) -> list[str]:
        there = Schema.from_json(self.client.collections())
        return [o.path for o in compare(wanted, there, version=self.binary.version, ask=False).operations]

    def seen(self, state: Schema) -> tuple[list[str], Values]:
        return self.left(state), values(self.remote.data_dir, state)


@pytest.mark.parametrize("walk", ["one by one", "at once", "roads mixed"])
def test_a_random_history_over_http_is_what_it_is_natively(
    walk: str,
    binary: Binary,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    server: ServerFactory,
    template: Callable[[Binary], Path],
) -> None:
    ground = Ground(binary, tmp_path, tmp_path_factory.getbasetemp())

    @seed(crc32(f"over http, {walk} {binary.version} {SEED}".encode()))
    @settings(
        max_examples=max(1, int(2 * TIMES)), deadline=None, database=None, phases=PHASES,
        suppress_health_check=list(HealthCheck), print_blob=False,
    )  # fmt: skip
    @given(st.data())
    def histories(data: st.DataObject) -> None:
        history = History(ground, data.draw)
        assume(history.files)
        draw_rows(history.place.data_dir, history.states[0], data.draw)
        twins = Twins(ground, history, server, template(binary))
        try:
            WALKS[walk](twins, data.draw)
        except Exception as error:
            files = "\n".join(f.text.partition("// ---- PocketVex")[0] for f in history.files)
            error.add_note("\n".join([str(twins.remote.data_dir), *twins.told, files]))
            raise
        finally:
            twins.close()

    histories()


def one_by_one(twins: Twins, draw: Callable[[Any], Any]) -> None:
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


def at_once(twins: Twins, draw: Callable[[Any], Any]) -> None:
    """As one command brings them: all of them up, all of them down, and up again."""
    many = min(3, len(twins.history.files))
    for way in ("up", "down", "up"):
        if not twins.step(0, way, many):
            return


def roads_mixed(twins: Twins, draw: Callable[[Any], Any]) -> None:
    """Each file on one of the two roads, and back on one of the two."""
    many = min(3, len(twins.history.files))
    for way, numbers in (("up", range(many)), ("down", range(many)[::-1]), ("up", range(many))):
        for number in numbers:
            native = draw(st.booleans())
            if not twins.step(number, way, native=native):
                return


WALKS = {"one by one": one_by_one, "at once": at_once, "roads mixed": roads_mixed}
