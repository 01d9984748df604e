"""What holds for any two schemas, on real servers of every version, with rows in the tables.

The pairs are random, but the same on every run. `POCKETVEX_EXAMPLES=10` tries ten times as many, and
`POCKETVEX_SHRINK=1` looks for a small example of what fails.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from hypothesis import HealthCheck, Phase, assume, event, given, seed, settings
from hypothesis import strategies as st

from conftest import EMAIL, PASSWORD
from drawn import draw_rows
from grounds import SECOND, Between, Built, Ground, comparable, migration, with_words
from pocketvex.api.client import Client, Credentials
from pocketvex.diff.compare import compare
from pocketvex.diff.operations import Operation, RenameField, ReplaceField
from pocketvex.diff.simulate import apply_operations, changed_collections
from pocketvex.errors import NotAsIntended
from pocketvex.evidence.facts import Fact
from pocketvex.plan.changes import Change
from pocketvex.plan.make import Plan, make_plan
from pocketvex.plan.verdicts import Verdict
from pocketvex.proof.prove import prove
from pocketvex.proof.values import lost, surviving
from pocketvex.render.python.modules import render_python
from pocketvex.schema.fields import FieldBase
from pocketvex.schema.model import Collection, Schema
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running
from pocketvex.server.scratch import MigrationFailed
from pocketvex.target.count import count_in_file
from pocketvex.target.write import write_changes
from projects import Project
from pulled import declared_by
from schemas import build, cyclic, edited, worlds, written
from stored import insert_rows, insert_superuser, read_values

Json = dict[str, Any]
TIMES = float(os.environ.get("POCKETVEX_EXAMPLES", "1"))
PHASES = [Phase.generate, *([Phase.shrink] if "POCKETVEX_SHRINK" in os.environ else [])]
"""A smaller example of what fails takes minutes to find: only where somebody asks."""


@pytest.fixture
def ground(binary: Binary, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return Ground(binary, tmp_path, tmp_path_factory.getbasetemp())


class Pair:
    """A database with a first schema, and a second schema that the code asks for."""

    def __init__(self, ground: Ground, draw: Callable[[Any], Any]) -> None:
        self.draw = draw
        world = draw(worlds(ground.version))
        after = draw(edited(world, ground.version))
        by_id = draw(st.booleans())
        assume(by_id or not cyclic(after, world))
        self.place = ground.built(build(written(world.copy())))
        self.before = self.place.schema
        self.desired = build(written(after, world, self.before if by_id else None))
        diff = compare(self.desired, self.before, version=ground.version)
        assert not diff.ambiguous
        self.operations = diff.operations
        self.settled = self.place.settled(diff.operations)
        self.after = self.settled.after
        for kind in {operation.kind for operation in diff.operations}:
            event(kind)

    @property
    def operations_in_words(self) -> str:
        return "\n".join(f"{operation.kind} {operation.path}" for operation in self.operations)

    @property
    def file(self) -> str:
        return migration(self.settled)


def for_pairs(ground: Ground, count: int, law: Callable[[Pair], None], law_name: str) -> None:
    """Run a law on `count` pairs; the pairs differ from version to version."""

    @seed(crc32(f"{law_name} {ground.binary.version}".encode()))
    @settings(
        max_examples=max(1, int(count * TIMES)),
        deadline=None,
        database=None,
        phases=PHASES,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(st.data())
    def run(data: st.DataObject) -> None:
        pair = Pair(ground, data.draw)
        try:
            law(pair)
        except Exception as error:
            error.add_note(
                f"{pair.operations_in_words}\n\n{pair.file}".partition("// What the steps mean")[0]
            )
            raise
        finally:
            shutil.rmtree(pair.place.data_dir.parent, ignore_errors=True)

    run()


def difference(wanted: Schema, there: Built | Between) -> list[str]:
    diff = compare(wanted, there.schema, version=there.version, ask=False)
    return [f"{operation.kind} {operation.path}" for operation in diff.operations]


def pulled_otherwise(place: Built) -> list[str]:
    """What code that is written from a server says otherwise than the server, ids included."""
    there = place.schema
    code = declared_by(render_python(there).modules)
    ids = {c.name: {"": c.id, **{f.name: f.id for f in c.fields}} for c in code.with_ids().collections}
    known = {c.name: {"": c.id, **{f.name: f.id for f in c.fields}} for c in there.collections}
    moved = [f"id of {name}" for name, found in ids.items() if not found.items() <= known[name].items()]
    return moved + difference(code, place)


def test_up_reaches_the_code_and_down_brings_everything_back(ground: Ground) -> None:
    def law(pair: Pair) -> None:
        files = [(f"{SECOND}_second.js", pair.file)]
        prove(ground.binary, pair.place.data_dir, files, pair.before, pair.after)

    for_pairs(ground, 16, law, "prove")


def test_random_rows_lose_no_value_that_the_plan_did_not_name(ground: Ground) -> None:
    """Up and down run and bring every value back; or one of them refuses, and nothing has happened."""

    def law(pair: Pair) -> None:
        place = pair.place
        draw_rows(place.data_dir, pair.before, pair.draw)
        plan = counted(pair)
        values, original = read_values(place.data_dir, pair.before), place.raw
        try:
            place.up(pair.file)
        except MigrationFailed:
            event("refused")
            assert (place.raw, read_values(place.data_dir, pair.before)) == (original, values)
            assert plan.questions or any(touches_rows(change) for change in plan.changes)
            return
        named = {change.path for change in plan.changes if touches_rows(change)}
        named |= {question.id.partition(":")[0] for question in plan.questions}
        reached = read_values(place.data_dir, pair.after)
        replaced = {(o.before.id, o.path): o for o in pair.operations if isinstance(o, ReplaceField)}
        for key, was, now in lost(values, reached):
            if was in EMPTY or named & names_of(key, pair):
                continue
            # Converted, as the plan said of all values: it stands in the column that is new.
            made = [o for (id, path), o in replaced.items() if id == key[1] and path in names_of(key, pair)]
            assert made, f"{key} was {was!r}, is {now!r}, named are {named}"
            now = reached[key[0], _field_of(pair.after, made[0].path).id, key[2]]
            assert now not in EMPTY or str(was).strip('" ') in ("0", "-0", "0.0", "false")
        try:
            place.down(pair.file)
        except MigrationFailed:
            # Rows that never fitted what was: its limits would come back, and a guard stands before them.
            event("down refused")
            assert not difference(pair.after, place)
            assert read_values(place.data_dir, pair.after) == reached
            return
        assert not difference(pair.before, place)
        assert not list(lost(values, read_values(place.data_dir, pair.before)))

    for_pairs(ground, 8, law, "random rows")


EMPTY = ("", 0, None, "[]", "{}", "null", '""', '{"lon":0.0,"lat":0.0}')
"""Nothing, as fields of each type hold it: a column of it may go."""


def _field_of(schema: Schema, path: str) -> FieldBase:
    name, _, field = path.partition(".")
    return next(f for c in schema.collections if c.name == name for f in c.fields if f.name == field)


def counted(pair: Pair) -> Plan:
    known: dict[Fact, int | None] = {}
    while True:
        plan = make_plan(pair.desired, pair.before, facts=known, version=pair.place.version)
        if isinstance(plan, Plan):
            return plan
        known |= count_in_file(pair.place.data_dir, plan.facts, pair.before)


def touches_rows(change: Change) -> bool:
    """Whether the plan said of a change that rows lose something, or stand in its way."""
    evidence = change.judgement.evidence
    unsafe = change.judgement.verdict in (Verdict.UNSAFE, Verdict.IMPOSSIBLE)
    return unsafe and (evidence is None or evidence.rows != 0)


def names_of(key: tuple[str, str, str], pair: Pair) -> set[str]:
    """The paths by which a plan may speak of a value: of its field, or of its collection."""
    found = set()
    for schema in (pair.before, pair.after):
        for collection in schema.collections:
            if collection.id == key[0]:
                found.add(collection.name)
                for other in (pair.before, pair.after):
                    fields = [f for c in other.collections if c.id == key[0] for f in c.fields]
                    found |= {f"{collection.name}.{f.name}" for f in fields if f.id == key[1]}
    for o in pair.operations:
        if isinstance(o, RenameField) and f"{o.collection}.{o.old}" in found:
            found.add(f"{o.collection}.{o.new}")
    return found


def test_after_up_and_down_nothing_of_ours_is_left(ground: Ground) -> None:
    def law(pair: Pair) -> None:
        insert_rows(pair.place.data_dir, pair.before, pair.after)
        original = comparable(pair.place.raw)
        assert not pulled_otherwise(pair.place)
        pair.place.up_and_down(pair.file)
        now = comparable(pair.place.raw)
        assert now.keys() == original.keys()
        for name, item in original.items():
            for key in item:
                if key != "indexes":  # their texts differ by version, their meaning is compared elsewhere
                    assert now[name][key] == item[key], f"{name}.{key}"

    for_pairs(ground, 8, law, "restored")


def test_the_safe_part_alone_is_one_import_that_loses_nothing(
    ground: Ground, template: Callable[[Binary], Path]
) -> None:
    def law(pair: Pair) -> None:
        place = pair.place
        insert_rows(place.data_dir, pair.before)
        values = read_values(place.data_dir, pair.before)
        insert_superuser(place.data_dir, template(ground.binary))
        target = Schema.from_json(apply_operations(place.raw, safe_operations(pair)))
        with (
            Running(ground.binary, place.data_dir) as running,
            Client(running.url, Credentials(email=EMAIL, password=PASSWORD)) as client,
        ):
            live = client.collections()
            payload = changed_collections(live, apply_operations(live, safe_operations(pair)))
            if payload:
                client.import_collections([with_words(item) for item in payload])
            now = Schema.from_json(client.collections())
        diff = compare(target, now, version=ground.version, ask=False)
        assert not diff.operations
        assert not list(lost(surviving(values, pair.before, now), read_values(place.data_dir, now)))

    for_pairs(ground, 10, law, "import")


EDITS: dict[str, Callable[[Json], Json]] = {
    "a rule": lambda c: {"deleteRule": None if c["deleteRule"] == "" else ""},
    "a field": lambda c: {"fields": [*c["fields"], {"name": "by_hand", "type": "text"}]},
    "an option": lambda c: {"fields": [*c["fields"][:-1], c["fields"][-1] | {"presentable": True}]},
    "a name": lambda c: {"name": f"{c['name']}_by_hand"},
}  # fmt: skip


def test_a_write_planned_before_somebody_elses_change_is_refused(
    ground: Ground, tmp_path: Path, template: Callable[[Binary], Path]
) -> None:
    project = Project(tmp_path / "project")

    def law(pair: Pair) -> None:
        changes = counted(pair).changes
        tables = [c.id for c in pair.before.collections if c.type != "view" and not c.system]
        table, edit = pair.draw(st.sampled_from(tables)), EDITS[pair.draw(st.sampled_from(sorted(EDITS)))]
        assume(changes)
        insert_superuser(pair.place.data_dir, template(ground.binary))
        with Running(ground.binary, pair.place.data_dir) as running, project.session(running) as session:
            planned_on = session.target.fetch()
            session.target.client.patch_collection(
                table, edit(next(c for c in planned_on if c["id"] == table))
            )
            theirs = session.target.fetch()
            assume(comparable(theirs) != comparable(planned_on))
            with pytest.raises(NotAsIntended, match="nothing was written"):
                write_changes(session, planned_on, changes, pair.desired)
            assert session.target.fetch() == theirs

    for_pairs(ground, 3, law, "moved")


def safe_operations(pair: Pair) -> list[Operation]:
    """What may be applied at once where nobody counted anything; removals go another way."""
    plan = make_plan(pair.desired, pair.before, version=pair.place.version)
    return [c.operation for c in plan.safe if not c.operation.is_removal]


def test_a_server_where_no_row_would_be_touched_takes_it_as_well(ground: Ground) -> None:
    """With the counts of an empty server more is safe, or harmless; each part stands on its own."""

    def law(pair: Pair) -> None:
        plan = make_plan(pair.desired, pair.before, facts=Nothing(), version=ground.version)
        assert isinstance(plan, Plan)
        now = [c.operation for c in plan.changes if c.judgement.verdict in (Verdict.SAFE, Verdict.HARMLESS)]
        now = [o for o in now if not o.is_removal]
        target = apply_operations(pair.place.raw, now)
        # A name that a removal of the same round frees is taken over in two rounds, or by a migration.
        assume(all(one_name_each(item["fields"]) for item in target))
        pair.place.take(changed_collections(pair.place.raw, target))
        assert not difference(Schema.from_json(target), pair.place)

    for_pairs(ground, 10, law, "empty import")


def one_name_each(fields: list[dict[str, Any]]) -> bool:
    return len({field["name"].lower() for field in fields}) == len(fields)


class Nothing(dict[Fact, int | None]):
    """Facts where every count is 0."""

    def __contains__(self, fact: object) -> bool:
        return True

    def __missing__(self, fact: Fact) -> int:
        return 0


def test_a_file_on_a_server_that_has_its_safe_part_does_the_rest(ground: Ground) -> None:
    def law(pair: Pair) -> None:
        place = pair.place
        place.take(changed_collections(place.raw, apply_operations(place.raw, safe_operations(pair))))
        once = place.up_twice(pair.file)
        assert not difference(pair.after, once)
        assert comparable(place.raw) == comparable(once.raw)

    for_pairs(ground, 8, law, "again")


def test_a_server_with_other_ids_takes_the_same_file(ground: Ground) -> None:
    def law(pair: Pair) -> None:
        old = {o.old for o in pair.operations if o.kind == "rename_field"}
        new = {o.new for o in pair.operations if o.kind == "rename_field"}
        assume(not old & new)  # where names were handed on, they alone cannot always tell
        other = ground.imported(with_other_ids(pair.place.raw))
        try:
            assert not difference(pair.before, other)
            original = other.schema
            assert not pulled_otherwise(other)
            insert_rows(other.data_dir, original, in_its_ids(pair.after, pair.before, original))
            values = read_values(other.data_dir, original)
            between = other.up_and_down(pair.file)
            assert not difference(pair.after, between)
            assert not difference(pair.before, other)
            assert by_names(read_values(other.data_dir, other.schema), other.schema) == by_names(
                values, original
            )
        finally:
            shutil.rmtree(other.data_dir.parent, ignore_errors=True)

    for_pairs(ground, 8, law, "other ids")


def with_other_ids(raw: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same collections as a server has them whose ids were made by hand, or by 0.22."""
    ids = {
        item["id"]: f"hand{n:011d}"
        for n, item in enumerate(raw)
        if not item["system"] and item["name"] != "users"
    }
    result = []
    for item in raw:
        if item["system"]:
            continue
        fields = [
            {
                **field,
                "id": field["id"] if field["system"] else f"hand{n:04d}",
                **(
                    {"collectionId": ids.get(field["collectionId"], field["collectionId"])}
                    if "collectionId" in field
                    else {}
                ),
            }
            for n, field in enumerate(item["fields"])
        ]
        result.append({**item, "id": ids.get(item["id"], item["id"]), "fields": fields})
    return sorted(result, key=lambda item: item["type"] == "view")


def in_its_ids(after: Schema, before: Schema, other: Schema) -> Schema:
    """`after` with the ids that the other server has for what `before` has too."""
    known = {c.id: c for c in before.collections}

    def translated(collection: Collection) -> Collection:
        was = known.get(collection.id)
        there = other.collection(was.name) if was else None
        if was is None or there is None:
            return collection
        names = {f.id: f.name for f in was.fields}
        fields = [
            field.with_id(same.id) if (same := there.field(names.get(field.id, ""))) else field
            for field in collection.fields
        ]
        return collection.model_copy(update={"id": there.id, "fields": fields})

    return after.with_collections(map(translated, after.collections))


def by_names(values: dict[tuple[str, str, str], Any], schema: Schema) -> dict[tuple[str, str, str], Any]:
    names = {(c.id, f.id): (c.name, f.name) for c in schema.collections for f in c.fields}
    return {(*names[c, f], record): value for (c, f, record), value in values.items()}
