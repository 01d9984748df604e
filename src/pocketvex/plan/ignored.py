"""What the project ignores, with a reason: never planned, and no drift.

An entry names a thing (`posts.legacy`, `posts:listRule`, `posts@idx_title`), or a collection with all in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pocketvex.paths import home_of
from pocketvex.plan.changes import Kept, Plan

Reasons = Mapping[str, str]


def with_ignored(plan: Plan, reasons: Reasons, confirmed: frozenset[str] = frozenset()) -> Plan:
    """The plan without the changes that are ignored, which are kept; what was named on purpose stays."""
    if not reasons:
        return plan
    kept = tuple(
        replace(item, why="ignored", reason=reason) if (reason := reason_for(item.path, reasons)) else item
        for item in plan.kept
    )
    left = {c.path: reason_for(c.path, reasons) for c in plan.changes if c.path not in confirmed}
    added = tuple(
        Kept(change.operation, "ignored", left[change.path])
        for change in plan.changes
        if left.get(change.path)
    )
    changes = tuple(change for change in plan.changes if not left.get(change.path))
    return replace(plan, changes=changes, kept=kept + added)


def reason_for(path: str, reasons: Reasons) -> str:
    """Why a path is ignored; "" where it is not."""
    return reasons.get(path) or reasons.get(home_of(path), "")


def unused(plan: Plan, reasons: Reasons) -> list[str]:
    """The entries that nothing on this server answers to."""
    used = {path for item in plan.kept for path in (item.path, home_of(item.path))}
    return [path for path in reasons if path not in used]
