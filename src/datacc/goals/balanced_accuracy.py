"""The share of right answers of each class, in the mean over classes."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.goals import Figure, Metric, Told
from datacc.goals._confusion import measured


class BalancedAccuracy(Metric):
    """The mean recall of the classes that occur, as in scikit-learn's balanced_accuracy_score."""

    exact = False

    def measure(self, truth: NDArray[Any], told: Told, of_class: int | None) -> Figure:
        """The figure over N rows: class indices (N,)."""
        return measured(truth, told, lambda of, said, both: np.nanmean(np.where(of > 0, both / of, np.nan), axis=1))


ENTRY: Final = BalancedAccuracy()
