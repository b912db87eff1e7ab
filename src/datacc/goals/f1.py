"""The harmonic mean of precision and recall, of one class or in the mean over classes."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.goals import Figure, Metric, Told
from datacc.goals._confusion import Counts, Statistic, measured, valued
from datacc.goals.bootstrap import Floats


class F1(Metric):
    """scikit-learn's f1_score: macro over classes that occur or are answered, over all K labels, or of one class."""

    forms = ("label", "labels")
    takes_class = True
    exact = False
    even = True

    def measure(self, truth: NDArray[Any], told: Told, of_class: int | None) -> Figure:
        """The figure over N rows: class indices (N,), or 0 and 1 (N, K)."""
        return measured(*_told(truth, told, of_class))

    def value(self, truth: NDArray[Any], told: Told, of_class: int | None) -> float:
        """The value of that figure alone."""
        return valued(*_told(truth, told, of_class))

    def rows(self, truth: NDArray[Any], of_class: int | None) -> int:
        """All of them, or those whose truth is the class."""
        return len(truth) if of_class is None else int(_is(truth, of_class).sum())


def _told(truth: NDArray[Any], told: Told, of_class: int | None) -> tuple[NDArray[Any], Told, Statistic]:
    """Truth, answers and what is measured of them: of one class whether each row is of it."""
    if of_class is not None:
        return _is(truth, of_class), Told(value=_is(told.value, of_class)), _f1
    return truth, told, _macro_of_labels if truth.ndim > 1 else _f1


def _is(values: NDArray[Any], of_class: int) -> NDArray[Any]:
    """Whether each row is of the class, (N, 1)."""
    column = values[:, of_class] if values.ndim > 1 else np.equal(values, of_class)
    return np.asarray(column > 0, np.int8).reshape(-1, 1)


def _each(of: Counts, said: Counts, both: Counts) -> Floats:
    """(S, K), no number where a class neither occurs nor is answered."""
    return np.where(of + said > 0, 2 * both / (of + said), np.nan)


def _f1(of: Counts, said: Counts, both: Counts) -> Floats:
    each = _each(of, said, both)
    none = np.isnan(each).all(axis=1, keepdims=True)
    return np.asarray(np.nanmean(np.where(none, 0.0, each), axis=1))


def _macro_of_labels(of: Counts, said: Counts, both: Counts) -> Floats:
    """Of K labels all count, as there: one that neither occurs nor is answered as 0."""
    return np.asarray(np.nan_to_num(_each(of, said, both)).mean(axis=1))


ENTRY: Final = F1()
