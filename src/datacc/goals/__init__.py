"""Metrics that a goal or a check can name, each with a one-sided 95 % bound."""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray


class Metric(ABC):
    """A figure of merit in [0, 1] over answers and truths, higher is better.

    `counts` reduces rows to (right, total); for a rate that is all the bound needs.
    """

    needs_class: bool = False

    @abstractmethod
    def counts(self, truth: NDArray[np.int32], answer: NDArray[np.int32], of_class: int | None) -> tuple[int, int]:
        """How many of how many rows are right; both arrays have shape (N,)."""

    @abstractmethod
    def value(self, right: int, total: int) -> float:
        """The measured figure."""

    @abstractmethod
    def bound(self, right: int, total: int) -> float:
        """The one-sided 95 % lower bound of the figure."""
