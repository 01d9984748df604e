"""What `doctor --fix` may do: local files only, and nothing that a person wrote."""

from __future__ import annotations

from collections.abc import Iterator

from pocketvex.doctor.project import ignored, private_files, stale_types
from pocketvex.run.types import write_files
from pocketvex.schema.model import Schema
from pocketvex.store.config import Config
from pocketvex.store.files import LOCAL, SECRET, write_atomically


def mend(config: Config, schema: Schema | None) -> Iterator[str]:
    """Do it, and say each thing that was done."""
    if not ignored(config.root) and (config.root / ".git").exists():
        file = config.root / ".gitignore"
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        gap = "" if not text or text.endswith("\n") else "\n"
        write_atomically(file, f"{text}{gap}{LOCAL}/\n")
        yield f"wrote {LOCAL}/ into .gitignore"
    for path in private_files(config):
        path.chmod(SECRET)
        yield f"closed {path.relative_to(config.root)} to others"
    if schema is not None:
        for name in write_files(config.generated, stale_types(config, schema)):
            yield f"wrote {config.generated.name}/{name}"
