"""The recipe of a fit: by default from the size of the data and the work of the skeleton, else as it was locked."""

from collections.abc import Mapping
from typing import Any, Final, get_type_hints

from datacc.errors import SpecError
from datacc.fit import Recipe

STEPS: Final = 1200  # enough for a small set to settle
EPOCHS: Final = (8, 120)
ROWS_PER_STEP: Final = 24  # small sets get small batches, so that there are steps at all
RATE: Final = 0.02  # out of fold on digits and four tables, better than half of it on most, and than double
THREADS_PAY: Final = 2_000_000  # multiply-adds of one answer; below, threads wait for each other more than they work

_KINDS: Final = get_type_hints(Recipe)


def default_recipe(rows: int, work: int) -> Recipe:
    """For `rows` examples to learn from and a skeleton of `work` multiply-adds."""
    batch = min(64, max(8, 1 << (max(rows // ROWS_PER_STEP, 1).bit_length() - 1)))
    epochs = min(EPOCHS[1], max(EPOCHS[0], -(-STEPS * batch // max(rows, 1))))
    return Recipe(epochs=epochs, batch=batch, rate=RATE, threads=2 if work >= THREADS_PAY else 1)


def recipe_of(plain: Mapping[str, Any], where: str) -> Recipe:
    """The recipe that `Recipe.plain` gave and the file `where` kept. Raises `SpecError` when it is none."""
    for name in sorted({*plain, *_KINDS}):
        if name not in plain or name not in _KINDS:
            raise _no_recipe(f"recipe.{name} is {'missing' if name in _KINDS else 'unknown'}", where)
        if not _fits(plain[name], whole=_KINDS[name] is int):
            raise _no_recipe(f"recipe.{name} = {plain[name]!r} cannot be", where)
    return Recipe(**plain)


def _fits(value: Any, *, whole: bool) -> bool:
    """Whole numbers count something, so they begin at 1; others may be 0."""
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        return False
    return value >= 1 if whole else 0 <= value < 1


def _no_recipe(what: str, where: str) -> SpecError:
    return SpecError(what, where=where, tries=["datacc build --search"])
