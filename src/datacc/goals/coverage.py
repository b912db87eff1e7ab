"""The share of the rows whose answer the program says it knows."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from datacc.goals import Figure, Metric, rate


class Coverage(Metric):
    """Known answers, right or wrong, over all rows."""

    needs_known = True

    def measure(self, truth: NDArray[np.int32], answer: NDArray[np.int32], of_class: int | None) -> Figure:
        """The figure over rows; both arrays have shape (N,) and hold class indices, −1 for what is not known."""
        return rate(int((answer >= 0).sum()), len(truth))

    def rows(self, truth: NDArray[np.int32], of_class: int | None) -> int:
        """All of them."""
        return len(truth)


ENTRY: Final = Coverage()
