"""Secrets of sign-in providers: they stand in the environment, never in a file or a comparison."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

from pocketvex.diff.operations import ChangeOption, Operation
from pocketvex.plan.changes import Change, Plan
from pocketvex.plan.verdicts import Verdict
from pocketvex.schema.declare import snake_case
from pocketvex.schema.model import Collection, Schema

Json = dict[str, Any]
PROVIDERS = "oauth2.providers"


def missing_secrets(desired: Schema, live: Schema, environ: Mapping[str, str]) -> list[str]:
    """The environment variables that are not set, and without which a provider is not on the server."""
    return [
        name
        for collection, provider, name in unset_secrets(desired, environ)
        if not _has(live, collection, provider)
    ]


def without_secret(schema: Schema, environ: Mapping[str, str]) -> frozenset[str]:
    """The paths of the lists with a provider whose secret is not set here."""
    return frozenset(f"{collection}:{PROVIDERS}" for collection, _, _ in unset_secrets(schema, environ))


def leaving_out(schema: Schema, desired: Schema, live: Schema, environ: Mapping[str, str]) -> Schema:
    """The schema without the providers that cannot be on the server: the code names a secret for them that
    is not set. Of those that the server has, everything else is compared."""
    missing = {(c, p) for c, p, _ in unset_secrets(desired, environ) if not _has(live, c, p)}
    if not missing:
        return schema

    def left(collection: Collection) -> Collection:
        providers = _providers(collection.auth)
        kept = [p for p in providers if (collection.name, str(p.get("name"))) not in missing]
        if len(kept) == len(providers):
            return collection
        auth = {**collection.auth, "oauth2": {**collection.auth["oauth2"], "providers": kept}}
        return collection.model_copy(update={"auth": auth})

    return schema.model_copy(update={"collections": [left(c) for c in schema.collections]})


def unset_in(operation: Operation, environ: Mapping[str, str]) -> list[str]:
    """The secrets without which a list of providers cannot be written over the API.

    It takes the whole list, and keeps the secrets of the old one by their places or not at all: a migration
    finds them by the names of the providers.
    """
    if not isinstance(operation, ChangeOption) or operation.option != PROVIDERS:
        return []
    names = [_variable(provider) for provider in operation.after or ()]
    return [name for name in names if name and not environ.get(name)]


def waiting_for_secrets(plan: Plan, environ: Mapping[str, str]) -> Plan:
    """The plan in which such a list waits for its secrets, or for a migration."""

    def judged(change: Change) -> Change:
        unset = unset_in(change.operation, environ)
        if not unset:
            return change
        reason = f"{change.judgement.reason} (not over the API while {' and '.join(unset)} is not set)"
        return replace(change, judgement=change.judgement._replace(verdict=Verdict.UNSAFE, reason=reason))

    return replace(plan, changes=tuple(map(judged, plan.changes)))


def unset_secrets(desired: Schema, environ: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Collection, provider, and the variable that is not set."""
    for collection in desired.collections:
        for provider in _providers(collection.auth):
            if (name := _variable(provider)) and not environ.get(name):
                yield collection.name, str(provider.get("name")), name


def _has(live: Schema, collection: str, provider: str) -> bool:
    there = live.collection(collection)
    return there is not None and any(p.get("name") == provider for p in _providers(there.auth))


def late_secrets(desired: Schema, live: Schema, environ: Mapping[str, str]) -> frozenset[str]:
    """The lists of providers that only lack those whose secret was missing once, and is set now."""
    found = set()
    for collection in leaving_out(desired, desired, live, environ).collections:
        there = live.collection(collection.name)
        if there is None:
            continue
        lacking = [
            p for p in _providers(collection.auth) if not _has(live, collection.name, str(p.get("name")))
        ]
        if lacking and all(_variable(provider) for provider in lacking):
            found.add(f"{collection.name}:{PROVIDERS}")
    return frozenset(found)


def naming_secrets(live: Schema, desired: Schema) -> Schema:
    """A server's schema with the variable of each provider's secret, which no server tells: the one that the
    code names, or the one that `pull` would."""
    copy = live.model_copy(deep=True)
    alone = sum(bool(_providers(collection.auth)) for collection in copy.collections) == 1
    for collection in copy.collections:
        declared = desired.collection(collection.name)
        said = {p.get("name"): _variable(p) for p in (_providers(declared.auth) if declared else ())}
        prefix = "" if alone else f"{snake_case(collection.name)}_"
        for provider in _providers(collection.auth):
            usual = f"{prefix}{provider['name']}_CLIENT_SECRET".upper()
            provider["clientSecret"] = {"env": said.get(provider["name"]) or usual}
    return copy


def with_secrets(payload: Sequence[Json], now: Sequence[Json], environ: Mapping[str, str]) -> list[Json]:
    """The payload of an import with the secrets that the environment holds.

    A provider without one is left out. A list of providers that is what the server has (`now`) is not sent
    at all: up to 0.39 secrets are merged by position, and 0.40.0 wants all of them again.
    """
    known = {item["id"]: item for item in now}
    return [_with_secrets(item, known.get(item["id"]), environ) for item in payload]


def _with_secrets(item: Json, before: Json | None, environ: Mapping[str, str]) -> Json:
    providers = _providers(item)
    if not providers:
        return item
    oauth2 = deepcopy(item["oauth2"])
    if before is not None and _providers(before) == providers:
        del oauth2["providers"]
        return {**item, "oauth2": oauth2}
    oauth2["providers"] = []
    for provider in providers:
        if name := _variable(provider):
            if not environ.get(name):
                continue
            provider = {**provider, "clientSecret": environ[name]}
        oauth2["providers"].append(provider)
    return {**item, "oauth2": oauth2}


def _providers(options: Mapping[str, Any]) -> list[Json]:
    return list((options.get("oauth2") or {}).get("providers") or ())


def _variable(provider: Mapping[str, Any]) -> str:
    secret = provider.get("clientSecret")
    return str(secret.get("env", "")) if isinstance(secret, dict) else ""
