"""How surprised the scores are by what is true: the mean of minus the logarithm of the score of the true class."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.errors import DataError
from datacc.goals import Told
from datacc.goals._losses import OfMeans
from datacc.goals.bootstrap import Floats

FAINT: Final = float(np.finfo(np.float32).eps)  # a score counts as no less


class LogLoss(OfMeans):
    """scikit-learn's log_loss of float32 scores."""

    at_most = amount = needs_scores = True

    def columns(self, truth: NDArray[Any], told: Told) -> Floats:
        """(N, 1): surprises by class indices (N,), of scores (N, K). Raises `DataError` without scores."""
        if told.scores is None:
            raise DataError("this metric reads the scores of classes, which are not there")
        said = np.clip(told.scores[np.arange(len(truth)), truth].astype(np.float64), FAINT, 1 - FAINT)
        return np.asarray(-np.log(said)[:, None])

    def worst(self, columns: Floats) -> Floats:
        """A true class without a score."""
        return np.asarray(-np.log(np.full((1, 1), FAINT)))

    def of(self, means: Floats) -> Floats:
        """The mean."""
        return means[:, 0]


ENTRY: Final = LogLoss()
