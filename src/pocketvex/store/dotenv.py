"""A file of variables, as many tools read it: `NAME=value`, quotes, comments, `export`."""

from __future__ import annotations

import re
from pathlib import Path

from pocketvex.errors import ConfigError
from pocketvex.findings import Location

_LINE = re.compile(
    r"\s*(?:export\s+)?(?P<name>[A-Za-z_]\w*)\s*=\s*"
    r"(?:'(?P<plain>[^']*)'|\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<bare>[^\s#'\"](?:[^#]|(?<=\S)#)*)|)\s*(?:#.*)?",
    re.ASCII,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def read_dotenv(file: Path) -> dict[str, str]:
    """The variables of the file; none where it is not there. No value is ever shown in an error."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read", why=str(getattr(error, "strerror", ""))) from None
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise ConfigError("this line is no NAME=value", where=Location(str(file), number))
        found[match["name"]] = _value(match)
    return found


def _value(match: re.Match[str]) -> str:
    if match["quoted"] is not None:
        return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), match["quoted"])
    return match["plain"] if match["plain"] is not None else (match["bare"] or "").rstrip()
