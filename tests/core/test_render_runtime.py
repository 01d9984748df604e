"""The runtime of migrations as a file of its own: known by its hash, and of one mind with the planner."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import node
from pocketvex.evidence.conversions import CONVERSIONS
from pocketvex.evidence.violations import empty, zero
from pocketvex.render.migration import migration
from pocketvex.render.migration.migration import (
    RUNTIME_VERSION,
    RUNTIMES,
    runtime,
    runtime_hash,
    runtime_version,
)
from pocketvex.schema.fields import MODELS
from pocketvex.schema.system import STANDARD
from pocketvex.steps.migration import RUNTIME, STEPS

SOURCE = Path(migration.__file__).parent / "runtime" / "runtime.js"
PEELED = r"^  const (?:many|zero|isEmpty) = .*?;\n(?=  \S)"


def test_the_hash_of_the_runtime_is_known() -> None:
    now = runtime_hash(runtime())
    assert RUNTIMES[RUNTIME_VERSION] == now, (
        f"runtime.js is not the runtime {RUNTIME_VERSION} that RUNTIMES in render/migration.py knows.\n"
        f"If no release has written runtime {RUNTIME_VERSION} yet: `python tests/rehash.py` puts its hash "
        "there, and writes the sample's migration anew.\n"
        f"If one has: leave its line, add {RUNTIME_VERSION + 1}: {now!r}, make RUNTIME_VERSION "
        f"{RUNTIME_VERSION + 1}, and say in ADVISORIES what was wrong with {RUNTIME_VERSION}."
    )


def test_a_runtime_is_known_whatever_the_newlines_and_only_as_it_was_written() -> None:
    assert runtime_version(runtime().replace("\n", "\r\n")) == RUNTIME_VERSION
    assert runtime_version(runtime() + "// more\n") == 0
    assert runtime_version("") == 0


def test_one_line_parts_it_from_the_steps() -> None:
    (line,) = RUNTIME.finditer(runtime())
    assert int(line[1]) == RUNTIME_VERSION
    assert line.start() == 0


def test_its_steps_are_those_that_a_draft_may_hold() -> None:
    (body,) = re.findall(r"^  const steps = \{\n(.*?)^  \};\n", runtime(), re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"^    (\w+)\(.*\) \{$", body, re.MULTILINE)) == STEPS


def test_it_is_plain_javascript(tmp_path: Path) -> None:
    """A module is strict: a name that nothing declares is an error where it is set."""
    module = tmp_path / "runtime.mjs"
    module.write_text(f"const migration = {{}}, migrate = () => {{}};\n{runtime()}", encoding="utf-8")
    node.run(module)
    assert SOURCE.read_text(encoding="utf-8").isascii()


@pytest.fixture(scope="module")
def constants(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """`convert` and `systemFields` as Node sees them; what `zero` and `isEmpty` say of each field."""
    script = tmp_path_factory.mktemp("runtime") / "constants.js"
    peeled = re.findall(PEELED, runtime(), re.MULTILINE | re.DOTALL)
    assert len(peeled) == 3
    script.write_text(
        f"const migration = {{}}, migrate = () => {{}};\n{runtime()}\n{''.join(peeled)}\n"
        f"const fields = {json.dumps(_kinds())};\n"
        "const of = fields.map((f) => [zero(f), isEmpty(f)]);\n"
        "console.log(JSON.stringify({ convert, systemFields, of }));\n",
        encoding="utf-8",
    )
    found: dict[str, Any] = json.loads(node.run(script))
    return found


def _kinds() -> list[dict[str, Any]]:
    lists = ("select", "relation", "file")
    more = {"select": {"values": ["a", "b"]}, "relation": {"collectionId": "x"}}
    return [
        {"name": "x", "type": type_, **more.get(type_, {}), "maxSelect": most}
        if type_ in lists
        else {"name": "x", "type": type_}
        for type_ in MODELS
        for most in ((0, 1, 2) if type_ in lists else (1,))
    ]


def test_it_converts_as_the_planner_counts(constants: dict[str, Any]) -> None:
    assert constants["convert"] == CONVERSIONS


def test_it_adds_the_fields_that_the_schema_takes_for_granted(constants: dict[str, Any]) -> None:
    assert constants["systemFields"] == {k: [*v] for k, v in STANDARD.items() if v}


def test_it_knows_the_same_empty_values(constants: dict[str, Any]) -> None:
    for kind, (stored, condition) in zip(_kinds(), constants["of"], strict=True):
        field = MODELS[kind["type"]].model_validate(kind)
        assert condition == empty(field), kind
        as_sql = f"'{stored}'" if isinstance(stored, str) else json.dumps(stored).upper()
        assert as_sql == zero(field), kind
