"""A plan as JSON, Markdown and annotations: described by the schema, and nothing in a name is markup."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pocketvex.diff.operations import ChangeRule, DropField, Operation
from pocketvex.evidence.facts import Evidence
from pocketvex.findings import Location
from pocketvex.plan.changes import Change, Kept, PendingFile, Plan
from pocketvex.plan.make import make_plan
from pocketvex.plan.mentions import Mention
from pocketvex.plan.questions import Option, Question
from pocketvex.plan.verdicts import Access, Judgement, Verdict
from pocketvex.render.report import github, markdown
from pocketvex.render.report import json as values
from pocketvex.render.report.printable import visible
from pocketvex.render.report.text import pending_lines
from pocketvex.schema.fields import TextField
from pocketvex.schema.model import Schema
from pocketvex.versions import NEWEST
from projects import posts, schema_of, text
from published import PUBLISHED, check, strict
from schemas import changed

HOSTILE = "a|b `c` <img src=x> @team #12 [x](y) *z* % \r\n::error::no\\"
NOWHERE = Schema(collections=[])


def change(reason: str = "", **judged: Any) -> Change:
    verdict = judged.pop("verdict", Verdict.UNSAFE)
    found = Judgement(verdict, judged.pop("code", "PV201"), reason, **judged)
    return Change(DropField("posts", TextField(name=judged.pop("name", "body")), ""), found)


def rule(before: str, after: str | None, access: Access) -> Change:
    judged = Judgement(Verdict.SAFE, "PV401", f"`{before}` → `{after}`", access)
    return Change(ChangeRule("posts", "listRule", before, after), judged)


QUESTION = Question(
    "posts.status:old", "value", f"the choice {HOSTILE!r} goes: what instead?",
    (Option("new", "rows hold 'new' instead"), Option("", "nothing")), Location("schema/a.py", 7),
    Evidence(3, 9, ("a1", "b2"), ((HOSTILE, 3),)),
)  # fmt: skip
FULL = Plan(
    (
        change("field removed", evidence=Evidence(2, 5, ("id1",), ((HOSTILE, 2),))),
        change(HOSTILE, verdict=Verdict.IMPOSSIBLE, code="PV501"),
        change("nothing in it", verdict=Verdict.HARMLESS, evidence=Evidence(0, 5)),
        rule(HOSTILE.replace("`", ""), "a || b", Access.OPENS),
        change("unknown", evidence=Evidence(None, None)),
    ),
    (QUESTION,),
    tuple(Kept(change().operation, why) for why in ("drift", "first contact", "unmanaged", "held")),
)
MENTIONS = [Mention("posts.body", "body", "pb_hooks/a.pb.js", 3, HOSTILE)]


# JSON


@pytest.mark.parametrize("plan", [Plan(), FULL], ids=["nothing", "everything"])
def test_the_schema_describes_a_plan(plan: Plan) -> None:
    check(values.plan_values(plan, NOWHERE, MENTIONS), "plan")
    check(values.outcome_values(FULL.changes, ["1_a.js"], ["2_b.js"], plan, NOWHERE, MENTIONS), "applied")
    check(values.status_values([("1_a.js", "applied")], ["2_b.js"], plan, NOWHERE), "status")


def test_the_schema_is_one_and_says_of_every_key_whether_it_is_always_there() -> None:
    Draft202012Validator.check_schema(PUBLISHED)
    for node in _objects(PUBLISHED):
        assert set(node["required"]) == set(node["properties"])
    assert all(name in json.dumps(PUBLISHED) for name in PUBLISHED["$defs"])


def test_the_schema_lists_what_there_is() -> None:
    change = PUBLISHED["$defs"]["change"]["properties"]
    assert {*change["kind"]["enum"]} == {kind.kind for kind in get_args(Operation)}
    assert change["verdict"]["enum"] == [str(verdict) for verdict in Verdict]
    assert change["access"]["enum"] == [str(access) for access in Access]


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if "properties" in node:
            yield node
        for value in node.values():
            yield from _objects(value)
    elif isinstance(node, list):
        for value in node:
            yield from _objects(value)


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("version",), 2), (("changes", 0, "verdict"), "fine"), (("changes", 0, "code"), "PV1"),
        (("changes", 0, "evidence", "rows"), "2"), (("kept", 0, "why"), "so"),
        (("questions", 0, "options"), []), (("mentions", 0, "line"), 0), (("in_sync",), None),
    ],
)  # fmt: skip
def test_the_schema_refuses_what_no_plan_is(path: tuple[str | int, ...], wrong: Any) -> None:
    document = deepcopy(values.plan_values(FULL, NOWHERE, MENTIONS))
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = wrong
    assert not Draft202012Validator({**PUBLISHED, "$ref": "#/$defs/plan"}).is_valid(document)


def test_a_key_that_nobody_described_is_found() -> None:
    document = {**values.plan_values(Plan(), NOWHERE), "more": 1}
    assert Draft202012Validator(PUBLISHED).is_valid(document)
    assert not Draft202012Validator(strict("plan")).is_valid(document)


# Markdown


def rendered(source: str) -> str:
    """What is left of a line for the eye: code spans without their fences as ⟨…⟩, escapes resolved."""
    spans = re.sub(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", "\x00", source)
    return re.sub(r"\\[\\*_{}\[\]|~]|&#\d+;", "\x01", spans)


@given(st.text(st.sampled_from("`ab \\<>|*_@#[]~\n")))
def test_code_holds_any_text(source: str) -> None:
    span = markdown.code(source)
    fence = re.match("`+", span)
    assert fence
    assert "\n" not in span
    inner = span[len(fence[0]) : -len(fence[0])]
    assert span == fence[0] + inner + fence[0]
    assert fence[0] not in re.findall("`+", inner)
    assert inner.strip() == " ".join(source.split())


@given(st.text(st.sampled_from("`ab \\<>|*_@#[]~\n.")))
def test_prose_is_no_markup_and_calls_nobody(source: str) -> None:
    left = rendered(markdown.prose(source))
    assert not re.search(r"[`*_<>|~\[\]]", left)
    assert not re.search(r"(?<![\w\x00\x01])@\w", left)
    assert "\n" not in left


def test_a_page_of_everything() -> None:
    page = markdown.markdown(FULL, NOWHERE, MENTIONS)
    assert page.startswith(f"{markdown.MARK}\n### PocketVex: ")
    titles = re.findall(r"^\*\*(.+) \(\d+\)\*\*$", page, re.MULTILINE)
    assert titles == [
        "Impossible", "Opens access", "Unsafe", "Waiting for an answer", "May be meant in hooks",
        "Changed on the server by somebody else, kept", "Harmless on this data",
    ]  # fmt: skip
    assert "2 of 5 rows" in page
    assert "for example `id1`" in page
    assert "`--answer posts.status:old=new`" in page
    assert "<img" not in rendered(page)
    assert "@team" not in rendered(page)


def test_long_lists_are_folded_and_what_does_not_fit_is_counted() -> None:
    many = tuple(rule("a = 1 && " * 500, f"b = {n}", Access.OPENS) for n in range(300))
    page = markdown.markdown(Plan((*many, *(change("x" * 300) for _ in range(300)))), NOWHERE)
    assert len(page) <= 65_536
    assert "<summary><b>Opens access (300)</b></summary>" in page
    assert "<summary><b>Unsafe (300)</b></summary>" in page
    shown = page.count("\n- `~`") + page.count("\n- `-`")
    left = sum(map(int, re.findall(r"… and (\d+) more", page)))
    assert shown + left == 600
    assert page.count("<details>") == page.count("</details>")


def test_nothing_to_do_is_one_line() -> None:
    assert markdown.markdown(Plan(), NOWHERE) == f"{markdown.MARK}\n### PocketVex: in sync\n"


# Annotations


@given(st.text(), st.text(min_size=1), st.integers(1, 10))
def test_a_command_is_one_line_and_says_what_it_was_given(message: str, file: str, line: int) -> None:
    said = github.command("error", message, "PV203", Location(file, line))
    found = re.fullmatch(r"::error file=([^:,\r\n]*),line=(\d+),title=PV203::([^\r\n]*)", said)
    assert found
    assert resolved(found[1]) == visible(file)
    assert int(found[2]) == line
    assert resolved(found[3]) == visible(message)


def resolved(text: str) -> str:
    """What GitHub's runner makes of an escaped text."""
    marks = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}
    return re.sub("%0D|%0A|%3A|%2C|%25", lambda match: marks[match[0]], text)


def test_the_gravest_comes_first_and_the_totals_last() -> None:
    lines = github.plan_annotations(FULL, NOWHERE, MENTIONS, folder="backend/app")
    levels = [line.split(" ")[0] for line in lines[:-1]]
    assert levels == ["::error", *["::warning"] * 6, "::notice"]
    assert not lines[-1].startswith("::")
    assert sum("file=backend/app/pb_hooks/a.pb.js,line=3" in line for line in lines) == 1
    assert sum("file=backend/app/schema/a.py,line=7,title=PV503" in line for line in lines) == 1


def test_an_annotation_stands_at_the_line_that_asks() -> None:
    before, after = schema_of(posts(text("body"))), schema_of(posts())
    after = changed(after, "posts", source=Location("schema/posts.py", 4))
    (line, _) = github.plan_annotations(make_plan(after, before, version=NEWEST), after)
    assert line.startswith("::warning file=schema/posts.py,line=4,title=PV201::posts.body: field removed")


@pytest.mark.parametrize(
    ("state", "level"), [("edited", "error"), ("empty", "warning"), ("pending", "notice"), ("held", "notice")]
)
def test_migrations_that_are_not_simply_applied(state: str, level: str) -> None:
    rows = [("1_a.js", "applied"), ("2_b.js", state)]
    (line,) = github.status_annotations(rows, [], "pb_migrations")
    assert line.startswith(f"::{level} file=pb_migrations/2_b.js,line=1,title=migration::")


PENDING = (
    PendingFile("1700000000_less.js", (change(HOSTILE), rule("a", "b", Access.OPENS)), by_hand=False),
    PendingFile("1700000001_rows.js", tuple(change("one of many") for _ in range(50)), by_hand=True),
)


def test_files_that_are_to_run_and_what_they_do_are_part_of_every_format() -> None:
    document = values.plan_values(Plan(), NOWHERE, pending=PENDING)
    check(document, "plan")
    assert document["in_sync"] is False
    assert [(f["name"], f["by_hand"], len(f["changes"])) for f in document["pending"]] == [
        ("1700000000_less.js", False, 2), ("1700000001_rows.js", True, 50),
    ]  # fmt: skip
    page = markdown.markdown(Plan(), NOWHERE, pending=PENDING)
    assert "### PocketVex: 2 migrations not run here yet" in page
    assert "`1700000001_rows.js` (written by hand)" in page
    assert "… and 30 more changes" in page
    assert not re.search(r"(?<!`)<img", page)
    first, second, said = github.plan_annotations(
        Plan(), NOWHERE, pending=PENDING, migrations="app/pb_migrations"
    )
    assert first.startswith("::warning file=app/pb_migrations/1700000000_less.js,line=1,title=migration::")
    assert "not run this file yet%0Aposts.body: " in first
    assert "… and 30 more changes" in second
    assert "\n" not in first + second
    assert said == "2 migrations not run here yet"
    lines = pending_lines(PENDING, width=80)
    assert lines[0] == "pending 1700000000_less.js"
    assert "pending 1700000001_rows.js (written by hand)" in lines
    assert lines[-1] == "    … and 40 more changes"
