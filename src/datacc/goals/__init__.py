"""Metrics that a goal or a check can name, each with a one-sided 95 % bound."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datacc.spec.bounds import lower_bound


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A measured metric: its value, its one-sided 95 % bound, and the counts behind a rate.

    The bound is a lower one, or an upper one where less is better (`at_most`); `right` of `total` rows are as they
    should be.
    """

    value: float
    bound: float
    right: int
    total: int
    at_most: bool = False

    def reaches(self, limit: float) -> bool:
        """Whether the bound is on the good side of `limit`."""
        return self.bound <= limit if self.at_most else self.bound >= limit


def rate(right: int, total: int) -> Figure:
    """The figure of a rate; no rows give value and bound 0."""
    return Figure(value=right / total if total else 0.0, bound=lower_bound(right, total), right=right, total=total)


def slips(wrong: int, total: int) -> Figure:
    """The figure of a rate of what is wrong; no rows give value 0 and bound 1."""
    right = total - wrong
    value = wrong / total if total else 0.0
    return Figure(value=value, bound=1 - lower_bound(right, total), right=right, total=total, at_most=True)


def least(limit: float, *, at_most: bool) -> float:
    """The share of right rows that a limit asks for: at most 1 % wrong are at least 99 % right."""
    return 1 - limit if at_most else limit


class Metric(ABC):
    """A figure of merit over answers and truths. Members are stateless.

    `at_most`: less is better, and a goal is an upper limit. `needs_known`: it counts what the program says it knows;
    answers that it does not know come as −1.
    """

    needs_class: bool = False
    needs_known: bool = False
    at_most: bool = False

    @abstractmethod
    def measure(self, truth: NDArray[np.int32], answer: NDArray[np.int32], of_class: int | None) -> Figure:
        """The figure over rows; both arrays have shape (N,) and hold class indices."""

    @abstractmethod
    def rows(self, truth: NDArray[np.int32], of_class: int | None) -> int:
        """How many of the rows count at most, known before any answer is."""
