"""What a migration makes of a copy of a server's collections: the copy, and what all its steps need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pocketvex.remote.copied import (
    CannotRun,
    Copied,
    at,
    fail,
    is_named,
    option,
    same,
)
from pocketvex.remote.put_away import away_name, loosened
from pocketvex.remote.work import Check, Work
from pocketvex.steps.migration import Migration

Json = dict[str, Any]


class Kept(NamedTuple):
    """What is known of what PocketBase itself kept, when it ran migrations on this server."""

    columns: frozenset[tuple[str, str]] | None
    """The ids of collection and field of which the ledger holds values; None where nobody can tell."""
    natively: frozenset[str] = frozenset()
    """The ids of the migrations that did not run over HTTP."""


class Outcome(NamedTuple):
    """What a migration makes of a server."""

    before: Sequence[Json]
    after: list[Json]
    work: list[Work]
    checks: list[Check]
    notes: list[str]
    """What the person is to know that reads the plan."""


class Carried:
    """The steps are methods of the classes that are made of it: `on_` and the name of the step."""

    def __init__(
        self,
        migration: Migration,
        way: str,
        raw: Iterable[Json],
        secrets: Iterable[str],
        environ: Mapping[str, str],
        kept: Kept,
    ) -> None:
        self.kept = kept
        self.natively = migration.id in kept.natively
        self.migration = migration
        self.way = way
        self.copied = Copied(raw, migration.collections)
        self.secrets = iter(secrets)
        self.environ = environ
        self.work: list[Work] = []
        self.checks: list[Check] = []
        self.notes: list[str] = []

    def finish(self) -> Outcome:
        for collection in self.copied.collections:
            for field in collection.get("fields") or []:
                if name := field.pop("target", ""):
                    field["collectionId"] = self.copied.collection(name)["id"]
        before = list(self.copied.start.values())
        return Outcome(before, self.copied.collections, self.work, self.checks, self.notes)

    def same_kind(self, field: Json, wanted: Json) -> bool:
        target = wanted.get("target")
        return field["type"] == wanted["type"] and (
            not target or is_named(self.copied.target_of(field), target)
        )

    def expect_field(self, path: str, field: Json, wanted: Json) -> None:
        """A field that is there already has to be the one that is wanted; what the file leaves out is off."""
        if not self.same_kind(field, wanted):
            fail(path, f"is there already, as another {field['type']} field")
        apart = ("id", "name", "type", "help", "system", "target", "collectionId")
        for key in field:
            compared = key not in apart and (key in wanted or field[key] is True)
            if compared and not same(option(field, key), option(wanted, key)):
                fail(path, f"is there already, with {key} {field[key]!r}")

    def guard(self, collection: Json, field: Json, guards: Sequence[Json]) -> None:
        if collection["id"] not in self.copied.start:
            return
        for one in guards:
            if not one.get("broken"):
                raise CannotRun(
                    f"only PocketBase itself can tell which values of {at(collection, field)} {one['says']}"
                )
            self.checks.append(
                Check(collection["id"], field["id"], one["says"], one["broken"], one.get("bound") or {})
            )

    def with_secrets(self, collection: Json, wanted: Sequence[Json] | None = None) -> None:
        """The providers with the secrets that the environment holds; one without a secret is left out."""
        oauth2 = collection.get("oauth2") or {}
        listed = wanted if wanted is not None else oauth2.get("providers")
        if listed is None:
            return
        made = []
        for provider in listed:
            secret = provider.get("clientSecret")
            variable = secret.get("env", "") if isinstance(secret, dict) else ""
            if variable and not self.environ.get(variable):
                self.notes.append(
                    f"{variable} is not set: {provider['name']} is left out of {collection['name']}"
                )
                continue
            made.append({**provider, **({"clientSecret": self.environ[variable]} if variable else {})})
        collection["oauth2"] = {**oauth2, "providers": made}

    def put_away(self, collection: Json, field: Json) -> None:
        if field.get("system"):
            raise CannotRun(f"{at(collection, field)} is one of PocketBase's own fields")
        fields = collection["fields"]
        fields.remove(field)
        if collection["id"] in self.copied.start and self.copied.past(collection, field) is not None:
            fields.append(self.loose(collection, field))

    def loose(self, collection: Json, field: Json) -> Json:
        taken = [f["name"] for f in collection["fields"]]
        taken += [f["name"] for f in self.copied.start.get(collection["id"], {}).get("fields") or []]
        return loosened(field, away_name(self.migration.id, field["name"], taken))
