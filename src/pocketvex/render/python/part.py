"""One thing out of a class: the lines that declare a field, a rule, an index or an option."""

from __future__ import annotations

import re

from pocketvex.render.python.class_ import Class


def part_of(cls: Class, thing: str) -> list[str]:
    """The lines of a class that declare one thing: `.title`, `@idx_title`, `:listRule`, `:otp.enabled`."""
    keys = _keys(thing)
    return [line for s in cls.statements if keys & {*re.split(r", ", s.key)} for line in s.lines] or [
        line
        for s in cls.statements
        if s.key == "fields" and thing.startswith(".") and f'"{thing[1:]}": ' in "\n".join(s.lines)
        for line in s.lines
    ]


def _keys(thing: str) -> set[str]:
    """What the attribute may be called that declares a thing."""
    name = thing[1:].partition(".")[0]
    match thing[0]:
        case ".":
            return {thing[1:]}
        case "@":
            return {"indexes"}
    if name.endswith("Rule") and name not in ("authRule", "manageRule"):
        return {"rules", "readable", "writable", "allowed"}
    if name.endswith("Token"):
        return {"tokens"}
    if name.endswith("Template"):
        return {"templates"}
    return {re.sub(r"([A-Z])", r"_\1", name).lower(), name}
