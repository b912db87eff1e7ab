"""How far numbers are from the truth, in the mean."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.goals import Figure, Metric, Told
from datacc.goals._losses import measured


class MeanAbsoluteError(Metric):
    """scikit-learn's mean_absolute_error."""

    forms = ("number",)
    at_most = amount = True
    exact = False

    def measure(self, truth: NDArray[Any], told: Told, of_class: int | None) -> Figure:
        """The figure over N rows: numbers (N,)."""
        error = np.abs(told.value.astype(np.float64) - truth)
        return measured(error[:, None], int(error.argmax()) if len(error) else 0, lambda means: means[:, 0])


ENTRY: Final = MeanAbsoluteError()
