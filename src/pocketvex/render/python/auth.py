"""The options of accounts as the attributes of a class: what differs from a new server's, in short forms."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from pocketvex.render.python.fields import duration
from pocketvex.render.python.layout import Expr, Text, call, row, value
from pocketvex.render.python.rules import rule_expr
from pocketvex.schema import auth_options as options
from pocketvex.schema.build import _TEMPLATES, _TOKENS
from pocketvex.schema.declare import snake_case

Values = Mapping[str, Any]

_NAMES = {
    info: name
    for model in vars(options).values()
    if isinstance(model, type) and issubclass(model, options.Group)
    for name in model.model_fields
    for info in (options._alias(name),)
}
"""From the server's spelling to ours."""


_MAILS = frozenset({
    "033d5f76e462", "3fc9931402e1", "4be1316e4725", "622223e363e3", "aef946664f87",
    "b1f661713413", "ba5c60f52c23", "c77f4ca7a9b4", "f0d2308c43f8",
})  # fmt: skip
"""The beginnings of the SHA-256 of every text of a mail that a new server had, 0.23 to 0.40."""


class Accounts(NamedTuple):
    attributes: dict[str, Expr]
    secrets: tuple[str, ...]
    """The environment variables that the secrets are to be read from."""


def accounts(collection: str, stated: Values, usual: Values, *, alone: bool = True) -> Accounts:
    """What an auth collection says beyond `usual`, the options of a new one.

    Secrets are named after their provider, and after the collection as well where it is not `alone` in
    having providers.
    """
    variables = _variables(collection, stated, alone)
    found: dict[str, Expr] = {}
    for key in ("authRule", "manageRule"):
        if key in stated and stated[key] != usual.get(key):
            found[_NAMES[key]] = rule_expr(stated[key])
    groups = {key: _differing(stated.get(key) or {}, usual.get(key) or {}) for key in stated}
    if password := groups.get("passwordAuth"):
        found["password_auth"] = _password(password, stated["passwordAuth"])
    if oauth2 := groups.get("oauth2"):
        found["oauth2"] = _oauth2(oauth2, stated["oauth2"], variables)
    for key in ("mfa", "otp", "authAlert"):
        if group := groups.get(key):
            found[_NAMES[key]] = _switch(group)
    for attribute, names in (("tokens", _TOKENS), ("templates", _TEMPLATES)):
        if named := _named(names, groups):
            found[attribute] = value(named)
    return Accounts(found, tuple(variables.values()) if "oauth2" in found else ())


def _differing(stated: Any, usual: Any) -> dict[str, Any]:
    if not isinstance(stated, dict):
        return {}
    found = {}
    for key, item in stated.items():
        known = usual.get(key)
        alike = item == known or (not item and not known and key in usual) or _is_usual_mail(item)
        if isinstance(item, dict):
            item = _differing(item, known or {})
            alike = not item
        if key in _NAMES and not alike:
            found[key] = item
    return found


def _is_usual_mail(item: Any) -> bool:
    """Whether nobody wrote this text: a collection keeps the one that its server had when it was made."""
    return isinstance(item, str) and sha256(item.encode()).hexdigest()[:12] in _MAILS


def _password(differing: Values, stated: Values) -> Expr:
    if {*differing} == {"enabled"}:
        return repr(differing["enabled"])
    if stated.get("enabled") and stated.get("identityFields"):
        return row(value(name) for name in stated["identityFields"])
    return _spelled(differing)


def _switch(differing: Values) -> Expr:
    return repr(differing["enabled"]) if {*differing} == {"enabled"} else _spelled(differing)


def _oauth2(differing: Values, stated: Values, variables: Mapping[str, str]) -> Expr:
    providers = [_provider(item, variables) for item in stated.get("providers") or ()]
    if stated.get("enabled") and providers and {*differing} <= {"enabled", "providers"}:
        return row(value(provider) for provider in providers)
    if {*differing} == {"enabled"}:
        return repr(differing["enabled"])
    plain = {_NAMES[key]: _spelled_value(key, item) for key, item in differing.items()}
    if "providers" in differing:
        plain["providers"] = providers
    return value(plain)


def _provider(stated: Values, variables: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {"name": stated.get("name", "")}
    for key, item in stated.items():
        if key not in ("name", "clientSecret") and key in _NAMES and item not in ("", None, {}, []):
            found[_NAMES[key]] = item
        if key == "clientId" and found["name"] in variables:
            found["client_secret"] = call("env", [Text(variables[found["name"]])])
    return found


def _variables(collection: str, stated: Values, alone: bool) -> dict[str, str]:
    """The variable of each provider that has a secret, by its name; the code may have named it already."""
    prefix = "" if alone else f"{snake_case(collection)}_"
    providers = (stated.get("oauth2") or {}).get("providers") or ()
    return {p["name"]: _variable(p) or f"{prefix}{p['name']}_CLIENT_SECRET".upper()
            for p in providers if p.get("clientId")}  # fmt: skip


def _variable(provider: Values) -> str:
    secret = provider.get("clientSecret")
    return str(secret.get("env", "")) if isinstance(secret, dict) else ""


def _named(names: Mapping[str, str], groups: Mapping[str, Any]) -> dict[str, Expr]:
    """The groups that are `tokens` or `templates`, by their short names."""
    return {
        short: duration(group["duration"]) if {*group} == {"duration"} else _spelled(group)
        for short, key in names.items()
        if (group := groups.get(key))
    }


def _spelled(group: Values) -> Expr:
    return value({_NAMES[key]: _spelled_value(key, item) for key, item in group.items()})


def _spelled_value(key: str, item: Any) -> Any:
    if key == "duration" and isinstance(item, int):
        return duration(item)
    if isinstance(item, dict):
        return _spelled(item)
    return item
