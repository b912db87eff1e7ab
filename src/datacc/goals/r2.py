"""Which share of the variance of numbers is explained."""

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.goals import Figure, Metric, Told
from datacc.goals._losses import measured, valued
from datacc.goals.bootstrap import Floats


class R2(Metric):
    """scikit-learn's r2_score: 1 for every number met, 0 for what the mean alone would do, less for worse.

    Beside the rows that were seen stands one that is farthest out and answered by the mean, or worse.
    """

    forms = ("number",)
    exact = False

    def measure(self, truth: NDArray[Any], told: Told, of_class: int | None) -> Figure:
        """The figure over N rows: numbers (N,)."""
        columns = _columns(truth, told)
        error, shifted = columns[:, 0], columns[:, 1]
        far = shifted[[int(np.abs(shifted).argmax())]] if len(truth) else shifted
        worst = np.stack([np.maximum(error.max(initial=0), far**2), far, far**2], axis=1)
        return replace(measured(columns, worst, _explained, at_most=False), amount=False)

    def value(self, truth: NDArray[Any], told: Told, of_class: int | None) -> float:
        """The value of that figure alone."""
        return valued(_columns(truth, told), _explained)


def _columns(truth: NDArray[Any], told: Told) -> Floats:
    """(N, 3): squared errors, numbers less their mean, and the squares of these."""
    true = truth.astype(np.float64)
    shifted = true - (true.mean() if len(true) else 0.0)
    return np.stack([(told.value.astype(np.float64) - true) ** 2, shifted, shifted**2], axis=1)


def _explained(means: Floats) -> Floats:
    """Of means (S, 3): squared errors, numbers shifted, squares of these; numbers that are all one are met or not."""
    error, spread = means[:, 0], means[:, 2] - means[:, 1] ** 2
    return np.where(spread > 0, 1 - error / np.where(spread > 0, spread, 1), np.where(error > 0, 0.0, 1.0))


ENTRY: Final = R2()
