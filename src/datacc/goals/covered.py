"""The share of numbers that lie in the interval that is answered."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.errors import DataError
from datacc.goals import Figure, Metric, Told, rate


class Covered(Metric):
    """Rows whose truth is not below `low` and not above `high`, over all rows."""

    forms = ("number",)

    def measure(self, truth: NDArray[Any], told: Told, of_class: int | None) -> Figure:
        """The figure over N rows: numbers (N,) and intervals. Raises `DataError` without intervals."""
        if told.low is None or told.high is None:
            raise DataError("this metric reads the interval of a number, which is not there")
        inside = (told.low <= truth) & (truth <= told.high)
        return rate(int(np.count_nonzero(inside)), len(truth))


ENTRY: Final = Covered()
