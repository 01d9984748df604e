"""Rules that let more people through than they seem to."""

from __future__ import annotations

from collections.abc import Iterator

from pocketvex.findings import Finding, Part
from pocketvex.lint.conditions import (
    SELF,
    body_field,
    finding,
    found_in,
    keeps_guests_out,
    may_be_empty,
    sides,
    ways_of,
)
from pocketvex.rules.check import rules_of
from pocketvex.rules.language import Comparison, FilterError, Operand, parse_filter
from pocketvex.rules.names import Names
from pocketvex.rules.narrower import equivalent, narrower
from pocketvex.schema.model import Collection


def access_findings(collection: Collection, names: Names) -> Iterator[Finding]:
    """What is odd about the rules of one collection, each looked at by itself, and list beside view."""
    for rule, text in rules_of(collection).items():
        yield from _ignored(collection, rule, text, names)
        if rule not in ("authRule", "mfa.rule"):
            yield from _guests(collection, rule, text, names)
    yield from _list_and_view(collection)


def _ignored(collection: Collection, rule: str, text: str, names: Names) -> Iterator[Finding]:
    try:
        found = parse_filter(text, names.version)
    except FilterError:
        return
    for ignored in found.ignored:
        written = text[ignored.start : ignored.end].strip()
        message = f"`{written}` {ignored.what}: the server reads over it"
        if "operator" in ignored.what:
            message = f"`{written}` {ignored.what} is what the server takes"
        yield finding("PV702", collection, rule, message, Part(text, ignored.start, ignored.end))


def _guests(collection: Collection, rule: str, text: str, names: Names) -> Iterator[Finding]:
    seen: set[Comparison] = set()
    for term in ways_of(text):
        if any(keeps_guests_out(comparison, collection, names) for comparison in term):
            continue
        for comparison in sorted(term):
            name = _owner(comparison, collection, rule, names)
            if name and comparison not in seen:
                seen.add(comparison)
                message = (
                    f"a guest passes where `{name}` is empty, because `{SELF}` is empty too: "
                    f"write Rules.owner(…), or add `{SELF} != ''`"
                )
                yield finding("PV704", collection, rule, message, found_in(text, comparison))


def _owner(comparison: Comparison, base: Collection, rule: str, names: Names) -> str:
    """The name that is compared with the requesting account and may be empty, if there is one."""
    if comparison.sign not in ("=", "?="):
        return ""
    for one, other in sides(comparison):
        if one[:2] == ("name", SELF) and other.kind == "name" and _open(other, base, rule, names):
            return other.text
    return ""


def _open(operand: Operand, base: Collection, rule: str, names: Names) -> bool:
    if sent := body_field(operand):
        field = base.field(sent)
        return field is not None and not (rule == "createRule" and field.required)
    # A record that is being made is not found from the other side yet.
    return may_be_empty(operand, base, names, there=rule != "createRule") is True


def _list_and_view(collection: Collection) -> Iterator[Finding]:
    listed, viewed = collection.list_rule, collection.view_rule
    if equivalent(listed, viewed):
        return
    if viewed is None:
        return  # only to be listed
    if narrower(viewed, listed):
        message = (
            "lets more people through than the view rule: the list shows them whole records all the same"
        )
        yield finding("PV705", collection, "listRule", message, Part(listed or "", 0, len(listed or "")))
    elif narrower(listed, viewed) and (listed is not None or viewed == "") and not _own(listed, viewed):
        message = "lets more people through than the list rule: by id, and where a relation is expanded"
        yield finding("PV706", collection, "viewRule", message, Part(viewed or "", 0, len(viewed or "")))


def _own(listed: str | None, viewed: str) -> bool:
    """Whether what the view rule lets through besides are people at records of their own."""
    known = ways_of(listed)
    more = [way for way in ways_of(viewed) if not any(term <= way for term in known)]
    return bool(more) and all(any(_names_me(comparison) for comparison in way) for way in more)


def _names_me(comparison: Comparison) -> bool:
    me = any(one[:2] == ("name", SELF) and other.kind == "name" for one, other in sides(comparison))
    return me and comparison.sign in ("=", "?=")
