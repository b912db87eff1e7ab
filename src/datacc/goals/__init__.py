"""Metrics that a goal or a check can name, each with a one-sided 95 % bound."""

from abc import ABC, abstractmethod
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from datacc.frozen import frozen
from datacc.spec.bounds import CONFIDENCE, lower_bound

Form = Literal["label", "labels", "number"]

PLAINEST: Final = {"label": "accuracy", "labels": "accuracy", "number": "r2"}  # metric of a form, where none is named


@frozen
class Figure:
    """A measured metric of `total` rows: its value and its one-sided 95 % bound.

    The bound is a lower one, or an upper one where less is better (`at_most`). A rate has an exact bound, and `right`
    of `total` rows are as they should be. Any other metric has the `spread` of its bootstrap, one standard error; it is
    a share, or an `amount` in the unit of the answer.
    """

    value: float
    bound: float
    right: int
    total: int
    at_most: bool = False
    spread: float | None = None
    amount: bool = False

    def reaches(self, limit: float) -> bool:
        """Whether the bound is on the good side of `limit`."""
        return self.bound <= limit if self.at_most else self.bound >= limit


def rate(right: int, total: int, confidence: float = CONFIDENCE) -> Figure:
    """The figure of a rate; no rows give value and bound 0."""
    bound = lower_bound(right, total, confidence)
    return Figure(value=right / total if total else 0.0, bound=bound, right=right, total=total)


def slips(wrong: int, total: int, confidence: float = CONFIDENCE) -> Figure:
    """The figure of a rate of what is wrong; no rows give value 0 and bound 1."""
    right = total - wrong
    value = wrong / total if total else 0.0
    return Figure(value=value, bound=1 - lower_bound(right, total, confidence), right=right, total=total, at_most=True)


def least(limit: float, *, at_most: bool) -> float:
    """The share of right rows that a limit asks for: at most 1 % wrong are at least 99 % right."""
    return 1 - limit if at_most else limit


@frozen(eq=False)
class Told:
    """What a program answered to N rows.

    `value`: class indices (N,); or numbers (N,), between `low` and `high` (N,); or for K labels at once whether each is
    given (N, K). `scores` (N, K): the probability of every class or label, None where nobody asked for it. `known`
    (N,): which answers the program stands by, None where it does not say. A number is right as far as `within`.
    """

    value: NDArray[Any]
    scores: NDArray[Any] | None = None
    low: NDArray[Any] | None = None
    high: NDArray[Any] | None = None
    known: NDArray[np.bool_] | None = None
    within: float = 0.0

    @property
    def standing(self) -> NDArray[np.bool_]:
        """Which answers (N,) the program stands by: all, where it does not say."""
        return np.ones(len(self.value), bool) if self.known is None else self.known

    def wrong(self, truth: NDArray[Any]) -> NDArray[np.bool_]:
        """Which answers (N,) are wrong, of several labels where one is; `truth` is like `value`."""
        if self.value.dtype.kind == "f":
            return np.asarray(np.abs(truth.astype(np.float64) - self.value) > self.within)
        wrong = np.asarray(truth != self.value)
        return np.asarray(wrong.any(axis=1)) if wrong.ndim > 1 else wrong


class Metric(ABC):
    """A figure of merit over answers and truths. Members are stateless.

    `forms`: what it measures: one label, several labels at once, a number. `at_most`: less is better, and a goal is an
    upper limit. `amount`: it is no share but has the unit of the answer. `needs_class`: it is of one class;
    `takes_class`: it may be. `needs_known`: it is of programs that say what they know. `needs_scores`: it reads the
    probabilities of classes. `exact`: it is a rate. `even`: it counts a class as much as another, however rare.
    """

    forms: tuple[Form, ...] = ("label",)
    needs_class: bool = False
    takes_class: bool = False
    needs_known: bool = False
    needs_scores: bool = False
    at_most: bool = False
    amount: bool = False
    exact: bool = True
    even: bool = False

    @abstractmethod
    def measure(self, truth: NDArray[Any], told: Told, of_class: int | None) -> Figure:
        """The figure over N rows; `truth` is like `told.value`: class indices or numbers (N,), or 0 and 1 (N, K)."""

    def value(self, truth: NDArray[Any], told: Told, of_class: int | None) -> float:
        """The value of that figure alone; a metric whose bound takes its time says it without."""
        return self.measure(truth, told, of_class).value

    def rows(self, truth: NDArray[Any], of_class: int | None) -> int:
        """How many of the rows count at most, known before any answer is: all of them."""
        return len(truth)


def faultless(truth: NDArray[Any], classes: int) -> Told:
    """The answers that are all right: class indices (N,) of `classes`, numbers (N,), or labels (N, K), and scores."""
    if truth.ndim == 2:
        return Told(value=truth, scores=truth.astype(np.float32))
    scores = np.eye(classes, dtype=np.float32)[truth] if truth.dtype.kind == "i" else None
    return Told(value=truth, scores=scores, low=truth, high=truth)
