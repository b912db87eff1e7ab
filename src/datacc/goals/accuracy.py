"""The share of answers that are right."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from datacc.goals import Figure, Metric, rate


class Accuracy(Metric):
    """Right answers over all answers, as in scikit-learn's accuracy_score."""

    def measure(self, truth: NDArray[np.int32], answer: NDArray[np.int32], of_class: int | None) -> Figure:
        """The figure over rows; both arrays have shape (N,) and hold class indices."""
        return rate(int((truth == answer).sum()), len(truth))

    def rows(self, truth: NDArray[np.int32], of_class: int | None) -> int:
        """All of them."""
        return len(truth)


ENTRY: Final = Accuracy()
