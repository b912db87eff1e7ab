"""How far numbers are from the truth, large errors counting for more."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.goals import Told
from datacc.goals._losses import OfMeans, errors
from datacc.goals.bootstrap import Floats


class RootMeanSquaredError(OfMeans):
    """scikit-learn's root_mean_squared_error."""

    forms = ("number",)
    at_most = amount = True

    def columns(self, truth: NDArray[Any], told: Told) -> Floats:
        """(N, 1): squared errors."""
        return errors(truth, told)[:, None] ** 2

    def worst(self, columns: Floats) -> Floats:
        """The largest once more."""
        return np.asarray(columns.max(axis=0, keepdims=True))

    def of(self, means: Floats) -> Floats:
        """The root of the mean."""
        return np.asarray(np.sqrt(means[:, 0]))


ENTRY: Final = RootMeanSquaredError()
