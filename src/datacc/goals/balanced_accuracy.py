"""The share of right answers of each class, in the mean over classes."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.goals import Figure, Metric, Told
from datacc.goals._confusion import Counts, measured, valued
from datacc.goals.bootstrap import Floats


class BalancedAccuracy(Metric):
    """The mean recall of the classes that occur, as in scikit-learn's balanced_accuracy_score."""

    exact = False
    even = True

    def measure(self, truth: NDArray[Any], told: Told, of_class: int | None) -> Figure:
        """The figure over N rows: class indices (N,)."""
        return measured(truth, told, _mean_recall)

    def value(self, truth: NDArray[Any], told: Told, of_class: int | None) -> float:
        """The value of that figure alone."""
        return valued(truth, told, _mean_recall)


def _mean_recall(of: Counts, said: Counts, both: Counts) -> Floats:
    return np.asarray(np.nanmean(np.where(of > 0, both / of, np.nan), axis=1))


ENTRY: Final = BalancedAccuracy()
