"""The one place that writes to the terminal: data to stdout, everything else to stderr.

What is written is cleaned here: of all escapes only those that `styled` made reach the terminal.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable
from typing import TextIO

from pocketvex.cli.terminal.excerpts import is_marker, shortened
from pocketvex.cli.terminal.last_line import LastLine
from pocketvex.errors import PocketVexError
from pocketvex.render.report.printable import quiet, visible

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
# Stands in the escapes of our own until they are written: nobody else can know it.
_SEAL = os.urandom(8).hex()
_TOKEN = re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}", re.ASCII)
_LAST = LastLine()
_STYLE = re.compile(rf"\x1b{_SEAL}\[[0-9;]*m")


class Unheard(Exception):
    """Whoever read what we write has gone; no OSError, which somebody may expect on the way."""


def width() -> int:
    return max(40, min(shutil.get_terminal_size((80, 24)).columns, 120))


def styled(text: str, *styles: str, err: bool = False) -> str:
    """The text in colour, on a terminal that wants it; colour never carries a meaning of its own."""
    stream = sys.stderr if err else sys.stdout
    if os.environ.get("NO_COLOR") or not _is_terminal(stream) or os.environ.get("TERM") == "dumb":
        return text
    codes = ";".join(_STYLES[style] for style in styles)
    return f"\x1b{_SEAL}[{codes}m{text}\x1b{_SEAL}[0m"


def data(text: str) -> None:
    """A line of what the command was asked for."""
    _write(sys.stdout, quiet(_folded(text, sys.stdout)) + "\n")


def verbatim(text: str) -> None:
    """Data whose lines are not to be broken: code, JSON, a page."""
    _write(sys.stdout, quiet(text) + "\n")


def commands(lines: Iterable[str]) -> None:
    """What a workflow acts on (`render.github`)."""
    for line in lines:
        _write(sys.stdout, visible(line) + "\n")


def note(text: str) -> None:
    """A line about what is going on."""
    # Whoever repeats what was sent, as a proxy may, repeats what nobody should read.
    safe = _TOKEN.sub("(a token)", text)
    _write(sys.stderr, quiet(_folded(safe, sys.stderr)) + "\n")


def stopped() -> None:
    """The last word of a command that somebody ended: not behind the `^C` that the terminal shows."""
    _write(sys.stderr, "\nstopped\n" if _is_terminal(sys.stderr) else "stopped\n")


def _write(stream: TextIO | None, cleaned: str) -> None:
    if stream is None:  # closed before we began
        return
    text = cleaned.replace(f"\\x1b{_SEAL}", "\x1b")
    _LAST.clear()
    try:
        try:
            stream.write(text)
        except UnicodeEncodeError:
            # A terminal of another encoding: what it lacks is written as an escape.
            stream.write(text.encode(stream.encoding, "backslashreplace").decode(stream.encoding))
        stream.flush()
    except BrokenPipeError:
        raise Unheard from None
    _LAST.draw()


def last_line(text: str) -> None:
    """Keep this as the last line of a terminal, under all that is written; nothing takes it away."""
    _LAST.set(" ".join(visible(text).split()))


def look_at_width() -> None:
    """The terminal may have another width by now."""
    _LAST.draw()


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def _folded(text: str, stream: TextIO | None) -> str:
    """The text broken between words where the terminal would break it anywhere; elsewhere as it is."""
    if not _is_terminal(stream) or len(text) <= width():
        return text
    return "\n".join(piece for line in text.split("\n") for piece in _pieces(line, width()))


def _pieces(line: str, room: int) -> list[str]:
    indent = " " * (len(line) - len(line.lstrip(" ")) + 4)
    pieces, used = [""], 0
    for word in re.findall(r" *[^ ]+| +$", line):
        length = len(_STYLE.sub("", word))
        if used and used + length > room:
            pieces.append(indent)
            word = word.lstrip(" ")
            used, length = len(indent), len(_STYLE.sub("", word))
        pieces[-1] += word
        used += length
    return pieces


def typed(question: str) -> str:
    """A line that somebody types at the terminal; stdout is free of it."""
    _write(sys.stderr, quiet(styled(question, "bold", err=True)) + " ")
    return sys.stdin.readline().strip()


def progress() -> Callable[[str], None] | None:
    """Something that shows, on a terminal, how far a long task is: one line that is written over."""
    if not _is_terminal(sys.stderr):
        return None

    def show(text: str) -> None:
        shown = " ".join(visible(text).split())
        if _LAST.is_set:
            _LAST.set(shown or _LAST.text)
            return
        _write(sys.stderr, f"\r\x1b[K{shown[: width() - 1]}")

    return show


def plan(lines: Iterable[str], *, err: bool = False) -> None:
    """The lines of a plan, coloured by their sign."""
    colours = {"+": "green", "-": "red", "~": "yellow", "?": "cyan", "=": "dim"}
    colour = ""
    for line in lines:
        if line[:1] in colours:
            colour = colours[line[0]]
            if "OPENS ACCESS" in line:
                colour = "red"
        text = styled(line, colour, err=err) if colour else line
        (note if err else data)(text)


def error(problem: PocketVexError) -> None:
    """What is wrong, where, why, and what to do."""
    at = f"{problem.where}: " if problem.where else ""
    note(styled("error: ", "red", "bold", err=True) + _below(f"{at}{problem.what}"))
    if problem.where and problem.where.excerpt:
        excerpt(problem.where.excerpt)
    for item in problem.problems:
        note(_below(f"  {item}"))
        if item.where and item.where.excerpt:
            excerpt(item.where.excerpt)
    if problem.why:
        for line in problem.why.splitlines():
            note(f"  {line}")
    if problem.todo:
        note(styled("  → ", "cyan", err=True) + _below(problem.todo))


def _below(text: str) -> str:
    """A text whose further lines are seen to belong to it."""
    return text.replace("\n", "\n    ")


def excerpt(text: str, *, err: bool = True) -> None:
    """Lines of a file of the user, as far as there is room, with the carets under what is meant."""
    for line in shortened(text.splitlines(), width() - 5):
        style = "red" if is_marker(line) else "dim"
        (note if err else data)(styled(f"    {line}", style, err=err))


def printed(text: str) -> None:
    """What the modules of the schema wrote."""
    for line in text.splitlines():
        note(styled(f"schema: {line}", "dim", err=True))
