"""What a project ignores on a server is neither planned nor drift."""

from __future__ import annotations

import pytest

from pocketvex.plan.ignored import unused, with_ignored
from pocketvex.plan.make import Plan, make_plan
from pocketvex.plan.ownership import Ownership
from pocketvex.render.report.json import plan_values
from pocketvex.render.report.text import kept_lines
from pocketvex.schema.model import Schema
from pocketvex.versions import NEWEST
from projects import posts, schema_of, text


def plan() -> Plan:
    """The history has `posts`; somebody added `legacy` and opened a rule; `notes` is nobody's."""
    recorded = Schema.from_json(schema_of(posts()).to_json())
    there = schema_of(posts(text("legacy"), listRule=""), {"name": "notes"})
    live = Schema.from_json(there.to_json())
    return make_plan(
        schema_of(posts(text("more", renamed_from=""))),
        live,
        ownership=Ownership(recorded, managed=frozenset({"posts"})),
        version=NEWEST,
    )


def why(found: Plan) -> dict[str, str]:
    return {item.path: item.why for item in found.kept}


@pytest.mark.parametrize(
    ("reasons", "ignored", "left"),
    [
        ({}, set(), []),
        ({"posts.legacy": "why"}, {"posts.legacy"}, []),
        ({"posts:listRule": "why", "notes": "why"}, {"posts:listRule", "notes"}, []),
        ({"posts": "why"}, {"posts.legacy", "posts:listRule", "posts.more"}, []),
        ({"posts.lega": "why", "post": "why"}, set(), ["posts.lega", "post"]),
    ],
)  # fmt: skip
def test_an_entry_names_a_thing_or_a_collection(
    reasons: dict[str, str], ignored: set[str], left: list[str]
) -> None:
    found = with_ignored(plan(), reasons)
    assert {path for path, reason in why(found).items() if reason == "ignored"} == ignored
    assert [change.path for change in found.changes] == [p for p in ["posts.more"] if p not in ignored]
    assert unused(found, reasons) == left
    assert {item.reason for item in found.kept if item.why == "ignored"} <= {"why"}


def test_what_was_named_on_purpose_is_not_ignored() -> None:
    found = with_ignored(plan(), {"posts": "why"}, frozenset({"posts.more"}))
    assert [change.path for change in found.changes] == ["posts.more"]


def test_drift_is_shown_with_its_ways_out_and_what_is_ignored_with_its_count() -> None:
    found = with_ignored(plan(), {"posts:listRule": "why"})
    assert kept_lines(found.kept) == [
        "= posts.legacy: changed on the server by somebody else, kept (PV601)",
        "    adopt it: `pocketvex schema pull posts.legacy`",
        "    revert it: `pocketvex schema apply --confirm posts.legacy`",
        "    ignore it: [ignore] in pocketvex.toml, with the reason",
        "= notes: not ours, kept",
        "= 1 ignored by pocketvex.toml",
    ]
    values = plan_values(found, Schema())["kept"]
    assert {"path": "posts:listRule", "why": "ignored", "reason": "why"} in values
    assert {"path": "posts.legacy", "why": "drift", "reason": ""} in values
