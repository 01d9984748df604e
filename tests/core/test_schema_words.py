"""Articles and numbers in messages."""

from __future__ import annotations

import re
from pathlib import Path

import pocketvex
from pocketvex.schema.fields import MODELS
from pocketvex.schema.words import a, counted

VOWELS = {"editor", "email", "autodate"}


def test_every_type_has_its_article() -> None:
    for kind in [*MODELS, "auth", "base", "view"]:
        assert a(kind) == f"{'an' if kind in VOWELS | {'auth'} else 'a'} {kind}"
    assert a("") == "a "


def test_one_is_not_many() -> None:
    assert counted(1) == "1 change"
    assert counted(0, "row") == "0 rows"
    assert counted(1, "row", "hold") == "1 row holds"
    assert counted(2, "row", "hold") == "2 rows hold"


def test_no_message_puts_an_article_before_a_name_by_itself() -> None:
    """`a {kind} field` is "a editor field" for some."""
    folder = Path(pocketvex.__file__).parent
    found = [
        f"{path.name}: {line.strip()}"
        for path in folder.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"\b[Aa]n? \{(?!a\(|[A-Z]+\})", line)
    ]
    assert found == []
