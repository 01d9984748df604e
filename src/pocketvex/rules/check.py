"""The mistakes in the rules of a schema, each with its place in the rule and what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pocketvex.findings import Finding, Part
from pocketvex.rules.language import FilterError, parse_filter
from pocketvex.rules.names import Names, Wrong
from pocketvex.schema.model import Collection, Schema
from pocketvex.schema.system import SYSTEM_COLLECTIONS
from pocketvex.schema.views import normal_query
from pocketvex.versions import Version


def rules_of(collection: Collection) -> dict[str, str]:
    """Every rule that is neither locked nor public, by the server's name for it."""
    auth = collection.auth
    mfa = auth.get("mfa") or {}
    rules = {
        **collection.rules(),
        "authRule": auth.get("authRule"),
        "manageRule": auth.get("manageRule"),
        "mfa.rule": mfa.get("rule") if mfa.get("enabled") else None,
    }
    return {name: rule for name, rule in rules.items() if rule}


def rule_problems(schema: Schema, version: Version, live: Schema | None = None) -> list[Finding]:
    """What is wrong in the rules of the code, for a server of this version.

    A server looks at rules when it saves their collection, and at no other time: it may hold each of these.
    `live`, if it is known, says what columns a view has and which collections there are beside those of the
    code; what nobody knows passes.
    """
    names = names_of(schema, version, live)
    return [problem for collection in schema.collections for problem in mistakes_in(collection, names)]


def mistakes_in(collection: Collection, names: Names) -> Iterator[Finding]:
    """What is wrong in the rules of one collection."""
    for rule, text in rules_of(collection).items():
        yield from _wrong(names, collection, rule, text)


def names_of(schema: Schema, version: Version, live: Schema | None = None) -> Names:
    """The names that rules of this schema may use."""
    there = {c.name.lower(): c for c in live.collections} if live else {}
    known: list[Collection] = []
    opaque = {name.lower() for name in SYSTEM_COLLECTIONS} - there.keys()
    for collection in schema.collections:
        columns = _columns(collection, there.get(collection.name.lower()))
        known.append(columns or collection)
        if collection.type == "view" and columns is None and not collection.fields:
            opaque.add(collection.name.lower())
    declared = {c.name.lower() for c in known} | {(c.renamed_from or "").lower() for c in known}
    known += [c for name, c in there.items() if name not in declared]
    return Names(known, opaque, version, complete=live is not None)


def _columns(collection: Collection, live: Collection | None) -> Collection | None:
    """The view as the server has it, where its query is still the same."""
    if collection.type != "view" or live is None or live.type != "view":
        return None
    return live if normal_query(live.view_query) == normal_query(collection.view_query) else None


def _wrong(names: Names, collection: Collection, rule: str, text: str) -> Iterator[Finding]:
    try:
        found = parse_filter(text, names.version)
    except FilterError as error:
        message = f"{error.what}{_fix(text, error)}"
        yield _problem(collection, rule, message, Part(text, error.start, error.end))
        return
    base = names.by_name.get(collection.name.lower(), collection)
    for wrong in names.wrong(found, base):
        yield _problem(collection, rule, message_of(text, wrong), Part(text, wrong.start, wrong.end))


def _problem(collection: Collection, rule: str, message: str, part: Part) -> Finding:
    return Finding(f"{collection.name}.{rule}", message, collection.source, "PV701", part)


def message_of(text: str, wrong: Wrong) -> str:
    """What is wrong with a rule, and what was probably meant."""
    if wrong.since:
        return f"{wrong.what} came with PocketBase {wrong.since.short}"
    written = text[wrong.start : wrong.end]
    for pattern, fix in _RENAMED:
        if re.match(pattern, written):
            return f"{wrong.what}: {fix}"
    if near := _near(written, wrong.known):
        case = " (upper and lower case matter)" if near.lower() == written.lower() else ""
        return f"{wrong.what}: did you mean '{near}'?{case}"
    if wrong.what == f"no collection '{written}'":
        return f"{wrong.what}: declare it, or adopt it from a server with `pocketvex schema pull {written}`"
    if re.search(r"[=~<>]\s*$", text[: wrong.start]) and re.fullmatch(r"\w+", written):
        return f"{wrong.what}: a text needs quotes, '{written}'"
    return wrong.what


def _near(written: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    known = list(known)
    same = [name for name in known if name.lower() == written.lower()]
    return next(iter(same or get_close_matches(written, known, n=1)), "")


_RENAMED = (
    (r"@request\.data\b", "it is @request.body since PocketBase 0.23"),
    (r"@request\.(?:user|admin)\b", "it is @request.auth"),
    (r"@request\.(?:auth|body|query|headers)$", "name a part of it, as in @request.auth.id"),
    (r"collection(?:Id|Name)$", "rules know only fields"),
    (r"(?:created|updated)$", "declare it: `created, updated = field.timestamps()`"),
)
_INSTEAD = {
    "and": "use &&", "or": "use ||", "&": "use &&", "|": "use ||", "==": "use =", "===": "use =",
    "<>": "use !=", "!==": "use !=", "=<": "use <=", "=>": "use >=", "like": "use ~", "is": "use =",
    "in": "compare with each value, joined by ||", "not": "use != or !~", "contains": "use ~",
}  # fmt: skip


def _fix(text: str, error: FilterError) -> str:
    """What to write instead, where that is plain."""
    written = text[error.start : error.end]
    before = re.search(r"(\w+)\s+$", text[: error.start])
    if fix := _INSTEAD.get(written.lower()) or (_INSTEAD.get(before[1].lower()) if before else None):
        return f": {fix}"
    if not text.strip():
        return ': use "" for public or None for locked'
    if written and written in "\u2018\u2019\u201c\u201d`":
        return ": texts stand in ' or \""
    if re.fullmatch(r"!", written) and (name := re.match(r"[\w.]+", text[error.end :])):
        return f": write {name[0]} = false"
    if "ends too early" in error.what and re.fullmatch(r"[\w.:@]+\s*", written):
        return f", as in {written.strip()} = true"
    if written == "-" and re.search(r"@request\.headers\.\w*$", text[: error.start]):
        return ": headers are written with _, as in x_token"
    return ""
