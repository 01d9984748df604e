"""The verdict on a change: is it safe, and what would have to be known to say so?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from pocketvex.diff.compare import Diff
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
from pocketvex.evidence.conversions import conversion
from pocketvex.evidence.duplicates import moved_columns
from pocketvex.evidence.facts import (
    Duplicates,
    Evidence,
    Facts,
    RowCount,
    Unconvertible,
    Violating,
)
from pocketvex.evidence.violations import Limit, all_limits, stricter
from pocketvex.plan.access import access_of_option, access_of_rule, short
from pocketvex.plan.counting import Counting, Missing
from pocketvex.plan.ownership import is_untouched_users
from pocketvex.plan.readers import Readers, told
from pocketvex.plan.references import Uses
from pocketvex.plan.stuck import Stuck
from pocketvex.plan.verdicts import Access, Answer, Judgement, Needs, Verdict
from pocketvex.plan.wording import described, filled_by
from pocketvex.schema.fields import FieldBase
from pocketvex.schema.model import SYSTEM_FIELDS, Schema
from pocketvex.schema.views import normal_query
from pocketvex.versions import Version


class Judge(Counting):
    """Gives the verdicts on the operations of one diff; `facts` are what was counted on `live`."""

    def __init__(
        self,
        diff: Diff,
        live: Schema,
        facts: Facts,
        desired: Schema,
        version: Version,
        kept: Iterable[str] = (),
        by_kind: bool = False,
        migrates: bool = False,
    ) -> None:
        self.stuck = Stuck(live, desired, version)
        super().__init__(live, diff.renamed, facts)
        self.uses = Uses(live, diff, kept)
        self.readers = Readers(self.uses, desired)
        self.by_kind = by_kind
        """For a file, which meets other rows elsewhere: what only the rows make safe is harmless here."""
        self.migrates = migrates
        """Whether a migration can be run, once, for what takes one."""
        self.moved = moved_columns(diff.operations)

    def judge(self, operation: Operation) -> Answer:
        """The verdict on one operation, or the facts that it needs and nobody counted yet."""
        self.nothing = []
        if why := self.stuck.why(operation, self.old_names.get(operation.collection, operation.collection)):
            return Judgement(Verdict.IMPOSSIBLE, "PV504", why)
        try:
            judged = self.verdict(operation)
        except Missing as missing:
            return Needs(missing.facts)
        if self.by_kind and judged.verdict is Verdict.SAFE and judged.code in _BY_KIND:
            judged = judged._replace(verdict=Verdict.HARMLESS)
        quiet = judged.verdict in (Verdict.SAFE, Verdict.HARMLESS)
        return judged._replace(rests_on=tuple(self.nothing)) if quiet and self.nothing else judged

    def verdict(self, operation: Operation) -> Judgement:
        match operation:
            case CreateCollection():
                return Judgement(Verdict.SAFE, "PV101", f"new {operation.definition.type} collection")
            case DropCollection():
                return self.drop_collection(operation)
            case RenameCollection():
                return self.rename(operation.old, "", operation.old)
            case ChangeType():
                what = f"it is {operation.before}, and the code says {operation.after}"
                reason = f"PocketBase cannot change the type of a collection: {what}"
                return Judgement(Verdict.IMPOSSIBLE, "PV501", reason)
            case AddField():
                return self.add_field(operation)
            case DropField():
                return self.drop_field(operation)
            case RenameField():
                at = self.old_names.get(operation.collection, operation.collection)
                judged = self.rename(at, operation.old, operation.old, operation.new)
                there = self.live.get(at.lower())
                return _unless_system(judged, there.field(operation.old) if there else None)
            case ChangeField():
                return self.change_field(operation)
            case ReplaceField():
                what = f"{described(operation.before)} becomes {described(operation.after)}"
                judged = self.replace_field(operation, what)
                judged = self.unless_read(judged, operation.collection, operation.before.name)
                return _unless_system(judged, operation.before)
            case ChangeIndex():
                return self.change_index(operation)
            case ChangeRule():
                if operation.after and (
                    self.uses.renamed_rule(operation.before, operation.collection) == operation.after
                ):
                    return Judgement(Verdict.SAFE, "PV120", _FOLLOWS)
                return access_of_rule(operation.before, operation.after, self.filled(operation.collection))
            case ChangeOption():
                return access_of_option(operation)
            case ChangeQuery():
                return self.change_query(operation)
            case _:
                assert_never(operation)

    def filled(self, collection: str) -> tuple[str, ...]:
        """The fields that are empty in no record. What a view calls `id` may be."""
        there = self.live.get(self.old_names.get(collection, collection).lower())
        return ("id",) if there is not None and there.type != "view" else ()

    def drop_collection(self, operation: DropCollection) -> Judgement:
        users = self.uses.of(operation.collection)
        named = told([], [path for path in users if path in self.uses.touched], users)
        if operation.definition.type == "view":
            verdict = Verdict.UNSAFE if self.uses.staying(operation.collection) else Verdict.HARMLESS
            return Judgement(verdict, "PV202", f"view removed: it holds no data{named}")
        if is_untouched_users(operation.definition):
            named += ": a new server has it again, open to sign-up, until the migration is run there"
        rows = self.rows(operation.collection)
        verdict = Verdict.HARMLESS if rows == 0 else Verdict.UNSAFE
        judged = Judgement(verdict, "PV202", f"collection removed{named}", evidence=Evidence(rows, rows))
        return self.unless_read(judged, operation.collection)

    def drop_field(self, operation: DropField) -> Judgement:
        at = self.old_names.get(operation.collection, operation.collection)
        named = self.uses.of(at, operation.field.name)
        readers = self.readers.staying(at, operation.field.name)
        changed = [path for path in named if path in self.uses.touched]
        what = "field removed" + told(readers, changed, named)
        judged = self.by_values("PV201", operation.collection, operation.field, what)
        judged = self.unless_read(judged, operation.collection, operation.field.name)
        if any(not reader.closes for reader in readers):
            judged = judged._replace(verdict=Verdict.UNSAFE, access=Access.OPENS)
        return _unless_system(judged, operation.field)

    def rename(self, collection: str, field: str, old: str, new: str = "") -> Judgement:
        """A rename is safe together with everything that names the old name, if the code has all of it."""
        staying = [path for path in self.uses.staying(collection, field) if path.endswith(":query")]
        if staying:
            reason = f"renamed from {old}, which {' and '.join(staying)} reads: not in the code"
            return Judgement(Verdict.UNSAFE, "PV120", reason)
        through = self.refusing(collection, field, new) if field else ""
        if through and not self.migrates:
            reason = f"renamed from {old}, which {through}: takes a migration"
            return Judgement(Verdict.UNSAFE, "PV120", reason, by_migration=True)
        return self.renamed(collection, field, old)._replace(by_migration=bool(through))

    def renamed(self, collection: str, field: str, old: str) -> Judgement:
        """A rename as far as rules are concerned."""
        readers = self.readers.staying(collection, field) if field else []
        if lost := [reader.path for reader in readers if reader.lost]:
            reason = f"renamed from {old}, which {' and '.join(lost)} still says: not in the code"
            return Judgement(Verdict.IMPOSSIBLE, "PV711", reason)
        if readers:
            access = Access.SAME if all(reader.closes for reader in readers) else Access.OPENS
            return Judgement(Verdict.SAFE, "PV120", f"renamed from {old}{told(readers, [], [])}", access)
        return Judgement(Verdict.SAFE, "PV120", f"renamed from {old}")

    def refusing(self, collection: str, field: str, new: str) -> str:
        """Because of whom SQLite refuses to rename a column while the views that read it are there."""
        if view := self.uses.through_views(collection, field):
            return f"{view} reads through another view"
        view = self.renamed_in_views(collection, field, new)
        return f"{view} reads through a sub-select" if view else ""

    def renamed_in_views(self, collection: str, old: str, new: str) -> str:
        """A view that does not survive the renaming of a column that it reads."""
        if not any(path.endswith(":query") for path in self.uses.of(collection, old)):
            return ""
        from pocketvex.plan.tables import view_against

        names = {c.name.lower(): c.name for c in self.live.values()}
        return view_against(self.uses.live, names[collection.lower()], old, new)

    def unless_read(self, judged: Judgement, collection: str, field: str = "") -> Judgement:
        """The API refuses to take away what a view reads, or a relation points at."""
        if judged.verdict is not Verdict.HARMLESS:
            return judged
        at = self.old_names.get(collection, collection)
        staying = [
            p for p in self.uses.staying(at, field) if p.endswith(":query") or ("." in p and not field)
        ]
        if not staying:
            return judged
        return judged._replace(verdict=Verdict.UNSAFE)

    def by_values(self, code: str, collection: str, field: FieldBase, what: str) -> Judgement:
        """Unsafe unless no row holds a value."""
        values, rows = self.values(collection, field), self.rows(collection)
        verdict = Verdict.HARMLESS if values == 0 else Verdict.UNSAFE
        return Judgement(verdict, code, what, evidence=Evidence.of_count(values, rows))

    def add_field(self, operation: AddField) -> Judgement:
        field = operation.field
        required = "required " if field.required else ""
        if not field.required and field.backfill is None:
            return Judgement(Verdict.SAFE, "PV101", f"new {field.type} field")
        rows = self.rows(operation.collection)
        if rows == 0:
            code = "PV102" if field.required else "PV101"
            return Judgement(Verdict.SAFE, code, f"new {required}{field.type} field, no rows yet")
        reason = f"a new {required}field: existing rows can no longer be updated"
        if field.backfill is not None:
            reason = f"a new {required}field: a migration fills the rows with {short(field.backfill)}"
        return Judgement(Verdict.UNSAFE, "PV102", reason, evidence=Evidence(rows, rows))

    def replace_field(self, operation: ReplaceField, what: str) -> Judgement:
        """A column made anew keeps the values that convert; where none can, it keeps none."""
        before, after = operation.before, operation.after
        judged = self.by_values("PV301", operation.collection, before, what)
        if judged.verdict is Verdict.HARMLESS and after.required:
            rows = self.rows(operation.collection)
            if rows != 0:
                reason = f"{what}, and is required: {filled_by(after)}"
                return Judgement(Verdict.UNSAFE, "PV301", reason, evidence=Evidence.of_count(rows, rows))
        name = conversion(before, after)
        if judged.verdict is Verdict.HARMLESS:
            return judged
        if name is None:
            return judged._replace(reason=f"{what}: no value converts, and all become empty")
        at = self.old_names.get(operation.collection, operation.collection)
        choices = tuple(after.options().get("values", ()))
        fact = Unconvertible(at, before.name, after.type, name, choices, all_limits(after), after.name)
        found, rows = self.count(fact), self.rows(operation.collection)
        kept = "all values convert" if found == 0 else "what does not convert becomes empty"
        return judged._replace(reason=f"{what}: {kept}", evidence=Evidence.of_count(found, rows))

    def change_field(self, operation: ChangeField) -> Judgement:
        access, code, reasons = Access.SAME, "PV110", []
        for option, (before, after) in operation.changed().items():
            reasons.append(f"{option} {short(before)} → {short(after)}")
            if option in ("hidden", "protected"):
                access = Access.CLOSES if after else Access.OPENS
                code = "PV402" if after else "PV401"
            elif option == "max_select" and before <= 1 < after:
                code, reasons[-1] = "PV111", "one value becomes a list"
            elif option in ("max_size", "mime_types") and operation.after.type == "file":
                reasons[-1] += " (files that are there are not checked again)"
        safe = Judgement(Verdict.SAFE, code, ", ".join(reasons), access)
        broken = stricter(operation.before, operation.after)
        return self.narrowing(operation, broken, safe) if broken else safe

    def narrowing(self, operation: ChangeField, broken: tuple[Limit, ...], safe: Judgement) -> Judgement:
        before, after = operation.before, operation.after
        at = self.old_names.get(operation.collection, operation.collection)
        fact = Violating(at, before.name, before.type, broken, after.name)
        self.ask(RowCount(at), fact)
        rows = self.rows(operation.collection)
        if rows == 0:
            return safe._replace(code="PV203", reason=f"{safe.reason}, no rows yet")
        found = self.count(fact)
        evidence = Evidence.of_count(found, rows)
        reason, code = safe.reason, "PV203"
        if before.multiple and not after.multiple:
            stays = getattr(after, "keep", "last")
            code, reason = "PV204", f"{reason}: a list becomes one value, the {stays} of each list stays"
        if after.required and not before.required and found != 0:
            reason += f"; {filled_by(after)}"
        if found != 0:
            return Judgement(Verdict.UNSAFE, code, reason, safe.access, evidence)
        # A choice that nobody holds goes without a trace.
        only_choices = {limit.option for limit in broken} == {"values"}
        verdict = Verdict.SAFE if only_choices else Verdict.HARMLESS
        return Judgement(verdict, code, reason, safe.access, evidence)

    def change_index(self, operation: ChangeIndex) -> Judgement:
        before, after = operation.before, operation.after
        system = {name.lower() for names in SYSTEM_FIELDS.values() for name in names}
        stuck = before and before.unique and any(c.expr.lower() in system for c in before.columns)
        if before and after and self.uses.renamed_index(operation.collection, before) == after.meaning():
            return Judgement(
                Verdict.UNSAFE if stuck else Verdict.SAFE, "PV206" if stuck else "PV120", _FOLLOWS
            )
        if after is None or stuck:
            if stuck:
                return Judgement(Verdict.UNSAFE, "PV206", "a unique index over a system field")
            return Judgement(Verdict.SAFE, "PV205", "index removed")
        if not after.unique:
            return Judgement(Verdict.SAFE, "PV101", "index")
        columns = self.moved.get(operation.collection, ())
        at = self.old_names.get(operation.collection, operation.collection)
        equals = Duplicates(at, after, tuple(c for c in columns if after.mentions(c.name)))
        if at.lower() in self.live:
            self.ask(RowCount(at), equals)
        rows = self.rows(operation.collection)
        if rows is not None and rows <= 1:
            return Judgement(Verdict.SAFE, "PV103", "unique index, no rows that could be equal")
        found = self.count(equals)
        evidence = Evidence.of_count(found, rows)
        if found is None:
            return Judgement(Verdict.UNSAFE, "PV103", "unique index: rows may be equal", evidence=evidence)
        if found:
            reason = "unique index: the server refuses it while rows are equal"
            return Judgement(Verdict.IMPOSSIBLE, "PV103", reason, evidence=evidence)
        return Judgement(Verdict.SAFE, "PV103", "unique index: no two rows are equal", evidence=evidence)

    def change_query(self, operation: ChangeQuery) -> Judgement:
        name = self.old_names.get(operation.collection, operation.collection)
        view = self.live.get(name.lower())
        renamed = self.uses.renamed_in(operation.before)
        if renamed is not None and normal_query(renamed) == normal_query(operation.after):
            return Judgement(Verdict.SAFE, "PV120", _FOLLOWS)
        read = view is not None and (view.list_rule is not None or view.view_rule is not None)
        access = Access.OPENS if read else Access.SAME
        code = "PV401" if read else "PV404"
        reason = "query changed: what it shows may be read by others" if read else "query changed"
        return Judgement(Verdict.SAFE, code, reason, access)


_BY_KIND = ("PV102", "PV103", "PV203")
"""Codes of changes whose files throw, or fail, where a row stands in the way."""


_FOLLOWS = "follows a rename"


def _unless_system(judged: Judgement, field: FieldBase | None) -> Judgement:
    """The API keeps fields that are marked `system`, also those that somebody made so."""
    if field is None or not field.system or judged.verdict is Verdict.UNSAFE:
        return judged
    return judged._replace(verdict=Verdict.UNSAFE, reason=f"{judged.reason}: a field marked `system`")
