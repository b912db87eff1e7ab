"""What metrics have in common that are a mean over rows, or a function of means: their value, and their bootstrap."""

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.goals import Figure, Metric, Told
from datacc.goals.bootstrap import Floats, by_rows, figure


class OfMeans(Metric):
    """A statistic of the means of columns. Beside the rows that were seen stands the worst there can be, or was."""

    exact = False

    @abstractmethod
    def columns(self, truth: NDArray[Any], told: Told) -> Floats:
        """What each of N rows is counted with, (N, C). Raises `DataError` where that is not there."""

    @abstractmethod
    def worst(self, columns: Floats) -> Floats:
        """The worst row, (1, C), beside these (N, C), of which there are some."""

    @abstractmethod
    def of(self, means: Floats) -> Floats:
        """The statistic (S,) of means (S, C)."""

    def measure(self, truth: NDArray[Any], told: Told, of_class: int | None) -> Figure:
        """The figure over N rows. Raises `DataError` where what it reads is not there."""
        columns = self.columns(truth, told)
        if not len(columns):
            return figure(0.0, np.zeros(0), 0, at_most=self.at_most, amount=self.amount)
        rows = np.vstack([columns, self.worst(columns)])
        draws = by_rows(len(rows), lambda weights: self.of(weights @ rows / len(rows)), work=rows.shape[1])
        return figure(self._value(columns), draws, len(columns), at_most=self.at_most, amount=self.amount)

    def value(self, truth: NDArray[Any], told: Told, of_class: int | None) -> float:
        """The value of that figure alone. Raises `DataError` where what it reads is not there."""
        columns = self.columns(truth, told)
        return self._value(columns) if len(columns) else 0.0

    def _value(self, columns: Floats) -> float:
        return float(self.of(columns.mean(axis=0, keepdims=True))[0])


def errors(truth: NDArray[Any], told: Told) -> Floats:
    """Numbers less what they are in truth (N,)."""
    return np.asarray(told.value.astype(np.float64) - truth)
