"""Hypothesis strategies: a schema with everything in it, and a second one made from it by random edits.

Things are drawn as a small model in which a rule, an index, a view or a relation refers to a field by
identity and not by name. So a rename reaches whatever names the field, as it would in a person's code,
and what refers to something that an edit took away goes with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from dataclasses import field as default
from itertools import count
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from pocketvex.schema.build import build_schema
from pocketvex.schema.dictionary import from_dictionary
from pocketvex.schema.model import Schema

Draw = Callable[[st.SearchStrategy[Any]], Any]
Version = tuple[int, ...]

FIELD_NAMES = (
    "title", "Body", "n_1", "order", "group", "state", "kind", "_x", "9lives", "value", "index", "owner",
    "posts", "a", "b", "created", "key",
)  # fmt: skip
COLLECTION_NAMES = ("posts", "tags", "Order", "logs_test", "group", "items", "people", "notes", "title")
VIEW_NAMES = ("v", "v_2", "Latest", "stats", "z_last", "a_first")
NASTY = (
    "it's", 'say "hi"', "back\\slash", "two\nlines", "{{ x }}", "[[y]]", "{:z}", "${q}", "`t`", "%s",
    "ünï 😀", "\u2028", "</script>", "// no", "{{`a`}}", "*/", "{% raw %}",
)  # fmt: skip
TEXTS = ("plain", "draft", "published", *NASTY)
_KEYWORDS = {"order", "group", "index", "9lives", "key"}


def changed(schema: Schema, collection: str, /, **values: Any) -> Schema:
    """The schema with a collection that is otherwise, as its attributes name it."""
    return schema.with_collections(
        c.model_copy(update=values) if c.name == collection else c for c in schema.collections
    )


def renamed(schema: Schema, collection: str, old: str, new: str) -> Schema:
    """The schema with a field that the code says was renamed."""
    said = {"name": new, "renamed_from": old}
    fields = [
        field.model_copy(update=said) if field.name == old else field
        for c in schema.collections
        if c.name == collection
        for field in c.fields
    ]
    return changed(schema, collection, fields=fields)


@dataclass
class FieldModel:
    uid: int
    name: str
    type: str
    options: dict[str, Any] = default(default_factory=dict)
    target: int = 0


@dataclass
class IndexModel:
    name: str
    columns: list[tuple[int, str]]
    """Field and how it is used: "%s", "%s DESC", "lower(%s)"; field 0 is `id`."""
    unique: bool = False
    where: int = 0


@dataclass
class RuleModel:
    """`path` are the fields that lead from the collection to the value that is compared."""

    path: list[int]
    text: str
    via: int = 0
    """A collection whose `@collection.name` the path begins at."""
    more: str = ""


@dataclass
class CollectionModel:
    uid: int
    name: str
    type: str
    fields: list[FieldModel] = default(default_factory=list)
    indexes: list[IndexModel] = default(default_factory=list)
    rules: dict[str, RuleModel | str | None] = default(default_factory=dict)
    auth: dict[str, Any] = default(default_factory=dict)
    source: int = 0
    """Of a view: the collection that it reads."""
    columns: list[int] = default(default_factory=list)
    layout: str = "SELECT {columns} FROM {table} t"


@dataclass
class World:
    """A whole schema as a model."""

    collections: list[CollectionModel] = default(default_factory=list)
    numbers: Iterator[int] = default(default_factory=lambda: count(1))

    def collection(self, uid: int) -> CollectionModel | None:
        return next((c for c in self.collections if c.uid == uid), None)

    def fields(self) -> dict[int, FieldModel]:
        return {f.uid: f for c in self.collections for f in c.fields}

    def tables(self) -> list[CollectionModel]:
        return [c for c in self.collections if c.type != "view"]

    def views(self) -> list[CollectionModel]:
        return [c for c in self.collections if c.type == "view"]

    def __repr__(self) -> str:
        return "\n".join(map(str, [*written(self.copy()), ""]))

    def copy(self) -> World:
        return World(deepcopy(self.collections), self.numbers)


# What is written out ------------------------------------------------------------------------------------


def written(world: World, before: World | None = None, ids: Schema | None = None) -> list[dict[str, Any]]:
    """The dictionary form. With `before`, renames and new things say so; with `ids`, known things carry
    the ids that they have there."""
    prune(world)
    old_fields = before.fields() if before else {}
    result = []
    for c in world.collections:
        was = before.collection(c.uid) if before else None
        known = ids.collection(was.name) if ids and was else None
        item: dict[str, Any] = {"name": c.name, "type": c.type}
        if known:
            item["id"] = known.id
        elif was is None:
            item["renamed_from"] = ""
        elif was.name != c.name:
            item["renamed_from"] = was.name
        item |= {rule: _rule(world, c, value) for rule, value in c.rules.items()}
        if c.type == "view":
            item["viewQuery"] = _query(world, c)
        else:
            item["fields"] = []
            for f in c.fields:
                old = old_fields.get(f.uid)
                known_field = known.field(old.name) if known and old else None
                values = {"name": f.name, "type": f.type, **f.options}
                if known_field:
                    values["id"] = known_field.id if old and _same_kind(old, f) else ""
                elif not old:
                    values["renamed_from"] = ""
                elif old.name != f.name:
                    values["renamed_from"] = old.name
                if f.type == "relation":
                    target = world.collection(f.target)
                    values["target"] = target.name if target else "users"
                item["fields"].append(values)
            item["indexes"] = [_index(world, c, index) for index in c.indexes]
        item |= c.auth
        result.append(item)
    return result


def build(dictionaries: list[dict[str, Any]]) -> Schema:
    return build_schema(from_dictionary(dictionaries, lambda collection, field: None))


def _same_kind(old: FieldModel, new: FieldModel) -> bool:
    return old.type == new.type and old.target == new.target


def cyclic(world: World, before: World) -> bool:
    """Whether names go round in a circle, which hints by name cannot say."""
    old = {c.uid: c for c in before.collections}
    groups = [({c.uid: c.name for c in before.collections}, {c.uid: c.name for c in world.collections})]
    groups += [
        ({f.uid: f.name for f in old[c.uid].fields}, {f.uid: f.name for f in c.fields})
        for c in world.collections
        if c.uid in old
    ]
    for was, now in groups:
        step = {was[u].lower(): now[u].lower() for u in now if u in was and was[u].lower() != now[u].lower()}
        for start in step:
            seen, at = set(), start
            while at in step and at not in seen:
                seen.add(at)
                at = step[at]
            if at in seen:
                return True
    return False


def prune(world: World) -> None:
    """Take away what refers to things that are gone."""
    fields = world.fields()
    uids = {c.uid for c in world.collections}
    gone = True
    while gone:
        gone = False
        for view in world.views():
            source = world.collection(view.source)
            view.columns = [u for u in view.columns if u in fields and source and _shows(source, u)]
            if source is None or not view.columns:
                world.collections.remove(view)
                gone = True
    uids = {c.uid for c in world.collections}
    for c in world.collections:
        own = {f.uid for f in c.fields}
        for f in c.fields:
            if f.type == "relation" and f.target not in uids:
                f.target = next(t.uid for t in world.tables() if t.name == "users" or t.uid == c.uid)
        c.indexes = [
            i
            for i in c.indexes
            if all(u in own or not u for u, _ in i.columns) and (i.where in own or not i.where)
            and not (i.unique and any(u and fields[u].type not in ("text", "number") for u, _ in i.columns))
            and not (i.where and fields[i.where].type != "text")
        ]  # fmt: skip
        c.rules = {rule: value if _stands(world, c, value) else None for rule, value in c.rules.items()}


def _shows(source: CollectionModel, uid: int) -> bool:
    return uid in source.columns if source.type == "view" else any(f.uid == uid for f in source.fields)


def _stands(world: World, c: CollectionModel, rule: RuleModel | str | None) -> bool:
    if not isinstance(rule, RuleModel):
        return True
    at = world.collection(rule.via) if rule.via else c
    for uid in rule.path:
        if at is None or not _shows(at, uid):
            return False
        f = world.fields()[uid]
        if f.type == "password" or f.options.get("hidden") or f.name[0].isdigit():
            return False
        at = world.collection(f.target) if f.type == "relation" else None
    return True


def _rule(world: World, c: CollectionModel, rule: RuleModel | str | None) -> str | None:
    if not isinstance(rule, RuleModel):
        return rule
    fields = world.fields()
    names = [fields[uid].name for uid in rule.path]
    if rule.via:
        via = world.collection(rule.via)
        assert via is not None
        names = ["@collection", via.name, *names]
    quote = '"' if "'" in rule.text else "'"
    text = rule.text.replace("\\", "\\\\") if quote == "'" else rule.text.replace('"', "")
    return f"{'.'.join(names)} != {quote}{text}{quote}{rule.more}"


def _index(world: World, c: CollectionModel, index: IndexModel) -> str:
    fields = world.fields()
    columns = ", ".join(form % (f"`{fields[uid].name}`" if uid else "`id`") for uid, form in index.columns)
    where = f" WHERE `{fields[index.where].name}` != ''" if index.where else ""
    return f"CREATE {'UNIQUE ' if index.unique else ''}INDEX `{index.name}` ON `{c.name}` ({columns}){where}"


def _query(world: World, view: CollectionModel) -> str:
    source = world.collection(view.source)
    assert source is not None
    fields = world.fields()
    columns = ", ".join(["t.id", *(f"t.{fields[uid].name}" for uid in view.columns)])
    return view.layout.format(columns=columns, table=source.name)


# What is drawn ------------------------------------------------------------------------------------------


@st.composite
def worlds(draw: Draw, version: Version = (0, 40, 6)) -> World:
    """A schema: `users`, one to four tables, up to three views over tables and views."""
    world = World()
    made = Maker(draw, world, version)
    names = draw(st.lists(st.sampled_from(COLLECTION_NAMES), min_size=1, max_size=4, unique_by=str.lower))
    world.collections.append(CollectionModel(next(world.numbers), "users", "auth"))
    for name in names:
        type_ = draw(st.sampled_from(["base", "base", "base", "auth"]))
        world.collections.append(CollectionModel(next(world.numbers), name, type_))
    for table in world.tables():
        for _ in range(draw(st.integers(0, 6))):
            made.add_field(table)
        for _ in range(draw(st.integers(0, 2))):
            made.add_index(table)
    for _ in range(draw(st.integers(0, 3))):
        made.add_view()
    for c in world.collections:
        for _ in range(draw(st.integers(0, 3))):
            made.set_rule(c)
        if c.type == "auth":
            made.set_auth(c)
    return world


@st.composite
def edited(draw: Draw, world: World, version: Version = (0, 40, 6), most: int = 8) -> World:
    """The same schema after one to `most` random edits."""
    copy = world.copy()
    made = Maker(draw, copy, version)
    for _ in range(draw(st.integers(1, most))):
        made.edit()
    prune(copy)
    return copy


class Maker:
    """Makes and changes things of a world."""

    def __init__(self, draw: Draw, world: World, version: Version) -> None:
        self.draw = draw
        self.world = world
        self.version = version

    def one(self, items: Any) -> Any:
        found = list(items)
        assume(found)
        return self.draw(st.sampled_from(found))

    def chance(self) -> bool:
        return bool(self.draw(st.booleans()))

    def new_name(self, pool: tuple[str, ...], taken: Any) -> str:
        lower = {name.lower() for name in taken}
        free = [name for name in pool if name.lower() not in lower]
        return str(self.one(free)) if free else f"x{next(self.world.numbers)}"

    # fields

    def types(self) -> list[str]:
        types = ["text", "text", "editor", "number", "bool", "email", "url", "date", "autodate", "json"]
        types += ["select", "select", "file", "relation", "relation", "password"]
        return types + (["geoPoint"] if self.version >= (0, 27) else [])

    def add_field(self, c: CollectionModel) -> None:
        taken = [f.name for f in c.fields]
        if c.type == "auth":
            taken += ["id", "password", "tokenKey", "email", "emailVisibility", "verified"]
        field = FieldModel(
            next(self.world.numbers), self.new_name(FIELD_NAMES, taken), self.one(self.types())
        )
        self.set_options(field)
        c.fields.insert(self.draw(st.integers(0, len(c.fields))), field)

    def set_options(self, field: FieldModel, narrow: bool = False) -> None:
        options = self.options(field.type)
        if field.type == "relation":
            field.target = self.one(t.uid for t in self.world.tables())
        for common in ("hidden", "presentable"):
            if self.draw(st.integers(0, 5)) == 0:
                options[common] = True
        if field.type != "autodate":
            options["required"] = self.draw(st.integers(0, 4)) == 0
            if self.version >= (0, 37) and self.chance():
                options["help"] = self.one(TEXTS)
        field.options = options

    def options(self, type_: str) -> dict[str, Any]:
        domains = [[], ["example.com"], ["example.com", "b.org"]]
        match type_:
            case "text":
                return {
                    "min": self.one([0, 0, 2]), "max": self.one([0, 0, 40, 100]),
                    "pattern": self.one(["", "", r"^[^\x00]+$", r"^['\"`{}\[\]\w :$\\/.<>-]*$"]),
                    "autogeneratePattern": "",
                }  # fmt: skip
            case "editor":
                return {"max_size": self.one([0, 5000, "1MB"]), "convertURLs": self.chance()}
            case "number":
                return {
                    "min": self.one([None, 0, -5]), "max": self.one([None, 100, 7.5]),
                    "only_int": False,
                }  # fmt: skip
            case "email" | "url":
                return {self.one(["only_domains", "except_domains"]): self.one(domains)}
            case "date":
                return {"min": self.one(["", "2020-01-01"]), "max": self.one(["", "2030-01-01 10:00:00"])}
            case "autodate":
                return {"on_create": True, "on_update": self.chance()}
            case "json":
                return {"max_size": self.one([0, 2000])}
            case "select":
                values = self.draw(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=4, unique=True))
                return {"values": values, "max_select": self.draw(st.integers(1, len(values)))}
            case "file":
                return {
                    "max_select": self.one([1, 1, 3]), "max_size": self.one([0, 5000]),
                    "mime_types": self.one([[], ["image/png"]]), "thumbs": self.one([[], ["100x100"]]),
                    "protected": self.chance(),
                }  # fmt: skip
            case "relation":
                return {
                    "max_select": self.one([1, 1, 5]), "cascade_delete": self.chance(),
                    "min_select": self.one([0, 0, 1]),
                }  # fmt: skip
            case "password":
                return {"min": self.one([0, 8]), "max": self.one([0, 71]), "cost": self.one([0, 4])}
            case _:
                return {}

    # indexes, rules, views, auth options

    def add_index(self, c: CollectionModel) -> None:
        if not c.fields:
            return
        name = f"idx_{self.one(['a', 'b', 'c', 'D'])}_{c.uid}"
        if any(i.name.lower() == name.lower() for i in c.indexes):
            return
        index = self.index(c, name)
        if not any(_alike(index, other) for other in c.indexes):
            c.indexes.append(index)

    def index(self, c: CollectionModel, name: str) -> IndexModel:
        texts = [f.uid for f in c.fields if f.type == "text"]
        if texts and self.chance():
            column = self.one(texts)
            if self.chance():
                return IndexModel(name, [(column, "%s"), (0, "%s")], unique=True)
            return IndexModel(name, [(column, self.one(["%s", "lower(%s)"]))], unique=True, where=column)
        assume(c.fields)
        some = self.draw(
            st.lists(st.sampled_from([f.uid for f in c.fields]), min_size=1, max_size=3, unique=True)
        )
        columns = [(uid, self.one(["%s", "%s DESC", "lower(%s)", "%s COLLATE NOCASE"])) for uid in some]
        return IndexModel(name, columns, where=self.one([0, *texts]))

    def set_rule(self, c: CollectionModel) -> None:
        names = ["listRule", "viewRule"]
        if c.type != "view":
            names += ["createRule", "updateRule", "deleteRule"]
        c.rules[self.one(names)] = self.rule(c)

    def rule(self, c: CollectionModel) -> RuleModel | str | None:
        kind = self.one(["none", "open", "auth", "own", "own", "path", "collection"])
        simple: dict[str, str | None] = {"none": None, "open": "", "auth": "@request.auth.id != ''"}
        if kind in simple:
            return simple[kind]
        via = self.one(self.world.tables()) if kind == "collection" else None
        at: CollectionModel | None = via or c
        path: list[int] = []
        while at is not None:
            fields = self.shown(at)
            usable = [
                f for f in fields
                if f.type != "password" and not f.options.get("hidden") and not f.name[0].isdigit()
            ]  # fmt: skip
            if not usable:
                break
            field = self.one(usable)
            path.append(field.uid)
            follow = field.type == "relation" and (kind == "path" or self.chance()) and len(path) < 3
            at = self.world.collection(field.target) if follow else None
        if not path:
            return ""
        more = self.one(
            ["", " && @request.auth.id != ''", " // a comment", "\n|| @request.body.title:isset = true"]
        )
        return RuleModel(path, self.one(TEXTS), via.uid if via else 0, more)

    def shown(self, c: CollectionModel) -> list[FieldModel]:
        if c.type != "view":
            return c.fields
        fields = self.world.fields()
        return [fields[uid] for uid in c.columns if uid in fields]

    def add_view(self) -> None:
        sources = [c for c in self.world.collections if self.viewable(c)]
        if not sources:
            return
        source = self.one(sources)
        name = self.new_name(VIEW_NAMES, [c.name for c in self.world.collections])
        view = CollectionModel(next(self.world.numbers), name, "view", source=source.uid)
        view.columns = self.view_columns(source)
        view.layout = self.one([
            "SELECT {columns} FROM {table} t",
            "select {columns}\n  from {table} t\n  where t.id != 'it''s'",
            "SELECT {columns}, (1 + 1) AS two, ('`t` ${{x}} \"') AS odd FROM {table} t",
        ])  # fmt: skip
        self.world.collections.insert(self.draw(st.integers(0, len(self.world.collections))), view)

    def viewable(self, c: CollectionModel) -> list[int]:
        if c.name.lower() in _KEYWORDS:
            return []
        return [
            f.uid for f in self.shown(c)
            if f.type not in ("password", "autodate") and f.name.lower() not in _KEYWORDS
        ]  # fmt: skip

    def view_columns(self, source: CollectionModel) -> list[int]:
        assume(self.viewable(source))
        return list(
            self.draw(st.lists(st.sampled_from(self.viewable(source)), min_size=1, max_size=3, unique=True))
        )

    def set_auth(self, c: CollectionModel) -> None:
        options: dict[str, Any] = {}
        for name, values in {
            "authRule": [None, "", "verified = true"],
            "manageRule": [None, "@request.auth.id = id"],
            "authToken": [{"duration": 1000}, {"duration": 2000}],
            "otp": [{"enabled": False}, {"enabled": True, "length": 6}],
            "verificationTemplate": [
                {"subject": "it's {APP_NAME} {{x}}", "body": "<p>${y} [[z]] {TOKEN}</p>"}
            ],
            "oauth2": [
                {"enabled": True, "providers": [_provider("google"), _provider("github")]},
                {"enabled": True, "providers": [_provider("github")]},
                {"enabled": False, "providers": []},
            ],
        }.items():
            if self.draw(st.integers(0, 3)) == 0:
                options[name] = self.one(values)
        c.auth = {**c.auth, **options}

    # edits

    def edit(self) -> None:
        world = self.world
        table = self.one(world.tables())
        field = self.one(table.fields) if table.fields else None
        kind = self.one([
            "add_field", "add_field", "drop_field", "drop_field", "rename_field", "rename_field", "options",
            "options", "type", "retarget", "reorder", "add_index", "drop_index", "index", "rule", "auth",
            "add_collection", "drop_collection", "rename_collection", "add_view", "drop_view", "query",
            "order", "swap",
        ])  # fmt: skip
        match kind:
            case "add_field":
                self.add_field(table)
            case "drop_field" if field:
                table.fields.remove(field)
            case "rename_field" if field:
                taken = [f.name for f in table.fields]
                if table.type == "auth":
                    taken += ["id", "password", "tokenKey", "email", "emailVisibility", "verified"]
                field.name = self.one([field.name.swapcase(), self.new_name(FIELD_NAMES, taken)])
                self.unkeyword(field)
            case "swap" if len(table.fields) > 1:
                one, two = self.draw(
                    st.lists(st.sampled_from(table.fields), min_size=2, max_size=2, unique_by=id)
                )
                one.name, two.name = two.name, one.name
                self.unkeyword(one)
                self.unkeyword(two)
            case "options" if field:
                kept = field.target
                self.set_options(field)
                field.target = kept
            case "type" if field:
                field.type, field.target = self.one(self.types()), 0
                self.set_options(field)
            case "retarget" if field and field.type == "relation":
                field.target = self.one(t.uid for t in world.tables())
            case "reorder":
                table.fields = list(self.draw(st.permutations(table.fields)))
            case "add_index":
                self.add_index(table)
            case "drop_index" if table.indexes:
                table.indexes.remove(self.one(table.indexes))
            case "index" if table.indexes:
                old = self.one(table.indexes)
                new = self.index(table, old.name)
                if not any(_alike(new, other) for other in table.indexes):
                    table.indexes[table.indexes.index(old)] = new
            case "rule":
                self.set_rule(self.one(world.collections))
            case "auth" if table.type == "auth":
                self.set_auth(table)
            case "add_collection":
                name = self.new_name(COLLECTION_NAMES, [c.name for c in world.collections])
                new = CollectionModel(next(world.numbers), name, self.one(["base", "base", "auth"]))
                world.collections.insert(self.draw(st.integers(0, len(world.collections))), new)
                for _ in range(self.draw(st.integers(0, 4))):
                    self.add_field(new)
                self.add_index(new)
                self.set_rule(new)
            case "drop_collection" if table.name != "users":
                world.collections.remove(table)
                prune(world)
            case "rename_collection" if table.name != "users":
                name = self.new_name(COLLECTION_NAMES, [c.name for c in world.collections])
                if name.lower() not in _KEYWORDS:
                    table.name = self.one([name, name, table.name.swapcase()])
            case "add_view":
                self.add_view()
            case "drop_view" if world.views():
                world.collections.remove(self.one(world.views()))
                prune(world)
            case "query" if world.views():
                view = self.one(world.views())
                source = world.collection(view.source)
                if source and self.viewable(source):
                    view.columns = self.view_columns(source)
            case "order":
                world.collections[:] = list(self.draw(st.permutations(world.collections)))

    def unkeyword(self, field: FieldModel) -> None:
        """A view cannot name a column that is a word of SQL."""
        if field.name.lower() in _KEYWORDS:
            for view in self.world.views():
                if field.uid in view.columns:
                    view.columns.remove(field.uid)
            prune(self.world)


def _alike(one: IndexModel, two: IndexModel) -> bool:
    return (one.columns, one.unique, one.where) == (two.columns, two.unique, two.where)


def _provider(name: str) -> dict[str, Any]:
    return {"name": name, "clientId": f"id-{name}", "clientSecret": {"env": f"{name.upper()}_SECRET"}}
