"""The steps about fields and what rows hold in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pocketvex.remote.carried import Carried
from pocketvex.remote.copied import (
    CannotRun,
    at,
    fail,
    field_of,
    free_id,
    meant,
    option,
    put_away_field,
    same,
    whole_field,
)
from pocketvex.remote.put_away import name_before
from pocketvex.remote.work import Convert, Fill, GiveBack, Remap, ToMany, ToOne, Unfill, Work

Json = dict[str, Any]


class FieldSteps(Carried):
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
        return None

    def placed(self, collection: Json, wanted: Json, away: Json | None, behind: str) -> Json:
        """The field, new or back from where it was put away, behind the one of that name."""
        fields = collection["fields"]
        wanted = whole_field(wanted)
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
        return None

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

    def give_back(self, collection: Json, field: Json) -> None:
        """A column that is made again: PocketBase itself gives back what it kept of it."""
        columns = self.kept.columns
        if columns is not None and (collection["id"], field["id"]) in columns:
            self.work.append(GiveBack(collection["id"], field["id"]))
        elif columns is None and self.way == "down" and self.natively:
            raise CannotRun(self.kept_elsewhere(collection, field))

    def kept_elsewhere(self, collection: Json, field: Json) -> str:
        return f"what {at(collection, field)} held was kept by PocketBase itself, and not over HTTP"

    def require_kept(self, collection: Json, field: Json) -> None:
        """What PocketBase itself kept, it gives back; where nobody can look, nobody else can."""
        if self.way == "down" and self.natively and self.kept.columns is None:
            raise CannotRun(self.kept_elsewhere(collection, field))
