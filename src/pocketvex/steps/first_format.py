"""Migration files of the first format, which were calls of JavaScript, read as the steps of today.

    migrate((app) => {
      const change = begin(app, "1700000000");
      change.removeField("posts", { "name": "body", … });
      change.finish();
    }, (app) => { … });

    // What the steps mean. …

A file that says anything else was written by somebody else, or edited.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from pocketvex.errors import HistoryError
from pocketvex.schema.fields import MODELS, FieldBase
from pocketvex.steps.literals import Reader, Unreadable, code_in, comments_in
from pocketvex.steps.make import how_to_convert
from pocketvex.steps.migration import Step

EDITED = "// Draft: "
"""The title of a draft: only one that a person had edited was sealed together with it."""
_MEANING = "// What the steps mean."
_BEGIN = "function begin(app, migration) {"
_FIRST = re.compile(r"^\s*const change = begin\(app, \"(\w+)\"\);$", re.MULTILINE)
_SAME = frozenset(
    ("create", "remove", "rename", "renameFields", "addField", "setIndex", "setRule", "setQuery", "setOption",
     "restoreOption")
)  # fmt: skip
"""Calls that are steps as they stand."""


class First(NamedTuple):
    """What a file of the first format does."""

    stamp: str
    """What it files its values under."""
    up: list[Step]
    down: list[Step]
    comments: list[str]
    """What somebody wrote between its calls."""


def is_first(text: str) -> bool:
    return _FIRST.search(text.replace("\r\n", "\n")) is not None and _BEGIN in text


def read_first(text: str) -> First:
    """The steps of such a file; raises HistoryError where it says more than steps."""
    plain = text.replace("\r\n", "\n")
    if any(line.startswith(EDITED) for line in plain.splitlines()):
        raise HistoryError(
            "it was edited by hand before it was sealed",
            why="Nobody can tell whether what stands below its steps is what PocketVex wrote.",
        )
    start = max(plain.find("\nmigrate("), 0)
    if code_in(plain[:start]):
        raise HistoryError("it holds more than its steps", why=f"{code_in(plain[:start])} stands above them.")
    try:
        reader = Reader(plain, start, secrets=True)
        _words(reader, "migrate ( ( app ) = > {")
        stamp, up = _calls(reader)
        _words(reader, "} , ( app ) = > {")
        again, down = _calls(reader)
        _words(reader, "} )")
        last = reader.at
        _words(reader, ";")
    except Unreadable as error:
        raise HistoryError("it holds more than its steps", why=str(error)) from error
    if again != stamp or not plain.startswith(_BEGIN, reader.at):
        raise HistoryError(
            "it holds more than its steps", why=f"Behind them comes {_MEANING!r} and nothing else."
        )
    both = (_Steps(up, down), _Steps(down, up))
    return First(stamp, both[0].all(back=False), both[1].all(back=True), comments_in(plain[start:last]))


def keeps(steps: Sequence[Step]) -> bool:
    """Whether any of them takes away what the opposite direction has to give back."""
    return any(
        step[0] in ("remove", "removeField", "replaceField", "remap", "fill", "setOption")
        or (step[0] == "renameFields" and any(not move["to"] for move in step[2]))
        or (step[0] == "setField" and "maxSelect" in step[4])
        for step in steps
    )


def _words(reader: Reader, words: str) -> None:
    for word in words.split():
        reader.mark(word)


def _calls(reader: Reader) -> tuple[str, list[Step]]:
    """The stamp, and each call with its arguments up to `finish`."""
    _words(reader, "const change = begin ( app ,")
    stamp = reader.string()
    _words(reader, ") ;")
    found: list[Step] = []
    while True:
        _words(reader, "change .")
        name = reader.take()
        arguments = reader.arguments()
        _words(reader, ";")
        if name == "finish":
            return stamp, found
        found.append([name, *arguments])


class _Steps:
    """Calls of one direction as steps; some of what they mean stands in the calls of the other."""

    def __init__(self, calls: Sequence[Step], others: Sequence[Step]) -> None:
        self.calls = calls
        self.others = others

    def all(self, *, back: bool) -> list[Step]:
        found: list[Step] = []
        for call in self.calls:
            step = self.of(call, back=back)
            if step[0] == "unfill":
                found.insert(_last_of(found, step[2]["id"]), step)
            else:
                found.append(step)
        return found

    def of(self, call: Step, *, back: bool) -> Step:
        match call:
            case [name, *_] if name in _SAME:
                return call
            case ["removeField", collection, brief]:
                return ["removeField", collection, brief | ({"all": True} if self.was_filled(brief) else {})]
            case ["replaceField", collection, brief, wanted, *turned]:
                return _replaced(collection, brief, wanted, turned[0] if turned else None, back=back)
            case ["setField", collection, known, before, after, *more]:
                return ["setField", collection, known, before, after, *self.guarded(known, more)]
            case ["fill", collection, known, value, str()]:
                return ["fill", collection, known, value]
            case ["empty", collection, known, _]:
                return ["unfill", collection, known]
            case ["remap", collection, known, mapping]:
                undo = [c[4] for c in self.others if c[0] == "unmap" and c[2]["id"] == known["id"]]
                return ["remap", collection, known, mapping, *filter(None, undo)]
            case ["unmap", collection, known, mapping, inverse]:
                return ["remap", collection, known, inverse, mapping]
        raise HistoryError(f"there is no step {call[0]} with {len(call) - 1} arguments")

    def was_filled(self, brief: dict[str, Any]) -> bool:
        """Whether the other direction makes the field with a value in each row."""
        made = {c[2]["id"] for c in self.others if c[0] == "addField"}
        return brief["id"] in made & {c[2]["id"] for c in self.others if c[0] == "fill"}

    def guarded(self, known: dict[str, Any], more: list[Any]) -> list[Any]:
        """What is filled in all rows is empty in none."""
        filled = any(c[0] == "fill" and c[2]["id"] == known["id"] for c in self.calls)
        guards, which = more[0] if more else [], more[1:]
        left = [guard for guard in guards if not filled or guard["option"] != "required"]
        return [left, *which] if left or which else []


def _last_of(found: Sequence[Step], id: str) -> int:
    """Where the step before which the field `id` is emptied stands: the last that sets it."""
    at = [n for n, step in enumerate(found) if step[0] == "setField" and step[2]["id"] == id]
    return at[-1] if at else len(found)


def _replaced(collection: str, brief: Any, wanted: Any, to: str | None, *, back: bool) -> Step:
    known = {key: value for key, value in brief.items() if key != "values"}
    after, before = _field(wanted), _field(brief)
    how = how_to_convert(before, after, back=back) if to else {}
    if how.get("to") != to:
        raise HistoryError(f"{collection}.{wanted['name']}: values are converted in another way today")
    how |= {} if to else how_to_convert(None, after, back=back)
    return ["replaceField", collection, known, wanted, *([how] if how else [])]


def _field(written: dict[str, Any]) -> FieldBase:
    values = {key: value for key, value in written.items() if key != "target"}
    return MODELS[written["type"]].model_validate(values)
