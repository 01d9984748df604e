"""Names in rules that a server takes in silence, and that mean nothing: found before they open something."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import NamedTuple

from pocketvex.findings import Finding, Level, Part
from pocketvex.rules.check import message_of, names_of, rules_of
from pocketvex.rules.meaning import Meaning
from pocketvex.rules.names import Wrong
from pocketvex.rules.silent import unknown_accounts_fields, unknown_body_fields
from pocketvex.schema.model import Collection, Schema
from pocketvex.versions import NEWEST, Version

NO_BODY = ("authRule", "mfa.rule")
"""Rules whose request carries something else than a record."""


class Silent(NamedTuple):
    """A name that nothing has: in which rule of which collection, and where in it."""

    collection: Collection
    rule: str
    text: str
    wrong: Wrong
    of_body: bool = False

    @property
    def written(self) -> str:
        return self.text[self.wrong.start : self.wrong.end]

    def finding(self, level: Level = "error") -> Finding:
        path = f"{self.collection.name}.{self.rule}"
        part = Part(self.text, self.wrong.start, self.wrong.end)
        message = message_of(self.text, self.wrong)
        return Finding(path, message, self.collection.source, "PV711", part, level)


def silent_names(schema: Schema, meaning: Meaning, *, accounts: bool = True) -> Iterator[Silent]:
    """Every name in the rules of a schema that is taken in silence, and that nothing has."""
    for collection in schema.collections:
        base = meaning.names.by_name.get(collection.name.lower(), collection)
        for rule, text in rules_of(collection).items():
            if "@request." not in text:
                continue
            for wrong in unknown_accounts_fields(text, base, meaning) if accounts else ():
                yield Silent(collection, rule, text, wrong)
            for wrong in unknown_body_fields(text, base, meaning) if rule not in NO_BODY else ():
                yield Silent(collection, rule, text, wrong, True)


def lost_names(
    desired: Schema, live: Schema, before: Iterable[Schema], version: Version, *, accounts: bool = True
) -> list[Finding]:
    """The names in the rules of the code that nothing has once the code is carried out.

    What was so in one of the states `before` is no change: lint says it. Without `accounts`, what fields
    they have is not known.
    """
    meaning = Meaning(names_of(desired, version, live))
    found = list(silent_names(desired, meaning, accounts=accounts))
    if not found:
        return []
    states = [(state, Meaning(names_of(state, version, state))) for state in before]
    return [silent.finding() for silent in found if _is_new(silent, states)]


def _is_new(silent: Silent, states: list[tuple[Schema, Meaning]]) -> bool:
    had = "it is called" in silent.wrong.what
    for state, meaning in states:
        now = silent.collection
        old = state.collection(now.name) or state.collection(now.renamed_from or now.name)
        if old is None:
            continue
        if rules_of(old).get(silent.rule) == silent.text:
            there = Schema.model_construct(collections=[old])
            spans = {(s.wrong.start, s.wrong.end) for s in silent_names(there, meaning)}
            if (silent.wrong.start, silent.wrong.end) in spans:
                return False
        had = had or _leads_somewhere(silent, old, meaning)
    # What a request carries beside the fields of a new collection is a matter of lint.
    return had or not silent.of_body


def _leads_somewhere(silent: Silent, old: Collection, meaning: Meaning) -> bool:
    """Whether the same name meant something in an earlier state."""
    there = {(w.start, w.end) for w in unknown_body_fields(silent.text, old, meaning)}
    return (silent.wrong.start, silent.wrong.end) not in there


def misspelt(schema: Schema) -> list[Finding]:
    """The same for lint, which knows the code alone: of what a request carries, only what looks misspelt."""
    meaning = Meaning(names_of(schema, NEWEST))
    known = any(c.type == "auth" for c in schema.collections)
    found = silent_names(schema, meaning, accounts=known)
    return [silent.finding("warning") for silent in found if not silent.of_body or _nearly(silent)]


def _nearly(silent: Silent) -> bool:
    near = get_close_matches(silent.written, silent.wrong.known, n=1, cutoff=0.75)
    return bool(near) or not silent.wrong.known
