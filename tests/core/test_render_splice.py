"""A class in a person's module is brought to what the server has, and the rest of the text stays."""

from __future__ import annotations

from typing import Any

import pytest

from pocketvex.render.python.class_ import Class
from pocketvex.render.python.modules import Style, render_python
from pocketvex.render.python.splice import lost, replaced, spliced
from pocketvex.schema.build import build_schema
from pocketvex.schema.dictionary import from_dictionary

TEXT = '''"""Mine."""

from pocketvex import Base, field, Rules

LONGEST = 200  # not more


class Stamps:
    created, updated = field.timestamps()


class Posts(Stamps, Base):
    """What people write."""

    title = field.text(
        max=LONGEST,  # as the design has it
    )
    # what it is about
    body = field.editor()
    old = field.text()
    mine = Rules.authenticated()
    rules = Rules(list=mine, view=mine)

    def helper(self) -> str:
        return "used elsewhere"


class Other(Base):
    x = field.text()  # stays
'''
STAMPS = [
    {"name": "created", "type": "autodate", "onCreate": True},
    {"name": "updated", "type": "autodate", "onCreate": True, "onUpdate": True},
]
SIGNED_IN = {"listRule": "@request.auth.id != ''", "viewRule": "@request.auth.id != ''"}


def posts(*fields: Any, **more: Any) -> Class:
    title = {"name": "title", "type": "text", "max": 200}
    item = {"name": "posts", "fields": [title, *fields], **SIGNED_IN, **more}
    schema = build_schema(from_dictionary([item], lambda *_: None))
    return render_python(schema, Style(package="")).classes["posts"]


BODY, OLD = {"name": "body", "type": "editor"}, {"name": "old", "type": "text"}
MINE = posts(BODY, OLD, *STAMPS)


def test_only_what_differs_is_written() -> None:
    theirs = posts({**BODY, "maxSize": 5000}, {"name": "n", "type": "number"}, *STAMPS)
    found = spliced(TEXT, "Posts", MINE, theirs)
    assert found == TEXT.replace("field.editor()", "field.editor(max_size=5000)").replace(
        "    old = field.text()\n", ""
    ).replace(
        "    mine = Rules.authenticated()\n",
        "    mine = Rules.authenticated()\n    n = field.number()\n",
    )


def test_rules_are_written_whole_and_what_is_new_is_imported() -> None:
    index = "CREATE INDEX idx_posts_body ON posts (body)"
    theirs = posts(BODY, OLD, *STAMPS, listRule="", indexes=[index])
    found = spliced(TEXT, "Posts", MINE, theirs)
    assert "from pocketvex import Base, field, Rules\nfrom pocketvex import index\n" in found
    assert "    rules = Rules(list=Rules.public(), view=Rules.authenticated())\n" in found
    assert '        return "used elsewhere"\n    indexes = (index("body"),)\n' in found
    locked = spliced(TEXT, "Posts", MINE, posts(BODY, OLD, *STAMPS, listRule=None, viewRule=None))
    assert locked == TEXT.replace("    rules = Rules(list=mine, view=mine)\n", "")


def test_what_is_inherited_can_be_overridden_and_not_removed() -> None:
    hidden = [STAMPS[0], {**STAMPS[1], "hidden": True}]
    found = spliced(TEXT, "Posts", MINE, posts(BODY, OLD, *hidden))
    assert "class Posts(Stamps, Base):" in found
    assert "    updated = field.updated(hidden=True)\n" in found
    with pytest.raises(ValueError, match="it inherits created, updated"):
        spliced(TEXT, "Posts", MINE, posts(BODY, OLD))
    whole = replaced(TEXT, "Posts", posts(BODY, OLD))
    before, after = TEXT.split("class Posts(Stamps, Base):")[0], TEXT[TEXT.index("class Other") :]
    assert whole.startswith(before + "class Posts(Base):\n    title = field.text(max=200)\n")
    assert whole.endswith(after)
    assert lost(TEXT, "Posts") == ["Stamps", "helper"]


@pytest.mark.parametrize("text", ["", "if True:\n    class Posts: pass\n", "class Posts:\n    old = 1\n"])
def test_a_class_that_cannot_be_changed_is_said_to_be_one(text: str) -> None:
    with pytest.raises(ValueError, match="class"):
        spliced(text, "Posts", MINE, posts(BODY, *STAMPS))
