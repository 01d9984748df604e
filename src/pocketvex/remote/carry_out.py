"""The steps of a migration, carried out on a copy of a server's collections: what the server is to become.

The same as the runtime of a file does inside of PocketBase (`render/migration/runtime/runtime.js`), except that
nothing is removed: what goes is put away. Every step does nothing where its change is there already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

from pocketvex.remote.copied import (
    CannotRun,
    Copied,
    at,
    fail,
    field_of,
    flat,
    free_id,
    index_of,
    is_named,
    meant,
    option,
    put_away_field,
    same,
)
from pocketvex.remote.put_away import RULES, away_name, locked, loosened, name_before
from pocketvex.remote.work import Check, Convert, Fill, GiveBack, Remap, ToMany, ToOne, Unfill, Work
from pocketvex.schema.indexes import parse_index
from pocketvex.schema.system import STANDARD
from pocketvex.steps.migration import Migration, Step

Json = dict[str, Any]


class Kept(NamedTuple):
    """What is known of what PocketBase itself kept, when it ran migrations on this server."""

    columns: frozenset[tuple[str, str]] | None
    """The ids of collection and field of which the ledger holds values; None where nobody can tell."""
    natively: frozenset[str] = frozenset()
    """The ids of the migrations that did not run over HTTP."""


class Outcome(NamedTuple):
    """What a migration makes of a server."""

    before: Sequence[Json]
    after: list[Json]
    work: list[Work]
    checks: list[Check]
    notes: list[str]
    """What the person is to know that reads the plan."""


def carry_out(
    migration: Migration,
    way: str,
    raw: Iterable[Json],
    *,
    secrets: Iterable[str],
    environ: Mapping[str, str],
    kept: Kept,
) -> Outcome:
    """What `up` or `down` (`way`) of a migration makes of these collections.

    `secrets` are random texts for the tokens of accounts that are put away, five for each collection.
    Raises StepFails where the file itself would throw, and CannotRun for what HTTP cannot do.
    """
    carried = _Carried(migration, way, raw, secrets, environ, kept)
    for name, *arguments in migration.up if way == "up" else migration.down:
        step = getattr(carried, f"on_{name}", None)
        if step is None:
            raise CannotRun(f"the step {name} is PocketBase's own to run")
        step(*arguments)
    return carried.finish()


class _Carried:
    def __init__(
        self,
        migration: Migration,
        way: str,
        raw: Iterable[Json],
        secrets: Iterable[str],
        environ: Mapping[str, str],
        kept: Kept,
    ) -> None:
        self.kept = kept
        self.natively = migration.id in kept.natively
        self.migration = migration
        self.way = way
        self.copied = Copied(raw, migration.collections)
        self.secrets = iter(secrets)
        self.environ = environ
        self.work: list[Work] = []
        self.checks: list[Check] = []
        self.notes: list[str] = []

    def finish(self) -> Outcome:
        for collection in self.copied.collections:
            for field in collection.get("fields") or []:
                if name := field.pop("target", ""):
                    field["collectionId"] = self.copied.collection(name)["id"]
        before = list(self.copied.start.values())
        return Outcome(before, self.copied.collections, self.work, self.checks, self.notes)

    # Collections.

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
        self.with_secrets(whole, [])
        copied.collections.append(whole)

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
        fields = [
            {
                **field,
                **({} if "target" in field else {"collectionId": found.get("collectionId")}),
                "id": found["id"],
            }
            if (found := self.partner(away, field)) is not None and field["type"] == "relation"
            else {**field, "id": found["id"]}
            if found is not None
            else {**field, "id": free_id(field["id"], [f["id"] for f in away["fields"]])}
            for field in wanted.get("fields") or []
        ]
        there = {field["id"] for field in fields}
        for field in away["fields"]:
            if field["id"] not in there:
                fields.append(field if name_before(field["name"]) else self.loose(away, field))
        id, created = away["id"], away.get("created")
        self.with_secrets(wanted, (away.get("oauth2") or {}).get("providers") or [])
        there = {parse_index(text).name.lower() for text in wanted["indexes"]}
        own = [text for text in away.get("indexes") or [] if parse_index(text).name.lower() not in there]
        away.update({**wanted, "id": id, "created": created, "indexes": [*own, *wanted["indexes"]]})
        if away["type"] != "view":
            away["fields"] = fields

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

    # Fields.

    def on_addField(self, name: str, wanted: Json, behind: str = "", guards: Sequence[Json] = ()) -> None:
        collection = self.copied.collection(name)
        there = field_of(collection, wanted)
        if there is not None:
            return self.expect_field(f"{name}.{wanted['name']}", there, wanted)
        away = put_away_field(collection, wanted["id"], wanted["type"])
        field = self.placed(collection, wanted, away, behind)
        if away is None and collection["id"] in self.copied.start:
            self.give_back(collection, field)
        self.guard(collection, field, guards)

    def give_back(self, collection: Json, field: Json) -> None:
        """A column that is made again: PocketBase itself gives back what it kept of it."""
        columns = self.kept.columns
        if columns is not None and (collection["id"], field["id"]) in columns:
            self.work.append(GiveBack(collection["id"], field["id"]))
        elif columns is None and self.way == "down" and self.natively:
            raise CannotRun(self.kept_elsewhere(collection, field))

    def kept_elsewhere(self, collection: Json, field: Json) -> str:
        return f"what {at(collection, field)} held was kept by PocketBase itself, and not over HTTP"

    def placed(self, collection: Json, wanted: Json, away: Json | None, behind: str) -> Json:
        """The field, new or back from where it was put away, behind the one of that name."""
        fields = collection["fields"]
        if away is not None:
            fields.remove(away)
            field = {**wanted}
            if wanted["type"] == "relation" and "target" not in wanted:
                field["collectionId"] = away["collectionId"]
        else:
            field = {**wanted, "id": free_id(wanted["id"], [f["id"] for f in fields])}
        names = [f["name"].lower() for f in fields]
        place = names.index(behind.lower()) + 1 if behind.lower() in names else len(fields) if behind else 0
        fields.insert(place, field)
        return field

    def on_removeField(self, name: str, old: Json) -> None:
        collection = self.copied.collection(name)
        there = field_of(collection, old) or next(
            (f for f in collection["fields"] if f["id"] == old["id"] and not name_before(f["name"])), None
        )
        if there is None:
            return
        if not self.same_kind(there, old):
            fail(at(collection, old), f"is another {there['type']} field")
        self.put_away(collection, there)

    def put_away(self, collection: Json, field: Json) -> None:
        if field.get("system"):
            raise CannotRun(f"{at(collection, field)} is one of PocketBase's own fields")
        fields = collection["fields"]
        fields.remove(field)
        if collection["id"] in self.copied.start and self.copied.past(collection, field) is not None:
            fields.append(self.loose(collection, field))

    def loose(self, collection: Json, field: Json) -> Json:
        taken = [f["name"] for f in collection["fields"]]
        taken += [f["name"] for f in self.copied.start.get(collection["id"], {}).get("fields") or []]
        return loosened(field, away_name(self.migration.id, field["name"], taken))

    def on_renameFields(self, name: str, moves: Sequence[Json]) -> None:
        collection = self.copied.collection(name)
        fields = collection["fields"]

        def named(wanted: str) -> Json | None:
            return next((f for f in fields if f["name"] == wanted), None)

        def known(move: Json) -> Json | None:
            names = (move.get("from"), move.get("to"))
            return next((f for f in fields if f["id"] == move["id"] and f["name"] in names), None)

        found = [known(move) for move in moves]
        if any(m.get("from") and m.get("to") and f is None for m, f in zip(moves, found, strict=True)):
            olds = [m["from"] for m in moves if m.get("from")]
            news = [m["to"] for m in moves if m.get("to")]

            def stands(some: list[str], others: list[str]) -> bool:
                return all(map(named, some)) and not any(o not in some and named(o) for o in others)

            if stands(olds, news) == stands(news, olds):
                fail(name, f"nothing tells whether {', '.join(olds)} became {', '.join(news)}")
            if stands(news, olds):
                return
            found = [named(m["from"]) if m.get("from") else None for m in moves]
        for move, field in zip(moves, found, strict=True):
            if not move.get("from") or field is None or field["name"] == move.get("to"):
                continue
            if move.get("to"):
                field["name"] = move["to"]
            else:
                self.put_away(collection, field)

    def on_replaceField(self, name: str, old: Json, wanted: Json, how: Json | None = None) -> None:
        collection = self.copied.collection(name)
        sought = {"id": old["id"], "name": wanted["name"]}
        there = field_of(collection, sought) or meant(collection, sought)
        if self.same_kind(there, wanted):
            return self.expect_field(f"{name}.{wanted['name']}", there, wanted)
        if not self.same_kind(there, old):
            fail(f"{name}.{wanted['name']}", f"is another {there['type']} field")
        how = how or {}
        away = put_away_field(collection, wanted["id"], wanted["type"])
        if self.way == "down" and away is None and collection["id"] in self.copied.start:
            raise CannotRun(self.kept_elsewhere(collection, wanted))
        behind = collection["fields"].index(there)
        before = collection["fields"][behind - 1]["name"] if behind else ""
        self.put_away(collection, there)
        field = self.placed(collection, wanted, away, before)
        if (to := how.get("to")) and collection["id"] in self.copied.start:
            if how.get("judged"):
                raise CannotRun(
                    f"only PocketBase itself can tell which values {name}.{wanted['name']} takes as "
                    f"{wanted['type']}"
                )
            self.work.append(
                Convert(
                    collection["id"], there["id"], field["id"], to, tuple(how.get("values") or ()),
                    how.get("refuses", ""), how.get("bound") or {}, self.other_way(old, wanted),
                    away is not None,
                )
            )  # fmt: skip
        self.guard(collection, field, how.get("guards") or ())

    def other_way(self, old: Json, wanted: Json) -> str:
        """How the other direction of this file converts between the two fields."""
        steps = self.migration.down if self.way == "up" else self.migration.up
        for step, *arguments in steps:
            if (
                step == "replaceField"
                and arguments[1]["id"] == wanted["id"]
                and arguments[2]["id"] == old["id"]
            ):
                return str((arguments[3] if len(arguments) > 3 else {}).get("to", ""))
        return ""

    def on_setField(
        self, name: str, known: Json, before: Json, after: Json, guards: Sequence[Json] = (), which: str = ""
    ) -> None:
        collection = self.copied.collection(name)
        there = meant(collection, known)
        for key, will in after.items():
            now = option(there, key)
            if same(now, option(after, key)):
                continue
            if not same(now, option(before, key)):
                fail(f"{name}.{known['name']}", f"{key} is {now!r}, neither {before.get(key)!r} nor {will!r}")
            if key == "maxSelect" and (now > 1) != (will > 1) and collection["id"] in self.copied.start:
                self.require_kept(collection, there)
                work: Work = ToOne(collection["id"], there["id"], which == "first")
                self.work.append(work if now > 1 else ToMany(collection["id"], there["id"]))
            there[key] = will
            self.guard(collection, there, [one for one in guards if one["option"] == key])

    # Values.

    def on_remap(self, name: str, known: Json, map: Json, more: Json | None = None) -> None:
        collection = self.copied.collection(name)
        there = meant(collection, known)
        if self.copied.past(collection, there) is not None:
            self.require_kept(collection, there)
            self.work.append(Remap(collection["id"], there["id"], map, more or {}))

    def on_fill(self, name: str, known: Json, value: Any) -> None:
        collection = self.copied.collection(name)
        there = meant(collection, known)
        past = self.copied.past(collection, there)
        if (
            past is not None
            and not name_before(past["name"])
            and past.get("required") == there.get("required")
        ):
            return
        if collection["id"] in self.copied.start:
            self.work.append(Fill(collection["id"], there["id"], value))

    def on_unfill(self, name: str, known: Json) -> None:
        collection = self.copied.collection(name)
        there = meant(collection, known)
        if self.copied.past(collection, there) is not None:
            self.require_kept(collection, there)
            self.work.append(Unfill(collection["id"], there["id"]))

    def require_kept(self, collection: Json, field: Json) -> None:
        """What PocketBase itself kept, it gives back; where nobody can look, nobody else can."""
        if self.way == "down" and self.natively and self.kept.columns is None:
            raise CannotRun(self.kept_elsewhere(collection, field))

    def guard(self, collection: Json, field: Json, guards: Sequence[Json]) -> None:
        if collection["id"] not in self.copied.start:
            return
        for one in guards:
            if not one.get("broken"):
                raise CannotRun(
                    f"only PocketBase itself can tell which values of {at(collection, field)} {one['says']}"
                )
            self.checks.append(
                Check(collection["id"], field["id"], one["says"], one["broken"], one.get("bound") or {})
            )

    # The rest of a collection.

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
            self.with_secrets(collection, group.get(last) or [], wanted or [])
        else:
            group[last] = wanted

    on_restoreOption = on_setOption

    def with_secrets(
        self, collection: Json, known: Sequence[Json], wanted: Sequence[Json] | None = None
    ) -> None:
        """The providers with the secrets that the environment holds; one without a secret is left out."""
        oauth2 = collection.get("oauth2") or {}
        listed = wanted if wanted is not None else oauth2.get("providers")
        if listed is None:
            return
        made = []
        for provider in listed:
            variable = (
                (provider.get("clientSecret") or {}).get("env", "")
                if isinstance(provider.get("clientSecret"), dict)
                else ""
            )
            if variable and not self.environ.get(variable):
                self.notes.append(
                    f"{variable} is not set: {provider['name']} is left out of {collection['name']}"
                )
                continue
            made.append({**provider, **({"clientSecret": self.environ[variable]} if variable else {})})
        collection["oauth2"] = {**oauth2, "providers": made}

    # What is there already.

    def same_kind(self, field: Json, wanted: Json) -> bool:
        target = wanted.get("target")
        return field["type"] == wanted["type"] and (
            not target or is_named(self.copied.target_of(field), target)
        )

    def expect_field(self, path: str, field: Json, wanted: Json) -> None:
        """A field that is there already has to be the one that is wanted; what the file leaves out is off."""
        if not self.same_kind(field, wanted):
            fail(path, f"is there already, as another {field['type']} field")
        apart = ("id", "name", "type", "help", "system", "target", "collectionId")
        for key in field:
            compared = key not in apart and (key in wanted or field[key] is True)
            if compared and not same(option(field, key), option(wanted, key)):
                fail(path, f"is there already, with {key} {field[key]!r}")


def _whole(wanted: Json) -> Json:
    """A definition with the fields that PocketBase has in every collection of its type."""
    made = deepcopy({"fields": [], "indexes": [], **dict.fromkeys(RULES), **wanted})
    if made["type"] == "view":
        del made["fields"]
        return made
    names = {field["name"] for field in made["fields"]}
    own = [deepcopy(dict(field)) for field in STANDARD[made["type"]] if field["name"] not in names]
    made["fields"] = own + made["fields"]
    return made


def _merged(there: Json, changes: Json) -> Json:
    return {
        key: {**there[key], **value}
        if isinstance(value, dict) and isinstance(there.get(key), dict)
        else value
        for key, value in changes.items()
    }


__all__ = ["Outcome", "Step", "carry_out"]
