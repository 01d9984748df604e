"""Names and values that want to break the types: each is legal in PocketBase, so each must compile."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pocketvex.schema.build import build_schema
from pocketvex.schema.model import Schema
from pocketvex.types.preamble import OWN_NAMES
from pocketvex.types.render import render_types
from typescript import STRICT, VERSIONS, tsc


def listed(names: str) -> list[str]:
    return names.split()


RESERVED = listed("""
    break case catch class const continue debugger default delete do else enum export extends
    finally for function if import in instanceof new return super switch this throw try typeof var
    void while with yield let static implements interface package private protected public as async
    await from get set of type any unknown never string number boolean symbol bigint object
    undefined declare readonly abstract namespace module require global infer is keyof unique
    asserts satisfies accessor out override
""")
OBJECTS = listed("""
    constructor prototype __proto__ hasOwnProperty toString valueOf then length name arguments eval
    Object Array Record Partial Pick Omit Promise Date File Blob String Number Map Symbol NaN
    Infinity
""")
OURS = listed("""
    Id id DateTime date_time FileName file_name HTML GeoPoint geo_point Upload Many Collections
    collections collection CollectionName collection_name RecordOf record_of CreateOf UpdateOf
    flavor T C Create Update Record_ record create update
""")
SHAPED = [
    "_",
    "__",
    "___",
    "0",
    "2fa",
    "_2fa",
    "__2fa",
    "2_fa",
    "1e3",
    "0x10",
    "a_b",
    "aB",
    "a__b",
    "_a_b",
    "ab_",
]
VALUES = [
    'say "hi"', "back\\slash", "`tick` ${code}", "new\nline", "tab\t", "nul\0", "*/ end", "/* start", "//",
    "</script>", "\u2028\u2029", "\u202etxt.exe", "\ufeff", "\U0001f389", "é", "e\u0301", " ", "'",
    "__proto__", "constructor", "\ud800", "\x7f\x85", "any", "0", "true", "null",
]  # fmt: skip


def distinct(names: list[str]) -> list[str]:
    """The names of one schema: the server tells them apart without regard to case."""
    return list({name.lower(): name for name in names}.values())


def base(name: str, *fields: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "fields": list(fields)}


def choice(name: str, *values: str, **options: Any) -> dict[str, Any]:
    return {"type": "select", "name": name, "values": list(values or ("a", "b")), **options}


def schema(*collections: dict[str, Any]) -> Schema:
    return build_schema(collections)


NAMES = distinct([*RESERVED, *OBJECTS, *OURS, *SHAPED])

NOT_FIELDS = {"null", "true", "false", "_rowid_", "expand", "collectionid", "collectionname", "id"}

HOSTILE = {
    "empty": schema(),
    "collections": schema(
        *(
            base(name, choice("kind"), {"type": "relation", "name": "next", "target": NAMES[at - 1]})
            for at, name in enumerate(NAMES)
        )
    ),
    "fields": schema(
        base(
            "things",
            *(
                choice(name, max_select=1 + position % 2)
                for position, name in enumerate(NAMES)
                if name.lower() not in NOT_FIELDS
            ),
        )
    ),
    "accounts": schema(
        *({**base(name, {"type": "number", "name": "n"}), "type": "auth"} for name in NAMES[::9])
    ),
    "views": schema(*({"name": n, "type": "view", "viewQuery": "SELECT (1) AS id"} for n in NAMES[::5])),
    "meeting_types": schema(
        base("a", choice("b_c"), choice("record"), choice("BRecord")),
        base("a_b", choice("c"), choice("create")),
        base("aB", choice("c"), choice("update")),
        base("a_b_c", choice("d")),
        base("posts", choice("record"), choice("record_create"), choice("update"), choice("status")),
        base("posts_record", choice("x")),
        base("date", choice("time")),
        base("file", choice("name")),
        base("geo", choice("point")),
        base("collection", choice("name")),
        base("record", choice("of")),
        base("2", choice("fa")),
        base("2fa", choice("x")),
        base("_2fa", choice("x")),
    ),
    "values": schema(
        base("things", choice("one", *VALUES), choice("many", *VALUES, max_select=3, required=True))
    ),
    "comments": schema(
        base(
            "things",
            *(
                {"type": "text", "name": f"f{at}", "help": text, "pattern": re.escape(text)}
                for at, text in enumerate(VALUES)
            ),
        )
    ),
    "many": schema(*(base(f"c{n}", *(choice(f"f{m}") for m in range(20))) for n in range(300))),
    "elsewhere": schema(
        base("things", {"type": "relation", "name": "by", "target": "_superusers", "max_select": 3})
    ),
    "newer": Schema.from_json([base("things", {"type": "hologram", "name": "h"}, choice("none", values=[]))]),
}

PARTS = [re.findall(r"^[A-Z][a-z]+|[A-Z][A-Za-z]*$", name) for name in sorted(OWN_NAMES)]
PAIRS = [(one[0].lower(), one[1]) for one in PARTS if len(one) == 2 and one[1].lower() not in NOT_FIELDS]
HOSTILE["our_names"] = schema(
    *(
        base(name, *(choice(field) for first, field in PAIRS if first == name))
        for name, _ in dict(PAIRS).items()
    )
)
"""A select field for each type of our own: `auth.Collection` wants to be `AuthCollection`."""

words = st.from_regex(r"[A-Za-z0-9_]{1,6}", fullmatch=True) | st.sampled_from(NAMES)
names = words.filter(lambda n: "_via_" not in n.lower() and not n.startswith("_pv_"))
field_names = names.filter(lambda n: n.lower() not in NOT_FIELDS)


@st.composite
def schemas(draw: st.DrawFn) -> Schema:
    """A few collections whose names are close to each other, with fields that have types of their own."""
    written = []
    for name in distinct(draw(st.lists(names, min_size=2, max_size=6))):
        own = distinct(draw(st.lists(field_names, max_size=5)))
        written.append(
            base(
                name,
                *(
                    choice(field, *distinct(draw(st.lists(st.text(min_size=1), min_size=1, max_size=4))))
                    if draw(st.booleans())
                    else {"type": "json", "name": field, "model": {"$defs": {draw(st.text()): {}}}}
                    for field in own
                ),
            )
        )
    return Schema.from_json(written)


def generated(count: int) -> list[str]:
    texts: list[str] = []

    @settings(
        max_examples=count, derandomize=True, database=None, deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )  # fmt: skip
    @given(schemas())
    def collect(found: Schema) -> None:
        texts.append(render_types(found))

    collect()
    return texts


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("hostile")
    for number, text in enumerate(generated(200)):
        (folder / f"generated{number}.ts").write_text(text, encoding="utf-8", newline="\n")
    return sorted(folder.glob("*.ts"))


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_every_generated_schema_compiles(files: list[Path], version: str) -> None:
    """Those of HOSTILE are compiled with the client: test_types_client.py."""
    assert tsc(files, [*STRICT, "--noUnusedLocals"], version) == ""


def test_the_arrays_hold_the_very_values(tmp_path: Path) -> None:
    source = tmp_path / "values.mts"
    source.write_text(render_types(HOSTILE["values"]), encoding="utf-8", newline="\n")
    flags = [flag for flag in STRICT if flag != "--noEmit"]
    assert tsc([source], flags, VERSIONS[0]) == ""
    node = shutil.which("node")
    assert node is not None
    code = 'import { things_one } from "./values.mjs"; process.stdout.write(JSON.stringify(things_one))'
    ran = subprocess.run(
        [node, "--input-type=module", "--eval", code], cwd=tmp_path, capture_output=True, check=True
    )
    assert json.loads(ran.stdout) == VALUES


def test_names_do_not_depend_on_the_order_of_anything() -> None:
    written = [base("a_b", choice("c")), base("aB", choice("c")), base("a", choice("b_c")), base("abc")]
    texts = {render_types(schema(*order)) for order in permutations(written)}
    assert len(texts) == 1


def test_a_third_of_the_same_name_takes_the_readable_form_from_none() -> None:
    """Otherwise `AB` would be one collection today, and silently another tomorrow."""
    two = render_types(schema(base("a_b"), base("aB")))
    three = render_types(schema(base("a_b"), base("aB"), base("a__b")))
    for name in ("a_bRecord", "aBRecord"):
        assert f"export interface {name} {{" in two
        assert f"export interface {name} {{" in three
    assert "interface ABRecord" not in three


def test_readable_names_where_nothing_is_in_the_way() -> None:
    text = render_types(schema(base("blog_posts", choice("post_status")), base("2fa")))
    assert "export const blog_posts_post_status = " in text
    assert "export type BlogPostsPostStatus = " in text
    assert "export interface BlogPostsRecord {" in text
    assert "export interface $2faRecord {" in text
