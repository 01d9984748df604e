"""Files of the first format as steps: what today's code makes of the same change, and what is refused."""

from __future__ import annotations

import pytest

from firsts import FILES, NAMES, changes
from pocketvex.diff.settle import between
from pocketvex.diff.transition import Transition
from pocketvex.errors import HistoryError
from pocketvex.render.migration.migration import make_migration, render_migration
from pocketvex.schema.model import Schema
from pocketvex.steps.first_format import is_first, keeps, read_first

FILE = FILES[NAMES[1]]


@pytest.mark.parametrize(("name", "change"), [pytest.param(*each, id=each[0]) for each in changes()])
def test_its_steps_are_those_that_are_made_today(name: str, change: Transition) -> None:
    found = read_first(FILES[name])
    made = make_migration(change, stamp=found.stamp)
    assert found.up == made.up
    assert found.down == made.down
    assert found.stamp == name.partition("_")[0]
    assert not found.comments


def test_files_of_today_are_none() -> None:
    assert all(is_first(text) and is_first(text.replace("\n", "\r\n")) for text in FILES.values())
    today = render_migration(between(Schema(), Schema()), stamp="1", comment=[], manages=[])
    assert not is_first(today)
    assert not is_first("migrate((app) => {}, (app) => {});\n")


def test_what_takes_something_away_is_known() -> None:
    found = [read_first(text) for text in FILES.values()]
    assert [keeps(first.up) for first in found] == [False, True, True, True, True, True, True, True, True]
    assert keeps(found[0].down)
    assert not keeps([["setRule", "posts", "listRule", None, ""], ["rename", "a", "b", "c"]])


def test_a_comment_between_the_calls_is_kept() -> None:
    text = FILE.replace(
        "  change.removeField", "  // seen by Ada\n  /* and\n   * Bob */ change.removeField", 1
    )
    assert read_first(text).comments == ["seen by Ada", "and", "Bob"]
    assert read_first(text).up == read_first(FILE).up


@pytest.mark.parametrize(
    ("change", "what", "why"),
    [
        (("  change.finish();", "  app.save(x);\n  change.finish();"), "more than", "line 10: change is"),
        (("  change.finish();\n}, (app)", "  change.finish();\n  x();\n}, (app)"), "more than", "line 11: }"),
        (("});\n\n//", "});\nmigrate(() => {});\n\n//"), "more than", "What the steps mean"),
        (("migrate((app)", "const x = 1;\nmigrate((app)"), "more than", "stands above"),
        (('"text1367709617" });', 'id });'), "more than", "a value is expected"),
        (("change.removeField(", "change.forgetField("), "no step forgetField", ""),
        (("// remove subtitle", "// Draft: `pocketvex migrate up` seals it."), "edited by hand before", ""),
    ],
)  # fmt: skip
def test_a_file_that_says_more_is_refused(change: tuple[str, str], what: str, why: str) -> None:
    assert change[0] in FILE
    with pytest.raises(HistoryError) as failure:
        read_first(FILE.replace(*change, 1))
    assert what in failure.value.what
    assert why in failure.value.why
