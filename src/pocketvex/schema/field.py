"""The functions that declare fields: one per field type, options named as PocketBase names them."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypedDict, Unpack

from pocketvex.schema.declare import Base, FieldDeclaration, caller
from pocketvex.schema.words import a

Keep = Literal["first", "last"]


class Common(TypedDict, total=False):
    """What every field type takes."""

    required: builtins.bool
    hidden: builtins.bool
    presentable: builtins.bool
    system: builtins.bool
    """The server removes the field only once this is off again; the dashboard never sets it."""
    help: str
    unique: builtins.bool
    id: str
    renamed_from: str
    backfill: Any


def text(
    *, min: int = 0, max: int = 0, pattern: str = "", autogenerate_pattern: str = "", **common: Unpack[Common]
) -> FieldDeclaration:
    """Plain text. `max` 0 means 5000 characters; `pattern` is a Go (RE2) expression, without lookaround."""
    return _declare(
        "text", common, min=min, max=max, pattern=pattern, autogenerate_pattern=autogenerate_pattern
    )


def editor(
    *, max_size: int | str = 0, convert_urls: builtins.bool = False, **common: Unpack[Common]
) -> FieldDeclaration:
    """HTML of the rich text editor. `max_size` in bytes or like "5MB"; 0 means 5 MB."""
    return _declare("editor", common, max_size=max_size, convert_urls=convert_urls)


def number(
    *,
    min: float | None = None,
    max: float | None = None,
    only_int: builtins.bool = False,
    **common: Unpack[Common],
) -> FieldDeclaration:
    """A number. `required` means that it must not be 0."""
    return _declare("number", common, min=min, max=max, only_int=only_int)


def bool(**common: Unpack[Common]) -> FieldDeclaration:
    """True or false. `required` means that it must be true."""
    return _declare("bool", common)


def email(
    *, only_domains: Sequence[str] = (), except_domains: Sequence[str] = (), **common: Unpack[Common]
) -> FieldDeclaration:
    """An e-mail address."""
    return _declare("email", common, only_domains=list(only_domains), except_domains=list(except_domains))


def url(
    *, only_domains: Sequence[str] = (), except_domains: Sequence[str] = (), **common: Unpack[Common]
) -> FieldDeclaration:
    """A URL."""
    return _declare("url", common, only_domains=list(only_domains), except_domains=list(except_domains))


def date(*, min: str | datetime = "", max: str | datetime = "", **common: Unpack[Common]) -> FieldDeclaration:
    """A date and time in UTC."""
    return _declare("date", common, min=min, max=max)


def autodate(
    *, on_create: builtins.bool = False, on_update: builtins.bool = False, **common: Unpack[Common]
) -> FieldDeclaration:
    """A date that the server sets when a record is made, changed, or both."""
    return _declare("autodate", common, on_create=on_create, on_update=on_update)


def created(**common: Unpack[Common]) -> FieldDeclaration:
    """The date of a record's making."""
    return _declare("autodate", common, on_create=True, on_update=False)


def updated(**common: Unpack[Common]) -> FieldDeclaration:
    """The date of a record's last change."""
    return _declare("autodate", common, on_create=True, on_update=True)


def timestamps() -> tuple[FieldDeclaration, FieldDeclaration]:
    """The pair: `created, updated = field.timestamps()`."""
    return (
        _declare("autodate", {}, on_create=True, on_update=False),
        _declare("autodate", {}, on_create=True, on_update=True),
    )


def json(model: Any = None, *, max_size: int | str = 0, **common: Unpack[Common]) -> FieldDeclaration:
    """Any JSON value; a pydantic model describes it for the types. `max_size` 0 means 1 MB (0.28)."""
    return _declare("json", common, model=model, max_size=max_size)


def select(
    *values: str,
    max: int = 1,
    keep: Keep = "last",
    remap: Mapping[str, str] | None = None,
    **common: Unpack[Common],
) -> FieldDeclaration:
    """One of the values, or a list of up to `max` of them.

    `remap` says what rows hold instead of a value that is gone: `{"archived": "closed"}`, "" for nothing.
    `keep` says which value stays when a list becomes one value.
    """
    return _declare("select", common, values=list(values), max_select=max, keep=keep, remap=dict(remap or {}))


def file(
    *,
    max: int = 1,
    max_size: int | str = 0,
    mime_types: Sequence[str] = (),
    thumbs: Sequence[str] = (),
    protected: builtins.bool = False,
    keep: Keep = "last",
    **common: Unpack[Common],
) -> FieldDeclaration:
    """One file, or up to `max` of them, each of `max_size` ("5MB"; 0 means 5 MB).

    `keep` says which one stays when a list becomes one file.
    """
    return _declare(
        "file", common, max_select=max, max_size=max_size, mime_types=list(mime_types),
        thumbs=list(thumbs), protected=protected, keep=keep,
    )  # fmt: skip


def relation(
    target: type[Base] | str,
    *,
    min: int = 0,
    max: int = 1,
    cascade_delete: builtins.bool = False,
    keep: Keep = "last",
    **common: Unpack[Common],
) -> FieldDeclaration:
    """The id of a record of another collection (its class or its name), of this one (`"self"`), or up to
    `max` of them. `keep` says which one stays when a list becomes one."""
    return _declare(
        "relation", common, target=target, min_select=min, max_select=max, cascade_delete=cascade_delete,
        keep=keep,
    )  # fmt: skip


def password(
    *, min: int = 0, max: int = 0, pattern: str = "", cost: int = 0, **common: Unpack[Common]
) -> FieldDeclaration:
    """A value of which only a bcrypt hash is kept. `max` is at most 71, `cost` 4 to 31 (0 means 10)."""
    return _declare("password", common, min=min, max=max, pattern=pattern, cost=cost)


def geo_point(**common: Unpack[Common]) -> FieldDeclaration:
    """A longitude and a latitude. Needs PocketBase 0.27."""
    return _declare("geoPoint", common)


def _declare(type_: str, common: Common, **options: Any) -> FieldDeclaration:
    source = caller(3)
    unknown = [name for name in common if name not in Common.__annotations__]
    if unknown:
        # Not raised: the rest of the file has something to say as well.
        options["wrong"] = [_no_option(type_, name, options) for name in unknown]
    known = {name: value for name, value in common.items() if name not in unknown}
    return FieldDeclaration(type_, {**known, **options}, source)


def _no_option(type_: str, name: str, options: dict[str, Any]) -> str:
    from difflib import get_close_matches

    own = [key.removesuffix("_select") for key in options if key not in ("target", "model", "values")]
    near = get_close_matches(name, [*own, *Common.__annotations__], n=1)
    takes = ", ".join(sorted(own)) or "only what every field takes"
    return f"{a(type_)} field has no option '{name}': " + (
        f"did you mean '{near[0]}'?" if near else f"it takes {takes}"
    )
