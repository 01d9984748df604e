"""Answers that answer nothing: no question is, or was, about what they name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches
from shlex import quote

from pocketvex.paths import ThingPath, is_setting
from pocketvex.plan.questions import Answers
from pocketvex.schema.fields import SelectField
from pocketvex.schema.model import Schema


def idle(answers: Answers, desired: Schema, there: Sequence[Schema]) -> Iterator[str]:
    """What is said and means nothing, and what may have been meant; `there` are the server and the history.

    An answer whose rename was made already answered something.
    """
    for id, value in answers.items():
        why = _of_choice(id, desired, there) if is_setting(id) else _of_name(id, value, desired, there)
        if why:
            yield f"{quote(f'{id}={value}')} answers nothing: {why}"


def _of_name(id: str, value: str, desired: Schema, there: Sequence[Schema]) -> str:
    old, said = ThingPath.parse(id), ThingPath.parse(value)
    new = str(replace(old, field=value)) if value and old.field and not said.field else value
    wanted, known = _names(desired), {name for schema in there for name in _names(schema)}
    if old.field and old.collection.lower() in wanted and old.collection.lower() not in known:
        return ""  # a collection that is renamed as well: its fields are there under its old name
    if new and new.lower() not in wanted:
        return f"the code has no {new}{_meant(new, wanted - known)}"
    if id.lower() not in known:
        done = new and new.lower() in known
        return "" if done else f"there is no {id}{_meant(id, known - wanted)}"
    return f"{id} is in the code" if id.lower() in wanted else ""


def _of_choice(id: str, desired: Schema, there: Sequence[Schema]) -> str:
    parsed = ThingPath.parse(id)
    path, gone = parsed.thing, parsed.choice
    now, before = _choices(desired), [choices for schema in there for choices in [_choices(schema)]]
    if path.lower() not in now:
        return f"the code has no choices in {path}{_meant(path, now)}"
    if gone in now[path.lower()]:
        return f"{gone} is one of the choices"
    held = {choice for choices in before for choice in choices.get(path.lower(), ())}
    return "" if gone in held else f"{path} has no choice {gone!r}{_meant(gone, held)}"


def _names(schema: Schema) -> set[str]:
    """Collections, and fields as `posts.title`, in lower case, as the server tells them apart."""
    fields = {f"{c.name}.{f.name}".lower() for c in schema.collections for f in c.fields}
    return fields | {c.name.lower() for c in schema.collections}


def _choices(schema: Schema) -> dict[str, list[str]]:
    return {
        f"{c.name}.{f.name}".lower(): f.values
        for c in schema.collections
        for f in c.fields
        if isinstance(f, SelectField)
    }


def _meant(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name.lower(), list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""
