"""What a single comparison of a rule says about who makes the request."""

from __future__ import annotations

from collections.abc import Iterator

from pocketvex.findings import Finding, Location, Part
from pocketvex.rules.language import Comparison, FilterError, Operand, parse_filter
from pocketvex.rules.names import Names, Refused, Step
from pocketvex.rules.narrower import Term, normal, terms
from pocketvex.schema.model import Collection
from pocketvex.versions import NEWEST

AUTH = "@request.auth."
BODY = "@request.body."
SELF = f"{AUTH}id"
# What nobody can choose for themselves, or what says only that somebody is signed in.
UNTOUCHABLE = ("id", "collectionId", "collectionName", "email", "emailVisibility", "verified")


def ways_of(rule: str | None) -> tuple[Term, ...]:
    """The ways to pass a rule; none for one that is locked or cannot be told, one without condition for
    a public one."""
    if rule is None:
        return ()
    return (frozenset(),) if rule == "" else terms(rule) or ()


def sides(comparison: Comparison) -> Iterator[tuple[Operand, Operand]]:
    """Both orders: one operand, and what it is compared with."""
    yield comparison.left, comparison.right
    yield comparison.right, comparison.left


def auth_field(operand: Operand) -> str:
    """The field of the requesting account that a name begins with, or nothing."""
    if operand.kind != "name" or not operand.text.startswith(AUTH):
        return ""
    return operand.text.removeprefix(AUTH).partition(".")[0].partition(":")[0]


def body_field(operand: Operand) -> str:
    """The field of the request that a name begins with, or nothing."""
    if operand.kind != "name" or not operand.text.startswith(BODY):
        return ""
    return operand.text.removeprefix(BODY).partition(".")[0].partition(":")[0]


def is_empty(operand: Operand) -> bool:
    return operand.text == "" if operand.kind == "text" else operand[:2] == ("name", "null")


def is_literal(operand: Operand) -> bool:
    """A value that is written out, and not the empty one."""
    if operand.kind == "name":
        return operand.text in ("true", "false")
    return operand.kind in ("text", "number") and operand.text != ""


def keeps_guests_out(comparison: Comparison, base: Collection, names: Names) -> bool:
    """Whether a comparison is false for somebody who is not signed in: their fields are all empty."""
    sign = comparison.sign.removeprefix("?")
    for one, other in sides(comparison):
        if not auth_field(one):
            continue
        if sign == "!=" and is_empty(other):
            return True
        if sign not in ("!=", "!~") and is_literal(other):
            return True
        if sign == "=" and other.kind == "name" and may_be_empty(other, base, names) is False:
            return True
    return False


def may_be_empty(operand: Operand, base: Collection, names: Names, *, there: bool = False) -> bool | None:
    """Whether a name may stand for nothing in some record; None where that is not known.

    With `there`, the record is stored: `space.members_via_space` of a member finds that member itself.
    """
    try:
        steps = names.follow(operand.text, base)
    except Refused:
        return None
    before: tuple[Step | None, ...] = (None, *steps)
    for step, last in zip(steps, before, strict=False):
        back_to_itself = there and step.back and last is not None and last == step._replace(back=False)
        if not back_to_itself and (step.back or not (step.field.required or step.field.name == "id")):
            return True
    parts = operand.text.split(".")
    if operand.text.startswith("@") or len(steps) < len(parts):
        return None
    return False


def found_in(rule: str, wanted: Comparison) -> Part:
    """The characters of the rule that a comparison in its normal form was read from."""
    try:
        for comparison in parse_filter(rule, NEWEST).comparisons():
            if normal(comparison) == wanted:
                return Part(rule, comparison.left.start, comparison.right.end)
    except FilterError:
        pass
    return Part(rule, 0, len(rule))


def finding(
    code: str, collection: Collection, path: str, message: str, part: Part | None = None,
    where: Location | None = None,
) -> Finding:  # fmt: skip
    name = f"{collection.name}{path}" if path.startswith("@") else f"{collection.name}.{path}"
    return Finding(name, message, where or collection.source, code, part, "warning")
