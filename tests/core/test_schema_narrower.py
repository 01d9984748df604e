"""What `narrower` proves is true, whatever the comparisons turn out to be."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocketvex.rules.narrower import equivalent, narrower
from pocketvex.schema.rules import Rule

SIGNED_IN = "@request.auth.id != ''"
OWNER = "@request.auth.id != '' && author = @request.auth.id"


@pytest.mark.parametrize(
    ("after", "before"),
    [
        (None, None),
        (None, ""),
        (None, "a = 1"),
        ("", ""),
        ("a = 1", ""),
        ("a = 1 && b = 2", "a = 1"),
        ("b = 2 && a = 1", "a = 1"),
        ("a = 1 && (b = 2 || c = 3)", "a = 1"),
        ("a = 1", "a = 1 || b = 2"),
        ("a = 1 && b = 2 || c = 3", "c = 3 || a = 1"),
        (f"({OWNER}) && n > 3", OWNER),
        ("(a = 1 || b = 2) && (a = 1 || c = 3)", "a = 1 || b = 2"),
        ("a = 1 && b = 2 // ) &&\n", "b=2"),
        ("a = 'x'", "'x' = a"),
        ("@request.auth.id = author && n > 1", "author = @request.auth.id"),
        ("a = 1", "a ?= 1"),
        ("a = 'x'", "a != 'y'"),
        ("a ?= 'x'", "a ?!= 'y'"),
        ("a = 'x'", "a != ''"),
        ("a = 'x' && b = 1", "a != 'y' && a != ''"),
        ("a = 'x' || a = 'y'", "a != 'z'"),
        ("n > 5", "n > 3 && n >= 3 && n >= 5"),
        ("5 <= n", "n > 4.5"),
        ("n < -1", "n <= -1"),
        ("@request.auth.role = 'admin'", "@request.auth.id != ''"),
        ("@request.auth.role = 'admin' || @request.auth.verified = true", SIGNED_IN),
        (f"@request.auth.role = 'admin' && ({OWNER})", f"{OWNER} || @request.auth.role = 'admin'"),
    ],
)
def test_proven(after: Rule, before: Rule) -> None:
    assert narrower(after, before)


@pytest.mark.parametrize(
    ("after", "before"),
    [
        ("", None),
        ("a = 1", None),
        ("", "a = 1"),
        ("a = 1", "a = 2"),
        ("a = 1", "a = 1 && b = 2"),
        ("a = 1 || b = 2", "a = 1"),
        ("a = 1 && b = 2 || c = 3", "a = 1"),
        ("a ?= 1", "a = 1"),
        ("a != 1", "a != 2"),
        ("a = '1'", "a != '1.0'"),
        ("a ?= 'x'", "a != 'y'"),
        ("a = ''", "a != 'y'"),
        ("a ~ 'x'", "'x' ~ a"),
        ("n > 3", "n > 5"),
        ("n >= 3", "n > 3"),
        ("n > '5'", "n > 3"),
        ("author = @request.auth.id", SIGNED_IN),
        ("id = @request.auth.id", SIGNED_IN),
        ("@request.auth.role != 'admin'", SIGNED_IN),
        ("@request.auth.role = ''", SIGNED_IN),
        ("@request.auth.verified = false", SIGNED_IN),
        ("@request.auth.n = 0", SIGNED_IN),
        ("@request.auth.role:isset = 'a'", SIGNED_IN),
        ("a = null", "a = ''"),
        ("a = '1'", "a = 1"),
        ("a:lower = 'x'", "a = 'x'"),
        ("@collection.c:x.a = 1", "@collection.c.a = 1"),
        ("a = 1 && @request.body.a = 1", "@request.auth.a = 1"),
    ],
)
def test_not_proven(after: Rule, before: Rule) -> None:
    assert not narrower(after, before)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a = 1 && b = 2", "(b=2)&&\n((a = 1.0)) // why"),
        ("a = 'x' || b = TRUE", 'b = true || a = "x"'),
        ("a = 1 || a = 1 && b = 2", "a = 1"),
        ("a = 1 && (b = 2 || c = 3)", "b = 2 && a = 1 || c = 3 && a = 1"),
    ],
)
def test_the_same_in_other_words(one: str, other: str) -> None:
    assert equivalent(one, other)
    assert equivalent(other, one)


def test_a_field_that_is_never_empty_keeps_guests_out() -> None:
    assert narrower("id = @request.auth.id", SIGNED_IN, ("id",))
    assert not narrower("author = @request.auth.id", SIGNED_IN, ("id",))


@pytest.mark.parametrize("odd", ["a = 1 &&", "a = (b = 2)", "(a = 1) (b = 2)", r"a = 1 && b = 'x\\'"])
def test_what_is_not_a_whole_rule_proves_nothing(odd: str) -> None:
    assert not narrower(odd, "a = 1")
    assert not narrower("a = 1", odd)
    assert equivalent(odd, odd)


def test_a_rule_with_too_many_ways_proves_nothing() -> None:
    many = " && ".join(f"(a = {n} || b = {n})" for n in range(40))
    assert not narrower(f"{many} && c = 1", many)


NAMES = "abcd"
TREES = st.recursive(
    st.sampled_from(NAMES),
    lambda inner: st.tuples(st.sampled_from(["&&", "||"]), st.lists(inner, min_size=1, max_size=4)),
    max_leaves=10,
)
Tree = Any


def written(tree: Tree) -> str:
    """The rule, with parentheses only where a part is a group of its own."""
    if isinstance(tree, str):
        return f"{tree} = 1"
    return f" {tree[0]} ".join(f"({written(part)})" for part in tree[1])


def holds(tree: Tree, true: set[str]) -> bool:
    if isinstance(tree, str):
        return tree in true
    return (all if tree[0] == "&&" else any)(holds(part, true) for part in tree[1])


@given(TREES, TREES)
def test_it_is_proven_exactly_where_it_is_so(after: Tree, before: Tree) -> None:
    chosen = [{n for n, on in zip(NAMES, bits, strict=True) if on} for bits in product((0, 1), repeat=4)]
    so = all(holds(before, true) for true in chosen if holds(after, true))
    assert narrower(written(after), written(before)) == so
