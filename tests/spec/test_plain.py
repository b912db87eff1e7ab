"""Plain values read by annotations: what is told is read again, and what is wrong is named with its place."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.spec.plain import Within, Wrong, kinds, needed, read, tell

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """Something small."""

    name: str
    size: int = 0
    share: float | None = None


@dataclass(frozen=True, kw_only=True)
class Tree:
    """Every kind of value."""

    leaf: Leaf
    leaves: tuple[Leaf, ...] = ()
    pair: tuple[int, float] = (0, 0.0)
    colour: Literal["red", 3] = "red"
    is_old: bool = False
    recipe: Mapping[str, int | float | str] = field(default_factory=dict)
    few: Annotated[tuple[int, ...], Within(most=3)] = ()
    some: Annotated[float, Within(above=0, below=1)] = 0.5
    count: Annotated[int, Within(least=1, most=1_000)] = 1


LEAVES = st.builds(Leaf, name=st.text(), size=st.integers(), share=st.none() | NUMBERS)
TREES = st.builds(
    Tree,
    leaf=LEAVES,
    leaves=st.lists(LEAVES, max_size=3).map(tuple),
    pair=st.tuples(st.integers(), NUMBERS),
    colour=st.sampled_from(["red", 3]),
    is_old=st.booleans(),
    recipe=st.dictionaries(st.text(), st.integers() | NUMBERS | st.text()),
    few=st.lists(st.integers(), max_size=3).map(tuple),
    some=st.floats(0.001, 0.999),
    count=st.integers(1, 1_000),
)


@given(TREES)
def test_what_is_told_is_read_again(tree: Tree) -> None:
    found = read(Tree, json.loads(tell(tree)))
    assert found == tree
    assert [type(value) for value in found.recipe.values()] == [type(value) for value in tree.recipe.values()]
    assert type(found.pair[1]) is float


def test_what_is_no_finite_number_is_null() -> None:
    assert json.loads(tell({"a": [math.nan, math.inf, -math.inf, 1.5]})) == {"a": [None, None, None, 1.5]}


def test_defaults_and_keys_of_other_versions() -> None:
    assert read(Tree, {"leaf": {"name": "a", "colour": "green"}, "height": 3}) == Tree(leaf=Leaf(name="a"))
    assert needed(Tree) == ["leaf"]
    assert list(kinds(Leaf)) == ["name", "size", "share"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"leaf": None}, "leaf: it should be a table"),
        ({"leaf": {}}, "leaf.name: it is missing"),
        ({"leaf": {"name": 1}}, "leaf.name: it should be text"),
        ({"leaves": [{"name": "a"}, {"name": "b", "size": 1.5}]}, "leaves.1.size: it should be a whole number"),
        ({"leaves": {"name": "a"}}, "leaves: it should be a list"),
        ({"leaf": {"name": "a", "share": "much"}}, "leaf.share: it should be a number"),
        ({"pair": [1]}, "pair: it should be a list of 2"),
        ({"pair": [True, 1.0]}, "pair.0: it should be a whole number"),
        ({"colour": "green"}, "colour: it should be 'red' or 3"),
        ({"colour": True}, "colour: it should be 'red' or 3"),
        ({"is_old": 1}, "is_old: it should be true or false"),
        ({"recipe": {"a": None}}, "recipe.a: it should be a whole number"),
        ({"recipe": [1]}, "recipe: it should be a table"),
        ({"few": [1, 2, 3, 4]}, "few: it should have 3 or less"),
        ({"some": 0}, "some: it should be more than 0"),
        ({"some": 1}, "some: it should be less than 1"),
        ({"some": math.nan}, "some: it should be more than 0"),
        ({"count": 0}, "count: it should be 1 or more"),
        ({"count": 1_001}, "count: it should be 1000 or less"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(change: dict[str, Any], told: str) -> None:
    with pytest.raises(Wrong) as caught:
        read(Tree, {"leaf": {"name": "a"}, **change})
    assert str(caught.value) == told
    assert ".".join(map(str, caught.value.place)) == told.split(":")[0]


def test_a_kind_that_no_file_can_hold_is_a_mistake_of_the_program() -> None:
    with pytest.raises(TypeError, match="no kind of plain value"):
        read(complex, 1)
