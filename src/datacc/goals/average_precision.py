"""The precision at every score, in the mean weighed by how many examples of the class that score adds."""

from typing import Final

import numpy as np

from datacc.goals._ranking import Ranking
from datacc.goals.bootstrap import Floats


class AveragePrecision(Ranking):
    """scikit-learn's average_precision_score."""

    def of(self, positive: Floats, negative: Floats) -> Floats:
        """The mean precision (S,)."""
        found = np.cumsum(positive, axis=1)
        precision = found / np.maximum(np.cumsum(positive + negative, axis=1), 1e-300)
        return np.asarray((positive * precision).sum(axis=1) / positive.sum(axis=1))


ENTRY: Final = AveragePrecision()
