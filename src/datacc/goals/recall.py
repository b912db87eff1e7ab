"""The share of one class's examples that are found."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from datacc.goals import Figure, Metric, rate


class Recall(Metric):
    """Right answers over the rows whose truth is the class, as in scikit-learn's recall_score of one label."""

    needs_class = True

    def measure(self, truth: NDArray[np.int32], answer: NDArray[np.int32], of_class: int | None) -> Figure:
        """The figure over rows; both arrays have shape (N,) and hold class indices."""
        of = truth == of_class
        return rate(int((answer[of] == of_class).sum()), int(of.sum()))

    def rows(self, truth: NDArray[np.int32], of_class: int | None) -> int:
        """Those whose truth is the class."""
        return int((truth == of_class).sum())


ENTRY: Final = Recall()
