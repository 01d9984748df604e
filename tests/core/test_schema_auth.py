"""The options of auth collections: what is known of them without their models."""

from __future__ import annotations

from pocketvex.schema.auth import OPTION_NAMES
from pocketvex.schema.auth_options import AuthOptions


def test_the_names_of_the_options_are_those_of_their_models() -> None:
    assert {option.alias for option in AuthOptions.model_fields.values()} == OPTION_NAMES
