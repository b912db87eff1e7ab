"""The recipe of a fit: by default from the size of the data and the work of the skeleton, else as it was locked."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, get_type_hints

from datacc.errors import SpecError
from datacc.fit import Recipe
from datacc.registry import load
from datacc.skeletons import Skeleton
from datacc.spec.program import Program

STEPS: Final = 1200  # enough for a small set to settle
EPOCHS: Final = (8, 120)
ROWS_PER_STEP: Final = 24  # small sets get small batches, so that there are steps at all
RATE: Final = 0.02  # out of fold on digits and four tables, better than half of it on most, and than double
THREADS_PAY: Final = 2_000_000  # multiply-adds of one answer; below, threads wait for each other more than they work

OPTIMISERS: Final = ("adamw", "sgd")
# Locks from before these were there mean their defaults.
LATER: Final = ("optimiser", "momentum", "clip", "average", "rare", "balance")

# Far above what a search chooses (480 passes, 2 threads): beyond it a number is a slip, and the fit would hardly end.
MOST: Final = {"epochs": 10_000, "threads": 1024}

_KINDS: Final = get_type_hints(Recipe)


def default_recipe(rows: int, work: int, skeleton: Skeleton | None = None, program: Program | None = None) -> Recipe:
    """For `rows` examples to learn from and a Graph of `work` multiply-adds, as suits its skeleton.

    Where the program is held to what counts a rare class as much as another, its examples weigh more.
    """
    batch = min(64, max(8, 1 << (max(rows // ROWS_PER_STEP, 1).bit_length() - 1)))
    epochs = min(EPOCHS[1], max(EPOCHS[0], -(-STEPS * batch // max(rows, 1))))
    recipe = Recipe(epochs=epochs, batch=batch, rate=RATE, threads=2 if work >= THREADS_PAY else 1)
    recipe = recipe if skeleton is None else replace(recipe, **skeleton.suits(rows))
    return replace(recipe, balance=Recipe.balance) if program is not None and _is_even(program) else recipe


def _is_even(program: Program) -> bool:
    asked = {goal.metric for goal in program.goals} | {check.metric for check in program.checks if check.metric}
    return any(load("goals", metric).even for metric in sorted(asked))


def onward(recipe: Recipe) -> Recipe:
    """For a fit that goes on from one by `recipe`: a tenth of the passes, an eighth of the rate."""
    return replace(recipe, epochs=max(1, recipe.epochs // 10), rate=recipe.rate / 8)


def recipe_of(plain: Mapping[str, Any], where: str) -> Recipe:
    """The recipe that `Recipe.plain` gave and the file `where` kept. Raises `SpecError` when it is none."""
    for name in sorted({*plain, *_KINDS}):
        if name not in _KINDS:
            raise _no_recipe(f"recipe.{name} is unknown", where)
        if name not in plain and name not in LATER:
            raise _no_recipe(f"recipe.{name} is missing", where)
        if name in plain and not _fits(name, plain[name]):
            raise _no_recipe(f"recipe.{name} = {plain[name]!r} cannot be", where)
    return Recipe(**plain)


def _fits(name: str, value: Any) -> bool:
    """Whole numbers count something, so they begin at 1, and some end; others may be 0, and most are shares."""
    if _KINDS[name] is str:
        return value in OPTIMISERS
    whole = _KINDS[name] is int
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        return False
    if whole:
        return 1 <= value <= MOST.get(name, math.inf)
    return bool(0 <= value < (math.inf if name == "clip" else 1))


def _no_recipe(what: str, where: str) -> SpecError:
    return SpecError(what, where=where, tries=["datacc build --search"])
