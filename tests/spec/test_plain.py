"""Plain values read by annotations: what is told is read again, and what is wrong is named with its place."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from datacc.spec.plain import Wrong, kinds, needed, read, read_json, tell

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
    few: Annotated[tuple[int, ...], Meta(max_length=3)] = ()
    some: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    count: Annotated[int, Meta(ge=1, le=1_000)] = 1


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
    found = read_json(Tree, tell(tree).encode())
    assert found == tree
    assert [type(value) for value in found.recipe.values()] == [type(value) for value in tree.recipe.values()]
    assert type(found.pair[1]) is float


def test_what_is_no_finite_number_is_null() -> None:
    told = tell({"a": [math.nan, math.inf, -math.inf, np.float64(1.5)]})
    assert json.loads(told) == {"a": [None, None, None, 1.5]}


def test_defaults_and_keys_of_other_versions() -> None:
    assert read(Tree, {"leaf": {"name": "a", "colour": "green"}, "height": 3}) == Tree(leaf=Leaf(name="a"))
    assert needed(Tree) == ["leaf"]
    assert list(kinds(Leaf)) == ["name", "size", "share"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"leaf": None}, "leaf: it should be object, got null"),
        ({"leaf": {}}, "leaf.name: it is missing"),
        ({"leaf": {"name": 1}}, "leaf.name: it should be str, got int"),
        ({"leaves": [{"name": "a"}, {"name": "b", "size": 1.5}]}, "leaves.1.size: it should be int, got float"),
        ({"leaves": {"name": "a"}}, "leaves: it should be array, got object"),
        ({"leaf": {"name": "a", "share": "much"}}, "leaf.share: it should be float | null, got str"),
        ({"pair": [1]}, "pair: it should be array of length 2, got 1"),
        ({"pair": [True, 1.0]}, "pair.0: it should be int, got bool"),
        ({"colour": "green"}, "colour: it should be 'red' or 3"),
        ({"colour": True}, "colour: it should be 'red' or 3"),
        ({"is_old": 1}, "is_old: it should be bool, got int"),
        ({"recipe": [1]}, "recipe: it should be object, got array"),
        ({"few": [1, 2, 3, 4]}, "few: it should be array of length <= 3"),
        ({"some": 0}, "some: it should be float > 0.0"),
        ({"some": 1}, "some: it should be float < 1.0"),
        ({"some": math.nan}, "some: it should be float > 0.0"),
        ({"count": 0}, "count: it should be int >= 1"),
        ({"count": 1_001}, "count: it should be int <= 1000"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(change: dict[str, Any], told: str) -> None:
    with pytest.raises(Wrong) as caught:
        read(Tree, {"leaf": {"name": "a"}, **change})
    assert str(caught.value) == told
    assert ".".join(map(str, caught.value.place)) == told.split(":")[0]
