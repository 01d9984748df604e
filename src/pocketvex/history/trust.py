"""Hand-written files that reach out of the database: replayed only after a yes, remembered by hash.

A replay runs every file of the history on this machine, on a scratch server: a file that sends a mail
would send it again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from pocketvex.errors import ConsentNeeded
from pocketvex.steps.header import body_hash
from pocketvex.store.files import LOCAL, local_dir, write_atomically

_FILE = "trusted.json"
_COMMENT = re.compile(r"/\*.*?\*/|^\s*//.*?$", re.DOTALL | re.MULTILINE)
_REACHES = re.compile(
    r"\$http\b|\$mails\b|\$os\b(?!\s*\.\s*getenv\b)|\$filesystem\s*\.\s*fileFromURL\b|\bnewMailClient\b"
)


def reaches_out(text: str) -> list[str]:
    """What a file uses that has effects outside of the database: `$http`, `$os`, `$mails` and the like."""
    return sorted({found[0].partition(".")[0] for found in _REACHES.finditer(_COMMENT.sub("", text))})


def untrusted(root: Path, files: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """Those of the files (name, text) that reach out and that nobody has agreed to, with what they use."""
    found = [(name, text, uses) for name, text in files if (uses := reaches_out(text))]
    known = _known(root) if found else {}
    return [(name, uses) for name, text, uses in found if body_hash(text) not in known]


def trust(root: Path, files: Iterable[tuple[str, str]]) -> None:
    """Remember the yes to these files, as they are now, on this machine."""
    known = {**_known(root), **{body_hash(text): name for name, text in files}}
    content = json.dumps({"version": 1, "files": known}, indent=1, sort_keys=True)
    write_atomically(local_dir(root) / _FILE, content + "\n")


def require_trust(root: Path, files: Sequence[tuple[str, str]]) -> None:
    """Raise ConsentNeeded where a file reaches out and nobody has agreed to its replay."""
    waiting = untrusted(root, files)
    if waiting:
        said = "; ".join(f"{name} uses {', '.join(uses)}" for name, uses in waiting)
        flags = " ".join(f"--confirm {name}" for name, _ in waiting)
        raise ConsentNeeded(
            f"the history is not replayed: {said}",
            why="A replay runs these files here, on a scratch server: what they do outside of it is real.",
            todo=f"Read them. `pocketvex migrate verify {flags}` agrees; it is asked again when one changes.",
        )


def _known(root: Path) -> dict[str, str]:
    try:
        found = json.loads((root / LOCAL / _FILE).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}
