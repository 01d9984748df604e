"""What only a person knows, as values: each question with its id, and the answers that it takes.

An answer is a pair of texts: the id of its question, and what was said. `posts.title` is the question
what became of that field (the new name, or "" for: it is gone), `memos` the same of a collection, and
`posts.status:archived` what rows hold in place of that choice ("" for nothing).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from shlex import quote

from pocketvex.diff.operations import Ambiguous, ChangeField
from pocketvex.errors import UsageError
from pocketvex.evidence.facts import Evidence
from pocketvex.findings import Location
from pocketvex.paths import ThingPath, is_setting
from pocketvex.schema.fields import SelectField
from pocketvex.schema.model import Schema
from pocketvex.schema.words import counted

Answers = Mapping[str, str]


@dataclass(frozen=True)
class Option:
    """One possible answer: what to say, and what it means."""

    value: str
    says: str


@dataclass(frozen=True)
class Question:
    """`kind` is "rename" (what became of a name?) or "value" (what becomes of a choice?)."""

    id: str
    kind: str
    text: str
    options: tuple[Option, ...]
    where: Location | None = None
    evidence: Evidence | None = None

    @property
    def code(self) -> str:
        return "PV502" if self.kind == "rename" else "PV503"

    @property
    def in_code(self) -> str:
        """How the code says it once and for all."""
        if self.kind == "rename" and not any(option.value for option in self.options):
            return 'renamed_from="" for what stays'
        path = ThingPath.parse(self.id)
        if self.kind == "rename":
            return f'renamed_from="{path.field or path.collection}", or renamed_from="" for a new thing'
        return f'remap={{"{path.choice}": "{self.options[0].value}"}}'

    def flag(self, option: Option) -> str:
        """How the command line says it."""
        value = option.value
        if self.kind == "rename":
            path = ThingPath.parse(self.id)
            inside = f"{path.collection}." if path.field and value else ""
            return "--rename " + quote(f"{self.id}={inside}{value}")
        return "--answer " + quote(f"{self.id}={value}")


def about_name(found: Ambiguous) -> Question:
    """A thing is gone and another of its kind is new: a rename, or two changes?"""
    kind = "field" if found.collection else "collection"
    if found.taken:
        name = found.candidates[0]
        text = f"{name} is said to be renamed from it, and both are there: which {kind} shall go?"
        only = Option("", f"this one, with its values; {name} keeps its own")
        return Question(found.path, "rename", text, (only,), found.where)
    options = [Option(name, f"renamed to {name}, values and all") for name in found.candidates]
    new = "is new" if len(found.candidates) == 1 else "are new"
    options.append(Option("", f"removed; {' and '.join(found.candidates)} {new}"))
    what = " or ".join(found.candidates)
    text = f"this {kind} is gone, and {what} is new: renamed, or two changes?"
    return Question(found.path, "rename", text, tuple(options), found.where)


def about_values(operation: ChangeField, evidence: Evidence | None) -> Iterator[Question]:
    """What becomes of the choices that go while rows hold them, unless the code says it (`remap`)."""
    before, after = operation.before, operation.after
    if not isinstance(before, SelectField) or not isinstance(after, SelectField):
        return
    used = dict(evidence.values) if evidence else {}
    for gone in before.values:
        if gone in after.values or gone in after.remap or (used and gone not in used):
            continue
        options = [Option(value, f"rows hold {value!r} instead") for value in after.values]
        if not after.required:
            says = "it is taken out of the lists" if after.multiple else "rows hold nothing instead"
            options.append(Option("", says))
        many = f"{counted(used[gone], 'row', 'hold')} it" if gone in used else "rows may hold it"
        text = f"the choice {gone!r} goes, and {many}: what instead?"
        yield Question(f"{operation.path}:{gone}", "value", text, tuple(options), after.source, evidence)


def renames_of(answers: Answers) -> dict[str, str]:
    """The answers about names as `compare` takes them: new path to old name, or a path to "".

    Raises UsageError for what no thing can be renamed to: one of another collection, or itself.
    """
    found = {}
    for id, value in answers.items():
        old, new = ThingPath.parse(id), ThingPath.parse(value)
        if is_setting(id):
            continue
        elsewhere = new.field and (new.collection != old.collection or not old.field)
        name = new.field or value
        if value == id or name == old.field or elsewhere:
            raise UsageError(
                f"{value!r} is no answer to {id}",
                why="A thing gets another name where it is; what is gone gets the empty answer.",
                todo="Say posts.title=posts.headline, with the name that the collection has in the code.",
            )
        if not value:
            found[id] = ""
        elif old.field:
            found[str(replace(old, field=name))] = old.field
        else:
            found[value] = id
    return found


def with_remaps(desired: Schema, answers: Answers) -> Schema:
    """The schema with what was answered about its choices as if the code said it; what it says goes first.

    Raises UsageError for an answer that is none of the choices.
    """
    said = {id: value for id, value in answers.items() if is_setting(id)}
    for id, value in said.items():
        field = _select_of(desired, id)
        gone = ThingPath.parse(id).choice
        if field is None or gone in field.values or gone in field.remap:
            continue
        if value not in (*field.values, ""):
            raise UsageError(
                f"{value!r} is no answer to {id}",
                why=f"{ThingPath.parse(id).thing} has the choices {', '.join(field.values)}.",
                todo=f"Say --answer {quote(f'{id}={field.values[0]}')}, for example.",
            )
        mapped = field.model_copy(update={"remap": {**field.remap, gone: value}})
        desired = desired.with_collections(
            c.with_fields(mapped if f is field else f for f in c.fields) for c in desired.collections
        )
    return desired


def still_open(answers: Answers, desired: Schema, there: Iterable[Schema]) -> dict[str, str]:
    """The answers about choices that some state still has, and of which the code says nothing by now."""
    found = {}
    for id, value in answers.items():
        field, gone = _select_of(desired, id), ThingPath.parse(id).choice
        if field is None or gone in (*field.values, *field.remap) or value not in (*field.values, ""):
            continue
        if any((old := _select_of(schema, id)) and gone in old.values for schema in there):
            found[id] = value
    return found


def _select_of(schema: Schema, id: str) -> SelectField | None:
    path = ThingPath.parse(id)
    collection = schema.collection(path.collection) if path.choice else None
    field = collection.field(path.field) if collection else None
    return field if isinstance(field, SelectField) else None
