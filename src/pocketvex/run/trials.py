"""What `dev` tried out on a server, where a file is to run that says otherwise."""

from __future__ import annotations

from collections.abc import Set

from pocketvex.diff.compare import compare
from pocketvex.diff.operations import RenameField
from pocketvex.history.position import changed_paths
from pocketvex.plan.make import Change
from pocketvex.plan.verdicts import Verdict
from pocketvex.run.planning import plan_with_evidence
from pocketvex.run.situation import Situation
from pocketvex.schema.model import Schema
from pocketvex.target.write import write_changes


def undo_conflicting_trials(situation: Situation) -> None:
    """Before files run: what `dev` wrote here, and they define otherwise, is made what they say.

    Two people tried different things, and one of them sealed hers: her file would find a state that is
    neither what it was nor what it is to be. Only where no value is touched; the rest the file reports.
    """
    session, recorded, live = situation.session, situation.recorded, situation.live
    mine = changed_paths(recorded, situation.position.here.schema) & situation.state.written.keys()
    if not situation.target.local or not mine:
        return
    changes = [c for c in plan_with_evidence(session, recorded, live, live).changes if _makes_way(c, mine)]
    if changes:
        write_changes(session, situation.raw, changes, recorded)


def undo_renamed_again(situation: Situation, before: Schema) -> None:
    """Before files are taken back to `before`: a field that they renamed, and `dev` once more,
    has the name again that they know."""
    session, here, live = situation.session, situation.position.here.schema, situation.live
    if not situation.target.local:
        return
    touched = changed_paths(before, here)
    again = {
        o.path
        for o in compare(here, live, version=session.target.version, ask=False).operations
        if isinstance(o, RenameField) and o.path in touched and o.old_path in situation.state.written
    }
    if again:
        planned = plan_with_evidence(session, here, live, live).changes
        changes = [change for change in planned if change.path in again]
        write_changes(session, situation.raw, changes, here)


def _makes_way(change: Change, mine: Set[str]) -> bool:
    """What a file says of a collection that `dev` made is missing there as well: it was saved since."""
    if change.path in mine:
        return change.judgement.verdict in (Verdict.SAFE, Verdict.HARMLESS)
    return change.operation.collection in mine and change.judgement.verdict is Verdict.SAFE
