"""One model per field type, with every option that the server has.

Options are named as PocketBase names them, in snake_case; `to_json` gives the server's own form.
The sets of options were verified on 0.23.1 to 0.40.6: `geoPoint` came with 0.27, `help` with 0.37.
What a newer server adds is kept in the model's extra values and written back untouched.
"""

# Without `from __future__ import annotations`: pydantic would have to evaluate them, for every class anew.

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainValidator,
    TypeAdapter,
    field_validator,
)
from pydantic import (
    Field as option,
)
from pydantic.alias_generators import to_camel

from pocketvex.findings import Location
from pocketvex.schema import units

Size = Annotated[int, BeforeValidator(units.size)]
# Up to 0.39 the server says null where it means an empty list.
Strings = Annotated[list[str], BeforeValidator(lambda value: value or [])]
Number = Annotated[
    float | int | None,
    BeforeValidator(lambda v: int(v) if isinstance(v, float) and v.is_integer() else v),
]

Keep = Literal["first", "last"]
"""Which value stays where a list becomes one value; PocketBase by itself keeps the last."""

_SAID = ("target", "model", "collection_id", "keep", "remap")
"""What fields of some types have beside their options."""


@cache
def _alias(name: str) -> str:
    return {"convert_urls": "convertURLs", "auth_url": "authURL", "token_url": "tokenURL"}.get(
        name, to_camel(name)
    )


class Declared(BaseModel):
    """What the code says about a thing beside what the server stores: never sent, never compared."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    source: Location | None = option(default=None, exclude=True)
    renamed_from: str | None = option(default=None, exclude=True)
    """None: nothing was said; "": the thing is new, whatever it looks like."""


class FieldBase(Declared):
    """What all field types have in common."""

    model_config = ConfigDict(
        alias_generator=_alias, populate_by_name=True, extra="allow", defer_build=True, frozen=True
    )

    OPTIONS: ClassVar[tuple[str, ...]] = ()
    """The names of the type's own options."""
    VALUES: ClassVar[Callable[[Any], tuple[Any, ...]]]
    """The values of all options at once, to see in one step whether two fields are alike."""
    COMMON: ClassVar[tuple[str, ...]] = ("required", "hidden", "presentable", "help", "system")

    name: str
    id: str = ""
    type: str
    system: bool = False
    hidden: bool = False
    presentable: bool = False
    required: bool = False
    help: str = ""
    backfill: Any = option(default=None, exclude=True)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = [
            name for name in cls.__annotations__ if name not in FieldBase.__annotations__ and name.islower()
        ]
        cls.OPTIONS = tuple(name for name in own if name not in _SAID)
        cls.VALUES = attrgetter(*cls.COMMON, *cls.OPTIONS)

    def options(self) -> dict[str, Any]:
        """The values that two fields of one type are compared by, by their names."""
        return {name: getattr(self, name) for name in (*self.COMMON, *self.OPTIONS)}

    def with_id(self, id: str) -> Self:
        return self if id == self.id else self.model_copy(update={"id": id})

    def to_json(self) -> dict[str, Any]:
        """The server's form; what the server has and we do not know is part of it."""
        return self.model_dump(by_alias=True)

    @property
    def multiple(self) -> bool:
        """Whether a value is a list. 0 and 1 both mean one value."""
        return False


class TextField(FieldBase):
    type: Literal["text"] = "text"
    min: int = 0
    max: int = 0
    pattern: str = ""
    autogenerate_pattern: str = ""
    primary_key: bool = False


class EditorField(FieldBase):
    type: Literal["editor"] = "editor"
    max_size: Size = 0
    convert_urls: bool = False


class NumberField(FieldBase):
    type: Literal["number"] = "number"
    min: Number = None
    max: Number = None
    only_int: bool = False


class BoolField(FieldBase):
    type: Literal["bool"] = "bool"


class EmailField(FieldBase):
    type: Literal["email"] = "email"
    only_domains: Strings = []
    except_domains: Strings = []


class UrlField(FieldBase):
    type: Literal["url"] = "url"
    only_domains: Strings = []
    except_domains: Strings = []


class DateField(FieldBase):
    type: Literal["date"] = "date"
    min: str = ""
    max: str = ""

    @field_validator("min", "max", mode="before")
    @classmethod
    def _as_the_server_stores_it(cls, value: object) -> object:
        return stored_date(value) if isinstance(value, str | datetime) else value


class AutodateField(FieldBase):
    COMMON: ClassVar[tuple[str, ...]] = ("hidden", "presentable", "system")

    type: Literal["autodate"] = "autodate"
    required: bool = option(default=False, exclude=True)
    help: str = option(default="", exclude=True)
    on_create: bool = False
    on_update: bool = False


class JsonField(FieldBase):
    type: Literal["json"] = "json"
    max_size: Size = 0
    model: Any = option(default=None, exclude=True)
    """JSON Schema of the pydantic model given in the declaration: for types, not for the server."""


class SelectField(FieldBase):
    type: Literal["select"] = "select"
    values: Strings = []
    max_select: int = 0
    keep: Keep = option(default="last", exclude=True)
    remap: dict[str, str] = option(default={}, exclude=True)
    """What becomes of values that are not in the list any more: old to new, or to "" for none."""

    @property
    def multiple(self) -> bool:
        return self.max_select > 1


class FileField(FieldBase):
    type: Literal["file"] = "file"
    max_select: int = 0
    max_size: Size = 0
    mime_types: Strings = []
    thumbs: Strings = []
    protected: bool = False
    keep: Keep = option(default="last", exclude=True)

    @property
    def multiple(self) -> bool:
        return self.max_select > 1


class RelationField(FieldBase):
    type: Literal["relation"] = "relation"
    collection_id: str = ""
    cascade_delete: bool = False
    min_select: int = 0
    max_select: int = 0
    keep: Keep = option(default="last", exclude=True)
    target: str = option(default="", exclude=True)
    """The name of the related collection in the same schema: what relations are compared by."""

    @property
    def multiple(self) -> bool:
        return self.max_select > 1


class PasswordField(FieldBase):
    type: Literal["password"] = "password"
    min: int = 0
    max: int = 0
    pattern: str = ""
    cost: int = 0


class GeoPointField(FieldBase):
    type: Literal["geoPoint"] = "geoPoint"


class OtherField(FieldBase):
    """A type that only a newer server knows: carried along, never planned for."""

    type: str


MODELS: dict[str, type[FieldBase]] = {
    model.model_fields["type"].default: model
    for model in (
        TextField, EditorField, NumberField, BoolField, EmailField, UrlField, DateField, AutodateField,
        JsonField, SelectField, FileField, RelationField, PasswordField, GeoPointField,
    )
}  # fmt: skip


def _model(values: Any) -> Any:
    if isinstance(values, FieldBase):
        return values
    known = MODELS.get(values.get("type", "")) if isinstance(values, dict) else None
    return (known or OtherField).model_validate(values)


if TYPE_CHECKING:
    Field = FieldBase
else:
    # The model of a type is chosen by us and built when it is first needed: a union would need them all.
    Field = Annotated[Any, PlainValidator(_model)]

FIELD: TypeAdapter[FieldBase] = TypeAdapter(Field)

_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?\s*(Z|[+-]\d\d:?\d\d)?")


def stored_date(value: str | datetime) -> str:
    """The text that the server stores for a date: `2024-01-01 00:00:00.000Z`; text that is no date stays."""
    if isinstance(value, str):
        match = _DATE.fullmatch(value.strip())
        if match is None:
            return value
        value = datetime.fromisoformat(f"{match[1]}T{match[2] or '00:00'}{match[3] or 'Z'}")
    if value.tzinfo is not None:
        value = value.astimezone(UTC)
    return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}Z"
