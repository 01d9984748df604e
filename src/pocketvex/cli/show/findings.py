"""The findings of a lint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pocketvex.cli.show.formats import Shown, in_repository, write_json
from pocketvex.cli.terminal import output
from pocketvex.schema.words import counted

if TYPE_CHECKING:
    from pocketvex.findings import Finding
    from pocketvex.store.config import Config


@dataclass(frozen=True)
class FindingsShown(Shown):
    """Each finding with the line that it is about, their number, and where to read on."""

    findings: Sequence[Finding]
    config: Config

    def text(self) -> None:
        from pocketvex.render.report.findings import finding_line

        for finding in self.findings:
            output.data(finding_line(finding))
            if finding.where:
                output.excerpt(finding.where.excerpt, err=False)
        count = len(self.findings)
        output.data(output.styled(counted(count, "finding") if count else "no findings", "bold"))
        if self.findings:
            first, *others = dict.fromkeys(finding.code for finding in self.findings)
            more = f" (or {', '.join(others)})" if others else ""
            output.note(f"→ pocketvex explain {first}{more}")

    def json(self) -> None:
        from pocketvex.render.report.findings import finding_values

        write_json(finding_values(self.findings))

    def github(self) -> None:
        from pocketvex.render.report.findings import finding_annotations

        output.commands(finding_annotations(self.findings, in_repository(self.config.root)))
