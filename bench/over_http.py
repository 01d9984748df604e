"""Migrations on a server that only HTTP reaches: a small file, and 100,000 rows converted."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bench.measure import Line, command, in_turn, milliseconds
from bench.projects import write_project
from pocketvex.evidence.conversions import CONVERSIONS
from pocketvex.server.binaries import find
from pocketvex.server.process import Running, create_superuser
from pocketvex.store.config import load_config
from pocketvex.store.hosts import Host, Login
from pocketvex.target.over_http import OverHttp
from pocketvex.target.rehearsal import rehearsed_on
from pocketvex.target.session import Session, connect

EMAIL, PASSWORD = "bench@example.com", "password1234"
ROWS = 100_000
_MODULE = """from pocketvex import Base, field


class Posts(Base):
    title = field.text()
    price = field.{price}()
"""


def over_http(folder: Path) -> list[Line]:
    project = write_project(folder / "over_http", {"posts": _MODULE.format(price="text")})
    command("migrate", "generate", "start", cwd=project)
    (project / "schema" / "posts.py").write_text(_MODULE.format(price="text") + "    more = field.text()\n")
    command("migrate", "generate", "more", cwd=project)
    (project / "schema" / "posts.py").write_text(_MODULE.format(price="number") + "    more = field.text()\n")
    command("migrate", "generate", "convert", cwd=project)
    start, more, convert = (
        {path.name: path.read_text(encoding="utf-8")}
        for path in sorted((project / "pb_migrations").glob("*.js"))
    )
    with _server(project, folder / "pb_data") as session:
        road = OverHttp(session, {}, ())
        road.run(start)
        target = session.target

        def begin() -> None:
            with rehearsed_on(session.binary, target.fetch(), project / ".pocketvex" / "rehearsal"):
                pass

        took = in_turn(
            {"up": lambda: road.run(more), "begin": begin, "down": lambda: road.take_back(more)}, rounds=7
        )
        road.run(more)
        _fill(folder / "pb_data")
        target.refresh()
        converted = milliseconds(lambda: road.run(convert))
        by_hand = CONVERSIONS["asNumber"].replace("[[value]]", "`title`")
        hand = milliseconds(lambda: target.client.sql(f"UPDATE `posts` SET `price` = {by_hand}"))
    beyond = took["up"] - took["begin"]
    return [
        Line(
            "one small file over HTTP, rehearsed", took["up"], "the rehearsal's server", took["begin"],
            "0.6 s more", beyond <= 600,
        ),
        Line(
            f"{ROWS:,} rows converted over HTTP, rehearsed", converted, "the same SQL by hand", hand,
            "3 s", converted <= 3000,
        ),
    ]  # fmt: skip


@contextmanager
def _server(project: Path, data: Path) -> Iterator[Session]:
    shutil.rmtree(data, ignore_errors=True)
    binary = find(None)
    create_superuser(binary, data, EMAIL, PASSWORD)
    with Running(binary, data) as running:
        login = Login(email=EMAIL, password=PASSWORD)
        host = Host("production", running.url, local=False, binary=binary.path, login=login)
        with connect(load_config(project), host) as session:
            yield session


def _fill(data: Path) -> None:
    with closing(sqlite3.connect(data / "data.db", timeout=30)) as database, database:
        rows = ((f"id{number:013}", str(number), f"{number}.5") for number in range(ROWS))
        database.executemany("INSERT INTO posts (id, title, price) VALUES (?, ?, ?)", rows)
