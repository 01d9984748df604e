"""Filters made at random for one small schema: most of them nearly right."""

from __future__ import annotations

from random import Random
from typing import Any

from pocketvex.versions import FILTER_MODIFIERS, FILTER_MOMENTS

Json = dict[str, Any]


def _relation(name: str, target: str, many: int = 1, **more: Any) -> Json:
    return {
        "name": name,
        "type": "relation",
        "collectionId": f"{target}0000000001",
        "maxSelect": many,
        **more,
    }


def collections(*, points: bool) -> list[Json]:
    """Every type of field, relations of every shape, a view; `points`: the server has them (0.27)."""
    place = [{"name": "place", "type": "geoPoint"}] if points else []
    texts = [{"name": n, "type": t} for n, t in (
        ("title", "text"), ("body", "editor"), ("n", "number"), ("ok", "bool"), ("mail", "email"),
        ("link", "url"), ("day", "date"), ("data", "json"), ("pw", "password"),
    )]  # fmt: skip
    return [
        {"name": "orgs", "id": "orgs0000000001", "type": "base", "fields": [
            {"name": "name", "type": "text"}, {"name": "meta", "type": "json"},
            {"name": "secret", "type": "text", "hidden": True}, _relation("parent", "orgs"), *place]},
        {"name": "people", "id": "people0000000001", "type": "auth", "fields": [
            {"name": "name", "type": "text"}, _relation("org", "orgs"), _relation("teams", "orgs", 5),
            {"name": "role", "type": "select", "values": ["a", "b"], "maxSelect": 1}]},
        {"name": "posts", "id": "posts0000000001", "type": "base", "fields": [
            *texts, {"name": "tags", "type": "select", "values": ["x", "y", "z"], "maxSelect": 3},
            {"name": "kind", "type": "select", "values": ["x", "y"], "maxSelect": 1},
            {"name": "docs", "type": "file", "maxSelect": 3}, {"name": "cover", "type": "file"},
            _relation("author", "people"), _relation("authors", "people", 4), _relation("boss", "posts"),
            {"name": "secret", "type": "text", "hidden": True},
            {"name": "made", "type": "autodate", "onCreate": True}, *place]},
        {"name": "comments", "id": "comments0000000001", "type": "base", "fields": [
            {"name": "text", "type": "text"}, _relation("post", "posts"), _relation("posts", "posts", 3),
            _relation("hid", "posts", hidden=True)]},
        {"name": "shown", "id": "shown0000000001", "type": "view",
         "viewQuery": "SELECT id, title, author, (n + 1) AS more, data FROM posts"},
    ]  # fmt: skip


_FIELDS = (
    "title", "body", "n", "ok", "mail", "link", "day", "tags", "kind", "docs", "cover", "author", "authors",
    "data", "pw", "secret", "boss", "made", "place", "id", "nope", "text", "name", "role", "org", "teams",
    "meta", "parent", "email", "post", "posts", "tokenKey", "collectionId", "true", "null", "more",
)  # fmt: skip
_BACK = ("post", "posts", "author", "org", "hid", "text")
_ENDS = (")", ")", ")", " // x\n)")
_COMMAS = (", ", ",", ",// x\n")
_LEADS = ("author", "authors", "boss", "org", "data", "place", "parent", "post")
_COLLECTIONS = ("posts", "people", "orgs", "comments", "shown", "_superusers", "users", "Posts", "nope")
_SIGNS = ("=", "!=", ">", ">=", "<", "<=", "~", "!~", "?=", "?!=", "?>", "?~")
_TEXTS = ("'a'", '"b"', "''", "'it\\'s'", '"\\""', "'a\\\\'", "')'", "'('", "'//'", "'é'", "'a\nb'")
_NUMBERS = ("1", "-1", "0.5", "-.5", "00", "1.", "1.2.3", "-")
_ODD = "()'\"\\/&|=!?<>~.,:@#_- \t\n\0\ré1a"


class Maker:
    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.pick = self.random.choice

    def often(self, share: float) -> bool:
        return self.random.random() < share

    def filter(self) -> str:
        """One that a server accepts, or would but for a slip or two."""
        text = self.expression()
        for _ in range(self.pick((0, 0, 0, 0, 0, 1, 2))):
            at = self.random.randrange(len(text) + 1)
            change = self.random.random()
            if change < 0.4:
                text = text[:at] + text[at + 1 :]
            elif change < 0.8:
                text = text[:at] + self.pick(_ODD) + text[at:]
            else:
                text = text[:at] + text[at : at + 5] * 2 + text[at + 5 :]
        return text or "()"

    def expression(self, depth: int = 0) -> str:
        text = ""
        for number in range(self.pick((1, 1, 1, 1, 2, 3))):
            if number:
                text += (
                    self.pick((" && ", " || ", "&&", "||")) if self.often(0.97) else self.pick((" ", " and "))
                )
            if depth < 3 and self.often(0.25):
                text += f"({self.expression(depth + 1)}{self.pick(_ENDS)}"
            else:
                text += self.comparison()
        return text

    def comparison(self) -> str:
        space = self.pick((" ", " ", "", "\n", "\t", " // c\n"))
        sign = self.pick(_SIGNS) if self.often(0.98) else self.pick(("==", "<>", "=?"))
        return f"{self.operand()}{space}{sign}{space}{self.operand()}"

    def operand(self) -> str:
        kind = self.random.random()
        if kind < 0.6:
            return self.name()
        if kind < 0.92:
            return self.pick(_TEXTS) if kind < 0.8 else self.pick(_NUMBERS)
        return self.call() if kind < 0.97 else self.pick(("true", "NULL", "False"))

    def name(self) -> str:
        kind = self.random.random()
        if kind < 0.5:
            return self.path()
        if kind < 0.6:
            return self.pick([*FILTER_MOMENTS, "@Now", "@week", "@"])
        rest = f".{self.path()}" if self.often(0.8) else ""
        if kind < 0.85:
            return (
                f"@request.{self.pick(('auth', 'body', 'body', 'query', 'headers', 'data', 'method'))}{rest}"
            )
        alias = self.pick((":a", ":", ":a:b")) if self.often(0.3) else ""
        return f"@collection.{self.pick(_COLLECTIONS)}{alias}{rest}"

    def path(self) -> str:
        length = self.pick((1, 1, 1, 2, 2, 3, 7, 8))
        parts = ["boss"] * (length - 1) if length > 6 else [self.lead() for _ in range(length - 1)]
        parts.append(self.pick(_FIELDS))
        if self.often(0.25):
            parts[-1] += f":{self.pick([*FILTER_MODIFIERS, 'foo', 'Lower'])}"
        if self.often(0.03):
            parts[0] += ":each"
        return ".".join(parts)

    def lead(self) -> str:
        if self.often(0.3):
            return f"{self.pick(_COLLECTIONS)}_via_{self.pick(_BACK)}"
        return self.pick(_LEADS) if self.often(0.7) else self.pick(_FIELDS)

    def call(self) -> str:
        name = self.pick(("geoDistance", "strftime", "strftime", "lower"))
        if name == "geoDistance":
            count = 4 if self.often(0.9) else 3
            args = [self.pick(("1", "place.lon", "-2.5", "n", "null", "'4'", "nope")) for _ in range(count)]
        else:
            args = [self.pick(("'%Y'", '"%d"', "title"))]
            args += [self.pick(("made", "@now", "''", "-1", "nope", "author.name"))] * self.pick((0, 1, 1))
            args += [self.pick(("'utc'", "'+1 day'", "'x'"))] * self.pick((0, 0, 1, 2, 9))
        return f"{name}{self.pick(('(', '(', '( ', ' ('))}{self.pick(_COMMAS).join(args)})"
