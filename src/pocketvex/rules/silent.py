"""What a server takes in silence though it means nothing: names that it looks up only when somebody asks.

`@request.auth.` and `@request.body.` are not looked at when a rule is saved (0.23 to 0.40). What is not there
is empty: `@request.auth.rol != 'banned'` lets everybody through.
"""

from __future__ import annotations

from collections.abc import Iterator

from pocketvex.rules.language import Comparison, Filter, FilterError, Operand, parse_filter
from pocketvex.rules.meaning import OF_ACCOUNTS, Meaning, operands
from pocketvex.rules.names import Refused, Wrong
from pocketvex.schema.fields import RelationField, SelectField
from pocketvex.schema.model import SYSTEM_FIELDS, Collection
from pocketvex.versions import NEWEST

AUTH = "@request.auth."
BODY = "@request.body."
_BESIDE_FIELDS = ("passwordConfirm", "oldPassword")
"""What a request may carry for an account that is no field of it."""


def unknown_accounts_fields(rule: str, base: Collection, meaning: Meaning) -> list[Wrong]:
    """The names behind `@request.auth.` that lead nowhere, whatever account makes the request."""
    found = (_of_account(operand, meaning) for operand in _names(rule) if operand.text.startswith(AUTH))
    return [wrong for wrong in found if wrong]


def unknown_body_fields(rule: str, base: Collection, meaning: Meaning) -> list[Wrong]:
    """The names behind `@request.body.` that are no fields of the collection. A request may carry more."""
    found = (_of_body(operand, base, meaning) for operand in _names(rule) if operand.text.startswith(BODY))
    return [wrong for wrong in found if wrong]


def _names(rule: str) -> list[Operand]:
    read = _read(rule)
    return list(operands(read.comparisons())) if read else []


def _read(rule: str) -> Filter | None:
    try:
        return parse_filter(rule, NEWEST)
    except FilterError:
        return None


def _of_account(operand: Operand, meaning: Meaning) -> Wrong | None:
    path, at = operand.text.removeprefix(AUTH), operand.start + len(AUTH)
    if path.partition(":")[0] in OF_ACCOUNTS:
        return None
    furthest: Refused | None = None
    for account in meaning.accounts:
        try:
            meaning.names.path(path, account, 0)
        except Refused as refused:
            if furthest is None or refused.start > furthest.start:
                furthest = refused
            continue
        return None
    if furthest is None:
        return None
    start = at + furthest.start
    if furthest.start:
        return Wrong(start, start + len(furthest.part), furthest.what, furthest.known, furthest.since)
    word = path.partition(".")[0].partition(":")[0]
    what, known = _no_field(f"no account has a field '{word}'", word, meaning.accounts)
    return Wrong(at, at + len(word), what, known)


def _no_field(what: str, word: str, homes: list[Collection]) -> tuple[str, tuple[str, ...]]:
    fields = [field for home in homes for field in home.fields]
    now = next((field.name for field in fields if field.renamed_from == word), "")
    if now:
        return f"{what}: it is called '{now}' now", ()
    implied = SYSTEM_FIELDS[homes[0].type] if homes else ()
    return what, tuple(dict.fromkeys([*(field.name for field in fields), *implied]))


def _of_body(operand: Operand, base: Collection, meaning: Meaning) -> Wrong | None:
    path, at = operand.text.removeprefix(BODY), operand.start + len(BODY)
    word = path.partition(".")[0].partition(":")[0]
    field = next((field for field in base.fields if field.name == word), None)
    if field is None:
        if word in (*SYSTEM_FIELDS[base.type], *_BESIDE_FIELDS) or meaning.names.is_opaque(base):
            return None
        what, known = _no_field(f"no field '{word}' in {base.name}", word, [base])
        return Wrong(at, at + len(word), what, known)
    if isinstance(field, RelationField) and "." in path:
        try:
            meaning.names.path(path, base, 0)
        except Refused as refused:
            start = at + refused.start
            return Wrong(start, start + len(refused.part), refused.what, refused.known, refused.since)
    return None


def no_choices(rule: str, base: Collection, meaning: Meaning) -> Iterator[tuple[Wrong, bool]]:
    """Comparisons of a select field with a text that is none of its choices, and whether each is always
    false (it is always true where it says `!=`)."""
    read = _read(rule)
    for comparison in read.comparisons() if read else ():
        for one, other in ((comparison.left, comparison.right), (comparison.right, comparison.left)):
            if wrong := _no_choice(comparison, one, other, base, meaning):
                yield wrong, comparison.sign.removeprefix("?") == "="


def _no_choice(
    comparison: Comparison, one: Operand, other: Operand, base: Collection, meaning: Meaning
) -> Wrong | None:
    if comparison.sign.removeprefix("?") not in ("=", "!=") or one.kind != "name" or other.kind != "text":
        return None
    modifier = one.text.rpartition(".")[2].partition(":")[2]
    if modifier not in ("", "each", "lower") or other.text == "" or other.text.startswith("["):
        return None
    fields = meaning.last_field(one, base)
    choices: dict[str, None] = {}
    for field in fields or ():
        if not isinstance(field, SelectField):
            return None
        choices.update(dict.fromkeys(v.lower() if modifier == "lower" else v for v in field.values))
    if not fields or other.text in choices:
        return None
    owner = one.text.removesuffix(f":{modifier}")
    return Wrong(other.start, other.end, f"'{other.text}' is no choice of {owner}", tuple(choices))
