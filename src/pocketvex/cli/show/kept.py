"""What migrations keep aside: `migrate prune`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pocketvex.cli.show.formats import Shown, write_json
from pocketvex.cli.terminal import output
from pocketvex.schema.words import counted

if TYPE_CHECKING:
    from pocketvex.run.prune import KeptAside, Listed


@dataclass(frozen=True)
class KeptShown(Shown):
    """One line for each thing, with the file that put it aside and the way back."""

    listed: Listed

    def text(self) -> None:
        for kept in self.listed.kept:
            output.data(f"{kept.name}: {_told(kept)}")
        self._if_nothing()

    def json(self) -> None:
        rows = [{k: v for k, v in kept._asdict().items() if k != "groups"} for kept in self.listed.kept]
        write_json({"version": 1, "complete": self.listed.known, "kept": rows})

    def markdown(self) -> None:
        from pocketvex.render.report.markdown import code

        for kept in self.listed.kept:
            output.data(f"- {code(kept.name)}: {_told(kept)}")
        self._if_nothing()

    def _if_nothing(self) -> None:
        if not self.listed.kept:
            output.data("nothing is kept aside")


def _told(kept: KeptAside) -> str:
    by = f"; put aside by {kept.migration}" if kept.migration else ""
    way = f"; {kept.way_back}" if kept.way_back else ""
    return f"{counted(kept.rows, 'row')}{by}{way}"
