"""The part of docs/bench.md about the other generators."""

from __future__ import annotations

from pathlib import Path

from bench import generators_cold, generators_saves
from bench.generators import GENERATORS, TYPED
from bench.generators_cold import COLLECTIONS
from bench.npm import NotInstalled, installed

HEAD = f"""\
## Beside the other generators

The same {COLLECTIONS} collections, the same server, all ways in turn in one run. Cold: the types
of the last round and everything that a tool could remember are removed first. Every tool of npm runs as
Node.js runs it, without the time that `npx` takes.

"""

SAVES = """
From a save to the new types on disk. Ours watches the code. None of the others here has a watch mode; two
describe hooks of PocketBase that run them after a change in the dashboard, and those are measured. Of the
rest the answer is to run them again: see above.

"""


def section(folder: Path) -> str:
    """Without npm it only says that it was left out."""
    try:
        # Before anything is measured.
        for generator in GENERATORS:
            installed(generator.package)
    except NotInstalled as reason:
        return f"{HEAD}Left out of this run: {reason}.\n"
    cold, saves = generators_cold.measure(folder), generators_saves.measure(folder)
    ours = cold[0][1]
    rows = [f"| {way.name} | {way.reads} | {took:.0f} ms | {took / ours:.2f} |\n" for way, took in cold]
    saved = [f"| {save.name} | {save.what} | {took:.0f} ms |\n" for save, took in saves]
    left_out = (
        f"\n{TYPED} logs in where PocketBase did up to 0.22: on a newer server it gets a 404.\n"
        "pocketbase-typegen has `--db` as well; the module that it needs is compiled or fetched when it is\n"
        "installed, and no script of a package is run here.\n"
        "What else they can and cannot: [generators.md](generators.md).\n"
    )
    return (
        f"{HEAD}| cold | reads | took | beside the first |\n|---|---|---|---|\n{''.join(rows)}"
        f"{SAVES}| on save | of | took |\n|---|---|---|\n{''.join(saved)}{left_out}"
    )
