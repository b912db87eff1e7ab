"""How far numbers are from the truth, in the mean."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.goals import Told
from datacc.goals._losses import OfMeans, errors
from datacc.goals.bootstrap import Floats


class MeanAbsoluteError(OfMeans):
    """scikit-learn's mean_absolute_error."""

    forms = ("number",)
    at_most = amount = True

    def columns(self, truth: NDArray[Any], told: Told) -> Floats:
        """(N, 1): sizes of errors."""
        return np.abs(errors(truth, told))[:, None]

    def worst(self, columns: Floats) -> Floats:
        """The largest once more."""
        return np.asarray(columns.max(axis=0, keepdims=True))

    def of(self, means: Floats) -> Floats:
        """The mean."""
        return means[:, 0]


ENTRY: Final = MeanAbsoluteError()
