"""The steps about collections: made, put away, renamed; their indexes, rules, queries and options."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from pocketvex.remote.carried import Carried
from pocketvex.remote.copied import (
    CannotRun,
    fail,
    field_of,
    flat,
    free_id,
    index_of,
    is_named,
    whole_field,
)
from pocketvex.remote.put_away import locked, name_before, unlocked
from pocketvex.schema.indexes import parse_index
from pocketvex.schema.rules import RULE_NAMES
from pocketvex.schema.system import STANDARD

Json = dict[str, Any]


class CollectionSteps(Carried):
    def on_create(self, wanted: Json) -> None:
        copied = self.copied
        there = copied.named(wanted["name"])
        away = copied.away(wanted["name"], wanted["type"])
        if there is not None and away is not None:
            raise CannotRun(
                f"{wanted['name']} is there, and so is {away['name']}, which it was before: "
                "only PocketBase itself knows which of them has rows"
            )
        if there is not None:
            return self.expect_collection(there, wanted)
        whole = _whole(wanted)
        if away is not None:
            return self.restore(away, whole)
        whole["id"] = free_id(whole["id"], [c["id"] for c in copied.collections])
        self.with_secrets(whole)
        copied.collections.append(whole)
        return None

    def expect_collection(self, there: Json, wanted: Json) -> None:
        name = wanted["name"]
        if there["type"] != wanted["type"]:
            fail(name, f"is there already, as {there['type']} collection")
        if wanted["type"] == "view" and flat(there["viewQuery"]) != flat(wanted["viewQuery"]):
            fail(name, "is there already, with another query")
        for rule in (key for key in wanted if key.endswith("Rule")):
            if there.get(rule) != wanted[rule]:
                fail(name, f"is there already, with {rule} {there.get(rule)!r}")
        for field in wanted.get("fields") or []:
            found = field_of(there, field)
            if found is None:
                fail(name, f"is there already, without {field['name']}")
            else:
                self.expect_field(f"{name}.{field['name']}", found, field)
        for text in wanted.get("indexes") or []:
            index = parse_index(text)
            found_index = index_of(there, index.name)
            if found_index is None or found_index.meaning() != index.meaning():
                fail(name, f"is there already, without {index.name}")

    def restore(self, away: Json, wanted: Json) -> None:
        """Put away, and back under its name, as the file says that it is."""
        fields = [self.restored(away, field) for field in wanted.get("fields") or []]
        there = {field["id"] for field in fields}
        for field in away["fields"]:
            if field["id"] not in there:
                fields.append(field if name_before(field["name"]) else self.loose(away, field))
        id, created = away["id"], away.get("created")
        self.with_secrets(wanted)
        named = {parse_index(text).name.lower() for text in wanted["indexes"]}
        own = [text for text in away.get("indexes") or [] if parse_index(text).name.lower() not in named]
        if away["type"] == "auth":
            # A file says what differs from a new collection, and this one was locked.
            away.update(_merged(away, unlocked()))
        said = {**wanted, "id": id, "created": created, "indexes": [*own, *wanted["indexes"]]}
        away.update(_merged(away, said))
        if away["type"] != "view":
            away["fields"] = fields

    def restored(self, away: Json, field: Json) -> Json:
        """A field as the file says it is, with the id of the one that has its values."""
        found = self.partner(away, field)
        if found is None:
            return {**field, "id": free_id(field["id"], [f["id"] for f in away["fields"]])}
        if field["type"] == "relation" and "target" not in field:
            field = {**field, "collectionId": found.get("collectionId")}
        return {**field, "id": found["id"]}

    def partner(self, away: Json, field: Json) -> Json | None:
        found = field_of(away, field) or next((f for f in away["fields"] if f["id"] == field["id"]), None)
        return found if found is not None and found["type"] == field["type"] else None

    def on_remove(self, id: str, name: str, heir: str = "") -> None:
        copied = self.copied
        known = copied.by_id(id)
        named = copied.named(name)
        if known is not None and not is_named(known["name"], name):
            known = None if name_before(known["name"]) else known
            named = None if heir and copied.named(heir) is None else named
        there = named if known is None or named is known else (named or known)
        if there is None:
            return
        five = [secret for _, secret in zip(range(5), self.secrets, strict=False)]
        away = copied.free_name(self.migration.id, name)
        there.update(_merged(there, locked(there, away, five)))

    def on_rename(self, id: str, old: str, new: str, again: bool = False) -> None:
        copied = self.copied
        known = next((c for c in copied.collections if c["id"] == id and c["name"] in (old, new)), None)
        was, done = copied.named(old), copied.named(new)
        if known is None and not again and was is not None and done is not None and was is not done:
            fail(new, f"is there already, and so is {old}")
        there = known or (done if again else None) or was or done or copied.collection(old)
        there["name"] = new

    def on_setIndex(self, name: str, before: str | None, after: str | None) -> None:
        collection = self.copied.collection(name)
        index = parse_index(after or before or "").name
        there = index_of(collection, index)
        meaning, old, new = (
            found.meaning() if found is not None else None
            for found in (
                there,
                parse_index(before) if before else None,
                parse_index(after) if after else None,
            )
        )
        if meaning == new:
            return
        if meaning != old:
            fail(name, f"the index {index} is not as it was: {there}")
        texts = [t for t in collection.get("indexes") or [] if not is_named(parse_index(t).name, index)]
        collection["indexes"] = [*texts, *([after] if after else [])]

    def on_setRule(self, name: str, rule: str, before: str | None, after: str | None) -> None:
        collection = self.copied.collection(name)
        there = collection.get(rule)
        if there == after:
            return
        if there != before:
            fail(name, f"{rule} is {there!r}, neither {before!r} nor {after!r}")
        collection[rule] = after

    def on_setQuery(self, name: str, before: str, after: str) -> None:
        collection = self.copied.collection(name)
        if flat(collection["viewQuery"]) == flat(after):
            return
        if flat(collection["viewQuery"]) != flat(before):
            fail(name, f"the query is not as it was: {collection['viewQuery']}")
        collection["viewQuery"] = after

    def on_setOption(self, name: str, path: str, wanted: Any) -> None:
        collection = self.copied.collection(name)
        *keys, last = path.split(".")
        group = collection
        for key in keys:
            group = group.setdefault(key, {})
        if path == "oauth2.providers":
            self.with_secrets(collection, wanted or [])
        else:
            group[last] = wanted

    on_restoreOption = on_setOption


def _whole(wanted: Json) -> Json:
    """A definition with the fields that PocketBase has in every collection of its type."""
    made = deepcopy({"fields": [], "indexes": [], **dict.fromkeys(RULE_NAMES), **wanted})
    if made["type"] == "view":
        del made["fields"]
        return made
    names = {field["name"] for field in made["fields"]}
    own = [deepcopy(dict(field)) for field in STANDARD[made["type"]] if field["name"] not in names]
    made["fields"] = own + [whole_field(field) for field in made["fields"]]
    return made


def _merged(there: Json, changes: Json) -> Json:
    return {
        key: {**there[key], **value}
        if isinstance(value, dict) and isinstance(there.get(key), dict)
        else value
        for key, value in changes.items()
    }
