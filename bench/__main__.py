"""`python -m bench`: measure everything and write docs/bench.md; `python -m bench -` only prints it."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import cases, generators_report, over_http, saves
from bench.measure import Line
from pocketvex.server.binaries import find

REPORT = Path(__file__).parents[1] / "docs" / "bench.md"

HEAD = """\
# How fast it is

Written by `python -m bench`. Times are medians. Each command is measured in turn with its floor, in the same
run, so that the ratio holds on a machine that is busy with other things; the times themselves do not.

"""


def main(arguments: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="pocketvex-bench-") as name:
        folder = Path(name)
        lines = [
            *cases.start_up(folder),
            *cases.nothing_to_do(folder),
            *saves.saves(folder),
            *cases.types(folder),
            *cases.planning(),
            *cases.history(folder),
            *over_http.over_http(folder),
        ]
        others = generators_report.section(folder)
    text = HEAD + f"{table(lines)}\n{others}\n{machine()}\n"
    sys.stdout.write(text)
    if "-" not in arguments:
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text(text, encoding="utf-8")


def table(lines: Sequence[Line]) -> str:
    rows = ["| what | took | beside | ratio | target | met |", "|---|---|---|---|---|---|"]
    for line in lines:
        beside = f"{line.floor_name}: {line.floor:.0f} ms" if line.floor else ""
        ratio = f"{line.took / line.floor:.2f}" if line.floor else ""
        met = "" if line.met is None else "yes" if line.met else "**no**"
        rows.append(f"| {line.what} | {line.took:.0f} ms | {beside} | {ratio} | {line.target} | {met} |")
    return "\n".join(rows) + "\n"


def machine() -> str:
    return (
        f"Python {platform.python_version()}, PocketBase {find(None).version}, {platform.system()}, "
        f"{os.cpu_count()} cores."
    )


if __name__ == "__main__":
    main(sys.argv[1:])
