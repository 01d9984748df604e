"""Migrations as PocketBase's own JavaScript files, from a schema before to a schema after.

A file holds its steps in plain calls at the top and what the calls mean below, so that PocketBase alone
can run it. Up is the diff from before to after, down is the diff from after to before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from pocketvex.diff.compare import NEWEST, compare
from pocketvex.diff.operations import Operation, RenameCollection
from pocketvex.errors import UsageError
from pocketvex.render.data import conversions
from pocketvex.render.javascript import shifted
from pocketvex.render.steps import helpers, steps
from pocketvex.schema.model import Schema
from pocketvex.schema.system import STANDARD

if TYPE_CHECKING:
    import jinja2


def render_migration(
    before: Schema,
    after: Schema,
    *,
    stamp: str,
    comment: Sequence[str],
    manages: Iterable[str],
) -> str:
    """The text of a migration file; both schemas hold ids, from one history.

    `stamp` is the time stamp of the file's name: kept values are filed under it. `manages` are the
    collections (and the auth options stated for them, `users[otp]`) that the file's project declares.
    Raises UsageError for what no migration can do.
    """
    turned = list(_turned(before, after))
    forth = {f"{new_home}.{new}": old for _, new_home, old, new in turned}
    back = {f"{old_home}.{old}": new for old_home, _, old, new in turned}
    operations = compare(after, before, version=NEWEST, renames=forth, ask=False).operations
    _refuse_swaps(operations)
    up = steps(operations)
    down = steps(compare(before, after, version=NEWEST, renames=back, ask=False).operations, back=True)
    types = {step.arguments[0]["type"] for step in up + down if step.name == "create"}
    used = {name for step in up + down for name in helpers(step)}
    return (
        _template()
        .render(
            stamp=stamp,
            comment=[line for text in comment for line in (text.splitlines() or [""])],
            manages=sorted(manages),
            up=[shifted(step.text()).lstrip() for step in up],
            down=[shifted(step.text()).lstrip() for step in down],
            standard=[(type_, fields) for type_, fields in STANDARD.items() if type_ in types],
            conversions=conversions(),
            uses=lambda *names: bool(used & set(names)),
        )
        .rstrip()
        + "\n"
    )


def _turned(before: Schema, after: Schema) -> Iterator[tuple[str, str, str, str]]:
    """Fields that got another type, and so another id, together with another name: collection and field
    before and after."""
    homes = {c.id: c.name for c in before.collections}
    for collection in after.collections:
        for field in collection.fields:
            if field.renamed_from and collection.id in homes:
                yield homes[collection.id], collection.name, field.renamed_from, field.name


def _refuse_swaps(operations: Sequence[Operation]) -> None:
    """Two collections that change names with each other look the same before and after."""
    renamed = {
        o.old.lower(): o.collection.lower()
        for o in operations
        if isinstance(o, RenameCollection) and o.old.lower() != o.collection.lower()
    }
    for start in renamed:
        chain, at = [start], renamed[start]
        while at in renamed and at not in chain:
            chain.append(at)
            at = renamed[at]
        if at == start:
            raise UsageError(
                f"{' and '.join(sorted(chain))} cannot exchange their names in one migration",
                why="Nothing would tell a server on which that was done from one on which it was not.",
                todo="Give one of them a third name first, and the final names in a second migration.",
            )


@cache
def _template() -> jinja2.Template:
    # 60 ms, which only commands that write a file shall pay.
    import jinja2

    # These delimiters leave the templates JavaScript, and PocketBase's `{{…}}` alone.
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pocketvex.render"),
        line_statement_prefix="//%",
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,
    )
    return environment.get_template("migration.js.j2")
