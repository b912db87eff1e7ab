"""Bounds of what is no rate: the figure on a thousand samples that are drawn from the rows again (Efron 1979).

A sample of rows without an error is without an error again, so that the bootstrap by itself would promise perfection.
One row more, answered as badly as can be, is therefore among those that are drawn: of n faultless rows it gives about
1 − 3/n, as the exact bound of a rate does.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.goals import Figure
from datacc.spec.bounds import CONFIDENCE

LEAST: Final = 20  # rows; fewer say nothing of their spread
MOST: Final = 1000  # samples
FEWEST: Final = 200
WORK: Final = 2 * 10**8  # numbers that all samples together look at, about
BLOCK: Final = 2**22  # numbers at a time
SEED: Final = 95
NOTHING: Final = float(np.finfo(np.float32).max)  # the upper bound of an amount of which nothing is known

Floats = NDArray[np.float64]


def figure(value: float, draws: Floats, total: int, *, at_most: bool = False, amount: bool = False) -> Figure:
    """The figure of `value`, measured on `total` rows, by its values (B,) on samples; too few rows certify nothing."""
    worst = NOTHING if amount else 1.0
    draws = draws[np.isfinite(draws)]
    if total < LEAST or not len(draws):
        bound = worst if at_most else 0.0
        return Figure(
            value=value, bound=bound, right=0, total=total, at_most=at_most, spread=abs(bound - value), amount=amount
        )
    bound = float(np.quantile(draws, CONFIDENCE if at_most else 1 - CONFIDENCE))
    bound = max(bound, value) if at_most else min(bound, value)
    spread = float(draws.std())
    return Figure(value=value, bound=bound, right=0, total=total, at_most=at_most, spread=spread, amount=amount)


def by_cells(counts: NDArray[Any], statistic: Callable[[NDArray[Any]], Floats]) -> Floats:
    """`statistic` of samples (B, C) of rows of which `counts` (C,) are alike."""
    total = int(counts.sum())
    samples = np.random.default_rng(SEED).multinomial(total, counts / max(1, total), size=_samples(len(counts)))
    return statistic(samples)


def by_rows(rows: int, statistic: Callable[[Floats], Floats], work: int = 1) -> Floats:
    """`statistic` of weights (B, N), how often each of N rows is drawn; it looks at `work` numbers for each."""
    random, count = np.random.default_rng(SEED), _samples(rows * work)
    at_once = max(1, BLOCK // max(1, rows))
    found = []
    for start in range(0, count, at_once):
        drawn = (random.integers(0, rows, rows) for _ in range(min(at_once, count - start)))
        found.append(statistic(np.stack([np.bincount(one, minlength=rows) for one in drawn]).astype(np.float64)))
    return np.concatenate(found)


def _samples(numbers: int) -> int:
    return int(np.clip(WORK // max(1, numbers), FEWEST, MOST))
