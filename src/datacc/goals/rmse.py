"""How far numbers are from the truth, large errors counting for more."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.goals import Figure, Metric, Told
from datacc.goals._losses import measured


class RootMeanSquaredError(Metric):
    """scikit-learn's root_mean_squared_error."""

    forms = ("number",)
    at_most = amount = True
    exact = False

    def measure(self, truth: NDArray[Any], told: Told, of_class: int | None) -> Figure:
        """The figure over N rows: numbers (N,)."""
        error = (told.value.astype(np.float64) - truth) ** 2
        return measured(error[:, None], int(error.argmax()) if len(error) else 0, lambda means: np.sqrt(means[:, 0]))


ENTRY: Final = RootMeanSquaredError()
