"""Every step survives being written and read, also after somebody's formatter."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

import node
from cases.changes import CASES, field, posts, select, table
from pocketvex.diff.compare import compare
from pocketvex.diff.settle import settle
from pocketvex.errors import HistoryError, UsageError
from pocketvex.render.migration.migration import make_migration, migration_text, runtime
from pocketvex.schema.build import build_schema
from pocketvex.schema.dictionary import from_dictionary
from pocketvex.schema.model import Schema
from pocketvex.steps.literals import Reader, Unreadable
from pocketvex.steps.migration import Migration, code_of_its_own, read_migration, runtime_of, same_code
from pocketvex.versions import NEWEST
from reformatted import LAYOUTS, reformatted
from schemas import NASTY, World, build, cyclic, edited, worlds, written

ALWAYS = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
HEAD = ["What it does.", "manages: posts"]
STEPS = {
    "create", "remove", "rename", "renameFields", "addField", "removeField", "replaceField", "setField",
    "remap", "fill", "unfill", "setIndex", "setRule", "setQuery", "setOption", "restoreOption",
}  # fmt: skip


def schema(*collections: Any) -> Schema:
    return build_schema(from_dictionary(list(collections), lambda *_: None))


def migration(before: Schema, after: Schema) -> Migration:
    """From one to the other, on a history of its own, as the commands make it."""
    old = Schema.from_json(before.to_json())
    operations = compare(after, old, version=NEWEST, ask=False).operations
    return make_migration(settle(operations, old.to_json()), stamp="1700000001")


def survives(made: Migration) -> None:
    text = migration_text(made, HEAD)
    assert read_migration(text) == made
    assert not code_of_its_own(text)
    for layout in LAYOUTS.values():
        for newline in ("\n", "\r\n"):
            other = reformatted(text, layout, newline)
            assert read_migration(other) == made
            assert not code_of_its_own(other)


@pytest.mark.parametrize(
    "options", [[], ["--single-quote", "--no-semi", "--trailing-comma", "none", "--use-tabs"]]
)
def test_steps_survive_prettier(tmp_path: Path, options: list[str]) -> None:
    numbers = {"1": "kept", "2": "kept"}
    some = [case for case in CASES if case.what in PRETTY]
    assert len(some) == len(PRETTY)
    made = [migration(schema(*case.before), schema(*case.after)) for case in some]
    before = schema(posts({"s": select("kept", *NASTY), "t": select("kept", "1", "2")}))
    after = schema(
        posts({"s": select("kept", remap=dict.fromkeys(NASTY, "")), "t": select("kept", remap=numbers)})
    )
    made.append(migration(before, after))
    files = [tmp_path / f"{n}.js" for n in range(len(made))]
    for file, one in zip(files, made, strict=True):
        file.write_text(migration_text(one, HEAD), encoding="utf-8")
    prettier = node.packages(node.FORMATTER) / "prettier" / "bin" / "prettier.cjs"
    node.run(prettier, *options, "--write", *map(str, files))
    for file, one in zip(files, made, strict=True):
        text = file.read_text(encoding="utf-8")
        assert text != migration_text(one, HEAD)
        assert read_migration(text) == one
        assert not code_of_its_own(text)
        assert same_code(runtime_of(text), runtime())


PRETTY = (
    "a field of every type, with every option", "text to select", "accounts",
    "choices go that are in use: one becomes another, one nothing", "rules with every kind of quoting",
)  # fmt: skip


def test_a_formatter_leaves_the_runtime_what_it_is() -> None:
    text = migration_text(Migration("0" * 12, {}, [], []), HEAD)
    assert runtime_of(reformatted(text)) != runtime()
    assert same_code(runtime_of(reformatted(text)), runtime())
    assert not same_code(runtime().replace("{:c} AND", "{:c} OR", 1), runtime())


@given(st.data())
@ALWAYS
def test_steps_of_any_two_schemas(data: st.DataObject) -> None:
    world = data.draw(worlds())
    after: World = data.draw(edited(world))
    by_id = data.draw(st.booleans())
    assume(by_id or not cyclic(after, world))
    live = Schema.from_json(build(written(world.copy())).to_json())
    survives(migration(live, build(written(after, world, live if by_id else None))))


def test_steps_of_every_case_in_the_table_of_changes() -> None:
    """With `backfill`, `remap`, `keep`, conversions and guards: each step of the vocabulary is among them."""
    seen: set[str] = set()
    parts: set[str] = set()
    people = table("people", type="auth")
    more = [
        ([people | {"otp": {"enabled": True}}], [people | {"otp": {"enabled": False}}]),
        ([posts({"n": "text"})], [posts({"n": field("number", required=True)})]),
    ]
    for before, after in [*((case.before, case.after) for case in CASES), *more]:
        try:
            made = migration(schema(*before), schema(*after))
        except UsageError:
            continue
        survives(made)
        seen |= {step[0] for step in made.up + made.down}
        parts |= {name for name in PARTS if f'"{name}"' in json.dumps([made.up, made.down])}
    assert seen == STEPS
    assert parts == PARTS


PARTS = {"broken", "bound", "says", "to", "refuses", "judged", "guards", "values", "target", "first", "all"}


@given(
    st.lists(
        st.sampled_from([*NASTY, "1", "2", "é\x7f", "😀", "\ud800", "__proto__"]),
        min_size=2,
        max_size=5,
        unique=True,
    )
)
@ALWAYS
def test_texts_of_people_stand_in_steps(values: list[str]) -> None:
    some = [value for value in values if value.isprintable() or value in NASTY]
    mapping = dict.fromkeys(some[1:], some[0]) if some else {}
    made = migration(
        schema(posts({"s": select("kept", *some)})),
        schema(
            posts(
                {
                    "s": select("kept", *some[:1], remap=mapping),
                    "t": field(help=values[0], backfill=values[-1]),
                }
            )
        ),
    )
    survives(made)


@example("[1, 2,]").via("a comma at the end")
@given(st.text(max_size=30))
@ALWAYS
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(Unreadable):
        Reader(text).value()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=5), one, max_size=3),
    max_leaves=8,
)


@given(VALUES, st.sampled_from(sorted(LAYOUTS)))
@ALWAYS
def test_any_value_in_any_layout(value: Any, layout: str) -> None:
    for text in (json.dumps(value), LAYOUTS[layout](value)):
        assert Reader(text).value() == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'it\\'s'", "it's"), ('"\\x41\\u{1F600}\\ud83d\\ude00"', "A😀😀"), ("`a\nb`", "a\nb"),
        ('"a\\\nb"', "ab"), ("[.5, 0x1F, -2, +3, 1e3, 5.]", [0.5, 31, -2, 3, 1000, 5]),
        ("{a: 1, 'b': 2, 3: 4, $_: null,}", {"a": 1, "b": 2, "3": 4, "$_": None}),
        ("/* x */ [ // y\n]", []),
    ],
)  # fmt: skip
def test_what_javascript_writes(text: str, value: Any) -> None:
    assert Reader(text).value() == value


@pytest.mark.parametrize(
    "text",
    [
        "", "[1 2]", "[,]", "[1,,2]", "{a 1}", "{a: 1, a: 2}", "{0x1: 1}", "a", "a.b", "1n", "1.2.3", "12px",
        "`${x}`", "secret('A')", "[1", "'a", "{a: 1", "[...a]", "(1)", "-a", "undefined", "new Date()",
    ],
)  # fmt: skip
def test_what_is_no_value(text: str) -> None:
    with pytest.raises(Unreadable, match=r"line 1: .* is expected"):
        Reader(text).value()


def test_deep_values_are_read() -> None:
    depth = min(200, sys.getrecursionlimit() // 4)
    assert Reader("[" * depth + "]" * depth).value()


def test_a_secret_is_a_call_in_the_first_format() -> None:
    assert Reader("[secret(\"A\"), secret ( 'B' )]", secrets=True).value() == [{"env": "A"}, {"env": "B"}]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("};\n\n//", "};\nmigration.up.push(1);\n//"), "migration.up.push(1);"),
        (("const migration", "const x = 1;\nconst migration"), "constx=1;"),
        (("};\n\n//", "};\n// said by Ada\n/* and\n me */\n//"), ""),
    ],
)
def test_code_beside_the_steps_is_found(change: tuple[str, str], code: str) -> None:
    text = migration_text(migration(schema(posts()), schema(posts({"x": "text"}))), HEAD)
    assert code_of_its_own(text.replace(*change, 1)) == code


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (('"up": [', '"up": [oops, '), "line 8: a value is expected: "),
        (('"addField",', '"addField"'), "a comma or ] is expected"),
        (('"down": [', '"down": {}, "other": ['), "two lists, up and down"),
        (('"id": "', '"name": "'), "an object with an id"),
    ],
)
def test_steps_that_cannot_be_read_say_where(change: tuple[str, str], why: str) -> None:
    text = migration_text(migration(schema(posts()), schema(posts({"x": "text"}))), HEAD)
    with pytest.raises(HistoryError) as failure:
        read_migration(text.replace(*change, 1))
    assert why in failure.value.why


def test_other_files_have_no_steps() -> None:
    assert read_migration("migrate((app) => {}, (app) => {});\n") is None
    assert read_migration("const migration = { up: [] };\n") is None
