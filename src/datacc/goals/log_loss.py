"""How surprised the scores are by what is true: the mean of minus the logarithm of the score of the true class."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.errors import DataError
from datacc.goals import Figure, Metric, Told
from datacc.goals._losses import measured

FAINT: Final = float(np.finfo(np.float32).eps)  # a score counts as no less


class LogLoss(Metric):
    """scikit-learn's log_loss of float32 scores."""

    at_most = amount = needs_scores = True
    exact = False

    def measure(self, truth: NDArray[Any], told: Told, of_class: int | None) -> Figure:
        """The figure over N rows: class indices (N,), and scores (N, K). Raises `DataError` without scores."""
        if told.scores is None:
            raise DataError("this metric reads the scores of classes, which are not there")
        said = np.clip(told.scores[np.arange(len(truth)), truth].astype(np.float64), FAINT, 1 - FAINT)
        return measured(-np.log(said)[:, None], -np.log(np.full((1, 1), FAINT)), lambda means: means[:, 0])


ENTRY: Final = LogLoss()
