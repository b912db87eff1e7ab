"""What metrics of one class after another read from answers: which pairs occur, and their bootstrap."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.goals import Figure, Told
from datacc.goals.bootstrap import Floats, by_cells, figure

Counts = NDArray[Any]
# of S samples and K classes, each (S, K): examples of the class, answers of the class, both; gives (S,)
Statistic = Callable[[Counts, Counts, Counts], Floats]


def measured(truth: NDArray[Any], told: Told, statistic: Statistic) -> Figure:
    """The figure of `statistic` over class indices (N,), or over 0 and 1 (N, K)."""
    if not len(truth):
        return figure(0.0, np.zeros(0), 0)
    cells, counts = _counted(truth, told)
    with np.errstate(invalid="ignore"):
        draws = by_cells(counts, lambda samples: statistic(*(samples @ cell for cell in cells)))
    return figure(_value(cells, counts, statistic), draws, len(truth))


def valued(truth: NDArray[Any], told: Told, statistic: Statistic) -> float:
    """The value of that figure alone."""
    return _value(*_counted(truth, told), statistic) if len(truth) else 0.0


def _value(cells: list[Counts], counts: Counts, statistic: Statistic) -> float:
    """Of all rows but the last, which is the bad one."""
    with np.errstate(invalid="ignore"):
        return float(statistic(*(counts[None, :-1] @ cell[:-1] for cell in cells))[0])


def _counted(truth: NDArray[Any], told: Told) -> tuple[list[Counts], Counts]:
    return _of_labels(truth, told.value) if truth.ndim > 1 else _of_classes(truth, told.value)


def _of_classes(truth: NDArray[Any], answer: NDArray[Any]) -> tuple[list[Counts], Counts]:
    """Pairs that occur, as examples, answers and both (C, K) of a class, and how often; the last is the bad row."""
    pairs, counts = np.unique(np.stack([truth, answer], axis=1), axis=0, return_counts=True)
    number = np.bincount(truth)
    rare = int(np.where(number > 0, number, len(truth) + 1).argmin())
    other = next((int(one) for one in pairs.ravel() if one != rare), rare + 1)
    pairs, counts = np.concatenate([pairs, [[rare, other]]]), np.append(counts, 1)
    classes = np.arange(pairs.max() + 1)
    of, said = (pairs[:, side, None] == classes for side in (0, 1))
    return [one.astype(np.int64) for one in (of, said, of & said)], counts


def _of_labels(truth: NDArray[Any], answer: NDArray[Any]) -> tuple[list[Counts], Counts]:
    """The same of rows with several labels: a bad row has the rarest label, and all others are answered."""
    number = truth.sum(axis=0)
    bad = (np.arange(truth.shape[1]) == np.where(number > 0, number, len(truth) + 1).argmin()).astype(truth.dtype)
    rows, counts = np.unique(np.concatenate([truth, answer], axis=1), axis=0, return_counts=True)
    rows, counts = np.concatenate([rows, [np.concatenate([bad, 1 - bad])]]), np.append(counts, 1)
    of, said = np.split(rows > 0, 2, axis=1)
    return [one.astype(np.int64) for one in (of, said, of & said)], counts
