"""What metrics of ranking read: rows in order of a score, equal scores together, weighed as samples draw them."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.errors import DataError
from datacc.goals import Figure, Metric, Told
from datacc.goals.bootstrap import Floats, by_rows, figure


class Ranking(Metric):
    """A statistic of a class against the rest, by its score: of two classes that of the second; of more, and of labels,
    the mean. Classes that every row has, or none, are left out."""

    forms = ("label", "labels")
    takes_class = needs_scores = True
    exact = False

    @abstractmethod
    def of(self, positive: Floats, negative: Floats) -> Floats:
        """The statistic (S,) of positive and negative weights (S, T) at T different scores, from the highest."""

    def measure(self, truth: NDArray[Any], told: Told, of_class: int | None) -> Figure:
        """The figure over N rows: class indices (N,), or 0 and 1 (N, K), and scores (N, K).

        Raises `DataError` without scores.
        """
        found, total = _ranked(truth, told, of_class), len(truth)
        if found is None:
            return figure(0.0, np.zeros(0), total)
        orders = [_Order(*column) for column in _columns(*_with_bad(*found))]
        with np.errstate(invalid="ignore", divide="ignore"):
            draws = by_rows(total + 1, lambda weights: self._mean(orders, weights), work=4 * len(orders))
        return figure(self._value(*found), draws, total)

    def value(self, truth: NDArray[Any], told: Told, of_class: int | None) -> float:
        """The value of that figure alone. Raises `DataError` without scores."""
        found = _ranked(truth, told, of_class)
        return 0.0 if found is None else self._value(*found)

    def _value(self, of: NDArray[Any], scores: NDArray[Any]) -> float:
        orders = [_Order(*column) for column in _columns(of, scores)]
        return float(self._mean(orders, np.ones((1, len(of))))[0])

    def _mean(self, orders: Sequence["_Order"], weights: Floats) -> Floats:
        """The statistic (S,) of weights (S, N), in the mean over classes."""
        return np.asarray(np.mean([self.of(*order.parts(weights)) for order in orders], axis=0))


def _ranked(truth: NDArray[Any], told: Told, of_class: int | None) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """Whether each row is of a class, and its score, both (N, C), of the C classes that count; None if there is none.

    Raises `DataError` without scores.
    """
    if told.scores is None:
        raise DataError("this metric reads the scores of classes, which are not there")
    scores = told.scores
    of = truth > 0 if truth.ndim > 1 else truth[:, None] == np.arange(scores.shape[1])
    chosen = [1] if truth.ndim == 1 and scores.shape[1] == 2 and of_class is None else range(of.shape[1])
    both = [k for k in chosen if (of_class is None or k == of_class) and 0 < of[:, k].sum() < len(of)]
    return (of[:, both], scores[:, both].astype(np.float64)) if both else None


def _columns(of: NDArray[Any], scores: NDArray[Any]) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    return zip(of.T, scores.T, strict=True)


def _with_bad(of: NDArray[Any], scores: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """One row more: of the rarest class, scored lowest; or not of one that nearly all rows are of, scored highest."""
    count, rest = of.sum(axis=0), (~of).sum(axis=0)
    low = scores.min(axis=0) - 1
    if count.min() <= rest.min():
        return np.vstack([of, np.arange(len(count)) == count.argmin()]), np.vstack([scores, low])
    high = np.where(np.arange(len(rest)) == rest.argmin(), scores.max(axis=0) + 1, low)
    return np.vstack([of, np.zeros(len(rest), bool)]), np.vstack([scores, high])


class _Order:
    """Rows in the order of one score, the highest first."""

    def __init__(self, of: NDArray[Any], score: NDArray[Any]) -> None:
        self.order = np.argsort(-score, kind="stable")
        self.of = of[self.order].astype(np.float64)
        sorted_ = score[self.order]
        self.starts = np.flatnonzero(np.concatenate([[True], sorted_[1:] != sorted_[:-1]]))

    def parts(self, weights: Floats) -> tuple[Floats, Floats]:
        """Positive and negative weights (S, T) by different score, of weights (S, N)."""
        sorted_ = weights[:, self.order]
        positive = np.add.reduceat(sorted_ * self.of, self.starts, axis=1)
        return positive, np.add.reduceat(sorted_, self.starts, axis=1) - positive
