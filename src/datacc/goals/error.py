"""The share of the answers that the program stands by and that are wrong."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from datacc.goals import Figure, Metric, slips


class Error(Metric):
    """Wrong answers over those that the program says it knows: one minus accuracy_score of scikit-learn on these."""

    at_most = True
    needs_known = True

    def measure(self, truth: NDArray[np.int32], answer: NDArray[np.int32], of_class: int | None) -> Figure:
        """The figure over rows; both arrays have shape (N,) and hold class indices, −1 for what is not known."""
        known = answer >= 0
        return slips(int((truth != answer)[known].sum()), int(known.sum()))

    def rows(self, truth: NDArray[np.int32], of_class: int | None) -> int:
        """All of them, at most: a program may know every answer."""
        return len(truth)


ENTRY: Final = Error()
