"""The recipe by default, and the one that a lock tells, which a person may have edited."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.compiler.recipe import default_recipe, recipe_of
from datacc.errors import SpecError


@given(st.integers(0, 10**6), st.integers(0, 10**9))
def test_by_default_it_stays_within_bounds_and_reads_back(rows: int, work: int) -> None:
    recipe = default_recipe(rows, work)
    assert 8 <= recipe.batch <= 64
    assert 8 <= recipe.epochs <= 120
    assert recipe.threads in (1, 2)
    assert recipe_of(recipe.plain(), "datacc.lock") == recipe


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"epochs": "many"}, "recipe.epochs = 'many' cannot be"),
        ({"epochs": 0}, "recipe.epochs = 0 cannot be"),
        ({"threads": True}, "recipe.threads = True cannot be"),
        ({"rate": -0.1}, "recipe.rate = -0.1 cannot be"),
        ({"patience": 0.9}, "recipe.patience is unknown"),
        ({"momentum": 1.0}, "recipe.momentum = 1.0 cannot be"),
        ({"optimiser": "lion"}, "recipe.optimiser = 'lion' cannot be"),
        ({"clip": -1.0}, "recipe.clip = -1.0 cannot be"),
    ],
)
def test_what_is_wrong_in_a_lock_is_named(change: dict[str, Any], what: str) -> None:
    with pytest.raises(SpecError) as caught:
        recipe_of({**default_recipe(100, 100).plain(), **change}, "datacc.lock")
    assert (caught.value.what, caught.value.where) == (what, "datacc.lock")


def test_a_missing_key_is_named() -> None:
    plain = default_recipe(100, 100).plain()
    del plain["batch"]
    with pytest.raises(SpecError, match="batch is missing"):
        recipe_of(plain, "datacc.lock")
