"""Every row of the table of changes, on real servers: planned, run up, down and up again, with rows."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cases.changes import CASES, Case, Rows
from grounds import Between, Built, Ground, migration
from observed import observe
from pocketvex.diff.compare import compare
from pocketvex.diff.simulate import apply_operations, changed_collections
from pocketvex.errors import UsageError
from pocketvex.evidence.facts import Fact
from pocketvex.plan.changes import Change
from pocketvex.plan.make import NeedsFacts, Plan, make_plan
from pocketvex.plan.verdicts import Access
from pocketvex.schema.build import build_schema
from pocketvex.schema.dictionary import from_dictionary
from pocketvex.schema.model import Schema
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from pocketvex.server.scratch import MigrationFailed
from pocketvex.target.count import count_in_file


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_change(
    case: Case, binary: Binary, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if binary.version < case.since:
        pytest.skip(f"came with {'.'.join(map(str, case.since))}")
    ground = Ground(binary, tmp_path, tmp_path_factory.getbasetemp())
    place = ground.built(declared(case.before, ground))
    before = place.schema
    insert(place, before, case.rows)
    for file in case.files:
        write_file(place, before, file)
    desired = declared(case.after, ground)

    plan = planned(desired, before, place)
    assert [question.id for question in plan.questions] == list(case.asks)
    changes = [c for c in plan.changes if c.judgement.code != "PV120" or c.path in case.plan]
    assert {c.path: said(c) for c in changes} == case.plan
    evidence = {c.path: str(c.judgement.evidence) for c in changes if c.path in case.evidence}
    assert evidence == case.evidence
    counted_exactly(ground, place, plan)

    def saw(seen: str) -> None:
        observe(case.row, case.title, in_words(changes), seen, str(binary.version))

    if case.asks:
        saw(f"asked what became of {', '.join(f'`{id}`' for id in case.asks)}, and nothing done before")
        return
    if case.cannot:
        with pytest.raises(UsageError, match=re.escape(case.cannot)):
            migration(place.settled([change.operation for change in plan.changes]))
        saw(f"no file is written: “{case.cannot}”")
        return
    file = migration(place.settled([change.operation for change in plan.changes]))
    if case.refused:
        original = place.raw
        with pytest.raises(MigrationFailed, match=re.escape(case.refused)):
            place.up(file)
        assert (place.raw, rows(place, case.rows)) == (original, case.rows)
        saw(f"up stops: “{case.refused}”; collections and rows are as before")
        return
    imports(ground, place, plan)
    between = place.up_and_down(file, queries(case.up))
    assert left(desired, between) == []
    assert told(case.up, between.answers) == case.up
    assert left(before, place) == []
    assert rows(place, case.rows) == case.rows
    kept = tables(place) - tables_of(place.schema)
    assert kept == {"_pv_ledger"} if case.keeps else kept <= {"_pv_ledger"}
    for path in case.files:
        assert stored(place, before, path).read_text(encoding="utf-8") == path
    place.up(file)
    assert left(desired, place) == []
    assert rows(place, case.up) == case.up
    saw(f"up, down, up again{values_in_words(case)}")


ACCESS = {Access.SAME: "", Access.OPENS: " opens", Access.CLOSES: " closes"}


def in_words(changes: list[Change]) -> str:
    """The verdicts on the page: what has the same one stands together."""
    found: dict[str, list[str]] = {}
    for change in changes:
        evidence = change.judgement.evidence
        verdict = change.judgement.verdict.replace(" here", "")
        text = f"{verdict} {change.judgement.code}{ACCESS[change.judgement.access]}"
        if evidence is not None:
            ids = ", ".join(evidence.ids)
            values = ", ".join(f"{value!r} {many}×" for value, many in evidence.values)
            text += f", {evidence}" + (f" ({ids})" if ids else "") + (f": {values}" if values else "")
        found.setdefault(text, []).append(f"`{change.path}`")
    return "<br>".join(
        f"{', '.join(paths[:3])}{f' and {len(paths) - 3} more' if len(paths) > 3 else ''}: {text}"
        for text, paths in found.items()
    )


def values_in_words(case: Case) -> str:
    """What the rows hold after up, where it is something else than before."""
    moved: list[str] = []
    for name, listed in case.rows.items():
        for old, new in zip(listed, case.up.get(name, []), strict=False):
            moved += [f"`{old[key]!r}` → `{new[key]!r}`" for key in new if old.get(key, new[key]) != new[key]]
    count = sum(map(len, case.rows.values()))
    text = f"; {count} row{'s' if count > 1 else ''} compared" if count else ""
    return text + (f"; {', '.join(dict.fromkeys(moved))}" if moved else "")


def counted_exactly(ground: Ground, place: Built, plan: Plan) -> None:
    """Rows that evidence names as ones that no update will be allowed of are those, and no others.

    Without a guard in its way, an import makes the change.
    """
    (change, *others) = plan.changes or (None,)
    if change is None or others or change.judgement.code not in ("PV102", "PV203"):
        return
    twin = ground.copy(place.data_dir)
    twin.take(changed_collections(twin.raw, apply_operations(twin.raw, [change.operation])))
    name, evidence = change.operation.collection, change.judgement.evidence
    ids = uneditable(twin, name)
    if evidence is not None:
        assert len(ids) == evidence.rows
    assert evidence is None or not evidence.ids or list(evidence.ids) == ids


def uneditable(place: Built, name: str) -> list[str]:
    """The records of a collection that the server refuses to save as they are."""
    target = place.data_dir.parent / "refused.json"
    text = f"""
      const refused = [];
      for (const record of app.findAllRecords({json.dumps(name)})) {{
        try {{ app.save(record); }} catch {{ refused.push(record.id); }}
      }}
      $os.writeFile({json.dumps(str(target))}, JSON.stringify(refused), 0o600);
    """
    scratch.run_once(place.binary, place.data_dir, text)
    return sorted(json.loads(target.read_text(encoding="utf-8")))


def declared(collections: list[dict[str, Any]], ground: Ground) -> Schema:
    """The schema, with the `users` that every server is born with."""
    schema = build_schema(from_dictionary(collections, lambda *_: None))
    users = ground.empty.schema.collection("users")
    assert users is not None
    schema.collections.append(users)
    return schema


def planned(desired: Schema, before: Schema, place: Built) -> Plan:
    known: dict[Fact, int | None] = {}
    while isinstance(plan := make_plan(desired, before, facts=known, version=place.version), NeedsFacts):
        known |= count_in_file(place.data_dir, plan.facts, before)
    return plan


def said(change: Any) -> str:
    judged = change.judgement
    return f"{judged.verdict.split()[0]} {judged.code}{ACCESS[judged.access]}"


def imports(ground: Ground, place: Built, plan: Plan) -> None:
    """The safe part as one import, on a copy: it is there afterwards, and no row has changed."""
    twin = ground.copy(place.data_dir)
    now = [c.operation for c in plan.safe if not c.operation.is_removal]
    target = apply_operations(twin.raw, now)
    twin.take(changed_collections(twin.raw, target))
    assert left(Schema.from_json(target), twin) == []


def left(wanted: Schema, there: Built | Between) -> list[str]:
    diff = compare(wanted, there.schema, version=there.version, ask=False)
    return [f"{operation.kind} {operation.path}" for operation in diff.operations]


def insert(place: Built, schema: Schema, given: Rows) -> None:
    with closing(sqlite3.connect(place.data_dir / "data.db")) as database, database:
        for name, listed in given.items():
            for number, values in enumerate(listed, 1):
                full = {"id": f"{name}{number}", **values}
                names, marks = ", ".join(f"[{key}]" for key in full), ", ".join("?" for _ in full)
                database.execute(f"INSERT INTO [{name}] ({names}) VALUES ({marks})", list(full.values()))


def rows(place: Built, like: Rows) -> Rows:
    """The rows of the tables that `like` names, with the columns that its rows name."""
    return told(like, place.ask(queries(like)))


def queries(like: Rows) -> list[str]:
    """One for each row of `like`: its columns, as SQLite writes them, behind the row itself."""
    return [
        f"SELECT json_array({', '.join(f'quote([{key}])' for key in ['rowid', *values])}) AS said"
        f" FROM [{name}] ORDER BY rowid LIMIT 1 OFFSET {number}"
        for name, listed in like.items()
        for number, values in enumerate(listed)
    ]


def told(like: Rows, answers: list[list[str]]) -> Rows:
    """What `queries` found."""
    found = iter(answers)
    return {
        name: [dict(zip(values, read(said)[1:], strict=True)) for values in listed for said in next(found)]
        for name, listed in like.items()
    }


def read(said: str) -> tuple[Any, ...]:
    literals = json.loads(said)
    with closing(sqlite3.connect(":memory:")) as database:
        found: tuple[Any, ...] = database.execute(f"SELECT {', '.join(literals)}").fetchone()
    return found


def tables(place: Built) -> set[str]:
    (names,) = place.ask(["SELECT name FROM sqlite_master WHERE type = 'table'"])
    return (
        {*names}
        - {"_params", "_migrations", "_collections"}
        - {"sqlite_sequence", "sqlite_stat1", "sqlite_stat4"}
    )


def tables_of(schema: Schema) -> set[str]:
    return {c.name for c in schema.collections if c.type != "view"}


def stored(place: Built, schema: Schema, file: str) -> Path:
    collection, record, name = file.split("/")
    there = schema.collection(collection)
    assert there is not None
    return place.data_dir / "storage" / there.id / record / name


def write_file(place: Built, schema: Schema, file: str) -> None:
    path = stored(place, schema, file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(file, encoding="utf-8")
