"""Metrics that a goal or a check can name, each with a one-sided 95 % bound."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datacc.spec.bounds import lower_bound


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A measured metric: its value, its one-sided 95 % lower bound, and the counts behind a rate."""

    value: float
    bound: float
    right: int
    total: int


def rate(right: int, total: int) -> Figure:
    """The figure of a rate; no rows give value and bound 0."""
    return Figure(value=right / total if total else 0.0, bound=lower_bound(right, total), right=right, total=total)


class Metric(ABC):
    """A figure of merit over answers and truths, higher is better. Members are stateless."""

    needs_class: bool = False

    @abstractmethod
    def measure(self, truth: NDArray[np.int32], answer: NDArray[np.int32], of_class: int | None) -> Figure:
        """The figure over rows; both arrays have shape (N,) and hold class indices."""

    @abstractmethod
    def rows(self, truth: NDArray[np.int32], of_class: int | None) -> int:
        """How many of the rows count, known before any answer is."""
