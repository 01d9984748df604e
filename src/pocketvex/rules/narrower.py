"""Whether one rule lets through no more than another, as far as their form proves it.

Comparisons are taken as unknowns, of which one may imply another (`implied`); else only `&&`, `||` and
parentheses count. There is no negation in the language, so that holds for comparisons that SQL finds neither
true nor false, and for rows that are joined on the way: an answer of yes is certain, a no only means that
nothing was proven.
"""

from __future__ import annotations

from collections.abc import Container
from functools import lru_cache
from itertools import product

from pocketvex.rules.implied import TURNED, implied
from pocketvex.rules.language import Comparison, FilterError, Group, Operand, parse_filter
from pocketvex.schema.rules import Rule
from pocketvex.versions import NEWEST, Version

Term = frozenset[Comparison]
"""Comparisons that are enough together, each in its normal form: without its place, spelt in one way."""

_BEFORE = Version(0, 39)
"""A version to which `'a\\\\'` was no whole text: such a rule may mean two things."""
_MAX_TERMS = 512


def narrower(after: Rule, before: Rule, filled: Container[str] = ()) -> bool:
    """Whether surely nobody passes `after` who does not pass `before`; true of equal rules as well.

    `filled` are names of fields that are empty in no record.
    """
    if after is None or before == "":
        return True
    if before is None or after == "":
        return False
    if after == before:
        return True
    ours, theirs = terms(after), terms(before)
    if ours is None or theirs is None:
        return False
    return all(any(_enough(term, wanted, filled) for wanted in theirs) for term in ours)


def _enough(term: Term, wanted: Term, filled: Container[str]) -> bool:
    """Whether who passes all of `term` passes all of `wanted`."""
    return all(
        comparison in term or any(implied(comparison, given, filled) for given in term)
        for comparison in wanted
    )


def equivalent(one: Rule, other: Rule) -> bool:
    """Whether two rules surely let the same people through."""
    if (one is None) != (other is None) or (one == "") != (other == ""):
        return False
    return narrower(one, other) and narrower(other, one)


@lru_cache(1024)
def terms(rule: str) -> tuple[Term, ...] | None:
    """The ways to pass a rule, each a set of comparisons; None where it cannot be read, or has too many.

    A rule of which the server ignores a part counts as unreadable, and so does one that versions read in
    different ways.
    """
    try:
        found, before = parse_filter(rule, NEWEST), parse_filter(rule, _BEFORE)
    except FilterError:
        return None
    if found.ignored or found != before:
        return None
    try:
        return tuple(_ways(found.root))
    except (OverflowError, RecursionError):
        return None


def _ways(part: Comparison | Group) -> list[Term]:
    if isinstance(part, Comparison):
        return [frozenset([normal(part)])]
    options: list[list[list[Term]]] = [[]]
    for number, (join, item) in enumerate(part.parts):
        if join == "||" and number:
            options.append([])
        options[-1].append(_ways(item))
    return _least([term for factors in options for term in _both(factors)])


def normal(comparison: Comparison) -> Comparison:
    """Equal for two comparisons that differ in their place, in which side stands first, and in how a value
    is spelt."""
    left, sign, right = _normal(comparison.left), comparison.sign, _normal(comparison.right)
    if sign in TURNED and (_is_value(left), left) > (_is_value(right), right):
        left, sign, right = right, TURNED[sign], left
    return Comparison(left, sign, right)


def _is_value(operand: Operand) -> bool:
    return operand.kind in ("text", "number") or operand.text in ("null", "true", "false")


def _normal(operand: Operand) -> Operand:
    text = operand.text
    if operand.kind == "number":
        text = repr(float(text))
    elif operand.kind == "name" and text.lower() in ("null", "true", "false"):
        text = text.lower()
    return Operand(operand.kind, text, 0, 0, tuple(map(_normal, operand.args)))


def _both(factors: list[list[Term]]) -> list[Term]:
    found: list[Term] = [frozenset()]
    for factor in factors:
        if len(found) * len(factor) > _MAX_TERMS:
            raise OverflowError
        found = _least([one | other for one, other in product(found, factor)])
    return found


def _least(found: list[Term]) -> list[Term]:
    """Without those that contain another one: they let nobody through whom that one does not."""
    unique = list(dict.fromkeys(found))
    if len(unique) > _MAX_TERMS:
        raise OverflowError
    return [term for term in unique if not any(other < term for other in unique)]
