"""The precision at every score, in the mean weighed by how many examples of the class that score adds."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.goals import Figure, Metric, Told
from datacc.goals._ranking import measured
from datacc.goals.bootstrap import Floats


class AveragePrecision(Metric):
    """scikit-learn's average_precision_score: of two classes that of the second; of more, and of labels, the mean of
    each against the rest. Classes that every row has, or none, are left out."""

    forms = ("label", "labels")
    takes_class = needs_scores = True
    exact = False

    def measure(self, truth: NDArray[Any], told: Told, of_class: int | None) -> Figure:
        """The figure over N rows: class indices (N,), or 0 and 1 (N, K), and scores (N, K)."""
        return measured(truth, told, of_class, _precision)


def _precision(positive: Floats, negative: Floats) -> Floats:
    found = np.cumsum(positive, axis=1)
    precision = found / np.maximum(np.cumsum(positive + negative, axis=1), 1e-300)
    return np.asarray((positive * precision).sum(axis=1) / positive.sum(axis=1))


ENTRY: Final = AveragePrecision()
