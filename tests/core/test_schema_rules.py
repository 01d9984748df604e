"""Rules that are put together, and units."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters import Maker
from pocketvex.rules.language import Filter, FilterError, parse_filter
from pocketvex.schema import units
from pocketvex.schema.rules import Rule, Rules, spelled

OWNER = "@request.auth.id != '' && author = @request.auth.id"


def test_none_is_locked_and_the_empty_rule_is_public() -> None:
    assert Rules() == (None, None, None, None, None)
    assert Rules.public() == ""
    assert Rules.public() is not None
    assert Rules.owner("author") == OWNER
    assert Rules.role("it's \\ me", "kind") == "@request.auth.kind = 'it\\'s \\\\ me'"


@pytest.mark.parametrize(
    ("rules", "every", "some"),
    [
        ((), "", None),
        ((None,), None, None),
        (("",), "", ""),
        (("a = 1",), "a = 1", "a = 1"),
        ((None, ""), None, ""),
        ((None, "a = 1"), None, "a = 1"),
        (("", "a = 1"), "a = 1", ""),
        (("a = 1", "b = 2"), "a = 1 && b = 2", "a = 1 || b = 2"),
        (("a = 1 || b = 2", "c = 3"), "(a = 1 || b = 2) && c = 3", "(a = 1 || b = 2) || c = 3"),
        (("a = '||'", 'b = "&& //"'), "a = '||' && b = \"&& //\"", "a = '||' || b = \"&& //\""),
        (("a = 1 // why", "b = 2"), "(a = 1 // why\n) && b = 2", "(a = 1 // why\n) || b = 2"),
        (("a = 1 // it's :)", "b = 2"), "a = 1 && b = 2", "a = 1 || b = 2"),
        (
            ("a = '// (' // )\n && c = 1", "b = 2"),
            "(a = '// (' \n && c = 1) && b = 2",
            "(a = '// (' \n && c = 1) || b = 2",
        ),
        ((OWNER, "b = 2"), f"({OWNER}) && b = 2", f"({OWNER}) || b = 2"),
        (("a = 'it\\'s ||'", "b = 2"), "a = 'it\\'s ||' && b = 2", "a = 'it\\'s ||' || b = 2"),
    ],
)
def test_composition(rules: tuple[Rule, ...], every: Rule, some: Rule) -> None:
    assert Rules.all(*rules) == every
    assert Rules.any(*rules) == some


def allows(rule: Rule, guest: dict[str, bool]) -> bool:
    """What a rule of single letters, `&&`, `||` and parentheses means."""
    if not rule:
        return rule == ""
    text = rule.replace("&&", " and ").replace("||", " or ").replace("\n", " ")
    return bool(eval(text, {}, guest))


TREES = st.recursive(
    st.sampled_from([None, "", "a", "b", "c || d", "a && b"]),
    lambda inner: st.tuples(st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3)),
    max_leaves=8,
)


def rendered(tree: object) -> Rule:
    if isinstance(tree, tuple):
        combine = Rules.all if tree[0] == "all" else Rules.any
        return combine(*(rendered(part) for part in tree[1]))
    return tree  # type: ignore[return-value]


def meant(tree: object, guest: dict[str, bool]) -> bool:
    if isinstance(tree, tuple):
        combine = all if tree[0] == "all" else any
        return combine(meant(part, guest) for part in tree[1])
    return allows(tree, guest)  # type: ignore[arg-type]


@given(TREES, st.fixed_dictionaries(dict.fromkeys("abcd", st.booleans())))
def test_a_rule_means_what_its_parts_mean(tree: object, guest: dict[str, bool]) -> None:
    assert allows(rendered(tree), guest) == meant(tree, guest)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("5MB", 5242880),
        ("500kB", 512000),
        ("1 gb", 2**30),
        ("1.5mb", 1572864),
        ("7", 7),
        ("7b", 7),
        (9, 9),
        (None, None),
    ],
)
def test_sizes(text: object, size: object) -> None:
    assert units.size(text) == size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), ("12h", 43200), ("30d", 2592000), ("2w", 1209600), ("5", 5)],
)
def test_durations(text: object, seconds: int) -> None:
    assert units.duration(text) == seconds


@pytest.mark.parametrize("text", ["", "MB", "5XB", "-5MB", "5 M B", "1e3", "٣MB x"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size like"):
        units.size(text)


def accepted(rule: str) -> Filter | None:
    try:
        found = parse_filter(rule, (0, 40, 6))
    except FilterError:
        return None
    return None if found.ignored else found


def test_rules_that_a_server_takes_may_be_put_together() -> None:
    """Also with comments, texts and parentheses of every kind in them."""
    maker = Maker(7)
    rules = [rule for rule in (maker.filter() for _ in range(1500)) if accepted(rule)]
    for one, other in pairwise(rules):
        for whole in (Rules.all(one, other), Rules.any(one, other)):
            assert whole
            found = accepted(whole)
            assert found, whole
            parts = [accepted(one), accepted(other)]
            assert len(list(found.comparisons())) == sum(len(list(p.comparisons())) for p in parts if p)


@pytest.mark.parametrize(
    ("rule", "same"),
    [
        ('a = "x"', "a = 'x'"),
        ('a = "" // a "comment"', "a = '' // a \"comment\""),
        ('a = "it\'s"', 'a = "it\'s"'),
        ('a = "\\"" && b = \'"x"\'', 'a = "\\"" && b = \'"x"\''),
    ],
)
def test_which_quotes_a_text_has_makes_no_difference(rule: str, same: str) -> None:
    assert spelled(rule) == same
    assert (spelled(None), spelled("")) == (None, "")
