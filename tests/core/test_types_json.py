"""JSON fields: what pydantic says about a model, as TypeScript."""

from __future__ import annotations

from datetime import datetime
from enum import Enum, IntEnum
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar
from uuid import UUID

import pytest
from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter
from typing_extensions import TypedDict

from pocketvex.schema import field
from pocketvex.schema.build import build_schema
from pocketvex.schema.declare import Base
from pocketvex.schema.fields import JsonField
from pocketvex.schema.model import Collection, Schema
from pocketvex.types.render import render_types
from typescript import STRICT, VERSIONS, tsc

T = TypeVar("T")


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Point(NamedTuple):
    x: float
    y: float
    label: str = ""


class Options(TypedDict, total=False):
    dark: bool


class Empty(BaseModel):
    pass


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    a: int


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")
    a: int


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]


class Tree(BaseModel):
    name: str
    children: list[Tree] = []


class Left(BaseModel):
    right: Right | None = None


class Right(BaseModel):
    left: Left | None = None


class Page(BaseModel, Generic[T]):
    items: list[T]


class Awkward(BaseModel):
    kebab: str = Field(alias="kebab-case")
    proto: str = Field(alias="__proto__")
    quote: str = Field(alias='say "hi"')
    new: str
    digit: int = Field(alias="1st")


NAME = "ThingsData"

FROM_PYTHON: list[tuple[Any, str]] = [
    (str, "string"),
    (int, "number"),
    (float, "number"),
    (bool, "boolean"),
    (None, "null"),
    (Any, "unknown"),
    (object, "unknown"),
    (datetime, "string"),
    (UUID, "string"),
    (str | None, "string | null"),
    (str | int, "string | number"),
    (list[str], "string[]"),
    (list[str | None], "(string | null)[]"),
    (list[list[int]], "number[][]"),
    (list[Any], "unknown[]"),
    (set[int], "number[]"),
    (tuple[int, str], "[number, string]"),
    (tuple[int, ...], "number[]"),
    (tuple[()], "[]"),
    (dict[str, int], "{ [key: string]: number }"),
    (dict[str, list[bool]], "{ [key: string]: boolean[] }"),
    (dict[str, Any], "{ [key: string]: unknown }"),
    (dict[Literal["a", "b"], int], '{ a?: number; b?: number }'),
    (dict[Annotated[str, Field(pattern="^x")], int], "{ [key: string]: number }"),
    (Literal["a", 1, True, None], '"a" | 1 | true | null'),
    (Colour, '"red" | "blue"'),
    (Level, "1 | 2"),
    (Empty, "{ [key: string]: unknown }"),
    (Open, "{ a: number; [key: string]: unknown }"),
    (Closed, "{ a: number }"),
    (Options, "{ dark?: boolean }"),
    (Point, "[number, number, string?]"),
    (Cat | Dog, f"{NAME}Cat | {NAME}Dog"),
    (Annotated[Cat | Dog, Field(discriminator="kind")], f"{NAME}Cat | {NAME}Dog"),
    (list[Cat], f"{NAME}Cat[]"),
    (list[Cat | Dog], f"({NAME}Cat | {NAME}Dog)[]"),
    (Tree, f"{NAME}Tree"),
    (Page[Cat], f"{{ items: {NAME}Cat[] }}"),
    (dict[str, Page[Cat]], f"{{ [key: string]: {NAME}PageCat }}"),
    (Left, f"{NAME}Left"),
    (
        Awkward,
        '{ "kebab-case": string; __proto__: string; "say \\"hi\\"": string; new: string; "1st": number }',
    ),
]  # fmt: skip

FROM_JSON_SCHEMA: list[tuple[Any, str]] = [
    ({}, "unknown"),
    ({"type": "integer", "minimum": 3}, "number"),
    ({"type": ["string", "null"]}, "string | null"),
    ({"type": "hologram"}, "unknown"),
    ({"type": 3}, "unknown"),
    ({"const": "*/ `${x}`\n"}, '"*/ `${x}`\\n"'),
    ({"const": {"a": 1}}, "unknown"),
    ({"const": -1.5}, "-1.5"),
    ({"const": float("nan")}, "unknown"),
    ({"enum": []}, "never"),
    ({"enum": ["a", "a"]}, '"a"'),
    ({"type": "array"}, "unknown[]"),
    ({"type": "array", "items": False}, "never[]"),
    ({"type": "array", "prefixItems": [{"type": "string"}]}, "[string?, ...unknown[]]"),
    ({"type": "array", "prefixItems": [{"type": "string"}], "items": False, "minItems": 1}, "[string]"),
    ({"type": "array", "prefixItems": [{"enum": [1, 2]}], "items": False}, "[(1 | 2)?]"),
    ({"type": "array", "items": [{"type": "string"}], "additionalItems": False}, "[string?]"),
    ({"allOf": [{"type": "string"}]}, "string"),
    ({"allOf": [{"properties": {"a": {}}}, {"type": ["null"]}]}, "{ a?: unknown } & null"),
    ({"anyOf": [{"type": "string"}, True]}, "string | unknown"),
    ({"$ref": "https://example.com/schema"}, "unknown"),
    ({"$ref": "#/$defs/Missing"}, "unknown"),
    ({"$ref": 3}, "unknown"),
    ({"$ref": "#"}, "unknown"),
    ({"type": "array", "items": {"$ref": "#"}}, f"{NAME}[]"),
    ({"anyOf": [{"$ref": "#/$defs/A"}], "$defs": {"A": {"anyOf": [{"$ref": "#"}]}}}, "unknown"),
    ({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}}, f"{NAME}A"),
    ({"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"type": "string"}}}, f"{NAME}AB"),
    ({"$ref": "#/$defs/a.b", "$defs": {"a.b": {}, "a-b": {}}}, "things$data$a$2e$b"),
    ({"$ref": "#/$defs/", "$defs": {"": {"type": "string"}}}, "unknown"),
    ({"properties": "nonsense", "required": 3, "$defs": 4, "type": "object"}, "{ [key: string]: unknown }"),
    ({"type": "object", "propertyNames": {"enum": ["a", 1]}}, "{ [key: string]: unknown }"),
    ({"type": "object", "additionalProperties": False}, "{ [key: string]: unknown }"),
    ({"type": "object", "patternProperties": {"x": {"type": "null"}}}, "{ [key: string]: null }"),
    (
        {"properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "number"}},
        "{ a?: string; [key: string]: unknown }",
    ),
]  # fmt: skip


def rendered(model: dict[str, Any]) -> str:
    fields = [JsonField(name="data", model=model)]
    return render_types(Schema(collections=[Collection(name="things", fields=fields)]))


def own_type(text: str) -> str:
    start = f"export type {NAME} = "
    return next(line for line in text.splitlines() if line.startswith(start))[len(start) :].rstrip(";")


@pytest.mark.parametrize(("annotation", "expected"), FROM_PYTHON, ids=lambda v: str(v)[:40])
def test_what_pydantic_describes(annotation: Any, expected: str) -> None:
    assert own_type(rendered(TypeAdapter(annotation).json_schema())) == expected


@pytest.mark.parametrize(("model", "expected"), FROM_JSON_SCHEMA, ids=lambda v: str(v)[:40])
def test_what_others_write(model: dict[str, Any], expected: str) -> None:
    assert own_type(rendered(model)) == expected


@pytest.mark.parametrize("version", VERSIONS)
def test_all_of_it_compiles(version: str, tmp_path: Path) -> None:
    models = [TypeAdapter(annotation).json_schema() for annotation, _ in FROM_PYTHON]
    models += [TypeAdapter(JsonValue).json_schema(), *(model for model, _ in FROM_JSON_SCHEMA)]
    fields = [JsonField(name=f"data{at}", model=model) for at, model in enumerate(models)]
    target = tmp_path / "models.ts"
    target.write_text(render_types(Schema(collections=[Collection(name="things", fields=fields)])))
    assert tsc([target], STRICT, version) == ""


def test_parts_of_a_model_are_types_of_their_own() -> None:
    text = rendered(TypeAdapter(Left).json_schema())
    assert f"export type {NAME}Left = {{ right?: {NAME}Right | null }};" in text
    assert f"export type {NAME}Right = {{ left?: {NAME}Left | null }};" in text


def test_an_empty_value_is_null_unless_the_field_is_required() -> None:
    class Things(Base):
        maybe = field.json(Closed)
        sure = field.json(Closed, required=True)
        free = field.json(required=True)

    text = render_types(build_schema([Things]))
    record, create = (text.split(f"export interface Things{shape} ")[1] for shape in ("Record", "Create"))
    assert 'maybe: Json<"things.maybe", ThingsMaybe | null>;' in record
    assert 'sure: Json<"things.sure", ThingsSure>;' in record
    assert 'maybe?: Json<"things.maybe", ThingsMaybe | null>;' in create
    assert 'sure: Json<"things.sure", ThingsSure>;' in create
    assert 'free: Json<"things.free">;' in create
