"""What came of the proof of a history: `migrate verify`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pocketvex.cli.show.formats import Shown, write_json
from pocketvex.cli.terminal import output
from pocketvex.schema.words import counted

if TYPE_CHECKING:
    from pocketvex.history.inspect import Finding
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
        for kind, finding in self._all():
            output.data(f"{output.styled(self._place(finding), 'bold')}: {kind}{finding.what}")
            for line in finding.why.splitlines():
                output.data(f"    {line}")
            if finding.todo:
                output.data(f"  → {finding.todo}")
        if totals := _totals(self.found):
            output.note(totals)

    def json(self) -> None:
        from pocketvex.proof.verify import as_json

        write_json(as_json(self.found))

    def markdown(self) -> None:
        from pocketvex.render.report.markdown import code, prose

        files = self.found.files
        proven = sum(file.state == "proven" for file in files)
        of = f"{proven} of {counted(len(files), 'migration')} proven"
        output.data(f"**{of}** on PocketBase {self.found.version}")
        for kind, finding in self._all():
            below = [f"  {prose(line)}" for line in [*finding.why.splitlines(), finding.todo] if line]
            head = f"- {code(self._place(finding))} {kind}{prose(finding.what)}"
            output.data("\n".join(["", head, *below]))

    def github(self) -> None:
        from pocketvex.findings import Location
        from pocketvex.render.report.github import command

        levels = [("error", self.found.findings), ("notice", self.found.advisories)]
        for level, finding in ((level, finding) for level, findings in levels for finding in findings):
            text = "\n".join(filter(None, (finding.what, finding.why, finding.todo)))
            where = Location(f"{self.config.migrations.name}/{finding.file}", finding.line or 1)
            output.commands([command(level, text, "migration", where)])

    def _all(self) -> Iterator[tuple[str, Finding]]:
        yield from (("", finding) for finding in self.found.findings)
        yield from (("advisory: ", advisory) for advisory in self.found.advisories)

    def _place(self, finding: Finding) -> str:
        return f"{self.config.migrations.name}/{finding.place}"


def _totals(found: Verified) -> str:
    """`1 finding, 2 advisories`; nothing where there are none."""
    kinds = [(found.findings, "finding", "findings"), (found.advisories, "advisory", "advisories")]
    return ", ".join(f"{len(i)} {one if len(i) == 1 else some}" for i, one, some in kinds if i)


def _note(file: Checked) -> str:
    if file.state == "proven":
        said = counted(file.rows, "row")
        return f"  {said}, {file.kept} with all values after up" if file.kept != file.rows else f"  {said}"
    return f"  {file.note}" if file.note else ""
