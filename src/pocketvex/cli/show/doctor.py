"""What `doctor` found: a line for each thing, and its cure below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pocketvex.cli.show.formats import Shown, in_repository, write_json
from pocketvex.cli.terminal import output
from pocketvex.findings import LEVELS
from pocketvex.schema.words import counted

if TYPE_CHECKING:
    from pocketvex.doctor.examine import Examined
    from pocketvex.findings import Finding
    from pocketvex.store.config import Config

_SIGNS = {"error": ("x", "red"), "warning": ("!", "yellow"), "notice": ("-", "dim")}


@dataclass(frozen=True)
class DoctorShown(Shown):
    """Also of what was looked at and is well, its name."""

    examined: Sequence[Examined]
    config: Config | None

    @property
    def findings(self) -> list[Finding]:
        return [finding for one in self.examined for finding in one.findings]

    def text(self) -> None:
        for finding in self.findings:
            sign, colour = _SIGNS[finding.level]
            at = f" ({finding.where})" if finding.where else ""
            line = f"{sign} {finding.path}: {finding.message}{at} {finding.code}"
            output.data(output.styled(line, colour))
            for text in filter(None, (finding.why, f"→ {finding.todo}" if finding.todo else "")):
                output.data(f"    {text}")
        well = [one.subject for one in self.examined if not one.findings]
        if well:
            output.data(f"well: {', '.join(well)}")
        output.data(output.styled(_count(self.findings), "bold"))

    def json(self) -> None:
        from pocketvex.render.report.findings import finding_values

        values = finding_values(self.findings)
        for item, finding in zip(values["findings"], self.findings, strict=True):
            item |= {"why": finding.why, "todo": finding.todo}
        write_json({**values, "looked_at": [one.subject for one in self.examined]})

    def github(self) -> None:
        from pocketvex.render.report.findings import finding_annotations

        folder = in_repository(self.config.root) if self.config else ""
        output.commands(finding_annotations(self.findings, folder, title="doctor"))


def _count(findings: Sequence[Finding]) -> str:
    if not findings:
        return "all is well"
    found = [(level, sum(f.level == level for f in findings)) for level in LEVELS]
    return ", ".join(counted(n, level) for level, n in found if n)
