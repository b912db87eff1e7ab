"""Which share of the variance of numbers is explained."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.goals import Told
from datacc.goals._losses import OfMeans, errors
from datacc.goals.bootstrap import Floats


class R2(OfMeans):
    """scikit-learn's r2_score: 1 for every number met, 0 for what the mean alone would do, less for worse."""

    forms = ("number",)

    def columns(self, truth: NDArray[Any], told: Told) -> Floats:
        """(N, 3): squared errors, numbers less their mean, and the squares of these."""
        true = truth.astype(np.float64)
        shifted = true - (true.mean() if len(true) else 0.0)
        return np.stack([errors(true, told) ** 2, shifted, shifted**2], axis=1)

    def worst(self, columns: Floats) -> Floats:
        """The number that is farthest out, answered by the mean, or worse."""
        error, shifted = columns[:, 0], columns[:, 1]
        far = shifted[[int(np.abs(shifted).argmax())]]
        return np.stack([np.maximum(error.max(), far**2), far, far**2], axis=1)

    def of(self, means: Floats) -> Floats:
        """Numbers that are all one are met or not."""
        error, spread = means[:, 0], means[:, 2] - means[:, 1] ** 2
        return np.where(spread > 0, 1 - error / np.where(spread > 0, spread, 1), np.where(error > 0, 0.0, 1.0))


ENTRY: Final = R2()
