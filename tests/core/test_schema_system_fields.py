"""What the code may say of the fields that the server adds by itself: checked before anything is written."""

from __future__ import annotations

from typing import Any

import pytest

from pocketvex.errors import SchemaError
from pocketvex.schema.build import build_schema
from pocketvex.schema.dictionary import from_dictionary
from pocketvex.schema.model import SYSTEM_FIELDS, Schema
from pocketvex.schema.system import FORCED, STANDARD
from pocketvex.schema.words import a

Json = dict[str, Any]
OTHER = {"text": "number", "password": "text", "email": "text", "bool": "number"}


def built(type_: str, **field: Any) -> Schema:
    return build_schema(
        from_dictionary([{"name": "things", "type": type_, "fields": [field]}], lambda *_: None)
    )


def problems(type_: str, **field: Any) -> list[str]:
    with pytest.raises(SchemaError) as raised:
        built(type_, **field)
    return [f"{problem.path}: {problem.message}" for problem in raised.value.problems]


OWN = [(type_, raw["name"], raw["type"]) for type_ in ("base", "auth") for raw in STANDARD[type_]]


@pytest.mark.parametrize(("kind", "name", "type_"), OWN)
def test_they_keep_their_types_and_names(kind: str, name: str, type_: str) -> None:
    (found,) = problems(kind, name=name, type=OTHER[type_])
    own = f"things.{name}: is PocketBase's own field, {a(type_)} field: it cannot become a"
    assert found.startswith(own)
    (found,) = problems(kind, name=name.upper(), type=type_)
    assert found == f"things.{name.upper()}: PocketBase's own field of that name is spelled {name}"
    (found,) = problems(kind, name=name, type=type_, renamed_from="before")
    assert "nothing is renamed to it" in found
    (found,) = problems(kind, name="after", type=type_, renamed_from=name)
    assert "keeps its name" in found


@pytest.mark.parametrize(("kind", "name", "type_"), OWN)
def test_what_the_server_forces_is_refused_or_filled_in(kind: str, name: str, type_: str) -> None:
    forced = FORCED[kind][name]
    for option, value in forced.items():
        (found,) = problems(kind, name=name, type=type_, **{option: not value})
        assert found == (
            f"things.{name}: PocketBase keeps {option}={value} of its own {name}, whatever it is sent"
        )
    (collection,) = built(kind, name=name, type=type_).collections
    assert {option: getattr(collection.fields[0], option) for option in forced} == dict(forced)
    for option in {"hidden", "required"} - forced.keys():
        (collection,) = built(kind, name=name, type=type_, **{option: True}).collections
        assert getattr(collection.fields[0], option)


def test_of_every_field_is_known_what_is_forced() -> None:
    assert {type_: set(FORCED[type_]) for type_ in ("base", "auth")} == {
        type_: set(SYSTEM_FIELDS[type_]) for type_ in ("base", "auth")
    }
    assert built("base", name="email", type="text").collections[0].fields[0].name == "email"
