"""The code compared with a server: `schema diff`, for whoever has read its options."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pocketvex.cli.context import checked_answers, choices, opened, project
from pocketvex.cli.show.formats import checked_format, show
from pocketvex.cli.terminal import output
from pocketvex.errors import ChangesPending, ConsentNeeded, Exit


def compare(
    *,
    host: str | None = None,
    format: str = "text",
    exit_code: bool = False,
    questions: bool = False,
    rename: list[str] | None = None,
    answer: list[str] | None = None,
    answers: Path | None = None,
    evidence: str | None = None,
    data_dir: Path | None = None,
    pocketbase: Path | None = None,
) -> int:
    """Show what the code would change on a server; the exit code."""
    wanted = checked_format(format)
    said = checked_answers(rename, answer, answers)
    config = project()

    from pocketvex.load.loader import start_load

    with start_load(config.root, config.schema, timeout=config.load_timeout) as pending:
        # The schema loads in its own interpreter while this one imports what it takes to compare.
        from pocketvex.cli.show.plan import PlanShown, QuestionsShown
        from pocketvex.plan.ignored import unused
        from pocketvex.run.pending import pending_files
        from pocketvex.run.planning import plan_for
        from pocketvex.run.situation import find_situation
        from pocketvex.schema.model import Schema
        from pocketvex.target.in_the_way import in_the_way

        with opened(config, host, data_dir, pocketbase, evidence) as session:
            empty = find_situation(session, Schema(), choices(answers=said), write=False)
            loaded = pending.result()
            output.printed(loaded.printed)
            found = replace(empty, desired=loaded.schema)
            plan, target = plan_for(found), found.target
            to_run = pending_files(found.position, target.version)
            for thing in in_the_way(target, found.live, [c.operation for c in plan.changes]):
                session.reporter.note(f"there is {thing}: nothing of its name can be made before it goes")
            session.memory.save()
    if questions:
        show(QuestionsShown(plan, loaded.schema, config), wanted)
        return ConsentNeeded.exit_code if exit_code and plan.questions else 0
    show(PlanShown(plan, loaded.schema, config, to_run), wanted)
    for path in unused(plan, config.ignore):
        output.note(f"note: [ignore] {path}: nothing of that name differs here")
    if not exit_code:
        return 0
    return ChangesPending.exit_code if plan or found.position.pending else Exit.DRIFT if plan.drift else 0
