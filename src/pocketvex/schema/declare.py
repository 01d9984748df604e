"""Declaring collections as Python classes.

    class Posts(Base):
        title = field.text(required=True, max=200)
        author = field.relation(Users, cascade_delete=True)
        rules = Rules(list=Rules.public(), view=Rules.public())
        indexes = [index("author", "created DESC")]

A class is turned into plain values here; `schema.build` makes models of them and checks them.
"""

from __future__ import annotations

import re
import sys
from typing import Any, ClassVar, NamedTuple

from pocketvex.errors import Location
from pocketvex.schema.rules import RULE_NAMES, Rules

declared: list[type[Base]] = []
"""The concrete collections of this interpreter, in the order in which they were declared."""


class FieldDeclaration:
    """A field as it was written: its type, its options, and the line."""

    def __init__(self, type_: str, options: dict[str, Any], source: Location) -> None:
        self.type = type_
        self.options = options
        self.source = source

    def as_dict(self, name: str) -> dict[str, Any]:
        return {"type": self.type, "name": name, "source": self.source, **self.options}


class IndexDeclaration(NamedTuple):
    columns: tuple[str, ...]
    unique: bool
    where: str
    name: str | None
    source: Location


class Env(NamedTuple):
    """The value of an environment variable, read when it is needed and never stored."""

    name: str


def env(name: str) -> Env:
    """A secret that is read from the environment variable `name` when it is written to a server."""
    return Env(name)


def index(*columns: str, unique: bool = False, where: str = "", name: str | None = None) -> IndexDeclaration:
    """An index over columns (`"author"`, `"created DESC"`) or expressions (`"lower(title)"`).

    Without a name it is called `idx_<collection>_<columns>`.
    """
    return IndexDeclaration(columns, unique, where, name, caller(2))


def caller(depth: int) -> Location:
    """The place of the call `depth` frames up."""
    frame = sys._getframe(depth)
    return Location(frame.f_code.co_filename, frame.f_lineno)


def snake_case(name: str) -> str:
    """`BlogPosts` is `blog_posts`, `APIKeys` is `api_keys`."""
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


class Base:
    """A collection of records. Class arguments: `name`, `id`, `renamed_from`, `abstract`."""

    collection_type: ClassVar[str] = "base"
    collection_name: ClassVar[str]
    collection_id: ClassVar[str]
    collection_renamed_from: ClassVar[str | None]
    collection_source: ClassVar[Location]

    def __init_subclass__(
        cls,
        *,
        name: str | None = None,
        id: str = "",
        renamed_from: str | None = None,
        abstract: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init_subclass__(**kwargs)
        cls.collection_name = name or snake_case(cls.__name__)
        cls.collection_id = id
        cls.collection_renamed_from = renamed_from
        cls.collection_source = caller(2)
        if not abstract:
            declared.append(cls)


class Auth(Base, abstract=True):
    """A collection of accounts: the fields email, password, verified and so on are there already."""

    collection_type = "auth"


class View(Base, abstract=True):
    """A read-only collection made by a SELECT: `query = "SELECT …"`."""

    collection_type = "view"


_AUTH_ATTRIBUTES = (
    "auth_rule", "manage_rule", "password_auth", "oauth2", "mfa", "otp", "auth_alert", "tokens", "templates",
)  # fmt: skip
_KNOWN = {"rules", "indexes", "fields", "query", *_AUTH_ATTRIBUTES}


def as_values(cls: type[Base]) -> dict[str, Any]:
    """The declaration of one class as plain values; the class itself is not checked here."""
    attributes: dict[str, Any] = {}
    for ancestor in reversed(cls.__mro__):
        if ancestor in (Base, Auth, View, object):
            continue
        attributes.update(vars(ancestor))
    values: dict[str, Any] = {
        "name": cls.collection_name,
        "type": cls.collection_type,
        "id": cls.collection_id,
        "renamed_from": cls.collection_renamed_from,
        "source": cls.collection_source,
        "fields": _fields(attributes),
        "indexes": list(attributes.get("indexes", ())),
        "auth": {name: attributes[name] for name in _AUTH_ATTRIBUTES if name in attributes},
    }
    rules = attributes.get("rules", Rules())
    if isinstance(rules, Rules):
        values.update(zip(RULE_NAMES, rules, strict=True))
    else:
        values["rules"] = rules
    if "query" in attributes:
        values["viewQuery"] = attributes["query"]
    values["strays"] = sorted(
        name
        for name, value in attributes.items()
        if isinstance(value, list | tuple) and value and all(isinstance(v, FieldDeclaration) for v in value)
    )
    return values


def _fields(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    found = {name: value for name, value in attributes.items() if isinstance(value, FieldDeclaration)}
    more = attributes.get("fields")
    if isinstance(more, dict):
        found.update({str(name): value for name, value in more.items()})
    return [
        value.as_dict(name)
        if isinstance(value, FieldDeclaration)
        else {"name": name, "type": "", "broken": value}
        for name, value in found.items()
    ]
