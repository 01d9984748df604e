"""Fields of accounts that rules rely on, and that their owners may write themselves."""

from __future__ import annotations

from collections.abc import Iterator

from pocketvex.findings import Finding, Part
from pocketvex.lint.conditions import UNTOUCHABLE, auth_field, body_field, finding, ways_of
from pocketvex.rules.check import rules_of
from pocketvex.rules.language import Comparison, FilterError, parse_filter
from pocketvex.rules.narrower import Term
from pocketvex.schema.model import SYSTEM_FIELDS, Collection, Schema
from pocketvex.versions import NEWEST

_NEVER_WRITTEN = ("autodate", "password")


def trust_findings(schema: Schema) -> Iterator[Finding]:
    """Rules by which an owner may set what another rule believes about them."""
    trusted = _trusted(schema)
    for collection in schema.collections:
        if collection.type != "auth":
            continue
        for name in sorted({*trusted.get("", {}), *trusted.get(collection.name, {})}):
            field = collection.field(name)
            if field is None or field.name != name or field.hidden or field.type in _NEVER_WRITTEN:
                continue
            by = trusted.get(collection.name, {}).get(name) or trusted[""][name]
            for rule in ("createRule", "updateRule"):
                yield from _unguarded(collection, rule, name, by)


def _trusted(schema: Schema) -> dict[str, dict[str, str]]:
    """The fields of accounts that rules believe, with the path of one such rule.

    By the collection of the accounts; those that any of them may have, under the empty name.
    """
    found: dict[str, dict[str, str]] = {"": {}}
    for collection in schema.collections:
        for rule, text in rules_of(collection).items():
            own = found.setdefault(collection.name, {}) if rule in ("authRule", "manageRule") else None
            for comparison in _comparisons(text):
                for operand in (comparison.left, comparison.right):
                    path = f"{collection.name}.{rule}"
                    if (name := auth_field(operand)) and name not in UNTOUCHABLE:
                        found[""].setdefault(name, path)
                    elif own is not None and operand.kind == "name" and operand.text[0] != "@":
                        plain = operand.text.partition(".")[0].partition(":")[0]
                        if plain not in SYSTEM_FIELDS["auth"]:
                            own.setdefault(plain, path)
    return found


def _comparisons(rule: str) -> list[Comparison]:
    try:
        return list(parse_filter(rule, NEWEST).comparisons())
    except FilterError:
        return []


def _unguarded(collection: Collection, rule: str, name: str, by: str) -> Iterator[Finding]:
    text = collection.rules()[rule]
    if all(_guarded(term, rule, name) for term in ways_of(text)):
        return
    does = "sign up with any" if rule == "createRule" else "change their own"
    message = f"lets people {does} `{name}`, which {by} trusts: add `@request.body.{name}:isset = false`"
    yield finding("PV703", collection, rule, message, Part(text or "", 0, len(text or "")))


def _guarded(term: Term, rule: str, name: str) -> bool:
    """Whether a way to pass says something about the field, or is not the owner's own."""
    for comparison in term:
        for operand in (comparison.left, comparison.right):
            if body_field(operand) == name or (rule == "createRule" and operand[:2] == ("name", name)):
                return True
            field = auth_field(operand)
            if (field and field not in UNTOUCHABLE) or operand.text.startswith("@collection."):
                return True
            # Somebody whom another record names.
            if operand.kind == "name" and "." in operand.text and operand.text[0] != "@":
                return True
    return False
