"""What came of the proof of a history: `migrate verify`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pocketvex.cli.show.formats import Shown, migrations_in, write_json
from pocketvex.cli.terminal import output
from pocketvex.schema.words import counted

if TYPE_CHECKING:
    from pocketvex.findings import Finding
    from pocketvex.proof.verify import Checked, Verified
    from pocketvex.store.config import Config


@dataclass(frozen=True)
class VerifiedShown(Shown):
    """What each file is worth, what is wrong, and what is only to be known."""

    found: Verified
    config: Config

    def text(self) -> None:
        again = ", nothing changed since the last time" * self.found.cached
        output.note(f"PocketBase {self.found.version}{again}")
        width = max((len(file.state) for file in self.found.files), default=0)
        for file in self.found.files:
            output.data(f"{file.state:{width}} {file.name}{_note(file)}")
        if not self.found.files:
            output.data("no migrations yet")
        for finding in self._all():
            place = output.styled(self._place(finding), "bold")
            output.data(f"{place}: {_kind(finding)}{finding.message}")
            for line in finding.why.splitlines():
                output.data(f"    {line}")
            if finding.todo:
                output.data(f"  → {finding.todo}")
        if totals := _totals(self.found):
            output.note(totals)

    def json(self) -> None:
        from dataclasses import asdict

        from pocketvex.render.report.findings import in_history_values

        found = self.found
        write_json(
            {
                "version": 1,
                "pocketbase": found.version,
                "files": [asdict(file) for file in found.files],
                "findings": [*map(in_history_values, found.findings)],
                "advisories": [*map(in_history_values, found.advisories)],
            }
        )

    def markdown(self) -> None:
        from pocketvex.render.report.markdown import code, prose

        files = self.found.files
        proven = sum(file.state == "proven" for file in files)
        of = f"{proven} of {counted(len(files), 'migration')} proven"
        output.data(f"**{of}** on PocketBase {self.found.version}")
        for finding in self._all():
            below = [f"  {prose(line)}" for line in [*finding.why.splitlines(), finding.todo] if line]
            head = f"- {code(self._place(finding))} {_kind(finding)}{prose(finding.message)}"
            output.data("\n".join(["", head, *below]))

    def github(self) -> None:
        from pocketvex.render.report.findings import finding_annotations

        placed = map(_at_a_line, self._all())
        folder = migrations_in(self.config)
        output.commands(finding_annotations(placed, folder, title="migration"))

    def _all(self) -> tuple[Finding, ...]:
        return (*self.found.findings, *self.found.advisories)

    def _place(self, finding: Finding) -> str:
        return f"{self.config.migrations.name}/{finding.where}"


def _at_a_line(finding: Finding) -> Finding:
    """What is about a whole file is shown at its first line."""
    where = finding.where
    return finding._replace(where=where._replace(line=where.line or 1)) if where else finding


def _kind(finding: Finding) -> str:
    return "advisory: " if finding.level == "notice" else ""


def _totals(found: Verified) -> str:
    """`1 finding, 2 advisories`; nothing where there are none."""
    kinds = [(found.findings, "finding", "findings"), (found.advisories, "advisory", "advisories")]
    return ", ".join(f"{len(i)} {one if len(i) == 1 else some}" for i, one, some in kinds if i)


def _note(file: Checked) -> str:
    if file.state == "proven":
        said = counted(file.rows, "row")
        return f"  {said}, {file.kept} with all values after up" if file.kept != file.rows else f"  {said}"
    return f"  {file.note}" if file.note else ""
