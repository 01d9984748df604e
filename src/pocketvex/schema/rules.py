"""Access rules: who may list, view, create, update and delete the records of a collection.

`None` is locked (superusers only) and `""` is public (everybody): they are never the same thing.
"""

from __future__ import annotations

import re
from typing import NamedTuple

Rule = str | None

RULE_NAMES = ("listRule", "viewRule", "createRule", "updateRule", "deleteRule")

_STRINGS = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"")


class Rules(NamedTuple):
    """The five rules of a collection; one that is left out is locked."""

    list: Rule = None
    view: Rule = None
    create: Rule = None
    update: Rule = None
    delete: Rule = None

    @staticmethod
    def public() -> str:
        """Everybody, guests included."""
        return ""

    @staticmethod
    def authenticated() -> str:
        """Everybody who is signed in."""
        return "@request.auth.id != ''"

    @staticmethod
    def owner(field: str) -> str:
        """The record of the auth collection that `field` points at.

        The first half keeps a guest, whose id is empty, from matching records without an owner.
        """
        return f"@request.auth.id != '' && {field} = @request.auth.id"

    @staticmethod
    def role(name: str, field: str = "role") -> str:
        """Whoever has this value in the `role` field of their auth record."""
        escaped = name.replace("\\", "\\\\").replace("'", "\\'")
        return f"@request.auth.{field} = '{escaped}'"

    @staticmethod
    def all(*rules: Rule) -> Rule:
        """Whoever satisfies every one of the rules; one that is locked locks the whole."""
        if any(rule is None for rule in rules):
            return None
        return _joined(" && ", [rule for rule in rules if rule])

    @staticmethod
    def any(*rules: Rule) -> Rule:
        """Whoever satisfies at least one of the rules; one that is public opens the whole."""
        if any(rule == "" for rule in rules):
            return ""
        stated = [rule for rule in rules if rule is not None]
        return _joined(" || ", stated) if stated else None


def _joined(operator: str, rules: list[str]) -> str:
    return rules[0] if len(rules) == 1 else operator.join(_grouped(rule) for rule in rules)


_PLAIN_TEXT = re.compile(r'"[^"\'\\]*"')


def spelled(rule: Rule) -> Rule:
    """The rule with its texts in single quotes, where that is all: the filter language takes both kinds."""
    if rule is None or '"' not in rule:
        return rule
    return _COMMENTS.sub(lambda m: f"'{m[0][1:-1]}'" if _PLAIN_TEXT.fullmatch(m[0]) else m[0], rule)


_COMMENTS = re.compile(rf"({_STRINGS.pattern})|//[^\n]*")


def _grouped(rule: str) -> str:
    # Between parentheses the server takes quotes and parentheses in a comment for real ones.
    rule = _COMMENTS.sub(lambda m: m[0] if m[1] or not re.search(r"['\"()]", m[0]) else "", rule).rstrip(" ")
    bare = _STRINGS.sub("''", rule)
    if not re.search(r"&&|\|\||//", bare):
        return rule
    # A comment would swallow the closing parenthesis.
    return f"({rule}\n)" if "//" in bare else f"({rule})"
