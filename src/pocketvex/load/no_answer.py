"""What to say about schema modules that gave no answer: stuck, crashed, or ended on purpose."""

from __future__ import annotations

import re
import signal

from pocketvex.errors import SchemaError
from pocketvex.findings import Location
from pocketvex.load.excerpt import excerpt, source_lines
from pocketvex.load.interpreter import Heard
from pocketvex.load.paths import is_users
from pocketvex.load.sources import Shown

_FRAME = re.compile(r'^  File "(?P<file>.*)", line (?P<line>\d+|\?\?\?) in ', re.MULTILINE)
_ESCAPED = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))")


def explain_silence(heard: Heard, timeout: float, shown: Shown) -> SchemaError:
    """The error for a load without an answer, with the line where it was, if that could be had."""
    place = _last_place(heard.dump) or (heard.importing, 0)
    where = None
    if place[0]:
        text = excerpt(source_lines(place[0]), place[1])
        where = Location(shown(place[0]), place[1], 0, text)
    if heard.dump.startswith("Timeout") or heard.status is None:
        return SchemaError(
            f"the schema did not load within {timeout:g} s: it was still here",
            where=where,
            todo="A schema module should only declare; a loop, a lock, or a request may not end.",
        )
    if fatal := re.search(
        r"^(Fatal Python error: .*|Windows fatal exception: .*)$", heard.dump, re.MULTILINE
    ):
        return SchemaError(f"a schema module crashed the interpreter: {fatal[1]}", where=where)
    if not heard.importing:
        return SchemaError(
            f"the interpreter for the schema ended before it began ({_status(heard.status)})",
            why=heard.printed.strip(),
        )
    if heard.status == -getattr(signal, "SIGKILL", 9):
        why = "Something else ended it; the system does that to a process that takes too much memory."
        return SchemaError("the interpreter was killed while it ran this file", where=where, why=why)
    return SchemaError(
        f"a schema module ended the interpreter ({_status(heard.status)})",
        where=where,
        todo="A schema module must only declare: look for os._exit, os.abort, os.exec or a kill.",
    )


def _status(status: int) -> str:
    if status < 0:
        try:
            return f"signal {signal.Signals(-status).name}"
        except ValueError:
            return f"signal {-status}"
    return f"exit status {status}"


def _last_place(dump: str) -> tuple[str, int] | None:
    """The innermost line of the user's in what faulthandler wrote; the main thread stands last there."""
    for thread in reversed(re.split(r"^(?:Current t|T)hread ", dump, flags=re.MULTILINE)):
        for frame in _FRAME.finditer(thread):
            file = _ESCAPED.sub(lambda m: chr(int(m[1] or m[2] or m[3], 16)), frame["file"])
            if is_users(file):
                return file, int(frame["line"]) if frame["line"].isdigit() else 0
    return None
