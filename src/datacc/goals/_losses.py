"""Metrics that are a mean over rows, or a function of means, and their bootstrap."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.goals import Figure
from datacc.goals.bootstrap import Floats, by_rows, figure

Statistic = Callable[[Floats], Floats]  # of the means (S, C) of C columns; gives (S,)


def measured(columns: NDArray[Any], bad: int | NDArray[Any], statistic: Statistic, *, at_most: bool = True) -> Figure:
    """The figure of `statistic` over the means of `columns` (N, C); `bad` is the worst row there can be, or the worst
    that was seen, by its number."""
    if not len(columns):
        return figure(0.0, np.zeros(0), 0, at_most=at_most, amount=True)
    values = columns.astype(np.float64)
    rows = np.vstack([values, values[[bad]] if isinstance(bad, int) else bad])
    draws = by_rows(len(rows), lambda weights: statistic(weights @ rows / len(rows)), work=rows.shape[1])
    return figure(valued(values, statistic), draws, len(columns), at_most=at_most, amount=True)


def valued(columns: NDArray[Any], statistic: Statistic) -> float:
    """The value of that figure alone."""
    return (
        float(statistic(columns.astype(np.float64, copy=False).mean(axis=0, keepdims=True))[0]) if len(columns) else 0.0
    )
