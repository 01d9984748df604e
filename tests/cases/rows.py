"""The rows of the table of changes, by number."""

from __future__ import annotations

GROUPS = (
    (1, "Adding"), (10, "Renaming"), (15, "Narrowing"), (21, "Converting"), (25, "Removing"), (31, "Access"),
    (35, "Everything else"),
)  # fmt: skip
"""The first row of each group."""

ROWS = {
    1: "a collection is new",
    2: "collections that refer to each other are new",
    3: "the first migration of a whole project",
    4: "a field is new",
    5: "a required field is new",
    6: "an index is new",
    7: "a unique index is new, and no rows are equal",
    8: "a unique index is new, and rows are equal",
    9: "an option allows more",
    10: "a field gets another name",
    11: "several fields get other names at once",
    12: "a field goes, and another one of its type comes",
    13: "a collection gets another name",
    14: "a choice of a select gets another name",
    15: "a choice goes, and rows hold it",
    16: "a choice goes, and no row holds it",
    17: "a field becomes required",
    18: "an option allows less",
    19: "a list becomes one value",
    20: "one value becomes a list",
    21: "a field gets another type, and values convert",
    22: "a field gets another type, and no value converts",
    23: "a relation points elsewhere",
    24: "a collection gets another type",
    25: "a field goes that holds nothing",
    26: "a field goes that holds values",
    27: "a field goes that others name",
    28: "a collection goes",
    29: "an index goes",
    30: "the server has a collection that the code never named",
    31: "a rule opens",
    32: "a rule closes",
    33: "a rule has a mistake in it",
    34: "options of sign-in",
    35: "the query of a view",
    36: "the order of fields",
    37: "nothing has changed",
    38: "what is shown, and other options of fields",
    39: "somebody changed the server by hand",
    40: "a server knows options that this tool does not know",
    41: "a server has other ids, or was born on 0.22",
    42: "a second machine, or a server that is behind",
    43: "a thing comes and goes within one run of `dev`",
}

MISTAKES = (33, "in a Python file: an unknown field, syntax, a name of older versions")
UNKNOWN = (40, "options of a collection and of a field, beside a change")
LISTS = (20, "back while a row holds two values")
ALONE = (MISTAKES, UNKNOWN, LISTS)
"""Cases that have a test of their own in `tests/live/test_stories.py`."""
