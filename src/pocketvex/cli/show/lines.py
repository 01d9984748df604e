"""Plans in lines, as a person reads them in this terminal; the whole of a long rule is in `--format json`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from pocketvex.cli.terminal import output
from pocketvex.cli.terminal.shorten import fitted, middle, pair
from pocketvex.render.report.text import change_lines, pending_lines, plan_lines

if TYPE_CHECKING:
    from pocketvex.plan.changes import Change, PendingFile, Plan

_PAIR = re.compile(r"`([^`]*)` → `([^`]*)`")
_SINGLE = re.compile(r"`([^`]*)`")


def shown(plan: Plan) -> list[str]:
    """A plan, its changes in short."""
    short = replace(plan, changes=tuple(map(compact, plan.changes)))
    return fitted(plan_lines(short, width=output.width()), output.width())


def pending_shown(pending: Iterable[PendingFile]) -> list[str]:
    """Migrations that are not run yet, with what they change."""
    short = [replace(file, changes=tuple(map(compact, file.changes))) for file in pending]
    return fitted(pending_lines(short, width=output.width()), output.width())


def change_shown(change: Change) -> list[str]:
    """One change."""
    return change_lines(compact(change), width=output.width())


def compact(change: Change) -> Change:
    """The same change with the rules in its reason cut to what a line or two can hold."""
    reason = change.judgement.reason
    short = _PAIR.sub(lambda m: "`{}` → `{}`".format(*pair(m[1], m[2])), reason)
    if short == reason:
        short = _SINGLE.sub(lambda m: f"`{middle(m[1])}`", reason)
    return change if short == reason else replace(change, judgement=change.judgement._replace(reason=short))
