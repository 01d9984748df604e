"""After runtime.js changed, before a release has written it: its new hash, and the sample with it.

python tests/rehash.py
"""

from __future__ import annotations

from pathlib import Path

from pocketvex.history.folder import MigrationFile, read_history, reseal_files
from pocketvex.render.migration import migration
from pocketvex.render.migration.migration import RUNTIME_VERSION, RUNTIMES, runtime, runtime_hash
from pocketvex.steps.migration import split

ROOT = Path(__file__).parents[1]


def rehash() -> None:
    source = Path(migration.__file__)
    text = source.read_text(encoding="utf-8")
    known = RUNTIMES[RUNTIME_VERSION]
    assert text.count(known) == 1
    source.write_text(text.replace(known, runtime_hash(runtime())), encoding="utf-8")
    history = read_history(ROOT / "pb_migrations")
    reseal_files(
        history, [MigrationFile(file.name, split(file.text)[0] + runtime()) for file in history.files]
    )


if __name__ == "__main__":
    rehash()
