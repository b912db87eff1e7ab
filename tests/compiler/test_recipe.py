"""The recipe by default, and the one that a lock tells, which a person may have edited."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.compiler.recipe import EPOCHS, default_recipe, recipe_of
from datacc.errors import SpecError
from datacc.registry import load
from datacc.spec.read import read_program


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
        ({"epochs": 10**9}, "recipe.epochs = 1000000000 cannot be"),
        ({"epochs": 10_001}, "recipe.epochs = 10001 cannot be"),
        ({"threads": 10**6}, "recipe.threads = 1000000 cannot be"),
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


@pytest.mark.parametrize(
    ("asked", "balance"),
    [
        ("[goal]\naccuracy = 0.6", 0.0),
        ("[goal]\nauroc = 0.6", 0.0),
        ("[goal]\nbalanced_accuracy = 0.6", 0.5),
        ("[goal]\nf1 = 0.6", 0.5),
        ('[[check]]\nmetric = "recall"\nclass = "ill"\nat_least = 0.6', 0.5),
        ('[[check]]\nmetric = "accuracy"\nat_least = 0.6', 0.0),
        ('[[check]]\ndirection = "up"\ncolumn = "a"\nclass = "ill"\nat_least = 0.6', 0.0),
    ],
)
def test_rare_rows_of_a_table_weigh_more_where_that_is_asked_for(asked: str, balance: float, tmp_path: Path) -> None:
    fields = '[input.x]\ntype = "record"\ncolumns = ["a"]\n[output.y]\ntype = "label"\n'
    (tmp_path / "datacc.toml").write_text(f'name = "p"\n{fields}{asked}\n', encoding="utf-8")
    program = read_program(tmp_path / "datacc.toml")
    table, mlp = (load("skeletons", name) for name in ("table.v1", "mlp.v1"))
    assert default_recipe(1000, 100, table, program).balance == balance
    assert default_recipe(1000, 100, mlp, program).balance == 0.5


@pytest.mark.parametrize("change", [{"epochs": 10_000}, {"epochs": 4 * EPOCHS[1]}, {"epochs": 1}, {"threads": 1024}])
def test_what_a_search_may_have_chosen_and_far_more_is_taken(change: dict[str, Any]) -> None:
    plain = {**default_recipe(100, 100).plain(), **change}
    assert recipe_of(plain, "datacc.lock").plain() == plain


def test_a_missing_key_is_named() -> None:
    plain = default_recipe(100, 100).plain()
    del plain["batch"]
    with pytest.raises(SpecError, match="batch is missing"):
        recipe_of(plain, "datacc.lock")
