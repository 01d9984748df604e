"""The verdict on a change: is it safe, and what would have to be known to say so?"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple, assert_never

from pocketvex.diff.operations import (
    AddField,
    ChangeField,
    ChangeIndex,
    ChangeOption,
    ChangeQuery,
    ChangeRule,
    ChangeType,
    CreateCollection,
    DropCollection,
    DropField,
    Operation,
    RenameCollection,
    RenameField,
    ReplaceField,
)
from pocketvex.plan.facts import Evidence, Fact, Facts, NonZeroCount, RowCount
from pocketvex.schema.fields import FieldBase
from pocketvex.schema.model import SYSTEM_FIELDS, Schema


class Verdict(StrEnum):
    """`safe` cannot lose data or break a row; `harmless` is unsafe by kind, but touches no row here."""

    SAFE = "safe"
    HARMLESS = "harmless here"
    UNSAFE = "unsafe"
    IMPOSSIBLE = "impossible"


class Access(StrEnum):
    SAME = ""
    OPENS = "opens access"
    CLOSES = "closes access"


class Judgement(NamedTuple):
    verdict: Verdict
    code: str
    reason: str
    access: Access = Access.SAME
    evidence: Evidence | None = None


class Needs(NamedTuple):
    """The verdict depends on these facts."""

    facts: tuple[Fact, ...]


Answer = Judgement | Needs


def judge(operation: Operation, live: Schema, old_names: dict[str, str], facts: Facts) -> Answer:
    """The verdict on one operation, or the facts that it needs and `facts` does not hold.

    `old_names` maps the new name of a renamed collection to the name that the rows are counted under.
    """
    return _Judge(live, old_names, facts).judge(operation)


class _Missing(Exception):
    """A fact that is not there yet."""

    def __init__(self, fact: Fact) -> None:
        self.fact = fact


class _Judge:
    def __init__(self, live: Schema, old_names: dict[str, str], facts: Facts) -> None:
        self.live = live
        self.old_names = old_names
        self.facts = facts

    def judge(self, operation: Operation) -> Answer:
        try:
            return self.verdict(operation)
        except _Missing as missing:
            return Needs((missing.fact,))

    def count(self, fact: Fact) -> int | None:
        if fact not in self.facts:
            raise _Missing(fact)
        return self.facts[fact]

    def rows(self, collection: str) -> int | None:
        name = self.old_names.get(collection, collection)
        return self.count(RowCount(name)) if self.live.collection(name) else 0

    def values(self, collection: str, field: FieldBase) -> int | None:
        rows = self.rows(collection)
        if rows == 0:
            return 0
        return self.count(NonZeroCount(self.old_names.get(collection, collection), field.name))

    def verdict(self, operation: Operation) -> Judgement:
        match operation:
            case CreateCollection():
                return Judgement(Verdict.SAFE, "PV101", f"new {operation.definition.type} collection")
            case DropCollection():
                return self.drop_collection(operation)
            case RenameCollection():
                return Judgement(Verdict.SAFE, "PV120", f"renamed from {operation.old}")
            case ChangeType():
                reason = (
                    f"PocketBase cannot turn a {operation.before} collection into a {operation.after} one"
                )
                return Judgement(Verdict.IMPOSSIBLE, "PV501", reason)
            case AddField():
                return self.add_field(operation)
            case DropField():
                return self.by_values("PV201", operation.collection, operation.field, "field removed")
            case RenameField():
                return Judgement(Verdict.SAFE, "PV120", f"renamed from {operation.old}")
            case ChangeField():
                return self.change_field(operation)
            case ReplaceField():
                what = f"{_described(operation.before)} becomes {_described(operation.after)}"
                return self.by_values("PV301", operation.collection, operation.before, what)
            case ChangeIndex():
                return self.change_index(operation)
            case ChangeRule():
                return _access_of_rule(operation.before, operation.after)
            case ChangeOption():
                return _access_of_option(operation)
            case ChangeQuery():
                return self.change_query(operation)
            case _:
                assert_never(operation)

    def drop_collection(self, operation: DropCollection) -> Judgement:
        if operation.definition.type == "view":
            return Judgement(Verdict.HARMLESS, "PV202", "view removed: it holds no data")
        rows = self.rows(operation.collection)
        verdict = Verdict.HARMLESS if rows == 0 else Verdict.UNSAFE
        return Judgement(verdict, "PV202", "collection removed", evidence=Evidence(rows, rows))

    def by_values(self, code: str, collection: str, field: FieldBase, what: str) -> Judgement:
        """Unsafe unless no row holds a value."""
        values, rows = self.values(collection, field), self.rows(collection)
        verdict = Verdict.HARMLESS if values == 0 else Verdict.UNSAFE
        return Judgement(verdict, code, what, evidence=Evidence(values, rows))

    def add_field(self, operation: AddField) -> Judgement:
        if not operation.field.required:
            return Judgement(Verdict.SAFE, "PV101", f"new {operation.field.type} field")
        rows = self.rows(operation.collection)
        if rows == 0:
            return Judgement(Verdict.SAFE, "PV101", f"new required {operation.field.type} field, no rows yet")
        return Judgement(
            Verdict.UNSAFE, "PV102", "a new required field: existing rows can no longer be updated",
            evidence=Evidence(rows, rows),
        )  # fmt: skip

    def change_field(self, operation: ChangeField) -> Judgement:
        access, worst = Access.SAME, Judgement(Verdict.SAFE, "PV110", "")
        reasons = []
        for option, (before, after) in operation.changed().items():
            reason = f"{option} {_short(before)} → {_short(after)}"
            reasons.append(reason)
            if option in ("hidden", "protected"):
                access = Access.CLOSES if after else Access.OPENS
                worst = worst._replace(code="PV402" if after else "PV401")
            elif option == "max_select" and max(before, after) > 1 and min(before, after) <= 1:
                worst = self.one_or_many(operation, before, after)
            elif narrows(operation.before, option, before, after):
                worst = self.narrowing(operation, reason)
        return worst._replace(reason=", ".join(reasons), access=access)

    def one_or_many(self, operation: ChangeField, before: int, after: int) -> Judgement:
        if after > before:
            return Judgement(Verdict.SAFE, "PV111", "one value becomes a list")
        return self.by_values("PV204", operation.collection, operation.before, "a list becomes one value")

    def narrowing(self, operation: ChangeField, reason: str) -> Judgement:
        rows = self.rows(operation.collection)
        if rows == 0:
            return Judgement(Verdict.SAFE, "PV110", reason)
        if operation.after.required and not operation.before.required:
            return Judgement(Verdict.UNSAFE, "PV203", reason, evidence=Evidence(None, rows))
        # What a row leaves empty is not measured against the limits of an optional field.
        judgement = self.by_values("PV203", operation.collection, operation.before, reason)
        if judgement.verdict is Verdict.HARMLESS or operation.before.required:
            return judgement
        return judgement._replace(evidence=Evidence(None, rows))

    def change_index(self, operation: ChangeIndex) -> Judgement:
        before, after = operation.before, operation.after
        system = {name.lower() for names in SYSTEM_FIELDS.values() for name in names}
        stuck = before and before.unique and any(c.expr.lower() in system for c in before.columns)
        if after is None or stuck:
            if stuck:
                return Judgement(Verdict.UNSAFE, "PV206", "a unique index over a system field")
            return Judgement(Verdict.SAFE, "PV205", "index removed")
        same_columns = before is not None and before.unique and before.meaning() == after.meaning()
        if not after.unique or same_columns:
            return Judgement(Verdict.SAFE, "PV101", "index")
        rows = self.rows(operation.collection)
        if rows is not None and rows <= 1:
            return Judgement(Verdict.SAFE, "PV101", "unique index, no rows that could be equal")
        return Judgement(
            Verdict.UNSAFE, "PV103", "unique index: existing rows may be equal", evidence=Evidence(None, rows)
        )

    def change_query(self, operation: ChangeQuery) -> Judgement:
        name = self.old_names.get(operation.collection, operation.collection)
        view = self.live.collection(name)
        read = view is not None and (view.list_rule is not None or view.view_rule is not None)
        access = Access.OPENS if read else Access.SAME
        code = "PV401" if read else "PV404"
        reason = "query changed: what it shows may be read by others" if read else "query changed"
        return Judgement(Verdict.SAFE, code, reason, access)


def narrows(field: FieldBase, option: str, before: Any, after: Any) -> bool:
    """Whether a value that was allowed may not be any more."""
    match option:
        case "required":
            return bool(after)
        case "min" | "min_select":
            return field.type != "password" and bool(_floor(after) > _floor(before))
        case "max" | "max_size" | "max_select":
            if field.type == "password":
                return False
            return bool(_limit(field.type, option, after) < _limit(field.type, option, before))
        case "pattern":
            return bool(after) and field.type != "password"
        case "only_int":
            return bool(after)
        case "only_domains" | "mime_types":
            return bool(after) and not (before and set(before) <= set(after))
        case "except_domains":
            return not set(after) <= set(before)
        case "values":
            return not set(before) <= set(after)
        case _:
            return False


_ZERO_MEANS = {("text", "max"): 5000, ("editor", "max_size"): 5 << 20, ("file", "max_size"): 5 << 20,
               ("json", "max_size"): 1 << 20}  # fmt: skip


def _floor(value: Any) -> Any:
    return float("-inf") if value is None else value


def _limit(type_: str, option: str, value: Any) -> Any:
    """The limit in force: 0 stands for PocketBase's default, nothing for no limit at all."""
    if isinstance(value, str):
        return value or "9999"
    if value is None:
        return float("inf")
    return _ZERO_MEANS.get((type_, option), value) if value == 0 else value


def _access_of_rule(before: str | None, after: str | None) -> Judgement:
    words = f"{rule_words(before)} → {rule_words(after)}"
    if after is None or before == "":
        return Judgement(Verdict.SAFE, "PV402", words, Access.CLOSES)
    return Judgement(Verdict.SAFE, "PV401", words, Access.OPENS)


def rule_words(rule: str | None) -> str:
    """`null` and `""` in words that nobody confuses."""
    return {None: "locked (superusers only)", "": "public (everybody)"}.get(rule, f"`{rule}`")


def _access_of_option(operation: ChangeOption) -> Judgement:
    option, before, after = operation.option, operation.before, operation.after
    words = f"{option} {_short(before)} → {_short(after)}"
    if option in ("authRule", "manageRule"):
        judged = _access_of_rule(before, after)
        return judged._replace(reason=f"{option} {judged.reason}")
    enables = option.endswith(".enabled") and option.split(".")[0] in ("passwordAuth", "oauth2", "otp")
    disables_mfa = option in ("mfa.enabled", "authAlert.enabled") and not after
    if (enables and after) or disables_mfa or option in ("mfa.rule", "oauth2.providers"):
        return Judgement(Verdict.SAFE, "PV401", words, Access.OPENS)
    return Judgement(Verdict.SAFE, "PV403", words)


def _described(field: FieldBase) -> str:
    target = getattr(field, "target", "")
    return f"{field.type} to {target}" if target else field.type


def _short(value: Any) -> str:
    text = "none" if value is None else '""' if value == "" else str(value)
    return text if len(text) <= 60 else text[:57] + "…"
