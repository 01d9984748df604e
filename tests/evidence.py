"""A server brought to a schema, the evidence for the next one, and what the server then refuses."""

from __future__ import annotations

from typing import Any

from pocketvex.api.client import Client
from pocketvex.diff.compare import compare
from pocketvex.diff.simulate import apply_operations, changed_collections
from pocketvex.evidence.facts import Evidence, Fact
from pocketvex.plan.make import NeedsFacts, Plan, make_plan
from pocketvex.schema.build import build_schema
from pocketvex.schema.dictionary import from_dictionary
from pocketvex.schema.model import Schema
from pocketvex.target.count import count_facts
from pocketvex.versions import NEWEST

Json = dict[str, Any]


def row_id(number: int) -> str:
    return f"row{number:012d}"


def schema(collections: list[Json]) -> Schema:
    return build_schema(from_dictionary(collections, lambda *_: None))


def add(client: Client, collection: str, row: Json) -> None:
    answer = client._request("POST", f"/api/collections/{collection}/records", json=row)
    assert answer.ok, (collection, row, answer)


def write(client: Client, wanted: Schema) -> Schema:
    """Bring the server to this schema, and return what it has."""
    raw = client.collections()
    operations = [
        o
        for o in compare(wanted, Schema.from_json(raw), ask=False, version=NEWEST).operations
        if o.collection != "users"
    ]
    if payload := changed_collections(raw, apply_operations(raw, operations)):
        client.import_collections(payload)
    return Schema.from_json(client.collections())


def with_users(desired: Schema, live: Schema) -> Schema:
    """The same, with the `users` that every server is born with."""
    users = live.collection("users")
    assert users is not None
    desired.collections.append(users)
    return desired


def planned(client: Client, version: tuple[int, ...], desired: Schema, live: Schema, **road: Any) -> Plan:
    known: dict[Fact, int | None] = {}
    while isinstance(plan := make_plan(desired, live, facts=known, version=version), NeedsFacts):
        known |= count_facts(client, version, plan.facts, live, **road)
    return plan


def evidence(plan: Plan) -> dict[str, Evidence | None]:
    found = {change.path: change.judgement.evidence for change in plan.changes}
    return found | {question.id.partition(":")[0]: question.evidence for question in plan.questions}


def refused(client: Client, collection: str, rows: int) -> list[str]:
    """The rows that the server refuses to update, although nothing of them changes."""
    ids = []
    for number in range(rows):
        path = f"/api/collections/{collection}/records/{row_id(number)}"
        if not client._request("PATCH", path, json={"o": "x"}).ok:
            ids.append(row_id(number))
    return ids
