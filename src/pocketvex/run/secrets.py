"""Secrets of sign-in providers: they stand in the environment, never in a file or a comparison."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from pocketvex.schema.model import Schema

Json = dict[str, Any]
PROVIDERS = "oauth2.providers"


def missing_secrets(desired: Schema, environ: Mapping[str, str]) -> list[str]:
    """The environment variables that the schema names and that are not set."""
    return [name for _, name in _unset(desired, environ)]


def without_secret(schema: Schema, environ: Mapping[str, str]) -> frozenset[str]:
    """The paths of the lists of providers that cannot be what the schema says, for want of a secret."""
    return frozenset(f"{collection}:{PROVIDERS}" for collection, _ in _unset(schema, environ))


def _unset(desired: Schema, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for collection in desired.collections:
        for provider in _providers(collection.auth):
            if (name := _variable(provider)) and not environ.get(name):
                yield collection.name, name


def late_secrets(desired: Schema, live: Schema, environ: Mapping[str, str]) -> frozenset[str]:
    """The lists of providers that only lack those whose secret was missing once, and is set now."""
    found = set()
    for collection in desired.collections:
        there = live.collection(collection.name)
        if there is None or f"{collection.name}:{PROVIDERS}" in without_secret(desired, environ):
            continue
        known = {provider["name"] for provider in _providers(there.auth)}
        lacking = [p for p in _providers(collection.auth) if p.get("name") not in known]
        if lacking and all(_variable(provider) for provider in lacking):
            found.add(f"{collection.name}:{PROVIDERS}")
    return frozenset(found)


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
