"""The sample and the examples on real servers: accepted whole, and read back as declared."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path
from typing import Any

import httpx
import pytest

from conftest import EMAIL, PASSWORD, ServerFactory
from pocketvex.load.loader import load_schema
from pocketvex.schema.auth import without_secrets
from pocketvex.schema.fields import MODELS, FieldBase
from pocketvex.schema.model import Collection, Schema
from pocketvex.schema.validate import for_server
from pocketvex.schema.views import normal_query
from pocketvex.server.binaries import Binary

ROOT = Path(__file__).parents[2]
PROJECTS = {"sample": ROOT, "blog": ROOT / "examples" / "blog"}


def declared_by(root: Path) -> Schema:
    return load_schema(root, root / "schema", timeout=30).schema


@pytest.fixture(scope="module", params=PROJECTS)
def project(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def desired(project: str) -> Schema:
    return declared_by(PROJECTS[project])


@pytest.fixture
def admin(server: ServerFactory, binary: Binary, desired: Schema) -> Iterator[httpx.Client]:
    """A superuser's client on a fresh server that can have the project's schema."""
    if missing := for_server(desired, tuple(binary.version)):
        pytest.skip(str(missing[0]))
    with httpx.Client(base_url=server(binary).url, timeout=30) as client:
        credentials = {"identity": EMAIL, "password": PASSWORD}
        answer = client.post("/api/collections/_superusers/auth-with-password", json=credentials)
        client.headers["Authorization"] = answer.raise_for_status().json()["token"]
        yield client


def put(admin: httpx.Client, schema: Schema) -> None:
    collections = with_secrets(schema.to_json())
    answer = admin.put("/api/collections/import", json={"collections": collections, "deleteMissing": False})
    assert answer.status_code == 204, answer.text


def with_secrets(value: Any) -> Any:
    """`{"env": NAME}` as the value of a variable would be."""
    match value:
        case {"env": str(name)}:
            return f"the value of {name}"
        case dict():
            return {key: with_secrets(item) for key, item in value.items()}
        case list():
            return [with_secrets(item) for item in value]
    return value


def listed(admin: httpx.Client) -> Schema:
    answer = admin.get("/api/collections", params={"perPage": 1000})
    return Schema.from_json(answer.raise_for_status().json()["items"])


def by_name(schema: Schema) -> list[dict[str, Any]]:
    """The schema without the order of fields: those that a payload leaves out move to the end."""
    collections = schema.to_json()
    for collection in collections:
        collection["fields"].sort(key=itemgetter("name"))
    return collections


def differences(desired: Schema, live: Schema, version: tuple[int, ...]) -> Iterator[str]:
    """What the server has otherwise than it was declared, whatever nobody stated left aside."""
    for collection in desired.with_ids().collections:
        twin = live.collection(collection.name)
        if twin is None:
            yield f"{collection.name} is missing"
            continue
        for what, ours, theirs in (
            ("id", collection.id, twin.id),
            ("type", collection.type, twin.type),
            ("rules", collection.rules(), twin.rules()),
            ("query", normal_query(collection.view_query), normal_query(twin.view_query)),
            ("indexes", meanings(collection), meanings(twin)),
            ("auth", without_secrets(collection.auth), stated(twin.auth, collection.auth)),
        ):
            if ours != theirs:
                yield f"{collection.name}: {what} {ours!r}, live {theirs!r}"
        if collection.type != "view":
            yield from different_fields(collection, twin, version)


def different_fields(collection: Collection, live: Collection, version: tuple[int, ...]) -> Iterator[str]:
    declared = {field.name for field in collection.fields}
    more = {f.name for f in live.fields if f.name not in declared and not live.is_system_field(f.name)}
    if more:
        yield f"{collection.name}: not declared: {more}"
    for field in collection.fields:
        twin = live.field(field.name)
        if twin is None:
            yield f"{collection.name}.{field.name} is missing"
        elif values(field, version) != values(twin, version):
            yield f"{collection.name}.{field.name}: {values(field, version)}, live {values(twin, version)}"


def values(field: FieldBase, version: tuple[int, ...]) -> dict[str, Any]:
    found = {"id": field.id, "type": field.type, **field.options()}
    if version < (0, 37, 0):
        found.pop("help", None)  # older servers drop it
    return found


def meanings(collection: Collection) -> dict[str, object]:
    """The indexes by name, but for those that the server adds by itself."""
    return {i.name: i.meaning() for i in collection.indexes if not collection.is_implied(i)}


def stated(live: Any, declared: Any) -> Any:
    """The part of the live options that the code speaks about."""
    match live, declared:
        case dict(), dict():
            return {key: stated(value, declared[key]) for key, value in live.items() if key in declared}
        case list(), list() if len(live) == len(declared):
            return [stated(*pair) for pair in zip(live, declared, strict=True)]
    return live


def test_a_fresh_server_takes_it_whole(admin: httpx.Client, desired: Schema, binary: Binary) -> None:
    put(admin, desired)
    assert list(differences(desired, listed(admin), tuple(binary.version))) == []


def test_a_second_import_changes_nothing(admin: httpx.Client, desired: Schema) -> None:
    put(admin, desired)
    before = by_name(listed(admin))
    put(admin, desired)
    assert by_name(listed(admin)) == before


def test_what_the_users_of_a_fresh_server_have_already_is_kept(admin: httpx.Client, desired: Schema) -> None:
    """`users` needs no merging: import completes system fields and options that are left out."""
    before = listed(admin).collection("users")
    put(admin, desired)
    after = listed(admin).collection("users")
    assert before is not None
    assert after is not None
    assert {f.name: f for f in after.fields} == {f.name: f for f in before.fields}
    assert {i.meaning() for i in after.indexes} == {i.meaning() for i in before.indexes}
    assert after.auth == before.auth


def test_the_blog_shows_every_field_type() -> None:
    shown = {field.type for c in declared_by(PROJECTS["blog"]).collections for field in c.fields}
    assert shown == set(MODELS)
