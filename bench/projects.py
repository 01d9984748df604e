"""The projects that are measured, and the embedded server that each of them has."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import httpx

from pocketvex.schema.build import build_schema
from pocketvex.schema.model import Schema
from pocketvex.server.binaries import find
from pocketvex.server.embedded import acquire

HEAD = "from pocketvex import Base, Rules, field, index\n\n\n"
POSTS = """class Posts(Base):
    title = field.text(required=True, max=200)
    slug = field.text(required=True, unique=True)
    rules = Rules(list=Rules.public(), view=Rules.public())
"""


def posts(more: Iterable[str] = ()) -> str:
    """A module with one collection, and these text fields in it as well."""
    return HEAD + POSTS + "".join(f"    {name} = field.text(max=100)\n" for name in more)


def write_project(folder: Path, modules: dict[str, str]) -> Path:
    (folder / "schema").mkdir(parents=True)
    (folder / "pocketvex.toml").write_text("", encoding="utf-8")
    for name, text in modules.items():
        (folder / "schema" / f"{name}.py").write_text(text, encoding="utf-8")
    return folder


def many_collections(count: int) -> dict[str, str]:
    """One module per collection, ten fields each, a relation to the one before."""
    modules = {}
    for number in range(count):
        fields = "".join(f"    text{i} = field.text(max={100 + i})\n" for i in range(6))
        relation = f'    before = field.relation("things{number - 1}")\n' if number else ""
        modules[f"things{number}"] = (
            f"{HEAD}class Things{number}(Base):\n    title = field.text(required=True)\n{fields}{relation}"
            '    status = field.select("draft", "published", required=True)\n'
            "    created, updated = field.timestamps()\n    rules = Rules(list=Rules.public())\n"
            '    indexes = [index("status", "created DESC")]\n'
        )
    return modules


def large_schema(collections: int, fields: int) -> Schema:
    return build_schema(
        {
            "name": f"c{number}",
            "type": "base",
            "fields": [{"name": f"f{i}", "type": "text", "max": 100 + i} for i in range(fields)],
            "indexes": [f"CREATE INDEX idx_{number} ON c{number} (f0, f1)"],
            "listRule": "f0 != ''",
        }
        for number in range(collections)
    )


class Login(NamedTuple):
    """A server, and a superuser of it."""

    url: str
    email: str
    password: str

    def client(self) -> httpx.Client:
        """One that is logged in."""
        client = httpx.Client(base_url=self.url, timeout=60)
        identity = {"identity": self.email, "password": self.password}
        answer = client.post("/api/collections/_superusers/auth-with-password", json=identity)
        client.headers["Authorization"] = answer.raise_for_status().json()["token"]
        return client


class Server:
    """The embedded server of a project, kept running while it is measured."""

    def __init__(self, project: Path) -> None:
        self._lease = acquire(project / ".pocketvex" / "embedded", find(None))
        self.url = self._lease.url
        self.login = Login(self.url, self._lease.email, self._lease.password)
        self.client = self.login.client()
        self.token = self.client.headers["Authorization"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()
        self._lease.close()

    def collections(self) -> list[dict[str, Any]]:
        answer = self.client.get("/api/collections", params={"perPage": 1000})
        found: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
        return found

    def put(self, collections: list[dict[str, Any]]) -> None:
        body = {"collections": collections, "deleteMissing": False}
        self.client.put("/api/collections/import", json=body).raise_for_status()
