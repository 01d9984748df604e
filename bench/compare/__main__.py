"""`python -m bench.compare [TOOL…]`: run the tools and their checks, and write docs/generators.md."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.compare import page, table
from bench.compare.compiler import VERSION
from bench.compare.tools import TOOLS
from bench.npm import NotInstalled
from pocketvex.server.binaries import find


def main(only: Sequence[str]) -> None:
    found = json.loads(page.FOUND.read_text(encoding="utf-8"))["cells"] if only else {}
    asked = [tool for tool in TOOLS if not only or tool.name in only]
    try:
        with tempfile.TemporaryDirectory(prefix="pocketvex-compare-") as name:
            for tool in asked:
                for key, cell in table.cells(tool, Path(name, tool.name)):
                    found.setdefault(key, {})[tool.name] = cell
    except NotInstalled as reason:
        raise SystemExit(f"The tools cannot be had here: {reason}.") from None
    write(found)


def write(cells: dict[str, dict[str, table.Cell]]) -> None:
    """The page, and what it was made of; rows that are no more are left out."""
    tools = [{"name": tool.name, "version": tool.version} for tool in TOOLS]
    kept = {row.key: cells[row.key] for row in table.rows()}
    found = {"tools": tools, "typescript": VERSION, "pocketbase": str(find(None).version), "cells": kept}
    page.FOUND.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    page.PAGE.write_text(page.render(found), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
