"""How often an example of a class has a higher score for it than another example: the area under the ROC curve."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.goals import Figure, Metric, Told
from datacc.goals._ranking import measured
from datacc.goals.bootstrap import Floats


class Auroc(Metric):
    """scikit-learn's roc_auc_score: of two classes by the score of the second; of more, and of labels, the mean of each
    against the rest. Classes that every row has, or none, are left out."""

    forms = ("label", "labels")
    takes_class = needs_scores = True
    exact = False

    def measure(self, truth: NDArray[Any], told: Told, of_class: int | None) -> Figure:
        """The figure over N rows: class indices (N,), or 0 and 1 (N, K), and scores (N, K)."""
        return measured(truth, told, of_class, _area)


def _area(positive: Floats, negative: Floats) -> Floats:
    above = np.cumsum(positive, axis=1) - positive / 2  # equal scores count half
    return np.asarray((above * negative).sum(axis=1) / (positive.sum(axis=1) * negative.sum(axis=1)))


ENTRY: Final = Auroc()
