"""Whether one comparison of a rule implies another: whatever record and account it is tried on.

Tried on 0.23.12 and 0.40.6 (tests/live/test_law_narrower.py). Both sides are in their normal form, the value
that is written out on the right.
"""

from __future__ import annotations

from collections.abc import Container

from pocketvex.rules.language import Comparison, Operand

TURNED = {
    "=": "=", "!=": "!=", ">": "<", ">=": "<=", "<": ">", "<=": ">=",
    "?=": "?=", "?!=": "?!=", "?>": "?<", "?>=": "?<=", "?<": "?>", "?<=": "?>=",
}  # fmt: skip
"""What a sign is when its sides change places; `~` has a side that is searched."""

_AUTH = "@request.auth."
_SELF = f"{_AUTH}id"


def implied(wanted: Comparison, given: Comparison, filled: Container[str] = ()) -> bool:
    """Whether `given` can only be true where `wanted` is.

    `filled` are names of fields that are empty in no record.
    """
    if _is_signed_in(wanted):
        return _needs_an_account(given, filled)
    if wanted.left != given.left:
        return False
    # Of several values, all have to match; with `?` it is enough that one does.
    if given.sign.startswith("?") and not wanted.sign.startswith("?"):
        return False
    signs = wanted.sign.removeprefix("?"), given.sign.removeprefix("?")
    if signs[0] == signs[1] and wanted.right == given.right:
        return True
    return _of_values(*signs, wanted.right, given.right)


def _of_values(wanted: str, given: str, bound: Operand, value: Operand) -> bool:
    """The same name, compared with two values that are written out."""
    if (bound.kind, value.kind) == ("text", "text"):
        # To a column of numbers '1' and '1.0' are one.
        apart = value.text != bound.text and not (_is_number(value.text) and _is_number(bound.text))
        return (wanted, given) == ("!=", "=") and value.text != "" and apart
    if (bound.kind, value.kind) != ("number", "number"):
        return False
    least, most = float(bound.text), float(value.text)
    match wanted, given:
        case (">", ">") | (">=", ">=") | (">=", ">"):
            return most >= least
        case ">", ">=":
            return most > least
        case ("<", "<") | ("<=", "<=") | ("<=", "<"):
            return most <= least
        case "<", "<=":
            return most < least
        case _:
            return False


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_signed_in(comparison: Comparison) -> bool:
    """`@request.auth.id != ''`: true of everybody but a guest."""
    return (
        comparison.left[:2] == ("name", _SELF)
        and comparison.sign in ("!=", "?!=")
        and comparison.right[:2] == ("text", "")
    )


def _needs_an_account(comparison: Comparison, filled: Container[str]) -> bool:
    """Whether it is false of a guest, who has nothing behind `@request.auth.`."""
    if comparison.sign not in ("=", "?="):
        return False
    for one, other in _sides(comparison):
        if one.kind != "name" or not one.text.startswith(_AUTH) or ":" in one.text:
            continue
        if other.kind == "text" and other.text != "":
            return True
        if other.kind == "name" and (other.text == "true" or (one.text == _SELF and other.text in filled)):
            return True
    return False


def _sides(comparison: Comparison) -> tuple[tuple[Operand, Operand], ...]:
    return (comparison.left, comparison.right), (comparison.right, comparison.left)
