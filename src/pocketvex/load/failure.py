"""An exception in a schema module, told in the user's terms: file, line, excerpt, and a hint."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from difflib import get_close_matches
from itertools import islice
from types import TracebackType
from typing import Any, NamedTuple

import pocketvex
from pocketvex.errors import SchemaError
from pocketvex.findings import Location
from pocketvex.load.excerpt import excerpt, source_lines
from pocketvex.load.paths import is_users
from pocketvex.schema import field
from pocketvex.schema.rules import Rules

_RULE = re.compile(r"Rules\S* got an unexpected keyword argument '(\w+)'")
_BY_NAME = 'A relation takes the name of a collection as well: field.relation("posts").'


class Place(NamedTuple):
    file: str
    line: int
    column: int = 0


class Failure(NamedTuple):
    """What `PocketVexError` takes; `via` are the places that led there, outermost first."""

    what: str
    at: Location
    todo: str = ""
    via: tuple[Location, ...] = ()


def describe(error: BaseException, importing: str) -> Failure:
    """Where and why a module failed; `importing` is the file that was being imported."""
    places = [place for place in _places(error.__traceback__) if is_users(place.file)]
    if isinstance(error, MemoryError):
        _let_go(error.__traceback__)
    if isinstance(error, SchemaError) and error.where:
        return Failure(error.what, error.where, error.todo, _via(places, error.where))
    if isinstance(error, SyntaxError):
        where = _syntax_place(error, places, importing)
        what = f"{type(error).__name__}: {error.msg}"
    else:
        where = _in_characters(places[-1]) if places else Place(importing, 0)
        what = _message(error)
    text = excerpt(source_lines(where.file), where.line, where.column)
    at = Location(where.file, where.line, where.column, text)
    return Failure(what, at, _hint(error), _via(places, at))


def _via(places: list[Place], at: Location) -> tuple[Location, ...]:
    """The last place of each other file on the way."""
    found = {place.file: place for place in places if place.file != at.file}
    return tuple(Location(place.file, place.line) for place in found.values())


def _message(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:
        text = "(its message cannot be shown)"
    match error:
        case SystemExit():
            return f"a schema module calls exit({error.code!r}): it must only declare"
        case KeyboardInterrupt():
            return "a schema module raises KeyboardInterrupt"
        case _:
            return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _hint(error: BaseException) -> str:
    text = str(error.args[0]) if error.args else ""
    match error:
        case ImportError() | AttributeError() if "partially initialized module" in text:
            return f"The two files import each other. {_BY_NAME}"
        case AttributeError() if near := _near(error.name or "", error.obj):
            return near
        case TypeError() if given := _RULE.search(text):
            return _near(given[1], Rules) or f"Rules takes {', '.join(Rules._fields)}."
        case ModuleNotFoundError():
            return f"Install '{error.name}' into the environment that pocketvex runs in, or correct the name."
        case ImportError() if error.name == "pocketvex" and "cannot import name" in text:
            return _nearest(text.split("'")[1], pocketvex.__all__)
        case NameError() if not isinstance(error, UnboundLocalError) and "is not defined" in text:
            near = _nearest(error.name or "", pocketvex.__all__)
            later = f"If '{error.name}' is a collection declared further down or elsewhere: {_BY_NAME}"
            return f"{near} {later}".strip()
        case EOFError():
            return "A schema module cannot ask questions: nobody is at its standard input."
        case RecursionError():
            return "The code calls itself without end."
        case _:
            return ""


def _near(written: str, owner: object) -> str:
    """What of ours was probably meant: a function for fields, a helper for rules, one of the rules."""
    if owner is not field and owner is not Rules:
        return ""
    return _nearest(written, [name for name in dir(owner) if name[0] != "_"])


def _nearest(written: str, names: Sequence[str]) -> str:
    near = get_close_matches(written, names, n=1)
    return f"Did you mean `{near[0]}`?" if near else ""


def _places(trace: TracebackType | None) -> list[Place]:
    found = []
    while trace is not None:
        code, line = trace.tb_frame.f_code, trace.tb_lineno
        positions = next(islice(code.co_positions(), trace.tb_lasti // 2, None), None)
        column = positions[2] if positions and positions[0] == line else None
        found.append(Place(code.co_filename, line, column + 1 if column is not None else 0))
        trace = trace.tb_next
    return found


def _in_characters(place: Place) -> Place:
    """The same place; positions in code objects count bytes of UTF-8."""
    lines = source_lines(place.file)
    if not place.column or not 0 < place.line <= len(lines):
        return place
    before = lines[place.line - 1].encode()[: place.column - 1]
    return place._replace(column=len(before.decode(errors="replace")) + 1)


def _let_go(trace: TracebackType | None) -> None:
    """Drop what the failed frames hold, so that there is memory to tell of them."""
    while trace is not None:
        with suppress(RuntimeError):  # the frame that runs now
            trace.tb_frame.clear()
        trace = trace.tb_next


def _syntax_place(error: SyntaxError, places: list[Place], importing: str) -> Place:
    file = error.filename or importing
    if not is_users(file) and places:
        return _in_characters(places[-1])  # code that a module made of a text
    if error.lineno:
        return Place(file, error.lineno, error.offset or 0)
    return Place(file, undecodable_line(file))


def undecodable_line(file: str) -> int:
    """The line of the first byte that is no UTF-8, 0 where there is none."""
    try:
        with open(file, "rb") as source:
            data = source.read()
        data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return data.count(b"\n", 0, error.start) + 1
    except OSError:
        pass
    return 0


def as_wire(failure: Failure) -> dict[str, Any]:
    return {
        "what": failure.what,
        "at": failure.at,
        "excerpt": failure.at.excerpt,
        "todo": failure.todo,
        "via": list(failure.via),
    }
